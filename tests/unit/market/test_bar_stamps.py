from __future__ import annotations

import numpy as np
import pytest

from tests.unit.market.sessions_of import MINUTE, ns, session_bars
from trading_ai.market.bar_stamps import days_look_like_ends, opens_of_ends, opens_on_clock
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe

EURUSD, SPY, D1 = symbol("EURUSD"), symbol("SPY"), timeframe("D1")


def days(*texts: str) -> np.ndarray:
    return np.array([ns(text) for text in texts])


@pytest.mark.parametrize("name", ["M1", "M15", "H1", "H4"])
def test_intraday_bars_begin_a_bar_before_they_end(name: str) -> None:
    length = timeframe(name)
    opens = np.arange(5) * length.ns
    assert opens_of_ends(opens + length.ns, EURUSD, length).tolist() == opens.tolist()
    back = opens_of_ends((opens + length.ns)[::-1], EURUSD, length)
    assert back.tolist() == opens[::-1].tolist()


def test_the_short_last_bar_of_a_session_begins_where_the_one_before_ends() -> None:
    ends = days("2021-01-04T16:00", "2021-01-04T16:30", "2021-01-05T09:00")
    opens = opens_of_ends(ends, symbol("GER40"), timeframe("H1"))
    assert opens.tolist() == days("2021-01-04T15:00", "2021-01-04T16:00", "2021-01-05T08:00").tolist()


def test_repeated_rows_stay_repeated() -> None:
    ends = days("2021-01-04T01:00", "2021-01-04T01:00", "2021-01-04T02:00")
    opens = opens_of_ends(ends, EURUSD, timeframe("H1"))
    assert opens.tolist() == days("2021-01-04T00:00", "2021-01-04T00:00", "2021-01-04T01:00").tolist()


def test_daily_bars_open_with_their_trading_day() -> None:
    # New York changed its clocks on 2021-03-14: the day that ends on Monday the 15th at 21:00 UTC began at 21:00.
    ends = days("2021-03-12T22:00", "2021-03-15T21:00")
    assert opens_of_ends(ends, EURUSD, D1).tolist() == days("2021-03-11T22:00", "2021-03-14T21:00").tolist()
    closes = days("2021-03-12T21:00", "2021-03-15T20:00")  # 16:00 in New York
    assert opens_of_ends(closes, SPY, D1).tolist() == days("2021-03-12T05:00", "2021-03-15T04:00").tolist()


def test_dates_on_the_files_clock() -> None:
    ended = days("2021-03-09", "2021-03-10", "2021-03-11", "2021-03-12", "2021-03-13")  # Tuesday to Saturday
    assert opens_on_clock(ended, EURUSD, D1).tolist() == (ended - D1.ns).tolist()
    named = days("2021-03-08", "2021-03-09", "2021-03-10", "2021-03-11", "2021-03-12")
    assert opens_on_clock(named, EURUSD, D1).tolist() == named.tolist()
    assert opens_on_clock(named, symbol("BTCUSD"), D1).tolist() == (named - D1.ns).tolist()
    assert opens_on_clock(named + MINUTE, EURUSD, D1) is None
    assert opens_on_clock(named, EURUSD, timeframe("H1")) is None


@pytest.mark.parametrize("end", ["2021-03-12", "2021-03-13", "2021-03-14", "2021-03-15", "2021-03-12T22:00"])
def test_a_week_opens_on_its_monday(end: str) -> None:
    assert opens_on_clock(days(end), EURUSD, timeframe("W1")).tolist() == days("2021-03-08").tolist()


def test_daily_bars_that_look_like_ends() -> None:
    monday = ns("2021-01-04") + np.arange(20)[:, None] * 7 * D1.ns
    weekdays = (monday + np.arange(5) * D1.ns).ravel()
    sundays_too = (monday + np.arange(-1, 5) * D1.ns).ravel()
    for of in (EURUSD, SPY):
        assert not days_look_like_ends(weekdays, weekdays, of, D1)
        assert "Saturday" in days_look_like_ends(weekdays + D1.ns, weekdays + D1.ns, of, D1)
    assert not days_look_like_ends(sundays_too, sundays_too, EURUSD, D1)
    assert "Saturday" in days_look_like_ends(sundays_too + D1.ns, sundays_too + D1.ns, EURUSD, D1)
    assert not days_look_like_ends(weekdays + D1.ns, weekdays + D1.ns, symbol("BTCUSD"), D1)
    winter = weekdays[: 5 * 8]  # up to the end of February
    opened, ended = winter - 2 * 3600 * 10**9, winter + 22 * 3600 * 10**9
    assert not days_look_like_ends(opened, opened, EURUSD, D1)
    assert "when a day ends" in days_look_like_ends(ended, ended, EURUSD, D1)
    closes = session_bars("XNYS", "2021-01-01", "2021-06-01", 390) + 390 * MINUTE
    assert "XNYS closes" in days_look_like_ends(closes, closes, SPY, D1)
