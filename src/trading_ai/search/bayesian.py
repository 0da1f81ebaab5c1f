"""Bayesian search: a Gaussian process where one fits the space, a Parzen estimator (TPE) elsewhere."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from optuna.samplers import BaseSampler, TPESampler
from typing_extensions import override

from trading_ai.search.base import Scores
from trading_ai.search.candidates import Candidates
from trading_ai.search.expected_improvement import ImprovementPlan
from trading_ai.search.optuna_learner import OptunaLearner

_N_FIRST = 10
_MOST_AXES = 10  # beyond, too few trials are near each other for a process to learn from


class BayesianSearch(OptunaLearner):
    """Learns how the scores depend on the parameters, by the model that fits the space.

    One objective over up to ten parameters, most of them with an order: the Gaussian process of
    `ImprovementPlan`. Several objectives, more parameters, or mostly names and switches: Optuna's TPE, which
    learns where good and where bad candidates lie (Bergstra, Bardenet, Bengio and Kegl, NIPS 2011). Its
    candidates of a batch are proposed one by one; those not told yet count as bad (constant liar), which
    spreads the batch.

    Args as in `Learner`.
    """

    name: ClassVar[str] = "bayesian"

    def __init__(
        self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0, batch_size: int = 1
    ) -> None:
        super().__init__(candidates, max_iterations, seed, batch_size)
        n_ordered = int(np.sum(np.array(candidates.ordered)[list(candidates.axes)]))
        fits = len(candidates.axes) <= min(_MOST_AXES, 2 * n_ordered)
        self._plan = ImprovementPlan(candidates, self._untried, self._rng, seed, batch_size) if fits else None

    @override
    def _prepare(self, n: int) -> None:
        if self._plan is not None:
            self._plan.prepare(n)

    @override
    def _propose(self) -> int:
        if self._plan is None:
            return super()._propose()
        position = self._plan.next()
        self._running[position] = 0  # the study learns of it if there turn out to be several objectives
        return position

    @override
    def _learn(self, position: int, row: Scores, *, asked: bool) -> None:
        if row.shape[0] > 1:
            self._plan = None
        if self._plan is None:
            super()._learn(position, row, asked=asked)
        else:
            self._running.pop(position, None)
            self._plan.learn(position, float(row[0]))

    @override
    def _count_first(self) -> int:
        return _N_FIRST

    @override
    def _sampler(self, n_objectives: int, seed: int) -> BaseSampler:
        return TPESampler(seed=seed, n_startup_trials=_N_FIRST, constant_liar=True)

    @override
    def _jointly(self, n_objectives: int) -> bool:
        return n_objectives == 1  # as Optuna does: with several objectives each parameter by itself
