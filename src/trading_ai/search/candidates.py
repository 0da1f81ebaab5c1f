"""Candidates as points of a grid, and which of them are still untried."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.search.base import Positions

Points = npt.NDArray[np.int64]
Allowed = Callable[[Positions], npt.NDArray[np.bool_]]

_LARGEST_BOX = 20_000  # points looked at around one point, before an untried one is drawn from everywhere
_LARGEST_LIST = 2**26
_LARGEST_DRAW = 2**20
_ROUNDS = 1000
_DRAWS = 32  # attempts at hitting an untried candidate before the untried ones are listed


class Candidates:
    """Positions 0..n-1 and the places on the axes that they stand for.

    Args:
        n: number of candidates.
        shape: number of values on each axis; None for one axis with every candidate on it.
        indices: for each candidate its index in the full grid, ascending; None if the grid is full.
        ordered: for each axis whether its values are ordered; None for all. On an axis that is not, any value
            is as near to another as any other.
        allowed: of a full grid too large to list, which positions may be tried; None for all.
        share: about what share of the positions that is.

    Raises:
        ParameterError: the arguments do not fit each other.
    """

    def __init__(
        self,
        n: int,
        shape: Sequence[int] | None = None,
        indices: Positions | None = None,
        ordered: Sequence[bool] | None = None,
        *,
        allowed: Allowed | None = None,
        share: float = 1.0,
    ) -> None:
        if allowed is not None and indices is not None:
            raise ParameterError("is for grids that are not listed", parameter="allowed")
        self.allowed, self.share = allowed, share
        if indices is not None and shape is None:
            raise ParameterError("is needed along with candidates", parameter="shape")
        self.n = n
        self.shape = (n,) if shape is None else tuple(int(size) for size in shape) or (1,)
        self.ordered = tuple(bool(flag) for flag in ordered) if ordered else (True,) * len(self.shape)
        if len(self.ordered) != len(self.shape):
            raise ParameterError(f"must have one entry for each of {len(self.shape)} axes", parameter="ordered")
        grid = math.prod(self.shape)
        self.indices = None if indices is None or indices.shape[0] == grid else np.asarray(indices, dtype=np.int64)
        if n != (grid if self.indices is None else self.indices.shape[0]):
            raise ParameterError("must be the number of candidates", parameter="n_candidates", value=n)
        if self.indices is not None and (
            self.indices[0] < 0 or self.indices[-1] >= grid or (np.diff(self.indices) <= 0).any()
        ):
            raise ParameterError("must be ascending indices into the grid", parameter="candidates")
        self.sizes = np.array(self.shape, dtype=np.int64)
        self.axes = tuple(axis for axis, size in enumerate(self.shape) if size > 1)

    def points(self, positions: Positions) -> Points:
        """Where candidates lie: the place on each axis, shape (m, n_axes)."""
        flat = positions if self.indices is None else self.indices[positions]
        return np.stack(np.unravel_index(flat, self.shape), axis=-1).astype(np.int64)

    def point(self, position: int) -> Points:
        """Where one candidate lies, shape (n_axes,)."""
        found: Points = self.points(np.array([position], dtype=np.int64))[0]
        return found

    def position(self, point: Points) -> int:
        """The candidate at one point; -1 if there is none."""
        return int(self.positions(point[None])[0])

    def positions(self, points: Points) -> Positions:
        """The candidates at points of the grid, shape (m,); -1 where there is none."""
        flat: Positions = np.ravel_multi_index(tuple(points.T), self.shape).astype(np.int64)
        if self.indices is None:
            return flat if self.allowed is None else np.where(self.allowed(flat), flat, -1)
        place = np.minimum(np.searchsorted(self.indices, flat), self.n - 1)
        return np.where(self.indices[place] == flat, place, -1)

    def draw(self, rng: np.random.Generator, n: int) -> Positions:
        """`n` candidates, each as likely as any other, with repetition; fewer only where hardly any is allowed."""
        if self.allowed is None:
            return rng.integers(self.n, size=n)
        found = np.empty(0, dtype=np.int64)
        for _ in range(_ROUNDS):
            drawn = rng.integers(self.n, size=min(int((n - found.size) / self.share) + 16, _LARGEST_DRAW))
            found = np.concatenate((found, drawn[self.allowed(drawn)]))
            if found.size >= n:
                break
        return found[:n]

    def distances(self, points: Points, point: Points) -> npt.NDArray[np.float64]:
        """Squared distances, each axis counted as 1 from end to end, or as 1 if unordered and different."""
        steps = points - point
        parts = np.where(self.ordered, (steps / self.sizes) ** 2, steps != 0)
        result: npt.NDArray[np.float64] = parts.sum(axis=1)
        return result

    def around(self, point: Points, radius: int) -> Points | None:
        """The grid's points in a box around one; None if they are too many.

        Args:
            point: the centre, shape (n_axes,).
            radius: half the box along the longest axis; less on shorter ones in proportion, at least 1.
        """
        longest = max(self.shape)
        ranges: list[range] = []
        for place, size, flag in zip(point.tolist(), self.shape, self.ordered, strict=True):
            reach = -(-radius * size // longest) if flag else size
            ranges.append(range(max(place - reach, 0), min(place + reach + 1, size)))
        if math.prod(len(part) for part in ranges) > _LARGEST_BOX:
            return None
        grids = np.meshgrid(*(np.arange(part.start, part.stop) for part in ranges), indexing="ij")
        return np.stack([grid.ravel() for grid in grids], axis=-1)


class Untried:
    """The candidates that nobody asked for or told so far.

    Args:
        candidates: all of them.
        rng: what draws among equals.
    """

    def __init__(self, candidates: Candidates, rng: np.random.Generator) -> None:
        self._candidates, self._rng = candidates, rng
        self.taken: set[int] = set()
        self._listed: list[int] | None = None

    def take(self, position: int) -> None:
        """Count a candidate as tried."""
        self.taken.add(position)

    def nearest(self, point: Points) -> int:
        """An untried candidate at or near a point of the grid; drawn from everywhere if there is none near."""
        exact = self._candidates.position(point)
        if exact >= 0 and exact not in self.taken:
            return exact
        longest = max(self._candidates.shape)
        for radius in itertools.takewhile(lambda r: r < 2 * longest, (2**i for i in itertools.count())):
            box = self._candidates.around(point, radius)
            if box is None:
                break
            positions = self._candidates.positions(box)
            free = np.array([p >= 0 and p not in self.taken for p in positions.tolist()])
            if free.any():
                distances = self._candidates.distances(box[free], point)
                best = np.flatnonzero(distances <= distances.min() * (1 + 1e-9))
                return int(positions[free][best[self._rng.integers(best.size)]])
        return self.draw()

    def around(self, point: Points) -> Positions:
        """The untried candidates one step around a point of the grid."""
        box = self._candidates.around(point, 1)
        positions = np.empty(0, dtype=np.int64) if box is None else self._candidates.positions(box)
        return np.array([p for p in positions.tolist() if p >= 0 and p not in self.taken], dtype=np.int64)

    def draw(self) -> int:
        """Any untried candidate, each as likely as any other.

        Raises:
            IndexError: there is none.
        """
        if self._candidates.allowed is not None or self._candidates.n > _LARGEST_LIST:
            for _ in range(_ROUNDS):  # so many that the tried ones are few
                for position in self._candidates.draw(self._rng, _DRAWS).tolist():
                    if position not in self.taken:
                        return int(position)
            raise IndexError("hardly anything is left to draw")
        if self._listed is None:
            for _ in range(_DRAWS):
                position = int(self._rng.integers(self._candidates.n))
                if position not in self.taken:
                    return position
            # Nearly everything is tried: list the rest once, in random order.
            free = np.ones(self._candidates.n, dtype=np.bool_)
            free[list(self.taken)] = False
            self._listed = self._rng.permutation(np.flatnonzero(free)).tolist()
        while True:
            position = self._listed.pop()
            if position not in self.taken:
                return position
