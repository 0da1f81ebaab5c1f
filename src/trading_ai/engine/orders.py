"""From signals on the strategy's bars to orders on the execution bars.

A signal is decided at a strategy bar's close and becomes an order at the open of the first execution bar
after it. The execution bars are the strategy's own bars, or finer ones that decide exits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trading_ai.engine.plans import Plan, plan_of
from trading_ai.errors import RuleError, StrategyError
from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Signals
from trading_ai.strategies.entry_values import paired_bars

Bytes = npt.NDArray[np.int8]
_NONE = np.empty(0, dtype=np.int8)
_NO_BARS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Orders:
    """Orders by execution bar, shape (n_execution_bars,), each carried out at that bar's open.

    Attributes:
        entry: +1 open long, -1 open short, 0 nothing.
        exit_long: 1 where open long positions are to be closed; empty for never.
        exit_short: 1 where open short positions are to be closed; empty for never.
        plan: what entries say besides their side; None where they say nothing.
    """

    entry: Bytes
    exit_long: Bytes
    exit_short: Bytes
    plan: Plan | None = None

    def since(self, first: int) -> Orders:
        """Orders from execution bar `first` on; a decision at the close before it is carried out at its open."""
        if not first:
            return self
        # Copies, because compiled code reads them by eight bytes and a view may begin anywhere.
        plan = None if self.plan is None else self.plan.since(first)
        return Orders(self.entry[first:].copy(), self.exit_long[first:].copy(), self.exit_short[first:].copy(), plan)

    def with_late_entries(self, bars: int) -> Orders:
        """The same with every entry carried out some execution bars later; those beyond the last bar are dropped."""
        if not bars:
            return self
        late = np.zeros_like(self.entry)
        late[bars:] = self.entry[:-bars]
        plan = None if self.plan is None else self.plan.late(bars, late.shape[0])
        return Orders(late, self.exit_long, self.exit_short, plan)


@dataclass(frozen=True, eq=False)
class BarMap:
    """Where each strategy bar starts among the execution bars.

    Attributes:
        first: for strategy bar i, the first execution bar that opens at or after its open, shape
            (n_strategy_bars,); empty when both are the same bars.
        strategy_bar: for each execution bar, the strategy bar that it lies in, shape (n_execution_bars,);
            empty when both are the same bars.
    """

    first: npt.NDArray[np.int64]
    strategy_bar: npt.NDArray[np.int64]

    def since(self, first: int) -> BarMap:
        """The map from execution bar `first` on; strategy bars that start before it have a negative place."""
        return BarMap(self.first - first, self.strategy_bar[first:]) if first and self.first.size else self


SAME_BARS = BarMap(_NO_BARS, _NO_BARS)


def map_bars(bars: Bars, detail: Bars) -> BarMap:
    """Map strategy bars onto finer bars.

    Raises:
        RuleError: the finer bars are of another symbol, are not finer, or leave strategy bars uncovered
            at either end.
    """
    if detail.symbol.name != bars.symbol.name:
        raise RuleError(f"must be bars of {bars.symbol.name}", parameter="detail", value=detail.symbol.name)
    if detail.timeframe.seconds >= bars.timeframe.seconds:
        raise RuleError(
            f"must be finer than the strategy's {bars.timeframe}",
            parameter="detail",
            value=detail.timeframe.name,
        )
    if not len(detail) or not len(bars):
        raise RuleError("must not be empty", parameter="detail", value=len(detail))
    starts = detail.open_time_ns[0] < bars.open_time_ns[0] + bars.timeframe.ns
    ends = detail.open_time_ns[-1] >= bars.open_time_ns[-1]
    if not (starts and ends):
        raise RuleError(
            "must cover the strategy's bars from the first to the last",
            parameter="detail",
            value=repr(detail),
            remedy=f"Cut the strategy's bars ({bars!r}) to the period that both cover.",
        )
    first = np.searchsorted(detail.open_time_ns, bars.open_time_ns).astype(np.int64)
    inside = np.searchsorted(bars.open_time_ns, detail.open_time_ns, side="right").astype(np.int64) - 1
    return BarMap(first, inside)


def place_orders(
    signals: Signals, n_bars: int, bar_map: BarMap, n_execution_bars: int, source: str, bars: Bars | None = None
) -> Orders:
    """Turn decisions at closes into orders at opens.

    Where several strategy bars have no execution bar between them, the newest entry decision counts and
    exits add up. A decision on the last bar has no next open and is dropped.

    Args:
        signals: what the strategy decides.
        n_bars: number of the strategy's bars.
        bar_map: where they are among the execution bars.
        n_execution_bars: number of those.
        source: name of the strategy, for messages.
        bars: the strategy's bars; needed where the signals say more than sides.

    Raises:
        StrategyError: the signals have the wrong shape or type.
    """
    if not signals.is_planned:
        return _placed(signals, n_bars, bar_map, n_execution_bars, source)
    if bars is None:
        raise StrategyError("needs the bars that its levels are measured on", parameter=source)
    paired = paired_bars(signals, bars, source)
    if paired.any():  # the order to buy stands for both, see `Plan.rows`
        signals = replace(signals, short_entry=signals.arrays(n_bars, source)[1] & ~paired)
    orders = _placed(signals, n_bars, bar_map, n_execution_bars, source)
    same = not bar_map.first.size
    first = np.arange(n_bars, dtype=np.int64) if same else bar_map.first
    at = np.flatnonzero(orders.entry).astype(np.int64)
    long_entry, short_entry, _, _ = signals.arrays(n_bars, source)
    decisions = np.flatnonzero(long_entry[:-1] != short_entry[:-1])
    decisions = decisions[first[decisions + 1] < n_execution_bars]
    decided = np.zeros(n_execution_bars, dtype=np.int64)
    decided[first[decisions + 1]] = decisions  # the newest, as below
    plan = plan_of(signals, bars, source, at, orders.entry[at], decided[at], paired, first, n_execution_bars)
    return replace(orders, plan=plan)


def _placed(signals: Signals, n_bars: int, bar_map: BarMap, n_execution_bars: int, source: str) -> Orders:
    long_entry, short_entry, long_exit, short_exit = signals.arrays(n_bars, source)
    if not bar_map.first.size:
        # Both sides at once cancel out, which is what the difference of the two says.
        entry = np.empty(n_bars, dtype=np.int8)
        entry[:1] = 0
        np.subtract(long_entry[:-1].view(np.int8), short_entry[:-1].view(np.int8), out=entry[1:])
        return Orders(entry, _shifted(long_exit), _shifted(short_exit))
    at = bar_map.first[1:]
    valid = at < n_execution_bars
    side = long_entry[:-1].view(np.int8) - short_entry[:-1].view(np.int8)
    entry = np.zeros(n_execution_bars, dtype=np.int8)
    decided = valid & (side != 0)
    entry[at[decided]] = side[decided]  # of several values for one place, NumPy keeps the last: the newest
    exits = []
    for wanted in (long_exit, short_exit):
        order = _NONE
        if wanted is not None:
            order = np.zeros(n_execution_bars, dtype=np.int8)
            order[at[valid & wanted[:-1]]] = 1
        exits.append(order)
    return Orders(entry, exits[0], exits[1])


def _shifted(wanted: npt.NDArray[np.bool_] | None) -> Bytes:
    if wanted is None:
        return _NONE
    order = np.zeros(wanted.shape[0], dtype=np.int8)
    order[1:] = wanted[:-1]
    return order
