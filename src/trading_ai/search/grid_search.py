"""Grid search: every candidate, in order."""

from __future__ import annotations

import numpy as np
from typing_extensions import override

from trading_ai.search.base import Positions
from trading_ai.search.fixed_order import FixedOrder


class GridSearch(FixedOrder):
    """Tries candidates 0, 1, 2, ... up to `max_iterations` of them.

    Args:
        n_candidates: size of the space.
        max_iterations: stop after so many; None for all.
        seed: ignored; there is nothing to draw.
    """

    name = "grid_search"

    def __init__(self, n_candidates: int, max_iterations: int | None = None, seed: int = 0) -> None:  # noqa: ARG002
        super().__init__(n_candidates if max_iterations is None else min(n_candidates, max_iterations))

    @override
    def _places(self, first: int, last: int) -> Positions:
        return np.arange(first, last, dtype=np.int64)
