"""Trials as files: one of them for a platform or a table, or all that the table shows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from trading_ai.api.context import context_of
from trading_ai.api.schemas import Id
from trading_ai.dashboard import pinned
from trading_ai.dashboard.optimization import EXPORTED, asked_of, sweeps_of
from trading_ai.dashboard.pages import HEADERS, PageRoute, Reader
from trading_ai.dashboard.trial_table import Asked, find
from trading_ai.documents.trials import parameter_set_json
from trading_ai.errors import NotFoundError
from trading_ai.optimization.shape import shape_columns
from trading_ai.reports.exports import FORMATS, parameter_file

if TYPE_CHECKING:
    import polars as pl

router = APIRouter(include_in_schema=False, route_class=PageRoute)

TABLES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
"""Kinds of tables with their media types."""


@router.get("/optimizations/{optimization_id}/trials/{index}/parameters{suffix}")
def parameters(request: Request, _: Reader, optimization_id: Id, index: int, suffix: str) -> Response:
    """A trial's parameters as a file of a platform, or the trial with its metrics as a table of one row."""
    context = context_of(request)
    record = context.store.optimization(optimization_id)
    known = pinned.stored(context.store, record, [index])
    kind = suffix.removeprefix(".")
    if (suffix not in FORMATS and kind not in TABLES) or not known.size:
        raise NotFoundError("file", f"parameters{suffix} of combination {index}")
    rank = int(pinned.ranks_of(context.store, sweeps_of(request), record, known)[0])
    name = f"{record.optimization_id[:8]}-rank-{rank}{suffix}"
    if kind in TABLES:
        from trading_ai.reports.trials import trial_frame  # noqa: PLC0415 - polars takes 0.2 s

        page = context.store.trials_of(record.optimization_id, known)
        frame = trial_frame(record, page, [rank], shape_columns(context.store, record, known))
        return _file(_table(frame, kind), name, TABLES[kind])
    backtest = context.store.backtest(record.spec.backtest_id)
    text = parameter_file(suffix, parameter_set_json(record, backtest, rank, index))
    return _file(text.encode(), name, "application/octet-stream")


@router.get("/optimizations/{optimization_id}/trials.{kind}")
async def export(request: Request, _: Reader, optimization_id: Id, kind: str) -> Response:
    """The trials that the table shows, all pages of them, as a file."""
    context = context_of(request)
    if kind not in TABLES:
        raise NotFoundError("format", kind)

    def make() -> Response:
        from trading_ai.reports.trials import trial_frame  # noqa: PLC0415 - polars takes 0.2 s

        record = context.store.optimization(optimization_id)
        asked = asked_of(request)
        found = find(context.store, sweeps_of(request), record, Asked(asked.sort, asked.where), EXPORTED)
        ranks = pinned.ranks_of(context.store, sweeps_of(request), record, found.page.indices)
        frame = trial_frame(record, found.page, ranks.tolist(), found.beside)
        n = found.page.indices.size
        cut = f"-first-{n}-of-{found.total}" if n < found.total else ""
        return _file(_table(frame, kind), f"trials-{record.optimization_id[:8]}{cut}.{kind}", TABLES[kind])

    return await context.page(make)


def _table(frame: pl.DataFrame, kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "csv":
        frame.write_csv(file)
    else:
        frame.write_parquet(file)
    return file.getvalue()


def _file(content: bytes, name: str, media: str) -> Response:
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)
