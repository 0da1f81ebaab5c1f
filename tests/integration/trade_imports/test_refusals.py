"""What cannot be read is refused with its place, its value and what to do; nothing is read by halves."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.trade_imports import samples
from trading_ai.errors import DataError, InputError
from trading_ai.importers.trades import document, opening
from trading_ai.importers.trades.read import read_trades


def refusal(tmp_path: Path, content: bytes | str, name: str = "file", **options: Any) -> str:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as error:
        read_trades(path, **options)
    assert error.value.rule
    assert str(tmp_path) not in str(error.value)
    return str(error.value)


def mt4_without(row: int) -> bytes:
    return samples.mt4([r for i, r in enumerate(samples.MT4_ROWS) if i != row])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: mt4_without(1), ":23: is not the next event"),
        (lambda: samples.mt4(samples.MT4_ROWS[:-1]), "leaves 1 orders open"),
        (lambda: samples.mt4(n_trades=4), "lists 3 closed trades, but its summary counts 4"),
        (lambda: samples.mt4()[:2600], "orders open|cut off"),
        (lambda: samples.mt4().replace(b"10350.00", b"10450.00"), "does not add up"),
        (lambda: samples.mt4().replace(b"<td>0.50</td><td>1.10700", b"<td>x</td><td>1.10700"), "size: is not a number"),
        (lambda: samples.mt4().replace(b"2024.01.03 15:45", b"2024.13.03 15:45"), "time: is not a time"),
        (lambda: samples.mt4().replace(b"2024.01.02 13:14", b"2024.01.01 13:14"), "ends before it begins"),
        (lambda: samples.mt5(samples.MT5_DEALS[:3] + samples.MT5_DEALS[4:]), "does not add up"),
        (lambda: samples.mt5(n_trades=3), "lists 2 closed trades, but its summary counts 3"),
        (lambda: samples.mt5(codec="utf-8").replace(b"2 993.50</b></td><td><b></b>", b"2 900.00</b></td><td><b></b>"), "balance"),
        (lambda: samples.mt5(codec="utf-8").replace(b"<b>2055.00</b></td><td><b>4", b"<b>20a5.00</b></td><td><b>4"), "price: is not a number"),
        (lambda: samples.mt5(samples.MT5_DEALS[:1] + samples.MT5_DEALS[3:]), "closes more than is open|does not add up"),
        (lambda: samples.ctrader_page()[:-400], "JSON|table"),
        (lambda: json.dumps(samples.ctrader_report() | {"history": {"items": samples.ctrader_report()["history"]["items"][:1]}}), "lists 1 closed trades, but its summary counts 2"),
        (lambda: json.dumps(samples.ctrader_events()[:1] + samples.ctrader_events()[2:]), "does not follow 0"),
        (lambda: json.dumps(samples.ctrader_events()).replace("1.1012,", '"a",'), "is not a number"),
        (lambda: samples.HISTORY_CSV.replace("1.10550", "1.1O550"), ":4: exit_price: is not a number"),
        (lambda: samples.HISTORY_CSV.replace("Sell", "Sold?"), "is neither Buy nor Sell"),
        (lambda: samples.HISTORY_CSV.replace("13/03/2026 09:10", "32/03/2026 09:10"), "day|time"),
        (lambda: samples.HISTORY_XML.replace('<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>'), "declares a document type"),
        (lambda: samples.HISTORY_XML[:-60], "is not well-formed XML"),
        (lambda: samples.TRADINGVIEW_NEW.replace("2,Entry short", "3,Entry short"), "trade: has 0 entries and 1 exits|is missing"),
        (lambda: "\n".join(line for line in samples.TRADINGVIEW_NEW.splitlines() if not line.startswith("1,Entry")), "has 0 entries and 1 exits"),
        (lambda: samples.TRADINGVIEW_NEW.replace("-0.50,0.0", "7.50,0.0"), "does not add up"),
        (lambda: json.dumps(samples.freqtrade(total_trades=3)), "total_trades: is not the number of trades listed"),
        (lambda: json.dumps(samples.freqtrade()).replace("210.0", '"x"'), r"close_rate: is not a number"),
        (lambda: samples.BACKTESTING.replace("104.0,95.0", "x,95.0"), "is not a number"),
        (lambda: samples.VECTORBT.replace("Short,Closed", "Sideways,Closed"), "is neither long nor short"),
        (lambda: samples.PLAIN.replace("1,10250", "-1,10250"), "exit_price: must be above 0"),
        (lambda: samples.PLAIN.replace("1,10250", "1e400"), "is not a number"),
        (lambda: "\0\1\2\3" * 100, "binary|no report"),
        (lambda: b"", "is empty"),
        (lambda: "<html><body>Please log in</body></html>", "is a page without a table"),
        (lambda: "a,b\n1,2\n", "is no report or list of trades that is known"),
        (lambda: '{"a": [1, 2]}', "is no report"),
        (lambda: '"' + "a" * 200_000, "is not readable as a table|no report"),
        (lambda: "[" * 100_000, "is not readable as JSON|not complete JSON"),
        (lambda: '{"a": ' + "9" * 5000 + "}", "is not readable as JSON"),
    ],
)  # fmt: skip
def test_damage_is_refused_where_it_is(tmp_path: Path, make: Callable[[], bytes | str], says: str) -> None:
    message = refusal(tmp_path, make(), symbol="EURUSD", timezone="UTC")
    assert any(part in message for part in says.split("|")), message


def test_one_bad_file_of_a_folder_refuses_all(tmp_path: Path) -> None:
    (tmp_path / "a.htm").write_bytes(samples.mt4())
    (tmp_path / "b.htm").write_bytes(mt4_without(1))
    with pytest.raises(DataError, match=r"b\.htm"):
        read_trades(tmp_path)


def test_parameters_alone_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no report"):
        read_trades(tmp_path)
    (tmp_path / "x.cbotset").write_text('{"Chart": {}, "Parameters": {"A": "1"}}')
    with pytest.raises(DataError, match="holds parameters and no trades"):
        read_trades(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        read_trades(tmp_path / "nothing")


def test_bombs_end_where_they_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_BYTES", 1 << 16)
    monkeypatch.setattr(document, "MAX_CELLS", 1000)
    assert "holds more than 65,536 bytes" in refusal(tmp_path, gzip.compress(b"a" * (1 << 17)))
    assert "holds more than 65,536 bytes" in refusal(tmp_path, samples.zipped({"a.csv": b"a" * (1 << 17)}))
    nested = samples.zipped(
        {"a.zip": samples.zipped({"b.zip": samples.zipped({"c.zip": samples.zipped({"d": b"x"})})})}
    )
    assert "is an archive within archives" in refusal(tmp_path, nested)
    assert "holds more than 1,000 cells" in refusal(tmp_path, "a,b\n" * 2000)
    assert "holds more than 1,000 cells" in refusal(tmp_path, json.dumps([0] * 3000))
    assert "holds more than 1,000 cells" in refusal(tmp_path, "<table>" + "<tr><td>1<td>2" * 2000)


def test_cells_that_lie_far_apart_take_no_room(tmp_path: Path) -> None:
    """The reader of workbooks makes room for all cells between two; there is no catching what becomes of that."""
    archive = zipfile.ZipFile(io.BytesIO(samples.xlsx([["a", 1]])))
    for place in (b'r="XFD99999"', b"r = 'xfd1048576'"):
        members = {name: archive.read(name).replace(b'r="B1"', place) for name in archive.namelist()}
        assert "holds more than" in refusal(tmp_path, samples.zipped(members))
    row = '<Row><Cell ss:Index="16384"><Data ss:Type="Number">1</Data></Cell></Row>'
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    text = f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet><Table>{row * 300}</Table>'
    assert "holds more than" in refusal(tmp_path, text + "</Worksheet></Workbook>")


def test_day_and_month_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    text = samples.PLAIN.replace("2024-01-02", "01/02/2024")
    assert "could be day and month or month and day" in refusal(tmp_path, text)


def test_a_time_that_the_stated_clock_never_shows_is_refused(tmp_path: Path) -> None:
    text = samples.PLAIN.replace("2024-01-02 10:00:00", "2024-03-10 02:30:00").replace("2024-01-02", "2024-03-10")
    assert "never shows this time" in refusal(tmp_path, text, timezone="America/New_York")


def whole() -> dict[str, bytes]:
    """A report of every format."""
    return {
        "mt4": samples.mt4(), "mt5": samples.mt5(), "page": samples.ctrader_page(),
        "events": json.dumps(samples.ctrader_events()).encode(), "history": samples.HISTORY_CSV.encode(),
        "xml": samples.HISTORY_XML.encode(), "tv": samples.TRADINGVIEW_NEW.encode(),
        "freqtrade": samples.zipped({"r.json": json.dumps(samples.freqtrade()).encode()}),
        "bt": samples.BACKTESTING.encode(), "vbt": samples.VECTORBT.encode(), "qc": samples.QUANTCONNECT.encode(),
        "plain": samples.PLAIN.encode(),
    }  # fmt: skip


def mutated(content: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """A file cut, mixed with another, or with bytes, lines and numbers changed."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        kind, at = rng.randrange(7), rng.randrange(len(content) or 1)
        if kind == 0:
            content = content[:at]
        elif kind == 1:
            content = content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
        elif kind == 2:
            other = rng.choice(others)
            content = content[:at] + other[rng.randrange(len(other)) :]
        elif kind == 3:
            content = content[:at] + content[at + rng.randrange(60) :]
        elif kind == 4:
            lines = content.split(b"\n")
            rng.shuffle(lines)
            content = b"\n".join(lines)
        elif kind == 5:
            content = (
                content[:at] + rng.choice((b"NaN", b"1e999", b"-1", b"null", b"<td>", b'"', b"\xff\xfe")) + content[at:]
            )
        else:
            content = content[:at] + content[max(at - 50, 0) : at] * 3 + content[at:]
    return content


