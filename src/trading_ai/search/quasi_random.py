"""Quasi-random search: a scrambled Sobol sequence, which leaves smaller gaps than random draws do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc
from typing_extensions import override

from trading_ai.errors import ParameterError
from trading_ai.search.base import Positions
from trading_ai.search.candidates import Candidates
from trading_ai.search.fixed_order import FixedOrder

_FIRST_BLOCK, _LARGEST_BLOCK = 64, 2**18
_LARGEST_MASK = 2**26
_MOST_DRAWS = 2**26  # of a sequence that hardly ever hits a candidate
_MOST_DRAWS_PER_POINT = 2  # of the grid; by then most were drawn, and the rest follows in random order
_BITS = 52  # what a float holds, so that an axis may be long


class QuasiRandomSearch(FixedOrder):
    """Tries min(max_iterations, n_candidates) distinct candidates along a scrambled Sobol sequence.

    A point of the sequence that hits no candidate, or one that was hit before, is passed over. The candidates
    of a small budget are the first ones of a large budget.

    Args:
        candidates: the space.
        max_iterations: number of candidates to try.
        seed: seed of the scrambling.

    Raises:
        ParameterError: `max_iterations` is missing.
    """

    name = "quasi_random"

    def __init__(self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0) -> None:
        if max_iterations is None:
            raise ParameterError(
                "is needed by quasi_random", parameter="max_iterations", remedy="Say how many combinations to try."
            )
        super().__init__(min(candidates.n, max_iterations))
        self._order = _sequence(candidates, self.n_total, seed)

    @override
    def _places(self, first: int, last: int) -> Positions:
        return self._order[first:last]


class _Seen:
    """Keeps what is new of each block."""

    def __init__(self, n: int) -> None:
        self._mask = np.zeros(n, dtype=np.bool_) if n <= _LARGEST_MASK else None
        self.found = np.empty(0, dtype=np.int64)

    def add(self, positions: Positions) -> None:
        _, first = np.unique(positions, return_index=True)
        fresh = positions[np.sort(first)]
        if self._mask is not None:
            fresh = fresh[~self._mask[fresh]]
            self._mask[fresh] = True
        else:
            fresh = fresh[~np.isin(fresh, self.found)]
        self.found = np.concatenate([self.found, fresh])


def _sequence(candidates: Candidates, k: int, seed: int) -> Positions:
    """The first `k` distinct candidates on the sequence."""
    axes = list(candidates.axes)
    if not axes:
        return np.zeros(k, dtype=np.int64)
    engine = qmc.Sobol(len(axes), scramble=True, bits=_BITS, rng=seed)
    seen = _Seen(candidates.n)
    n_drawn, most = 0, _MOST_DRAWS_PER_POINT * int(np.prod(candidates.sizes.astype(np.float64)))
    if candidates.allowed is not None:
        most = _MOST_DRAWS
    while seen.found.size < k and n_drawn <= most:
        block = min(max(n_drawn, _FIRST_BLOCK), _LARGEST_BLOCK)  # powers of two keep the sequence balanced
        seen.add(_hits(candidates, axes, engine.random(block)))
        n_drawn += block
    if candidates.allowed is not None:
        rng = np.random.default_rng(seed)
        while seen.found.size < k:
            seen.add(candidates.draw(rng, k))
    elif seen.found.size < k:
        rest = np.setdiff1d(np.arange(candidates.n, dtype=np.int64), seen.found)
        seen.add(np.random.default_rng(seed).permutation(rest))
    return seen.found[:k]


def _hits(candidates: Candidates, axes: list[int], drawn: npt.NDArray[np.float64]) -> Positions:
    points = np.zeros((drawn.shape[0], len(candidates.shape)), dtype=np.int64)
    sizes = candidates.sizes[axes]
    points[:, axes] = np.minimum((drawn * sizes).astype(np.int64), sizes - 1)
    positions = candidates.positions(points)
    return positions[positions >= 0]
