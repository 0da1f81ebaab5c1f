"""Which combinations an optimization tries, batch by batch, in an order that shares signals."""

from __future__ import annotations

import numpy as np
from typing_extensions import override

from trading_ai.driving.dispatch import Batches
from trading_ai.errors import ParameterError
from trading_ai.evaluation.declared import check_axis, resolve_parameters
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.evaluation.speed import ordered
from trading_ai.optimization.combinations import combinations_of
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import is_ordered
from trading_ai.search.budget import batch_of, default_iterations
from trading_ai.search.registry import METHODS, search_method
from trading_ai.strategies.base import Declared

_ASKED_AT_ONCE = 1_000_000
_NONE = np.empty(0, dtype=np.int64)


class Proposals(Batches):
    """The combinations of one optimization, as its search method proposes them.

    A method that does not learn proposes everything in one batch. One that learns proposes `spec.batch_size` at
    a time and is told their scores before the next; the same seed and batch size give the same sequence on any
    number of workers.

    Args:
        spec: what is searched.
        backtest: the backtest that it starts from.
        chosen: its strategy.

    Attributes:
        combinations: those that keep every rule and condition.

    Raises:
        ParameterError: a parameter or the method is unknown, or no combination keeps the strategy's rules.
    """

    def __init__(self, spec: OptimizationSpec, backtest: BacktestSpec, chosen: Declared) -> None:
        space = spec.space
        for axis in space.axes:
            check_axis(chosen, axis)
        others = {name: value for name, value in backtest.parameters.items() if name not in space.names}
        fixed = resolve_parameters(chosen, others)
        self._strategy, self._space = chosen, space
        if spec.method in METHODS and METHODS[spec.method].needs_max_iterations and spec.max_iterations is None:
            raise ParameterError(
                f"is needed by {spec.method}", parameter="max_iterations", remedy="Say how many combinations to try."
            )
        lists_all = spec.method in METHODS and METHODS[spec.method].lists_all
        wanted = None if lists_all else spec.max_iterations or default_iterations(space.n_combinations)
        self.combinations = combinations_of(chosen, space, fixed, spec.parameter_constraints, wanted=wanted)
        n_trials = min(self.combinations.n, spec.max_iterations or default_iterations(self.combinations.n))
        small = spec.method in METHODS and METHODS[spec.method].small_batches
        self._batch_size = batch_of(spec.batch_size, n_trials) if small else spec.batch_size
        self._method = search_method(
            spec.method,
            self.combinations.n,
            spec.max_iterations,
            spec.seed,
            shape=space.shape,
            candidates=self.combinations.indices,
            ordered=[is_ordered(axis) for axis in space.axes],
            batch_size=self._batch_size,
            allowed=self.combinations.keep if self.combinations.is_estimated else None,
            share=self.combinations.share,
        )
        self.learns = METHODS[spec.method].learns
        self._done = np.empty(0, dtype=np.int64)
        self._asked = False

    @property
    def n_left_out(self) -> int:
        """Combinations that break a rule or condition, about where they are too many to be counted."""
        return self.combinations.n_left_out

    @property
    def n_total(self) -> int:
        """Number of combinations that will be tried in all."""
        return self._method.n_total

    @override
    def tell(self, indices: Indices, scores: Floats) -> None:
        new = ~np.isin(indices, self._done)
        self._done = np.concatenate((self._done, indices[new]))
        if self.learns and new.any():
            self._method.tell(self.combinations.positions(indices[new]), scores[new])

    @override
    def batch(self) -> Indices:
        if self.learns:
            # What it proposed before it was interrupted may have been tried already.
            while (positions := self._method.ask(self._batch_size)).size:
                indices = self.combinations.at(positions)
                left = indices[~np.isin(indices, self._done)]
                if left.size:
                    return ordered(self._strategy, self._space, left)[0]
            return _NONE
        if self._asked:
            return _NONE
        self._asked = True
        asked = []
        while (positions := self._method.ask(_ASKED_AT_ONCE)).size:
            asked.append(positions)
        taken = self.combinations.at(np.concatenate(asked)) if asked else _NONE
        if self._done.size:
            taken = taken[~np.isin(taken, self._done)]
        return ordered(self._strategy, self._space, taken)[0]
