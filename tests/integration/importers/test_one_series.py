"""Archives, folders and columns that hold more than was asked for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.integration.importers.test_read import BARS, HEADER, same, table, text, write
from tests.unit.market.weeks import fx_bars
from trading_ai.errors import DataError
from trading_ai.importers.read import read_bars

ROWS = table()
HALF = len(ROWS) // 2
OTHER = [[row[0], *(f"{float(v) * 1.12:.5f}" for v in row[1:5]), row[5]] for row in ROWS]
ASK = [[row[0], *(f"{float(v) + 0.0002:.5f}" for v in row[1:5]), "9"] for row in ROWS]


def packed(folder: Path, **files: str) -> Path:
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name + ".csv", content)
    return path


def unpacked(folder: Path, **files: str) -> Path:
    made = folder / "all"
    made.mkdir()
    for name, content in files.items():
        (made / f"{name}.csv").write_text(content)
    return made


@pytest.fixture(params=[packed, unpacked])
def hold(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    return request.param


def test_the_asked_symbol_is_taken_and_said(tmp_path: Path, hold) -> None:  # type: ignore[no-untyped-def]
    path = hold(tmp_path, EURUSD=text(ROWS), GBPUSD=text(OTHER))
    found = read_bars(path, symbol="EURUSD")
    same(found.bars)
    assert found.detected["files"] == "EURUSD.csv of 2 files"
    same(read_bars(path, symbol="GBPUSD", member="EUR*", price_scale=1).bars)  # what is stated is done
    with pytest.raises(DataError, match=r"several symbols.*EURUSD.csv, GBPUSD.csv"):
        read_bars(path, symbol="AUDUSD")


def test_timeframes_side_by_side(tmp_path: Path, hold) -> None:  # type: ignore[no-untyped-def]
    quarter = fx_bars("2018-03-01", "2018-03-10", "M15")
    path = hold(tmp_path, EURUSD_H1=text(ROWS), EURUSD_M15=text(table(quarter)))
    with pytest.raises(DataError, match="several timeframes"):
        read_bars(path, symbol="EURUSD")
    same(read_bars(path, symbol="EURUSD", timeframe="H1").bars)
    same(read_bars(path, symbol="EURUSD", timeframe="M15").bars, quarter)


def test_names_that_tell_nothing_are_read_as_one_series_only_if_they_are_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"do not belong to one series.*member=") as caught:
        read_bars(packed(tmp_path, foo=text(ROWS[:HALF]), bar=text(ROWS[HALF:])), symbol="EURUSD")
    assert caught.value.parameter == "member"
    same(read_bars(tmp_path / "all.zip", symbol="EURUSD", member="*").bars)  # in order of time, not of names
    with pytest.raises(DataError, match="matches no file"):
        read_bars(tmp_path / "all.zip", symbol="EURUSD", member="x*")
    same(read_bars(packed(tmp_path, **{"2": text(ROWS[:HALF]), "1": text(ROWS[HALF:])}), symbol="EURUSD").bars)
    for files, says in (
        ({"1": text(ROWS[::2]), "2": text(OTHER[1::2])}, "interleave"),
        ({"1": text(ROWS[:HALF]), "2": text(OTHER[HALF:])}, "other prices"),
        ({"1": text(ROWS[:HALF]), "2": text(table(fx_bars("2018-04-20", "2018-04-25", "M15")))}, "several timeframes"),
        ({"1": text(ROWS[:HALF]), "2": text(ROWS[HALF:], ["Time (EET)", *HEADER[1:]])}, "different clocks"),
    ):
        with pytest.raises(DataError, match=says):
            read_bars(packed(tmp_path, **files), symbol="EURUSD")


def test_bid_and_ask_files_are_joined(tmp_path: Path, hold) -> None:  # type: ignore[no-untyped-def]
    path = hold(tmp_path, EURUSD_BID=text(ROWS), EURUSD_ASK=text(ASK))
    found = read_bars(path, symbol="EURUSD")
    same(found.bars)
    assert found.bars.ask_open is not None
    assert np.allclose(found.bars.ask_open - BARS.open, 0.0002)
    assert found.detected["side"] == "bid+ask"
    assert not any("ASK" in warning for warning in found.report.warnings)
    assert read_bars(path, symbol="EURUSD", side="bid").bars.ask_open is None
    assert read_bars(path, symbol="EURUSD", side="ask").bars.open[0] == float(ASK[0][1])


def test_a_bid_and_an_ask_file_given_both(tmp_path: Path) -> None:
    bid, ask = write(tmp_path, text(ROWS), "b.csv"), write(tmp_path, text(ASK[:100] + ASK[110:]), "a.csv")
    found = read_bars(bid, ask=ask, symbol="EURUSD")
    assert len(found.bars) == len(ROWS) - 10
    assert any("10 bars of the bid file and 0 of the ask file" in warning for warning in found.report.warnings)
    with pytest.raises(DataError, match="exchanged"):
        read_bars(ask, ask=bid, symbol="EURUSD")
    later = write(tmp_path, text(table(fx_bars("2020-03-01", "2020-03-05", "H1"))), "late.csv")
    with pytest.raises(DataError, match="no bar in common"):
        read_bars(bid, ask=later, symbol="EURUSD")


def test_faults_in_joined_files_keep_file_and_line(tmp_path: Path, hold) -> None:  # type: ignore[no-untyped-def]
    again = [*ROWS[HALF:], [ROWS[HALF + 3][0], *ROWS[HALF + 9][1:]]]
    path = hold(tmp_path, EURUSD_1=text(ROWS[:HALF]), EURUSD_2=text(again))
    with pytest.raises(DataError, match="contradict") as caught:
        read_bars(path, symbol="EURUSD", repair=True)
    assert caught.value.file.endswith("EURUSD_2.csv")
    assert caught.value.line == len(again) + 1
    assert "line 5 of EURUSD_2.csv" in caught.value.rule


def test_names_in_a_column(tmp_path: Path) -> None:
    header = ["symbol", *HEADER]
    one = write(tmp_path, text([["GBP/USD", *row] for row in ROWS], header))
    with pytest.raises(DataError, match="holds GBP/USD, not EURUSD"):
        read_bars(one, symbol="EURUSD")
    same(read_bars(one, symbol="EURUSD", ticker="GBP/USD").bars)
    unknown = write(tmp_path, text([["X1", *r] for r in ROWS] + [["X2", *r] for r in OTHER], header), "x.csv")
    with pytest.raises(DataError, match=r"several symbols.*ticker=X1"):
        read_bars(unknown, symbol="EURUSD")
    same(read_bars(unknown, symbol="EURUSD", ticker="x1").bars)
    with pytest.raises(DataError, match="X1, X2"):
        read_bars(unknown, symbol="EURUSD", ticker="X3")
    bare = write(tmp_path, text([["GBPUSD", *r] for r in OTHER] + [["EURUSD", *r] for r in ROWS], None), "n.csv")
    same(read_bars(bare, symbol="EURUSD").bars)
    spans = write(tmp_path, text([["60", *r] for r in ROWS] + [["15", *r] for r in OTHER], ["<PER>", *HEADER]), "p.csv")
    with pytest.raises(DataError, match="several timeframes"):
        read_bars(spans, symbol="EURUSD")
    same(read_bars(spans, symbol="EURUSD", timeframe="H1").bars)


def test_a_name_of_another_symbol_is_said(tmp_path: Path) -> None:
    found = read_bars(write(tmp_path, text(ROWS), "GBPUSD_H1.csv"), symbol="EURUSD")
    assert any("says GBPUSD" in warning for warning in found.report.warnings)
