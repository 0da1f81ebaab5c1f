"""Verdicts that were given: what a study of a trial said, kept so that many can be looked at together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from trading_ai.parameters import Combination


@dataclass(frozen=True)
class KeptCriterion:
    """A criterion of a verdict.

    Attributes:
        name: its name.
        value: what was found; NaN where undefined or not measured.
        comparison: how it is compared with the threshold.
        threshold: what is asked.
        holds: whether it holds.
        required: whether the verdict needs it.
    """

    name: str
    value: float
    comparison: str
    threshold: float
    holds: bool
    required: bool


@dataclass(frozen=True)
class VerdictRecord:
    """A verdict on a trial.

    Attributes:
        optimization_id: the trial's optimization.
        combination_index: its place in the search space.
        rank: its rank when it was judged, 1 for the best.
        parameters: its searched parameters.
        words: survives, fragile or likely luck.
        judged_at: when, seconds since 1970 (UTC).
        criteria: what the verdict rests on.
    """

    optimization_id: str
    combination_index: int
    rank: int
    parameters: Combination
    words: str
    judged_at: float
    criteria: tuple[KeptCriterion, ...]


class Verdicts(Protocol):
    """Where verdicts stay. Every method may raise `StorageError`."""

    def keep(self, record: VerdictRecord) -> None:
        """Keep a verdict in the place of an earlier one on the same trial; of a deleted optimization none is kept."""
        ...

    def all(self) -> list[VerdictRecord]:
        """Every verdict, newest first."""
        ...
