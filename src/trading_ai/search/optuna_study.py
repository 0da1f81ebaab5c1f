"""Optuna by ask and tell: in memory, silent, and on candidates only.

Optuna samples boxes. Here every proposal is moved to the nearest untried candidate before Optuna records it,
so that a study holds nothing but trials that were really run.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState
from typing_extensions import override

from trading_ai.search.base import Scores
from trading_ai.search.candidates import Candidates, Points


@contextmanager
def silence() -> Iterator[None]:
    """No log lines and no warnings of experimental features; what the user set for Optuna stays as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


class _OnCandidates(BaseSampler):
    """Passes a sampler's proposals on, moved to candidates.

    Args:
        inner: the sampler.
        distributions: one for each axis with more than one value, by the axis' number.
        jointly: whether the sampler proposes all parameters at once; otherwise one by one.
        move: turns a proposed point into one that is to be tried.
    """

    def __init__(
        self,
        inner: BaseSampler,
        distributions: dict[str, BaseDistribution],
        *,
        jointly: bool,
        move: Callable[[dict[str, int]], dict[str, int]],
    ) -> None:
        self._inner, self._distributions, self._jointly, self._move = inner, distributions, jointly, move
        self.forced: dict[str, int] | None = None

    @override
    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._distributions

    @override
    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, int]:
        # Asked even if its answer is not wanted: genetic samplers note the generation of the trial here.
        found = dict(self._inner.sample_relative(study, trial, search_space if self._jointly else {}))
        if self.forced is not None:
            return self.forced
        for name, distribution in search_space.items():
            if name not in found:
                found[name] = self._inner.sample_independent(study, trial, name, distribution)
        return self._move(found)

    @override
    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> object:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    @override
    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self._inner.before_trial(study, trial)

    @override
    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self._inner.after_trial(study, trial, state, values)


class OptunaStudy:
    """A study over the axes of a space, in memory.

    Args:
        candidates: the space.
        sampler: what proposes.
        n_objectives: number of objectives, each maximized.
        jointly: whether the sampler proposes all parameters at once.
        move: turns a proposed point of the grid into the one to try.
    """

    def __init__(
        self,
        candidates: Candidates,
        sampler: BaseSampler,
        *,
        n_objectives: int,
        jointly: bool,
        move: Callable[[Points], Points],
    ) -> None:
        self._axes = candidates.axes
        self._n_axes = len(candidates.shape)
        self._distributions: dict[str, BaseDistribution] = {
            str(axis): IntDistribution(0, candidates.shape[axis] - 1)
            if candidates.ordered[axis]
            else CategoricalDistribution(tuple(range(candidates.shape[axis])))
            for axis in candidates.axes
        }
        self._sampler = _OnCandidates(
            sampler,
            self._distributions,
            jointly=jointly,
            move=lambda found: self._params(move(self._point(found))),
        )
        with silence():
            self._study = optuna.create_study(sampler=self._sampler, directions=["maximize"] * n_objectives)

    def _point(self, params: dict[str, int]) -> Points:
        point = np.zeros(self._n_axes, dtype=np.int64)
        for axis in self._axes:
            point[axis] = params[str(axis)]
        return point

    def _params(self, point: Points) -> dict[str, int]:
        return {str(axis): int(point[axis]) for axis in self._axes}

    def ask(self, point: Points | None = None) -> tuple[int, Points]:
        """Start a trial: its number and its point of the grid.

        Args:
            point: what to try instead of a proposal.
        """
        self._sampler.forced = None if point is None else self._params(point)
        trial = self._study.ask(self._distributions)
        return trial.number, self._point(trial.params)

    def add(self, point: Points, row: Scores | None) -> int:
        """Enter a trial past the sampler, a running one if there are no scores yet; its number."""
        self._study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.RUNNING if row is None else TrialState.COMPLETE,
                params=self._params(point),
                distributions=self._distributions,
                values=None if row is None else row.tolist(),
            )
        )
        return len(self._study.get_trials(deepcopy=False)) - 1

    def tell(self, number: int, row: Scores) -> None:
        """Finish a trial."""
        self._study.tell(number, row.tolist())
