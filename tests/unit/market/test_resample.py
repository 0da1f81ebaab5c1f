from __future__ import annotations

import numpy as np
import pytest

from tests.unit.market.weeks import fx_bars
from trading_ai.errors import DataError
from trading_ai.market.bars import Bars
from trading_ai.market.grid import own_grid
from trading_ai.market.resample import resample
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe


def opens(bars: Bars) -> list[str]:
    return [str(t) for t in bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[m]")]


def hourly(name: str, first: str, end: str, frame: str = "H1") -> Bars:
    length = timeframe(frame)
    start, stop = np.array([first, end], "datetime64[ns]").astype(np.int64)
    times = np.arange(start, stop, length.ns)
    ones = np.ones(len(times))
    return Bars(symbol(name), length, times, ones, ones, ones, ones)


def test_bins_up_to_an_hour_lie_on_the_utc_grid() -> None:
    found = resample(fx_bars("2018-03-05", "2018-03-06"), "H1")
    assert opens(found) == [f"2018-03-05T{hour:02d}:00" for hour in range(24)]


def test_four_hours_of_fx_begin_at_17_new_york_in_winter_and_in_summer() -> None:
    found = opens(resample(fx_bars("2018-03-08", "2018-03-13"), "H4"))
    assert found == [
        "2018-03-07T22:00", "2018-03-08T02:00", "2018-03-08T06:00", "2018-03-08T10:00", "2018-03-08T14:00",
        "2018-03-08T18:00", "2018-03-08T22:00", "2018-03-09T02:00", "2018-03-09T06:00", "2018-03-09T10:00",
        "2018-03-09T14:00", "2018-03-09T18:00",  # Friday 13:00 to 17:00 in New York is whole
        "2018-03-11T21:00",  # Sunday 17:00 in New York, summer time
        "2018-03-12T01:00", "2018-03-12T05:00", "2018-03-12T09:00", "2018-03-12T13:00", "2018-03-12T17:00",
        "2018-03-12T21:00",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["H2", "H3", "H4", "H6", "H8", "H12"])
def test_bars_of_some_hours_make_whole_days(name: str) -> None:
    minutes = fx_bars("2018-03-01T22:00", "2018-03-30T21:00")
    hours = resample(minutes, name)
    days = resample(minutes, "D1")
    assert set(days.open_time_ns.tolist()) <= set(hours.open_time_ns.tolist())
    assert opens(resample(hours, "D1")) == opens(days)
    n = 86_400 // timeframe(name).seconds
    for k, opened in enumerate(days.open_time_ns[1:-1].tolist(), 1):
        rows = (hours.open_time_ns >= opened) & (hours.open_time_ns < days.open_time_ns[k + 1])
        assert rows.sum() == n
        assert hours.high[rows].max() == days.high[k]
        assert hours.close[rows][-1] == days.close[k]
    if 43_200 % timeframe(name).seconds == 0:
        assert opens(resample(hours, "H12")) == opens(resample(minutes, "H12"))


def test_crypto_stays_on_the_utc_grid_and_shares_begin_with_their_day() -> None:
    assert opens(resample(hourly("BTCUSD", "2018-07-02", "2018-07-03"), "H4"))[:3] == [
        "2018-07-02T00:00", "2018-07-02T04:00", "2018-07-02T08:00",
    ]  # fmt: skip
    assert opens(resample(hourly("SPY", "2018-07-02T13:00", "2018-07-02T20:00"), "H4")) == [
        "2018-07-02T12:00", "2018-07-02T16:00",  # 08:00 and 12:00 in New York
    ]  # fmt: skip


def test_a_bar_in_which_the_clock_changes_is_an_hour_shorter_or_longer() -> None:
    spring = hourly("BTCUSD", "2018-03-10T22:00", "2018-03-11T13:00")
    found = resample(spring, "H4", day_start="17:00 America/New_York")
    assert opens(found) == ["2018-03-10T22:00", "2018-03-11T02:00", "2018-03-11T06:00", "2018-03-11T09:00"]
    counted = Bars(spring.symbol, spring.timeframe, spring.open_time_ns, *(spring.open,) * 4, np.ones(len(spring)))
    assert resample(counted, "H4", day_start="17:00 America/New_York").volume.tolist() == [4, 4, 3, 4]
    autumn = hourly("BTCUSD", "2018-11-03T21:00", "2018-11-04T14:00")
    counted = Bars(autumn.symbol, autumn.timeframe, autumn.open_time_ns, *(autumn.open,) * 4, np.ones(len(autumn)))
    found = resample(counted, "H4", day_start="17:00 America/New_York")
    assert opens(found) == ["2018-11-03T21:00", "2018-11-04T01:00", "2018-11-04T05:00", "2018-11-04T10:00"]
    assert found.volume.tolist() == [4, 4, 5, 4]


def test_a_bar_never_begins_in_an_hour_that_the_clock_skips_or_goes_back() -> None:
    spring = hourly("BTCUSD", "2018-03-11T05:00", "2018-03-11T10:00", "M15")
    found = resample(spring, "H2", day_start="00:00 America/New_York")
    assert opens(found) == ["2018-03-11T05:00", "2018-03-11T07:00", "2018-03-11T08:00"]  # 00:00, 03:00 for 02:00, 04:00
    autumn = hourly("BTCUSD", "2018-11-04T03:30", "2018-11-04T09:00", "M15")
    found = resample(autumn, "H2", day_start="17:30 America/New_York")
    assert opens(found) == ["2018-11-04T03:30", "2018-11-04T05:30", "2018-11-04T08:30"]  # 23:30, 01:30, 03:30


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("UTC", "2018-07-02T00:00"), ("NY+7", "2018-07-01T21:00"), ("17:00", "2018-07-01T21:00"),
        ("EET", "2018-07-01T21:00"), ("18:00 America/New_York", "2018-07-01T22:00"), ("9:00 UTC+2", "2018-07-01T23:00"),
    ],
)  # fmt: skip
def test_the_day_may_start_elsewhere(text: str, first: str) -> None:
    minutes = fx_bars("2018-07-02", "2018-07-04", "M15")
    assert opens(resample(minutes, "H4", day_start=text))[0] == first
    assert resample(minutes, "H1", day_start=text).content_hash == resample(minutes, "H1").content_hash


