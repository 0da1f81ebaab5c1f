"""Evaluate combinations: the strategy's signals once for each set of its parameters, then every exit on them."""

from __future__ import annotations

import threading
import traceback
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.account import Account, config_vector
from trading_ai.engine.exit_rows import EXIT_COLUMNS, TIME_EXIT, ExitRows, rows_alike
from trading_ai.engine.records import N_TALLIES
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.sets_run import SetsSimulator
from trading_ai.engine.simulate import SignalGroup, table_bytes
from trading_ai.errors import EvaluationError, TradingAIError, said_in_full
from trading_ai.evaluation.asking import AskerOf, Asking
from trading_ai.evaluation.declared import TIMEFRAME
from trading_ai.evaluation.exit_levels import ExitLevels
from trading_ai.evaluation.index_reader import IndexReader
from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.one_symbol import OneSymbolEvaluator
from trading_ai.evaluation.signal_sets import MOST_EXITS, SignalSets
from trading_ai.evaluation.threads import run_tasks
from trading_ai.market.bars import Bars
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.base import Strategy
from trading_ai.strategies.memory import BYTES_KEPT

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_GROUPS_KEPT, _KEYS_KEPT = 64, 100_000
_TABLE_BYTES_KEPT = 16 << 20
_TRADES_WORTH_A_THREAD = 15_000
"""Entries, times combinations on the same signals, below which waking a thread costs more than it saves."""


