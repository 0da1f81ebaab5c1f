"""One run of the compiled `simulate_sets`: one thread hands sets of signals over while others simulate them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trading_ai._jit import READY, address_of
from trading_ai.engine.account import Account, has_fixed_money
from trading_ai.engine.compiled.arguments import Days, EntryTable, Market
from trading_ai.engine.compiled.sets import (
    CROSSING,
    DECISIONS,
    DONE,
    EXIT_LONG,
    EXIT_SHORT,
    FIRST,
    KIND,
    N_MONEY,
    N_SIGNALS,
    ORDERS,
    SECOND,
    THIRD,
    simulate_sets,
)
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.exit_rows import Levels, level_count
from trading_ai.engine.money_table import event_table, touch_table, trade_space
from trading_ai.engine.orders import Orders
from trading_ai.engine.rules import DIRECTION_CODES
from trading_ai.strategies.signals import Crossing, Crossings, Each
from trading_ai.ties import TIE

Floats = npt.NDArray[np.float64]
DayProfits = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Decisions = tuple[Bools, Bools, Bools | None, Bools | None]
"""To buy, to sell, to close longs and to close shorts, each carried out at the next bar's open."""

Given = Orders | Decisions | Crossing
"""How a set of signals may be given."""

_TABLE_BYTES = 1 << 30
"""Largest table of entries; memory is taken by what is filled only."""

_SPINS = 200_000
"""How often a thread looks whether the next set has come before it is idle: some tenths of a millisecond."""

_NAP_SECONDS = 0.0005


class SetsSimulator:
    """Simulates many sets of signals on the same bars, whose exits are the same few stops and targets.

    Args:
        data: bars and costs made ready.
        strategy_bar: strategy bar of each execution bar, or empty when they are the same.
        account: capital, sizing, costs and rules.
        config: `config_vector(data, account)`.
        levels: all stops and targets.
    """

    def __init__(
        self,
        data: ExecutionData,
        strategy_bar: Ints,
        account: Account,
        config: Floats,
        levels: Levels,
    ) -> None:
        rules, n = account.rules, data.n_bars
        self.n_bars = n
        n_levels = level_count(levels)
        self.table = EntryTable(
            filled=np.zeros(2 * n, dtype=np.uint8),
            keys=np.empty((2 * n, n_levels), dtype=np.int32),
            values=np.empty((2 * n, n_levels, N_MONEY)),
        )
        self.n_levels = n_levels
        self.arguments = (
            *levels,
            strategy_bar,
            rules.opposite_signal == "ignore",
            rules.opposite_signal == "reverse",
            float(DIRECTION_CODES[rules.direction]),
            *data.close_before,
            rules.level_anchor == "signal_close",
            *Market(data.bars.open_time_ns, *data.bid, *data.ask, data.bid_blocks, data.ask_blocks),
            *Days(data.bar_day, data.day_last_bar, data.nights, data.rates),
            config,
            *self.table,
        )
        self._lock = threading.Lock()
        self._spaces: list[_Space] = []

    @staticmethod
    def can(data: ExecutionData, account: Account, levels: Levels) -> bool:
        """Whether these combinations can be simulated so: what a trade earns depends on its entry and exit only."""
        n_levels = level_count(levels)
        return (
            has_fixed_money(data, account)
            and account.rules.max_positions == 1
            and 2 * data.n_bars * (1 + n_levels * (4 + 8 * N_MONEY)) <= _TABLE_BYTES
        )

    def take_space(self) -> _Space:
        """What a thread works on; given back with `give_back`."""
        with self._lock:
            return self._spaces.pop() if self._spaces else _Space(self.n_bars, self.n_levels)

    def give_back(self, space: _Space) -> None:
        """Keep it for the next thread."""
        with self._lock:
            self._spaces.append(space)


class _Space:
    """What one thread works on; memory is taken by what is used only."""

    def __init__(self, n_bars: int, n_levels: int) -> None:
        events, trades = event_table(np.empty(n_bars, np.int64)), trade_space(n_bars)
        touches = touch_table(1, n_levels + 1)
        self.own = np.full(1, -1, dtype=np.int64)
        flags = np.empty(n_bars, dtype=np.int8)
        self.arguments = (
            flags, address_of(flags), *events, np.empty(n_bars, np.int64), np.empty(n_bars, np.int64), *touches,
            *trades,
        )  # fmt: skip


