"""Building a search: its space as a form, its size and expected time as one types, and the start."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from trading_ai.api.asked import spec_from
from trading_ai.api.context import context_of
from trading_ai.api.optimizer import start
from trading_ai.api.problems import problem_of
from trading_ai.api.schemas import OptimizeBody
from trading_ai.dashboard.home import title_of
from trading_ai.dashboard.pages import PageRoute, Reader, Runner, as_json, render
from trading_ai.dashboard.wording import duration
from trading_ai.documents.strategies import strategy_json
from trading_ai.errors import TradingAIError
from trading_ai.evaluation.speed import Speed
from trading_ai.metrics.catalog import METRICS
from trading_ai.options import rows_of
from trading_ai.parameters import Axis, Choices, ParameterRange, value_text
from trading_ai.search.registry import METHODS
from trading_ai.strategies.registry import is_built_in, strategy

if TYPE_CHECKING:
    from trading_ai.api.context import Context
    from trading_ai.optimization.model import OptimizationSpec
    from trading_ai.optimization.records import BacktestRecord, OptimizationRecord

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_COUNTED_UP_TO = 2_000_000
"""Combinations up to which those that break a rule are counted while one types."""

_WRITTEN = {"method", "objective", "constraints", "parameter_constraints", "max_iterations"}
"""Options that have a place of their own on the page."""

_SPEEDS_KEPT = 32


@router.get("/optimize")
def page(
    request: Request,
    _: Reader,
    backtest: Annotated[str, Query(max_length=200)] = "",
    begin: Annotated[str, Query(alias="from", max_length=200)] = "",
) -> Response:
    """The form; around a backtest, or as an earlier search was."""
    store = context_of(request).store
    every = [record for record in store.backtests() if not record.part_of and record.spec.strategy != "replay"]
    earlier = store.optimization(begin) if begin else None
    chosen = None
    if earlier is not None:
        chosen = store.backtest(earlier.spec.backtest_id)
    elif backtest:
        chosen = store.backtest(backtest)
    elif every:
        chosen = every[0]
    rows, problem = [], ""
    if chosen is not None:
        try:
            rows = _parameters(chosen, None if earlier is None else earlier.spec)
        except TradingAIError as error:
            problem = str(error)
    options = [
        row for row in rows_of("optimization") if row.in_api and row.kind != "object" and row.field not in _WRITTEN
    ]
    return render(
        request,
        "optimize.html",
        backtests=[(record.backtest_id, title_of(record.name, record), record) for record in every[:300]],
        chosen=chosen,
        rows=rows,
        problem=problem,
        methods=[METHODS[name] for name in METHODS],
        objectives=[metric.name for metric in METRICS if metric.better],
        options=options,
        given={} if earlier is None else {row.field: _as_given(earlier.spec, row.field) for row in options},
        priority=5 if earlier is None else earlier.priority,
        earlier=None if earlier is None else _as_asked(earlier),
    )


def _as_asked(record: OptimizationRecord) -> OptimizationSpec:
    """What an earlier search was asked for: what a warm start began with came on top of its combinations."""
    spec = record.spec
    if not spec.warm_start or spec.max_iterations is None or not METHODS[spec.method].learns:
        return spec
    return replace(spec, max_iterations=max(spec.max_iterations - record.n_reused, 1))


def _as_given(spec: OptimizationSpec, field: str) -> Any:
    """What an earlier search was told, as a field of the form has it."""
    value = getattr(spec, field)
    return [str(each) for each in value] if isinstance(value, tuple) else value


def _parameters(backtest: BacktestRecord, earlier: OptimizationSpec | None) -> list[dict[str, Any]]:
    """What can be searched, each with the range that is offered first."""
    declared = strategy_json(backtest.spec.strategy, strategy(backtest.spec.strategy))
    axes: dict[str, Axis] = {} if earlier is None else {axis.name: axis for axis in earlier.space.axes}
    made = []
    for group, parameters in (("", declared["parameters"]), ("Exits", declared["exit_parameters"])):
        for each in parameters:
            axis, now = axes.get(each["name"]), backtest.spec.parameters.get(each["name"], each["default"])
            low, high, step = _range(each, now)
            if isinstance(axis, ParameterRange):
                low, high, step = axis.min_value, axis.max_value, axis.step
            listed = each["choices"] or ([False, True] if each["kind"] == "bool" else None)
            made.append(
                {
                    **each,
                    "group": group,
                    "now": value_text(now),
                    "low": f"{low:.10g}",
                    "high": f"{high:.10g}",
                    "by": f"{step:.10g}",
                    "listed": None if listed is None else [value_text(value) for value in listed],
                    "values": [value_text(v) for v in axis.values] if isinstance(axis, Choices) else [],
                    "is_searched": axis is not None,
                }
            )
    known = {row["name"] for row in made}
    return made + [_of_account(axis) for axis in axes.values() if axis.name not in known]


def _of_account(axis: Axis) -> dict[str, Any]:
    """A row of what an earlier search varied besides the strategy's parameters, such as symbol or spread_pips."""
    is_range = isinstance(axis, ParameterRange)
    ends = (axis.min_value, axis.max_value, axis.step) if isinstance(axis, ParameterRange) else (0.0, 0.0, 0.0)
    low, high, by = (f"{end:.10g}" for end in ends)
    return {
        "name": axis.name, "kind": "", "unit": "", "minimum": None, "maximum": None, "now": "", "group": "Account",
        "description": "No parameter of the strategy: varied by the earlier search.", "low": low, "high": high,
        "by": by, "listed": None, "values": [] if is_range else [value_text(v) for v in axis.values],
        "is_searched": True,
    }  # fmt: skip


