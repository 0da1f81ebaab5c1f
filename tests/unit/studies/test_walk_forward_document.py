"""How far a walk-forward is said to be, whatever its parts do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from trading_ai.documents.walk_forward import WalkForwardState, walk_forward_json
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.parameters import ParameterRange, SearchSpace

SPACE = SearchSpace((ParameterRange("fast", 1, 10, 4),))
SPEC = SimpleNamespace(search=OptimizationSpec("b", SPACE))
PLAN = cast("Any", SimpleNamespace(base=SimpleNamespace(backtest_id="b"), size="6M/2M", n_total=10, spec=SPEC))


def part(status: str | None) -> OptimizationRecord | None:
    if status is None:
        return None
    done = {"completed": 10, "running": 4}.get(status, 3)
    return OptimizationRecord(
        "o", "part", OptimizationSpec("b", SearchSpace(())), cast("Any", status), 10, done, 0, "", "", 0.0
    )


@pytest.mark.parametrize(
    ("parts", "status", "done"),
    [
        (["completed", "completed"], "completed", 20),
        (["completed", "running"], "running", 14),
        (["paused", "running"], "paused", 7),
        (["failed", "paused", "running"], "failed", 10),
        (["completed", None], "paused", 10),
        (["completed", "running", None], "running", 14),
        ([None, None], "paused", 0),
    ],
)
def test_the_state_is_that_of_the_part_that_most_needs_somebody(parts, status, done):
    state = walk_forward_json(PLAN, [part(p) for p in parts])
    assert (state["status"], state["completed_tasks"], state["total_tasks"]) == (status, done, 10 * len(parts))
    assert [p["status"] for p in state["optimizations"]] == [p for p in parts if p]
    assert state["notes"] == ["fast ends at 9, not at 10: steps of 4 from 1 on do not meet it"]
    assert TypeAdapter(WalkForwardState).validate_python(state) == state
