"""How far an optimization is: its status, read once for all who ask, and the stream of what happens."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from trading_ai.documents.optimizations import status_json
from trading_ai.errors import StorageError, TradingAIError

if TYPE_CHECKING:
    from trading_ai.api.context import Context

_STATUS_KEPT_SECONDS = 0.2
_EVENT_SECONDS = 0.5
_PING_SECONDS = 15.0
_RECHECK_SECONDS = 2.0
"""How long a stream of events goes on by itself before it asks again whether its listener may still hear them."""


async def status_bytes(context: Context, optimization_id: str) -> bytes:
    """The status as JSON, read from the database at most every fifth of a second, whoever asks."""
    cache = context.status_cache
    found = cache.get(optimization_id)
    if found is not None and time.monotonic() - found[0] < _STATUS_KEPT_SECONDS:
        return await asyncio.shield(found[1])

    async def read() -> bytes:
        record = await run_in_threadpool(context.store.optimization, optimization_id)
        return json.dumps(status_json(record, time.time()), separators=(",", ":")).encode()

    if len(cache) > 1000:
        cache.clear()
    task = asyncio.ensure_future(read())
    cache[optimization_id] = (time.monotonic(), task)
    try:
        return await asyncio.shield(task)
    except Exception:
        cache.pop(optimization_id, None)
        raise


async def event_stream(
    context: Context, optimization_id: str, may_hear: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """Progress and new bests of an optimization, until it ends or its listener may no longer hear them.

    Args:
        context: what the routes share.
        optimization_id: one that is known.
        may_hear: asked before each event and every few seconds: a key may be revoked, a session end.
    """
    last: tuple[Any, ...] = ()
    best: Any = None
    said = checked = time.monotonic()
    while True:
        try:
            state = json.loads(await status_bytes(context, optimization_id))
        except StorageError:  # it comes back, or the listener gives up
            yield b": the database cannot be read\n\n"
            await asyncio.sleep(_EVENT_SECONDS * 4)
            continue
        except TradingAIError as error:  # deleted meanwhile
            yield _event("end", {"optimization_id": optimization_id, "status": "deleted", "message": str(error)})
            return
        now = (state["status"], state["completed_tasks"], state["failed_tasks"])
        if now != last or time.monotonic() - checked > _RECHECK_SECONDS:
            if not await may_hear():
                return
            checked = time.monotonic()
        if state["best"] is not None and state["best"] != best:
            best = state["best"]
            yield _event("best", best)
        if now != last:
            last, said = now, time.monotonic()
            yield _event("progress", state)
        if state["status"] in {"completed", "cancelled", "failed"}:
            yield _event("end", state)
            return
        if time.monotonic() - said > _PING_SECONDS:
            said = time.monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(_EVENT_SECONDS)


def _event(kind: str, data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
