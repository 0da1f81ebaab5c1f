"""Run the compiled simulators over combinations that share their signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account, config_vector, has_fixed_money
from trading_ai.engine.compiled import bookkeeping
from trading_ai.engine.compiled.arguments import Days as DayArrays
from trading_ai.engine.compiled.arguments import Events, Market, Plans
from trading_ai.engine.compiled.bars import simulate_bars
from trading_ai.engine.compiled.chain import simulate_chain
from trading_ai.engine.compiled.grid import simulate_grid
from trading_ai.engine.compiled.plans import simulate_plans
from trading_ai.engine.events import make_events
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.exit_rows import (
    BREAK_EVEN,
    STOP_LOSS,
    TAKE_PROFIT,
    TIME_EXIT,
    TRAILING_STOP,
    ExitRows,
    Levels,
    distances,
    level_count,
    stop_levels,
)
from trading_ai.engine.grid_run import GridRun
from trading_ai.engine.money_table import money_table, touch_table, work_space
from trading_ai.engine.orders import BarMap, Orders
from trading_ai.engine.plans import Plan
from trading_ai.engine.records import N_TALLIES, TRADE
from trading_ai.errors import RuleError

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
AnyArray = npt.NDArray[np.generic]
Task = Callable[[], None]

_TABLE_BYTES = 64 << 20
_ENTRY_BYTES = 64
"""Memory of one level of one event, at most."""

_NO_TRADES = np.empty(0, dtype=TRADE)
_NO_CURVE = np.empty(0)
_NO_DAYS = np.empty((1, 0), dtype=np.float32)
_ONLY_ROW = np.zeros(1, dtype=np.int64)


def table_bytes(n_events: int, levels: Levels) -> int:
    """Memory that the exits of all these levels take, at most."""
    return n_events * (level_count(levels) + 1) * _ENTRY_BYTES


class SignalGroup:
    """Combinations that share their signals: simulates any exits on one set of orders.

    Args:
        data: bars and costs made ready.
        orders: orders on the same bars.
        bar_map: where the strategy's bars start.
        account: capital, sizing, costs and rules.
        config: `config_vector(data, account)`, if the caller has it.
    """

    def __init__(
        self,
        data: ExecutionData,
        orders: Orders,
        bar_map: BarMap,
        account: Account,
        config: Floats | None = None,
    ) -> None:
        self.data, self.orders, self.bar_map, self.account = data, orders, bar_map, account
        self.config = config_vector(data, account) if config is None else config
        self._events: dict[int, tuple[Events, bool]] = {}
        self._kept: dict[int, tuple[AnyArray, ...]] = {}
        self._singles: dict[int, tuple[Ints, tuple[AnyArray, ...]]] = {}
        self._pip = data.bars.symbol.pip_size
        self._market = Market(data.bars.open_time_ns, *data.bid, *data.ask, data.bid_blocks, data.ask_blocks)
        self._days = DayArrays(data.bar_day, data.day_last_bar, data.nights, data.rates)
        self._fixed_money = has_fixed_money(data, account)
        self._plans = None if orders.plan is None else _plans_of(data, orders, orders.plan, account)
        # What signals say besides sides, and positions beside each other, only the simulators bar by bar know.
        self._only_bars = self._plans is not None or account.rules.max_positions > 1

    def events(self, time_exit: int) -> Events:
        """The events for one time exit (0 for none)."""
        return self._made_events(time_exit)[0]

    def every_event_opens(self, time_exit: int) -> bool:
        """Whether no event is ever passed over because a position is still open."""
        return self._made_events(time_exit)[1]

    @property
    def decides_by_bar(self) -> bool:
        """Whether each bar decides which of stop and target comes first."""
        return self.account.rules.same_bar == "nearer_first"

    def _made_events(self, time_exit: int) -> tuple[Events, bool]:
        if time_exit not in self._events:
            slippage = self.account.costs.slippage_pips * self._pip
            self._events[time_exit] = make_events(
                self.data, self.orders, self.bar_map, self.account.rules, time_exit, slippage
            )
        return self._events[time_exit]

    def n_events(self, time_exit: int) -> int:
        """Number of events for one time exit."""
        return int(self.events(time_exit).bar.shape[0])

    def tasks(self, rows: ExitRows, tallies: Floats, daily: Days, n_parts: int = 1) -> list[Task]:
        """Split the simulation of combinations into tasks; each may run on a thread of its own.

        Args:
            rows: exits of m combinations. Where they give `levels`, only one thread may use this object at a time.
            tallies: out, shape (m, n_tallies); filled once every task has run.
            daily: out, float32, shape (m, n_days), zeroed; or (m, 0).
            n_parts: number of tasks to aim at.

        Raises:
            RuleError: sizes are a percentage at risk and a combination has no stop-loss.
        """
        exits, levels, places = rows
        self._check(exits)
        if levels is not None and places is not None and not self._only_bars:
            where = np.arange(exits.shape[0])
            return self._tasks_at(int(exits[0, TIME_EXIT]), where, places, levels, tallies, daily, n_parts, True)
        every = np.arange(exits.shape[0])
        if self._only_bars:
            pieces = np.array_split(every, n_parts)
            return [self._bars_task(exits, piece, tallies, daily) for piece in pieces if piece.size]
        tasks: list[Task] = []
        for time_exit in np.unique(exits[:, TIME_EXIT]).astype(np.int64).tolist():
            chosen = np.flatnonzero(exits[:, TIME_EXIT] == time_exit)
            for part in _parts(self.n_events(time_exit), exits, chosen):
                places, found = self.levels_of(exits[part])
                tasks += self._tasks_at(time_exit, part, places, found, tallies, daily, n_parts, False)
        return tasks

    def run(self, rows: ExitRows, tallies: Floats, daily: Days) -> None:
        """Simulate combinations on this thread; arguments and errors as in `tasks`."""
        for task in self.tasks(rows, tallies, daily):
            task()

    def trades(self, exits: Floats) -> tuple[npt.NDArray[np.void], Floats, Days]:
        """Simulate one combination and keep its trades.

        Args:
            exits: its exit parameters, shape (5,).

        Returns:
            Trades (`records.TRADE`), tallies of shape (n_tallies,), daily profit of shape (n_days,).
        """
        row = np.ascontiguousarray(exits[None, :])
        self._check(row)
        tallies = np.empty((1, N_TALLIES))
        daily = np.zeros((1, self.data.day_last_bar.shape[0]), dtype=np.float32)
        trades = np.zeros(max(self.n_events(0), 1), dtype=TRADE)
        if self._only_bars or row[0, TRAILING_STOP] > 0 or row[0, BREAK_EVEN] > 0:
            n = self._bars(row, tallies, daily, trades)  # which knows what had moved the stop
        else:
            (at, _), levels = self.levels_of(row)
            n = self._chain(self.events(int(row[0, TIME_EXIT])), at, at, *levels, tallies, daily, trades)
            if tallies[0, bookkeeping.RUINED] == bookkeeping.IN_DOUBT:
                daily[:] = 0.0
                n = self._bars(row, tallies, daily, trades)
        add_excursions(trades[:n], self.data)
        return trades[:n], tallies[0], daily[0]

    def equity(self, exits: Floats) -> Floats:
        """Equity of one combination at each bar's close, shape (n_bars,); always by the bar simulator."""
        curve = np.empty(self.data.n_bars)
        row = np.ascontiguousarray(exits[None, :])
        self._bars(row, np.empty((1, N_TALLIES)), np.zeros((1, 0), dtype=np.float32), curve=curve)
        return curve

    def run_one(self, time_exit: int, stop_of: Ints, target_of: Ints, levels: Levels, tallies: Floats) -> bool:
        """Simulate one combination of fixed money whose exits are kept between calls; the shortest way there is.

        Args:
            time_exit: bars, 0 for none.
            stop_of: place of its stop in `levels`, int64, shape (1,).
            target_of: place of its target likewise.
            levels: as in `ExitRows`, the same in every call.
            tallies: out, shape (1, n_tallies).

        Returns:
            False where this way cannot go, and `run` must.
        """
        if not self._fixed_money or self._only_bars:
            return False
        one = self._singles.get(time_exit)
        if one is None:
            n_events = self.n_events(time_exit)
            if table_bytes(n_events, levels) > _TABLE_BYTES:
                return False
            taken = np.zeros(1, dtype=np.int64)
            touches, walk = work_space(n_events, level_count(levels) + 1)
            lost = np.empty(1, dtype=np.int64)
            one = (taken, (*self.grid_arguments(time_exit, levels, keep=True), taken, lost, *touches, *walk))
            self._singles[time_exit] = one
        taken, arguments = one
        taken[0] = 0
        return bool(simulate_grid(_ONLY_ROW, stop_of, target_of, *arguments, tallies, _NO_DAYS) == 0)

    # --- inside --------------------------------------------------------------------------------------

    def _check(self, exits: Floats) -> None:
        # Where signals give stops, an entry without any is skipped.
        has_stops = self._plans is not None
        if self.account.sizing.mode == "risk_percent" and not (has_stops or (exits[:, STOP_LOSS] > 0).all()):
            raise RuleError("must be above zero: the size is a percentage at risk", parameter="stop_loss", value=0)

    def _bars_task(self, exits: Floats, where: Ints, tallies: Floats, daily: Days) -> Task:
        def task() -> None:
            out, days = _room(where.size, daily)
            self._bars(exits[where], out, days)
            tallies[where] = out
            daily[where] = days

        return task

    def levels_of(self, exits: Floats) -> tuple[tuple[Ints, Ints], Levels]:
        """The different stops and targets of some rows, and where those of each row are among them."""
        columns = (STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BREAK_EVEN)
        stop, target, trailing, break_even = (distances(exits[:, i], self._pip) for i in columns)
        targets, target_of = np.unique(target, return_inverse=True)
        if np.isinf(trailing).all() and np.isinf(break_even).all():
            stops, stop_of = np.unique(stop, return_inverse=True)
            return (stop_of, target_of), (stop_levels(stops), targets)
        moving, stop_of = np.unique(stop_levels(stop, trailing, break_even), axis=0, return_inverse=True)
        return (stop_of.reshape(-1), target_of), (moving, targets)

    def _tasks_at(
        self,
        time_exit: int,
        where: Ints,
        places: tuple[Ints, Ints],
        levels: Levels,
        tallies: Floats,
        daily: Days,
        n_parts: int,
        keep: bool,
    ) -> list[Task]:
        if self._fixed_money:
            n_parts = min(n_parts, where.size)
            run = GridRun(self, time_exit, (where, *places), levels, keep, n_parts)
            return [partial(run.run, tallies, daily)] * n_parts
        stop_of, target_of = places
        events = self.events(time_exit)

        def chain(piece: Ints) -> None:
            out, days = _room(piece.size, daily)
            self._chain(events, stop_of[piece], target_of[piece], *levels, out, days, _NO_TRADES)
            self._settle(time_exit, levels, stop_of[piece], target_of[piece], out, days)
            tallies[where[piece]] = out
            daily[where[piece]] = days

        return [partial(chain, piece) for piece in np.array_split(np.arange(where.size), n_parts) if piece.size]

    def grid_arguments(self, time_exit: int, levels: Levels, keep: bool) -> tuple[AnyArray, ...]:
        """What threads share when they run `simulate_grid`; kept for the next call with the same levels, if wanted."""
        if keep and time_exit in self._kept:
            return self._kept[time_exit]
        events = self.events(time_exit)
        table = money_table(events.bar.shape[0], level_count(levels) + 1, self.config)
        arguments = (*levels, *events, *self._market, *self._days, self.config, *table)
        if keep:
            self._kept[time_exit] = arguments
        return arguments

    def run_lost(
        self, time_exit: int, levels: Levels, stop_of: Ints, target_of: Ints, daily: Days
    ) -> tuple[Floats, Days]:
        """Simulate combinations in general; places in `levels`, and results, have one row for each."""
        out, days = _room(stop_of.shape[0], daily)
        self._chain(self.events(time_exit), stop_of, target_of, *levels, out, days, _NO_TRADES)
        self._settle(time_exit, levels, stop_of, target_of, out, days)
        return out, days

    def _settle(
        self, time_exit: int, levels: Levels, stop_of: Ints, target_of: Ints, tallies: Floats, daily: Days
    ) -> None:
        """Simulate anew, bar by bar, the combinations that `simulate_chain` left in doubt."""
        doubtful = np.flatnonzero(tallies[:, bookkeeping.RUINED] == bookkeeping.IN_DOUBT)
        if not doubtful.size:
            return
        # In one piece each: another layout of memory would be compiled for itself.
        stop, trailing, break_even = np.ascontiguousarray(levels[0][stop_of[doubtful]].T)
        out, days = _room(doubtful.size, daily)
        self._bars_at(
            (stop, levels[1][target_of[doubtful]], trailing, break_even),
            np.full(doubtful.size, time_exit),
            out,
            days,
        )
        tallies[doubtful], daily[doubtful] = out, days

    def _chain(
        self,
        events: Events,
        stop_of: Ints,
        target_of: Ints,
        stops: Floats,
        targets: Floats,
        tallies: Floats,
        daily: Days,
        trades: npt.NDArray[np.void],
    ) -> int:
        n, width = events.bar.shape[0], level_count((stops, targets)) + 1
        return int(
            simulate_chain(
                stop_of,
                target_of,
                stops,
                targets,
                *events,
                *self._market,
                *self._days,
                self.config,
                np.zeros(n, dtype=np.uint8),
                *touch_table(n, width),
                tallies,
                daily,
                trades,
            )
        )

    def _bars(
        self,
        exits: Floats,
        tallies: Floats,
        daily: Days,
        trades: npt.NDArray[np.void] = _NO_TRADES,
        curve: Floats = _NO_CURVE,
    ) -> int:
        far = tuple(distances(exits[:, i], self._pip) for i in (STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BREAK_EVEN))
        return self._bars_at(far, exits[:, TIME_EXIT].astype(np.int64), tallies, daily, trades, curve)

    def _bars_at(
        self,
        far: tuple[Floats, ...],
        time_exits: Ints,
        tallies: Floats,
        daily: Days,
        trades: npt.NDArray[np.void] = _NO_TRADES,
        curve: Floats = _NO_CURVE,
    ) -> int:
        """Bar by bar; `far` are the distances of stops, targets, trailing and break-even stops, each of shape (m,)."""
        days = (*self._days, self.config, np.zeros(bookkeeping.N_STATE), tallies, daily, trades, curve)
        closing = (self.orders.exit_long, self.orders.exit_short, self.bar_map.strategy_bar, *self._market, *days)
        if self._plans is not None:
            return int(simulate_plans(*far, time_exits, *self._plans, *closing))
        return int(simulate_bars(*far, time_exits, *self.events(0), *closing))


