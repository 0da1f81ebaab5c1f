"""Missing bars are counted against the exchange's calendar and the file's own week: all of them, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.market.sessions_of import MINUTE, ns, session_bars
from tests.unit.market.weeks import fx_minutes, walk
from trading_ai.market.quality import QualityReport, check_rows
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_kinds import of_kind
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.market.timezones import from_utc, parse_timezone


def report(times: np.ndarray, of: Symbol, name: str) -> QualityReport:
    return check_rows(times, walk(times, start=100.0), symbol=of, timeframe=timeframe(name))[2]


SESSIONS = [
    ("GER40", "XETR", "M30", 30),
    ("JPN225", "XTKS", "M30", 30),
    ("HK50", "XHKG", "H1", 60),
    ("UK100", "XLON", "M5", 5),
    ("US500", "XNYS", "M15", 15),
    ("AAPL", "XNYS", "H1", 60),
    ("AUS200", "XASX", "M15", 15),
]


@pytest.mark.parametrize(("name", "exchange", "length", "minutes"), SESSIONS)
def test_whole_sessions_have_no_gaps_through_holidays_half_days_and_lunches(
    name: str, exchange: str, length: str, minutes: int
) -> None:
    found = report(session_bars(exchange, "2019-01-01", "2022-12-31", minutes), symbol(name), length)
    assert (found.n_gaps, found.warnings) == (0, [])


@pytest.mark.parametrize(("name", "exchange", "length", "minutes"), SESSIONS)
def test_every_hole_in_a_session_is_counted(name: str, exchange: str, length: str, minutes: int) -> None:
    times = session_bars(exchange, "2019-01-01", "2021-12-31", minutes)
    holes = np.arange(50, len(times) - 50, 40)
    found = report(np.delete(times, holes), symbol(name), length)
    # The last hour of a share's session on the hour may be a stub that few of its days have.
    assert 0.94 * len(holes) <= found.n_missing_bars <= len(holes)
    assert any(f"{found.n_missing_bars:,} bars are missing" in text for text in found.warnings)


@pytest.mark.parametrize("nth", [17, 34, 5])
def test_a_time_of_day_that_is_missing_every_day_is_missing(nth: int) -> None:
    times = session_bars("XETR", "2021-02-01", "2021-03-20", 30)  # 17 bars a day, no holiday
    holes = np.arange(8, len(times), nth)
    assert report(np.delete(times, holes), symbol("GER40"), "M30").n_missing_bars == len(holes)


def test_a_third_of_all_rows_missing_is_said() -> None:
    times = session_bars("XETR", "2019-01-01", "2021-12-31", 30)
    kept = times[np.random.default_rng(2).random(len(times)) >= 0.35]
    found = report(kept, symbol("GER40"), "M30")
    assert abs(found.n_missing_bars / (len(times) - len(kept)) - 1) < 0.03
    assert any("% of the bars expected" in text for text in found.warnings)
    fx = fx_minutes("2018-03-05", "2018-05-20")
    some = fx[np.random.default_rng(2).random(len(fx)) >= 0.35]
    assert any("% of the bars expected" in text for text in report(some, symbol("EURUSD"), "M1").warnings)


def test_missing_days() -> None:
    times = session_bars("XETR", "2021-01-01", "2021-12-31", 30)
    day = times // (86400 * 10**9)
    gone = np.isin(day, np.arange(18_701, 18_703))  # Monday 2021-03-15 to Tuesday 2021-03-16
    assert report(times[~gone], symbol("GER40"), "M30").n_missing_bars == 34
    daily = np.unique(day) * 86400 * 10**9
    assert report(daily, symbol("GER40"), "D1").n_gaps == 0  # Easter and Christmas are known
    assert report(np.delete(daily, 100), symbol("GER40"), "D1").n_missing_bars == 1


def test_a_hole_of_two_years_is_counted_by_the_calendar() -> None:
    times = session_bars("XETR", "2018-01-01", "2022-06-01", 30)
    hole = (times >= ns("2019-02-01")) & (times < ns("2021-03-01"))
    assert report(times[~hole], symbol("GER40"), "M30").n_missing_bars == hole.sum()


def test_other_centuries_have_no_calendar() -> None:
    for year in ("1700", "2250"):
        times = ns(f"{year}-01-05") + np.arange(300) * 30 * MINUTE
        assert report(times, symbol("GER40"), "M30").n_bars == 300
    far = np.array([ns("1990-01-05"), ns("1990-01-08"), ns("2250-01-05")])
    assert report(far, symbol("AAPL"), "M30").n_bars == 3


def test_september_2001_was_no_hole() -> None:
    days = np.array(["2001-09-07", "2001-09-10", "2001-09-17", "2001-09-18"], "datetime64[ns]").astype(np.int64)
    assert report(days, symbol("SPY"), "D1").n_gaps == 0
    assert report(days[[0, 1, 3]], symbol("SPY"), "D1").n_missing_bars == 1


@pytest.mark.parametrize("length", ["M15", "H1", "H4"])
def test_around_the_clock_by_the_files_own_week(length: str) -> None:
    minutes = fx_minutes("2017-01-01", "2018-12-31")
    hour = from_utc(parse_timezone("NY"), minutes) // (60 * MINUTE) % 24
    step = timeframe(length).ns
    times = np.unique(minutes[hour != 17] // step * step)
    for of in (symbol("US500"), of_kind("WTI", "future", {}), of_kind("COCOA", "other", {})):
        assert report(times, of, length).n_gaps == 0, of.name
    wti = of_kind("WTI", "future", {})
    holes = np.arange(50, len(times) - 50, 40)
    found = report(np.delete(times, holes), wti, length)
    assert 0.95 * len(holes) <= found.n_missing_bars <= len(holes)  # those at the edge of a weekend may be none


def test_hours_before_and_after_the_session_of_a_share_are_not_expected() -> None:
    session = session_bars("XNYS", "2021-01-04", "2021-03-01", 1)
    early = session[session % 7 == 0] - 390 * MINUTE  # a trade now and then before the open
    early = early[early < ns("2021-03-01")]
    times = np.unique(np.concatenate((session, early)))
    assert report(times, symbol("AAPL"), "M1").n_gaps == 0


def test_a_file_of_a_few_days() -> None:
    times = session_bars("XETR", "2021-03-01", "2021-03-06", 5)
    assert report(times, symbol("GER40"), "M5").n_gaps == 0
    assert report(np.delete(times, np.arange(300, 330)), symbol("GER40"), "M5").n_missing_bars == 30


def test_without_a_calendar_single_days_are_holidays() -> None:
    cash = of_kind("XYZ", "index", {})
    times = session_bars("XETR", "2021-02-01", "2021-03-20", 30)  # no holiday
    day = times // (86400 * 10**9)
    assert report(times[day != 18_694], cash, "M30").n_missing_bars == 0
    assert report(times[(day != 18_694) & (day != 18_695)], cash, "M30").n_missing_bars == 34
