"""Longer bars, another symbol and hours of a clock, without anything of the future."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import EURUSD, MONDAY_NS, USDJPY, bars_of, random_bars
from trading_ai.errors import DataError
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.market.timeframe import timeframe

HOUR = 3600 * 10**9


def at_times(times, tf="M15", symbol=EURUSD) -> Bars:
    """Bars that open at these moments, UTC."""
    opens = np.array([np.datetime64(t, "ns").astype(np.int64) for t in times])
    prices = 1.0 + np.arange(len(opens)) / 100
    return Bars(symbol, timeframe(tf), opens, prices, prices + 0.001, prices - 0.001, prices)


def three_hours() -> Bars:
    start = np.datetime64("2017-01-02T10:00", "m")
    return at_times([start + np.timedelta64(15 * i, "m") for i in range(12)])


def test_a_longer_bar_is_seen_from_its_last_close_on():
    bars = three_hours()
    hours = bars.at("H1")
    assert len(hours.bars) == 3
    assert hours.last.tolist() == [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2]
    closes = hours.to_bars(hours.bars.close)
    assert np.isnan(closes[:3]).all()
    assert closes[3:8].tolist() == [bars.close[3]] * 4 + [bars.close[7]]
    assert hours.to_bars(hours.bars.close > 0.0).tolist() == [False] * 3 + [True] * 9
    assert bars.at("M15").to_bars(bars.close).tolist() == bars.close.tolist()


def test_a_longer_bar_without_its_last_bar_is_seen_when_the_clock_says_so():
    bars = at_times(["2017-01-02T10:00", "2017-01-02T10:15", "2017-01-02T11:15", "2017-01-02T11:45"])
    assert bars.at("H1").last.tolist() == [-1, -1, 0, 1]


@pytest.mark.parametrize("target", ["H1", "H4", "D1", "W1"])
def test_nothing_of_the_future_is_seen(target):
    bars = random_bars(1500, 3, tf="M30", gaps=0.1)
    whole = bars.at(target).to_bars(bars.at(target).bars.close)
    for cut in (31, 100, 377, 700, 1041, 1499):
        part = bars.slice(0, cut)
        np.testing.assert_array_equal(part.at(target).to_bars(part.at(target).bars.close), whole[:cut])
    made = resample(bars, target)
    seen = bars.at(target).last
    known = seen >= 0
    assert known.any()
    # Every base bar of what is seen has closed.
    ends = np.append(made.open_time_ns[1:], bars.open_time_ns[-1] + 1)
    last_base = np.searchsorted(bars.open_time_ns, ends) - 1
    assert (last_base[seen[known]] <= np.flatnonzero(known)).all()


def test_a_day_ends_at_its_rollover_in_summer_and_winter():
    # 17:00 in New York is 22:00 UTC in January and 21:00 in July.
    for rollover in ("2017-01-03T22:00", "2017-07-03T21:00"):
        end = np.datetime64(rollover, "m")
        bars = at_times([end - np.timedelta64(30, "m"), end - np.timedelta64(15, "m"), end])
        assert bars.at("D1").last.tolist() == [-1, 0, 0]


def test_values_must_fit():
    bars = three_hours()
    with pytest.raises(DataError, match="3 H1 bars"):
        bars.at("H1").to_bars(bars.close)
    with pytest.raises(DataError, match="shorter"):
        bars.at("M1")


def test_hours_follow_the_clock_through_daylight_saving():
    # New York opens at 14:30 UTC in winter and at 13:30 in summer.
    times = ["2017-01-04T13:30", "2017-01-04T14:30", "2017-01-04T20:45", "2017-01-04T21:00",
             "2017-07-05T13:15", "2017-07-05T13:30", "2017-07-05T19:45", "2017-07-05T20:00"]  # fmt: skip
    expected = [False, True, True, False, False, True, True, False]
    bars = at_times(times)
    assert bars.between("09:30", "16:00", "America/New_York").tolist() == expected
    assert bars.between("09:30", "16:00", "XNYS").tolist() == expected
    assert bars.between("14:30", "21:00").tolist() == [False, True, True, False, False, False, True, True]
    # Past midnight: from 21:00 to 13:30 UTC.
    assert bars.between("21:00", "13:30").tolist() == [False, False, False, True, True, False, False, False]


@pytest.mark.parametrize("wrong", [("9:30", "16:00", "UTC"), ("09:30", "24:00", "UTC"), ("09:30", "09:30", "UTC"),
                                   ("09:30", "16:00", "Nowhere/City")])  # fmt: skip
def test_hours_that_cannot_be_read(wrong):
    with pytest.raises(DataError):
        random_bars(12, 1).between(*wrong)


def test_another_symbol_is_seen_as_far_as_it_has_closed():
    bars = bars_of([(1, 1, 1, 1)] * 4, tf="H1", start_ns=MONDAY_NS)
    half = np.arange(6) * HOUR // 2 + MONDAY_NS
    yen = Bars(USDJPY, timeframe("M30"), half, *[np.arange(6) + 110.0] * 4)
    seen = bars.with_others([yen]).other("USDJPY")
    assert seen.last.tolist() == [1, 3, 5, 5]
    assert seen.to_bars(yen.close).tolist() == [111.0, 113.0, 115.0, 115.0]
    late = Bars(USDJPY, timeframe("H4"), half[:1], *[np.array([110.0])] * 4)
    assert bars.with_others([late]).other("USDJPY").last.tolist() == [-1, -1, -1, 0]


def test_others_go_with_parts_and_longer_bars():
    bars = random_bars(40, 1, tf="M15").with_others([random_bars(40, 2, symbol=USDJPY, tf="M15")])
    assert list(bars.slice(3, 9).others) == list(resample(bars, "H1").others) == ["USDJPY"]
    assert bars.content_hash == random_bars(40, 1, tf="M15").content_hash


def test_a_symbol_that_is_not_there():
    bars = random_bars(12, 1)
    with pytest.raises(DataError, match=r"GBPUSD.*--other"):
        bars.other("GBPUSD")
    with pytest.raises(DataError, match="has bars already"):
        bars.with_others([bars])


def test_the_own_symbol_is_the_bars_themselves():
    bars = random_bars(12, 1)
    assert bars.other("EURUSD").to_bars(bars.close).tolist() == bars.close.tolist()
