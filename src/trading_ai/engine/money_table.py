"""The arrays that `compiled.grid` keeps exits and their money in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled import bookkeeping

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class MoneyTable(NamedTuple):
    """Exits of every level of every event and what they earn, filled on demand; see `simulate_grid`."""

    filled: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.int32]
    net: Floats
    delta: Floats
    worst: Floats
    best: Floats
    best_bar: npt.NDArray[np.int32]
    charges: Floats
    slippages: Floats
    spreads: Floats
    paid_in: Floats


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


def work_space(n_combinations: int, n_events: int, n_levels: int) -> tuple[npt.NDArray[Any], ...]:
    """What one thread writes on while it runs `simulate_grid`."""
    return (
        np.empty(n_combinations, dtype=np.int64),
        np.empty((n_levels, 1), dtype=np.int64),
        np.empty((n_levels, 1, 5)),
        np.empty(n_events, dtype=np.uint64),
        np.empty(n_events, dtype=np.uint64),
        np.empty(n_events, dtype=np.int64),
    )
