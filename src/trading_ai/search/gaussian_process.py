"""Search by a Gaussian process: the most learned from each trial, at the highest price of a proposal."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr
from typing_extensions import override

from trading_ai.search.base import Positions, Scores
from trading_ai.search.candidates import Candidates
from trading_ai.search.kriging import Kriging, Posterior
from trading_ai.search.learner import EvenStart, Learner

Floats = npt.NDArray[np.float64]

_N_FIRST = 10  # spread evenly, before anything can be learned
_MOST_KNOWN = 300  # trials that the process sees: the best half, and a sample of the others
_MOST_WANTED = 4000  # untried candidates that are compared
_N_BEST = 20  # trials whose neighbours are always compared
_LARGEST_PLAN = 128
_FAR = -8.0  # deviations below the best


class GaussianProcessSearch(Learner):
    """Tries the candidates whose score is expected to improve most on the best one so far.

    A Gaussian process learns how smooth the scores are along each axis. Candidates of a batch are chosen one
    by one, each one counted as tried when the next is chosen; of a very large batch the rest is drawn.
    Very bad scores are raised to as far below the median as the best lies above it: how bad a bad candidate
    is does not matter.

    Args as in `Learner`.
    """

    name: ClassVar[str] = "gaussian_process"

    def __init__(
        self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0, batch_size: int = 1
    ) -> None:
        super().__init__(candidates, max_iterations, seed, batch_size)
        self._start = EvenStart(candidates, self._untried, max(_N_FIRST, batch_size), seed)
        self._model = Kriging(candidates.shape, candidates.ordered)
        self._scores: dict[int, float] = {}
        self._running: dict[int, None] = {}  # in the order asked
        self._planned: list[int] = []

    @override
    def _prepare(self, n: int) -> None:
        if len(self._told) < _N_FIRST:
            self._planned = []
        else:
            self._planned = self._plan(min(n, _LARGEST_PLAN))[::-1]

    @override
    def _propose(self) -> int:
        if self._planned:
            position: int | None = self._planned.pop()
        else:
            position = self._start.next() if len(self._told) < _N_FIRST else None
        if position is None:
            position = self._untried.draw()
        self._running[position] = None
        return position

    @override
    def _learn(self, position: int, row: Scores, *, asked: bool) -> None:
        self._scores[position] = float(row[0])
        self._running.pop(position, None)

    def _plan(self, n: int) -> list[int]:
        """The `n` candidates of the largest expected improvement."""
        positions = np.array(list(self._scores), dtype=np.int64)
        scores = _standardized(np.array(list(self._scores.values())))
        order = np.argsort(-scores, kind="stable")
        wanted = self._wanted(positions[order[:_N_BEST]])
        if positions.size > _MOST_KNOWN:
            others = self._rng.permutation(order[_MOST_KNOWN // 2 :])[: _MOST_KNOWN // 2]
            kept = np.sort(np.concatenate([order[: _MOST_KNOWN // 2], others]))
            positions, scores = positions[kept], scores[kept]
        points = self._candidates.points
        self._model.learn(points(positions), scores)
        running = np.array(list(self._running)[-_MOST_KNOWN:], dtype=np.int64)
        posterior = Posterior(self._model, points(positions), scores, points(running), points(wanted))
        free = np.ones(wanted.shape[0], dtype=np.bool_)
        found: list[int] = []
        for _ in range(min(n, wanted.shape[0])):
            improvement = np.where(free, _improvement(posterior, float(scores.max())), -np.inf)
            chosen = int(np.argmax(improvement))
            free[chosen] = False
            found.append(int(wanted[chosen]))
            posterior.add_running(chosen)
        return found

    def _wanted(self, best: Positions) -> Positions:
        """The untried candidates to compare: all, or the neighbours of the best and a sample."""
        n = self._candidates.n
        if self._candidates.allowed is None and n <= _MOST_WANTED + len(self._untried.taken):
            listed = np.arange(n)
        else:
            near = [self._untried.around(point) for point in self._candidates.points(best)]
            listed = np.unique(np.concatenate([*near, self._candidates.draw(self._rng, _MOST_WANTED)]))
        return np.array([p for p in listed.tolist() if p not in self._untried.taken], dtype=np.int64)


def _standardized(scores: Floats) -> Floats:
    """Scores with mean 0 and deviation 1, the very bad ones and failures (-inf) raised first."""
    finite = scores[np.isfinite(scores)]
    if not finite.size:
        return np.zeros_like(scores)
    floor = 2 * float(np.median(finite)) - float(finite.max())
    raised = np.maximum(scores, floor)
    deviation = float(raised.std())
    result: Floats = (raised - raised.mean()) / (deviation if deviation > 0 else 1.0)
    return result


def _improvement(posterior: Posterior, best: float) -> Floats:
    """Logarithm of the expected improvement on the best score, shape (w,)."""
    deviation = np.sqrt(posterior.variance)
    z = (posterior.mean - best) / deviation
    near = np.maximum(z, _FAR)
    near = np.log(near * ndtr(near) + np.exp(-0.5 * near * near) / np.sqrt(2 * np.pi))
    # Far below the best the terms above cancel; their ratio to the density tends to 1 / z**2.
    far = np.minimum(z, _FAR)
    far = -0.5 * far * far - 0.5 * np.log(2 * np.pi) - 2 * np.log(-far)
    result: Floats = np.log(deviation) + np.where(z > _FAR, near, far)
    return result
