"""The trial ledger: a combination that was tried before on the same data, code, costs and engine is not run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import NotFoundError
from trading_ai.evaluation.declared import resolve_parameters
from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
from trading_ai.evaluation.ports import Indices
from trading_ai.optimization.judging import Judge, Saved
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, OptimizationRecord
from trading_ai.optimization.tries import (
    TrialCount,
    TrialCounter,
    all_tried,
    datasets_of,
    tried_by_backtest,
    tried_by_optimization,
)
from trading_ai.parameters import SearchSpace, Value
from trading_ai.strategies.base import Declared

_ALWAYS_READ = 50_000
_READ_PER_WANTED = 20
"""An earlier optimization is looked through if it has at most 50,000 trials more than 20 for each one wanted: reading
more would take longer than running them."""


_READ_FOR_A_SEARCH = 100_000
"""Earlier trials that are looked through for a method that learns, which may propose any combination."""

Wanted = Callable[[Indices], npt.NDArray[np.bool_]]
"""Tells which combinations are wanted, shape (m,)."""


class Answers:
    """What the ledger knows of the combinations that a method that learns may propose.

    Args:
        store: the ledger.
        record: the optimization.
        chosen: its strategy.
        candidates: tells which combination indices it may propose.
        judge: saves what is known.
    """

    def __init__(
        self, store: Store, record: OptimizationRecord, chosen: Declared, candidates: Wanted, judge: Judge
    ) -> None:
        self._judge = judge
        self._rows: dict[int, tuple[EvaluatedChunk, int]] = {}
        if record.spec.reuse:
            backtest = store.backtest(record.spec.backtest_id)
            for chunk in repeats(store, record.spec, backtest, chosen, candidates, budget=_READ_FOR_A_SEARCH):
                self._rows.update({index: (chunk, row) for row, index in enumerate(chunk.indices.tolist())})

    def take(self, batch: Indices) -> tuple[Indices, Saved | None]:
        """Save what is known of a batch; returns what is left to be run, and what came of the copies, if any.

        Args:
            batch: combination indices, shape (m,).
        """
        found = [self._rows[i] for i in batch.tolist() if i in self._rows]
        if not found:
            return batch, None
        known = np.array([chunk.indices[row] for chunk, row in found], dtype=np.int64)
        daily = [chunk.daily_profit[row] for chunk, row in found if chunk.daily_profit is not None]
        copies = EvaluatedChunk(
            known,
            np.stack([chunk.metrics[row] for chunk, row in found]),
            {},
            np.stack(daily) if daily else None,
            reused=True,
        )
        return batch[~np.isin(batch, known)], self._judge.save(copies)


class _Left:
    """What is still wanted: a list of combinations, or all of which something tells."""

    def __init__(self, wanted: Indices | Wanted) -> None:
        self._tells = None if isinstance(wanted, np.ndarray) else wanted
        self._listed = np.sort(wanted) if isinstance(wanted, np.ndarray) else np.empty(0, np.int64)
        self._taken = np.empty(0, np.int64)

    @property
    def size(self) -> int:
        """How many; of those that are only told of, more than anybody reads."""
        return int(self._listed.size) if self._tells is None else 2**40

    def among(self, indices: Indices) -> npt.NDArray[np.bool_]:
        """Which of these are wanted, shape (m,)."""
        if self._tells is None:
            return np.isin(indices, self._listed)
        return self._tells(indices) & ~np.isin(indices, self._taken)

    def take(self, indices: Indices) -> None:
        """Want these no longer."""
        if self._tells is None:
            self._listed = self._listed[~np.isin(self._listed, indices)]
        else:
            self._taken = np.concatenate((self._taken, indices))


def repeats(
    store: Store,
    spec: OptimizationSpec,
    backtest: BacktestRecord,
    chosen: Declared,
    wanted: Indices | Wanted,
    *,
    budget: int | None = None,
) -> Iterator[EvaluatedChunk]:
    """Trials of earlier optimizations that are the same as some of those wanted, each once, newest first.

    The same means the same dataset, timeframe, strategy code, values of all parameters, account, costs, rules and
    engine version. Failed trials are not repeats; where daily profits are wanted, trials without them are not.

    Args:
        store: the ledger.
        spec: what is going to be searched.
        backtest: the backtest that it starts from.
        chosen: its strategy.
        wanted: combination indices of `spec.space`, shape (m,), or what tells of any whether it is wanted.
        budget: earlier trials to look through at most, in all; None for as many as `wanted` is worth.
    """
    left = _Left(wanted)
    base, fixed = _base(backtest.spec), _fixed(backtest.spec, spec.space, chosen)
    bases: dict[str, tuple[Any, BacktestSpec]] = {}
    for earlier in store.optimizations():
        if left.size == 0:
            return
        if (
            not earlier.n_completed
            or earlier.engine_version != ENGINE_VERSION
            or earlier.strategy_hash != backtest.strategy_hash
            or (spec.keep_daily_profit and not earlier.spec.keep_daily_profit)
            or dict(earlier.spec.datasets) != dict(spec.datasets)
            or earlier.n_completed > (_ALWAYS_READ + _READ_PER_WANTED * left.size if budget is None else budget)
        ):
            continue
        if earlier.spec.backtest_id not in bases:
            other = store.backtest(earlier.spec.backtest_id).spec
            bases[earlier.spec.backtest_id] = (_base(other), other)
        other_base, other = bases[earlier.spec.backtest_id]
        if other_base != base:
            continue
        places = _places(spec.space, fixed, earlier.spec.space, _fixed(other, earlier.spec.space, chosen))
        if places is None:
            continue
        if budget is not None:
            budget -= earlier.n_completed
        for chunk in _trials(store, earlier, spec, places, left):
            left.take(chunk.indices)
            yield chunk


def trials_on_its_data(store: Store, record: OptimizationRecord) -> TrialCount:
    """How many different combinations were ever tried on the data of an optimization, deleted runs included.

    The data are those of its symbol, or of every symbol that it searches, over the time that it trades; what was tried
    on other datasets of the symbol that overlap that time counts too. See `trading_ai.optimization.tries`.
    """
    # Runs are listed before what was deleted: one that is deleted meanwhile is counted twice over, as once.
    optimizations, datasets = store.optimizations(), {d.dataset_id: d for d in store.datasets()}
    backtests = {b.backtest_id: b for b in store.backtests()}
    base = backtests.get(record.spec.backtest_id) or store.backtest(record.spec.backtest_id)
    own = [datasets[i] for i in datasets_of(record, base.spec) if i in datasets]
    counter = TrialCounter(tried_by_optimization(record, base, own, np.empty(0, np.int64)).spans)
    for run, tried in all_tried(optimizations, backtests, datasets):
        if not counter.concerns(tried):
            continue
        if run is None or counter.is_known(tried):
            counter.add(tried)
            continue
        with suppress(NotFoundError):  # deleted meanwhile: it is among the deleted ones
            counter.add(replace(tried, indices=_done(store, run)))
    for tried in store.deleted_tries(counter.symbols):
        counter.add(tried)
    return counter.count()


def ledger_state(store: Store, record: OptimizationRecord) -> tuple[object, ...]:
    """What `trials_on_its_data` counts, without counting: equal as long as that would find the same.

    Returns:
        Each optimization that tried something on the data with how many of its trials are there, and each backtest.
    """
    optimizations, datasets = store.optimizations(), {d.dataset_id: d for d in store.datasets()}
    backtests = {b.backtest_id: b for b in store.backtests()}
    base = backtests.get(record.spec.backtest_id) or store.backtest(record.spec.backtest_id)
    own = [datasets[i] for i in datasets_of(record, base.spec) if i in datasets]
    counter = TrialCounter(tried_by_optimization(record, base, own, np.empty(0, np.int64)).spans)
    of_searches = {
        (run.optimization_id, run.n_completed)
        for run, tried in all_tried(optimizations, backtests, datasets)
        if run is not None and counter.concerns(tried)
    }
    of_backtests = {
        key
        for key, one in backtests.items()
        if one.spec.dataset_id in datasets and counter.concerns(tried_by_backtest(one, datasets[one.spec.dataset_id]))
    }
    return frozenset(of_searches), frozenset(of_backtests)


def _done(store: Store, record: OptimizationRecord) -> Indices:
    """Indices of an optimization's trials; those of a complete space need not be read."""
    if record.n_completed == record.spec.space.n_combinations:
        return np.arange(record.n_completed, dtype=np.int64)
    return store.done_indices(record.optimization_id)


