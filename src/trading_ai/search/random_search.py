"""Random search: distinct candidates drawn without replacement."""

from __future__ import annotations

from collections.abc import Callable

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
        draw: draws so many candidates, with repetition, where not every number below `n_candidates` is one.

    Raises:
        ParameterError: `max_iterations` is missing or not positive.
    """

    name = "random_search"

    def __init__(
        self,
        n_candidates: int,
        max_iterations: int | None = None,
        seed: int = 0,
        draw: Callable[[np.random.Generator, int], Positions] | None = None,
    ) -> None:
        if max_iterations is None:
            raise ParameterError(
                "is needed by random_search", parameter="max_iterations", remedy="Say how many combinations to try."
            )
        super().__init__(min(n_candidates, max_iterations))
        rng = np.random.default_rng(seed)
        self._drawn = (
            _distinct(rng, n_candidates, self.n_total) if draw is None else _first_of_each(draw, rng, self.n_total)
        )

    @override
    def _places(self, first: int, last: int) -> Positions:
        return self._drawn[first:last]


def _distinct(rng: np.random.Generator, n: int, k: int) -> Positions:
    """`k` distinct numbers of 0..n-1 in random order."""
    if k * 4 >= n:
        return rng.permutation(n)[:k].astype(np.int64)
    return _first_of_each(lambda rng, size: rng.integers(0, n, size=size), rng, k)


def _first_of_each(
    draw: Callable[[np.random.Generator, int], Positions], rng: np.random.Generator, k: int
) -> Positions:
    """Few out of many: draw with replacement and keep the first of each, until there are enough."""
    drawn = np.empty(0, dtype=np.int64)
    while drawn.size < k:
        drawn = np.concatenate([drawn, draw(rng, (k - drawn.size) + k // 8 + 16)])
        _, first = np.unique(drawn, return_index=True)
        drawn = drawn[np.sort(first)]
    return drawn[:k]