class SetsRun:
    """Some sets of signals, which threads hand over one by one while any number simulate them.

    Args:
        simulator: on what bars, with which exits.
        first_row: where each set's combinations begin in `rows`, int64, shape (n_sets + 1,).
        rows: where each combination's results go, int64, shape (m,).
        places: the place of each combination's stop and target among the levels, int64, each of shape (m,).
        time_exits: strategy bars after which each set closes its positions, 0 for never, int64, shape (n_sets,).
        tallies: out, shape (n_rows, n_tallies).
        daily: out, float32, shape (n_rows, n_days), zeroed; or (n_rows, 0).

    Attributes:
        lost: once all have worked: combinations that lose their whole balance, shape (m,).
    """

    def __init__(
        self,
        simulator: SetsSimulator,
        first_row: Ints,
        rows: Ints,
        places: tuple[Ints, Ints],
        time_exits: Ints,
        tallies: Floats,
        daily: DayProfits,
    ) -> None:
        n_sets = first_row.shape[0] - 1
        self._simulator = simulator
        self._signals = np.zeros((n_sets, N_SIGNALS), dtype=np.int64)
        self._levels, self._time_exits = np.zeros((n_sets, 3)), time_exits
        self._alive: list[object] = []  # arrays that compiled code knows by their address alone
        self._ready = np.zeros(n_sets, dtype=np.uint8)
        self._rows = (first_row, rows, *places)
        self.lost = np.zeros(rows.shape[0], dtype=np.bool_)
        self._taken = np.zeros(1, dtype=np.int64)
        self._nap = threading.Event()  # never set
        self._out = (tallies, daily)

    def give(self, s: int, given: Given | None) -> None:
        """Hand over a set of signals; None for one without any.

        Args:
            s: which set.
            given: its orders; or where strategy bars and execution bars are the same, what it decides or crosses,
                arrays in one piece of shape (n_bars,): who simulates the set makes the orders.
        """
        if given is not None:
            place = self._signals[s]
            if isinstance(given, Crossing):
                self._cross(place, s, given)
            elif isinstance(given, Orders):
                place[KIND] = ORDERS
                place[FIRST] = address_of(given.entry)
                place[EXIT_LONG] = address_of(given.exit_long) if given.exit_long.size else 0
                place[EXIT_SHORT] = address_of(given.exit_short) if given.exit_short.size else 0
            else:
                place[KIND] = DECISIONS
                for column, values in zip((FIRST, SECOND, EXIT_LONG, EXIT_SHORT), given, strict=True):
                    if values is not None:
                        place[column] = address_of(values)
            self._alive.append(given)
        self._ready[s] = READY

    def give_crossings(self, first: int, crossings: Crossings, n: int) -> None:
        """Hand over `n` sets from `first` on by the series that they cross."""
        some = slice(first, first + n)
        place = self._signals[some]
        place[:, KIND] = CROSSING
        for column, given in (
            (FIRST, crossings.series),
            (SECOND, crossings.above),
            (THIRD, crossings.above if crossings.below is None else crossings.below),
            (EXIT_LONG, crossings.long_exit),
            (EXIT_SHORT, crossings.short_exit),
        ):
            if isinstance(given, Each):
                place[:, column] = np.array([address_of(array) for array in given.arrays])[given.of]
            elif column == FIRST:
                place[:, column] = address_of(given)
            elif given is not None:
                self._levels[some, column - SECOND] = given
        self._levels[some, 2] = 0.0 if crossings.is_exact else TIE
        self._alive.append(crossings)
        self._ready[some] = READY

    def _cross(self, place: Ints, s: int, crossing: Crossing) -> None:
        place[KIND] = CROSSING
        place[FIRST] = address_of(crossing.series)
        for i, other in enumerate((crossing.above, crossing.below)):
            if isinstance(other, np.ndarray):
                place[SECOND + i] = address_of(other)
            else:
                self._levels[s, i] = other
        self._levels[s, 2] = 0.0 if crossing.is_exact else TIE
        place[EXIT_LONG] = 0 if crossing.long_exit is None else address_of(crossing.long_exit)
        place[EXIT_SHORT] = 0 if crossing.short_exit is None else address_of(crossing.short_exit)

    def again(self, given: Given, stop_of: Ints, target_of: Ints) -> bool:
        """Simulate one set with one combination, on this thread, in a run that was made for just that.

        Args:
            given: as in `give`.
            stop_of: place of its stop among the levels, shape (1,).
            target_of: place of its target likewise.

        Returns:
            Whether its tallies are right: if not, its account may not have carried its trades.
        """
        stops, targets = self._rows[2:]
        stops[0], targets[0] = stop_of[0], target_of[0]
        self._signals[:], self._levels[:], self._taken[0] = 0, 0.0, 0
        self._alive.clear()
        self.give(0, given)
        self.work()
        return not self.lost[0]

    def end(self, some: slice) -> None:
        """Of these sets no more are coming: those that have not come have no signals, and nobody waits for them."""
        self._ready[some] = READY

    def work(self, idle: Callable[[], bool] = bool) -> None:
        """Simulate sets until every one is taken.

        Args:
            idle: called where a set has not come for a while; returns whether there was something to do.
        """
        space = self._simulator.take_space()
        arguments = (
            self._signals, self._levels, self._time_exits, self._ready, *self._rows, *self._simulator.arguments,
            self._taken, space.own, _SPINS, self.lost, *space.arguments, *self._out,
        )  # fmt: skip
        while simulate_sets(*arguments) != DONE:
            if not idle():
                self._nap.wait(_NAP_SECONDS)
        self._simulator.give_back(space)
