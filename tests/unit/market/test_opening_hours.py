"""Clocks of exchanges in sessions, ties between clocks, and times that are the ends of bars."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.market.sessions_of import MINUTE, session_bars
from tests.unit.market.weeks import fx_minutes
from trading_ai.importers.clock import ClockDecision, decide_timezone
from trading_ai.importers.raw import FormatFacts, RawRows
from trading_ai.market.exchange_sessions import exchange_timezone
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_kinds import of_kind
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.market.timezone_detection import detect_timezone
from trading_ai.market.timezones import from_utc, parse_timezone, to_utc

SESSIONS = [
    ("GER40", "XETR", "M30"),
    ("GER40", "XETR", "H1"),
    ("JPN225", "XTKS", "M30"),
    ("HK50", "XHKG", "H1"),
    ("UK100", "XLON", "M5"),
    ("US500", "XNYS", "M15"),
    ("AUS200", "XASX", "M15"),
]


def decide(
    utc: np.ndarray,
    of: str | Symbol,
    length: str,
    *,
    clock: str = "UTC",
    stated: str | None = None,
    later: int = 0,
    stamped: str | None = None,
    header: str = "",
) -> ClockDecision:
    """What is decided of bars that a file shows on a clock, `later` bars late."""
    step = timeframe(length)
    local = from_utc(parse_timezone(clock), utc) + later * step.ns
    raw = RawRows(local, False, {}, None, lambda row: row, "", header)
    instrument = symbol(of) if isinstance(of, str) else of
    return decide_timezone(raw, FormatFacts("csv"), instrument, step, stated, stamped)


def fx(length: str, first: str = "2018-01-01", end: str = "2018-12-31") -> np.ndarray:
    """Opens of bars of FX, on the grid of New York's day."""
    broker, step = parse_timezone("NY+7"), timeframe(length).ns
    local = from_utc(broker, fx_minutes(first, end))
    return to_utc(broker, np.unique(local // step * step), check=False)


@pytest.mark.parametrize("clock", ["own", "UTC", "America/New_York", "EET", "NY+7", "UTC+1", "UTC+8"])
@pytest.mark.parametrize(("name", "exchange", "length"), SESSIONS)
def test_the_clock_of_cash_hours(name: str, exchange: str, length: str, clock: str) -> None:
    utc = session_bars(exchange, "2020-01-01", "2021-06-30", timeframe(length).seconds // 60)
    zone = exchange_timezone(exchange) if clock == "own" else clock
    found = decide(utc, name, length, clock=zone)
    offsets = from_utc(found.zone, utc) - from_utc(parse_timezone(zone), utc)
    assert not offsets.any(), found.how  # Hong Kong and UTC+8 are the same
    assert found.warnings == ()
    stated = decide(utc, name, length, clock=zone, stated=zone)
    assert (stated.warnings, stated.how) == ((), "stated, and the opening hours agree")
    assert any("TIME ZONE DOUBTFUL" in text for text in decide(utc, name, length, clock=zone, stated="UTC-9").warnings)


def test_two_nights_doubt_nobody() -> None:
    utc = session_bars("XETR", "2021-03-01", "2021-03-04", 30)
    assert decide(utc, "GER40", "M30", stated="UTC+5").warnings == ()
    assert decide(utc, "GER40", "M30", clock="Europe/Berlin").zone.name == "Europe/Berlin"


def test_a_broker_with_longer_hours_is_judged_by_them() -> None:
    local = np.arange(*np.array(["2021-01-04", "2021-12-01"], "datetime64[ns]").astype(np.int64), 15 * MINUTE)
    of_day, weekday = local % (1440 * MINUTE), local // (1440 * MINUTE) % 7
    berlin = local[(of_day >= 75 * MINUTE) & (of_day < 22 * 60 * MINUTE) & (weekday != 2) & (weekday != 3)]
    utc = to_utc(parse_timezone("Europe/Berlin"), berlin)
    assert decide(utc, "GER40", "M15", clock="EET").zone.name == "EET"
    assert decide(utc, "GER40", "M15", clock="EET", stated="EET").warnings == ()


@pytest.mark.parametrize("stated", ["Europe/Berlin", "UTC", None])
def test_hours_that_nobody_knows_prove_nothing(stated: str | None) -> None:
    local = np.arange(*np.array(["2021-01-04", "2021-12-01"], "datetime64[ns]").astype(np.int64), 60 * MINUTE)
    of_day, weekday = local % (1440 * MINUTE), local // (1440 * MINUTE) % 7
    odd = local[(of_day >= 600 * MINUTE) & (of_day < 1200 * MINUTE) & (weekday != 2) & (weekday != 3)]
    for of in (symbol("GER40"), symbol("EURUSD"), of_kind("XYZ", "index", {})):
        found = decide(odd, of, "H1", stated=stated)
        assert not any("DOUBTFUL" in text or "ends of bars" in text for text in found.warnings)
        assert found.zone.name == (stated or "UTC")
        assert stated or any("UTC is assumed" in text for text in found.warnings)


def test_indices_around_the_clock_are_judged_by_new_yorks_week() -> None:
    minutes = fx_minutes("2018-01-01", "2018-12-31")
    hour = from_utc(parse_timezone("NY"), minutes) // (60 * MINUTE) % 24
    utc = minutes[(hour != 17) & (minutes % (60 * MINUTE) == 0)]
    for of in (symbol("US500"), symbol("GER40"), of_kind("ES", "future", {})):
        assert decide(utc, of, "H1", clock="EET").zone.name == "EET"


def test_a_tie_says_what_each_clock_would_change() -> None:
    utc = fx("H4")
    found = decide(utc, "EURUSD", "H4", clock="NY+7")
    assert found.zone.name == "NY+7"
    (warning,) = found.warnings
    # America switches on 2018-03-11 and 11-04, Europe on 03-25 and 10-28: three weeks of thirty bars.
    assert "TIME ZONE UNDECIDED" in warning
    assert "EET would move 90 of" in warning
    assert "(2018-03-11 .. 2018-11-02) by +1 h" in warning
    assert decide(utc, "EURUSD", "H4", clock="NY+7", stated="EET").warnings == ()


def test_a_tie_that_changes_nothing_is_no_warning() -> None:
    found = decide(fx("H1", "2018-06-03", "2018-06-30"), "EURUSD", "H1", clock="EET")
    assert {"NY+7", "EET", "UTC+3"} <= {found.zone.name, *found.evidence.equals}
    assert "as good on these dates" in found.how
    assert found.warnings == ()


@pytest.mark.parametrize("clock", ["UTC", "EET", "NY+7", "UTC-5"])
@pytest.mark.parametrize("length", ["M1", "M5", "M15", "M30", "H1", "H2", "H4"])
def test_ends_of_bars_are_said_where_the_clock_was_stated(length: str, clock: str) -> None:
    utc = fx(length)
    assert decide(utc, "EURUSD", length, clock=clock, stated=clock).warnings == ()
    (warning,) = decide(utc, "EURUSD", length, clock=clock, stated=clock, later=1).warnings
    assert "the ends of bars" in warning
    assert "--stamped end" in warning
    for stamped in ("end", "open"):
        said = decide(utc, "EURUSD", length, clock=clock, stated=clock, later=1, stamped=stamped).warnings
        assert not any("look like the ends" in text for text in said)
    assert decide(utc, "EURUSD", length, clock=clock, stated=clock, later=1, stamped="end").warnings == ()


@pytest.mark.parametrize("clock", ["UTC", "EET", "NY+7"])
@pytest.mark.parametrize("length", ["M1", "M15", "M30", "H1", "H4"])
def test_ends_of_bars_are_said_or_put_right_by_the_clock_where_none_was_stated(length: str, clock: str) -> None:
    utc = fx(length)
    found = decide(utc, "EURUSD", length, clock=clock, later=1)
    local = from_utc(parse_timezone(clock), utc) + timeframe(length).ns
    if length in {"M30", "H1"}:  # a clock that is ahead by a bar: the same hours
        assert np.array_equal(to_utc(found.zone, local, check=False), utc)
        assert f"ends of bars on {clock}" in found.how
    else:
        assert found.zone.name == clock
        assert any("look like the ends of bars" in text for text in found.warnings)


@pytest.mark.parametrize(("name", "exchange", "length"), SESSIONS)
def test_ends_of_bars_in_sessions(name: str, exchange: str, length: str) -> None:
    utc = session_bars(exchange, "2020-01-01", "2021-06-30", timeframe(length).seconds // 60)
    zone = exchange_timezone(exchange)
    warnings = decide(utc, name, length, clock=zone, stated=zone, later=1).warnings
    assert any("the ends of bars" in text for text in warnings)
    # An auction after the close makes a bar of its own; the session still opens on time.
    auction = np.unique(
        np.concatenate((utc, utc[np.flatnonzero(np.diff(utc) > 5 * 3600 * 10**9)] + timeframe(length).ns))
    )
    assert not any("ends" in text for text in decide(auction, name, length, clock=zone, stated=zone).warnings)


def test_ends_on_another_clock_than_the_stated_one() -> None:
    (warning,) = decide(fx("M15"), "EURUSD", "M15", clock="EET", stated="UTC", later=1).warnings
    assert warning.startswith("TIME ZONE DOUBTFUL")
    assert "timezone EET" in warning
    assert "--stamped end" in warning


def test_a_header_that_names_its_clock_stands_and_is_doubted() -> None:
    utc = fx("H1")
    assert decide(utc, "EURUSD", "H1", clock="EET", header="EET").how.startswith("named by the header")
    wrong = decide(utc, "EURUSD", "H1", clock="NY+7", header="UTC-5")
    assert wrong.zone.name == "UTC-5"
    assert any("TIME ZONE DOUBTFUL: the header names UTC-5" in text for text in wrong.warnings)


def test_one_weekend_is_enough_for_quarters_of_an_hour_and_not_for_minutes() -> None:
    for length, said in (("M15", True), ("M1", False)):
        utc = fx(length, "2021-03-07", "2021-03-20")
        warnings = decide(utc, "EURUSD", length, stated="UTC", later=1).warnings
        assert any("ends of bars" in text for text in warnings) == said


def test_crypto_and_unknown_kinds_have_no_hours() -> None:
    utc = np.arange(0, 60 * 86400 * 10**9, 3600 * 10**9)
    for of in (symbol("BTCUSD"), of_kind("COCOA", "other", {}), symbol("AAPL")):
        assert detect_timezone(utc, of).zone is None
