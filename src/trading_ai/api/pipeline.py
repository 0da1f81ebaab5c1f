"""The data pipeline API: datasets and backtests."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from trading_ai.api import apart
from trading_ai.api.answers import Deleted
from trading_ai.api.context import Limit, Offset, as_json, context_of
from trading_ai.api.fields import SHOWABLE
from trading_ai.api.imports import AppendOptions, ImportOptions, ReportOptions
from trading_ai.api.schemas import BacktestBody, Id
from trading_ai.api.security import needs
from trading_ai.api.unpacked import check_unpacked_size
from trading_ai.api.uploads import Reports, saved
from trading_ai.documents.backtests import (
    Backtest,
    BacktestInFull,
    Equity,
    Trades,
    backtest_in_full_json,
    backtest_json,
    equity_json,
    trades_json,
)
from trading_ai.documents.datasets import Dataset, ImportedDataset, dataset_json, imported_json, without_folder
from trading_ai.documents.differences import Differences, differences_json
from trading_ai.documents.imports import ImportedBacktests, imported_backtests_json
from trading_ai.documents.look_ahead import LookAheadCheck
from trading_ai.documents.strategies import Strategy, strategy_json
from trading_ai.errors import DataError, ParameterError, did_you_mean
from trading_ai.evaluation.declared import check_rules, resolve_parameters
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.strategies.bundled import by_hash, is_bundle
from trading_ai.strategies.registry import strategies as known_strategies
from trading_ai.strategies.registry import strategy

if TYPE_CHECKING:
    from trading_ai.importers.read import ImportedBars

router = APIRouter(prefix="/api/v1")

_READ, _RUN = [Depends(needs("read"))], [Depends(needs("run"))]

# --- backtests -------------------------------------------------------------------------------------------


@router.get("/backtests", response_model=list[Backtest], dependencies=_READ, tags=["backtests"])
def list_backtests(request: Request, limit: Limit = 1000, offset: Offset = 0, *, windows: bool = False) -> Response:
    """Backtests, newest first; those of a walk-forward's windows only with `windows`."""
    every = context_of(request).store.backtests()
    asked = [r for r in every if windows or not r.part_of]
    return JSONResponse([backtest_json(r) for r in asked[offset : offset + limit]])


@router.post("/backtests", status_code=201, response_model=BacktestInFull, dependencies=_RUN, tags=["backtests"])
def create_backtest(request: Request, body: BacktestBody) -> Response:
    """Run a backtest with a strategy that the server knows, or a published one, and keep it.

    A published strategy, `bundle:` and its name or hash, runs in a process of its own.
    """
    context = context_of(request)
    if is_bundle(body.strategy):
        # By its hash, and checked by what it declares, before a process is started for it.
        spec = BacktestSpec.of(by_hash(body.strategy), body.parameters, body.dataset_id, body.given())
        check_rules(chosen := strategy(spec.strategy), resolve_parameters(chosen, spec.parameters))
        context.store.dataset(spec.dataset_id)
        made = context.store.backtest(apart.apart(context.application.settings, apart.backtest, spec, body.name))
        return JSONResponse(
            backtest_in_full_json(made, context.artifacts.load_backtest(made.backtest_id)), status_code=201
        )
    known = sorted(known_strategies())
    if not set(body.strategy.split("+")) <= set(known):
        # A path is never taken from a request: code comes with the server, as a package that names its strategies.
        raise ParameterError(
            "is not a known strategy",
            parameter="strategy",
            value=body.strategy,
            remedy=did_you_mean(body.strategy, known) + "Known: " + ", ".join(known),
        )
    spec = BacktestSpec.of(body.strategy, body.parameters, body.dataset_id, body.given())
    record, result = context.backtests.run(spec, body.name)
    arrays = {"trades": result.trades, "equity": result.equity}
    return JSONResponse(backtest_in_full_json(record, arrays), status_code=201)


