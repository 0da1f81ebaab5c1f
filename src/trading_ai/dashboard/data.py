"""Data: the list, files that are brought along with a look before they are kept, and the page of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from trading_ai.api.context import context_of
from trading_ai.api.fields import SHOWABLE
from trading_ai.api.imports import ImportOptions, ReportOptions
from trading_ai.api.passes import import_optimizations
from trading_ai.api.pipeline import as_told, import_backtests, upload, uploaded
from trading_ai.api.schemas import Id
from trading_ai.api.uploads import Reports
from trading_ai.dashboard.candles import BarsKept
from trading_ai.dashboard.pages import PageRoute, Reader, Runner, as_json, go_to, render
from trading_ai.documents.datasets import dataset_json
from trading_ai.documents.forms import iso_ns
from trading_ai.errors import TradingAIError
from trading_ai.options import rows_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_SHOWN_ROWS = 4
_LISTED = 50
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST = ("timezone", "timeframe", "kind")
_Symbol = Annotated[str, Form(min_length=1, max_length=50)]
_Bars = Annotated[UploadFile, File(description="csv, csv.gz, zip or parquet")]


@router.get("/data")
def every(request: Request, _: Reader) -> Response:
    """The list, and where files are dropped."""
    context = context_of(request)
    rows = [dataset_json(record, with_folder=False) for record in context.store.datasets()]
    options = [row for row in rows_of("import") if row.in_api and row.kind not in {"object", "texts"}]
    of_reports = [row for row in rows_of("report") if row.in_api and row.kind not in {"object", "dataset"}]
    return render(
        request,
        "data.html",
        rows=rows,
        first=[row for row in options if row.field in _FIRST],
        more=[row for row in options if row.field not in _FIRST],
        of_reports=of_reports,
        most=context.application.settings.max_upload_bytes,
    )


@router.post("/do/look/datasets")
def look(request: Request, _: Runner, file: _Bars, symbol: _Symbol, options: ImportOptions) -> Response:
    """What a file of bars holds; nothing is kept."""
    from trading_ai.importers.read import read_bars  # noqa: PLC0415 - polars takes 0.2 s

    with uploaded(file, context_of(request).application.settings.max_upload_bytes) as path:
        found = read_bars(path, symbol=symbol, **options)
        quality, detected = as_told(found, path)
    bars = found.bars
    places = [*range(min(_SHOWN_ROWS, len(bars))), *range(max(len(bars) - _SHOWN_ROWS, _SHOWN_ROWS), len(bars))]
    table = [
        [iso_ns(int(bars.open_time_ns[i]))[:16].replace("T", " ")]
        + [f"{float(column[i]):.{bars.symbol.digits}f}" for column in (bars.open, bars.high, bars.low, bars.close)]
        + [f"{float(bars.volume[i]):,.0f}"]
        for i in places
    ]
    return render(
        request,
        "data_preview.html",
        symbol=bars.symbol,
        timeframe=str(bars.timeframe),
        n_bars=len(bars),
        n_first=min(_SHOWN_ROWS, len(bars)),
        table=table,
        quality=quality,
        detected={name: value for name, value in detected.items() if value not in (None, "", [], {})},
    )


@router.post("/do/datasets")
def keep(request: Request, _: Runner, file: _Bars, symbol: _Symbol, options: ImportOptions) -> Response:
    """Keep the bars of a file, as the API does."""
    return upload(request, file, symbol, options)


@router.post("/do/backtests/import")
def keep_reports(
    request: Request,
    _: Runner,
    file: Reports,
    options: ReportOptions,
    name: Annotated[str, Form(max_length=200, pattern=SHOWABLE)] = "",
) -> Response:
    """Keep backtests that were made elsewhere, as the API does."""
    return import_backtests(request, file, options, name)


@router.post("/do/optimize/import")
def keep_passes(
    request: Request, _: Runner, file: Reports, name: Annotated[str, Form(max_length=200, pattern=SHOWABLE)] = ""
) -> Response:
    """Keep optimizations that were made elsewhere, as the API does."""
    return import_optimizations(request, file, name)


@router.post("/do/data/{dataset_id}/delete")
def delete(request: Request, _: Runner, dataset_id: Id) -> Response:
    """Delete a dataset that no backtest uses."""
    context_of(request).backtests.delete_dataset(dataset_id)
    return go_to("/data")


@router.get("/data/{dataset_id}")
def page(request: Request, _: Reader, dataset_id: Id) -> Response:
    """A dataset: its quality, how it was read, its candles, what uses it."""
    store = context_of(request).store
    record = store.dataset(dataset_id)
    used = [each for each in store.backtests() if each.spec.dataset_id == record.dataset_id and not each.part_of]
    row: Any = dataset_json(record, with_folder=False)
    settings = _settings(request.app.state.bars, record.dataset_id)
    marks = _marks(row["quality"])
    return render(
        request, "dataset.html", row=row, used=used[:20], n_used=len(used), settings=settings, marks=marks,
        shown=_LISTED,
    )  # fmt: skip


def _settings(bars: BarsKept, dataset_id: str) -> list[tuple[str, str, str]]:
    """What is known of the symbol, with what it means; nothing where the bars are gone."""
    try:
        symbol = bars.of(dataset_id).symbol
    except TradingAIError:
        return []
    triple = symbol.triple_swap_weekday
    return [
        ("pip size", f"{symbol.pip_size:g}", "price of a pip: stops, targets and spreads are counted in them"),
        ("digits", str(symbol.digits), "decimals in a price"),
        ("lot size", f"{symbol.lot_size:,.10g}", "units in a lot"),
        ("quote currency", symbol.quote_currency, "prices and raw profits are in it"),
        ("smallest size", f"{symbol.min_volume:,.10g}", "units"),
        ("step of sizes", f"{symbol.volume_step:,.10g}", "units"),
        ("end of the day", f"{symbol.rollover} {symbol.rollover_timezone}", "days and swap nights end there"),
        ("triple swap", "none" if triple is None else _WEEKDAYS[triple], "night that counts three times"),
        ("days a year", str(symbol.days_per_year), "annualise daily figures"),
    ]


def _missing(n: int) -> str:
    return f"{n:,} bar{'' if n == 1 else 's'} missing"


def _marks(quality: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the checks found, at its time, for the candles."""
    found = [
        {
            "at": gap["before"],
            "kind": "hole",
            "text": f"{gap['n_missing']:,} bar{'s' if gap['n_missing'] != 1 else ''} missing",
        }
        for gap in quality.get("gaps") or ()
    ]
    found += [
        {"at": jump["time"], "kind": "jump", "text": f"jump by {jump['factor']:.4g}"}
        for jump in quality.get("jumps") or ()
    ]
    found += [
        {"at": spike["time"], "kind": "spike", "text": f"{spike['column']} {spike['value']:.10g}"}
        for spike in quality.get("spikes") or ()
    ]
    return found


@router.get("/data/{dataset_id}/candles")
async def candles(
    request: Request,
    _: Reader,
    dataset_id: Id,
    since: Annotated[int | None, Query(alias="from")] = None,
    until: Annotated[int | None, Query(alias="to")] = None,
) -> Response:
    """Candles of a span of time."""
    context = context_of(request)
    kept: BarsKept = request.app.state.bars

    def make() -> Any:
        return kept.window(context.store.dataset(dataset_id).dataset_id, since, until)

    return as_json(await run_in_threadpool(make))