@pytest.mark.parametrize("part", range(4))
def test_changed_files_are_read_whole_or_refused(tmp_path: Path, part: int) -> None:
    files = sorted(whole().items())
    path = tmp_path / "x"
    for number in range(part * 150, part * 150 + 150):
        rng = random.Random(number)
        path.write_bytes(mutated(rng.choice(files)[1], rng, [content for _, content in files]))
        try:
            found = read_trades(path, symbol=rng.choice((None, "EURUSD")), timezone=rng.choice((None, "UTC", "EET")))
        except InputError:
            continue
        for item in found:
            trades = item.trades.trades
            assert len(trades), number
            assert (trades["exit_time_ns"] >= trades["entry_time_ns"]).all(), number
            assert (trades["units"] > 0).all(), number
            assert set(trades["direction"].tolist()) <= {1, -1}, number
            assert np.isfinite(trades["entry_price"]).all(), number


def test_archives_that_lie_about_themselves_are_refused(tmp_path: Path) -> None:
    good = samples.zipped({"a.htm": samples.mt4()})
    assert refusal(tmp_path, good[: len(good) // 2])
    assert refusal(tmp_path, gzip.compress(samples.mt4())[:-20])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", b"x")
    assert "holds no report" in refusal(tmp_path, buffer.getvalue())
