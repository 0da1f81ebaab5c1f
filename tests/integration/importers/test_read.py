from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.market.weeks import fx_bars
from trading_ai.errors import DataError, SymbolError
from trading_ai.importers.parquet import write_parquet
from trading_ai.importers.read import read_bars
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.market.timezones import from_utc, parse_timezone

BARS = fx_bars("2018-03-01", "2018-04-15", "H1")


def table(bars: Bars = BARS, time: str = "%Y-%m-%d %H:%M:%S", zone: str = "UTC") -> list[list[str]]:
    local = from_utc(parse_timezone(zone), bars.open_time_ns)
    times = pl.Series(local).cast(pl.Datetime("ns")).dt.strftime(time).to_list()
    prices = [[f"{v:.5f}" for v in getattr(bars, name)] for name in ("open", "high", "low", "close")]
    volume = [f"{v:.0f}" for v in bars.volume]
    return [list(row) for row in zip(times, *prices, volume, strict=True)]


HEADER = ["time", "open", "high", "low", "close", "volume"]


def text(rows: list[list[str]], header: list[str] | None = HEADER, sep: str = ",", end: str = "\n") -> str:
    return end.join(sep.join(row) for row in ([header] if header else []) + rows) + end


def write(folder: Path, content: str | bytes, name: str = "bars.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def same(found: Bars, expected: Bars = BARS) -> None:
    assert np.array_equal(found.open_time_ns, expected.open_time_ns)
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def test_generic_csv_and_what_is_shown(tmp_path: Path) -> None:
    found = read_bars(write(tmp_path, text(table())), symbol="EURUSD")
    same(found.bars)
    shown = found.detected
    assert (shown["format"], shown["delimiter"], shown["timeframe"], shown["timezone"]) == ("csv", "comma", "H1", "UTC")
    assert shown["columns"]["open"] == "open"
    assert "detected" in shown["timezone_decided_by"]
    json.dumps(shown)
    assert found.report.warnings == []


@pytest.mark.parametrize("sep", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("header", [HEADER, None])
def test_delimiters_with_and_without_header(tmp_path: Path, sep: str, header: list[str] | None) -> None:
    time = "%Y-%m-%dT%H:%M:%S" if sep == " " else "%Y-%m-%d %H:%M:%S"
    same(read_bars(write(tmp_path, text(table(time=time), header, sep)), symbol="EURUSD").bars)


@pytest.mark.parametrize(
    "time",
    [
        "%Y.%m.%d %H:%M",
        "%Y%m%d %H%M%S",
        "%Y%m%d%H%M%S",
        "%Y%m%d%H%M",
        "%d.%m.%Y %H:%M:%S%.3f",
        "%m/%d/%Y %H:%M",
        "%d/%m/%Y %H:%M:%S",
        "%Y/%m/%d %H:%M",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%d %H:%M:%S%.6f",
        "%d-%b-%Y %H:%M",
        "%m/%d/%Y %I:%M:%S %p",
        "%s",
    ],
)
def test_date_formats(tmp_path: Path, time: str) -> None:
    same(read_bars(write(tmp_path, text(table(time=time))), symbol="EURUSD").bars)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_epochs(tmp_path: Path, unit: str) -> None:
    divisor = {"ms": 10**6, "us": 10**3, "ns": 1}[unit]
    rows = table()
    for row, t in zip(rows, BARS.open_time_ns, strict=True):
        row[0] = str(t // divisor)
    found = read_bars(write(tmp_path, text(rows)), symbol="EURUSD")
    same(found.bars)
    assert found.detected["timezone_decided_by"] == "stated by the values"


def test_offsets_in_the_values_win(tmp_path: Path) -> None:
    rows = table(zone="UTC+2")
    for row in rows:
        row[0] += "+02:00"
    found = read_bars(write(tmp_path, text(rows)), symbol="EURUSD", timezone="EST")
    same(found.bars)
    assert any("carry their own zone" in warning for warning in found.report.warnings)


def test_ambiguous_dates_are_refused_and_date_format_settles(tmp_path: Path) -> None:
    few = fx_bars("2018-03-05", "2018-03-07", "M15")
    path = write(tmp_path, text(table(few, time="%d/%m/%Y %H:%M")))
    # as month/day the 5th and 6th of March are 3 May and 3 June: both ascend, so nothing decides
    with pytest.raises(DataError, match=r"day and month.*date_format") as caught:
        read_bars(path, symbol="EURUSD")
    assert caught.value.line == 2
    for date_format in ("dd/mm/yyyy", "%d/%m/%Y", "%d/%m/%Y %H:%M"):
        same(read_bars(path, symbol="EURUSD", date_format=date_format).bars, few)


def test_day_order_that_only_one_reading_keeps_ascending(tmp_path: Path) -> None:
    bars = fx_bars("2018-02-01", "2018-02-03", "H1")
    late = fx_bars("2018-03-01", "2018-03-02", "H1")
    rows = table(bars, "%d/%m/%Y %H:%M") + table(late, "%d/%m/%Y %H:%M")  # 01/02, 02/02, 01/03
    assert len(read_bars(write(tmp_path, text(rows)), symbol="EURUSD").bars) == len(rows)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(tmp_path: Path, codec: str, end: str) -> None:
    same(read_bars(write(tmp_path, text(table(), end=end).encode(codec)), symbol="EURUSD").bars)


def test_old_mac_line_ends_blank_lines_and_banners(tmp_path: Path) -> None:
    same(read_bars(write(tmp_path, text(table(), end="\r")), symbol="EURUSD").bars)
    lines = text(table()).split("\n")
    lines[50:50] = ["", ""]
    same(read_bars(write(tmp_path, "\n".join(["# exported by x", "", *lines, "", ""])), symbol="EURUSD").bars)


def test_lines_wholly_in_quotes_and_quoted_fields(tmp_path: Path) -> None:
    lines = text(table(), sep="\t").splitlines()
    found = read_bars(write(tmp_path, "\r\n".join(f'"{line}"' for line in lines)), symbol="EURUSD")
    same(found.bars)
    assert "whole lines in quotes" in found.detected["notes"]
    quoted = [[f'"{f}"' for f in row] for row in table()]
    same(read_bars(write(tmp_path, text(quoted, [f'"{h}"' for h in HEADER])), symbol="EURUSD").bars)


def test_decimal_comma(tmp_path: Path) -> None:
    rows = [[f.replace(".", ",") for f in row] for row in table()]
    found = read_bars(write(tmp_path, text(rows, sep=";")), symbol="EURUSD")
    same(found.bars)
    assert found.detected["decimal_comma"]


def test_containers(tmp_path: Path) -> None:
    content = text(table()).encode()
    same(read_bars(write(tmp_path, gzip.compress(content), "a.csv.gz"), symbol="EURUSD").bars)
    archive = tmp_path / "b.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("b.csv", content)
        file.writestr("b.txt", "notes of the vendor")
        file.writestr("__MACOSX/b.csv", b"\x00")
    found = read_bars(archive, symbol="EURUSD")
    same(found.bars)
    assert found.detected["container"] == "zip"
    rows = table()
    halves = tmp_path / "c.zip"
    with zipfile.ZipFile(halves, "w") as file:
        file.writestr("2.csv", text(rows[300:]))
        file.writestr("1.csv", text(rows[:300]))
    same(read_bars(halves, symbol="EURUSD").bars)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as file:
        file.writestr("readme.md", "nothing")
    with pytest.raises(DataError, match="no data file"):
        read_bars(tmp_path / "d.zip", symbol="EURUSD")
    with pytest.raises(DataError, match="damaged"):
        read_bars(write(tmp_path, gzip.compress(content)[:-200], "cut.csv.gz"), symbol="EURUSD")


def test_parquet(tmp_path: Path) -> None:
    write_parquet(BARS, tmp_path / "bars.parquet")
    found = read_bars(tmp_path / "bars.parquet", symbol="EURUSD")
    same(found.bars)
    assert found.bars.content_hash == BARS.content_hash
    naive = pl.read_parquet(tmp_path / "bars.parquet").with_columns(pl.col("time").dt.replace_time_zone(None))
    naive.rename({"time": "Date", "open": "Open"}).write_parquet(tmp_path / "naive.parquet")
    same(read_bars(tmp_path / "naive.parquet", symbol="EURUSD").bars)
    pl.DataFrame({"time": [1], "open": [1.0]}).write_parquet(tmp_path / "short.parquet")
    with pytest.raises(DataError, match="no column for"):
        read_bars(tmp_path / "short.parquet", symbol="EURUSD")


def test_bid_and_ask_columns_and_spreads(tmp_path: Path) -> None:
    rows = [[*row, *(f"{float(f) + 0.0002:.5f}" for f in row[1:5])] for row in table()]
    header = ["Time", "BidOpen", "BidHigh", "BidLow", "BidClose", "Vol", "AskOpen", "AskHigh", "AskLow", "AskClose"]
    bars = read_bars(write(tmp_path, text(rows, header)), symbol="EURUSD").bars
    assert bars.ask_open is not None
    assert np.allclose(bars.ask_open - bars.open, 0.0002)
    for unit, value in (("points", "12"), ("price", "0.00012")):
        spread = [[*row, value] for row in table()]
        found = read_bars(write(tmp_path, text(spread, [*HEADER, "spread"])), symbol="EURUSD")
        assert found.bars.spread is not None
        assert np.allclose(found.bars.spread, 0.00012), unit
    zero = [[*row, "0"] for row in table()]
    assert read_bars(write(tmp_path, text(zero, [*HEADER, "spread"])), symbol="EURUSD").bars.spread is None


def test_columns_by_name_and_number(tmp_path: Path) -> None:
    path = write(tmp_path, text(table(), ["a", "b", "c", "d", "e", "f"]))
    with pytest.raises(DataError, match=r"no column for time.*columns="):
        read_bars(path, symbol="EURUSD")
    named = {"time": "a", "open": "b", "high": "c", "low": "d", "close": 4, "volume": 5}
    same(read_bars(path, symbol="EURUSD", columns=named).bars)
    with pytest.raises(DataError, match="has no column 'zz'"):
        read_bars(path, symbol="EURUSD", columns={**named, "time": "zz"})
    with pytest.raises(DataError, match="not a column of bars"):
        read_bars(path, symbol="EURUSD", columns={"tyme": "a"})


@pytest.mark.parametrize(
    ("row", "column", "value", "says"),
    [
        (7, 1, "abc", "is not a number"),
        (7, 4, "", "is missing"),
        (7, 0, "2018-13-45 00:00:00", "is not a time of the form"),
        (7, 2, "0.5", "is below the low"),
        (7, 3, "-1", "must be positive"),
        (7, 3, "nan", "is not a number"),
        (7, 2, "1.1,2", "fields where the others have"),
    ],
)
def test_faults_name_the_line(tmp_path: Path, row: int, column: int, value: str, says: str) -> None:
    rows = table()
    rows[row][column] = value
    path = write(tmp_path, text(rows))
    with pytest.raises(DataError, match=says) as caught:
        read_bars(path, symbol="EURUSD")
    assert (caught.value.file, caught.value.line) == (str(path), row + 2)
    assert caught.value.remedy


def test_lines_are_those_of_the_file_despite_blank_ones(tmp_path: Path) -> None:
    lines = text(table()).split("\n")
    lines[10:10] = ["", "", ""]
    lines[40] = lines[40].replace(",1.", ",-1.")
    with pytest.raises(DataError) as caught:
        read_bars(write(tmp_path, "\n".join(lines)), symbol="EURUSD")
    assert caught.value.line == 41


def test_a_file_cut_off_in_its_last_line_is_refused(tmp_path: Path) -> None:
    content = text(table())
    with pytest.raises(DataError) as caught:
        read_bars(write(tmp_path, content[:-25]), symbol="EURUSD")
    assert caught.value.line == len(table()) + 1


def test_repair_and_refusal_of_repeats(tmp_path: Path) -> None:
    rows = table()
    mixed = [*rows[:10], rows[9], *rows[10:20], rows[21], rows[20], *rows[22:]]
    path = write(tmp_path, text(mixed))
    with pytest.raises(DataError, match="--repair") as caught:
        read_bars(path, symbol="EURUSD")
    assert caught.value.line == 12
    found = read_bars(path, symbol="EURUSD", repair=True)
    same(found.bars)
    assert len(found.report.repairs) == 2
    rows[11] = [rows[10][0], *rows[11][1:]]
    with pytest.raises(DataError, match="contradict"):
        read_bars(write(tmp_path, text(rows)), symbol="EURUSD", repair=True)


def test_timeframes(tmp_path: Path) -> None:
    path = write(tmp_path, text(table()))
    assert read_bars(path, symbol="EURUSD", timeframe="1h").bars.timeframe.name == "H1"
    for wrong in ("M1", "H4", "D1"):
        with pytest.raises(DataError, match=r"contradicts the rows.*1 h apart"):
            read_bars(path, symbol="EURUSD", timeframe=wrong)
    one = write(tmp_path, text(table()[:1]), "one.csv")
    with pytest.raises(DataError, match="single bar"):
        read_bars(one, symbol="EURUSD")
    assert len(read_bars(one, symbol="EURUSD", timeframe="H1").bars) == 1


def test_prices_in_another_scale_are_refused_until_stated(tmp_path: Path) -> None:
    rows = [[row[0], *(f"{float(f) * 100000!r}" for f in row[1:5]), row[5]] for row in table()]
    path = write(tmp_path, text(rows))
    with pytest.raises(DataError, match=r"price_scale=0\.00001") as caught:
        read_bars(path, symbol="EURUSD")
    assert caught.value.parameter == "price_scale"
    same(read_bars(path, symbol="EURUSD", price_scale=1e-5).bars)
    kept = read_bars(path, symbol="EURUSD", price_scale=1)
    assert kept.bars.open[0] > 100_000
    assert any("unusual" in warning for warning in kept.report.warnings)


def test_timezones_stated_detected_and_assumed(tmp_path: Path) -> None:
    path = write(tmp_path, text(table(zone="NY+7")))
    found = read_bars(path, symbol="EURUSD")
    same(found.bars)
    assert found.detected["timezone"] == "NY+7"
    wrong = read_bars(path, symbol="EURUSD", timezone="UTC")
    assert any("TIME ZONE DOUBTFUL" in w and "NY+7" in w for w in wrong.report.warnings)
    agreed = read_bars(path, symbol="EURUSD", timezone="NY+7")
    assert "agree" in agreed.detected["timezone_decided_by"]
    daily = fx_bars("2018-01-01", "2018-12-01", "D1")
    assumed = read_bars(write(tmp_path, text(table(daily, "%Y-%m-%d")), "d.csv"), symbol="EURUSD")
    assert assumed.detected["timezone"] == "UTC"
    assert any("UTC is assumed" in warning for warning in assumed.report.warnings)


def test_a_table_of_several_symbols(tmp_path: Path) -> None:
    rows = [["EUR/USD", *row] for row in table()] + [["GBPUSD", *row] for row in table()]
    path = write(tmp_path, text(rows, ["Ticker", *HEADER]))
    found = read_bars(path, symbol="EURUSD")
    same(found.bars)
    assert "of 2 symbols" in found.detected["rows_of"]
    with pytest.raises(DataError, match="none of them AUDUSD"):
        read_bars(path, symbol="AUDUSD")


def test_symbols(tmp_path: Path) -> None:
    path = write(tmp_path, text(table()))
    with pytest.raises(SymbolError):
        read_bars(path, symbol="OIL9")
    described = read_bars(path, symbol="OIL9", pip_size=0.01, digits=2, lot_size=1000, quote_currency="USD")
    assert described.bars.symbol.name == "OIL9"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "no rows that look like bars"),
        (b"<html><body>not found</body></html>\n", "is an HTML page"),
        (b"time,open,high,low,close\n", "no rows"),
        (b"BZh9....", "compressed in a way"),
        (b"PAR1....", "not readable as Parquet"),
        (bytes(range(256)) * 8, r"binary|no rows"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_bars(write(tmp_path, content), symbol="EURUSD")


def test_options_are_checked(tmp_path: Path) -> None:
    path = write(tmp_path, text(table()))
    with pytest.raises(DataError, match="does not exist"):
        read_bars(tmp_path / "none.csv", symbol="EURUSD")
    for options in ({"format": "xls"}, {"side": "left"}, {"price_scale": 0.0}, {"timezone": "Mars"}, {"format": "mt5"}):
        with pytest.raises(DataError):
            read_bars(path, symbol="EURUSD", **options)  # type: ignore[arg-type]


def test_newest_first_is_refused_and_repaired(tmp_path: Path) -> None:
    path = write(tmp_path, "a banner\n" + text(table()[::-1]))
    with pytest.raises(DataError, match="from new to old"):
        read_bars(path, symbol="EURUSD")
    same(read_bars(path, symbol="EURUSD", repair=True).bars)


def test_index_columns_and_trailing_delimiters(tmp_path: Path) -> None:
    same(read_bars(write(tmp_path, text(table(), ["", *HEADER[1:]])), symbol="EURUSD").bars)
    numbered = [[str(i), *row] for i, row in enumerate(table())]
    same(read_bars(write(tmp_path, text(numbered, ["", *HEADER])), symbol="EURUSD").bars)
    trailing = [[*row, ""] for row in table()]
    same(read_bars(write(tmp_path, text(trailing)), symbol="EURUSD").bars)


def test_a_million_rows_come_back_as_they_were(tmp_path: Path) -> None:
    minutes = fx_bars("2012-01-01", "2014-10-01")
    assert len(minutes) > 1_000_000
    frame = {"time": pl.Series(minutes.open_time_ns).cast(pl.Datetime("ns"))}
    frame |= {name: pl.Series(getattr(minutes, name)) for name in ("open", "high", "low", "close", "volume")}
    pl.DataFrame(frame).write_csv(tmp_path / "m.csv", datetime_format="%Y-%m-%d %H:%M:%S", float_precision=5)
    same(read_bars(tmp_path / "m.csv", symbol="EURUSD").bars, minutes)


@pytest.mark.parametrize(
    ("grid", "said"),
    [(None, "17:00 America/New_York"), ("UTC", "UTC"), ("EET", "EET"), ("00:00 NY", "00:00 America/New_York")],
)
def test_bars_of_four_hours_keep_their_grid_and_it_is_said(tmp_path: Path, grid: str | None, said: str) -> None:
    fours = resample(fx_bars("2018-02-05", "2018-04-27", "H1"), "H4", day_start=grid)
    found = read_bars(write(tmp_path, text(table(fours))), symbol="EURUSD", timezone="UTC")
    same(found.bars, fours)
    assert found.detected["grid"] == f"the day that starts at {said}"
    assert read_bars(write(tmp_path, text(table())), symbol="EURUSD").detected["grid"] is None


def test_bars_of_four_hours_on_no_usual_grid_are_kept_and_it_is_said(tmp_path: Path) -> None:
    fours = resample(fx_bars("2018-03-05", "2018-03-24", "M15"), "H4", day_start="03:30 UTC")
    found = read_bars(write(tmp_path, text(table(fours))), symbol="EURUSD", timezone="UTC")
    same(found.bars, fours)
    assert str(found.detected["grid"]).startswith("none of the usual ones")


def test_the_day_start_is_stated_at_the_import(tmp_path: Path) -> None:
    path = write(tmp_path, text(table()))
    usual = read_bars(path, symbol="EURUSD")
    assert (usual.detected["day_start"], usual.detected["day_start_decided_by"]) == (
        "17:00 America/New_York", "the symbol's own",
    )  # fmt: skip
    stated = read_bars(path, symbol="EURUSD", day_start="UTC")
    assert (stated.detected["day_start"], stated.detected["day_start_decided_by"]) == ("UTC", "stated")
    assert (stated.bars.symbol.rollover, stated.bars.symbol.rollover_timezone) == ("00:00", "UTC")
    assert set((resample(stated.bars, "H4").open_time_ns // (3600 * 10**9) % 24).tolist()) == {0, 4, 8, 12, 16, 20}
    with pytest.raises(DataError, match="time of day and a zone"):
        read_bars(path, symbol="EURUSD", day_start="dawn")
