"""Coarse to fine: a coarse grid first, then finer ones where whole neighbourhoods score well."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from typing_extensions import override

from trading_ai.search.base import Positions, Scores
from trading_ai.search.candidates import Candidates, Points
from trading_ai.search.learner import Learner

Floats = npt.NDArray[np.float64]

_COARSE_SHARE = 0.25  # of the budget goes to the coarse grid
_APART = 4  # enough strides to be nobody's neighbour
_MOST_CENTRES = 512  # that are ranked at a time


class CoarseToFineSearch(Learner):
    """Zooms on plateaus, not on peaks.

    A coarse grid takes up to a quarter of the budget. Then each tried candidate is rated by the mean of its
    own score and that of its neighbourhood, and what lies around the best rated ones at half the distance is
    tried; each halving gets an equal share of what is left of the budget, the finest step all that remains.
    On an axis without order every other value is tried, and none says anything about another.

    Args as in `Learner`; the seed shifts the coarse grid.
    """

    name: ClassVar[str] = "coarse_to_fine"

    def __init__(
        self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0, batch_size: int = 1
    ) -> None:
        super().__init__(candidates, max_iterations, seed, batch_size)
        self._scores: dict[int, float] = {}
        self._strides, coarse = self._coarse_grid()
        self._queue = coarse.tolist()[::-1]
        self._until = 0  # trials after which the distance is halved
        self._around: set[int] = set()  # whose surroundings were queued at the present distance

    def _coarse_grid(self) -> tuple[Points, Positions]:
        """The strides of the coarse grid, and its candidates in random order."""
        budget = max(int(self.n_total * _COARSE_SHARE), 1)
        sizes = self._candidates.sizes
        strides = np.ones_like(sizes)
        share = self._candidates.share * self._candidates.n / math.prod(self._candidates.shape)
        while math.prod((counts := -(-sizes // strides)).tolist()) * share > budget:
            # An axis with one value left cannot give way, also where its weight is as large as that of another.
            width = np.where(counts > 1, counts * np.where(self._candidates.ordered, 1.0, 0.5), 0.0)
            strides[int(np.argmax(width))] *= 2
        return strides, self._lattice(strides)

    def _lattice(self, strides: Points) -> Positions:
        starts = [
            int(self._rng.integers(min(s, n))) for s, n in zip(strides.tolist(), self._candidates.shape, strict=True)
        ]
        axes = [
            np.arange(start, size, stride)
            for start, size, stride in zip(starts, self._candidates.shape, strides.tolist(), strict=True)
        ]
        points = np.stack([grid.ravel() for grid in np.meshgrid(*axes, indexing="ij")], axis=-1)
        positions = self._candidates.positions(points)
        return self._rng.permutation(positions[positions >= 0])

    @override
    def _learn(self, position: int, row: Scores, *, asked: bool) -> None:
        self._scores[position] = float(row[0])

    @override
    def _propose(self) -> int:
        while True:
            while self._queue:
                position = int(self._queue.pop())
                if position not in self._untried.taken:
                    return position
            if not self._plan():
                return self._untried.draw()

    def _plan(self) -> bool:
        """Queue what lies around the best rated candidates; False if nothing untried does."""
        n_tried = len(self._untried.taken)
        while not self._queue and self._scores:
            finest = int(self._strides.max()) == 1
            if not finest and n_tried >= self._until:
                self._strides = np.maximum(self._strides // 2, 1)
                self._around.clear()
                n_levels = int(self._strides.max()).bit_length()
                self._until = n_tried + max((self.n_total - n_tried) // n_levels, 1)
            for centre in self._best_centres():
                self._around.add(centre)
                self._queue[:0] = self._neighbours(centre)[::-1]
                if len(self._queue) >= self._batch_size:
                    break
            if finest:
                break
            if not self._queue:
                self._until = 0
        return bool(self._queue)

    def _best_centres(self) -> list[int]:
        """Candidates to zoom on, best neighbourhood first."""
        positions = np.array(list(self._scores), dtype=np.int64)
        scores = np.array(list(self._scores.values()))
        finite = scores[np.isfinite(scores)]
        scores = np.where(np.isfinite(scores), scores, finite.min() if finite.size else 0.0)
        left = np.flatnonzero([p not in self._around for p in positions.tolist()])
        if left.size > _MOST_CENTRES:
            left = left[np.argsort(-scores[left], kind="stable")[:_MOST_CENTRES]]
        places = self._candidates.points(positions) / (2 * self._strides)
        places[:, [not flag for flag in self._candidates.ordered]] *= _APART
        tree = cKDTree(places)
        near = tree.query_ball_point(places[left], r=1.0 + 1e-9, p=np.inf)
        around = np.array([scores[members].mean() for members in near])
        rated = (scores[left] + around) / 2
        order = np.argsort(-rated, kind="stable")
        return [int(p) for p in positions[left[order]]]

    def _neighbours(self, centre: int) -> list[int]:
        """Untried candidates one stride away along one axis, in random order."""
        point = self._candidates.point(centre)
        found: list[Points] = []
        for axis in self._candidates.axes:
            place, size, stride = int(point[axis]), self._candidates.shape[axis], int(self._strides[axis])
            for other in (place - stride, place + stride) if self._candidates.ordered[axis] else range(size):
                if other != place and 0 <= other < size:
                    moved = point.copy()
                    moved[axis] = other
                    found.append(moved)
        positions = self._candidates.positions(np.array(found, dtype=np.int64).reshape(-1, point.shape[0]))
        return [p for p in self._rng.permutation(positions).tolist() if p >= 0 and p not in self._untried.taken]
