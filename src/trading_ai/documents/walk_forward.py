"""A walk-forward as JSON: how far it is, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, Numbers, Uuid, form
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.parameters import Combination
from trading_ai.studies import stitching
from trading_ai.studies.exact_walk_forward import WalkForwardPlan

WalkForwardStatus = Literal["running", "paused", "completed", "failed"]
_BY_URGENCY: tuple[WalkForwardStatus, ...] = ("failed", "paused", "running", "completed")


@form()
class WalkForwardPart(TypedDict):
    """An optimization of a walk-forward: the training of a window, or the sweep of all days to compare with.

    Attributes:
        name: its name in the store.
        optimization_id: its id.
        status: running, paused, completed or failed.
        completed_tasks: trials stored.
        total_tasks: combinations to try.
    """

    name: str
    optimization_id: Uuid
    status: WalkForwardStatus
    completed_tasks: int
    total_tasks: int


@form(of=stitching.WindowResult)
class WalkForwardWindow(TypedDict):
    """One window: what was chosen where it learnt, and what that earned where it traded."""

    train_first: str
    test_first: str
    test_end: str
    n_train: int
    n_test: int
    complete: bool
    optimization_id: Uuid
    backtest_id: Uuid | None
    parameters: Combination | None
    in_sample: Number
    out_of_sample: Number
    in_sample_profit: Number
    out_of_sample_profit: Number
    n_trades: int
    n_cut: int
    instant_parameters: Combination | None
    instant_in_sample_profit: Number
    instant_out_of_sample_profit: Number


@form(of=stitching.ExactWalkForward)
class WalkForwardResult(TypedDict):
    """What a walk-forward found; undefined numbers are null.

    Attributes:
        days: dates of the stitched tests, ascending.
        daily_profit: profit of each of those days, account currency.
    """

    size: str
    anchored: bool
    objective: str
    windows: list[WalkForwardWindow]
    net_profit: Number
    sharpe: Number
    efficiency: Number
    share_of_winning_windows: Number
    n_distinct: int
    drift: dict[str, Number]
    n_cut: int
    instant_net_profit: Number
    instant_efficiency: Number
    n_same: int | None
    notes: list[str]
    costs_stated: str
    days: list[str]
    daily_profit: Numbers
    instant_daily_profit: Numbers | None


@form()
class WalkForwardState(TypedDict):
    """How far a walk-forward is, and what it found once everything is complete.

    Attributes:
        status: running, paused, completed or failed.
        backtest_id: the backtest that is walked forward.
        windows: lengths of training and test, such as "12M/3M".
        completed_tasks: trials stored, over all optimizations.
        total_tasks: combinations to try, over all optimizations.
        optimizations: the optimizations that were begun.
        notes: what may not be expected of the ranges, such as where one ends.
        result: what was found; null before everything is complete.
    """

    status: WalkForwardStatus
    backtest_id: Uuid
    windows: str
    completed_tasks: int
    total_tasks: int
    optimizations: list[WalkForwardPart]
    notes: list[str]
    result: WalkForwardResult | None


def walk_forward_json(
    plan: WalkForwardPlan,
    records: Sequence[OptimizationRecord | None],
    found: stitching.ExactWalkForward | None = None,
    *,
    is_beginning: bool = False,
) -> WalkForwardState:
    """How far a walk-forward is, and what it found.

    Args:
        plan: what it consists of.
        records: the optimization of each of the plan's parts, None where it was not begun.
        found: the result, once everything is complete.
        is_beginning: whether those that were not begun are being begun right now.
    """
    begun = [record for record in records if record is not None]
    states = {record.status for record in begun}
    if is_beginning:
        states.add("running")
    elif len(begun) < len(records) and states <= {"completed"}:  # between two parts nothing runs
        states.add("paused")
    return {
        "status": next(s for s in _BY_URGENCY if s in states),
        "backtest_id": plan.base.backtest_id,
        "windows": plan.size,
        "completed_tasks": sum(record.n_completed for record in begun),
        "total_tasks": sum(plan.n_total if record is None else record.n_total for record in records),
        "optimizations": [
            {
                "name": record.name,
                "optimization_id": record.optimization_id,
                "status": cast("WalkForwardStatus", record.status),  # a cancelled one is refused by who looks for it
                "completed_tasks": record.n_completed,
                "total_tasks": record.n_total,
            }
            for record in begun
        ],
        "notes": list(plan.spec.search.space.notes),
        "result": None if found is None else cast("WalkForwardResult", found.to_json()),
    }