def test_days_take_the_day_start_too() -> None:
    minutes = fx_bars("2018-07-02", "2018-07-05", "M15")
    assert opens(resample(minutes, "D1", day_start="UTC")) == [f"2018-07-0{day}T00:00" for day in (2, 3, 4)]
    with pytest.raises(DataError, match="time of day and a zone"):
        resample(minutes, "D1", day_start="25:00 NY")
    with pytest.raises(DataError, match="time of day and a zone"):
        resample(minutes, "H4", day_start="")


def test_bars_that_lie_on_another_grid_keep_it() -> None:
    utc = resample(fx_bars("2018-03-05", "2018-03-09", "H1"), "H4", day_start="UTC")
    assert own_grid(utc) == "UTC"
    assert opens(resample(utc, "H12"))[:3] == ["2018-03-05T00:00", "2018-03-05T12:00", "2018-03-06T00:00"]
    with pytest.raises(DataError, match="would cut the H4 bars"):
        resample(utc, "H12", day_start="17:00 America/New_York")
    market = resample(fx_bars("2018-03-05", "2018-03-09", "H1"), "H4")
    assert own_grid(market) == "17:00 America/New_York"
    assert own_grid(resample(fx_bars("2018-03-20", "2018-03-24", "H1"), "H4", day_start="EET")) == "EET"
    assert own_grid(fx_bars("2018-03-05", "2018-03-06", "H1")) is None
    odd = fx_bars("2018-03-05", "2018-03-09", "M15")
    odd = Bars(odd.symbol, timeframe("H4"), odd.open_time_ns[3::16], *(odd.open[3::16],) * 4)
    assert own_grid(odd) is None


def test_days_and_weeks_begin_at_the_rollover() -> None:
    minutes = fx_bars("2018-03-08", "2018-03-15")  # daylight saving begins on Sunday the 11th
    days = resample(minutes, "D1")
    assert opens(days)[:4] == ["2018-03-07T22:00", "2018-03-08T22:00", "2018-03-11T21:00", "2018-03-12T21:00"]
    assert opens(resample(minutes, "W1")) == ["2018-03-04T22:00", "2018-03-11T21:00"]
    assert opens(resample(days, "W1")) == opens(resample(minutes, "W1"))


def test_days_of_crypto_and_stocks() -> None:
    times = np.arange(*np.array(["2018-03-05", "2018-03-07"], "datetime64[ns]").astype(np.int64), 3600 * 10**9)
    ones = np.ones(len(times))
    crypto = Bars(symbol("BTCUSD"), timeframe("H1"), times, ones, ones, ones, ones)
    assert opens(resample(crypto, "D1")) == ["2018-03-05T00:00", "2018-03-06T00:00"]
    share = Bars(symbol("SPY"), timeframe("H1"), times[14:21], *(ones[14:21],) * 4)
    assert opens(resample(share, "D1")) == ["2018-03-05T05:00"]


def test_prices_volume_spread_and_ask() -> None:
    times = np.arange(4) * 60 * 10**9
    prices = ([1, 2, 3, 4], [5, 9, 6, 7], [1, 1, 0.5, 2], [2, 3, 4, 5])
    bars = Bars(symbol("EURUSD"), timeframe("M1"), times, *prices, [1, 2, 3, 4], spread=[0.1, 0.2, 0.3, 0.4])
    joined = resample(bars, "M2")
    assert [joined.open.tolist(), joined.high.tolist(), joined.low.tolist(), joined.close.tolist()] == [
        [1, 3],
        [9, 7],
        [1, 0.5],
        [3, 5],
    ]
    assert joined.volume.tolist() == [3, 7]
    assert joined.spread is not None
    assert joined.spread.tolist() == [0.1, 0.3]
    ask = {f"ask_{n}": np.array(p) + 1.0 for n, p in zip(("open", "high", "low", "close"), prices, strict=True)}
    quoted = resample(Bars(symbol("EURUSD"), timeframe("M1"), times, *prices, **ask), "M2")
    assert quoted.ask_high is not None
    assert quoted.ask_high.tolist() == [10, 8]
    assert not quoted.ask_high.flags.writeable


def test_refusals_and_trivial_cases() -> None:
    bars = fx_bars("2018-03-05", "2018-03-06", "M15")
    assert resample(bars, "M15") is bars
    with pytest.raises(DataError, match="is shorter than"):
        resample(bars, "M5")
    with pytest.raises(DataError, match="not a multiple"):
        resample(bars, "M20")
    assert len(resample(bars.slice(0, 0), "H1")) == 0
