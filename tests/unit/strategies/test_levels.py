"""What signals say besides sides: what is refused, and what the look-ahead check sees of it."""

from __future__ import annotations

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.errors import StrategyError
from trading_ai.strategies.base import Bool, Signals, Strategy
from trading_ai.strategies.levels import Level, Size

BARS = random_bars(300, 5)
ENTRIES = np.arange(300) % 10 == 0


def each(value):
    return np.full(300, value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"stop": 20.0}, r"stop.*must be a Level, not a float.*Level\.pips"),
        ({"size": 0.1}, r"size.*must be a Size"),
        ({"target": Size.lots(1.0)}, r"target.*must be a Level, not a Size"),
        ({"stop": Level.pips([1.0, 2.0])}, r"stop.*one value a bar \(300\)"),
        ({"stop": Level.pips(0.0)}, r"stop.*above zero"),
        ({"stop": Level.price(np.where(ENTRIES, -1.0, 1.0))}, r"stop at bar 0.*above zero"),
        ({"target": Level.percent(np.inf)}, r"target.*finite"),
        ({"size": Size.units("many")}, r"size.*must be a number"),
        ({"trail": Level.price(1.0)}, r"trail.*must be a distance"),
        (
            {"short_entry": ENTRIES, "entry_stop": each(1.1)},
            r"entry_stop: waits for no entry.*long_entry_stop=.*short_entry_stop=",
        ),
        ({"short_entry": ENTRIES, "entry_limit": 1.1}, r"entry_limit: waits for no entry.*short_entry_limit="),
        ({"entry_limit": each(1.1), "expiry": 2.5}, r"expiry.*whole numbers"),
        ({"entry_limit": each(1.1), "expiry": 0}, r"expiry.*above zero"),
        ({"long_exit_stop": each(1.1)[:5]}, r"long_exit_stop.*one value a bar"),
    ],
)
def test_what_is_refused(said, message):
    with pytest.raises(StrategyError, match=message):
        ta.backtest(BARS, Signals(ENTRIES, **said))


def test_an_average_needs_a_length():
    with pytest.raises(StrategyError, match=r"Level\.atr"):
        Level.atr(0, 2.0)


def test_what_says_nothing_is_plain():
    assert not Signals(ENTRIES, expiry=3).is_planned
    for name in ("stop", "target", "trail", "size", "entry_limit", "entry_stop", "long_exit_stop", "short_exit_limit"):
        assert Signals(ENTRIES, **{name: each(np.nan)}).is_planned
    silent = Signals(ENTRIES, stop=Level.pips(each(np.nan)), entry_stop=each(np.nan), long_exit_stop=each(np.nan))
    plain = ta.backtest(BARS, Signals(ENTRIES), stop_loss=10, take_profit=15)
    same = ta.backtest(BARS, silent, stop_loss=10, take_profit=15)
    assert same.trades.tolist() == plain.trades.tolist()
    np.testing.assert_array_equal(list(same.metrics.values()), list(plain.metrics.values()))


class Peeks(Strategy):
    """Its entries are honest; its stop knows the lowest low of the next ten bars."""

    peek = Bool(True, description="whether it looks ahead")

    def signals(self, bars, peek):
        n = len(bars)
        lows = [bars.low[i + 1 : i + 11].min(initial=bars.low[i]) if peek else bars.low[i] for i in range(n)]
        return Signals(np.arange(n) % 7 == 0, stop=Level.price(np.array(lows) - 1e-5), entry_limit=bars.close)


def test_the_look_ahead_check_reads_levels():
    found = ta.check_look_ahead(Peeks, BARS, [{"peek": True}], most_bars=60_000).found
    assert found
    assert {each.signal for each in found} == {"stop"}
    assert "stop of bar" in str(found[0])
    assert not ta.check_look_ahead(Peeks, BARS, [{"peek": False}], most_bars=60_000).found
