"""Optimizations of other platforms over HTTP."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse

from trading_ai.api.context import context_of
from trading_ai.api.fields import SHOWABLE
from trading_ai.api.security import needs
from trading_ai.api.uploads import Reports, saved
from trading_ai.documents.passes import ImportedOptimizations, imported_optimizations_json

router = APIRouter(prefix="/api/v1", tags=["optimizations"])


@router.post(
    "/optimize/import", status_code=201, response_model=ImportedOptimizations, dependencies=[Depends(needs("run"))]
)
def import_optimizations(
    request: Request, file: Reports, name: Annotated[str, Form(max_length=200, pattern=SHOWABLE)] = ""
) -> Response:
    """Keep optimizations that were made elsewhere and judge them by their passes; nothing of them can be run again.

    A file that is damaged or of no known format is refused with its place, and nothing is kept of any.
    """
    # These take a second, and most requests need none of them.
    from trading_ai.importers.passes.read import read_passes  # noqa: PLC0415
    from trading_ai.optimization.passes import judge_passes, keep_passes  # noqa: PLC0415

    context = context_of(request)
    with saved(file, context.application.settings.max_upload_bytes) as paths:
        read = read_passes(paths)
    judged = [judge_passes(passes) for passes in read]
    kept = [keep_passes(context.store, passes, name=name, now=time.time()) for passes in read]
    every = list(zip(read, judged, kept, strict=True))
    return JSONResponse(imported_optimizations_json(every), status_code=201)
