"""Runs side by side: optimizations by their best trial, and backtests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from trading_ai.api import apart
from trading_ai.api.context import context_of
from trading_ai.dashboard.home import title_of
from trading_ai.dashboard.pages import PageRoute, Reader, figure_json, render
from trading_ai.documents.words import short
from trading_ai.errors import NotFoundError
from trading_ai.metrics.catalog import METRICS

if TYPE_CHECKING:
    from trading_ai.api.context import Context
    from trading_ai.bootstrap import Application
    from trading_ai.figures.equity import Curve

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_MOST = 8
_OFFERED = 200
_Ids = Annotated[list[Annotated[str, Query(max_length=200)]], Query(alias="with", max_length=_MOST)]


@router.get("/compare")
def page(request: Request, _: Reader, ids: _Ids = []) -> Response:  # noqa: B006
    """Runs side by side."""
    context = context_of(request)
    runs = [_run(context, identifier) for identifier in dict.fromkeys(filter(None, ids))]
    one_currency = len({run["currency"] for run in runs}) < 2
    rows = []
    for column, metric in enumerate(METRICS):
        values = [run["metrics"][column] for run in runs]
        known = [value for value in values if value is not None]
        if known:
            best = max(known) if metric.better > 0 else min(known)
            can_differ = metric.better != 0 and len(runs) > 1 and len(set(known)) > 1
            can_differ &= one_currency or metric.unit != "money"
            rows.append((metric, [(value, can_differ and value == best) for value in values]))
    store = context.store
    backtests = {record.backtest_id: record for record in store.backtests()}
    offered = [
        (record.optimization_id, f"{title_of(record.name, backtests.get(record.spec.backtest_id))}, optimization")
        for record in store.optimizations()
        if record.n_completed and not record.part_of
    ]
    offered += [(key, f"{title_of(each.name, each)}, backtest") for key, each in backtests.items() if not each.part_of]
    for run in runs:
        others = [("with", other["id"]) for other in runs if other is not run]
        run["without"] = "/compare" + (f"?{urlencode(others)}" if others else "")
    return render(
        request,
        "compare.html",
        runs=runs,
        rows=rows,
        offered=offered[:_OFFERED],
        most=_MOST,
        one_currency=one_currency,
    )


def _run(context: Context, identifier: str) -> dict[str, Any]:
    """A run as a column: the best trial of an optimization, or a backtest."""
    store = context.store
    try:
        record = store.optimization(identifier)
    except NotFoundError:
        backtest = store.backtest(identifier)
        metrics: Sequence[float] = [backtest.metrics.get(metric.name, float("nan")) for metric in METRICS]
        return {
            "id": backtest.backtest_id,
            "kind": "backtest",
            "title": title_of(backtest.name, backtest),
            "address": f"/backtests/{backtest.backtest_id}",
            "parameters": dict(backtest.spec.parameters),
            "currency": backtest.spec.account_currency,
            "n_trials": 1,
            "verdict": "",
            "metrics": _finite(metrics),
        }
    backtest = store.backtest(record.spec.backtest_id)
    best = store.ranked(record.optimization_id, 1)
    found = best.indices.size > 0
    said: Mapping[str, str] = {
        verdict.optimization_id: verdict.words for verdict in context.application.verdicts.all() if verdict.rank == 1
    }
    return {
        "id": record.optimization_id,
        "kind": "best trial",
        "title": title_of(record.name, backtest),
        "address": f"/optimizations/{record.optimization_id}",
        "parameters": record.spec.space.combination(int(best.indices[0])) if found else {},
        "currency": backtest.spec.account_currency,
        "n_trials": record.n_completed,
        "verdict": said.get(record.optimization_id, ""),
        "metrics": _finite(best.metrics[0].tolist()) if found else [None] * len(METRICS),
    }


def _finite(values: Sequence[float]) -> list[float | None]:
    return [value if abs(value) < float("inf") else None for value in values]


@router.get("/compare/equities")
async def equities(request: Request, _: Reader, ids: _Ids) -> Response:
    """Equity of the runs, one over the other; the best trials are run again for it."""
    context = context_of(request)

    def make() -> Response:
        from trading_ai.figures.equity import Curve, equity_of_several  # noqa: PLC0415 - plotly takes 0.3 s

        curves = []
        runs = [_run(context, identifier) for identifier in dict.fromkeys(filter(None, ids))]
        currencies = {run["currency"] for run in runs}
        for run in runs:
            name = f"{run['title']} ({short(run['id'])})"
            if run["kind"] == "backtest":
                arrays = context.artifacts.load_backtest(run["id"])
                curves.append(Curve(name, arrays["equity_time_ns"], arrays["equity"]))
                continue
            record = context.store.optimization(run["id"])
            best = context.store.ranked(run["id"], 1).indices
            if not best.size:  # nothing is tried yet
                continue
            index = int(best[0])
            published = apart.uses_bundle(context.application, record)
            curves.append(_curve(name, apart.done(context.application, published, equity_of, run["id"], index)))
        if len(currencies) > 1:  # a dollar is no yen: what they share is how they grew
            curves = [_in_percent(curve) for curve in curves]
        unit = "percent of the first" if len(currencies) > 1 else next(iter(currencies), "")
        return figure_json(equity_of_several(curves, currency=unit, shown=len(curves)).to_json())

    return await context.study(make)


def _in_percent(curve: Curve) -> Curve:
    """A curve as percent of its first equity."""
    return curve._replace(equity=100 * curve.equity / curve.equity[:1])


def equity_of(application: Application, optimization_id: str, index: int) -> str:
    """Equity of a trial, which is run again, as JSON."""
    record = application.store.optimization(optimization_id)
    result = application.service.backtest_of(record, [index])[1][0]
    return json.dumps([result.equity_time_ns.tolist(), result.equity.tolist()])


def _curve(name: str, text: str) -> Curve:
    import numpy as np  # noqa: PLC0415 - with the figure

    from trading_ai.figures.equity import Curve  # noqa: PLC0415

    time_ns, equity = json.loads(text)
    return Curve(name, np.array(time_ns, dtype=np.int64), np.array(equity, dtype=np.float64))
