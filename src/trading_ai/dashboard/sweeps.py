"""Columns of all trials of an optimization, read once for all who look at it.

A page asks for a figure over every trial, or for the trials that fulfil a condition. Reading them takes time that
workers need, so what was read is kept: as it is while nothing changes, and of a running optimization for as long as
reading it does not become what the server mainly does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.columns import values_at
from trading_ai.optimization.paging import Groups, groups_of_ranking

if TYPE_CHECKING:
    from trading_ai.evaluation.ports import Floats, Indices
    from trading_ai.optimization.ports import Store
    from trading_ai.optimization.records import OptimizationRecord
    from trading_ai.parameters import Axis

_FRESH_SECONDS, _SHARE = 2.0, 10.0
_AT_ONCE = 2
"""Sweeps that are read at the same time: each takes a core, and memory for its columns."""

_MOST_BYTES = 512 << 20


@dataclass(frozen=True, eq=False)
class Sweep:
    """All trials of an optimization, in the order of their indices.

    Attributes:
        record: the optimization, as it was when they were read.
        indices: combination indices, ascending, shape (n,).
        feasible: whether each trial can rank, shape (n,).
        objective: the objective as it was measured, NaN where undefined, shape (n,).
        scores: what trials are ranked by alone, larger is better, shape (n,).
        metrics: the metrics that were asked for, and further objectives, by name, each of shape (n,).
    """

    record: OptimizationRecord
    indices: Indices
    feasible: npt.NDArray[np.bool_]
    objective: Floats
    scores: Floats
    metrics: Mapping[str, Floats] = field(default_factory=dict)

    @cached_property
    def positions(self) -> dict[str, npt.NDArray[np.int64]]:
        """Place of each trial on each axis, by the axis' name."""
        space = self.record.spec.space
        return dict(zip(space.names, space.positions(self.indices), strict=True))

    def axis(self, name: str) -> Axis:
        """The axis of that name."""
        return next(axis for axis in self.record.spec.space.axes if axis.name == name)

    def parameter(self, name: str) -> npt.NDArray[np.generic]:
        """Values of a searched parameter, shape (n,)."""
        return values_at(self.axis(name).values, self.positions[name])

    def column(self, name: str) -> npt.NDArray[Any]:
        """A metric, the objective or a searched parameter, shape (n,)."""
        if name == "objective":
            return self.objective
        return self.metrics[name] if name in self.metrics else self.parameter(name)

    @cached_property
    def ranking(self) -> tuple[Groups, Floats]:
        """Group and value of each trial in the ranking, see `groups_of_ranking`."""
        return groups_of_ranking(-self.scores, (~self.feasible).astype(np.uint8))

    @property
    def best(self) -> int | None:
        """Position of the best trial, or None."""
        if self.record.best_index is None:
            return None
        place = int(np.searchsorted(self.indices, self.record.best_index))
        return place if place < self.indices.size and self.indices[place] == self.record.best_index else None

    @property
    def n_bytes(self) -> int:
        """What is kept."""
        return (5 + len(self.metrics) + len(self.record.spec.space.axes)) * 8 * int(self.indices.size)


@dataclass
class _Kept:
    sweep: Sweep
    read_at: float
    seconds: float


@dataclass
class _Reading:
    lock: threading.Lock = field(default_factory=threading.Lock)
    n_waiting: int = 0


class Sweeps:
    """What was read lately, of the optimizations that somebody looks at.

    Args:
        store: holds the trials.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        self._reading: dict[str, _Reading] = {}
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def of(self, optimization_id: str, names: Iterable[str] = ()) -> Sweep:
        """The trials of an optimization with some metrics.

        Args:
            optimization_id: which one.
            names: metrics that are wanted; other names are passed over.

        Raises:
            NotFoundError: there is no such optimization.
        """
        record = self._store.optimization(optimization_id)
        key, wanted = record.optimization_id, {name for name in names if name in METRIC_COLUMN}
        if (found := self._known(record, wanted)) is not None:
            return found
        # One reads, those who want the same wait for it; who wants another sweep does not.
        with self._lock:
            mine = self._reading.setdefault(key, _Reading())
            mine.n_waiting += 1
        try:
            with mine.lock:
                if (found := self._known(record, wanted)) is not None:
                    return found
                with self._slots:
                    return self._read(record, wanted)
        finally:
            with self._lock:
                mine.n_waiting -= 1
                if not mine.n_waiting:
                    self._reading.pop(key, None)

    def _known(self, record: OptimizationRecord, wanted: set[str]) -> Sweep | None:
        with self._lock:
            kept = self._kept.get(record.optimization_id)
            is_enough = kept is not None and wanted <= kept.sweep.metrics.keys() and _is_fresh(kept, record)
            return kept.sweep if kept is not None and is_enough else None

    def _read(self, record: OptimizationRecord, wanted: set[str]) -> Sweep:
        began = time.monotonic()
        with self._lock:
            kept = self._kept.get(record.optimization_id)
        more = set() if kept is None else kept.sweep.metrics.keys()
        sweep = _read(self._store, record, sorted(wanted | more))
        with self._lock:
            self._kept.pop(record.optimization_id, None)
            self._kept[record.optimization_id] = _Kept(sweep, time.monotonic(), time.monotonic() - began)
            while len(self._kept) > 1 and sum(each.sweep.n_bytes for each in self._kept.values()) > _MOST_BYTES:
                del self._kept[next(iter(self._kept))]
        return sweep


def _is_fresh(kept: _Kept, record: OptimizationRecord) -> bool:
    known = kept.sweep.record
    if (known.n_completed, known.status, known.best_index) == (record.n_completed, record.status, record.best_index):
        return True
    age = time.monotonic() - kept.read_at
    return record.status == known.status == "running" and age < max(_FRESH_SECONDS, _SHARE * kept.seconds)


def _read(store: Store, record: OptimizationRecord, names: list[str]) -> Sweep:
    objective, more = record.spec.objective, {str(each): each for each in record.spec.more_objectives}
    names = [name for name in names if name not in more]
    known = ("i", "feasible", "objective", "score", *names, *more)
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in known}
    for page in store.trials(record.optimization_id):
        parts["i"].append(page.indices)
        parts["feasible"].append(page.feasible)
        parts["objective"].append(objective.measured(page.metrics))
        parts["score"].append(objective.scores(page.metrics))
        for name in names:
            parts[name].append(page.metrics[:, METRIC_COLUMN[name]])
        for name, another in more.items():
            parts[name].append(another.measured(page.metrics))
    kinds = {"i": np.int64, "feasible": np.bool_}
    made = {
        name: np.concatenate(each) if each else np.empty(0, kinds.get(name, np.float64)) for name, each in parts.items()
    }
    order = np.argsort(made["i"], kind="stable")
    made = {name: column[order] for name, column in made.items()}
    metrics = {name: made[name] for name in (*names, *more)}
    return Sweep(record, made["i"], made["feasible"], made["objective"], made["score"], metrics)
