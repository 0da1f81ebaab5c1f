"""The product, through its public `sweep`."""

from __future__ import annotations

import numpy as np

import trading_ai as ta
from benchmarks.workloads import CASH, COST_PER_SIDE, UNITS, Data
from trading_ai.engine.costs import Costs
from trading_ai.engine.sizing import Sizing
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.metrics.catalog import METRIC_COLUMN

NAME = "trading-ai sweep"
PACKAGE = "trading-ai-system"
NOTE = "every metric of docs/reference/metrics.md, mark-to-market drawdown and daily Sharpe ratio included"

SYMBOL = Symbol("EURUSD", 0.0001, 5, 100_000.0, "USD", base_currency="EUR", kind="fx")
MODEL = {
    "costs": Costs(commission_per_trade=COST_PER_SIDE),
    "sizing": Sizing("units", UNITS),
    "capital": CASH,
}


def bars_of(data: Data) -> Bars:
    """Our bars from plain arrays; a new object each time, so nothing computed for another one is reused."""
    zeros = np.zeros(len(data))
    times = data.open_time_ns
    return Bars(SYMBOL, timeframe(data.timeframe), times, data.open, data.high, data.low, data.close, zeros)


def arguments(combinations: list[tuple[int, int, int, int]]) -> dict[str, list[int]]:
    """What a user types, made before the clock starts: the values of each parameter."""
    return axes_of(combinations)


def axes_of(combinations: list[tuple[int, int, int, int]]) -> dict[str, list[int]]:
    """The values of each parameter; the combinations are always a whole grid here."""
    names = ("fast", "slow", "stop_loss", "take_profit")
    return {name: sorted({c[i] for c in combinations}) for i, name in enumerate(names)}


def prepare(data: Data):
    bars = bars_of(data)

    def run(axes):
        sweep = ta.sweep(bars, "sma_crossover", **axes, **MODEL)
        return np.asarray(sweep.metrics)[:, METRIC_COLUMN["net_profit"]]

    return run
