"""Studies of verdicts: made once, however many ask, and kept until something that they depend on changes."""

from __future__ import annotations

import asyncio

from trading_ai.dashboard.verdict import Studies
from trading_ai.errors import StateError


def maker(made, what, *, fails=False):
    async def make():
        await asyncio.sleep(0)
        made.append(what)
        if fails:
            raise StateError("the code has changed")
        return {"verdict": what}

    return make


def test_those_who_ask_meanwhile_get_the_one_that_is_made():
    studies, made = Studies(), []

    async def ask():
        asked = [studies.of(("a",), maker(made, "a")) for _ in range(3)] + [studies.of(("b",), maker(made, "b"))]
        return await asyncio.gather(*asked)

    found = asyncio.run(ask())
    assert [each["verdict"] for each in found] == ["a", "a", "a", "b"]
    assert sorted(made) == ["a", "b"]
    assert studies.known(("a",)) == {"verdict": "a"}
    asyncio.run(studies.of(("a",), maker(made, "again")))
    assert sorted(made) == ["a", "b"]
    assert studies.known(("a", "more tried")) is None


def test_one_that_fails_fails_for_all_who_wait_and_is_tried_again():
    studies, made = Studies(), []

    async def ask():
        asked = [studies.of(("a",), maker(made, "a", fails=True)) for _ in range(2)]
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(each) for each in asyncio.run(ask())] == [StateError, StateError]
    assert made == ["a"]
    assert studies.known(("a",)) is None
    assert asyncio.run(studies.of(("a",), maker(made, "later"))) == {"verdict": "later"}


def test_whoever_goes_away_takes_the_study_from_nobody():
    studies, made = Studies(), []

    async def ask():
        gone = asyncio.create_task(studies.of(("a",), maker(made, "a")))
        waits = asyncio.create_task(studies.of(("a",), maker(made, "a")))
        await asyncio.sleep(0)
        gone.cancel()
        return await waits

    assert asyncio.run(ask()) == {"verdict": "a"}
    assert made == ["a"]


def test_only_the_latest_are_kept():
    studies = Studies()

    async def ask():
        for number in range(20):
            await studies.of((number,), maker([], number))

    asyncio.run(ask())
    assert [number for number in range(20) if studies.known((number,))] == [*range(4, 20)]
