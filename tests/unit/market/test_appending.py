"""Bars that grow: what is added, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import USDJPY, bars_of, random_bars
from trading_ai.errors import DataError
from trading_ai.market.appending import appended
from trading_ai.market.timeframe import timeframe

BARS = random_bars(40, 3)


def test_new_bars_stand_behind_the_old_ones() -> None:
    made = appended(BARS.slice(0, 30), BARS.slice(25, 40))
    assert (made.n_new, made.n_same, made.last_replaced) == (10, 5, False)
    assert made.bars.content_hash == BARS.content_hash


def test_a_bar_that_had_not_ended_is_taken_anew() -> None:
    rows = [(1.0, 1.2, 0.9, 1.1), (1.1, 1.15, 1.05, 1.12)]
    full = bars_of([*rows, (1.12, 1.3, 1.0, 1.2)])
    begun = bars_of([*rows[:1], (1.1, 1.12, 1.08, 1.09)])
    made = appended(begun, full)
    assert (made.n_new, made.n_same, made.last_replaced) == (1, 1, True)
    assert made.bars.content_hash == full.content_hash


def test_nothing_new_changes_nothing() -> None:
    made = appended(BARS, BARS.slice(10, 40))
    assert (made.n_new, made.n_same) == (0, 30)
    assert made.bars is BARS


def test_bars_that_contradict_are_refused() -> None:
    other = bars_of([(1.0, 1.2, 0.9, 1.1), (1.1, 1.15, 1.05, 1.12), (1.1, 1.2, 1.0, 1.1)])
    changed = bars_of([(1.0, 1.2, 0.9, 1.15), (1.1, 1.15, 1.05, 1.12), (1.1, 1.2, 1.0, 1.1)])
    with pytest.raises(DataError, match=r"contradicts the dataset in 1 bars; the first opens 2017-01-02T14:00:00Z"):
        appended(other, changed)
    shrunk = bars_of([(1.0, 1.2, 0.9, 1.1), (1.1, 1.15, 1.05, 1.12), (1.1, 1.15, 1.0, 1.1)])
    with pytest.raises(DataError, match="contradicts"):  # a bar that ends does not lose its high
        appended(other, shrunk)


def test_bars_in_holes_and_before_the_first_are_refused() -> None:
    times = BARS.open_time_ns
    holed = np.delete(np.arange(40), 10)
    old = type(BARS)(
        BARS.symbol, BARS.timeframe, times[holed], *(getattr(BARS, n)[holed] for n in ("open", "high", "low", "close"))
    )
    with pytest.raises(DataError, match="holds 1 bars in holes"):
        appended(old, BARS)
    with pytest.raises(DataError, match="holds 5 bars in holes of the dataset or before it"):
        appended(BARS.slice(5, 40), BARS)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(DataError, match="symbol"):
        appended(BARS, random_bars(5, 1, symbol=USDJPY))
    with pytest.raises(DataError, match="timeframe"):
        appended(BARS, random_bars(5, 1, tf=timeframe("M15").name))
    spread = bars_of([(1.0, 1.2, 0.9, 1.1)], spread=np.array([0.1]))
    with pytest.raises(DataError, match="spread"):
        appended(bars_of([(1.0, 1.2, 0.9, 1.1)]), spread)