def _range(parameter: Any, now: Any) -> tuple[float, float, float]:
    """A range around a parameter's value: from a half to twice of it, in some ten steps of its own."""
    value, step = (float(v) if isinstance(v, int | float) else 0.0 for v in (now, parameter["step"] or 1))
    step = step or 1.0
    low, high = (value / 2, value * 2) if value > 0 else (step, 10 * step)
    by = max(step, round((high - low) / 10 / step) * step)
    low = max(round(low / step) * step, parameter["minimum"] if parameter["minimum"] is not None else -math.inf)
    high = min(low + by * max(round((high - low) / by), 1), parameter["maximum"] or math.inf)
    return low, high, by


@router.post("/do/optimize/count")
def count(request: Request, _: Reader, body: OptimizeBody) -> Response:
    """How many combinations a search has, and how long it may take; nothing is kept.

    What cannot be searched is an answer too: somebody is typing, and half a number is no failure.
    """
    try:
        return _count(request, body)
    except TradingAIError as error:
        return as_json(json.loads(bytes(problem_of(error).body)))


def _count(request: Request, body: OptimizeBody) -> Response:
    context = context_of(request)
    spec = spec_from(body)
    n = spec.space.n_combinations
    wanted = spec.max_iterations
    if n > _COUNTED_UP_TO and spec.method == "grid_search" and wanted is None:
        sizes = " x ".join(f"{len(axis):,}" for axis in spec.space.axes)
        return as_json({"n_combinations": n, "n_trials": n, "left_out": 0, "seconds": None, "sizes": sizes, "time": ""})
    plan = context.service.plan(spec, measure=False)
    speed = _speed(request, spec) if is_built_in(plan.backtest.spec.strategy) else None
    seconds = None if speed is None else speed.seconds(plan.n_total, plan.n_groups) / _slots(context)
    told = "" if seconds is None else f"about {duration(max(seconds, 1.0))} on {_slots(context)} process"
    return as_json(
        {
            "n_combinations": n,
            "n_trials": plan.n_total,
            "left_out": plan.n_left_out,
            "seconds": seconds,
            "sizes": " x ".join(f"{len(axis):,}" for axis in spec.space.axes),
            "time": told + ("es" if told and _slots(context) != 1 else ""),
            "notes": list(spec.space.notes),
        }
    )


def _slots(context: Context) -> int:
    return max(int(context.workers()["slots"]), 1)


def _speed(request: Request, spec: OptimizationSpec) -> Speed:
    """What combinations of a backtest cost, measured once for each set of searched parameters."""
    kept: dict[tuple[object, ...], Speed] = request.app.state.speeds
    key = (spec.backtest_id, spec.space.names)
    if key not in kept:
        while len(kept) >= _SPEEDS_KEPT:
            del kept[next(iter(kept))]
        kept[key] = context_of(request).service.plan(spec).speed
    return kept[key]


@router.post("/do/optimize")
def begin(request: Request, _: Runner, body: OptimizeBody) -> Response:
    """Start the search, as the API does."""
    began = time.time()
    key = request.headers.get("idempotency-key", "")[:200]
    return start(request, body, key if key.isprintable() and key.isascii() else f"page-{began}")
