"""The first page: what runs, what was found, who works, and what needs attention."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from trading_ai.api.context import context_of
from trading_ai.dashboard.pages import HEADERS, MENU, PageRoute, Reader, as_json, render
from trading_ai.documents.datasets import dataset_json
from trading_ai.documents.optimizations import optimization_json
from trading_ai.documents.words import short, strategy_label

if TYPE_CHECKING:
    from trading_ai.api.context import Context
    from trading_ai.optimization.records import BacktestRecord, DatasetRecord

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_RECENT, _MOST_SAID, _PLACES = 12, 6, 200
_KEPT_SECONDS = 1.0


@router.get("/")
def home(request: Request, _: Reader) -> Response:
    """The first page."""
    return render(request, "home.html", **_seen(request))


@router.get("/parts/home")
def live(request: Request, _: Reader) -> Response:
    """What of it changes while one looks; made once a second, however many look."""
    found, kept = _seen(request), request.app.state.home_part
    if kept is None or kept[0] is not found:
        kept = request.app.state.home_part = (found, render(request, "home_live.html", **found).body)
    return HTMLResponse(kept[1], headers=HEADERS)


def _seen(request: Request) -> dict[str, Any]:
    """What the page shows, read at most once a second, however many look."""
    found: dict[str, Any]
    moment, found = request.app.state.home
    if time.monotonic() - moment > _KEPT_SECONDS:
        found = _look(context_of(request))
        request.app.state.home = (time.monotonic(), found)
    return found


def _look(context: Context) -> dict[str, Any]:
    now, store = time.time(), context.store
    records = [record for record in store.optimizations() if not record.part_of]
    backtests = {record.backtest_id: record for record in store.backtests()}
    datasets = store.datasets()
    shown = [record for record in records if record.status == "running"]
    shown += [record for record in records if record.status != "running"][: max(_RECENT - len(shown), 0)]
    rows = [
        optimization_json(record, now) | {"title": title_of(record.name, backtests.get(record.spec.backtest_id))}
        for record in shown
    ]
    verdicts = {}
    for verdict in reversed(context.application.verdicts.all()):
        if verdict.rank == 1:
            verdicts[verdict.optimization_id] = verdict.words
    workers = context.workers()
    return {
        "running": [row for row in rows if row["status"] == "running"],
        "recent": [row for row in rows if row["status"] != "running"],
        "verdicts": verdicts,
        "workers": workers,
        "datasets": [dataset_json(record, with_folder=False) for record in datasets[:5]],
        "n_datasets": len(datasets),
        "n_backtests": sum(not record.part_of for record in backtests.values()),
        "n_optimizations": len(records),
        "statuses": Counter(record.status for record in records),
        "attention": _attention(rows, datasets, workers),
    }


def title_of(name: str, backtest: BacktestRecord | None) -> str:
    """What an optimization is called: as its user did, or by what it is of."""
    if name or backtest is None:
        return name or "An optimization"
    return f"{strategy_label(backtest.spec.strategy)} on {backtest.symbol} {backtest.timeframe}"


def _attention(
    rows: list[Any], datasets: list[DatasetRecord], workers: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """What somebody should look at: what, why and where; the most urgent first."""
    found: list[tuple[str, str, str]] = []
    waiting = workers["remaining_tasks"]
    if waiting and not workers["workers_online"]:
        found.append(("No worker is online", f"{waiting:,} combinations wait for one.", "/cluster"))
    found += [
        (f"{worker['host']} refuses {short(refused['optimization_id'])}", refused["reason"], "/cluster")
        for worker in workers["workers"]
        for refused in worker["refuses"]
    ]
    for row in rows:
        where = f"/optimizations/{row['id']}"
        if row["status"] == "failed":
            found.append((f"{row['title']} failed", row["message"] or "The log of the server says more.", where))
        elif row["look_ahead"]:
            found.append((f"{row['title']} reads the future", row["look_ahead"], where))
        elif row["status"] == "paused" and row["message"]:
            found.append((f"{row['title']} is paused", row["message"], where))
        elif row["failed_tasks"]:
            found.append((f"{row['title']}", f"{row['failed_tasks']:,} trials could not be evaluated.", where))
    for dataset in datasets[:20]:
        warnings = dataset.quality.get("warnings") or ()
        if warnings:
            name = f"{dataset.symbol} {dataset.timeframe}"
            found.append((f"Data of {name}", str(warnings[0]), f"/data/{dataset.dataset_id}"))
    return found[:_MOST_SAID]


@router.get("/parts/places")
def places(request: Request, _: Reader) -> Response:
    """Everything that has a page of its own, for the palette."""
    context = context_of(request)
    store = context.store
    backtests = {record.backtest_id: record for record in store.backtests()}
    found = [{"name": name, "kind": "page", "more": "", "address": address} for address, name in MENU]
    found.append({"name": "Run a backtest", "kind": "do", "more": "", "address": "/backtests/new"})
    for record in [each for each in store.optimizations() if not each.part_of][:_PLACES]:
        title, where = title_of(record.name, backtests.get(record.spec.backtest_id)), record.optimization_id
        found.append(_place(title, "optimization", where, record.status, f"/optimizations/{where}"))
        found.append(_place(title, "verdict", where, "", f"/optimizations/{where}/verdict"))
    for backtest in [each for each in backtests.values() if not each.part_of][:_PLACES]:
        where = backtest.backtest_id
        found.append(_place(title_of(backtest.name, backtest), "backtest", where, "", f"/backtests/{where}"))
    for dataset in store.datasets()[:_PLACES]:
        name, where = f"{dataset.symbol} {dataset.timeframe}", dataset.dataset_id
        found.append(_place(name, "data", where, f"{dataset.n_bars:,} bars", f"/data/{where}"))
    return as_json(found)


def _place(name: str, kind: str, identifier: str, more: str, address: str) -> dict[str, str]:
    return {"name": name, "kind": kind, "more": " · ".join(filter(None, (short(identifier), more))), "address": address}
