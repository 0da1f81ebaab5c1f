"""Answers that many ask for: made once for each state, and not for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from trading_ai.dashboard import answers as module
from trading_ai.dashboard.answers import Answers


def test_an_answer_is_made_once_for_each_state_however_many_ask():
    kept, made, gate = Answers(), [], threading.Event()

    def make(state):
        def slowly():
            assert gate.wait(10)
            made.append(state)
            return state.encode()

        return slowly

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(kept.of, "map", "one", make("one")) for _ in range(4)]
        gate.set()
        assert {each.result(10) for each in asked} == {b"one"}
    assert made == ["one"]
    assert kept.of("map", "two", make("two")) == b"two"
    assert kept.of("lines", "two", lambda: b"other") == b"other"
    assert made == ["one", "two"]


def test_what_fails_is_not_kept():
    kept = Answers()
    with pytest.raises(ValueError, match="no"):
        kept.of("map", 1, lambda: (_ for _ in ()).throw(ValueError("no")))
    assert kept.of("map", 1, lambda: b"made") == b"made"


def test_the_longest_unused_go_first(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 2)
    kept = Answers()
    for key in ("a", "b", "a", "c"):
        kept.of(key, 0, key.encode)
    assert kept.of("a", 0, lambda: b"again") == b"a"
    assert kept.of("b", 0, lambda: b"again") == b"again"
    monkeypatch.setattr(module, "_MOST_BYTES", 5)
    kept.of("large", 0, lambda: b"x" * 100)
    assert kept.of("large", 0, lambda: b"again") == b"x" * 100
    assert kept.of("b", 0, lambda: b"new") == b"new"


def test_an_answer_that_goes_out_of_date_stays_for_ten_times_as_long_as_it_took():
    now = [100.0]
    kept = Answers(lambda: now[0])

    def make(text, seconds):
        def slowly():
            now[0] += seconds
            return text

        return slowly

    assert kept.of("map", 1, make(b"one", 0.5), moves=True) == b"one"
    now[0] += 4.9
    assert kept.of("map", 2, make(b"two", 0.5), moves=True) == b"one"
    assert kept.of("map", 2, make(b"ended", 0.1)) == b"ended"  # what has ended is shown as it is
    now[0] += 1.1
    assert kept.of("map", 3, make(b"three", 0.1), moves=True) == b"three"
