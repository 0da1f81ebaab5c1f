"""Small files whose clock, stamps or prices were misread, each with its right value."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.unit.market.sessions_of import session_bars
from tests.unit.market.weeks import walk
from trading_ai.errors import DataError, SymbolError
from trading_ai.importers.read import ImportedBars, read_bars
from trading_ai.market.timezones import from_utc, parse_timezone

CASES = Path(__file__).parent / "clock_cases"


def case(name: str, **options: str) -> ImportedBars:
    return read_bars(next(CASES.glob(f"{name}_*.csv")), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "symbol", "zone", "first"),
    [
        ("06", "GER40", "Europe/Berlin", "2021-01-04 08:00:00"),
        ("07", "JPN225", "Asia/Tokyo", "2021-01-04 00:00:00"),
    ],
)
def test_cash_hours_abroad(name: str, symbol: str, zone: str, first: str) -> None:
    for stated in ({}, {"timezone": zone}):
        found = case(name, symbol=symbol, **stated)
        assert (found.detected["timezone"], found.report.first, found.report.warnings) == (zone, first, [])
    assert any("TIME ZONE DOUBTFUL" in text for text in case(name, symbol=symbol, timezone="UTC-4").report.warnings)


def test_a_bad_low_is_reported_and_kept() -> None:
    found = case("09", symbol="EURUSD", timezone="UTC")
    (warning,) = found.report.warnings
    assert "low 0.12162, around it 1.21" in warning
    assert "(line 602)" in warning
    assert found.bars.low[600] == 0.12162
    assert (found.report.n_spikes, found.report.spikes[0].column) == (1, "low")


def test_the_repeated_hour_of_hourly_bars() -> None:
    found = case("13", symbol="BTCUSD", timezone="Europe/Berlin")
    assert (len(found.bars), found.report.first, found.report.last) == (
        12, "2023-10-28 20:00:00", "2023-10-29 07:00:00",
    )  # fmt: skip
    assert (np.diff(found.bars.open_time_ns) == 3600 * 10**9).all()


def test_bars_stamped_at_their_end_are_said_and_shifted_on_request() -> None:
    found = case("19", symbol="EURUSD", timezone="UTC")
    (warning,) = found.report.warnings
    assert "the ends of bars" in warning
    assert "--stamped end" in warning
    assert (found.report.first, found.detected["stamped"]) == ("2021-03-07 22:15:00", "open")
    shifted = case("19", symbol="EURUSD", timezone="UTC", stamped="end")
    assert (shifted.report.first, shifted.detected["stamped"]) == ("2021-03-07 22:00:00", "end")
    assert (shifted.bars.open_time_ns == found.bars.open_time_ns - 15 * 60 * 10**9).all()
    assert (shifted.bars.close == found.bars.close).all()
    assert (shifted.report.warnings, shifted.report.n_gaps) == ([], 0)
    assert case("19", symbol="EURUSD", timezone="UTC", stamped="open").report.warnings == []
    with pytest.raises(DataError, match=r"stamped: is not known.*open, end"):
        case("19", symbol="EURUSD", stamped="close")


def written(folder: Path, utc: np.ndarray, *, clock: str = "UTC", pattern: str = "m", start: float = 50.0) -> Path:
    """A file of a random walk at some times, on a clock."""
    local = from_utc(parse_timezone(clock), utc)
    columns = walk(utc, start=start)
    text = np.datetime_as_string(local.astype("datetime64[ns]"), unit=pattern)
    prices = (np.round(columns[name], 2) for name in ("open", "high", "low", "close"))
    rows = [
        f"{row[0].replace('T', ' ')},{','.join(f'{v:.2f}' for v in row[1:])}" for row in zip(text, *prices, strict=True)
    ]
    path = folder / "bars.csv.gz"
    path.write_bytes(gzip.compress(("time,open,high,low,close\n" + "\n".join(rows)).encode()))
    return path


def test_a_share_of_another_country_by_its_ticker(tmp_path: Path) -> None:
    path = written(tmp_path, session_bars("XPAR", "2021-01-01", "2021-07-01", 15), clock="Europe/Paris")
    found = read_bars(path, symbol="MC.PA", kind="share")
    assert found.bars.symbol.quote_currency == "EUR"
    assert (found.detected["timezone"], found.report.first) == ("Europe/Paris", "2021-01-04 08:00:00")
    assert any("described as stock" in note and "2 digits" in note for note in found.detected["notes"])
    assert found.report.warnings == []
    with pytest.raises(SymbolError, match="kind=share"):
        read_bars(path, symbol="MC.PA")


@pytest.mark.parametrize(("length", "of_bar"), [("D1", "2021-03-08"), ("W1", "2021-03-08")])
def test_days_and_weeks_stamped_at_their_end(tmp_path: Path, length: str, of_bar: str) -> None:
    day = 86400 * 10**9
    mondays = np.datetime64("2021-01-04", "ns").astype(np.int64) + np.arange(30) * 7 * day
    ends = mondays + 5 * day if length == "W1" else (mondays[:, None] + np.arange(1, 6) * day).ravel()
    found = read_bars(written(tmp_path, ends, pattern="D"), symbol="SPY", timeframe=length, stamped="end")
    dates = found.bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[D]")
    assert np.datetime64(of_bar) in dates
    assert set(((dates.astype(int) + 3) % 7).tolist()) <= {0, 1, 2, 3, 4}
    said = read_bars(written(tmp_path, ends, pattern="D"), symbol="SPY", timeframe=length)
    assert length == "W1" or any("dates look like the ends of bars" in text for text in said.report.warnings)
