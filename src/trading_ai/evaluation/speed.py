"""Put combinations that share signals side by side, measure how fast they go, and say how many make a chunk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trading_ai.engine.rules import EXIT_PARAMETERS
from trading_ai.evaluation.job import evaluate_chunk
from trading_ai.evaluation.ports import Evaluator, Indices
from trading_ai.parameters import SearchSpace
from trading_ai.strategies.base import Declared

CHUNK_SECONDS = 1.0
MAX_CHUNK = 50_000
_PROBE_GROUPS = 3
_PROBE_COMBINATIONS = 64
_PROBE_SECONDS = 1.0


def group_keys(strategy: Declared, space: SearchSpace, indices: Indices) -> Indices:
    """A number for each combination that is the same for those with the same signals, shape (m,)."""
    places = space.positions(indices)
    exits = EXIT_PARAMETERS.keys() - strategy.parameters.keys()
    own = [i for i, axis in enumerate(space.axes) if axis.name not in exits]
    if not own:
        return np.zeros(indices.shape[0], dtype=np.int64)
    keys: Indices = np.ravel_multi_index([places[i] for i in own], [space.shape[i] for i in own]).astype(np.int64)
    return keys


def ordered(strategy: Declared, space: SearchSpace, indices: Indices) -> tuple[Indices, int]:
    """The combinations with those that share signals side by side, and the number of such groups."""
    keys = group_keys(strategy, space, indices)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    return indices[order], int(np.count_nonzero(np.diff(keys))) + 1 if keys.size else 0


def count_groups(strategy: Declared, space: SearchSpace, indices: Indices) -> int:
    """Number of sets of signals among combinations."""
    return int(np.unique(group_keys(strategy, space, indices)).size)


@dataclass(frozen=True)
class Speed:
    """What combinations cost on one core.

    Attributes:
        group_seconds: to compute the signals of one group.
        combination_seconds: to evaluate one combination on them.
    """

    group_seconds: float
    combination_seconds: float

    def seconds(self, n_combinations: int, n_groups: int) -> float:
        """Expected time on one core, seconds."""
        return n_groups * self.group_seconds + n_combinations * self.combination_seconds

    def rate(self, n_combinations: int, n_groups: int) -> float:
        """Combinations a second on one core, 0 where the speed was not measured."""
        expected = self.seconds(n_combinations, n_groups)
        return n_combinations / expected if expected > 0.0 else 0.0


def measured_speed(evaluator: Evaluator, indices: Indices, clock: Callable[[], float] = time.perf_counter) -> Speed:
    """Measure on a few combinations spread over the space; at most about a second, unless one takes longer.

    Args:
        evaluator: what will evaluate them; it keeps what the probes computed.
        indices: the combinations to come, ordered by group, shape (m,).
        clock: seconds of a steady clock.
    """
    if not indices.size:
        return Speed(0.0, 0.0)
    keys = group_keys(evaluator.strategy, evaluator.space, indices)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(keys)) + 1, [indices.size]))
    n_groups = starts.size - 1
    chosen = np.unique(np.linspace(0, n_groups - 1, _PROBE_GROUPS).astype(np.int64))
    began = clock()
    evaluate_chunk(evaluator, indices[starts[chosen[0]] : starts[chosen[0]] + 1], False)
    very_first = clock() - began  # with the loading of compiled code, so used only where nothing better is known
    began = clock()
    first_seconds: list[float] = []
    each_seconds: list[float] = []
    for group in chosen.tolist():
        members = indices[starts[group] : starts[group + 1]]
        if group != chosen[0]:
            before = clock()
            evaluate_chunk(evaluator, members[:1], False)
            first_seconds.append(clock() - before)
        before = clock()
        evaluate_chunk(evaluator, members[members.size // 2 : members.size // 2 + 1], False)
        single = clock() - before
        left = _PROBE_SECONDS - (clock() - began)
        n = int(min(_PROBE_COMBINATIONS, members.size, max(left, 0.0) / max(single, 1e-6)))
        if n > 1:
            sample = members[np.linspace(0, members.size - 1, n).astype(np.int64)]
            before = clock()
            evaluate_chunk(evaluator, sample, False)
            single = (clock() - before) / n
        each_seconds.append(single)
        if clock() - began > _PROBE_SECONDS:
            break
    each = float(np.mean(each_seconds))
    if not first_seconds:
        first_seconds = [very_first if n_groups > 1 else 0.0]
    group_cost = max(float(np.mean(first_seconds)) - each, 0.0)
    return Speed(group_cost, each)
