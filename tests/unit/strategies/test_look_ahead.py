"""What reads the future is found, whatever it reads it by; what does not is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_bars
from tests.unit.market.weeks import fx_bars
from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.strategies.base import Bool, Choice, Int, Signals, SignalStrategy, Strategy
from trading_ai.strategies.cuts import Places, borders, cuts, spread
from trading_ai.strategies.indicators import crossed_above, crossed_below, previous, talib
from trading_ai.strategies.lookahead import check_look_ahead, find_look_ahead
from trading_ai.strategies.registry import strategies

HOURLY = fx_bars("2018-01-01", "2018-06-01", "H1")
MINUTES = fx_bars("2018-02-20", "2018-03-20")


def turns(values: np.ndarray) -> Signals:
    return Signals(long_entry=crossed_above(values, 0.0), short_entry=crossed_below(values, 0.0))


class NextClose(Strategy):
    def signals(self, bars):
        ahead = np.append(bars.close[1:], bars.close[-1])
        return turns(ahead - bars.close)


class Rolled(Strategy):
    def signals(self, bars):
        return turns(np.roll(bars.close, -1) - bars.close)


class Normalised(Strategy):
    """With the mean and the deviation of all bars."""

    def signals(self, bars):
        score = (bars.close - bars.close.mean()) / bars.close.std()
        return Signals(long_entry=crossed_above(score, 1.0), short_entry=crossed_below(score, -1.0))


class Centred(Strategy):
    def signals(self, bars):
        return turns(np.convolve(bars.close, np.ones(9) / 9, "same") - bars.close)


class Filled(Strategy):
    """Gaps are filled from the next value there is."""

    def signals(self, bars):
        known = np.arange(len(bars)) % 6 == 5
        at = np.searchsorted(np.flatnonzero(known), np.arange(len(bars)))
        places = np.append(np.flatnonzero(known), len(bars) - 1)[at]
        return turns(bars.close[places] - talib.SMA(bars.close, 20))


class LastPrice(Strategy):
    def signals(self, bars):
        return Signals(long_entry=crossed_above(bars.close, float(bars.close[-1])))


class Extremes(Strategy):
    def signals(self, bars):
        middle = (bars.high.max() + bars.low.min()) / 2
        return Signals(long_entry=crossed_above(bars.close, middle), short_entry=crossed_below(bars.close, middle))


class Counted(Strategy):
    """Knows how many bars there will be."""

    def signals(self, bars):
        entry = np.zeros(len(bars), bool)
        entry[len(bars) // 2] = True
        return Signals(long_entry=entry)


class Longer(Strategy):
    """Uses a longer bar from its beginning on."""

    frame: str = Choice("D1", ("M5", "M15", "M30", "H1", "H2", "H4", "H8", "H12", "D1", "W1"))
    grid: str = Choice("own", ("own", "UTC"))

    def signals(self, bars, frame, grid):
        longer = resample(bars, frame, day_start=None if grid == "own" else grid)
        inside = np.searchsorted(longer.open_time_ns, bars.open_time_ns, side="right") - 1
        return turns((longer.close - longer.open)[inside])


class Monthly(Strategy):
    def signals(self, bars):
        month = bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[M]").astype(int)
        last = np.searchsorted(month, month, side="right") - 1
        return turns(bars.close[last] - bars.close)


class Hidden(Strategy):
    """Looks ahead at one value of a parameter only."""

    ahead: int = Int(0, 0, 9)
    period: int = Int(10, 2, 50)
    cheats: bool = Bool(False)

    def signals(self, bars, ahead, period, cheats):
        return turns(np.roll(bars.close, -ahead if cheats else 0) - previous(talib.SMA(bars.close, period)))


class Expanding(Strategy):
    def signals(self, bars):
        counted = np.arange(1, len(bars) + 1)
        mean = np.cumsum(bars.close) / counted
        deviation = np.sqrt(np.maximum(np.cumsum(bars.close**2) / counted - mean**2, 0))
        return Signals(
            long_entry=crossed_above(bars.close, mean + deviation),
            short_entry=crossed_below(bars.close, mean - deviation),
        )


class Recursive(Strategy):
    """An exponential average whose every value depends on all before."""

    def signals(self, bars):
        value, found = float(bars.close[0]), np.empty(len(bars))
        for i, close in enumerate(bars.close.tolist()):
            value = 0.1 * close + 0.9 * value
            found[i] = value
        return turns(bars.close - found)


class WarmUp(Strategy):
    def signals(self, bars):
        return turns(talib.EMA(bars.close, 20) - talib.KAMA(bars.close, 300))


class Ended(Strategy):
    """Uses a longer bar from its end on."""

    frame: str = Choice("D1", ("H4", "D1", "W1"))

    def signals(self, bars, frame):
        longer = resample(bars, frame)
        ended = np.searchsorted(longer.open_time_ns, bars.open_time_ns, side="right") - 2
        change = np.where(ended >= 0, (longer.close - longer.open)[ended], np.nan)
        return turns(change)


class Demanding(Strategy):
    """Raises on few bars."""

    def signals(self, bars):
        if len(bars) < 500:
            raise ValueError("not enough bars")
        return turns(bars.close - talib.SMA(bars.close, 50))


AHEAD = [NextClose, Rolled, Normalised, Centred, Filled, LastPrice, Extremes, Counted, Monthly]
HONEST = [Expanding, Recursive, WarmUp, Ended, Demanding]


@pytest.mark.parametrize("kind", AHEAD)
@pytest.mark.parametrize("bars", [HOURLY, MINUTES.slice(0, 6000), random_bars(300, 1)], ids=["H1", "M1", "short"])
def test_what_reads_the_future_is_found(kind, bars):
    if kind is Monthly and len(bars) != len(HOURLY):
        pytest.skip("within one month")
    found = check_look_ahead(kind, bars)
    assert found.found
    assert 0 < found.n_different <= found.n_cuts
    assert "signals changed at" in str(found)
    assert find_look_ahead(kind, bars)


@pytest.mark.parametrize("kind", AHEAD)
def test_what_reads_the_future_is_found_in_a_tenth_of_a_second_of_evaluations(kind):
    assert check_look_ahead(kind, HOURLY, most_bars=200_000).found


@pytest.mark.parametrize("frame", Longer.parameters["frame"].choices)
@pytest.mark.parametrize("grid", ["own", "UTC"])
def test_the_unfinished_bar_of_a_longer_timeframe_is_found(frame, grid):
    bars = HOURLY if frame in {"H2", "H4", "H8", "H12", "D1", "W1"} else MINUTES.slice(0, 5000)
    found = check_look_ahead(Longer, bars, [{"frame": frame, "grid": grid}])
    assert found.found, found
    assert check_look_ahead(Longer, MINUTES, [{"frame": frame, "grid": grid}]).found


@pytest.mark.parametrize("frame", ["H4", "D1", "W1"])
def test_borders_alone_show_the_unfinished_bar(frame):
    class Quiet(Longer):
        """Says what it saw at the last bar of each longer one, long after its signals."""

        def signals(self, bars, frame, grid):
            longer = resample(bars, frame)
            inside = np.searchsorted(longer.open_time_ns, bars.open_time_ns, side="right") - 1
            begins = np.append(True, np.diff(inside) > 0)
            return Signals(long_entry=begins & ((longer.close > longer.open)[inside]))

    found = [b + by for b in borders(HOURLY)[frame].tolist() for by in (-1, 1)]
    assert find_look_ahead(Quiet, HOURLY, {"frame": frame}, [c for c in found if 20 < c < len(HOURLY)])


@pytest.mark.parametrize("kind", HONEST)
@pytest.mark.parametrize("bars", [HOURLY, MINUTES], ids=["H1", "M1"])
def test_what_is_honest_is_left_alone(kind, bars):
    sets = [{"frame": frame} for frame in ("H4", "D1", "W1")] if kind is Ended else [{}]
    found = check_look_ahead(kind, bars, sets, most_bars=1_000_000)
    assert not found.found, found
    assert found.n_cuts > 50
    assert f"no signal changed at {found.n_cuts:,} cuts" in str(found)


@pytest.mark.parametrize("kind", strategies().values(), ids=list(strategies()))
def test_built_in_strategies_are_honest_at_many_cuts(kind):
    found = check_look_ahead(kind, HOURLY, most_bars=1_000_000)
    assert not found.found
    assert found.n_cuts > 500
    assert {"H4", "H4 UTC", "H12", "D1", "D1 UTC", "W1", "MN1"} <= set(found.borders)


def test_it_is_found_behind_a_parameter():
    some = {"most_bars": 500_000}
    assert not check_look_ahead(Hidden, HOURLY, **some).found
    assert not check_look_ahead(Hidden, HOURLY, [{}, {"cheats": True}, {"ahead": 3}], **some).found
    found = check_look_ahead(Hidden, HOURLY, [{}, {"cheats": True, "ahead": 3}], **some)
    assert found.n_sets == 2
    assert found.found[0].parameters == {"ahead": 3, "period": 10, "cheats": True}


def test_what_differs_from_run_to_run_is_found():
    class Random(Strategy):
        def signals(self, bars):
            return Signals(long_entry=np.random.default_rng().random(len(bars)) < 0.1)

    found = check_look_ahead(Random, HOURLY)
    assert not found.found[0].is_repeatable
    assert "with the same bars" in str(found)


def test_what_a_strategy_keeps_of_one_run_does_not_hide_it():
    class Keeps(Strategy):
        def __init__(self):
            self.mean = None

        def signals(self, bars):
            if self.mean is None:
                self.mean = float(bars.close.mean())
            return turns(bars.close - self.mean)

    assert check_look_ahead(Keeps(), HOURLY).found


def test_without_signals_nothing_is_proven():
    class Silent(Strategy):
        def signals(self, bars):
            return Signals()

    class Raises(Strategy):
        def signals(self, bars):
            raise KeyError("close")

    found = check_look_ahead(Silent, HOURLY)
    assert (found.n_cuts, found.n_sets, str(found)) == (0, 0, "not checked: no signals to compare")
    with pytest.raises(StrategyError, match="prove nothing"):
        find_look_ahead(Silent, HOURLY)
    with pytest.raises(StrategyError, match="raises KeyError"):
        check_look_ahead(Raises, HOURLY)
    ready = SignalStrategy(Signals(long_entry=np.ones(len(HOURLY), bool)))
    assert check_look_ahead(ready, HOURLY).n_cuts == 0
    with pytest.raises(StrategyError, match="at least 20 bars"):
        check_look_ahead(Silent, HOURLY.slice(0, 19))


def test_the_check_ends_in_time():
    ticks = iter(range(10**6))

    found = check_look_ahead("sma_crossover", HOURLY, seconds=50, clock=lambda: float(next(ticks)))
    assert 0 < found.n_cuts < 50
    assert check_look_ahead("sma_crossover", MINUTES, most_bars=100_000).n_cuts < 150


def test_a_slow_strategy_is_looked_at_in_bounded_time():
    class Clock:
        now = 0.0

    class Slow(NextClose):
        def signals(self, bars):
            Clock.now += len(bars) * (1e-4 if Clock.now else 1e-2)  # twenty seconds of compilation at first
            return super().signals(bars)

    found = check_look_ahead(Slow, MINUTES, seconds=0.4, clock=lambda: Clock.now)
    assert found.found
    assert Clock.now - 20.0 < 1.1


def test_borders_lie_where_longer_bars_begin():
    bars = fx_bars("2018-03-05", "2018-03-13", "H1")
    found = borders(bars)
    times = bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[h]").astype(str)
    assert times[found["W1"]].tolist() == ["2018-03-11T21"]
    assert times[found["W1 UTC"]].tolist() == ["2018-03-12T00"]
    assert times[found["D1"]].tolist() == [
        "2018-03-05T22", "2018-03-06T22", "2018-03-07T22", "2018-03-08T22", "2018-03-11T21", "2018-03-12T21",
    ]  # fmt: skip
    assert times[found["H12"]][:3].tolist() == ["2018-03-05T10", "2018-03-05T22", "2018-03-06T10"]
    assert times[found["H12 UTC"]][:3].tolist() == ["2018-03-05T12", "2018-03-06T00", "2018-03-06T12"]
    assert not {"M5", "M30", "H1", "MN1"} & set(found)
    crypto = random_bars(100, 1, tf="H1")
    crypto = Bars(crypto.symbol, crypto.timeframe, crypto.open_time_ns, *(crypto.close,) * 4)
    assert "D1" in borders(crypto)


def test_cuts_lie_at_before_and_after_every_border_and_each_once():
    bars = fx_bars("2018-03-05", "2018-03-13", "H1")
    active = np.array([40, 90])
    kept = list(cuts(bars, active, 20, 1000))
    assert len(set(kept)) == len(kept)
    assert set(kept) == set(range(20, len(bars)))
    assert {41, 91} <= set(kept[:4])
    for name, begins in borders(bars).items():
        if len(begins) < 8:
            for border in begins.tolist():
                assert all(kept.index(border + by) < 120 for by in (-1, 0, 1) if 20 <= border + by < len(bars)), name
    assert list(cuts(bars, active, 20, 7)) == kept[:7]
    assert Places(bars).of(int(borders(bars)["W1"][0]))[-2:] == ["D1 UTC", "W1"]
    eight_pm = int(borders(bars)["D1"][1]) - 2  # 20:00 UTC; H3 begins at 19:00, H3 UTC at 21:00
    assert Places(bars).of(eight_pm) == ["H2", "H2 UTC", "H3", "H3 UTC", "H4 UTC"]


def test_spread_numbers_are_all_of_them_and_spread():
    for n in (1, 2, 7, 64, 100):
        assert sorted(spread(n).tolist()) == list(range(n))
    assert sorted(spread(64)[:4].tolist()) == [0, 16, 32, 48]
    assert spread(0).tolist() == []


def test_a_flat_line_proves_nothing():
    with pytest.raises(StrategyError, match="prove nothing"):
        find_look_ahead("sma_crossover", bars_of([(1.1, 1.1, 1.1, 1.1)] * 50))
