"""Questions in SQL over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from trading_ai.api.context import context_of
from trading_ai.api.schemas import SqlBody
from trading_ai.api.security import needs
from trading_ai.documents.sql_answers import SqlAnswer
from trading_ai.documents.sql_schema import SqlSchema, schema_json

router = APIRouter(prefix="/api/v1", tags=["sql"], dependencies=[Depends(needs("read"))])

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The rows. Of csv, parquet and arrow the headers X-Truncated (true or false) and X-Data-Version "
        "say what the document of json has",
        "content": {kind.partition(";")[0]: {} for kind in _MEDIA_TYPES.values()},
    }
}


@router.post("/sql", response_model=SqlAnswer, responses=_FILES)
async def ask(request: Request, body: SqlBody) -> Response:
    """Answer one SELECT over everything that is stored.

    It runs in a process of its own, on copies of the tables that it names, within limits of time, memory and rows.
    """
    context = context_of(request)

    def make() -> Response:
        from trading_ai.sqlbox.formats import answer_json, as_bytes  # noqa: PLC0415 - polars takes 0.2 s

        found = context.application.sql.ask(body.sql, body.max_rows)
        if body.format == "json":
            return JSONResponse(answer_json(found))
        said = {"X-Truncated": str(found.truncated).lower(), "X-Data-Version": found.data_version}
        return Response(as_bytes(found, body.format), headers=said, media_type=_MEDIA_TYPES[body.format])

    return await context.query(make)


@router.get("/sql/schema", response_model=SqlSchema)
def schema() -> Response:
    """The tables that SQL can name: columns, types, units and meanings."""
    return JSONResponse(schema_json())