def _plans_of(data: ExecutionData, orders: Orders, plan: Plan, account: Account) -> Plans:
    """The plan of orders as compiled code reads it."""
    side = orders.entry[plan.bar].astype(np.float64)
    close = np.full((side.shape[0], 2), np.nan)  # of its side, and of the other, that of an order beside it
    if account.rules.level_anchor == "signal_close":
        for direction, prices, before in zip((-1.0, 1.0), (data.bid[3], data.ask[3]), data.close_before, strict=True):
            seen = np.where(plan.bar > 0, prices[np.maximum(plan.bar - 1, 0)], before)
            close[side == direction, 0], close[side != direction, 1] = seen[side == direction], seen[side != direction]
    return Plans(plan.bar, side, np.ascontiguousarray(plan.rows), close, plan.exits)


def _room(n: int, daily: Days) -> tuple[Floats, Days]:
    return np.empty((n, N_TALLIES)), np.zeros((n, daily.shape[1]), dtype=np.float32)


_STOPS = np.array([STOP_LOSS, TRAILING_STOP, BREAK_EVEN])


def _parts(n_events: int, exits: Floats, where: Ints) -> Iterator[Ints]:
    """Split combinations so that the exits found for each part stay within bounds."""
    stops, targets = np.unique(exits[np.ix_(where, _STOPS)], axis=0), np.unique(exits[where, TAKE_PROFIT])
    if where.size <= 1 or table_bytes(n_events, (stops, targets)) <= _TABLE_BYTES:
        yield where
        return
    order = where[np.lexsort((exits[where, TAKE_PROFIT], *exits[np.ix_(where, _STOPS)].T))]
    half = order.size // 2
    for piece in (order[:half], order[half:]):
        yield from _parts(n_events, exits, np.sort(piece))