@router.post(
    "/backtests/import", status_code=201, response_model=ImportedBacktests, dependencies=_RUN, tags=["backtests"]
)
def import_backtests(
    request: Request,
    file: Reports,
    options: ReportOptions,
    name: Annotated[str, Form(max_length=200, pattern=SHOWABLE)] = "",
) -> Response:
    """Keep backtests that were made elsewhere; formats are recognised by content.

    A file that is damaged or of no known format is refused with its place, and nothing is kept of any.
    """
    from trading_ai.importers.trades.importing import import_trades  # noqa: PLC0415 - polars takes 0.2 s

    context = context_of(request)
    with saved(file, context.application.settings.max_upload_bytes) as paths:
        every = import_trades(context.backtests, paths, options, name=name, now=time.time())
    return JSONResponse(imported_backtests_json(every), status_code=201)


@router.get("/backtests/{backtest_id}", response_model=BacktestInFull, dependencies=_READ, tags=["backtests"])
def show_backtest(request: Request, backtest_id: Id) -> Response:
    """A backtest with its metrics and its trades by side."""
    context = context_of(request)
    record = context.store.backtest(backtest_id)
    return JSONResponse(backtest_in_full_json(record, context.artifacts.load_backtest(record.backtest_id)))


@router.get("/backtests/{backtest_id}/trades", response_model=Trades, dependencies=_READ, tags=["backtests"])
def trades(request: Request, backtest_id: Id, limit: Limit = 1000, offset: Offset = 0) -> Response:
    """Closed trades in the order of their closing."""
    context = context_of(request)
    found = context.store.backtest(backtest_id)
    every = context.artifacts.load_backtest(found.backtest_id)["trades"]
    return JSONResponse(trades_json(found, every, slice(offset, offset + limit)))


@router.get("/backtests/{backtest_id}/differences", response_model=Differences, dependencies=_READ, tags=["backtests"])
async def differences(request: Request, backtest_id: Id) -> Response:
    """The trades that a backtest replays, each beside what its bars and its own levels alone make of it."""
    context = context_of(request)

    def make() -> Response:
        from trading_ai.optimization.imports import differences_of  # noqa: PLC0415 - with it comes compiled code

        record = context.store.backtest(backtest_id)
        return JSONResponse(differences_json(record.backtest_id, *differences_of(context.backtests, record)))

    return await context.study(make)


@router.get("/backtests/{backtest_id}/equity", response_model=Equity, dependencies=_READ, tags=["backtests"])
def equity(request: Request, backtest_id: Id, max_points: Annotated[int, Query(ge=2, le=100_000)] = 2000) -> Response:
    """Equity at bars' closes, every n-th bar and the last one."""
    context = context_of(request)
    found = context.store.backtest(backtest_id).backtest_id
    return JSONResponse(equity_json(found, context.artifacts.load_backtest(found), max_points))


@router.get("/backtests/{backtest_id}/look-ahead", response_model=LookAheadCheck, dependencies=_RUN, tags=["backtests"])
async def look_ahead(request: Request, backtest_id: Id) -> Response:
    """Whether the signals of a backtest's strategy change when later bars are taken away.

    The strategy is run hundreds of times on parts of its bars, which takes seconds; checks that are asked for at once
    wait for each other.
    """
    context = context_of(request)

    def check() -> Response:
        record = context.store.backtest(backtest_id)
        published = is_bundle(record.spec.strategy)
        return as_json(apart.done(context.application, published, apart.look_ahead, record.backtest_id))

    return await context.study(check)


@router.delete("/backtests/{backtest_id}", response_model=Deleted, dependencies=_RUN, tags=["backtests"])
def delete_backtest(request: Request, backtest_id: Id) -> Response:
    """Delete a backtest that no optimization uses."""
    return _deleted(context_of(request).backtests.delete(backtest_id))


def _deleted(found: str) -> Response:
    gone: Deleted = {"id": found, "deleted": True}
    return JSONResponse(gone)


@router.get("/strategies", response_model=list[Strategy], dependencies=_READ, tags=["backtests"])
def strategies() -> Response:
    """The strategies that the server knows, with their parameters."""
    return JSONResponse([strategy_json(name, strategy(name)) for name in sorted(known_strategies())])


# --- datasets --------------------------------------------------------------------------------------------


@router.get("/datasets", response_model=list[Dataset], dependencies=_READ, tags=["datasets"])
def list_datasets(request: Request, limit: Limit = 1000, offset: Offset = 0) -> Response:
    """Datasets, newest first."""
    return JSONResponse(
        [dataset_json(r, with_folder=False) for r in context_of(request).store.datasets()[offset : offset + limit]]
    )


