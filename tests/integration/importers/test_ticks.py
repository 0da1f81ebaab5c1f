"""Ticks of the usual exports become the same bars, whichever way they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.integration.importers.test_read import write
from trading_ai.errors import DataError
from trading_ai.importers import ticks as ticks_module
from trading_ai.importers.read import read_bars
from trading_ai.market.bars import Bars

START = datetime(2021, 1, 4, 10, 0, 0, 500_000)
# Seconds after START, bid, ask: three ticks in the first minute, none in the second, two in the third.
TICKS = [
    (0.0, 1.22010, 1.22013),
    (10.25, 1.22040, 1.22044),
    (59.0, 1.22005, 1.22006),
    (120.0, 1.22030, 1.22031),
    (130.5, 1.22020, 1.22025),
]
OPENS = ["2021-01-04T10:00", "2021-01-04T10:02"]


def moments(shift_hours: int = 0) -> list[datetime]:
    return [START + timedelta(seconds=s, hours=shift_hours) for s, _, _ in TICKS]


def lines(form: str, separator: str = ",", shift_hours: int = 0, end: str = "") -> str:
    """Rows of the given form: {t} the time with milliseconds, {b} bid, {a} ask."""
    out = []
    for moment, (_, bid, ask) in zip(moments(shift_hours), TICKS, strict=True):
        stamp = {
            "dots": f"{moment:%Y.%m.%d %H:%M:%S.%f}"[:-3],
            "german": f"{moment:%d.%m.%Y %H:%M:%S.%f}"[:-3],
            "iso": f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            "packed": f"{moment:%Y%m%d %H%M%S%f}"[:-3],
            "truefx": f"{moment:%Y%m%d %H:%M:%S.%f}"[:-3],
            "ms": str(round(moment.replace(tzinfo=UTC).timestamp() * 1000)),
        }
        out.append(form.format(**stamp, b=f"{bid:.5f}", a=f"{ask:.5f}").replace(",", separator) + end)
    return "\n".join(out) + "\n"


def check(bars: Bars) -> None:
    assert bars.timeframe.name == "M1"
    opens = bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[m]").astype(str).tolist()
    assert opens == OPENS
    assert (bars.open.tolist(), bars.high.tolist()) == ([1.22010, 1.22030], [1.22040, 1.22030])
    assert (bars.low.tolist(), bars.close.tolist()) == ([1.22005, 1.22020], [1.22005, 1.22020])
    assert bars.ask_open is not None
    assert bars.ask_high is not None
    assert bars.ask_low is not None
    assert bars.ask_close is not None
    assert (bars.ask_open.tolist(), bars.ask_high.tolist()) == ([1.22013, 1.22031], [1.22044, 1.22031])
    assert (bars.ask_low.tolist(), bars.ask_close.tolist()) == ([1.22006, 1.22025], [1.22006, 1.22025])
    assert bars.volume.tolist() == [3, 2]


DUKASCOPY = "Gmt time,Ask,Bid,AskVolume,BidVolume\n" + lines("{german},{a},{b},1.5,2.25")
FILES = {
    "dukascopy": (DUKASCOPY, {}, "dukascopy ticks", "UTC"),
    "jforex in EET": (
        "Time (EET),Ask,Bid,AskVolume,BidVolume\n" + lines("{dots},{a},{b},1.5,2.2", shift_hours=2), {}, "ticks", "EET",
    ),
    "dukascopy-node": (
        "timestamp,askPrice,bidPrice,askVolume,bidVolume\n" + lines("{ms},{a},{b},1,2"), {}, "ticks", "UTC",
    ),
    "truefx": (lines("EUR/USD,{truefx},{b},{a}"), {}, "truefx ticks", "UTC"),
    "histdata": (lines("{packed},{b},{a},0", shift_hours=-5), {}, "histdata ticks", "EST"),
    "generic": ("time,bid,ask\n" + lines("{iso},{b},{a}"), {"timezone": "UTC"}, "ticks", "UTC"),
    "semicolons": ("Time;Bid;Ask;Volume\n" + lines("{iso},{b},{a},7", ";"), {"timezone": "UTC"}, "ticks", "UTC"),
    "no header": (lines("{iso}Z,{b},{a}"), {}, "ticks", "UTC"),
    "no header, with sizes": (lines("{iso}Z,{b},{a},0.75,3"), {}, "ticks", "UTC"),
    "ask first": (lines("{iso}Z,{a},{b}"), {}, "ticks", "UTC"),
    "stated": ("a,b,c\n" + lines("{iso},{b},{a}"), {
        "timezone": "UTC", "format": "ticks", "columns": ["time=a", "bid=b", "ask=2"]
    }, "ticks", "UTC"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_forms(tmp_path: Path, name: str) -> None:
    content, options, format_, zone = FILES[name]
    found = read_bars(write(tmp_path, content), symbol="EURUSD", **options)  # type: ignore[arg-type]
    check(found.bars)
    assert (found.detected["format"], found.detected["timezone"]) == (format_, zone)
    assert "5 ticks built into 2 bars of one minute" in found.detected["notes"]


def test_metatrader_leaves_out_what_did_not_change(tmp_path: Path) -> None:
    content = (
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
        "2021.01.04\t10:00:00.000\t1.22010\t\t\t\t2\n"  # no ask is known yet
        "2021.01.04\t10:00:01.000\t\t1.22013\t\t\t4\n"
        "2021.01.04\t10:00:02.000\t1.22040\t\t\t\t2\n"
        "2021.01.04\t10:01:00.000\t\t1.22050\t\t\t4\n"
    )
    found = read_bars(write(tmp_path, content), symbol="EURUSD", timezone="UTC")
    bars = found.bars
    assert found.detected["format"] == "mt5 ticks"
    assert (bars.open.tolist(), bars.close.tolist()) == ([1.22010, 1.22040], [1.22040, 1.22040])
    assert bars.ask_open is not None
    assert bars.ask_open.tolist() == [1.22013, 1.22050]
    assert bars.volume.tolist() == [2, 1]


def test_trades(tmp_path: Path) -> None:
    content = (
        "time,price,size\n2021-01-04 10:00:00.5,375.10,3\n2021-01-04 10:00:01,375.30,2\n2021-01-04 10:01:00,375.2,1\n"
    )
    bars = read_bars(write(tmp_path, content), symbol="SPY", timezone="UTC").bars
    assert (bars.open.tolist(), bars.close.tolist(), bars.volume.tolist()) == ([375.10, 375.2], [375.30, 375.2], [5, 1])
    assert bars.ask_open is None


def test_one_price_a_day_is_neither(tmp_path: Path) -> None:
    content = "Date,Price,Vol.\n" + "".join(f"2021-01-{day:02d},1.22,100\n" for day in range(4, 9))
    with pytest.raises(DataError, match="one price a row"):
        read_bars(write(tmp_path, content), symbol="EURUSD")


def test_longer_bars_are_joined_on_the_market_s_grid(tmp_path: Path) -> None:
    path = write(tmp_path, DUKASCOPY)
    bars = read_bars(path, symbol="EURUSD", timeframe="M5").bars
    assert (len(bars), bars.volume[0], bars.high[0]) == (1, 5, 1.22040)


def test_faults_name_the_line(tmp_path: Path) -> None:
    rows = ("time,bid,ask\n" + lines("{iso},{b},{a}")).splitlines()
    for cell, says in (("abc", "is not a number"), ("", "is missing"), ("-1", "positive"), ("0", "positive")):
        bad = list(rows)
        bad[3] = bad[3].rsplit(",", 2)[0] + f",{cell},1.3"
        with pytest.raises(DataError, match=says) as caught:
            read_bars(write(tmp_path, "\n".join(bad)), symbol="EURUSD", timezone="UTC")
        assert (caught.value.line, caught.value.parameter) == (4, "bid")
    rows[2], rows[3] = rows[3], rows[2]
    path = write(tmp_path, "\n".join(rows))
    with pytest.raises(DataError, match=r"steps back.*--repair") as caught:
        read_bars(path, symbol="EURUSD", timezone="UTC")
    assert caught.value.line == 4
    found = read_bars(path, symbol="EURUSD", timezone="UTC", repair=True)
    check(found.bars)
    assert any("1 ticks stepped back" in warning for warning in found.report.warnings)


def test_exchanged_sides_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="exchanged") as caught:
        read_bars(write(tmp_path, "time,bid,ask\n" + lines("{iso},{a},{b}")), symbol="EURUSD", timezone="UTC")
    assert "bid=2, ask=1" in caught.value.remedy


def test_pieces_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    n = 3_000
    seconds = np.cumsum(rng.integers(0, 4000, n)) / 1000
    bid = np.round(1.22 + np.cumsum(rng.integers(-3, 4, n)) * 1e-5, 5)
    stamps = [START + timedelta(seconds=float(s)) for s in seconds]
    rows = [f"{t:%Y-%m-%d %H:%M:%S.%f},{b:.5f},{b + 1e-4:.5f}" for t, b in zip(stamps, bid, strict=True)]
    path = write(tmp_path, "time,bid,ask\n" + "\n".join(rows) + "\n")
    whole = read_bars(path, symbol="EURUSD", timezone="UTC").bars
    for size in (200, 5_000):
        monkeypatch.setattr(ticks_module, "PIECE_BYTES", size)
        assert read_bars(path, symbol="EURUSD", timezone="UTC").bars.content_hash == whole.content_hash
    expected = pl.DataFrame({"t": [START + timedelta(seconds=float(s)) for s in seconds], "b": bid})
    minutes = expected.group_by(pl.col("t").dt.truncate("1m"), maintain_order=True).agg(
        o=pl.col("b").first(), h=pl.col("b").max(), low=pl.col("b").min(), c=pl.col("b").last(), n=pl.len()
    )
    assert whole.open.tolist() == minutes["o"].to_list()
    assert whole.high.tolist() == minutes["h"].to_list()
    assert whole.low.tolist() == minutes["low"].to_list()
    assert whole.close.tolist() == minutes["c"].to_list()
    assert whole.volume.tolist() == minutes["n"].to_list()


def test_the_hour_that_comes_twice_in_autumn(tmp_path: Path) -> None:
    stamps = ["2023-10-29 02:30:10.0", "2023-10-29 02:59:50.0", "2023-10-29 02:00:05.0", "2023-10-29 02:30:20.0"]
    content = "time,bid,ask\n" + "".join(
        f"{stamp},{1.05 + i / 100:.2f},{1.051 + i / 100:.3f}\n" for i, stamp in enumerate(stamps)
    )
    bars = read_bars(write(tmp_path, content), symbol="EURUSD", timezone="Europe/Berlin").bars
    shown = bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[m]").astype(str).tolist()
    assert shown == ["2023-10-29T00:30", "2023-10-29T00:59", "2023-10-29T01:00", "2023-10-29T01:30"]


def test_parquet(tmp_path: Path) -> None:
    table = {"timestamp": moments(), "bid": [b for _, b, _ in TICKS], "ask": [a for _, _, a in TICKS]}
    pl.DataFrame(table).write_parquet(tmp_path / "t.parquet")
    check(read_bars(tmp_path / "t.parquet", symbol="EURUSD", timezone="UTC").bars)


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_files_that_part_within_a_minute(tmp_path: Path, cut: int) -> None:
    head, *rows = ("time,bid,ask\n" + lines("{iso},{b},{a}")).splitlines()
    for name, part in (("EURUSD_1.csv", rows[:cut]), ("EURUSD_2.csv", rows[cut:])):
        write(tmp_path, "\n".join([head, *part]) + "\n", name)
    check(read_bars(tmp_path, symbol="EURUSD", timezone="UTC").bars)
