"""Who works, what waits, and who may do what: the cluster and the keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from trading_ai.api.context import context_of
from trading_ai.dashboard.home import title_of
from trading_ai.dashboard.pages import Admin, PageRoute, Reader, go_to, render
from trading_ai.documents.forms import iso
from trading_ai.documents.optimizations import status_json
from trading_ai.driving.pace import trials_per_second
from trading_ai.store.keys import SCOPES
from trading_ai.telemetry.measures import actions_counted

if TYPE_CHECKING:
    from trading_ai.driving.queue import ChunkState

router = APIRouter(include_in_schema=False, route_class=PageRoute)


RECOVERED = {
    "lease_expired": "chunks came back from a worker that fell silent",
    "republished": "chunks were announced again to the broker",
    "isolated": "chunks that kept killing workers were taken apart",
}
"""What a coordinator does so that nothing is lost, in words."""


def _seen(request: Request) -> dict[str, Any]:
    context, now = context_of(request), time.time()
    settings = context.application.settings
    running, chunks = [], context.queue.chunks()
    for key in context.queue.running():
        record = context.store.optimization(key)
        title = title_of(record.name, context.store.backtest(record.spec.backtest_id))
        of_it = [chunk for chunk in chunks if chunk.optimization_id == key]
        running.append(
            status_json(record, now)
            | {
                "title": title,
                "priority": record.priority,
                "chunks": _chunks(of_it, now),
                "rate": trials_per_second(record, now),
            }
        )
    return {
        "workers": context.workers(),
        "running": running,
        "broker": bool(settings.broker),
        "recovered": [(n, RECOVERED.get(name, name.replace("_", " "))) for name, n in actions_counted().items()],
        "links": [
            (name, link_to(address, request.url.hostname or ""), words)
            for name, address, words in (
                ("Flower", settings.flower_url, "every task, one by one"),
                ("Grafana", settings.grafana_url, "measurements over time"),
            )
            if address
        ],
    }


def _chunks(chunks: list[ChunkState], now: float) -> dict[str, Any]:
    """Where the chunks of an optimization are."""
    waiting = [chunk for chunk in chunks if chunk.owner is None]
    return {
        "at_work": len(chunks) - len(waiting),
        "waiting": len(waiting),
        "oldest": max((now - chunk.queued_at for chunk in waiting), default=None),
        "lost": sum(chunk.n_kills for chunk in chunks),
        "suspect": sum(chunk.suspect for chunk in chunks),
    }


def link_to(address: str, host: str) -> str:
    """Where a browser goes: an address as it is set, or a port of the host by which the page was asked for.

    Args:
        address: a setting, such as ``https://flower.example.org`` or ``:30555``.
        host: name or address of the page's host.
    """
    if not address.startswith(":"):
        return address
    return f"http://{f'[{host}]' if ':' in host else host}{address}"


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
