"""Verdicts and reports take all cores for seconds: few are made at a time, and nothing else waits for them."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

from fastapi import Response

from trading_ai.api.context import STUDIES_AT_ONCE, Context

NOTHING = SimpleNamespace(never_run_bundles=lambda: None, settings=SimpleNamespace(sql_at_once=1))
"""What a context needs of an application for this."""


def test_few_are_made_at_a_time_and_the_others_hold_no_thread():
    context = Context(cast("Any", NOTHING))
    may_end, lock = threading.Event(), threading.Lock()
    now: list[int] = [0, 0]  # made now, and most at a time

    def make() -> Response:
        with lock:
            now[0] += 1
            now[1] = max(now)
        assert may_end.wait(30)
        with lock:
            now[0] -= 1
        return Response(b"made")

    async def ask() -> list[bytes]:
        asked = [asyncio.ensure_future(context.study(make)) for _ in range(3 * STUDIES_AT_ONCE)]
        while now[0] < STUDIES_AT_ONCE:  # the loop goes on meanwhile
            await asyncio.sleep(0)
        threads = threading.active_count()
        for _ in range(100):
            await asyncio.sleep(0)
        assert now[0] == STUDIES_AT_ONCE
        assert threading.active_count() == threads
        may_end.set()
        return [bytes((await made).body) for made in asked]

    assert asyncio.run(ask()) == [b"made"] * (3 * STUDIES_AT_ONCE)
    assert now == [0, STUDIES_AT_ONCE]


def test_one_that_fails_makes_room_for_the_next():
    context = Context(cast("Any", NOTHING))

    def broken() -> Response:
        raise ValueError("no")

    async def ask() -> bytes:
        failed = await asyncio.gather(*(context.study(broken) for _ in range(5)), return_exceptions=True)
        assert [type(error) for error in failed] == [ValueError] * 5
        return bytes((await context.study(lambda: Response(b"made"))).body)

    assert asyncio.run(ask()) == b"made"
