"""Random search: distinct candidates drawn without replacement."""

from __future__ import annotations

import numpy as np
from typing_extensions import override

from trading_ai.errors import ParameterError
from trading_ai.search.base import Positions
from trading_ai.search.fixed_order import FixedOrder


class RandomSearch(FixedOrder):
    """Tries exactly min(max_iterations, n_candidates) distinct candidates, the same ones for the same seed.

    The draw is made once, so it depends neither on how many are asked for at a time nor on the number of
    workers. Memory is proportional to `max_iterations`, whatever the size of the space.

    Args:
        n_candidates: size of the space.
        max_iterations: number of candidates to try.
        seed: seed of the draw.

    Raises:
        ParameterError: `max_iterations` is missing or not positive.
    """

    name = "random_search"

    def __init__(self, n_candidates: int, max_iterations: int | None = None, seed: int = 0) -> None:
        if max_iterations is None:
            raise ParameterError(
                "is needed by random_search", parameter="max_iterations", remedy="Say how many combinations to try."
            )
        super().__init__(min(n_candidates, max_iterations))
        self._drawn = _distinct(np.random.default_rng(seed), n_candidates, self.n_total)

    @override
    def _places(self, first: int, last: int) -> Positions:
        return self._drawn[first:last]


def _distinct(rng: np.random.Generator, n: int, k: int) -> Positions:
    """`k` distinct numbers of 0..n-1 in random order."""
    if k * 4 >= n:
        return rng.permutation(n)[:k].astype(np.int64)
    # Few out of many: draw with replacement and keep the first of each, until there are enough.
    drawn = np.empty(0, dtype=np.int64)
    while drawn.size < k:
        drawn = np.concatenate([drawn, rng.integers(0, n, size=(k - drawn.size) + k // 8 + 16)])
        _, first = np.unique(drawn, return_index=True)
        drawn = drawn[np.sort(first)]
    return drawn[:k]
