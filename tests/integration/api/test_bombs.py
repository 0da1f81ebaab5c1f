"""Small files that hold much: what comes out is counted before it does, whatever the file says of itself."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.bars import random_bars
from tests.integration.api.laptop import assert_problem
from tests.integration.api.test_pipeline import as_csv, upload
from trading_ai.api.unpacked import MAX_LINE_BYTES, TooLargeError, check_unpacked_size
from trading_ai.errors import DataError

LIMIT = 1_000_000
ROWS = b"2024-01-02 00:00:00,1.1,1.2,1.0,1.1\n"
BIG = b"time,open,high,low,close\n" + ROWS * 40_000  # 1.4 MB
SMALL = b"time,open,high,low,close\n" + ROWS * 20_000


def zipped(*members, kind=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def parquet(n=200_000, **columns):
    frame = pl.DataFrame({"time": np.zeros(n, dtype="datetime64[us]")} | {k: np.full(n, v) for k, v in columns.items()})
    file = io.BytesIO()
    frame.write_parquet(file, compression="zstd")
    return file.getvalue()


PRICES = {"open": 1.1, "high": 1.1, "low": 1.1, "close": 1.1}


def check(tmp_path, data, limit=LIMIT):
    path = tmp_path / "upload"
    path.write_bytes(data)
    check_unpacked_size(path, limit)


BOMBS = {
    "gzip": gzip.compress(BIG),
    "gzip twice": gzip.compress(gzip.compress(BIG)),
    "gzips one after the other": gzip.compress(SMALL) * 2,
    "zip": zipped(("a.csv", BIG)),
    "zip of several": zipped(("a.csv", SMALL), ("b.csv", SMALL)),
    "gzip in zip": zipped(("a.csv.gz", gzip.compress(BIG))),
    "gzip of another name in zip": zipped(("notes.txt", gzip.compress(BIG))),
    "gzips in zip": zipped(("a.csv.gz", gzip.compress(SMALL)), ("b.csv.gz", gzip.compress(SMALL))),
    "zip in gzip": gzip.compress(zipped(("a.csv", BIG))),
    "zip in zip": zipped(("a.zip", zipped(("a.csv", BIG)))),
    "bz2": bz2.compress(BIG),
    "xz": lzma.compress(BIG),
    "xz in zip": zipped(("a.csv.xz", lzma.compress(BIG))),
    "zip, bzip2": zipped(("a.csv", BIG), kind=zipfile.ZIP_BZIP2),
    "zip, lzma": zipped(("a.csv", BIG), kind=zipfile.ZIP_LZMA),
    "parquet of one value": parquet(**PRICES),
    "parquet of texts": parquet(name="x" * 50),
    "parquet of one column of ones": parquet(flag=True),
    "parquet in gzip": gzip.compress(parquet(**PRICES)),
    "parquet in zip": zipped(("a.parquet", parquet(**PRICES))),
    "plain": BIG,
    "one wide row and many short ones": b",".join([b"c"] * 20_000) + b"\n" + b"1\n" * 100_000,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_comes_out_is_counted(tmp_path, kind):
    data = BOMBS[kind]
    limit = 500_000_000 if "wide" in kind else LIMIT
    with pytest.raises(TooLargeError):
        check(tmp_path, data, limit)
    if "wide" not in kind:
        check(tmp_path, data, 50_000_000)


def test_no_more_is_unpacked_than_is_accepted(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(100):
            file.write(b"1,2,3,4,5\n" * 1_000_000)
    assert path.stat().st_size < 3_000_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            check_unpacked_size(path, 10_000_000)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_a_name_that_stands_twice_counts_as_it_is_read(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(*[("a.csv", b"x")] * 3, ("a.csv", SMALL))
    with pytest.raises(TooLargeError):
        check(tmp_path, data)


def test_a_damaged_member_hides_no_other(tmp_path):
    data = bytearray(zipped(("a.md", SMALL), ("b.csv", BIG)))
    data[40:60] = b"\xff" * 20
    with pytest.raises(TooLargeError):
        check(tmp_path, bytes(data))


def test_a_size_that_lies_is_not_believed(tmp_path):
    data = bytearray(zipped(("a.csv.gz", gzip.compress(BIG))))
    check(tmp_path, zipped(("a.csv", SMALL)))
    packed = gzip.compress(BIG)
    data = packed[:-4] + struct.pack("<I", 10)  # gzip's own note of its size
    with pytest.raises(TooLargeError):
        check(tmp_path, data)


def test_many_members(tmp_path):
    with pytest.raises(DataError, match="10,000 files"):
        check(tmp_path, zipped(*((f"{i}.csv", b"") for i in range(10_001))), 1 << 30)


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_line_without_an_end(tmp_path, quote):
    with pytest.raises(DataError, match="line") as caught:
        check(tmp_path, b"time,open\n" + quote + b"1" * (MAX_LINE_BYTES + 1) + quote + b"\n")
    assert caught.value.line == 2
    with pytest.raises(DataError, match="line"):
        check(tmp_path, gzip.compress(b"a" * 900_000))
    check(tmp_path, b"a" * MAX_LINE_BYTES + b"\n" + b"b" * 100)


@pytest.mark.parametrize("damage", ["cut", "footer length", "page size"])
def test_parquet_that_contradicts_itself(tmp_path, damage):
    data = bytearray(parquet(n=1000, **PRICES))
    if damage == "cut":
        data = data[:-20]
    elif damage == "footer length":
        data[-8:-4] = struct.pack("<I", 1 << 30)
    else:
        data[4:30] = b"\xff" * 26
    with pytest.raises(DataError, match="not readable as Parquet"):
        check(tmp_path, bytes(data))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(BOMBS)), st.integers(0, 10**9), st.binary(min_size=1, max_size=12))
def test_damage_anywhere_breaks_nothing(tmp_path, kind, at, bytes_):
    data = bytearray(BOMBS[kind][:200_000])
    data[at % len(data) : at % len(data) + len(bytes_)] = bytes_
    with suppress(TooLargeError, DataError):
        check(tmp_path, bytes(data), 200_000)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: zipped(("EURUSD.csv", data))])
def test_files_of_bars_are_none(tmp_path, pack):
    check(tmp_path, pack(as_csv()))


def test_parquet_of_bars_is_counted_about_right(tmp_path):
    bars = random_bars(10_000, 5)
    table = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    file = io.BytesIO()
    pl.DataFrame({"time": bars.open_time_ns, **table}).write_parquet(file)
    check(tmp_path, file.getvalue(), 5 * 10_000 * 8 * 3)
    with pytest.raises(TooLargeError):
        check(tmp_path, file.getvalue(), 5 * 10_000 * 8 - 1)


def test_over_http(laptop):
    for kind in ("gzip in zip", "parquet of one value", "xz"):
        assert_problem(upload(laptop, BOMBS[kind], "EURUSD.bin"), 413, says="unpacks to more")
    one_line = b"time,open\n" + b"1" * 100_000
    assert_problem(upload(laptop, one_line), 422, says="line")
