"""Combinations with signals of their own and few exits each: one thread asks the strategy, all of them simulate."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trading_ai.engine.sets_run import Given, SetsRun, SetsSimulator
from trading_ai.evaluation.threads import run_tasks
from trading_ai.strategies.signals import Crossing, Crossings

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
DayProfits = npt.NDArray[np.float32]
Places = tuple[Indices, Indices]

_BYTES_AT_ONCE = 16 << 20
"""Memory of the orders that are handed over together."""

_ORDERS_KEPT_BYTES = 8 << 20

_ONE_ROW = np.array([0, 1])

_ASKED_AT_ONCE = 64
"""Sets that a strategy is asked for in one call."""

MOST_EXITS = 32
"""Combinations of a set, on average, up to which sets go this way: with more, the lanes of one set are faster."""


class Asker(Protocol):
    """Asks the strategy, on behalf of combinations."""

    def one(self, key: int, row: int) -> Given | None:
        """Signals with that key, which the combination in that row has; None if the strategy failed."""
        ...

    def many(self, rows: Indices) -> Crossings | None:
        """Signals of the combinations in those rows; None where each must be asked for by itself."""
        ...


class SignalSets:
    """Evaluates sets of combinations; each set shares its signals.

    Args:
        simulator: on what bars, with which exits.
        n_threads: threads to use.
    """

    def __init__(self, simulator: SetsSimulator, n_threads: int) -> None:
        self._simulator, self._n_threads = simulator, n_threads
        self._kept: OrderedDict[int, Given] = OrderedDict()
        self._lock = threading.Lock()
        self._alone: tuple[Indices, Floats, SetsRun] | None = None

    def run_one(self, given: Given, stop_of: Indices, target_of: Indices, time_exit: int, tallies: Floats) -> bool:
        """Simulate one combination, by the shortest way there is for new signals.

        Args:
            given: its signals.
            stop_of: place of its stop among the levels, shape (1,).
            target_of: place of its target likewise.
            time_exit: strategy bars after which it closes its positions, 0 for never.
            tallies: out, shape (1, n_tallies).

        Returns:
            False where it must be simulated another way.
        """
        if self._alone is None:
            zeros = [np.zeros(1, dtype=np.int64) for _ in range(4)]
            out = (np.empty_like(tallies), np.empty((1, 0), dtype=np.float32))
            self._alone = (
                zeros[3],
                out[0],
                SetsRun(self._simulator, _ONE_ROW, zeros[0], (zeros[1], zeros[2]), zeros[3], *out),
            )
        times, found, run = self._alone
        times[0] = time_exit
        if not run.again(given, stop_of, target_of):
            return False
        tallies[:] = found
        return True

    def run(
        self,
        keys: Sequence[int],
        parts: Sequence[Indices],
        places: Places,
        time_exits: Indices,
        asker: Asker,
        tallies: Floats,
        daily: DayProfits,
    ) -> Iterator[Indices]:
        """Simulate sets of combinations.

        Args:
            keys: key of each set's signals.
            parts: rows of each set.
            places: places of all combinations' stops and targets, see `ExitLevels.places_of`.
            time_exits: strategy bars after which each set closes its positions, 0 for never, shape (n_sets,).
            asker: asks the strategy.
            tallies: out; of sets whose strategy fails it holds nothing of meaning.
            daily: out.

        Yields:
            Rows of a set that must be simulated another way: their account may not have carried their trades.
        """
        at_once = max(_BYTES_AT_ONCE // self._simulator.n_bars, 2 * self._n_threads)
        for begin in range(0, len(keys), at_once):
            some = slice(begin, begin + at_once)
            yield from self._round(keys[some], parts[some], places, time_exits[some], asker, tallies, daily)

    def _round(
        self,
        keys: Sequence[int],
        parts: Sequence[Indices],
        places: Places,
        time_exits: Indices,
        asker: Asker,
        tallies: Floats,
        daily: DayProfits,
    ) -> Iterator[Indices]:
        first_row = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([part.size for part in parts], out=first_row[1:])
        where = np.concatenate(parts)
        levels = (places[0][where], places[1][where])
        run = SetsRun(self._simulator, first_row, where, levels, time_exits, tallies, daily)
        # Whichever thread asks next gets the next ones.
        to_ask = iter([slice(i, min(i + _ASKED_AT_ONCE, len(keys))) for i in range(0, len(keys), _ASKED_AT_ONCE)])

        def ask_some() -> bool:
            some = next(to_ask, None)
            if some is None:
                return False
            try:
                at = where[first_row[some]]
                crossings = asker.many(at)
                if crossings is not None:
                    run.give_crossings(some.start, crossings, at.size)
                    return True
                for s in range(some.start, some.stop):
                    run.give(s, self._one(keys[s], int(where[first_row[s]]), asker))
            except BaseException:
                for rest in (some, *to_ask):
                    run.end(rest)
                raise
            return True

        def ask() -> None:
            while ask_some():
                pass

        # The interpreter is one thread's at a time: that one asks, and the others simulate what there is. Where a
        # strategy takes so long that they are idle, they ask too: most of that is spent without the interpreter.
        n_helpers = min(self._n_threads, len(keys)) - 1
        work = partial(run.work, ask_some)
        run_tasks([work] * (n_helpers + 1), n_helpers, ask)
        if run.lost.any():
            for begin, end in pairwise(first_row.tolist()):
                lost = np.flatnonzero(run.lost[begin:end])
                if lost.size:
                    yield where[begin:end][lost]

    def _one(self, key: int, row: int, asker: Asker) -> Given | None:
        with self._lock:
            given = self._kept.pop(key, None)
        if given is None:
            given = asker.one(key, row)
            if given is None or isinstance(given, Crossing):
                return given
        with self._lock:
            self._kept[key] = given
            while len(self._kept) * self._simulator.n_bars > _ORDERS_KEPT_BYTES:
                self._kept.popitem(last=False)
        return given
