"""What `trading_ai.optimization.verdicts.Verdicts` promises, on both databases."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.conformance.databases import store_of_a_run
from tests.conformance.test_store import OPTIMIZATION
from trading_ai.optimization.verdicts import KeptCriterion, VerdictRecord
from trading_ai.store.verdicts import SqlVerdicts

CRITERION = KeptCriterion("deflated_sharpe", 0.25, ">=", 0.95, holds=False, required=True)
VERDICT = VerdictRecord(
    OPTIMIZATION.optimization_id, 3, 1, {"stop_loss": 20, "kind": "a"}, "fragile", 5.0, (CRITERION,)
)


@pytest.fixture(params=["sqlite", "postgresql"])
def joined(request, tmp_path):
    with store_of_a_run(request, tmp_path) as (database, store):
        yield store, SqlVerdicts(database)


def test_the_last_verdict_on_a_trial_is_kept(joined) -> None:
    _, verdicts = joined
    verdicts.keep(VERDICT)
    later = replace(VERDICT, words="survives", judged_at=7.0)
    other = replace(VERDICT, combination_index=4, rank=2, judged_at=6.0)
    verdicts.keep(other)
    verdicts.keep(later)
    assert verdicts.all() == [later, other]


def test_what_is_undefined_stays_so(joined) -> None:
    _, verdicts = joined
    verdicts.keep(replace(VERDICT, criteria=(replace(CRITERION, value=math.nan),)))
    (found,) = verdicts.all()
    assert math.isnan(found.criteria[0].value)


def test_verdicts_go_with_their_optimization(joined) -> None:
    store, verdicts = joined
    verdicts.keep(VERDICT)
    store.delete_optimization(OPTIMIZATION.optimization_id)
    assert verdicts.all() == []
    verdicts.keep(VERDICT)
    assert verdicts.all() == []
