"""The catalogue of metrics: name, unit, definition and which way is better.

The order is the column order of every metrics matrix, shape (n_trials, len(METRICS)). Money is in account
currency, percentages are 0..100, undefined values are NaN and never rank first.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading_ai.errors import ParameterError


@dataclass(frozen=True)
class Metric:
    """One column of results.

    Attributes:
        name: the name users type.
        unit: ``money``, ``percent``, ``count``, ``ratio``, ``days`` or ``bars``.
        better: +1 if more is better, -1 if less is, 0 if it is no objective.
        definition: formula in words, with its source where it has one.
    """

    name: str
    unit: str
    better: int
    definition: str


METRICS: tuple[Metric, ...] = (
    Metric("net_profit", "money", 1, "sum of the trades' net profits (profit - commission + swap)"),
    Metric("gross_profit", "money", 1, "sum of the net profits of winning trades"),
    Metric("gross_loss", "money", 1, "sum of the net profits of losing trades (zero or negative)"),
    Metric("profit_factor", "ratio", 1, "gross_profit / -gross_loss; NaN without a losing trade, or if ruined"),
    Metric("total_trades", "count", 1, "number of closed trades"),
    Metric("long_trades", "count", 0, "number of closed long trades"),
    Metric("short_trades", "count", 0, "number of closed short trades"),
    Metric("win_rate", "percent", 1, "trades that net half a cent of the account or more, percent of all"),
    Metric("long_win_rate", "percent", 1, "the same among long trades"),
    Metric("short_win_rate", "percent", 1, "the same among short trades"),
    Metric("long_net_profit", "money", 1, "net profit of the long trades"),
    Metric("short_net_profit", "money", 1, "net profit of the short trades"),
    Metric("expectancy", "money", 1, "net profit a trade: net_profit / total_trades"),
    Metric("average_win", "money", 1, "gross_profit / number of winning trades"),
    Metric("average_loss", "money", 1, "gross_loss / number of losing trades (negative)"),
    Metric("largest_win", "money", 1, "largest net profit of a trade"),
    Metric("largest_loss", "money", 1, "most negative net profit of a trade"),
    Metric("max_consecutive_wins", "count", 1, "longest run of winning trades"),
    Metric("max_consecutive_losses", "count", -1, "longest run of trades that did not win"),
    Metric(
        "max_balance_drawdown",
        "money",
        -1,
        "largest fall of the balance (capital and the net profits of closed trades) from its highest value so far",
    ),
    Metric("max_balance_drawdown_percent", "percent", -1, "largest such fall in percent of that highest value"),
    Metric(
        "max_drawdown",
        "money",
        -1,
        "largest fall of the equity (open trades valued at each bar's close) from its highest value so far",
    ),
    Metric("max_drawdown_percent", "percent", -1, "largest such fall in percent of that highest value"),
    Metric("max_drawdown_days", "days", -1, "longest time between an equity high and the next one, calendar days"),
    Metric(
        "sharpe_ratio",
        "ratio",
        1,
        "mean / standard deviation (n-1) of the equity returns of each trading day, or bar where bars are longer, "
        "times sqrt(of these a year: 252, or 365 where weekends trade, 52 weeks, 12 months); no risk-free rate "
        "(Sharpe 1994)",
    ),
    Metric(
        "sortino_ratio",
        "ratio",
        1,
        "mean / downside deviation of the same returns, annualised in the same way; downside deviation is the root "
        "mean square of the negative returns over all of them (Sortino and Price 1994)",
    ),
    Metric("calmar_ratio", "ratio", 1, "annual_return_percent / max_drawdown_percent (Young 1991)"),
    Metric("recovery_factor", "ratio", 1, "net_profit / max_drawdown"),
    Metric("sqn", "ratio", 1, "sqrt(trades) x mean / standard deviation (n-1) of net profits (Tharp)"),
    Metric("exposure_percent", "percent", 0, "bars with an open position, percent of all bars"),
    Metric("average_bars_held", "bars", 0, "mean length of a trade in bars"),
    Metric("commission_paid", "money", -1, "commissions of all closed trades"),
    Metric("swap_paid", "money", -1, "swaps charged less swaps credited"),
    Metric("slippage_paid", "money", -1, "price lost to slippage"),
    Metric("spread_paid", "money", -1, "price lost to the spread, one spread a trade"),
    Metric("ruined", "count", -1, "1 if the equity reached zero: everything was closed, and the ratios are undefined"),
    Metric("stop_outs", "count", -1, "positions closed because the account could not carry them"),
    Metric("ruined_after_days", "days", 0, "from the first bar to the bar of the ruin, calendar days; 0 without one"),
    Metric(
        "position_percent",
        "percent",
        0,
        "value of a position, percent of the capital: of a fixed size at the data's first price, or the percentage of "
        "the equity; NaN for a percentage at risk",
    ),
    Metric("final_equity", "money", 1, "capital + net profit + profit of a trade left open"),
    Metric("return_percent", "percent", 1, "100 x (final_equity / capital - 1)"),
    Metric(
        "annual_return_percent",
        "percent",
        1,
        "compound annual growth: 100 x ((final_equity / capital) ^ (1 / years) - 1); calendar years of 365.2425 days "
        "from the first bar's open to the last bar's close",
    ),
    Metric("ambiguous_exits", "count", -1, "exits decided by the same-bar rule: stop and target in one bar"),
    Metric("skipped_entries", "count", 0, "entries not opened: size below the minimum, or no balance left"),
    Metric(
        "buy_and_hold_percent",
        "percent",
        0,
        "what the market did: 100 x (last close / first open - 1), in the quote currency and without costs",
    ),
    Metric("buy_and_hold_drawdown_percent", "percent", 0, "largest fall of the closes from their highest value so far"),
    Metric("fitness", "ratio", 1, "what the strategy says of its own run: get_fitness of a cTrader robot; else NaN"),
)

METRIC_NAMES: tuple[str, ...] = tuple(metric.name for metric in METRICS)
METRIC_COLUMN: dict[str, int] = {name: i for i, name in enumerate(METRIC_NAMES)}


def metric(name: str, *, parameter: str = "objective") -> Metric:
    """Look a metric up.

    Args:
        name: as in `METRIC_NAMES`.
        parameter: the field that it was named in, for the error.

    Raises:
        ParameterError: there is no such metric; the message lists the known ones.
    """
    try:
        return METRICS[METRIC_COLUMN[name]]
    except KeyError:
        raise ParameterError(
            "is not a known metric",
            parameter=parameter,
            value=name,
            remedy="Use one of " + ", ".join(METRIC_NAMES),
        ) from None
