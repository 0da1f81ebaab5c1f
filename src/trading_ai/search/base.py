"""What a search method is: it asks for combinations and is told their scores; it runs nothing itself.

Methods see positions 0..n_candidates-1, the shape of the grid these lie in, and scores. They know no market,
no strategy and no store.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


class SearchMethod(Protocol):
    """Chooses which candidates to try, and in which order."""

    learns: ClassVar[bool]
    """Whether what it asks for depends on the scores: such a method is told a batch before the next one."""

    n_total: int
    """Number of candidates that will be tried in all."""

    def ask(self, n: int) -> Positions:
        """The next candidates to try, at most `n`, each one once; empty when there are no more.

        The sequence of a method that does not learn does not depend on how many are asked for at a time.
        That of a method that learns depends on its seed, on the sizes of the batches and on the order of the
        scores told, and on nothing else.
        """
        ...

    def tell(self, positions: Positions, scores: Scores) -> None:
        """Report scores, larger is better, NaN where undefined.

        Positions that were never asked for are results of an earlier run: they count as tried, so that
        telling everything that is known to a new method resumes an interrupted search. A method that
        learns goes on from all of it, though not with the very candidates of an uninterrupted search. One that
        does not uses only what it is told before the first `ask`, to leave those candidates out.

        Args:
            positions: candidates, shape (m,), in any order; one told before is ignored.
            scores: shape (m,), or (m, k) for k objectives.
        """
        ...
