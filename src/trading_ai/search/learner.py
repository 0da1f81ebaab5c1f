"""What methods share that learn: bookkeeping of what was asked and told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from typing_extensions import override

from trading_ai.errors import ParameterError
from trading_ai.search.base import Positions, Scores, SearchMethod
from trading_ai.search.budget import default_iterations
from trading_ai.search.candidates import Candidates, Untried
from trading_ai.search.quasi_random import QuasiRandomSearch


class EvenStart:
    """Candidates spread evenly, to learn from first.

    Args:
        candidates: the space.
        untried: what is left of it.
        n: how many there are at most.
        seed: seed of the sequence.
    """

    def __init__(self, candidates: Candidates, untried: Untried, n: int, seed: int) -> None:
        self._sequence = QuasiRandomSearch(candidates, min(n, candidates.n), seed)
        self._untried = untried

    def next(self) -> int | None:
        """The next one that is untried, None if there is none."""
        while (asked := self._sequence.ask(1)).size:
            if int(asked[0]) not in self._untried.taken:
                return int(asked[0])
        return None


class Learner(SearchMethod, ABC):
    """Proposes candidates by the scores that it was told.

    Args:
        candidates: the space.
        max_iterations: number of candidates to try in all; None for 5 % of them, 100 to 10,000.
        seed: seed of everything drawn.
        batch_size: how many are asked for at a time, as far as known.
    """

    name: ClassVar[str]
    learns: ClassVar[bool] = True
    several_objectives: ClassVar[bool] = False

    def __init__(
        self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0, batch_size: int = 1
    ) -> None:
        wanted = default_iterations(candidates.n) if max_iterations is None else max_iterations
        self.n_total = min(candidates.n, wanted)
        self._candidates = candidates
        self._batch_size = batch_size
        self._rng = np.random.default_rng(seed)
        self._untried = Untried(candidates, self._rng)
        self._told: set[int] = set()
        self._n_objectives = 0  # not known before the first scores

    @override
    def ask(self, n: int) -> Positions:
        wanted = min(n, self.n_total - len(self._untried.taken))
        found: list[int] = []
        if wanted > 0 and self._candidates.axes:
            self._prepare(wanted)
        for _ in range(wanted):
            position = self._propose() if self._candidates.axes else self._untried.draw()
            self._untried.take(position)
            found.append(position)
        return np.array(found, dtype=np.int64)

    @override
    def tell(self, positions: Positions, scores: Scores) -> None:
        """Learn scores, shape (m,) or (m, k); candidates that were never asked for count as tried from now on.

        Raises:
            ParameterError: a position is outside the space, or there are more objectives than the method takes.
        """
        if not len(positions):
            return
        rows = np.asarray(scores, dtype=np.float64).reshape(len(positions), -1)
        if rows.shape[1] != 1 and not self.several_objectives:
            raise ParameterError(
                "takes one objective",
                parameter="method",
                value=self.name,
                remedy="Use bayesian or genetic, or weigh the objectives into one.",
            )
        if self._n_objectives not in {0, rows.shape[1]}:
            raise ParameterError(
                f"must have {self._n_objectives} columns, as before", parameter="scores", value=rows.shape[1]
            )
        self._n_objectives = rows.shape[1]
        finite = np.isfinite(rows).all(axis=1, keepdims=True)
        rows = np.where(finite, rows, -np.inf)
        for position, row in zip(np.asarray(positions).tolist(), rows, strict=True):
            if not 0 <= position < self._candidates.n:
                raise ParameterError(f"must lie in 0..{self._candidates.n - 1}", parameter="position", value=position)
            if position in self._told:
                continue
            self._told.add(position)
            asked = position in self._untried.taken
            self._untried.take(position)
            if self._candidates.axes:
                self._learn(position, row, asked=asked)

    def _prepare(self, n: int) -> None:
        """Get ready for `n` proposals; most methods need not."""

    @abstractmethod
    def _propose(self) -> int:
        """One untried candidate; called only while there is one."""

    @abstractmethod
    def _learn(self, position: int, row: Scores, *, asked: bool) -> None:
        """One score of each objective, shape (k,), -inf throughout for a failed trial.

        Args:
            position: the candidate.
            row: its scores.
            asked: whether it came from `_propose`; otherwise it is a result of an earlier run.
        """
