from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.unit.market.weeks import fx_minutes
from trading_ai.errors import DataError
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timezone_detection import detect_timezone
from trading_ai.market.timezones import from_utc, parse_timezone, to_utc

HOUR = 3600 * 10**9


def ns(*moments: str) -> np.ndarray:
    return np.array(moments, "datetime64[ns]").astype(np.int64)


@pytest.mark.parametrize(
    ("text", "winter", "summer"),
    [
        ("UTC", 0, 0),
        ("utc-5", -5, -5),
        ("EST", -5, -5),
        ("GMT+2", 2, 2),
        ("UTC+02:00", 2, 2),
        ("America/New_York", -5, -4),
        ("europe/london", 0, 1),
        ("EET", 2, 3),
        ("NY+7", 2, 3),
        ("EET-7", -5, -4),
        ("Europe/London+2", 2, 3),
        ("EST5EDT", -5, -4),
    ],
)
def test_offsets(text: str, winter: int, summer: int) -> None:
    moments = ns("2024-01-15T12:00", "2024-07-15T12:00")
    offsets = (from_utc(parse_timezone(text), moments) - moments) // HOUR
    assert offsets.tolist() == [winter, summer]


def test_ny7_and_eet_switch_on_their_own_dates() -> None:
    moment = ns("2018-03-20T12:00")  # America has switched, Europe has not
    assert (from_utc(parse_timezone("NY+7"), moment) - moment)[0] == 3 * HOUR
    assert (from_utc(parse_timezone("EET"), moment) - moment)[0] == 2 * HOUR
    assert (from_utc(parse_timezone("EET-7"), moment) - moment)[0] == -5 * HOUR


@pytest.mark.parametrize("text", ["", "Mars", "UTC+99", "Europe/Atlantis", "7"])
def test_unknown_zones_are_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"timezone: .*NY\+7"):
        parse_timezone(text)


def test_to_utc_equals_zoneinfo_away_from_changes() -> None:
    zone = ZoneInfo("America/New_York")
    local = ns(*(f"20{year}-{month:02d}-20T08:30" for year in range(10, 30) for month in range(1, 13)))
    expected = [
        int(datetime.fromtimestamp(int(t) // 10**9, UTC).replace(tzinfo=zone).timestamp()) * 10**9 for t in local
    ]
    assert to_utc(parse_timezone("America/New_York"), local).tolist() == expected
    shuffled = np.random.default_rng(0).permutation(len(local))
    assert to_utc(parse_timezone("America/New_York"), local[shuffled]).tolist() == np.array(expected)[shuffled].tolist()


def test_the_repeated_hour_is_read_in_file_order() -> None:
    zone = parse_timezone("America/New_York")
    utc = ns("2023-11-05T04:30") + np.arange(6) * HOUR // 2  # 00:30 EDT .. 01:30 EDT, 01:00 EST ..
    assert to_utc(zone, from_utc(zone, utc)).tolist() == utc.tolist()
    once = ns("2023-11-05T01:30")
    assert to_utc(zone, once).tolist() == ns("2023-11-05T05:30").tolist()
    with pytest.raises(DataError, match="shows twice"):
        to_utc(zone, ns("2023-11-05T01:30", "2023-11-05T01:10", "2023-11-05T01:05"))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "EET", "Europe/London+2", "Australia/Lord_Howe"])
@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
def test_the_repeated_hour_at_any_timeframe_and_in_either_order(zone: str, minutes: int) -> None:
    clock = parse_timezone(zone)
    utc = ns("2023-01-01")[0] + np.arange(0, 366 * 24 * 60, minutes) * 60 * 10**9
    local = from_utc(clock, utc)
    if zone == "Australia/Lord_Howe" and minutes == 60:
        return  # half an hour is repeated there, and hours that are not whole are no bars of an hour
    assert np.array_equal(to_utc(clock, local), utc)
    assert np.array_equal(to_utc(clock, local[::-1]), utc[::-1])


def test_one_row_an_hour_twelve_hours_around_the_change() -> None:
    utc = ns("2023-10-28T20:00") + np.arange(12) * HOUR
    local = from_utc(parse_timezone("Europe/Berlin"), utc)
    assert (np.diff(local) == 0).sum() == 1
    assert np.array_equal(to_utc(parse_timezone("Europe/Berlin"), local), utc)


def test_a_row_that_repeats_another_is_no_second_pass() -> None:
    local = ns("2023-10-29T01:55", "2023-10-29T02:05", "2023-10-29T02:05", "2023-10-29T02:10", "2023-10-29T03:00")
    expected = ns("2023-10-28T23:55", "2023-10-29T00:05", "2023-10-29T00:05", "2023-10-29T00:10", "2023-10-29T02:00")
    assert to_utc(parse_timezone("Europe/Berlin"), local).tolist() == expected.tolist()


def test_a_skipped_hour_is_refused() -> None:
    with pytest.raises(DataError, match=r"never shows.*2023-03-12 02:30:00.*UTC-5"):
        to_utc(parse_timezone("NY"), ns("2023-03-12T01:30", "2023-03-12T02:30"))


@pytest.mark.parametrize(
    "zone", ["UTC", "NY+7", "EET", "America/New_York", "UTC-5", "EET-7", "Europe/London", "UTC+3", "UTC-3:30"]
)
@pytest.mark.parametrize("step", [1, 60])
def test_detects_the_clock_of_a_year(zone: str, step: int) -> None:
    utc = fx_minutes("2018-01-01", "2018-12-31")[::step]
    if step == 60:
        utc = utc[utc % HOUR == 0]
    found = detect_timezone(from_utc(parse_timezone(zone), utc), symbol("EURUSD"))
    if step == 60 and zone == "UTC-3:30":
        assert found.zone is not None
        return
    assert found.zone is not None
    assert found.zone.name == parse_timezone(zone).name, found.sentence
    assert found.weekly_opens


def test_undecidable_data_says_why() -> None:
    utc = fx_minutes("2018-01-01", "2018-12-31")
    assert "daily" in detect_timezone(utc[:: 60 * 24], symbol("EURUSD"), length_ns=24 * HOUR).sentence
    assert "crypto" in detect_timezone(utc, symbol("BTCUSD")).sentence
    assert "no weekend" in detect_timezone(utc[:1000], symbol("EURUSD")).sentence
    noise = np.sort(np.random.default_rng(1).choice(utc, 300, replace=False))
    assert detect_timezone(noise, symbol("EURUSD"), length_ns=HOUR).zone is None


def test_draws_are_named_and_a_preferred_zone_wins_them() -> None:
    utc = fx_minutes("2018-06-03", "2018-06-30")
    local = from_utc(parse_timezone("EET"), utc)
    found = detect_timezone(local, symbol("EURUSD"))
    assert found.zone is not None
    assert {found.zone.name, *found.equals} >= {"NY+7", "EET", "UTC+3"}
    preferred = detect_timezone(local, symbol("EURUSD"), also=(parse_timezone("EET"),))
    assert preferred.zone is not None
    assert preferred.zone.name == "EET"
    assert preferred.contradicts(parse_timezone("UTC"))
    assert not preferred.contradicts(parse_timezone("NY+7"))
