"""Headers, times and numbers that are believed only where they can be what they seem."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.integration.importers.test_read import BARS, HEADER, same, table, text, write
from tests.unit.market.weeks import fx_bars
from trading_ai.errors import DataError
from trading_ai.importers import csv_bars
from trading_ai.importers.read import read_bars

ROWS = table()
# In an order that position does not tell.
HEADINGS = ["time", "close", "high", "low", "open", "volume"]
TURNED = [[r[0], r[4], r[2], r[3], r[1], r[5]] for r in ROWS]


@pytest.mark.parametrize(
    "line",
    ["-----,-----,----,---,----,---", ",,,,,", ",USD,USD,USD,USD,lots", "====,====,===,===,===,===", "Datetime,,,,,"],
)
def test_what_stands_between_header_and_rows_does_not_hide_the_header(tmp_path: Path, line: str) -> None:
    content = ",".join(HEADINGS) + "\n" + line + "\n" + text(TURNED, None)
    same(read_bars(write(tmp_path, content), symbol="EURUSD").bars)


@pytest.mark.parametrize("cell", ["", "-", "--", "NaN", "null", "n/a"])
def test_a_first_row_without_prices_is_refused(tmp_path: Path, cell: str) -> None:
    first = ["2018-02-28 23:00:00", *[cell] * 4, ""]
    for above, lines in ((HEADINGS, 2), (None, 1)):
        rows = [first, *(TURNED if above else ROWS)]
        with pytest.raises(DataError, match=r"missing|not a number") as caught:
            read_bars(write(tmp_path, text(rows, above)), symbol="EURUSD")
        assert (caught.value.line, caught.value.parameter) == (lines, "open")


def test_open_and_close_exchanged_by_position_are_refused_and_by_name_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="exchanged"):
        read_bars(write(tmp_path, text(TURNED, None)), symbol="EURUSD")
    columns = {"open": 4, "high": 2, "low": 3, "close": 1}
    same(
        read_bars(
            write(tmp_path, text(TURNED, None)), symbol="EURUSD", columns={"time": 0, **columns, "volume": 5}
        ).bars
    )
    said = read_bars(write(tmp_path, text(TURNED, HEADER)), symbol="EURUSD").report.warnings
    assert any("exchanged" in warning for warning in said)


@pytest.mark.parametrize(
    ("further", "volume"),
    [
        (lambda r: [r[5], "172", r[4]], True),  # volume, count, average price
        (lambda r: [r[4], r[5]], True),  # adjusted close, volume
        (lambda r: [r[5], "12"], True),
        (lambda r: [r[5], "0", "1.22"], True),
        (lambda r: [r[4]], False),
        (lambda r: ["-3"], False),
    ],
)
def test_columns_without_a_name(tmp_path: Path, further, volume: bool) -> None:  # type: ignore[no-untyped-def]
    found = read_bars(write(tmp_path, text([[*r[:5], *further(r)] for r in ROWS], None)), symbol="EURUSD")
    assert found.bars.spread is None
    assert found.bars.volume.tolist() == (BARS.volume.tolist() if volume else [0.0] * len(BARS))
    assert any("no header" in warning for warning in found.report.warnings)


@pytest.mark.parametrize("value", ["1.2203", "30000", "0.5"])
def test_spreads_that_no_market_has(tmp_path: Path, value: str) -> None:
    path = write(tmp_path, text([[*r, value] for r in ROWS], [*HEADER, "spread"]))
    with pytest.raises(DataError, match="no believable spread") as caught:
        read_bars(path, symbol="EURUSD")
    assert caught.value.line == 2
    same(read_bars(path, symbol="EURUSD", columns=["spread=-"]).bars)


def test_what_a_spread_counts_can_be_stated(tmp_path: Path) -> None:
    path = write(tmp_path, text([[*r, "1.2"] for r in ROWS], [*HEADER, "spread"]))
    bars = read_bars(path, symbol="EURUSD", spread_unit="pips").bars
    assert bars.spread is not None
    assert np.allclose(bars.spread, 0.00012)
    bars = read_bars(path, symbol="EURUSD", spread_unit="points").bars
    assert bars.spread is not None
    assert np.allclose(bars.spread, 0.000012)


MT5 = ["<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>", "<VOL>", "<SPREAD>"]


@pytest.mark.parametrize(
    ("price", "symbol", "expected"),
    [
        ("{:.4f}0", "EURUSD", 0.00012),  # five decimals that all end with 0: points of the fifth
        ("{:.5f}", "EURUSD", 0.00012),
        ("{:.4f}", "EURUSD", 0.0012),  # a broker of four decimals
    ],
)
def test_points_are_of_the_decimals_as_metatrader_writes_them(
    tmp_path: Path, price: str, symbol: str, expected: float
) -> None:
    prices = [[price.format(float(v)) for v in r[1:5]] for r in ROWS]
    rows = [[*r[0].replace("-", ".").split(" "), *p, r[5], "0", "12"] for r, p in zip(ROWS, prices, strict=True)]
    found = read_bars(write(tmp_path, text(rows, MT5, "\t")), symbol=symbol)
    assert found.detected["format"] == "mt5"
    assert found.bars.spread is not None
    assert np.allclose(found.bars.spread, expected)


@pytest.mark.parametrize("year", ["9021", "2262", "1677", "0021", "12021"])
def test_years_that_nanoseconds_do_not_hold(tmp_path: Path, year: str) -> None:
    rows = [list(r) for r in ROWS]
    rows[5][0] = f"{year}-03-01 05:00:00"
    with pytest.raises(DataError, match="1678 to 2261") as caught:
        read_bars(write(tmp_path, text(rows)), symbol="EURUSD")
    assert caught.value.line == 7


def test_years_in_other_forms(tmp_path: Path) -> None:
    daily = table(fx_bars("2018-01-01", "2018-03-01", "D1"), "%Y-%m-%d")
    daily[3][0] = "9021-01-04"
    with pytest.raises(DataError, match="1678 to 2261") as caught:
        read_bars(write(tmp_path, text(daily)), symbol="EURUSD")
    assert caught.value.line == 5
    seconds = [[str(int(t) // 10**9), *r[1:]] for t, r in zip(BARS.open_time_ns, ROWS, strict=True)]
    seconds[4][0] = "9223372036"  # 2262-04-11
    with pytest.raises(DataError, match="1678 to 2261") as caught:
        read_bars(write(tmp_path, text(seconds)), symbol="EURUSD")
    assert caught.value.line == 6
    frame = pl.DataFrame({"time": [datetime(2021, 1, d + 4) for d in range(4)] + [datetime(9021, 1, 8)]})
    prices = {name: [1.2] * 5 for name in ("open", "high", "low", "close")}
    for times in (frame["time"].cast(pl.Datetime("us")), frame["time"].cast(pl.Date)):
        pl.DataFrame({"time": times, **prices}).write_parquet(tmp_path / "y.parquet")
        with pytest.raises(DataError, match="1678 to 2261") as caught:
            read_bars(tmp_path / "y.parquet", symbol="EURUSD", timeframe="D1")
        assert caught.value.line == 5


@pytest.mark.parametrize(("first", "then"), [(10**9, 10**6), (10**6, 10**9), (10**6, 10**3), (10**3, 1)])
def test_units_of_time_that_change(tmp_path: Path, first: int, then: int) -> None:
    rows = [
        [str(int(t) // (first if i < 100 else then)), *r[1:]]
        for i, (t, r) in enumerate(zip(BARS.open_time_ns, ROWS, strict=True))
    ]
    for repair in (False, True):
        with pytest.raises(DataError, match="digits where") as caught:
            read_bars(write(tmp_path, text(rows)), symbol="EURUSD", repair=repair)
        assert caught.value.line == 102


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%SZ"),
        ("%H:%M %d.%m.%Y", "%H:%M %d.%m.%Y"),
        ("%d%m%Y %H%M", "%d%m%Y %H%M"),
        ("%y%m%d %H:%M", "%y%m%d %H:%M"),
        ("%Y-%j %H:%M", "%Y-%j %H:%M"),
        ("dd.mm.yyyy hh:mm", "%d.%m.%Y %H:%M"),
        ("yyyy/dd/mm hh:mm:ss", "%Y/%d/%m %H:%M:%S"),
        ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S+00:00"),
        ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S%.6f"),
    ],
)
@pytest.mark.parametrize("header", [HEADER, None])
def test_a_stated_date_format_finds_the_time(
    tmp_path: Path, given: str, written: str, header: list[str] | None
) -> None:
    found = read_bars(write(tmp_path, text(table(time=written), header)), symbol="EURUSD", date_format=given)
    same(found.bars)


def test_a_date_format_that_is_none(tmp_path: Path) -> None:
    for wrong in ("%H:%M", "yyyy", "%Q", ""):
        with pytest.raises(DataError, match="year, month and day") as caught:
            read_bars(write(tmp_path, text(ROWS)), symbol="EURUSD", date_format=wrong)
        assert caught.value.parameter == "date_format"


@pytest.mark.parametrize(("time", "whole"), [("%Y-%m-%d %H:%M:%S", False), ("%d.%m.%Y %H:%M", False), ("%s", False)])
def test_pieces_of_a_table_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time: str, whole: bool) -> None:
    path = write(tmp_path, text(table(time=time), end="\r\n"))
    fault = [list(r) for r in table(time=time)]
    fault[700][2] = "x"
    monkeypatch.setattr(csv_bars, "_PIECE", 20_000)
    same(read_bars(path, symbol="EURUSD").bars)
    with pytest.raises(DataError, match="not a number") as caught:
        read_bars(write(tmp_path, text(fault)), symbol="EURUSD")
    assert caught.value.line == 702


def test_quotation_marks_without_a_pair_swallow_no_rows(tmp_path: Path) -> None:
    rows = [[*r, "x"] for r in ROWS]
    for cells, line in ((('"', '"'), 12), (('"a', 'b"'), 12), (("x", '"'), 22)):
        bad = [list(r) for r in rows]
        bad[10][6], bad[20][6] = cells
        with pytest.raises(DataError, match="quotation mark") as caught:
            read_bars(write(tmp_path, text(bad, [*HEADER, "remark"])), symbol="EURUSD")
        assert caught.value.line == line


def test_a_header_of_another_width_than_the_rows(tmp_path: Path) -> None:
    rows = [[r[0], "1,905.10", "1,946.20", "1,900.00", "1,942.30"] for r in ROWS]
    with pytest.raises(DataError, match="5 headings over rows of 9 fields") as caught:
        read_bars(write(tmp_path, text(rows, ["Date", "Open", "High", "Low", "Close"])), symbol="XAUUSD")
    assert caught.value.line == 1


def test_thousands_that_begin_in_the_middle(tmp_path: Path) -> None:
    low, high = ["990.1", "999.2", "980.0", "991.3"], ['"1,001.10"', '"1,002.20"', "999.00", '"1,001.30"']
    rows = [[r[0], *(low if i < 100 else high)] for i, r in enumerate(ROWS)]
    bars = read_bars(write(tmp_path, text(rows, HEADER[:5])), symbol="XAUUSD").bars
    assert (bars.open[99], bars.open[100], bars.low[100]) == (990.1, 1001.10, 999.0)


def test_a_comma_that_may_be_either_is_asked_for(tmp_path: Path) -> None:
    rows = [[r[0], "13,800", "13,900", "13,700", "13,850", "1"] for r in ROWS]
    path = write(tmp_path, text(rows, sep=";"))
    with pytest.raises(DataError, match="decimal comma or a separator") as caught:
        read_bars(path, symbol="GER40", timezone="UTC")
    assert caught.value.parameter == "decimal"
    assert read_bars(path, symbol="GER40", timezone="UTC", decimal=".").bars.open[0] == 13800
    assert read_bars(path, symbol="GER40", timezone="UTC", decimal=",").bars.open[0] == 13.8
    # the usual price of a symbol tells, where it has one
    yen = text([[r[0], "110,123", "110,200", "110,100", "110,150", "1"] for r in ROWS], sep=";")
    assert read_bars(write(tmp_path, yen), symbol="USDJPY", timezone="UTC").bars.open[0] == 110.123
    gold = text([[r[0], "1,905", "1,910", "1,900", "1,906", "1"] for r in ROWS], sep=";")
    assert read_bars(write(tmp_path, gold), symbol="XAUUSD", timezone="UTC").bars.open[0] == 1905
