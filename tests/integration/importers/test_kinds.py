"""What is no table is refused as what it is."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tests.integration.importers.test_read import write
from trading_ai.errors import DataError
from trading_ai.importers.read import read_bars


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def feather() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"time": [1], "open": [1.0]}).write_ipc(buffer)
    return buffer.getvalue()


HST = (
    (401).to_bytes(4, "little")
    + b"(C)opyright 2003, MetaQuotes Software Corp.".ljust(64, b"\0")
    + b"EURUSD".ljust(80, b"\0")
)
FXT = (405).to_bytes(4, "little") + b"(C)opyright 2005, MetaQuotes Software Corp.".ljust(200, b"\0")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "a.xlsx",
            zipped("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"),
            r"Excel workbook \(xlsx\)",
        ),
        ("a.ods", zipped("mimetype", "content.xml"), "OpenDocument"),
        ("a.npz", zipped("open.npy", "close.npy"), "npz"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Excel workbook"),
        ("a.feather", feather(), "Feather"),
        ("a.json", b'[{"time": 1, "open": 1.1}]', "JSON"),
        ("a.json", b'{\n "bars": []}', "JSON"),
        ("a.csv", b'\xef\xbb\xbf{"a": 1}', "JSON"),
        ("a.html", b"\n<!DOCTYPE html><html></html>", "HTML"),
        ("a.csv", b"<html>login</html>", "HTML"),
        ("a.xml", b'<?xml version="1.0"?><bars/>', "XML"),
        ("a.pdf", b"%PDF-1.7 ...", "PDF"),
        ("a.hst", HST, r"MetaTrader 4 history file \(hst\)"),
        ("EURUSD60", HST, "hst"),
        ("a.fxt", FXT, "fxt"),
        ("a.hcc", bytes(10) + "Copyright 2001, MetaQuotes".encode("utf-16-le") + bytes(50), "MetaTrader history"),
        ("00h_ticks.bi5", b"\x5d\x00\x00\x20\x00" + bytes(20), "bi5"),
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(20), "HDF5"),
        ("a.db", b"SQLite format 3\x00" + bytes(20), "SQLite"),
        ("a.pkl", b"\x80\x04\x95" + bytes(20), "pickle"),
        ("a.bin", bytes(300), "binary"),
        ("a.csv.xz", b"\xfd7zXZ\x00" + bytes(20), "xz"),
        ("a.rar", b"Rar!\x1a\x07" + bytes(20), "rar"),
        ("a.tar", bytes(257).replace(b"\0", b"a") + b"ustar" + bytes(200), "tar"),
    ],
)
def test_named_as_what_it_is(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_bars(write(tmp_path, content, name), symbol="EURUSD")
    assert caught.value.remedy
    assert caught.value.exit_code == 2


def test_archives_in_archives(tmp_path: Path) -> None:
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", zipped("a.csv"))
    with pytest.raises(DataError, match="archive within an archive"):
        read_bars(path, symbol="EURUSD")


def test_headings_in_angle_brackets_are_no_markup(tmp_path: Path) -> None:
    rows = "".join(f"EURUSD,202101{day:02d},1.1,1.2,1.0,1.1\n" for day in range(4, 9))
    path = write(tmp_path, "<TICKER>,<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>\n" + rows)
    assert len(read_bars(path, symbol="EURUSD", timezone="UTC").bars) == 5
