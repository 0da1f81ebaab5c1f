"""What people call the columns that SQL has: the synonyms of `sql_tables`, by the name of the column."""

from __future__ import annotations

SYNONYMS: dict[str, tuple[str, ...]] = {
    "net_profit": (
        "net profit", "profit", "profits", "pnl", "p&l", "p/l", "pl", "net", "earnings", "gain", "gains",
        "net pnl", "net result", "profit and loss", "profitability", "net profits",
    ),
    "gross_profit": ("gross profit", "gross gain", "gross winnings"),
    "gross_loss": ("gross loss", "gross losses"),
    "profit_factor": ("profit factor", "pf", "profitfactor"),
    "total_trades": ("total trades", "number of trades", "trade count", "trades count", "n trades"),
    "long_trades": ("number of long trades", "long trade count"),
    "short_trades": ("number of short trades", "short trade count"),
    "win_rate": (
        "win rate", "wr", "winrate", "winning rate", "hit rate", "win ratio", "winning percentage", "win percentage",
        "percent profitable", "percentage of winners", "success rate", "win %", "strike rate", "win pct", "win rates",
    ),
    "long_win_rate": ("long win rate",),
    "short_win_rate": ("short win rate",),
    "long_net_profit": ("long net profit",),
    "short_net_profit": ("short net profit",),
    "expectancy": (
        "expectancy", "expected payoff", "profit per trade", "profit a trade", "average trade", "avg trade",
        "expectation", "average profit per trade", "mean profit per trade", "net profit per trade",
    ),
    "average_win": ("average win", "average winner", "avg winner", "avg winners", "average winners",
        "average winning trade", "avg win", "mean win"),
    "average_loss": (
        "average loss", "average loser", "avg loser", "avg losers", "average losers",
        "average losing trade", "avg loss", "mean loss", "typical loss",
    ),
    "largest_win": (
        "largest win", "biggest win", "biggest single win", "largest single win",
        "largest winner", "biggest winner", "largest winning trade", "biggest winning "
            "trade",
        "largest profit trade", "biggest gain",
    ),
    "largest_loss": (
        "largest loss", "biggest loss", "biggest single loss", "largest single loss", "worst single trade",
        "largest loser", "biggest loser", "worst loss", "largest losing trade",
        "biggest losing trade",
    ),
    "max_consecutive_wins": ("max consecutive wins", "consecutive wins", "wins in a row", "winners in a row"),
    "max_consecutive_losses": (
        "max consecutive losses", "consecutive losses", "losses in a row", "losers in a row", "consecutive losers",
        "losing trades in a row",
    ),
    "max_balance_drawdown": ("balance drawdown", "max balance drawdown", "closed drawdown", "balance dd",
        "max balance dd",
        "closed trade drawdown", "drawdown of the balance"),
    "max_balance_drawdown_percent": ("balance drawdown percent", "balance drawdown in percent"),
    "max_drawdown": ("deepest under water", "deepest underwater", "deepest drawdown", "max drawdown", "drawdown",
    "worst dip", "deepest dip", "biggest dip",
        "peak to trough", "fall of the "
        "equity", "dd", "max dd", "maxdd", "maximum drawdown", "equity drawdown", "mdd",
        "equity dd", "max equity dd", "drawdown of the equity",
        "max equity drawdown", "drawdowns"),
    "max_drawdown_percent": (
        "drawdown percent", "max drawdown percent", "drawdown in percent", "drawdown percentage", "max dd percent",
        "max drawdown in percent", "percent drawdown", "drawdown %", "dd %", "percentage drawdown", "relative drawdown",
        "dd percent", "maximum drawdown percent", "maximum drawdown in percent",
    ),
    "max_drawdown_days": (
        "drawdown days", "below its high", "under its high", "below the high", "below its peak", "off its high",
        "below its highs", "below high water", "drawdown duration", "drawdown length", "longest drawdown",
        "days in drawdown",
        "time under water", "time underwater", "max drawdown days", "longest time under water", "longest underwater",
    ),
    "sharpe_ratio": ("sharpe ratio", "sharpe", "sr", "sharp ratio", "sharp", "sharpes", "sharpe ratios"),
    "sortino_ratio": ("sortino ratio", "sortino"),
    "calmar_ratio": ("calmar ratio", "calmar", "mar ratio"),
    "recovery_factor": ("recovery factor", "return over drawdown", "profit to drawdown"),
    "sqn": ("sqn", "system quality number"),
    "exposure_percent": ("exposure", "time in market", "time in the market", "exposure percent"),
    "average_bars_held": (
        "average bars held", "average length of a trade", "average trade length", "average holding time",
        "average trade duration", "average holding period",
    ),
    "commission_paid": ("comms", "comm", "commission", "commissions", "commission paid", "fees", "fee"),
    "swap_paid": ("swap paid", "swap", "swaps", "overnight charges", "rollover", "overnight fees"),
    "slippage_paid": ("slippage paid", "slippage"),
    "spread_paid": ("spread paid", "spread", "spreads", "spread cost", "spread costs"),
    "ruined": ("ruined", "broke", "went broke", "ended up broke", "busted", "bust", "wiped out the account",
        "blew up", "blown up", "blew the account", "bankrupt", "went bust", "ruin"),
    "stop_outs": ("stop outs", "margin calls", "margin call", "margin stop outs"),
    "ruined_after_days": ("days until ruin", "ruined after"),
    "position_percent": ("position percent", "position size percent"),
    "final_equity": ("final equity", "ending equity", "end equity", "final balance", "ending balance"),
    "return_percent": (
        "return percent", "return", "returns", "total return", "percent return", "roi", "return in percent",
        "percentage return", "net profit in percent", "profit in percent",
    ),
    "annual_return_percent": (
        "annual return", "annualised return", "annualized return", "cagr", "yearly return", "return per year",
        "compound annual growth", "annual return percent",
    ),
    "ambiguous_exits": ("ambiguous exits", "ambiguous", "same bar exits", "ambiguous trades", "same-bar exits"),
    "skipped_entries": ("skipped entries", "entries skipped", "skipped trades"),
    "buy_and_hold_percent": ("buy and hold", "buy n hold", "buy & hold", "b&h", "bnh", "buying and holding", "hodl",
        "just holding", "buy-and-hold", "holding the market", "what the market did"),
    "buy_and_hold_drawdown_percent": ("buy and hold drawdown", "market drawdown"),
    "mae": ("mae", "maximum adverse excursion", "adverse excursion", "heat"),
    "mfe": ("mfe", "maximum favourable excursion", "maximum favorable excursion", "favourable excursion"),
    "bars_held": ("bars held", "hold time", "duration", "time in trade", "time in a trade", "time in trades",
        "time in position",
        "holding time", "holding period", "trade length", "trade duration", "length of trades"),
    "pips": ("pips", "pip", "profit in pips", "net profit in pips", "pips won", "pips made"),
    "units": ("position size", "trade size", "units", "size of trades"),
    "capital": ("capital", "starting balance", "starting capital", "initial balance", "initial capital", "deposit"),
    "n_bars": ("number of bars", "bar count"),
    "score": ("score", "objective value", "objective score"),
    "seconds": ("run time", "runtime", "seconds it took"),
    "rank": ("rank",),
    "payoff_ratio": (
        "payoff ratio", "payoff", "payout ratio", "win loss ratio", "win/loss ratio", "win to loss ratio",
        "reward risk",
        "reward to risk", "reward to risk ratio", "risk reward", "risk to reward", "risk reward ratio",
        "risk/reward", "rrr", "rr ratio",
        "avg win vs avg loss", "average win vs average loss", "average win to average loss", "average win over "
            "average loss",
        "average win / average loss", "avg win / avg loss",
    ),
}  # fmt: skip
"""Words for columns; the column's own name, with spaces, is one too."""


def synonyms_of(column: str) -> tuple[str, ...]:
    """Other words for a column, most usual first."""
    return SYNONYMS.get(column, ())