@router.post("/datasets", status_code=201, response_model=ImportedDataset, dependencies=_RUN, tags=["datasets"])
def upload(
    request: Request,
    file: Annotated[UploadFile, File(description="csv, csv.gz, zip or parquet")],
    symbol: Annotated[str, Form(min_length=1, max_length=50)],
    options: ImportOptions,
) -> Response:
    """Upload bars or ticks; a file with a structural fault is refused with its line, and nothing is kept."""
    from trading_ai.importers.read import read_bars  # noqa: PLC0415 - polars takes 0.2 s

    context = context_of(request)
    with uploaded(file, context.application.settings.max_upload_bytes) as path:
        found = read_bars(path, symbol=symbol, **options)
        quality, detected = as_told(found, path)
    stated = {name: value for name, value in options.items() if value is not False}
    record, added = context.backtests.keep_bars(found.bars, path.name, detected | {"stated": stated}, quality)
    # Of bars that are known, what was seen in this file is answered, and not what the first one said.
    record = replace(record, source=path.name, detected=detected | {"stated": stated}, quality=quality)
    return JSONResponse(imported_json(record, added=added, with_folder=False), status_code=201)


@router.post(
    "/datasets/{dataset_id}/append", status_code=201, response_model=ImportedDataset, dependencies=_RUN,
    tags=["datasets"],
)  # fmt: skip
def append(
    request: Request,
    dataset_id: Id,
    file: Annotated[UploadFile, File(description="csv, csv.gz, zip or parquet of the same series")],
    options: AppendOptions,
) -> Response:
    """Add the bars of a file behind a dataset: a new dataset, which names the old one; that one stays as it is.

    Where the file holds nothing new, the old one is answered.
    """
    from trading_ai.importers.growing import grown  # noqa: PLC0415 - polars takes 0.2 s

    context = context_of(request)
    record, added = context.store.dataset(dataset_id), False
    with uploaded(file, context.application.settings.max_upload_bytes) as path:
        old = context.artifacts.load_bars(record.dataset_id)
        found, made = grown(old, record.detected, path, options, record.dataset_id)
        quality, detected = as_told(found, path)
    if made.n_new or made.last_replaced:
        record, added = context.backtests.keep_bars(found.bars, path.name, detected, quality)
    return JSONResponse(imported_json(record, added=added, with_folder=False), status_code=201)


@contextmanager
def uploaded(file: UploadFile, most_bytes: int) -> Iterator[Path]:
    """An uploaded file in a folder of its own, which is nobody's business: messages name the file only."""
    # The name stays recognizable, because importers read symbol and timeframe from it, and can name nothing else.
    name = re.sub(r"[^A-Za-z0-9._-]", "_", Path(file.filename or "").name)[-100:].lstrip(".") or "upload.csv"
    with tempfile.TemporaryDirectory(prefix="trading-ai-upload-") as folder:
        path = Path(folder) / name
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target, 1 << 20)
        check_unpacked_size(path, most_bytes)
        try:
            yield path
        except DataError as error:
            raise DataError(
                error.rule.replace(f"{folder}/", ""),
                file=error.file.removeprefix(f"{folder}/"),
                line=error.line,
                parameter=error.parameter,
                value=error.value,
                remedy=error.remedy,
            ) from None


def as_told(found: ImportedBars, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The quality report and what was detected, without the folder of the upload."""
    folder = str(path.parent)
    quality = without_folder(found.report.to_dict() | {"lines": found.report.lines()}, folder)
    return quality, without_folder(dict(found.detected), folder)


@router.get("/datasets/{dataset_id}", response_model=Dataset, dependencies=_READ, tags=["datasets"])
def show_dataset(request: Request, dataset_id: Id) -> Response:
    """A dataset: how it was read, and its quality report."""
    return JSONResponse(dataset_json(context_of(request).store.dataset(dataset_id), with_folder=False))


@router.delete("/datasets/{dataset_id}", response_model=Deleted, dependencies=_RUN, tags=["datasets"])
def delete_dataset(request: Request, dataset_id: Id) -> Response:
    """Delete a dataset that no backtest uses."""
    return _deleted(context_of(request).backtests.delete_dataset(dataset_id))
