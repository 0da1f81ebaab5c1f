from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.integration.importers.test_read import BARS, same, table, text, write
from tests.unit.market.weeks import fx_bars
from trading_ai.errors import DataError, NotFoundError
from trading_ai.importers.read import read_bars
from trading_ai.importers.samples import load_sample

MT5 = ["<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>", "<VOL>", "<SPREAD>"]


def split(rows: list[list[str]]) -> list[list[str]]:
    return [[*row[0].split(" "), *row[1:]] for row in rows]


def test_mt4(tmp_path: Path) -> None:
    rows = split(table(time="%Y.%m.%d %H:%M", zone="NY+7"))
    found = read_bars(write(tmp_path, text(rows, None)), symbol="EURUSD")
    same(found.bars)
    assert (found.detected["format"], found.detected["timezone"], found.detected["side"]) == ("mt4", "NY+7", "bid")


@pytest.mark.parametrize("header", [MT5, None])
def test_mt5(tmp_path: Path, header: list[str] | None) -> None:
    rows = [[*row, "0", "7"] for row in split(table(time="%Y.%m.%d %H:%M:%S", zone="NY+7"))]
    found = read_bars(write(tmp_path, text(rows, header, "\t")), symbol="EURUSD")
    same(found.bars)
    assert (found.detected["format"], found.detected["timezone"]) == ("mt5", "NY+7")
    assert found.bars.spread is not None
    assert np.allclose(found.bars.spread, 0.00007)


def test_mt5_daily_files_have_no_time(tmp_path: Path) -> None:
    daily = fx_bars("2018-01-01", "2018-12-01", "D1")
    rows = [[*row, "0", "7"] for row in table(daily, "%Y.%m.%d")]
    found = read_bars(write(tmp_path, text(rows, [MT5[0], *MT5[2:]], "\t")), symbol="EURUSD")
    same(found.bars, daily)
    assert found.detected["format"] == "mt5"


def test_histdata_zone_is_taken_only_if_the_opens_agree(tmp_path: Path) -> None:
    documented = text(table(time="%Y%m%d %H%M%S", zone="EST"), None, ";")
    found = read_bars(write(tmp_path, documented), symbol="EURUSD")
    same(found.bars)
    assert (found.detected["format"], found.detected["timezone"]) == ("histdata", "EST")
    real = text(table(time="%Y%m%d %H%M%S", zone="America/New_York"), None, ";")
    other = read_bars(write(tmp_path, real), symbol="EURUSD")
    same(other.bars)
    assert other.detected["timezone"] == "America/New_York"
    assert any("documents EST" in warning for warning in other.report.warnings)


def test_dukascopy_side_and_date_order(tmp_path: Path) -> None:
    few = fx_bars("2018-03-05", "2018-03-07", "M15")  # no day above 12: the format decides
    rows = table(few, "%d.%m.%Y %H:%M:%S%.3f")
    header = ["Gmt time", "Open", "High", "Low", "Close", "Volume"]
    path = write(tmp_path, text(rows, header), "EURUSD_Candlestick_15_M_ASK_2018.csv")
    found = read_bars(path, symbol="EURUSD")
    same(found.bars, few)
    assert (found.detected["format"], found.detected["side"]) == ("dukascopy", "ask")
    assert any("ASK" in warning for warning in found.report.warnings)
    assert not any("ASK" in w for w in read_bars(path, symbol="EURUSD", side="ask").report.warnings)


