"""A study's verdict as it is kept."""

from __future__ import annotations

from trading_ai.optimization.verdicts import KeptCriterion, VerdictRecord
from trading_ai.studies.assessment import Assessment


def verdict_of(found: Assessment, now: float) -> VerdictRecord:
    """The verdict of a study.

    Args:
        found: the study.
        now: when it was made, seconds since 1970 (UTC).
    """
    verdict = found.study.verdict
    return VerdictRecord(
        optimization_id=found.record.optimization_id,
        combination_index=found.winner_index,
        rank=found.rank,
        parameters=found.parameters,
        words=verdict.words,
        judged_at=now,
        criteria=tuple(
            KeptCriterion(c.name, c.value, c.comparison, c.threshold, c.holds, c.required) for c in verdict.criteria
        ),
    )
