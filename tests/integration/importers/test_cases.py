"""Small files that were once read wrongly, or refused with nowhere to go; each with what is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading_ai.errors import DataError
from trading_ai.importers.read import ImportedBars, read_bars

CASES = Path(__file__).parent / "cases"
WTI = {"timeframe": "D1", "pip_size": 0.01, "digits": 2, "lot_size": 1000.0, "quote_currency": "USD"}


def read(name: str, symbol: str = "EURUSD", **options: object) -> ImportedBars:
    return read_bars(CASES / name, symbol=symbol, **options)  # type: ignore[arg-type]


def times(found: ImportedBars) -> tuple[str, str]:
    first, last = found.bars.open_time_ns[[0, -1]].astype("datetime64[ns]").astype("datetime64[m]")
    return str(first), str(last)


def refused(name: str, symbol: str = "EURUSD", **options: object) -> DataError:
    with pytest.raises(DataError) as caught:
        read(name, symbol, **options)
    return caught.value


def test_a_first_row_without_prices_is_refused_under_its_header() -> None:
    error = refused("01_first_row_empty.csv", timezone="UTC")
    assert (error.line, error.parameter, error.rule) == (2, "open", "is missing")


def test_columns_without_names_are_left_out_and_said() -> None:
    found = read("03_headerless_v_n_vwap.csv")
    assert found.bars.volume[0] == 517
    assert found.bars.spread is None
    assert any("1.22032" in warning and "left out" in warning for warning in found.report.warnings)


def test_of_two_symbols_in_a_zip_the_asked_one_is_read_and_said() -> None:
    found = read("04_two_symbols.zip", timezone="UTC")
    assert len(found.bars) == 48
    assert found.detected["files"] == "EURUSD.csv of 2 files"
    assert found.bars.close[0] == 1.22063
    error = refused("04_two_symbols.zip", "AUDUSD", timezone="UTC")
    assert "EURUSD.csv, GBPUSD.csv" in str(error)
    assert "member=" in str(error)


@pytest.mark.parametrize("repair", [False, True])
def test_milliseconds_then_microseconds(repair: bool) -> None:
    error = refused("11_ms_then_us.csv", "BTCUSDT", repair=repair)
    assert error.line == 169
    assert "16 digits where 13" in error.rule
    assert "repair" not in str(error)


@pytest.mark.parametrize("repair", [False, True])
def test_two_orders_of_day_and_month(repair: bool) -> None:
    error = refused("12_excel_mixed_dates.csv", timezone="UTC", repair=repair)
    assert error.line == 4  # 01/04/2021 00:00 after 01/03/2021 23:00
    assert "2021-01-04 00:00" in error.rule


def test_a_stated_date_format_is_believed() -> None:
    for options in ({"date_format": "%Y%m%dT%H%M%SZ"}, {}):
        found = read("15_iso_basic.csv", **options)
        assert (len(found.bars), times(found)[0]) == (48, "2021-01-03T22:00")
        assert found.detected["timezone_decided_by"] == "stated by the values"


def test_a_year_that_cannot_be() -> None:
    error = refused("17_year_9021.csv", timeframe="D1")
    assert (error.line, error.value, error.exit_code) == (5, "9021-01-07", 2)
    assert "1678 to 2261" in error.rule


def test_the_clock_that_a_heading_names() -> None:
    found = read("20_jforex_time_eet.csv")
    assert (found.detected["timezone"], times(found)[0]) == ("EET", "2021-01-03T22:00")


def test_headings_of_metastock() -> None:
    assert len(read("21_dtyyyymmdd.csv", timezone="UTC").bars) == 48


def test_separators_of_thousands() -> None:
    bars = read("24_thousands_separator.csv", "XAUUSD").bars
    assert [bars.open[0], bars.high[0], bars.low[0], bars.close[0]] == [1905.10, 1946.20, 1900.0, 1942.30]


def test_prices_of_another_scale_say_the_option_that_reads_them() -> None:
    assert "price_scale=0.01" in str(refused("26_scaled_gold.csv", "XAUUSD"))
    assert read("26_scaled_gold.csv", "XAUUSD", price_scale=0.01).bars.open[0] == 1905.10


def test_negative_prices_are_no_fault_of_the_source() -> None:
    error = refused("27_wti_negative.csv", "WTI", **WTI)
    assert (error.line, error.parameter, error.value) == (3, "low", -40.32)
    assert "fault" not in str(error)


def test_every_case_is_read_here() -> None:
    text = Path(__file__).read_text()
    assert all(path.name in text for path in CASES.iterdir())
