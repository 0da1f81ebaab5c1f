from __future__ import annotations

import numpy as np
import pytest

from tests.unit.market.weeks import fx_bars
from trading_ai.errors import DataError
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe


def opens(bars: Bars) -> list[str]:
    return [str(t) for t in bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[m]")]


def test_bins_below_a_day_lie_on_the_utc_grid() -> None:
    found = resample(fx_bars("2018-03-05", "2018-03-06"), "H4")
    assert opens(found) == [f"2018-03-05T{hour:02d}:00" for hour in range(0, 24, 4)]


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