def _base(spec: BacktestSpec) -> dict[str, Any]:
    """All of a backtest but its parameters."""
    return {name: value for name, value in spec.to_json().items() if name != "parameters"}


def _fixed(spec: BacktestSpec, space: SearchSpace, chosen: Declared) -> Mapping[str, Value]:
    """Values of the parameters that are not searched, defaults included."""
    others = {name: value for name, value in spec.parameters.items() if name not in space.names}
    return {name: v for name, v in resolve_parameters(chosen, others).items() if name not in space.names}


def _key(value: Value) -> tuple[bool, Value]:
    """1 and True are equal and yet not the same value; 1 and 1.0 are."""
    return isinstance(value, bool), value


_Places = tuple[list[Indices], int]


def _places(
    space: SearchSpace, fixed: Mapping[str, Value], old: SearchSpace, old_fixed: Mapping[str, Value]
) -> _Places | None:
    """For each axis of the old space, what its places are worth in the new index, -1 where not in the new space.

    Returns:
        One array an old axis, shape (n_values,), and what the axes that only the new space has are worth; None if
        nothing can be the same.
    """
    names = set(fixed) | set(space.names)
    if names != set(old_fixed) | set(old.names):
        return None
    if any(_key(fixed[n]) != _key(old_fixed[n]) for n in set(fixed) & set(old_fixed)):
        return None
    strides = dict(zip(space.names, np.cumprod([1, *space.shape[:0:-1]])[::-1].tolist(), strict=True))
    new_axes = {axis.name: axis for axis in space.axes}
    worth: list[Indices] = []
    for axis in old.axes:
        if axis.name in new_axes:
            place = {_key(v): i for i, v in enumerate(new_axes[axis.name].values)}
            values = [place.get(_key(v), -1) for v in axis.values]
            worth.append(np.array([i * strides[axis.name] if i >= 0 else -1 for i in values], dtype=np.int64))
        else:
            same = [0 if _key(v) == _key(fixed[axis.name]) else -1 for v in axis.values]
            worth.append(np.array(same, dtype=np.int64))
    offset = 0
    for axis in space.axes:
        if axis.name not in old.names:
            keys = [_key(v) for v in axis.values]
            if _key(old_fixed[axis.name]) not in keys:
                return None
            offset += keys.index(_key(old_fixed[axis.name])) * strides[axis.name]
    if any((w < 0).all() for w in worth):
        return None
    return worth, offset