class SweepEvaluator(OneSymbolEvaluator[Strategy]):
    """Evaluates the combinations of a search space on one set of bars: signals once, then every exit on them.

    Arguments and errors as of `OneSymbolEvaluator`; axes may be exit parameters too.
    """

    def __init__(
        self,
        bars: Bars,
        strategy: Strategy,
        space: SearchSpace,
        fixed: Mapping[str, Value],
        account: Account,
        **options: Any,
    ) -> None:
        super().__init__(bars, strategy, space, fixed, account, **options)
        self._asking = Asking(strategy, space, self.fixed, self._n_every, self._first)
        self.config = config_vector(self.data, self.account)
        own = {*strategy.parameters, TIMEFRAME} if self._searches_timeframe else {*strategy.parameters}
        self._signal_axes = [i for i, axis in enumerate(space.axes) if axis.name in own]
        self._exit_axes = [
            (i, EXIT_COLUMNS.index(axis.name), np.array([float(v) for v in axis.values]))
            for i, axis in enumerate(space.axes)
            if axis.name not in own
        ]
        self._exits = np.array([0.0 if name in own else float(self.fixed[name]) for name in EXIT_COLUMNS])
        self._groups: OrderedDict[int, SignalGroup] = OrderedDict()
        self._seen_once: set[int] = set()
        self._lock = threading.Lock()
        self._is_planned = False

    @cached_property
    def _exit_levels(self) -> ExitLevels:
        return ExitLevels(self._exit_axes, self._exits, self.data.bars.symbol.pip_size)

    @cached_property
    def _reader(self) -> IndexReader:
        return IndexReader(self.space.shape, self._signal_axes, self._exit_levels.places)

    def parameters(self, index: int) -> Combination:
        """All parameters of the combination with that index, fixed ones included."""
        return self.fixed | self.space.combination(index)

    @override
    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        tallies = np.empty((indices.shape[0], N_TALLIES))
        if indices.shape[0] == 1 and not keep_daily_profit and self._one_more(int(indices[0]), tallies):
            return EvaluatedChunk(indices, self._metrics(tallies), {}, None)
        daily = np.zeros((indices.shape[0], self.n_days if keep_daily_profit else 0), dtype=np.float32)
        failures = self._simulate(indices, tallies, daily)
        metrics = self._metrics(tallies)
        if failures:
            failed = np.isin(indices, list(failures))
            metrics[failed] = np.nan
            daily[failed] = np.nan
        return EvaluatedChunk(indices, metrics, failures, daily if keep_daily_profit else None)

    @override
    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        parameters, group, exits = self._grouped(combination or {})
        trades, tallies, daily = group.trades(exits)
        row = self._metrics(tallies[None, :])[0]
        return BacktestResult(
            parameters=parameters,
            trades=trades,
            metrics=dict(zip(METRIC_NAMES, row.tolist(), strict=True)),
            equity=group.equity(exits),
            equity_time_ns=self.data.bars.open_time_ns,
            daily_profit=daily.astype(np.float64),
            day_numbers=self.day_numbers,
        )

    @override
    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        try:
            _, group, exits = self._grouped(combination, entry_delay)
        except TradingAIError:
            raise
        except Exception as error:  # a user's strategy may raise anything
            raise EvaluationError(traceback.format_exc()) from error
        tallies = np.empty((1, N_TALLIES))
        group.run(ExitRows(exits[None, :]), tallies, np.zeros((1, 0), dtype=np.float32))
        return dict(zip(METRIC_NAMES, self._metrics(tallies)[0].tolist(), strict=True))

    def orders_of(self, combination: Mapping[str, Value]) -> tuple[SignalGroup, Exits]:
        """Orders of any combination with the bars, costs and account that they are carried out on, and its exits."""
        _, group, (stop, target, trail, break_even, time_exit) = self._grouped(combination)
        return group, Exits(float(stop), float(target), float(trail), float(break_even), int(time_exit))

    # --- inside --------------------------------------------------------------------------------------

    def _grouped(
        self, combination: Mapping[str, Value], entry_delay: int = 0
    ) -> tuple[Combination, SignalGroup, Floats]:
        """All parameters of any combination, its signals' group and its exits."""
        parameters = self._whole(combination)
        exits = np.array([0.0 if n in self.strategy.parameters else float(parameters[n]) for n in EXIT_COLUMNS])
        return parameters, self._signal_group(parameters, entry_delay), exits

    def _one_more(self, index: int, tallies: Floats) -> bool:
        """One combination on signals that are kept, without the arrays that many need; False where it cannot."""
        if not self._exit_levels.are_all:
            return False
        key, stop_of, target_of = self._reader.read(index)
        group = self._groups.get(key)
        if group is None:
            return self._is_new(key) and self._one_new(index, stop_of, target_of, tallies)
        self._groups.move_to_end(key)
        return group.run_one(int(self._exits[TIME_EXIT]), stop_of, target_of, self._exit_levels.levels, tallies)

    def _signal_group(self, parameters: Mapping[str, Value], entry_delay: int = 0) -> SignalGroup:
        seen = self._seen_by(parameters)
        orders = self._asking.orders(seen, self._asking.signals(seen, parameters), entry_delay)
        return SignalGroup(self.data, orders, seen.traded, self.account, self.config)

    @cached_property
    def _sets(self) -> SignalSets | None:
        """What simulates many sets of signals with few exits each; None where it cannot."""
        seen = self._only_seen
        if (
            not self._exit_levels.are_listed
            or seen is None
            or not SetsSimulator.can(self.data, self.account, self._exit_levels.levels)
        ):
            return None
        simulator = SetsSimulator(
            self.data,
            seen.traded.strategy_bar,
            self.account,
            self.config,
            self._exit_levels.levels,
        )
        return SignalSets(simulator, self.n_threads)

    def _run_sets(
        self,
        sets: SignalSets,
        keys: Indices,
        parts: list[Indices],
        places: tuple[Indices, Indices],
        indices: Indices,
        rows: ExitRows,
        tallies: Floats,
        daily: npt.NDArray[np.float32],
        failures: dict[int, str],
    ) -> None:
        """Many sets of signals with few exits each."""
        assert self._only_seen is not None
        asker = AskerOf(self._asking, self._only_seen, keys, indices, failures)
        parts = self._in_tiles(keys, parts)
        first = [int(part[0]) for part in parts]
        times = rows.values[first, TIME_EXIT].astype(np.int64)
        for part in sets.run(keys[first].tolist(), parts, places, times, asker, tallies, daily):
            if int(indices[part[0]]) not in failures:
                self._run_group(int(keys[part[0]]), part, indices, rows, tallies, daily, failures)
        if asker.planned:
            self._is_planned = True  # the next signals of this strategy will be so too: they are not asked for twice
            work = [
                partial(self._run_group, int(keys[part[0]]), part, indices, rows, tallies, daily, failures)
                for part in parts
                if int(keys[part[0]]) in asker.planned
            ]
            run_tasks(work, self.n_threads - 1)

    def _in_tiles(self, keys: Indices, parts: list[Indices]) -> list[Indices]:
        """Sets in an order in which those that come together share indicators, where not all can be remembered.

        On the places of two parameters, that is one small square after the other instead of line by line.
        """
        shape = [self.space.shape[i] for i in self._signal_axes]
        series_bytes = 8 * len(self.bars)
        if len(shape) < 2 or sum(shape) * series_bytes <= BYTES_KEPT:
            return parts
        side = max(1, BYTES_KEPT // series_bytes // (2 * len(shape)))
        places = np.unravel_index(keys[[int(part[0]) for part in parts]], shape)
        order = np.lexsort([p % side for p in reversed(places)] + [p // side for p in reversed(places)])
        return [parts[i] for i in order]

    def _simulate(self, indices: Indices, tallies: Floats, daily: npt.NDArray[np.float32]) -> dict[int, str]:
        m = indices.shape[0]
        positions = self.space.positions(indices)
        exits = np.empty((m, len(EXIT_COLUMNS)))
        exits[:] = self._exits
        for axis, column, values in self._exit_axes:
            exits[:, column] = values[positions[axis]]
        levels = self._exit_levels
        places = levels.places_of(positions) if levels.are_listed else None
        rows = ExitRows(exits, places=places if levels.are_all else None)
        failures: dict[int, str] = {}
        if not m:
            return failures
        keys = np.zeros(m, dtype=np.int64)
        if self._signal_axes:
            shape = [self.space.shape[i] for i in self._signal_axes]
            keys = np.ravel_multi_index([positions[i] for i in self._signal_axes], shape)
        alone = keys[0] == keys[-1] and bool((keys == keys[0]).all())
        if places is not None and not (alone and levels.are_all):
            parts = rows_alike(keys, exits[:, TIME_EXIT])
            if len(parts) * MOST_EXITS >= m and not self._is_planned and self._sets is not None:
                self._run_sets(self._sets, keys, parts, places, indices, rows, tallies, daily, failures)
                return failures
        if alone:
            self._run_alone(int(keys[0]), indices, rows, tallies, daily, failures)
            return failures
        parts = rows_alike(keys)
        if len(parts) < self.n_threads:
            for part in parts:  # too few groups to keep every thread busy: the exits of each are spread instead
                out, days = np.empty((part.size, N_TALLIES)), np.zeros((part.size, daily.shape[1]), dtype=np.float32)
                self._run_alone(int(keys[part[0]]), indices[part], rows.part(part), out, days, failures)
                tallies[part], daily[part] = out, days
            return failures
        work = [
            partial(self._run_group, int(keys[part[0]]), part, indices, rows, tallies, daily, failures)
            for part in parts
        ]
        run_tasks(work, self.n_threads - 1)
        return failures

    def _one_new(self, index: int, stop_of: Indices, target_of: Indices, tallies: Floats) -> bool:
        """One combination with new signals; False where it cannot."""
        if self._is_planned or self._sets is None or self._only_seen is None:
            return False
        key = np.zeros(1, dtype=np.int64)
        given = AskerOf(self._asking, self._only_seen, key, np.array([index]), {}).one(0, 0)
        return given is not None and self._sets.run_one(given, stop_of, target_of, int(self._exits[TIME_EXIT]), tallies)

    def _is_new(self, key: int) -> bool:
        """Whether this is the first time with these signals: what is kept for others may never be needed."""
        if not self._signal_axes or key in self._seen_once:
            return False
        if len(self._seen_once) >= _KEYS_KEPT:
            self._seen_once.clear()
        self._seen_once.add(key)
        return True

    def _run_alone(
        self,
        key: int,
        indices: Indices,
        rows: ExitRows,
        tallies: Floats,
        daily: npt.NDArray[np.float32],
        failures: dict[int, str],
    ) -> None:
        """All these combinations share their signals: the exits are what is spread over threads."""
        group = self._group(key, indices, tallies, failures)
        if group is not None:
            trades = indices.shape[0] * group.n_events(int(self._exits[TIME_EXIT]))
            n_threads = self.n_threads if trades >= _TRADES_WORTH_A_THREAD else 1
            run_tasks(group.tasks(self._with_levels(rows, group), tallies, daily, n_threads), n_threads - 1)
            self._keep(key, group)

    def _run_group(
        self,
        key: int,
        part: npt.NDArray[np.intp],
        indices: Indices,
        rows: ExitRows,
        tallies: Floats,
        daily: npt.NDArray[np.float32],
        failures: dict[int, str],
    ) -> None:
        whole = part.shape[0] == indices.shape[0]
        out = tallies if whole else np.empty((part.shape[0], N_TALLIES))
        days = daily if whole else np.zeros((part.shape[0], daily.shape[1]), dtype=np.float32)
        group = self._group(key, indices[part], out, failures)
        if group is not None:
            group.run(self._with_levels(rows if whole else rows.part(part), group), out, days)
            self._keep(key, group)
        if not whole:
            tallies[part] = out
            daily[part] = days

    def _with_levels(self, rows: ExitRows, group: SignalGroup) -> ExitRows:
        """The rows with all levels of the space, if the group may keep the exits that it finds for them."""
        size = table_bytes(group.n_events(int(self._exits[TIME_EXIT])), self._exit_levels.levels)
        return rows._replace(levels=self._exit_levels.levels) if size <= _TABLE_BYTES_KEPT else rows

    def _group(self, key: int, members: Indices, tallies: Floats, failures: dict[int, str]) -> SignalGroup | None:
        """The combinations that share signals, taken out of those kept; None if the strategy raises."""
        with self._lock:
            group = self._groups.pop(key, None)
        if group is not None:
            return group
        try:
            return self._signal_group(self.parameters(int(members[0])))
        except Exception as error:  # noqa: BLE001
            # A user's strategy may raise anything: its trials fail, the others go on.
            text = said_in_full(error)
            failures.update({int(i): text for i in members})
            tallies[:] = np.nan
            return None

    def _keep(self, key: int, group: SignalGroup) -> None:
        with self._lock:
            self._groups[key] = group
            while len(self._groups) > _GROUPS_KEPT:
                self._groups.popitem(last=False)
