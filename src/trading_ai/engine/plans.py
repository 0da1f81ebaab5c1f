"""What signals say besides sides, as rows of numbers by execution bar: levels, sizes, waiting orders, exit prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.strategies.levels import Level, Numbers, Size, per_bar
from trading_ai.strategies.signals import Signals, kind_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MARKET, LIMIT, STOP_ORDER = range(3)
"""Kinds of entries."""

KIND, PRICE_OF, UNTIL, STOP, STOP_CODE, TARGET, TARGET_CODE, TRAIL, TRAIL_CODE, SIZE = range(10)
N_PLAN = 10
"""Columns of a plan."""

LONG_STOP, LONG_LIMIT, SHORT_STOP, SHORT_LIMIT = range(4)
_EXIT_NAMES = ("long_exit_stop", "long_exit_limit", "short_exit_stop", "short_exit_limit")
"""Columns of the exit prices."""

_MEANT = {"stop": Level, "target": Level, "trail": Level, "size": Size}
_REMEDY = {Level: "Such as Level.price(array), Level.pips(20), Level.percent(1.5) or Level.atr(14, 2).",
           Size: "Such as Size.lots(0.1) or Size.units(array)."}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Plan:
    """What entry orders say besides their side.

    Attributes:
        bar: execution bars with an entry order, ascending, int64, shape (m,).
        rows: float64, shape (m, 10): kind (MARKET, LIMIT, STOP_ORDER); price of a waiting order; first bar at which it
            no longer lives, inf for never; stop and how it is read (see `levels.PRICE`), NaN for none; target and trail
            likewise; units, NaN for the account's.
        exits: prices at which open positions are closed during each bar: stop and limit of longs, then of shorts, NaN
            for none, float64, shape (n_bars, 4); or shape (0, 4).
    """

    bar: Ints
    rows: Floats
    exits: Floats

    def since(self, first: int) -> Plan:
        """The plan from execution bar `first` on; what was ordered before does not wait any more."""
        kept = self.bar >= first
        rows = self.rows[kept].copy()
        rows[:, UNTIL] -= first
        return Plan(self.bar[kept] - first, rows, self.exits[first:].copy())

    def late(self, bars: int, n_bars: int) -> Plan:
        """The plan with every entry ordered some execution bars later; those beyond the last bar are dropped."""
        kept = self.bar + bars < n_bars
        rows = self.rows[kept].copy()
        rows[:, UNTIL] += bars
        return Plan(self.bar[kept] + bars, rows, self.exits)


def plan_of(
    signals: Signals, bars: Bars, source: str, order_bars: Ints, decided: Ints, first: Ints, n_execution: int
) -> Plan:
    """Turn what signals say at closes into what orders say at opens.

    Args:
        signals: with something besides sides.
        bars: the strategy's bars.
        source: name of the strategy, for messages.
        order_bars: execution bars with an entry order, ascending, shape (m,).
        decided: strategy bar that decided each of them, shape (m,).
        first: first execution bar of each strategy bar, shape (n_bars,).
        n_execution: number of execution bars.

    Raises:
        StrategyError: an array has the wrong shape, kind or values, or an entry waits as a limit and as a stop.
    """
    rows = np.full((order_bars.shape[0], N_PLAN), np.nan)
    for name, column in (("stop", STOP), ("target", TARGET), ("trail", TRAIL)):
        level = _given(signals, name, source)
        if name == "trail" and level is not None and level.unit == "price":
            raise StrategyError(
                "must be a distance", parameter=f"{source}.trail", value="Level.price",
                remedy="Take Level.pips, Level.percent or Level.atr; long_exit_stop moves a stop to any price.",
            )  # fmt: skip
        if level is not None:
            rows[:, column] = level.resolved(bars, f"{source}.{name}")[decided]
            rows[:, column + 1] = level.code
    size = _given(signals, "size", source)
    if size is not None:
        rows[:, SIZE] = size.resolved(bars, f"{source}.size")[decided]
    limit = _prices(signals.entry_limit, bars, f"{source}.entry_limit")[decided]
    stop = _prices(signals.entry_stop, bars, f"{source}.entry_stop")[decided]
    both = ~np.isnan(limit) & ~np.isnan(stop)
    if both.any():
        at = int(decided[np.flatnonzero(both)[0]])
        raise StrategyError(
            "must not be given where entry_limit is", parameter=f"{source}.entry_stop at bar {at}",
            value=float(stop[both][0]), remedy="An entry waits as a limit or as a stop order: set one of both to NaN.",
        )  # fmt: skip
    rows[:, KIND] = np.where(~np.isnan(limit), LIMIT, np.where(~np.isnan(stop), STOP_ORDER, MARKET))
    rows[:, PRICE_OF] = np.where(np.isnan(limit), stop, limit)
    rows[:, UNTIL] = _until(signals.expiry, bars, source, decided, first)
    return Plan(order_bars, rows, _exits(signals, bars, source, first, n_execution))


def _given(signals: Signals, name: str, source: str) -> Any:
    given, meant = getattr(signals, name), _MEANT[name]
    if given is not None and not isinstance(given, meant):
        raise StrategyError(
            f"must be a {meant.__name__}, not {kind_of(given)}", parameter=f"{source}.{name}", remedy=_REMEDY[meant]
        )
    return given


def _prices(values: Numbers | None, bars: Bars, source: str) -> Floats:
    return np.full(len(bars), np.nan) if values is None else per_bar(values, len(bars), source)


def _until(expiry: Numbers | None, bars: Bars, source: str, decided: Ints, first: Ints) -> Floats:
    until = np.full(decided.shape[0], np.inf)
    lives = _prices(expiry, bars, f"{source}.expiry")[decided]
    if (lives != np.floor(lives))[~np.isnan(lives)].any():
        raise StrategyError(
            "must be whole numbers of bars, or NaN", parameter=f"{source}.expiry",
            value=float(lives[lives != np.floor(lives)][0]),
        )  # fmt: skip
    ends = decided + 1 + np.where(np.isnan(lives), len(bars), np.minimum(lives, len(bars))).astype(np.int64)
    known = ends < len(bars)
    until[known] = first[ends[known]]
    return until


def _exits(signals: Signals, bars: Bars, source: str, first: Ints, n_execution: int) -> Floats:
    given = [getattr(signals, name) for name in _EXIT_NAMES]
    if all(each is None for each in given):
        return np.empty((0, 4))
    # At an execution bar counts what was decided last: at the close of the strategy bar before its own.
    decided = np.searchsorted(first[1:], np.arange(n_execution), side="right") - 1
    exits = np.full((n_execution, 4), np.nan)
    for column, (name, values) in enumerate(zip(_EXIT_NAMES, given, strict=True)):
        prices = _prices(values, bars, f"{source}.{name}")
        exits[decided >= 0, column] = prices[decided[decided >= 0]]
    return exits
