"""The store in memory: the contract in its plainest form, for tests and for throw-away sessions."""

from __future__ import annotations

import bisect
import math
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import NotFoundError, StateError
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.model import OptimizationStatus
from trading_ai.optimization.naming import LATEST, SHORTEST_PREFIX, none_yet, not_the_one
from trading_ai.optimization.paging import Key, Order, Slice
from trading_ai.optimization.ports import Store
from trading_ai.optimization.ranking import best_of
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord, TrialPage
from trading_ai.optimization.tries import Tried, datasets_of, tried_by_backtest, tried_by_optimization

R = TypeVar("R", DatasetRecord, BacktestRecord, OptimizationRecord)
_Trial = tuple[bool, float, npt.NDArray[np.float64], str | None]


class MemoryStore(Store):
    """All in memory; gone when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._datasets: dict[str, DatasetRecord] = {}
        self._backtests: dict[str, BacktestRecord] = {}
        self._optimizations: dict[str, OptimizationRecord] = {}
        self._leases: dict[str, tuple[str, float]] = {}
        self._trials: dict[str, dict[int, _Trial]] = {}
        self._days: dict[str, list[tuple[Indices, npt.NDArray[np.float32]]]] = {}
        self._tried: list[Tried] = []
        self._asked: dict[str, float] = {}

    @override
    def add_dataset(self, record: DatasetRecord) -> bool:
        with self._lock:
            known = self._datasets.pop(record.dataset_id, None)  # asked for again, it is the latest one now
            self._datasets[record.dataset_id] = known or record
            self._asked[record.dataset_id] = record.created_at
            return known is None

    @override
    def datasets(self) -> list[DatasetRecord]:
        with self._lock:
            return sorted(_newest(self._datasets), key=lambda d: self._asked[d.dataset_id], reverse=True)

    @override
    def dataset(self, dataset_id: str) -> DatasetRecord:
        newest = self.datasets() if dataset_id == LATEST else []
        return newest[0] if newest else _find(self._datasets, "dataset", dataset_id)

    @override
    def delete_dataset(self, dataset_id: str) -> None:
        with self._lock:
            found = self.dataset(dataset_id).dataset_id
            used = sum(b.spec.dataset_id == found for b in self._backtests.values())
            if used:
                raise StateError(f"dataset {found[:12]} is used by {used} backtest(s): delete those first")
            del self._datasets[found]

    @override
    def add_backtest(self, record: BacktestRecord) -> None:
        with self._lock:
            self._backtests[record.backtest_id] = record

    @override
    def backtests(self) -> list[BacktestRecord]:
        return _newest(self._backtests)

    @override
    def backtest(self, backtest_id: str) -> BacktestRecord:
        return _find(self._backtests, "backtest", backtest_id)

    @override
    def delete_backtest(self, backtest_id: str) -> None:
        with self._lock:
            found = self.backtest(backtest_id).backtest_id
            used = sum(o.spec.backtest_id == found for o in self._optimizations.values())
            if used:
                raise StateError(f"backtest {found} is used by {used} optimization(s): delete those first")
            record = self._backtests.pop(found)
            if record.spec.dataset_id in self._datasets:
                tried = tried_by_backtest(record, self._datasets[record.spec.dataset_id])
                self._tried.append(replace(tried, deleted=True))

    @override
    def add_optimization(self, record: OptimizationRecord) -> None:
        with self._lock:
            if record.request_key and self.optimization_of_request(record.request_key):
                raise StateError(f"a request with key {record.request_key!r} was accepted before")
            self._optimizations[record.optimization_id] = record
            self._trials[record.optimization_id] = {}
            self._days[record.optimization_id] = []

    @override
    def optimizations(self) -> list[OptimizationRecord]:
        return _newest(self._optimizations)

    @override
    def optimization(self, optimization_id: str) -> OptimizationRecord:
        return _find(self._optimizations, "optimization", optimization_id)

    @override
    def optimization_of_request(self, request_key: str) -> OptimizationRecord | None:
        with self._lock:
            return next((o for o in self._optimizations.values() if o.request_key == request_key), None)

    @override
    def change_status(
        self,
        optimization_id: str,
        expected: Sequence[OptimizationStatus],
        new: OptimizationStatus,
        now: float,
        message: str = "",
    ) -> bool:
        with self._lock:
            record = self._optimizations.get(optimization_id)
            if record is None or record.status not in expected:
                return False
            record = replace(record, status=new, message=message)
            if new == "running":
                began = now if record.started_at is None else record.started_at
                record = replace(record, started_at=began, finished_at=None)
            if new in {"completed", "cancelled", "failed"}:
                record = replace(record, finished_at=now)
            self._optimizations[optimization_id] = record
            return True

    @override
    def set_priority(self, optimization_id: str, priority: int) -> None:
        with self._lock:
            record = self._optimizations.get(optimization_id)
            if record is not None:
                self._optimizations[optimization_id] = replace(record, priority=priority)

    @override
    def acquire_lease(self, optimization_id: str, owner: str, now: float, lease_seconds: float) -> bool:
        with self._lock:
            holder, expires = self._leases.get(optimization_id, (owner, now))
            if optimization_id not in self._optimizations or (holder != owner and expires > now):
                return False
            self._leases[optimization_id] = (owner, now + lease_seconds)
            return True

    @override
    def release_lease(self, optimization_id: str, owner: str) -> None:
        with self._lock:
            if self._leases.get(optimization_id, ("", 0.0))[0] == owner:
                del self._leases[optimization_id]

    @override
    def delete_optimization(self, optimization_id: str) -> None:
        with self._lock:
            record = self.optimization(optimization_id)
            if record.status == "running" and record.optimization_id in self._leases:
                raise StateError(f"optimization {record.optimization_id} is running: cancel it first")
            backtest = self._backtests.get(record.spec.backtest_id)
            if backtest is not None and self._trials[record.optimization_id]:
                ids = datasets_of(record, backtest.spec)
                known = [self._datasets[i] for i in ids if i in self._datasets]
                indices = self.done_indices(record.optimization_id)
                self._tried.append(replace(tried_by_optimization(record, backtest, known, indices), deleted=True))
            for kept in (self._optimizations, self._trials, self._days):
                del kept[record.optimization_id]
            self._leases.pop(record.optimization_id, None)

    @override
    def save_chunk(
        self,
        optimization_id: str,
        chunk: EvaluatedChunk,
        objective: Floats,
        feasible: npt.NDArray[np.bool_],
        seconds: float,
        busy_seconds: float = 0.0,
    ) -> int:
        with self._lock:
            if optimization_id not in self._optimizations:
                raise NotFoundError("optimization", optimization_id)
            known = self._trials[optimization_id]
            new = np.array([int(i) not in known for i in chunk.indices], dtype=np.bool_)
            failed = 0
            for i in np.flatnonzero(new):
                index = int(chunk.indices[i])
                error = chunk.failures.get(index)
                failed += error is not None
                score = float(objective[i]) if error is None else np.nan
                metrics = chunk.metrics[i].copy() if error is None else np.full_like(chunk.metrics[i], np.nan)
                known[index] = (bool(feasible[i]) and error is None, score, metrics, error)
            if chunk.daily_profit is not None and new.any():
                self._days[optimization_id].append((chunk.indices[new], chunk.daily_profit[new]))
            record = self._optimizations[optimization_id]
            best = best_of(chunk.indices, objective, feasible)
            if best is not None and (
                record.best_score is None
                or record.best_score < best[1]
                or (record.best_score == best[1] and (record.best_index or 0) > best[0])
            ):
                record = replace(record, best_index=best[0], best_score=best[1])
            self._optimizations[optimization_id] = replace(
                record,
                busy_seconds=record.busy_seconds + busy_seconds,
                n_completed=record.n_completed + int(new.sum()),
                n_failed=record.n_failed + failed,
                n_reused=record.n_reused + int(new.sum()) * chunk.reused,
                seconds=record.seconds + seconds,
            )
            return int(new.sum())

    @override
    def replace_scores(self, optimization_id: str, indices: Indices, scores: Floats) -> None:
        with self._lock:
            if optimization_id not in self._optimizations:
                raise NotFoundError("optimization", optimization_id)
            known = self._trials[optimization_id]
            for index, score in zip(indices.tolist(), scores.tolist(), strict=True):
                held, _, metrics, error = known[index]
                known[index] = (held, score, metrics, error)
            best = best_of(indices, scores, ~np.isnan(scores))
            self._optimizations[optimization_id] = replace(
                self._optimizations[optimization_id], best_index=best and best[0], best_score=best and best[1]
            )

    @override
    def done_indices(self, optimization_id: str) -> Indices:
        return np.array(sorted(self._trials_of(optimization_id)), dtype=np.int64)

    @override
    def scores(self, optimization_id: str) -> tuple[Indices, Floats]:
        found = sorted(self._trials_of(optimization_id).items())
        scores = [score if feasible else np.nan for _, (feasible, score, _, _) in found]
        return np.array([index for index, _ in found], dtype=np.int64), np.array(scores, dtype=np.float64)

    @override
    def page(
        self,
        optimization_id: str,
        order: Order,
        limit: int,
        offset: int = 0,
        *,
        after: Key | None = None,
        before: Key | None = None,
    ) -> Slice:
        def place(key: Key) -> tuple[int, float, int]:
            return key.group, key.value, key.index

        held = self._trials_of(optimization_id)
        keys = sorted((_key(order, index, trial) for index, trial in held.items()), key=place)
        end = len(keys)
        if after is not None:
            offset = bisect.bisect_right(keys, place(after), key=place)
        elif before is not None:
            end = bisect.bisect_left(keys, place(before), key=place)
            offset = max(end - limit, 0)
        chosen = keys[offset : min(offset + limit, end)]
        trials = _page([(key.index, held[key.index]) for key in chosen])
        return Slice(trials, offset, (chosen[0], chosen[-1]) if chosen else None, len(keys))

    @override
    def trials_of(self, optimization_id: str, indices: Indices) -> TrialPage:
        trials = self._trials_of(optimization_id)
        return _page([(index, trials[index]) for index in indices.tolist()])

    @override
    def trials(self, optimization_id: str, batch: int = 50_000) -> Iterator[TrialPage]:
        ordered = sorted(self._trials_of(optimization_id).items())
        for first in range(0, len(ordered), batch):
            yield _page(ordered[first : first + batch])

    @override
    def daily_profits(
        self, optimization_id: str, within: Indices | None = None
    ) -> Iterator[tuple[Indices, npt.NDArray[np.float32]]]:
        kept = self._days[self.optimization(optimization_id).optimization_id]
        chosen = kept if within is None else [item for item in kept if np.isin(item[0], within).any()]
        yield from sorted(chosen, key=lambda item: int(item[0][0]))

    @override
    def deleted_tries(self, symbols: Collection[str]) -> Iterator[Tried]:
        with self._lock:
            kept = list(self._tried)
        yield from (tried for tried in kept if tried.spans.keys() & set(symbols))

    def _trials_of(self, optimization_id: str) -> dict[int, _Trial]:
        with self._lock:
            return dict(self._trials[self.optimization(optimization_id).optimization_id])


def _newest(records: dict[str, R]) -> list[R]:
    # The sort is stable, so of two made at the same moment the later one comes first.
    ordered: list[R] = list(records.values())
    ordered.reverse()
    ordered.sort(key=lambda record: record.created_at, reverse=True)
    return ordered


def _find(records: dict[str, R], kind: str, wanted: str) -> R:
    if wanted == LATEST:
        asked = [r for r in _newest(records) if isinstance(r, DatasetRecord) or not r.part_of]
        if not asked:
            raise none_yet(kind, only_parts=bool(records))
        return asked[0]
    if wanted in records:
        return records[wanted]
    newest = _newest(records)
    keys = {id(r): key for key, r in records.items()}
    found = [r for r in newest if wanted and getattr(r, "name", "") == wanted]
    if len(wanted) >= SHORTEST_PREFIX:
        found += [r for r in newest if r not in found and keys[id(r)].startswith(wanted)]
    if len(found) != 1:
        raise not_the_one(kind, wanted, [keys[id(r)] for r in found])
    return found[0]


def _key(order: Order, index: int, trial: _Trial) -> Key:
    """Where a trial stands in an order."""
    feasible, score, metrics, _ = trial
    if order.metric is not None:
        value = float(metrics[METRIC_COLUMN[order.metric]])
        undefined = math.isnan(value)
        return Key(int(undefined), 0.0 if undefined else -value if order.descending else value, index)
    if not feasible and score == -math.inf:  # a ruined account
        return Key(4, 0.0, index)
    undefined = math.isnan(score)
    return Key(2 * (not feasible) + undefined, 0.0 if undefined else -score, index)


def _page(items: list[tuple[int, _Trial]]) -> TrialPage:
    rows = [trial[2] for _, trial in items]
    return TrialPage(
        indices=np.array([index for index, _ in items], dtype=np.int64),
        metrics=np.array(rows) if rows else np.empty((0, len(METRIC_NAMES))),
        feasible=np.array([trial[0] for _, trial in items], dtype=np.bool_),
        errors={index: trial[3] for index, trial in items if trial[3] is not None},
    )
