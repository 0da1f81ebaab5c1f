"""Grid search: every candidate, in order."""

from __future__ import annotations

import numpy as np

from trading_ai.search.base import Positions, Scores


class GridSearch:
    """Tries candidates 0, 1, 2, ... up to `max_iterations` of them.

    Args:
        n_candidates: size of the space.
        max_iterations: stop after so many; None for all.
        seed: ignored; there is nothing to draw.
    """

    name = "grid_search"

    def __init__(self, n_candidates: int, max_iterations: int | None = None, seed: int = 0) -> None:  # noqa: ARG002
        self.n_total = n_candidates if max_iterations is None else min(n_candidates, max_iterations)
        self._next = 0

    def ask(self, n: int) -> Positions:
        """The next `n` positions in order."""
        first, self._next = self._next, min(self._next + n, self.n_total)
        return np.arange(first, self._next, dtype=np.int64)

    def tell(self, positions: Positions, scores: Scores) -> None:
        """Grid search does not learn."""
