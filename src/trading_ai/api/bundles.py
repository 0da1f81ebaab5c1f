"""Published strategies over HTTP. A server keeps them and knows what they declare; it never runs them itself."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from trading_ai.api.answers import Deleted
from trading_ai.api.context import context_of
from trading_ai.api.schemas import Id
from trading_ai.api.security import needs
from trading_ai.api.unpacked import TooLargeError
from trading_ai.documents.bundles import PublishedStrategy, bundle_json
from trading_ai.strategies.bundle import Bundle
from trading_ai.strategies.manifest import MOST_BYTES

router = APIRouter(prefix="/api/v1/strategies/bundles", tags=["strategies"])

_READ, _ADMIN = [Depends(needs("read"))], [Depends(needs("admin"))]
_MOST_ARCHIVE_BYTES = MOST_BYTES + (2 << 20)


def may_upload(request: Request) -> None:
    """Let a request publish code: only where a setting allows it, and only where keys are asked for.

    Raises:
        HTTPException: 403, one of both is not so.
    """
    if not context_of(request).application.settings.allow_code_upload:
        raise HTTPException(
            403, "this server takes no code over HTTP: TRADING_AI_ALLOW_CODE_UPLOAD allows it, or publish with "
            "`trading-ai strategy publish` and the database's URL",
        )  # fmt: skip
    if not request.app.state.guard.required:
        raise HTTPException(403, "a server that asks for no API keys takes no code over HTTP: start it with keys")


@router.get("", response_model=list[PublishedStrategy], dependencies=_READ)
def list_bundles(request: Request) -> Response:
    """Published strategies, newest first."""
    return JSONResponse([bundle_json(record) for record in context_of(request).application.bundles.all()])


@router.post("", status_code=201, response_model=PublishedStrategy, dependencies=[*_ADMIN, Depends(may_upload)])
def publish(
    request: Request,
    file: Annotated[UploadFile, File(description="an archive of `trading-ai strategy pack`")],
    name: Annotated[str, Form(min_length=1, max_length=100, description="what stands for it from now on")],
) -> Response:
    """Keep a packed strategy, which workers fetch and run; off unless a setting of the server allows it."""
    data = file.file.read(_MOST_ARCHIVE_BYTES + 1)
    if len(data) > _MOST_ARCHIVE_BYTES:
        raise TooLargeError(_MOST_ARCHIVE_BYTES)
    bundle, bundles = Bundle.unpack(data), context_of(request).application.bundles
    bundles.keep(bundle, name, time.time())
    return JSONResponse(bundle_json(bundles.record(bundle.bundle_hash)), status_code=201)


@router.get("/{bundle}", response_model=PublishedStrategy, dependencies=_READ)
def show_bundle(request: Request, bundle: Id) -> Response:
    """A published strategy by name or hash: its files, what it needs, and its parameters."""
    return JSONResponse(bundle_json(context_of(request).application.bundles.record(bundle)))


@router.get(
    "/{bundle}/archive",
    dependencies=_READ,
    response_class=Response,
    responses={200: {"description": "The archive.", "content": {"application/zip": {}}}},
)
def download(request: Request, bundle: Id) -> Response:
    """The archive of a published strategy, as it can be published elsewhere."""
    bundles = context_of(request).application.bundles
    found = bundles.load(bundles.record(bundle).bundle_hash)
    named = {"Content-Disposition": f'attachment; filename="{found.bundle_hash[:12]}.zip"'}
    return Response(found.pack(), media_type="application/zip", headers=named)


@router.delete("/{bundle}", response_model=Deleted, dependencies=_ADMIN)
def delete_bundle(request: Request, bundle: Id) -> Response:
    """Delete a published strategy that no backtest uses."""
    gone: Deleted = {"id": context_of(request).application.bundles.delete(bundle), "deleted": True}
    return JSONResponse(gone)
