"""Run the compiled simulators over combinations that share their signals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine import accounting
from trading_ai.engine.account import Account, config_vector
from trading_ai.engine.events import Events, make_events
from trading_ai.engine.execution_data import CONVERT_RATES, ExecutionData
from trading_ai.engine.kernel_bars import simulate_bars
from trading_ai.engine.kernel_chain import simulate_chain
from trading_ai.engine.kernel_grid import N_MONEY, simulate_grid
from trading_ai.engine.orders import BarMap, Orders
from trading_ai.engine.records import N_TALLIES, TRADE
from trading_ai.engine.rules import EXIT_PARAMETERS
from trading_ai.errors import RuleError

Floats = npt.NDArray[np.float64]

EXIT_COLUMNS = tuple(EXIT_PARAMETERS)
STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BREAK_EVEN, TIME_EXIT = range(len(EXIT_COLUMNS))

_TABLE_BYTES = 64 << 20
_ROW_BYTES = 8 * (1 + 5 + N_MONEY)
_NO_TRADES = np.empty(0, dtype=TRADE)
_NO_CURVE = np.empty(0)


class _ExitTable:
    """Touches of every level of every event, filled on demand by the compiled simulator."""

    def __init__(self, events: Events, stops: Floats, targets: Floats) -> None:
        n, width = events.bar.shape[0], stops.shape[0] + targets.shape[0] + 1
        self.stops, self.targets = stops, targets
        self.filled = np.zeros(n, dtype=np.uint8)
        self.keys = np.empty((width, n), dtype=np.int64)
        self.values = np.empty((width, n, 5))
        self.money = np.empty((width, n, N_MONEY))
        self.picked = np.empty((3, n), dtype=np.int64)


class SignalGroup:
    """Combinations that share their signals: simulates any exits on one set of orders.

    Not safe for several threads at once; make one for each thread.

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
        self._events: dict[int, Events] = {}
        self._tables: dict[int, _ExitTable] = {}
        self._pip = data.bars.symbol.pip_size
        self._state = np.zeros(accounting.N_STATE)
        self._market = (data.bars.open_time_ns, *data.bid, *data.ask)
        self._days = (
            data.bid_blocks,
            data.ask_blocks,
            data.bar_day,
            data.day_last_bar,
            data.nights,
            data.rates,
        )
        # Whether a trade's money depends on nothing but its entry and its exit.
        self._fixed_money = (
            account.sizing.mode != "risk_percent"
            and data.nights.size == 0
            and data.conversion != CONVERT_RATES
            and account.rules.close_at_end
        )

    def events(self, time_exit: int) -> Events:
        """The events for one time exit (0 for none)."""
        if time_exit not in self._events:
            slippage = self.account.costs.slippage_pips * self.data.bars.symbol.pip_size
            self._events[time_exit] = make_events(
                self.data, self.orders, self.bar_map, self.account.rules, time_exit, slippage
            )
        return self._events[time_exit]

    def share(self) -> SignalGroup:
        """The same orders and events with work space of its own, for another thread."""
        other = SignalGroup(self.data, self.orders, self.bar_map, self.account, self.config)
        other._events = self._events
        return other

    def run(
        self,
        exits: Floats,
        tallies: Floats,
        daily: npt.NDArray[np.float32],
        levels: tuple[Floats, Floats] | None = None,
    ) -> None:
        """Simulate combinations.

        Args:
            exits: exit parameters, columns as in `EXIT_COLUMNS`, pips (bars for the time exit), shape (m, 5).
            tallies: out, shape (m, n_tallies).
            daily: out, float32, shape (m, n_days), zeroed; or (m, 0).
            levels: all stop and all target distances that later calls may ask for (see `distances`),
                ascending: touches found for them are kept.

        Raises:
            RuleError: sizes are a percentage at risk and a combination has no stop-loss.
        """
        self._check(exits)
        moving = (exits[:, TRAILING_STOP] > 0) | (exits[:, BREAK_EVEN] > 0)
        if self.account.rules.max_positions > 1:
            moving[:] = True
        if moving.any():
            self._run_bars(exits, np.flatnonzero(moving), tallies, daily)
        if moving.all():
            return
        fixed = np.flatnonzero(~moving) if moving.any() else slice(None)
        time_exits = exits[fixed, TIME_EXIT]
        first = time_exits[0]
        if (time_exits == first).all():
            self._run_chain(int(first), exits, fixed, tallies, daily, levels)
            return
        where = np.arange(exits.shape[0])[fixed]
        for time_exit in np.unique(time_exits):
            self._run_chain(int(time_exit), exits, where[time_exits == time_exit], tallies, daily, levels)

    def trades(self, exits: Floats) -> tuple[npt.NDArray[np.void], Floats, npt.NDArray[np.float32]]:
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
        n_entries = self.events(0).bar.shape[0]
        trades = np.zeros(max(n_entries, 1), dtype=TRADE)
        if self.account.rules.max_positions > 1 or row[0, TRAILING_STOP] > 0 or row[0, BREAK_EVEN] > 0:
            n = self._run_bars(row, np.arange(1), tallies, daily, trades)
        else:
            n = self._run_chain(int(row[0, TIME_EXIT]), row, slice(None), tallies, daily, None, trades)
        return trades[:n], tallies[0], daily[0]

    def equity(self, exits: Floats) -> Floats:
        """Equity of one combination at each bar's close, shape (n_bars,); always by the bar simulator."""
        curve = np.empty(self.data.n_bars)
        daily = np.zeros((1, 0), dtype=np.float32)
        row = np.ascontiguousarray(exits[None, :])
        self._run_bars(row, np.arange(1), np.empty((1, N_TALLIES)), daily, curve=curve)
        return curve

    def _check(self, exits: Floats) -> None:
        if self.account.sizing.mode == "risk_percent" and not (exits[:, STOP_LOSS] > 0).all():
            raise RuleError("must be above zero: the size is a percentage at risk", parameter="stop_loss", value=0)

    def _run_chain(
        self,
        time_exit: int,
        exits: Floats,
        where: Any,
        tallies: Floats,
        daily: npt.NDArray[np.float32],
        levels: tuple[Floats, Floats] | None,
        trades: npt.NDArray[np.void] = _NO_TRADES,
    ) -> int:
        events = self.events(time_exit)
        n_trades = 0
        for part in (where,) if levels else _parts(events.bar.shape[0], exits, where):
            wanted = (
                distances(exits[part, STOP_LOSS], self._pip),
                distances(exits[part, TAKE_PROFIT], self._pip),
            )
            if levels:
                table = self._tables.get(time_exit)
                if table is None:
                    table = self._tables[time_exit] = _ExitTable(events, *levels)
                stop_of = np.searchsorted(table.stops, wanted[0])
                target_of = np.searchsorted(table.targets, wanted[1])
            else:
                stops, stop_of = np.unique(wanted[0], return_inverse=True)
                targets, target_of = np.unique(wanted[1], return_inverse=True)
                table = _ExitTable(events, stops, targets)
            whole = isinstance(part, slice)
            out = tallies if whole else np.empty((len(stop_of), N_TALLIES))
            days = daily if whole else np.zeros((len(stop_of), daily.shape[1]), dtype=np.float32)
            levels_of = stop_of, target_of
            done = 0 if self._fixed_money and not trades.size else -1
            while 0 <= done < len(stop_of):
                # A combination that loses everything comes back unfinished: the general simulator does it.
                rest = slice(done, None)
                done += self._grid(table, events, [x[rest] for x in levels_of], out[rest], days[rest])
                if done < len(stop_of):
                    one = slice(done, done + 1)
                    days[one] = 0.0
                    self._chain(table, events, [x[one] for x in levels_of], out[one], days[one], trades)
                    done += 1
            if done < 0:
                n_trades = self._chain(table, events, levels_of, out, days, trades)
            if not whole:
                tallies[part] = out
                daily[part] = days
        return n_trades

    def _grid(
        self,
        table: _ExitTable,
        events: Events,
        levels_of: Sequence[npt.NDArray[np.int64]],
        tallies: Floats,
        daily: npt.NDArray[np.float32],
    ) -> int:
        return int(
            simulate_grid(
                *levels_of,
                table.stops,
                table.targets,
                *events,
                *self._market,
                *self._days,
                self.config,
                table.filled,
                table.keys,
                table.values,
                table.money,
                table.picked,
                tallies,
                daily,
            )
        )

    def _chain(
        self,
        table: _ExitTable,
        events: Events,
        levels_of: Sequence[npt.NDArray[np.int64]],
        tallies: Floats,
        daily: npt.NDArray[np.float32],
        trades: npt.NDArray[np.void],
    ) -> int:
        return int(
            simulate_chain(
                *levels_of,
                table.stops,
                table.targets,
                *events,
                *self._market,
                *self._days,
                self.config,
                table.filled,
                table.keys,
                table.values,
                tallies,
                daily,
                trades,
            )
        )

    def _run_bars(
        self,
        exits: Floats,
        where: npt.NDArray[np.intp],
        tallies: Floats,
        daily: npt.NDArray[np.float32],
        trades: npt.NDArray[np.void] = _NO_TRADES,
        curve: Floats = _NO_CURVE,
    ) -> int:
        events = self.events(0)
        out = np.empty((where.shape[0], N_TALLIES))
        days = np.zeros((where.shape[0], daily.shape[1]), dtype=np.float32)
        chosen = exits[where]
        n_trades = simulate_bars(
            *(distances(chosen[:, i], self._pip) for i in (STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BREAK_EVEN)),
            chosen[:, TIME_EXIT].astype(np.int64),
            events.bar,
            events.side,
            events.entry,
            events.anchor,
            self.orders.exit_long,
            self.orders.exit_short,
            self.bar_map.strategy_bar,
            *self._market,
            self.data.bar_day,
            self.data.day_last_bar,
            self.data.nights,
            self.data.rates,
            self.config,
            self._state,
            out,
            days,
            trades,
            curve,
        )
        tallies[where] = out
        daily[where] = days
        return int(n_trades)


def table_bytes(n_events: int, levels: tuple[Floats, Floats]) -> int:
    """Memory that the touches of all these levels take."""
    return n_events * (levels[0].size + levels[1].size + 1) * _ROW_BYTES


def distances(pips: Floats, pip_size: float) -> Floats:
    """Pips as price distances; 0 (unused) as infinity."""
    return np.where(pips > 0, pips * pip_size, np.inf)


def _parts(n_events: int, exits: Floats, where: Any) -> Iterator[Any]:
    """Split combinations so that the touch table of each part stays within bounds."""
    rows = exits[where]
    n_levels = np.unique(rows[:, STOP_LOSS]).size + np.unique(rows[:, TAKE_PROFIT]).size
    if rows.shape[0] <= 1 or n_events * (n_levels + 1) * _ROW_BYTES <= _TABLE_BYTES:
        yield where
        return
    positions = np.arange(exits.shape[0])[where]
    order = positions[np.lexsort((rows[:, TAKE_PROFIT], rows[:, STOP_LOSS]))]
    half = order.shape[0] // 2
    yield from _parts(n_events, exits, order[:half])
    yield from _parts(n_events, exits, order[half:])
