"""CMA-ES: a normal distribution that moves and stretches towards good scores."""

from __future__ import annotations

from typing import ClassVar

import cmaes
import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.search.base import Scores
from trading_ai.search.candidates import Candidates, Points
from trading_ai.search.learner import Learner

Floats = npt.NDArray[np.float64]

_FIRST_SIGMA = 0.25  # of an axis
_MORE = 1.5  # population of a restart, compared with the one before


class CmaEsSearch(Learner):
    """Samples around a mean, and learns mean, spread and direction of the sampling from each generation.

    Ordered axes are stretched to 0..1. An axis without order is replaced by one number for each of its
    values, the largest of which decides. When the spread falls below the grid's steps, and so proposes little
    but what was tried, the search starts anew from a random place with a larger population.

    The sampler is that of the cmaes package: Optuna's, which is built on it, has neither restarts nor
    categorical axes.

    Args as in `Learner`.
    """

    name: ClassVar[str] = "cma_es"

    def __init__(
        self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0, batch_size: int = 1
    ) -> None:
        super().__init__(candidates, max_iterations, seed, batch_size)
        self._widths = [1 if candidates.ordered[axis] else candidates.shape[axis] for axis in candidates.axes]
        self._n_dimensions = max(sum(self._widths), 1)
        self._size = 4 + int(3 * np.log(self._n_dimensions))
        self._sampled: dict[int, Floats] = {}  # of running trials, by position
        self._generation: list[tuple[Floats, float]] = []
        self._repeats = 0
        self._sampler = self._start(np.full(self._n_dimensions, 0.5))

    def _start(self, mean: Floats) -> cmaes.CMA:
        bounds = np.tile([0.0, 1.0], (self._n_dimensions, 1))
        self._generation, self._repeats = [], 0
        seed = int(self._rng.integers(2**31))
        return cmaes.CMA(mean=mean, sigma=_FIRST_SIGMA, bounds=bounds, population_size=self._size, seed=seed)

    @override
    def _propose(self) -> int:
        if self._repeats > 2 * self._size:
            self._size = int(self._size * _MORE)
            self._sampler = self._start(self._rng.random(self._n_dimensions))
        sampled = self._sampler.ask()
        wanted = self._point(sampled)
        position = self._untried.nearest(wanted)
        found = self._candidates.point(position)
        if np.array_equal(found, wanted):
            self._repeats = 0
        else:
            self._repeats += 1
            sampled = self._encode(found)
        self._sampled[position] = sampled
        return position

    @override
    def _learn(self, position: int, row: Scores, *, asked: bool) -> None:
        sampled = self._sampled.pop(position) if asked else self._encode(self._candidates.point(position))
        self._generation.append((sampled, -float(row[0])))
        if len(self._generation) >= self._sampler.population_size:
            order = np.argsort([score for _, score in self._generation], kind="stable")
            # Ranks say all that the sampler needs, and are finite for failed trials too.
            self._sampler.tell([(self._generation[i][0], float(rank)) for rank, i in enumerate(order)])
            self._generation = []

    def _point(self, sampled: Floats) -> Points:
        """The grid's point that a sampled vector stands for."""
        point = np.zeros(len(self._candidates.shape), dtype=np.int64)
        start = 0
        for axis, width in zip(self._candidates.axes, self._widths, strict=True):
            size = self._candidates.shape[axis]
            part = sampled[start : start + width]
            point[axis] = min(int(part[0] * size), size - 1) if self._candidates.ordered[axis] else int(part.argmax())
            start += width
        return point

    def _encode(self, point: Points) -> Floats:
        """A vector that stands for a point of the grid."""
        parts = [
            np.array([(point[axis] + 0.5) / self._candidates.shape[axis]])
            if self._candidates.ordered[axis]
            else np.where(np.arange(width) == point[axis], 0.75, 0.25)
            for axis, width in zip(self._candidates.axes, self._widths, strict=True)
        ]
        return np.concatenate(parts)
