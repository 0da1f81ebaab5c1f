"""Search by a Gaussian process: the most learned from each trial, at the highest price of a proposal."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from trading_ai.search.base import Scores
from trading_ai.search.candidates import Candidates
from trading_ai.search.expected_improvement import ImprovementPlan
from trading_ai.search.learner import Learner


class GaussianProcessSearch(Learner):
    """Tries the candidates whose score is expected to improve most on the best one so far.

    Args as in `Learner`.
    """

    name: ClassVar[str] = "gaussian_process"

    def __init__(
        self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0, batch_size: int = 1
    ) -> None:
        super().__init__(candidates, max_iterations, seed, batch_size)
        self._plan = ImprovementPlan(candidates, self._untried, self._rng, seed, batch_size)

    @override
    def _prepare(self, n: int) -> None:
        self._plan.prepare(n)

    @override
    def _propose(self) -> int:
        return self._plan.next()

    @override
    def _learn(self, position: int, row: Scores, *, asked: bool) -> None:
        self._plan.learn(position, float(row[0]))
