"""Which combinations of a search space may be tried: listed, or of a space too large for that, told one by one.

A grid search lists every combination, so its space has a limit. The other methods draw a few of them, from spaces of
any size: there it is enough to know of a combination whether it keeps the rules and conditions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import ParameterError
from trading_ai.evaluation.declared import check_rules
from trading_ai.expressions import Expression
from trading_ai.optimization.ranking import kinds_of, valid_indices, value_column
from trading_ai.parameters import SearchSpace, Value
from trading_ai.strategies.base import Declared

Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LISTED_UP_TO = 10_000_000
"""Combinations up to which they are listed whatever the method: 80 MB."""
MOST_COMBINATIONS = 1 << 62
"""Largest space of all: an index is a 64-bit number, and sums of two must be, too."""
MOST_VALUES = 10_000_000
"""Largest number of values of one parameter."""

_FIRST_DRAWS, _MOST_DRAWS = 1 << 16, 1 << 23
_ENOUGH_HITS = 400  # tell the share to about 5 %


class Combinations(Protocol):
    """The combinations that keep every rule and condition; a method proposes their positions.

    Attributes:
        n: how many there are, or how many positions.
        n_left_out: how many break a rule or condition, about if `is_estimated`.
        is_estimated: whether they are too many to be counted.
        indices: all of them, ascending, or None if they are too many.
        share: share of the positions that keep every rule, above 0.
    """

    n: int
    n_left_out: int
    is_estimated: bool
    indices: Indices | None
    share: float

    def at(self, positions: Indices) -> Indices:
        """Combination indices of positions."""
        ...

    def positions(self, indices: Indices) -> Indices:
        """Positions of combination indices that are among them."""
        ...

    def keep(self, indices: Indices) -> Bools:
        """Which combinations are among them, shape (m,)."""
        ...

    def some(self, n: int) -> Indices:
        """At most `n` of them, spread over all, ascending; the same ones each time."""
        ...


class Listed(Combinations):
    """Few enough to list.

    Args:
        indices: combination indices, ascending, at least one.
        n_combinations: size of the space.
    """

    is_estimated = False
    share = 1.0

    def __init__(self, indices: Indices, n_combinations: int) -> None:
        self._all = indices
        self.indices = indices
        self.n = int(indices.shape[0])
        self.n_left_out = n_combinations - self.n

    @override
    def at(self, positions: Indices) -> Indices:
        return self._all[positions]

    @override
    def positions(self, indices: Indices) -> Indices:
        return np.searchsorted(self._all, indices).astype(np.int64, copy=False)

    @override
    def keep(self, indices: Indices) -> Bools:
        return np.isin(indices, self._all)

    @override
    def some(self, n: int) -> Indices:
        return np.sort(self._all[np.linspace(0, self.n - 1, min(n, self.n)).astype(np.int64)])


class Untold(Combinations):
    """Too many to list: a combination's position is its index, and each is told whether it may be tried.

    Args:
        strategy: whose rules.
        space: the search space, at most `MOST_COMBINATIONS`.
        fixed: values of the other parameters.
        conditions: of parameters in `space` or `fixed`.
        wanted: how many will be tried.

    Raises:
        ParameterError: no combination is found that keeps every condition, too few to draw from, or a condition cannot
            be read.
    """

    is_estimated = True
    indices = None

    def __init__(
        self,
        strategy: Declared,
        space: SearchSpace,
        fixed: Mapping[str, Value],
        conditions: Sequence[Expression],
        wanted: int,
    ) -> None:
        self._space, self._fixed, self._conditions = space, fixed, tuple(conditions)
        self._rules = [r for r in strategy.rules if r[0] in space.names or r[1] in space.names]
        if not self._rules and strategy.rules:
            check_rules(strategy, fixed)
        kinds = kinds_of(space, fixed) if conditions else {}
        for condition in self._conditions:
            condition.require(kinds, "parameter_constraints")
        self.n = space.n_combinations
        self.is_free = not self._rules and not self._conditions
        self.share = 1.0 if self.is_free else self._estimate(wanted)
        self.n_left_out = 0 if self.is_free else round(self.n * (1.0 - self.share))

    @override
    def at(self, positions: Indices) -> Indices:
        return positions

    @override
    def positions(self, indices: Indices) -> Indices:
        return indices

    @override
    def keep(self, indices: Indices) -> Bools:
        kept = (indices >= 0) & (indices < self.n)
        if self.is_free or not indices.size:
            return kept
        places = self._space.positions(np.where(kept, indices, 0))

        def column(name: str) -> npt.NDArray[Any]:
            if name not in self._space.names:
                return value_column([self._fixed[name]])
            i = self._space.names.index(name)
            return self._columns[i][places[i]]

        for smaller, larger in self._rules:
            kept &= column(smaller) < column(larger)
        for condition in self._conditions:
            kept &= condition.evaluate({name: column(name) for name in condition.names})
        return kept

    @override
    def some(self, n: int) -> Indices:
        rng, found = np.random.default_rng(0), np.empty(0, dtype=np.int64)
        for _ in range(64):
            drawn = rng.integers(self.n, size=min(int(n / self.share) + 64, _MOST_DRAWS))
            found = np.unique(np.concatenate((found, drawn[self.keep(drawn)])))
            if found.size >= n:
                break
        return found[np.linspace(0, found.size - 1, min(n, found.size)).astype(np.int64)]

    @cached_property
    def _columns(self) -> list[npt.NDArray[Any]]:
        """The values of each axis that a rule or condition reads."""
        read = {name for rule in self._rules for name in rule} | {n for c in self._conditions for n in c.names}
        return [value_column(axis.values if axis.name in read else ()) for axis in self._space.axes]

    def _estimate(self, wanted: int) -> float:
        """Share of the combinations that keep every rule, by drawing some."""
        rng, n_drawn, n_kept = np.random.default_rng(0), 0, 0
        while n_kept < _ENOUGH_HITS and n_drawn < _MOST_DRAWS:
            drawn = rng.integers(self.n, size=max(n_drawn, _FIRST_DRAWS))
            n_drawn += drawn.size
            n_kept += int(self.keep(drawn).sum())
        share = n_kept / n_drawn
        if share * self.n < 2 * wanted:
            left = f"about {share * self.n:,.0f}" if n_kept else "none"
            raise ParameterError(
                f"leave {left} of {self.n:,} combinations, as {n_drawn:,} that were drawn show: too few to draw "
                f"{wanted:,} from",
                parameter="parameter_constraints" if self._conditions else self._rules[0][0],
                value=[*map(str, self._conditions), *(f"{a} < {b}" for a, b in self._rules)],
                remedy=f"Narrow the ranges to fewer than {LISTED_UP_TO:,} combinations, or drop a condition",
            )
        return share


def combinations_of(
    strategy: Declared,
    space: SearchSpace,
    fixed: Mapping[str, Value],
    conditions: Sequence[Expression],
    *,
    wanted: int | None,
) -> Combinations:
    """The combinations that may be tried.

    Args:
        strategy: whose rules.
        space: the search space.
        fixed: values of the other parameters.
        conditions: of parameters in `space` or `fixed`.
        wanted: how many a method will draw from a space too large to list; None for a method that lists them all.

    Raises:
        ParameterError: none keeps every rule and condition, a condition cannot be read, or the space is too large.
    """
    if wanted is None or space.n_combinations <= LISTED_UP_TO:
        return Listed(valid_indices(strategy, space, fixed, conditions), space.n_combinations)
    check_size(space)
    return Untold(strategy, space, fixed, conditions, wanted)


def check_size(space: SearchSpace) -> None:
    """Refuse a space that no method can search.

    Raises:
        ParameterError: it has more than 2^62 combinations, or a parameter more than ten million values.
    """
    for axis in space.axes:
        if len(axis) > MOST_VALUES:
            raise ParameterError(
                f"has {len(axis):,} values, more than {MOST_VALUES:,}",
                parameter=axis.name, value=len(axis), remedy="Take a larger step",
            )  # fmt: skip
    if space.n_combinations > MOST_COMBINATIONS:
        raise ParameterError(
            f"has about 10^{math.log10(space.n_combinations):.0f} combinations, more than 2^62, which is what an index "
            "can number",
            parameter="space", value=" x ".join(f"{n:,}" for n in space.shape),
            remedy="Take larger steps, or search fewer parameters at a time",
        )  # fmt: skip
