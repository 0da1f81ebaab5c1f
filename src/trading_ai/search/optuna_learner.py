"""What methods share whose learning is done by an Optuna sampler."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from optuna.samplers import BaseSampler
from typing_extensions import override

from trading_ai.search.base import Scores
from trading_ai.search.candidates import Candidates, Points
from trading_ai.search.learner import EvenStart, Learner
from trading_ai.search.optuna_study import OptunaStudy, silence

_MOST, _KEPT, _KEPT_BEST = 1000, 500, 100


class OptunaLearner(Learner):
    """Asks a sampler of Optuna and moves what it proposes to the nearest untried candidate.

    The samplers take time in proportion to the trials in their study. So at 1,000 finished trials the study is
    begun anew with 500 of them: the 100 best, and a sample of the others.

    Args as in `Learner`.
    """

    several_objectives: ClassVar[bool] = True
    takes_part: ClassVar[bool] = False
    """Whether the sampler must have seen a trial begin, in order to learn from it."""

    n_first: int
    """Trials spread evenly before the sampler decides."""

    def __init__(
        self, candidates: Candidates, max_iterations: int | None = None, seed: int = 0, batch_size: int = 1
    ) -> None:
        super().__init__(candidates, max_iterations, seed, batch_size)
        self.n_first = self._count_first()
        self._start = EvenStart(candidates, self._untried, max(self.n_first, batch_size), seed)
        self._running: dict[int, int] = {}  # number in the study, by position
        self._shown: dict[int, Scores] = {}  # finished trials in the study, by position, in the order told
        self._study = self._new_study()

    @abstractmethod
    def _count_first(self) -> int:
        """Trials spread evenly before the sampler decides."""

    @abstractmethod
    def _sampler(self, n_objectives: int, seed: int) -> BaseSampler:
        """The sampler of a study."""

    def _jointly(self, n_objectives: int) -> bool:  # noqa: ARG002
        """Whether the sampler proposes all parameters at once."""
        return True

    def _new_study(self) -> OptunaStudy:
        n_objectives = max(self._n_objectives, 1)
        with silence():  # some versions warn of an experimental argument when a sampler is made
            sampler = self._sampler(n_objectives, int(self._rng.integers(2**31)))
        return OptunaStudy(
            self._candidates,
            sampler,
            n_objectives=n_objectives,
            jointly=self._jointly(n_objectives),
            move=self._move,
        )

    def _move(self, point: Points) -> Points:
        return self._candidates.point(self._untried.nearest(point))

    @override
    def _propose(self) -> int:
        start = self._start.next() if len(self._told) < self.n_first else None
        number, point = self._study.ask(None if start is None else self._candidates.point(start))
        position = self._candidates.position(point)
        self._running[position] = number
        return position

    @override
    def _learn(self, position: int, row: Scores, *, asked: bool) -> None:
        first = not self._shown
        self._shown[position] = row
        if (first and row.shape[0] > 1) or len(self._shown) > _MOST:
            self._running.pop(position, None)
            self._begin_anew()
        elif asked:
            self._study.tell(self._running.pop(position), row)
        else:
            self._enter(position, row)

    def _enter(self, position: int, row: Scores) -> None:
        """Enter a finished trial that the study did not ask for."""
        point = self._candidates.point(position)
        if self.takes_part:
            self._study.tell(self._study.ask(point)[0], row)
        else:
            self._study.add(point, row)

    def _begin_anew(self) -> None:
        """A new study with some of the finished trials, and those that run."""
        if len(self._shown) > _MOST:
            self._shown = self._sample()
        self._study = self._new_study()
        for position, row in self._shown.items():
            self._enter(position, row)
        for position in self._running:
            point = self._candidates.point(position)
            self._running[position] = self._study.ask(point)[0] if self.takes_part else self._study.add(point, None)

    def _sample(self) -> dict[int, Scores]:
        positions = np.array(list(self._shown))
        best = np.argsort(-_merit(np.array(list(self._shown.values()))), kind="stable")
        others = self._rng.permutation(best[_KEPT_BEST:])[: _KEPT - _KEPT_BEST]
        kept = np.sort(np.concatenate([best[:_KEPT_BEST], others]))
        return {int(p): self._shown[int(p)] for p in positions[kept]}


def _merit(rows: Scores) -> Scores:
    """One number a trial, larger is better: the score, or minus the number of trials that dominate it."""
    if rows.shape[1] == 1:
        return rows[:, 0]
    dominating = [((rows >= row).all(axis=1) & (rows > row).any(axis=1)).sum() for row in rows]
    return -np.array(dominating, dtype=np.float64)
