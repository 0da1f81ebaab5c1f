"""Is it luck? The verdict on a trial, with everything it rests on."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from trading_ai.api import apart
from trading_ai.api.context import context_of
from trading_ai.api.schemas import Id
from trading_ai.dashboard.optimization import head_of
from trading_ai.dashboard.pages import PageRoute, Reader, render
from trading_ai.documents.robustness import assessment_json
from trading_ai.robustness.verdict import Thresholds
from trading_ai.studies.assessment import assess_optimization
from trading_ai.studies.keeping import verdict_of

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_KEPT = 16
_Rank = Annotated[int, Query(ge=1, le=2**40)]
_Thresholds = Annotated[list[Annotated[str, Query(max_length=100)]], Query(max_length=20)]


@router.get("/optimizations/{optimization_id}/verdict")
def page(
    request: Request,
    _: Reader,
    optimization_id: Id,
    rank: _Rank = 1,
    threshold: _Thresholds = [],  # noqa: B006
) -> Response:
    """The page, at once; the study, which takes seconds, comes by itself."""
    context = context_of(request)
    record = context.store.optimization(optimization_id)
    query = request.url.query
    known = _kept(request).get(_key(record, rank, threshold))
    return render(
        request,
        "verdict.html",
        **{**head_of(context, record), "here": "verdict"},
        rank=rank,
        query=f"?{query}" if query else "",
        study=known,
        thresholds=vars(Thresholds()),
    )


@router.get("/optimizations/{optimization_id}/parts/study/verdict")
async def study(
    request: Request,
    _: Reader,
    optimization_id: Id,
    rank: _Rank = 1,
    threshold: _Thresholds = [],  # noqa: B006
) -> Response:
    """The study of a trial."""
    context = context_of(request)
    given = [each for each in threshold if not each.endswith("=")]
    Thresholds.parse(given)  # refused before anything waits

    def make() -> Response:
        record = context.store.optimization(optimization_id)
        kept, key = _kept(request), _key(record, rank, threshold)
        if key not in kept:
            published = apart.uses_bundle(context.application, record)
            asked = (record.optimization_id, rank, given)
            found = json.loads(apart.done(context.application, published, judged, *asked))
            while len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            kept[key] = found
        currency = context.store.backtest(record.spec.backtest_id).spec.account_currency
        shown: dict[str, Any] = {"study": kept[key], "currency": currency, "rank": rank}
        shown["row"], shown["given"] = {"id": record.optimization_id}, dict(each.split("=", 1) for each in given)
        return render(request, "verdict_study.html", **shown)

    return await context.study(make)


def _kept(request: Request) -> dict[tuple[object, ...], Mapping[str, Any]]:
    """Studies that were made lately."""
    found: dict[tuple[object, ...], Mapping[str, Any]] = request.app.state.studies
    return found


def _key(record: Any, rank: int, threshold: list[str]) -> tuple[object, ...]:
    return record.optimization_id, record.n_completed, record.status, rank, *sorted(threshold)


def judged(application: Application, optimization_id: str, rank: int, thresholds: list[str]) -> str:
    """Judge a trial and keep the verdict; the study, what it means in words, and its figures, as JSON."""
    from trading_ai.reports.robustness import figures, ledger_of, meaning_of  # noqa: PLC0415 - plotly takes 0.3 s

    asked = Thresholds.parse(thresholds)
    found = assess_optimization(application.service, optimization_id, rank=rank, thresholds=asked)
    if not thresholds:  # a verdict by other measures is nobody's but of whoever asks for it
        application.verdicts.keep(verdict_of(found, time.time()))
    backtest = application.store.backtest(found.record.spec.backtest_id)
    return json.dumps(
        {
            **assessment_json(found),
            "meaning": meaning_of(found),
            "ledger": ledger_of(found),
            "conditions": list(found.reruns.in_words()),
            "figures": [figure.to_json() for figure in figures(found, backtest.spec.account_currency)],
        }
    )
