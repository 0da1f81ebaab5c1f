"""One run of the compiled `simulate_grid`, which any number of threads join."""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trading_ai.engine.exit_rows import Levels
from trading_ai.engine.kernel_grid import simulate_grid
from trading_ai.engine.money_table import work_space

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Group(Protocol):
    """What a run needs of the combinations' signals; see `simulate.SignalGroup`."""

    def n_events(self, time_exit: int) -> int:
        """Number of events."""
        ...

    def grid_arguments(self, time_exit: int, levels: Levels, keep: bool) -> tuple[Any, ...]:
        """What threads share."""
        ...

    def chain_one(
        self, time_exit: int, levels: Levels, stop_of: Ints, target_of: Ints, daily: Days
    ) -> tuple[Floats, Days]:
        """Simulate one combination in general."""
        ...


class GridRun:
    """Combinations that threads share out among themselves, together with what they find.

    Args:
        group: whose signals.
        time_exit: bars, 0 for none.
        where: rows of the results, and the places of stops and targets in `levels`, each of shape (m,).
        levels: stop and target distances.
        keep: whether the group keeps what was found.
    """

    def __init__(
        self, group: Group, time_exit: int, where: tuple[Ints, Ints, Ints], levels: Levels, keep: bool
    ) -> None:
        self._group, self._time_exit, self._where, self._levels = group, time_exit, where, levels
        self._taken = np.zeros(1, dtype=np.int64)
        # What is kept is made at once, before any thread is woken; of many runs, each makes its own when it is begun.
        self._arguments = group.grid_arguments(time_exit, levels, True) if keep else None
        self._lock = threading.Lock()
        self._sizes = where[0].size, group.n_events(time_exit), levels[0].size + levels[1].size + 1

    def run(self, tallies: Floats, daily: Days) -> None:
        """Work on this thread until every combination is taken."""
        with self._lock:
            if self._arguments is None:
                self._arguments = self._group.grid_arguments(self._time_exit, self._levels, False)
        rows, stop_of, target_of = self._where
        lost, *work = work_space(*self._sizes)
        n_lost = simulate_grid(*self._where, *self._arguments, self._taken, lost, *work, tallies, daily)
        for c in lost[:n_lost]:
            one = slice(c, c + 1)
            found = self._group.chain_one(self._time_exit, self._levels, stop_of[one], target_of[one], daily)
            tallies[rows[c]], daily[rows[c]] = found[0][0], found[1][0]
