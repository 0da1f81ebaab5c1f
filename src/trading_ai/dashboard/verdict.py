"""Is it luck? The verdict on a trial, with everything it rests on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from trading_ai.api import apart
from trading_ai.api.context import context_of
from trading_ai.api.schemas import Id
from trading_ai.dashboard.optimization import head_of
from trading_ai.dashboard.pages import PageRoute, Reader, render
from trading_ai.documents.robustness import assessment_json
from trading_ai.optimization.ledger import ledger_state
from trading_ai.robustness.turning import turns_of
from trading_ai.robustness.verdict import Thresholds
from trading_ai.studies.assessment import assess_optimization
from trading_ai.studies.keeping import verdict_of

if TYPE_CHECKING:
    from trading_ai.api.context import Context
    from trading_ai.bootstrap import Application
    from trading_ai.optimization.records import OptimizationRecord

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_KEPT = 16
_Rank = Annotated[int, Query(ge=1, le=2**40)]
_Thresholds = Annotated[list[Annotated[str, Query(max_length=100)]], Query(max_length=20)]


@router.get("/optimizations/{optimization_id}/verdict")
def page(request: Request, _: Reader, optimization_id: Id, rank: _Rank = 1) -> Response:
    """The page, at once; the study, which takes seconds, comes by itself."""
    context = context_of(request)
    record = context.store.optimization(optimization_id)
    query = request.url.query
    return render(
        request,
        "verdict.html",
        **{**head_of(context, record), "here": "verdict"},
        rank=rank,
        query=f"?{query}" if query else "",
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
    given = _given(threshold)
    Thresholds.parse(given)  # refused before anything waits

    def look() -> tuple[OptimizationRecord, tuple[object, ...]]:
        record = context.store.optimization(optimization_id)
        return record, _key(context, record, rank, given)

    record, key = await run_in_threadpool(look)

    def make() -> Mapping[str, Any]:
        published = apart.uses_bundle(context.application, record)
        asked = (record.optimization_id, rank, given)
        made: Mapping[str, Any] = json.loads(apart.done(context.application, published, judged, *asked))
        return made

    found = await _studies(request).of(key, lambda: context.study(make))

    def show() -> Response:
        currency = context.store.backtest(record.spec.backtest_id).spec.account_currency
        shown: dict[str, Any] = {"study": found, "currency": currency, "rank": rank}
        shown["row"], shown["given"] = {"id": record.optimization_id}, dict(each.split("=", 1) for each in given)
        return render(request, "verdict_study.html", **shown)

    return await run_in_threadpool(show)


class Studies:
    """Studies that were made lately; each is made once, however many ask for it meanwhile."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Mapping[str, Any]] = {}
        self._making: dict[tuple[object, ...], asyncio.Task[Mapping[str, Any]]] = {}

    def known(self, key: tuple[object, ...]) -> Mapping[str, Any] | None:
        """A study that is there."""
        return self._kept.get(key)

    async def of(
        self, key: tuple[object, ...], make: Callable[[], Coroutine[Any, Any, Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """A study that is there, is being made, or is made now.

        Args:
            key: all that it depends on.
            make: makes it; what it raises is raised for all who wait, and not kept.
        """
        found = self._kept.get(key)
        if found is not None:
            return found
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._made(key, make()))
        return await asyncio.shield(self._making[key])  # whoever goes away takes it from nobody

    async def _made(self, key: tuple[object, ...], making: Coroutine[Any, Any, Mapping[str, Any]]) -> Mapping[str, Any]:
        try:
            found = await making
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = found
            return found
        finally:
            del self._making[key]


def _studies(request: Request) -> Studies:
    found: Studies = request.app.state.studies
    return found


def _given(threshold: list[str]) -> list[str]:
    return [each for each in threshold if not each.endswith("=")]  # a field of the form that was left empty


def _key(context: Context, record: OptimizationRecord, rank: int, given: list[str]) -> tuple[object, ...]:
    """All that a study depends on; the chance of luck grows with whatever else is tried on the same data."""
    tried = ledger_state(context.store, record)
    return record.optimization_id, record.n_completed, record.status, rank, tried, *sorted(given)


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
            "turns": [asdict(turn) for turn in turns_of(found.study.verdict, asked)],
            "figures": [figure.to_json() for figure in figures(found, backtest.spec.account_currency)],
        }
    )
