"""What a search method is: it asks for combinations and is told their scores; it runs nothing itself.

Methods see positions 0..n_candidates-1 and scores only. They know no market, no strategy and no store.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


class SearchMethod(Protocol):
    """Chooses which candidates to try, and in which order."""

    @property
    def n_total(self) -> int:
        """Number of candidates that will be asked for in all."""
        ...

    def ask(self, n: int) -> Positions:
        """The next candidates to try, at most `n`, each one once; empty when there are no more.

        The sequence over all calls does not depend on how many are asked for at a time.
        """
        ...

    def tell(self, positions: Positions, scores: Scores) -> None:
        """Report scores, larger is better, NaN where undefined; methods that do not learn ignore them."""
        ...
