"""What signals say besides sides, as rows of numbers by execution bar: levels, sizes, waiting orders, exit prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.engine.plan_columns import (
    DISTANCE,
    KIND,
    LIMIT,
    LIMIT_OF,
    MARKET,
    N_PLAN,
    OTHER_KIND,
    OTHER_LIMIT,
    OTHER_PRICE,
    PERCENT,
    PRICE,
    PRICE_OF,
    SIZE,
    STOP,
    STOP_LIMIT,
    STOP_ORDER,
    TARGET,
    TRAIL,
    UNTIL,
)
from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.strategies.entry_values import EXIT_PRICES, value_of
from trading_ai.strategies.signals import Signals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CODES = {"price": PRICE, "pips": DISTANCE, "percent": PERCENT, "atr": DISTANCE}


@dataclass(frozen=True, eq=False)
class Plan:
    """What entry orders say besides their side.

    Attributes:
        bar: execution bars with an entry order, ascending, int64, shape (m,).
        rows: float64, shape (m, 14): kind, see `plan_columns`; price of a waiting order; first bar at which it no
            longer lives, inf for never; stop and how it is read, NaN for none; target and trail likewise; units, NaN
            for the account's; limit of a stop-limit order; kind, price and limit of the order of the other side that
            waits beside it and that it cancels, NaN for none.
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
    signals: Signals, bars: Bars, source: str, order_bars: Ints, sides: npt.NDArray[np.int8], decided: Ints,
    paired: npt.NDArray[np.bool_], first: Ints, n_execution: int,
) -> Plan:  # fmt: skip
    """Turn what signals say at closes into what orders say at opens.

    Args:
        signals: with something besides sides.
        bars: the strategy's bars.
        source: name of the strategy, for messages.
        order_bars: execution bars with an entry order, ascending, shape (m,).
        sides: their sides, +1 or -1, shape (m,).
        decided: strategy bar that decided each of them, shape (m,).
        paired: strategy bars that decide orders of both sides, see `entry_values.paired_bars`, shape (n_bars,).
        first: first execution bar of each strategy bar, shape (n_bars,).
        n_execution: number of execution bars.

    Raises:
        StrategyError: an array has the wrong shape, kind or values.
    """
    rows = np.full((order_bars.shape[0], N_PLAN), np.nan)
    if signals.trail is not None and getattr(signals.trail, "unit", "") == "price":
        raise StrategyError(
            "must be a distance", parameter=f"{source}.trail", value="Level.price",
            remedy="Take Level.pips, Level.percent or Level.atr; long_exit_stop moves a stop to any price.",
        )  # fmt: skip

    def said(name: str) -> Floats:
        values = value_of(signals, name, bars, source)
        return np.full(decided.shape[0], np.nan) if values is None else values[decided]

    for name, column in (("stop", STOP), ("target", TARGET), ("trail", TRAIL)):
        rows[:, column] = said(name)
        level = getattr(signals, name)
        rows[:, column + 1] = PRICE if level is None else _CODES[level.unit]
    rows[:, SIZE] = said("size")
    pairs = paired[decided]

    def waiting(side: str) -> tuple[Floats, Floats, Floats]:
        """Kind, price and limit of the orders of a side: by its own prices, elsewhere by those of either side."""
        limit, stop = (
            np.where(np.isnan(said(f"{side}_{name}")) & ~pairs, said(name), said(f"{side}_{name}"))
            for name in ("entry_limit", "entry_stop")
        )
        has_limit, has_stop = ~np.isnan(limit), ~np.isnan(stop)
        kind = np.select([has_limit & has_stop, has_limit, has_stop], [STOP_LIMIT, LIMIT, STOP_ORDER], MARKET)
        return kind, np.where(has_stop, stop, limit), np.where(has_stop, limit, np.nan)

    long, short = waiting("long"), waiting("short")
    columns = (KIND, OTHER_KIND), (PRICE_OF, OTHER_PRICE), (LIMIT_OF, OTHER_LIMIT)
    for (own, other), of_long, of_short in zip(columns, long, short, strict=True):
        rows[:, own] = np.where(sides > 0, of_long, of_short)
        rows[pairs, other] = of_short[pairs]
    if (rows[:, KIND] == MARKET).all():
        _refuse_straddle(signals, bars, source)
    rows[:, UNTIL] = _until(said("expiry"), len(bars), source, decided, first)
    return Plan(order_bars, rows, _exits(signals, bars, source, first, n_execution))


def _refuse_straddle(signals: Signals, bars: Bars, source: str) -> None:
    """Bars with both entries give none: where all waiting orders stand at such bars, orders of both sides are meant.

    Raises:
        StrategyError: they do.
    """
    long_entry, short_entry, _, _ = signals.arrays(len(bars), source)
    for name in ("entry_stop", "entry_limit"):
        prices = value_of(signals, name, bars, source)
        at = np.flatnonzero(long_entry & short_entry & ~np.isnan(np.nan if prices is None else prices))
        if at.size:
            raise StrategyError(
                "waits for no entry: a bar with long_entry and short_entry gives none", parameter=f"{source}.{name}",
                value=f"prices at {at.size} such bars, first bar {at[0]}",
                remedy=f"Orders of both sides, of which one cancels the other, have a price each: long_{name}=... and "
                f"short_{name}=...",
            )  # fmt: skip


def _until(lives: Floats, n_bars: int, source: str, decided: Ints, first: Ints) -> Floats:
    """The first execution bar at which each order no longer lives; inf for never."""
    until = np.full(decided.shape[0], np.inf)
    broken = (lives != np.floor(lives)) & ~np.isnan(lives)
    if broken.any():
        raise StrategyError(
            "must be whole numbers of bars, or NaN", parameter=f"{source}.expiry", value=float(lives[broken][0])
        )
    ends = decided + 1 + np.where(np.isnan(lives), n_bars, np.minimum(lives, n_bars)).astype(np.int64)
    known = ends < n_bars
    until[known] = first[ends[known]]
    return until


def _exits(signals: Signals, bars: Bars, source: str, first: Ints, n_execution: int) -> Floats:
    given = [value_of(signals, name, bars, source) for name in EXIT_PRICES]
    if all(each is None for each in given):
        return np.empty((0, 4))
    # At an execution bar counts what was decided last: at the close of the strategy bar before its own.
    decided = np.searchsorted(first[1:], np.arange(n_execution), side="right") - 1
    exits = np.full((n_execution, 4), np.nan)
    for column, prices in enumerate(given):
        if prices is not None:
            exits[decided >= 0, column] = prices[decided[decided >= 0]]
    return exits