def _translated(old: SearchSpace, places: _Places, indices: Indices) -> Indices:
    """Indices of the new space, -1 where a combination is not part of it, shape (m,)."""
    worth, offset = places
    total = np.full(indices.shape[0], offset, dtype=np.int64)
    outside = np.zeros(indices.shape[0], dtype=np.bool_)
    for each, position in zip(worth, old.positions(indices), strict=True):
        part = each[position]
        outside |= part < 0
        total += part
    return np.where(outside, -1, total)


def _trials(
    store: Store, earlier: OptimizationRecord, spec: OptimizationSpec, places: _Places, left: _Left
) -> Iterator[EvaluatedChunk]:
    old, key = earlier.spec.space, earlier.optimization_id
    days: dict[int, npt.NDArray[np.float32]] = {}
    if spec.keep_daily_profit:
        for found, profits in store.daily_profits(key):
            days.update(zip(found.tolist(), profits, strict=True))
    for page in store.trials(key):
        indices = _translated(old, places, page.indices)
        same = left.among(indices) & ~np.isin(page.indices, list(page.errors))
        if spec.keep_daily_profit:
            same &= np.array([i in days for i in page.indices.tolist()], dtype=np.bool_)
        rows = np.flatnonzero(same)
        if not rows.size:
            continue
        rows = rows[np.argsort(indices[rows])]
        daily = None
        if spec.keep_daily_profit:
            daily = np.stack([days[i] for i in page.indices[rows].tolist()])
        yield EvaluatedChunk(indices[rows], page.metrics[rows], {}, daily, reused=True)
