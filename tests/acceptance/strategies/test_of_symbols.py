"""What strategies of several symbols say is what their trades do, worked out again from the bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import trading_ai as ta
from tests.acceptance.strategies import of_symbols
from tests.acceptance.strategies.checking import TICK, trades_of

END, AT_SIGNAL, STOPPED = 6, 0, 1


@pytest.fixture(scope="module")
def pound(bars):
    """Another pair that goes with the euro, and swings around it."""
    rng = np.random.default_rng(5)
    swing, made = 0.0, np.empty(len(bars))
    for i, step in enumerate(rng.normal(0.0, 6e-4, len(bars))):
        swing = made[i] = 0.98 * swing + step
    close = np.round(1.18 * bars.close * np.exp(made), 5)
    open_ = np.r_[close[0], close[:-1]]
    room = np.abs(rng.normal(0.0, 4e-4, len(bars)))
    high, low = np.round(np.maximum(open_, close) + room, 5), np.round(np.minimum(open_, close) - room, 5)
    return replace(bars, symbol=ta.symbol("GBPUSD"), open=open_, high=high, low=low, close=close, spread=None)


@pytest.fixture(scope="module")
def yen(bars):
    """A third one, of another quote currency."""
    scale = 118.0 * bars.open[0]
    prices = {name: np.round(scale / getattr(bars, of), 3)
              for name, of in (("open", "open"), ("high", "low"), ("low", "high"), ("close", "close"))}  # fmt: skip
    return replace(bars, symbol=ta.symbol("USDJPY"), spread=None, **prices)


def test_a_pairs_trade(bars, pound):
    result = ta.backtest(bars, of_symbols.PairsTrade, others=[pound], costs={"spread_pips": 0.5})
    trades = trades_of(result)
    assert len(trades) > 40
    ratio = bars.close / pound.close

    def score(i):
        window = ratio[i - 119 : i + 1]
        return (window[-1] - window.mean()) / window.std()

    legs = {name: [t for t in trades if t.symbol == name] for name in ("EURUSD", "GBPUSD")}
    assert len(legs["EURUSD"]) == len(legs["GBPUSD"]) == len(trades) / 2
    until = 0
    for euro, other in zip(legs["EURUSD"], legs["GBPUSD"], strict=True):
        decided = euro.entry_bar - 1
        assert (euro.entry_bar, euro.exit_bar) == (other.entry_bar, other.exit_bar)
        assert euro.direction == -other.direction == -np.sign(score(decided))
        assert abs(score(decided)) > 2.0
        assert all(abs(score(i)) <= 2.0 for i in range(max(until, 119), decided))
        for leg, of in ((euro, bars), (other, pound)):
            spread = 0.00005 if leg.direction > 0 else 0.0
            assert abs(leg.entry_price - of.open[leg.entry_bar] - spread) < TICK
            assert leg.entry_time_ns == of.open_time_ns[leg.entry_bar]
        assert all(abs(score(i)) >= 0.5 for i in range(decided + 1, euro.exit_bar - 1))
        if euro.exit_reason != END:
            assert abs(score(euro.exit_bar - 1)) < 0.5
        until = euro.exit_bar
    # The account is one: cash after the last exit is the capital and what all legs made.
    assert result.equity[-1] == pytest.approx(10_000 + sum(t.net_profit for t in trades))
    assert result.metrics["total_trades"] == len(trades)


def test_the_strongest_of_three(bars, pound, yen):
    result = ta.backtest(bars, of_symbols.Strongest, others=[pound, yen])
    of = {each.symbol.name: each for each in (bars, pound, yen)}
    trades = trades_of(result)
    assert {t.symbol for t in trades} == set(of)
    for t in trades:
        decided = t.entry_bar - 1
        assert decided % 120 == 0
        rises = {name: each.close[decided] / each.close[decided - 479] for name, each in of.items()}
        assert t.symbol == max(rises, key=rises.get)
        own = of[t.symbol]
        assert t.entry_price == own.open[t.entry_bar]
        if t.exit_reason == AT_SIGNAL:
            assert (t.exit_bar, t.exit_price) == (decided + 121, own.open[decided + 121])
        rate = 1.0 if own is not yen else 1.0 / t.exit_price
        assert t.net_profit == pytest.approx(10_000 * (t.exit_price - t.entry_price) * rate, abs=1e-6)
    assert any(t.exit_reason == STOPPED for t in trades)
