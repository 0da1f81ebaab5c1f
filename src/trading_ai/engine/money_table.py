"""The arrays that the compiled simulators keep exits and their money in, and those that they work on."""

from __future__ import annotations

import numpy as np

from trading_ai.engine.compiled import bookkeeping
from trading_ai.engine.compiled.arguments import Events, Floats, Ints, MoneyTable, Touches, Trades, Walk


def money_table(n_events: int, n_levels: int, config: Floats) -> MoneyTable:
    """Room for the exits of `n_levels` levels of `n_events` events; columns that `config` does not need stay empty."""
    n = n_levels * n_events

    def room(used: float) -> Floats:
        return np.empty(n if used else 0)

    return MoneyTable(
        filled=np.zeros(n_events, dtype=np.uint8),
        keys=np.empty(n, dtype=np.int32),
        net=np.empty(n),
        delta=room(config[bookkeeping.HAS_COMMISSION]),
        worst=np.empty(n),
        best=np.empty(n),
        best_bar=np.empty(n, dtype=np.int32),
        charges=room(config[bookkeeping.HAS_COMMISSION]),
        slippages=room(config[bookkeeping.SLIPPAGE]),
        spreads=room(config[bookkeeping.HAS_SPREAD]),
        paid_in=np.empty(n_events),
    )


def touch_table(n_events: int, n_levels: int) -> Touches:
    """Room for the touches of `n_levels` levels of `n_events` events."""
    return Touches(keys=np.empty((n_levels, n_events), dtype=np.int64), values=np.empty((n_levels, n_events, 5)))


def event_table(bar: Ints) -> Events:
    """Room for what is to be known of the events at those bars, int64, shape (n_events,)."""
    n = bar.shape[0]
    return Events(
        bar=bar,
        side=np.empty(n),
        opens=np.empty(n, np.int8),
        entry=np.empty(n),
        anchor=np.empty(n),
        forced=np.empty(n, np.int64),
        reason=np.empty(n, np.int8),
        after=np.empty(n, np.int64),
    )


def trade_space(n_events: int) -> Trades:
    """Room for the trades of one combination."""
    whole = {"first", "exit_bar", "held", "best_bar"}
    return Trades._make(np.empty(n_events, np.int64 if name in whole else np.float64) for name in Trades._fields)


def work_space(n_events: int, n_levels: int) -> tuple[Touches, Walk]:
    """What one thread writes on while it runs `simulate_grid`."""
    return touch_table(1, n_levels), Walk(
        event_of=np.empty(n_events, dtype=np.uint64),
        at_of=np.empty(n_events, dtype=np.uint64),
        exit_of=np.empty(n_events, dtype=np.int64),
    )
