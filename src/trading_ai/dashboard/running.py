"""Who works, what waits, and who may do what: the cluster and the keys."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from trading_ai.api.context import context_of
from trading_ai.dashboard.home import title_of
from trading_ai.dashboard.pages import Admin, PageRoute, Reader, go_to, render
from trading_ai.documents.forms import iso
from trading_ai.documents.optimizations import status_json
from trading_ai.store.keys import SCOPES

router = APIRouter(include_in_schema=False, route_class=PageRoute)


def _seen(request: Request) -> dict[str, Any]:
    context, now = context_of(request), time.time()
    running = []
    for key in context.queue.running():
        record = context.store.optimization(key)
        title = title_of(record.name, context.store.backtest(record.spec.backtest_id))
        running.append(status_json(record, now) | {"title": title, "priority": record.priority})
    return {"workers": context.workers(), "running": running, "broker": bool(context.application.settings.broker)}


@router.get("/cluster")
def cluster(request: Request, _: Reader) -> Response:
    """Workers, and what waits for them."""
    return render(request, "cluster.html", **_seen(request))


@router.get("/parts/cluster")
def live(request: Request, _: Reader) -> Response:
    """What of it changes while one looks."""
    return render(request, "cluster_live.html", **_seen(request))


def _page(request: Request, made: str = "") -> Response:
    context = context_of(request)
    rows = [
        {**vars(record), "made": iso(record.created_at), "is_valid": record.revoked_at is None}
        for record in context.application.keys.all()
    ]
    required = request.app.state.guard.required
    return render(request, "keys.html", rows=rows, scopes=SCOPES, made=made, required=required)


@router.get("/keys")
def keys(request: Request, _: Admin) -> Response:
    """Who may do what."""
    return _page(request)


@router.post("/do/keys")
def create(
    request: Request,
    _: Admin,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    scope: Annotated[str, Form(max_length=10)],
) -> Response:
    """Make a key; it is shown once."""
    _record, key = context_of(request).application.keys.create(name.strip(), scope, time.time())
    return _page(request, key)


@router.post("/do/keys/{key_id}/revoke")
def revoke(request: Request, _: Admin, key_id: str) -> Response:
    """Revoke a key for good; what was opened with it ends within seconds."""
    context_of(request).application.keys.revoke(key_id, time.time())
    return go_to("/keys")
