"""What an uploaded file holds once it is unpacked and read: a small file can hold any number of bytes.

Everything that comes out is counted before it does: archives are unpacked a piece at a time and nothing is kept, also
archives within archives; of Parquet the pages are walked through, whose headers say what they hold, and none is
unpacked. What a file says of itself is believed only where the reader believes it too.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from starlette.exceptions import HTTPException

from trading_ai.api.parquet_pages import ParquetError, bytes_of_parquet
from trading_ai.api.problems import FULL
from trading_ai.errors import DataError

MAX_MEMBERS = 10_000
"""Files that an archive may hold."""

MAX_DEPTH = 3
"""Archives within each other that are looked into; nobody packs bars deeper."""

MAX_LINE_BYTES = 64 << 10
"""Longest line of a text file: bars take less than a hundredth of it."""

_PIECE = 1 << 18
_CELL_BYTES = 8
_DELIMITERS = b",;\t|"
_PACKED: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError,
           struct.error, ValueError)  # fmt: skip


@contextmanager
def _damage_is_for_the_importer() -> Iterator[None]:
    """Pass over what is damaged: the importer will stumble over the same byte, and says so in its own words."""
    try:
        yield
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno in FULL:  # of the temporary folder, not of the archive
            raise


class TooLargeError(HTTPException):
    """The file holds more than is accepted."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the file unpacks to more than the {limit:,} bytes that are accepted")


def check_unpacked_size(path: Path, limit: int) -> None:
    """Refuse a file that would unpack to more than the limit; damaged ones are left to the importer.

    Args:
        path: the file.
        limit: bytes, of everything in it together, as values in memory where that is more.

    Raises:
        TooLargeError: 413, it holds more.
        DataError: it holds more files, or longer lines, than any file of bars.
    """
    with path.open("rb") as file:
        _Count(limit).add(file, path.name, 0)


def check_unpacked_sizes(paths: Sequence[Path], limit: int) -> None:
    """Refuse reports that would unpack to more than the limit together; damaged ones are left to the importer.

    Args:
        paths: the files; pages and JSON in them may be one line.
        limit: bytes, of everything in them together.

    Raises:
        TooLargeError: 413, they hold more.
        DataError: they hold more files than any reports.
    """
    count = _Count(limit, is_table=False)
    for path in paths:
        with path.open("rb") as file:
            count.add(file, path.name, 0)


class _Count:
    """What has come out so far."""

    def __init__(self, limit: int, *, is_table: bool = True) -> None:
        self._limit, self._n_bytes, self._n_members = limit, 0, 0
        self._is_table = is_table

    def _take(self, n_bytes: int) -> None:
        self._n_bytes += n_bytes
        if self._n_bytes > self._limit:
            raise TooLargeError(self._limit)

    def add(self, file: IO[bytes], name: str, depth: int) -> None:
        """Count a file that can be sought in, of whatever kind it is."""
        first = file.read(8)
        file.seek(0)
        opener = next((opener for magic, opener in _PACKED if first.startswith(magic)), None)
        if depth < MAX_DEPTH and opener is not None:
            with opener(file) as unpacked:
                self._add_packed(unpacked, name, depth)
        elif depth < MAX_DEPTH and first[:2] == b"PK" and zipfile.is_zipfile(file):
            file.seek(0)
            self._add_zip(file, name, depth)
        elif first.startswith(b"PAR1"):
            try:
                n_bytes = bytes_of_parquet(file, self._limit)
            except ParquetError as error:
                raise DataError(
                    f"is not readable as Parquet: {error}", file=name, remedy="Write the file again"
                ) from None
            self._take(n_bytes)
        else:
            self._add_text(file, name)

    def _add_packed(self, unpacked: IO[bytes], name: str, depth: int) -> None:
        """Count what a stream unpacks to; as a file of its own where that is an archive again, or Parquet."""
        with _damage_is_for_the_importer():
            first = unpacked.read(8)
            unpacked.seek(0)
            if first[:2] != b"PK" and not first.startswith((b"PAR1", *(magic for magic, _ in _PACKED))):
                self._add_text(unpacked, name)
                return
            with tempfile.TemporaryFile() as whole:  # to go back and forth in without unpacking it each time
                with _damage_is_for_the_importer():
                    while piece := unpacked.read(_PIECE):
                        self._take(len(piece))
                        whole.write(piece)
                whole.seek(0)
                self.add(whole, name, depth + 1)

    def _add_zip(self, file: IO[bytes], name: str, depth: int) -> None:
        with _damage_is_for_the_importer(), zipfile.ZipFile(file) as archive:
            members = [member.filename for member in archive.infolist() if not member.is_dir()]
            self._n_members += len(members)
            if self._n_members > MAX_MEMBERS:
                raise DataError(
                    f"holds more than {MAX_MEMBERS:,} files", file=name, remedy="Put the bars into one file"
                )
            for member in members:  # by its name, as readers open it: of several of one name they get the last
                with _damage_is_for_the_importer(), archive.open(member) as unpacked:
                    self._add_packed(unpacked, f"{name}!{member}"[:200], depth)

    def _add_text(self, file: IO[bytes], name: str) -> None:
        """Count bytes, and the cells that rows would have: short rows are filled up to the longest."""
        n_bytes = n_lines = width = line = 0
        is_text = self._is_table
        with _damage_is_for_the_importer():
            while piece := file.read(_PIECE):
                self._take(len(piece))
                if not n_bytes and self._is_table:
                    is_text = b"\0" not in piece[:4096] or piece[:2] in {b"\xff\xfe", b"\xfe\xff"}
                n_bytes += len(piece)
                if not is_text:
                    continue
                end = b"\n" if b"\n" in piece else b"\r"
                lines = piece.split(end)
                longest = max(line + len(lines[0]), *map(len, lines)) if len(lines) > 1 else line + len(piece)
                before, line = line, len(lines[-1]) + (line if len(lines) == 1 else 0)
                if longest > MAX_LINE_BYTES:
                    lengths = [longest if len(lines) == 1 else before + len(lines[0]), *map(len, lines[1:])]
                    at = next(i for i, length in enumerate(lengths) if length > MAX_LINE_BYTES)
                    raise DataError(
                        f"has a line of more than {MAX_LINE_BYTES:,} bytes", file=name, line=n_lines + at + 1,
                        remedy="Lines end with a line feed; check the quotes before it",
                    )  # fmt: skip
                n_lines += len(lines) - 1
                if n_bytes <= _PIECE or longest > 4096:  # a file's head, or what is no row of bars
                    width = max(width, *(max(map(each.count, _SPLITTERS)) + 1 for each in lines))
        filled = (n_lines + 1) * width * _CELL_BYTES - n_bytes
        if filled > _FREE_CELLS_BYTES:
            self._take(filled)


_SPLITTERS = [bytes([byte]) for byte in _DELIMITERS]
_FREE_CELLS_BYTES = 64 << 20
"""What filling up rows may take beside the file's own bytes before it counts: no file of bars gets there."""