def lean_days(folder: Path, kind: str = "quote") -> None:
    day_ns = 86_400 * 10**9
    bars = fx_bars("2018-03-05", "2018-03-08")
    for day in np.unique(bars.open_time_ns // day_ns):
        rows = []
        for i in np.flatnonzero(bars.open_time_ns // day_ns == day):
            prices = [f"{getattr(bars, name)[i]:.5f}" for name in ("open", "high", "low", "close")]
            ms = str(bars.open_time_ns[i] % day_ns // 10**6)
            ask = [f"{float(p) + 0.0001:.5f}" for p in prices]
            rows.append([ms, *prices, "0", *ask, "0"] if kind == "quote" else [ms, *prices, "5"])
        name = str(np.datetime64(int(day), "D")).replace("-", "")
        with zipfile.ZipFile(folder / f"{name}_{kind}.zip", "w") as archive:
            archive.writestr(f"{name}_eurusd_minute_{kind}.csv", text(rows, None))


def test_lean_day_files(tmp_path: Path) -> None:
    lean_days(tmp_path)
    found = read_bars(tmp_path, symbol="EURUSD")
    expected = fx_bars("2018-03-05", "2018-03-08")
    assert np.array_equal(found.bars.open_time_ns, expected.open_time_ns)
    assert np.array_equal(found.bars.close, expected.close)
    assert found.bars.ask_close is not None
    assert (found.detected["format"], found.detected["side"]) == ("lean", "bid+ask")
    lean_days(tmp_path, "trade")
    with pytest.raises(DataError, match='side="trade"'):
        read_bars(tmp_path, symbol="EURUSD")
    assert read_bars(tmp_path, symbol="EURUSD", side="trade").bars.ask_close is None


def test_lean_equities_are_scaled(tmp_path: Path) -> None:
    rows = [[f"201803{day:02d} 00:00", "1000000", "1010000", "990000", "1005000", "7"] for day in (5, 6, 7, 8)]
    with zipfile.ZipFile(tmp_path / "spy.zip", "w") as archive:
        archive.writestr("spy.csv", text(rows, None))
    found = read_bars(tmp_path / "spy.zip", symbol="SPY")
    assert found.bars.open.tolist() == [100.0] * 4
    assert found.detected["timezone"] == "America/New_York"


def lean_ticks(folder: Path, kind: str, content: str, name: str = "eurusd") -> Path:
    path = folder / f"20180305_{kind}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"20180305_{name}_tick_{kind}.csv", content)
    return path


def test_lean_ticks_become_bars(tmp_path: Path) -> None:
    # 12 ms, 900 ms, 59.999 s and 60 s after midnight: three ticks in the first minute, one in the second
    quotes = "12,1.1,1.2\n900,1.3,1.35\n59999,1.05,1.15\n60000,1.11,1.12\n"
    bars = read_bars(lean_ticks(tmp_path, "quote", quotes), symbol="EURUSD", price_scale=1).bars
    assert bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[s]").astype(str).tolist() == [
        "2018-03-05T00:00:00",
        "2018-03-05T00:01:00",
    ]
    assert [v.tolist() for v in (bars.open, bars.high, bars.low, bars.close)] == [
        [1.1, 1.11],
        [1.3, 1.11],
        [1.05, 1.11],
        [1.05, 1.11],
    ]
    assert bars.ask_open is not None
    assert bars.ask_high is not None
    assert bars.ask_low is not None
    assert (bars.ask_open.tolist(), bars.ask_high.tolist(), bars.ask_low.tolist()) == (
        [1.2, 1.12],
        [1.35, 1.12],
        [1.15, 1.12],
    )
    assert bars.volume.tolist() == [3, 1]
    trades = "34200000,1000000,5,X,,0\n34200500,1010000,7,X,,0\n"  # 09:30, prices times 10,000
    found = read_bars(lean_ticks(tmp_path, "trade", trades, "spy"), symbol="SPY")
    assert (found.bars.open.tolist(), found.bars.close.tolist(), found.bars.volume.tolist()) == ([100.0], [101.0], [12])
    assert str(found.bars.open_time_ns[0].astype("datetime64[ns]"))[:16] == "2018-03-05T14:30"
    assert found.detected["side"] == "trade"
    with pytest.raises(DataError, match="3 or 5"):
        read_bars(lean_ticks(tmp_path, "quote", "12,1.1,1.2,5\n"), symbol="EURUSD")


def test_lean_bars_of_seconds_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "20180305_quote.zip", "w") as archive:
        archive.writestr("20180305_eurusd_second_quote.csv", "1000,1,1,1,1,0,1,1,1,1,0\n")
    with pytest.raises(DataError, match="seconds"):
        read_bars(tmp_path / "20180305_quote.zip", symbol="EURUSD")


def test_stooq_like_columns(tmp_path: Path) -> None:
    rows = [["EURUSD", "60", *row[0].split(" "), *row[1:], "0"] for row in table(time="%Y%m%d %H%M%S")]
    header = ["<TICKER>", "<PER>", "<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>", "<OPENINT>"]
    same(read_bars(write(tmp_path, text(rows, header)), symbol="EURUSD").bars)


def test_sample() -> None:
    bars = load_sample()
    assert (len(bars), bars.timeframe.name, bars.symbol.name) == (6225, "H1", "EURUSD")
    assert str(bars.open_time_ns[0].astype("datetime64[ns]"))[:16] == "2017-01-01T22:00"
    assert len(BARS)
    with pytest.raises(NotFoundError):
        load_sample("GBPUSD")
