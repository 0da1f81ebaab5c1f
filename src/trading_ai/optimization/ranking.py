"""Which trial is better, and which combinations a strategy's rules leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.evaluation.declared import check_rules
from trading_ai.expressions import Expression, Kind, kind_of
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord, TrialPage
from trading_ai.parameters import SearchSpace, Value
from trading_ai.strategies.base import Declared

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def rank(values: Floats, better: int) -> Indices:
    """Positions from best to worst: NaN last, ties in the given order.

    Args:
        values: objective values, shape (n,).
        better: +1 if more is better, -1 if less is.
    """
    order: Indices = np.argsort(-values if better > 0 else values, kind="stable")
    return order


def trial_of_rank(store: Store, record: OptimizationRecord, rank: int) -> TrialPage:
    """The trial of a rank, 1 for the best, as a page of one.

    Raises:
        ParameterError: there is none of that rank.
    """
    page = store.ranked(record.optimization_id, 1, rank - 1) if rank >= 1 else None
    if page is None or not page.indices.size:
        raise ParameterError(f"must lie in 1..{record.n_completed}", parameter="rank", value=rank)
    return page


def kinds_of(space: SearchSpace, fixed: Mapping[str, Value]) -> dict[str, Kind]:
    """The kind of each parameter that a condition may name: those that are searched first."""
    kinds = {axis.name: kind_of(axis.values) for axis in space.axes}
    return kinds | {name: kind_of([value]) for name, value in fixed.items() if name not in kinds}


def valid_indices(
    strategy: Declared, space: SearchSpace, fixed: Mapping[str, Value], conditions: Sequence[Expression] = ()
) -> Indices:
    """Indices of the combinations that keep the strategy's rules and a user's conditions, ascending.

    Args:
        strategy: whose rules.
        space: the search space.
        fixed: values of the other parameters.
        conditions: such as ``fast * 2 <= slow``, of parameters in `space` or `fixed`.

    Raises:
        ParameterError: none does, or a condition cannot be read.
    """
    rules = [r for r in strategy.rules if r[0] in space.names or r[1] in space.names]
    if not rules and strategy.rules:
        check_rules(strategy, fixed)
    if not rules and not conditions:
        return np.arange(space.n_combinations, dtype=np.int64)

    def column(name: str) -> npt.NDArray[Any]:
        # Each axis lies along its own dimension: a condition is worked out once for the values that it uses.
        if name not in space.names:
            return value_column([fixed[name]])
        i = space.names.index(name)
        return value_column(space.axes[i].values).reshape([-1 if j == i else 1 for j in range(len(space.axes))])

    kept = np.ones(space.shape, dtype=np.bool_)
    for smaller, larger in rules:
        kept &= column(smaller) < column(larger)
    kinds = kinds_of(space, fixed) if conditions else {}
    for condition in conditions:
        condition.require(kinds, "parameter_constraints")
        kept &= condition.evaluate({name: column(name) for name in condition.names})
    if not kept.any():
        if rules and not conditions:
            smaller, larger = rules[0]
            raise ParameterError(f"no combination has {smaller} below {larger}", parameter=smaller)
        raise ParameterError(
            "no combination keeps every condition", parameter="parameter_constraints", value=list(map(str, conditions))
        )
    return np.flatnonzero(kept).astype(np.int64, copy=False)


def value_column(values: Iterable[Value]) -> npt.NDArray[Any]:
    """Values of a parameter as an array: float64 where all are numbers, else objects."""
    listed = list(values)
    if all(isinstance(v, int | float) for v in listed):
        return np.array(listed, dtype=np.float64)
    return np.array(listed, dtype=object)


def best_of(indices: Indices, scores: Floats, feasible: npt.NDArray[np.bool_]) -> tuple[int, float] | None:
    """Index and score of the best of some trials; None where none holds the constraints and has a score.

    Args:
        indices: combination indices, shape (m,).
        scores: larger is better, NaN where undefined, shape (m,).
        feasible: whether each holds the constraints, shape (m,).
    """
    held = np.flatnonzero(feasible & ~np.isnan(scores))
    if not held.size:
        return None
    row = held[np.lexsort((indices[held], -scores[held]))[0]]
    return int(indices[row]), float(scores[row])
