"""Whatever a user's `signals` returns instead of signals, the message says what it must return."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.errors import StrategyError

BARS = random_bars(60, 1)
N = len(BARS)


class Odd(ta.Strategy):
    made: ClassVar[Any] = None

    def signals(self, bars, **_):
        return self.made


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"long_entry": np.zeros(N, bool)}, "odd: signals.. must return a Signals object, not a dict"),
        (None, "not None .is there a return... End it with: return Signals"),
        ((np.zeros(N, bool), np.zeros(N, bool)), "not a tuple of 2"),
        ([True] * N, "not a list of 60"),
        (np.zeros(N, bool), r"not a ndarray of shape \(60,\)"),
        (True, "not a bool"),
        (ta.Signals, "not a type"),
        (ta.Signals(np.zeros(N - 1, bool)), r"odd.long_entry: must have one value a bar \(60\) \(got \(59,\)\)"),
        (ta.Signals(short_exit=np.zeros((N, 2), bool)), r"odd.short_exit: must have one value a bar"),
        (ta.Signals({"a": 1}), r"odd.long_entry: must have one value a bar \(60\) \(got \(1,\)\)"),
        (
            ta.Signals([[True], [True, False]]),
            "odd.long_entry: must be an array of one value a bar .60., not a list of 2",
        ),
        (ta.Signals(np.zeros(N)), "odd.long_entry: must be boolean .got 'float64'.. Compare with something"),
        (ta.Signals(np.full(N, np.nan)), "must be boolean"),
        (ta.Signals([True] * (N - 1) + [None]), "must be boolean .got 'object'"),
        (ta.Signals(["x"] * N), "must be boolean"),
    ],
)
def test_it_is_said(monkeypatch, made, says):
    monkeypatch.setattr(Odd, "made", made)
    with pytest.raises(StrategyError, match=says):
        ta.backtest(BARS, Odd)
    sweep = ta.sweep(BARS, Odd, stop_loss=[10, 20])
    assert len(sweep.failures) == 2
    with pytest.raises(StrategyError, match=says):
        ta.find_look_ahead(Odd, BARS)
