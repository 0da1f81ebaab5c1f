"""A backtest as the library gives it back: its arrays, with what they are of, its figures and its short form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from typing_extensions import override

from trading_ai.documents.words import strategy_label
from trading_ai.evaluation.model import BacktestResult
from trading_ai.evaluation.ports import Evaluator
from trading_ai.market.bars import Bars
from trading_ai.metrics.annual import years_of
from trading_ai.metrics.tables import metrics_table, values_line
from trading_ai.optimization.cautions import cautions, costs_stated
from trading_ai.parameters import Value
from trading_ai.shown import amount, card
from trading_ai.trial_figures import titled, unknown_plot

if TYPE_CHECKING:
    import plotly.graph_objects as go

BacktestPlot: TypeAlias = Literal["equity", "candles", "trades", "excursions", "rolling_sharpe"]
"""Figures of a backtest."""


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(BacktestResult):
    """One combination in full, with what it was made of; a `BacktestResult` for everything else.

    Attributes:
        strategy: name of the strategy.
        bars: bars that the strategy saw.
        traded: execution bars, from the first traded one on.
        capital: starting balance, account currency.
        currency: account currency.
        costs_stated: the costs that were charged, in words.
    """

    strategy: str = ""
    bars: Bars | None = None
    traded: Bars | None = None
    capital: float = 10_000.0
    currency: str = ""
    costs_stated: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against it, as commands and reports say it."""
        money = f"{self.capital:,.2f} {self.currency}"
        return cautions(self.costs_stated, self.metrics, money, "The backtest")

    @override
    def __repr__(self) -> str:
        at = "" if self.bars is None else f" on {self.bars.symbol.name} {self.bars.timeframe}"
        shown = (
            f"net profit {amount(self.metrics['net_profit'], 'money')} {self.currency}, Sharpe ratio "
            f"{amount(self.metrics['sharpe_ratio'])}, {self.metrics['total_trades']:,.0f} trades"
        )
        return f"Backtest({strategy_label(self.strategy)}{at}: {shown})"

    @override
    def _repr_html_(self) -> str:
        at = "" if self.bars is None else f" on {self.bars.symbol.name} {self.bars.timeframe}"
        facts = [("parameters", values_line(self.parameters)), ("costs", self.costs_stated)]
        if self.bars is not None:
            facts.insert(0, ("bars", repr(self.bars)[len("Bars(") : -1]))
        facts.append(("account", f"{self.capital:,.2f} {self.currency}"))
        title = f"Backtest of {strategy_label(self.strategy)}{at}"
        return card(title, facts, [metrics_table(self.metrics)], (f"Warning: {line}" for line in self.warnings))

    def plot(self, kind: BacktestPlot = "equity") -> go.Figure:
        """A figure of the report, as Plotly has them; a notebook shows it, offline too.

        Args:
            kind: ``equity`` (with drawdown, beside the market itself), ``candles`` (with the trades), ``trades``
                (their profits), ``excursions`` (how far they went), ``rolling_sharpe``.

        Raises:
            ParameterError: there is no such figure.
        """
        return titled(self._figure(kind))

    def _figure(self, kind: BacktestPlot) -> go.Figure:
        from trading_ai.figures.candles import trades_on_candles  # noqa: PLC0415 - plotly takes a third of a second
        from trading_ai.figures.equity import Curve, equity_with_drawdown  # noqa: PLC0415
        from trading_ai.figures.rolling import rolling_sharpe  # noqa: PLC0415
        from trading_ai.figures.trades import excursions, profit_of_trades  # noqa: PLC0415
        from trading_ai.reports.making import bought_and_held  # noqa: PLC0415

        if kind not in get_args(BacktestPlot):
            raise unknown_plot(kind, get_args(BacktestPlot))
        if kind == "trades":
            return profit_of_trades(self.trades["net_profit"], currency=self.currency)
        if kind == "excursions":
            return excursions(self.trades, currency=self.currency)
        assert self.bars is not None
        assert self.traded is not None
        if kind == "candles":
            seen = self.bars.since(int(self.traded.open_time_ns[0]))
            return trades_on_candles(seen, self.trades, currency=self.currency)
        if kind == "rolling_sharpe":
            year = years_of(self.traded, self.day_numbers.size).periods_per_year
            return rolling_sharpe(self.day_numbers, self.daily_profit, capital=self.capital, days_per_year=year)
        held = bought_and_held(self.traded.open, self.traded.close, self.traded.open_time_ns, self.capital)
        curve = Curve(strategy_label(self.strategy), self.equity_time_ns, self.equity)
        return equity_with_drawdown([curve], benchmark=held, currency=self.currency)


def backtest_of(
    evaluator: Evaluator, combination: Mapping[str, Value], currency: str, result: BacktestResult | None = None
) -> Backtest:
    """Run one combination in full, or take its result, with what it was made of.

    Args:
        evaluator: what evaluates it.
        combination: values of the searched parameters.
        currency: account currency.
        result: what a run gave; None runs it.
    """
    found = evaluator.backtest(combination) if result is None else result
    seen, traded = evaluator.bars_of(combination)
    of = evaluator.member(combination) if hasattr(evaluator, "member") else evaluator
    account = cast("Evaluator", of).account
    has_spread = traded.spread is not None or traded.ask_open is not None
    return Backtest(
        **vars(found), strategy=evaluator.strategy.name, bars=seen, traded=traded, capital=account.capital,
        currency=currency, costs_stated=costs_stated(account.costs, currency, has_spread),
    )  # fmt: skip
