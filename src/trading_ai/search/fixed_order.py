"""What methods share whose order is fixed beforehand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from typing_extensions import override

from trading_ai.search.base import Positions, Scores, SearchMethod


class FixedOrder(SearchMethod, ABC):
    """Hands out a sequence of candidates that no score changes.

    Args:
        n_total: length of the sequence.
    """

    learns: ClassVar[bool] = False

    def __init__(self, n_total: int) -> None:
        self.n_total = n_total
        self._next = 0
        self._known = np.empty(0, dtype=np.int64)

    @abstractmethod
    def _places(self, first: int, last: int) -> Positions:
        """Candidates `first` up to but not including `last` of the sequence."""

    @override
    def ask(self, n: int) -> Positions:
        while self._next < self.n_total and n > 0:
            first, self._next = self._next, min(self._next + n, self.n_total)
            found = self._places(first, self._next)
            if self._known.size:
                found = found[~np.isin(found, self._known)]
            if found.size:
                return found
        return np.empty(0, dtype=np.int64)

    @override
    def tell(self, positions: Positions, scores: Scores) -> None:
        if self._next == 0:
            self._known = np.union1d(self._known, positions)
