"""How many bytes a Parquet file's values take, from the headers of its pages: nothing is unpacked.

A file of two hundred kilobytes can hold gigabytes: a value that is repeated a million times is written once, with its
number. The footer's own sums may be wrong, so each page is looked at; what the reader allocates for it stands there.
"""

from __future__ import annotations

import os
from typing import IO, Any

_FOOTER_BYTES = 64 << 20
_HEADER_BYTES = (256, 1 << 12, 1 << 20)  # of a page's header: most are small, those with long statistics are not
_MAX_ITEMS = 1_000_000
_MAX_PAGES = 200_000
_MAX_DEPTH = 30

# Numbers of fields in the Thrift definitions of Parquet.
_SCHEMA, _ROW_GROUPS = 2, 4
_ELEMENT_TYPE, _ELEMENT_LENGTH = 1, 2
_COLUMNS, _GROUP_ROWS = 1, 3
_META = 3
_KIND, _N_VALUES, _COMPRESSED, _DATA_AT, _DICTIONARY_AT = 1, 5, 7, 9, 11
_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED = 2, 3
_PAGE_HEADERS = ((5, 2), (7, 2), (8, 4))  # of data, a dictionary, data in version 2: each, and where its encoding is
_DELTA_BYTE_ARRAY = 7

_WIDTHS = {0: 1, 1: 4, 2: 8, 3: 12, 4: 4, 5: 8, 6: 16}
"""Bytes of a value in memory by physical type: boolean, int32, int64, int96, float, double, bytes (a view of them)."""

_READ_WIDTH = 8
"""Bytes of a value of a column of bars, whatever it was stored as."""


class ParquetError(Exception):
    """The file cannot be read as Parquet."""


def bytes_of_parquet(file: IO[bytes], limit: int) -> int:
    """Bytes that the values of a Parquet file take in memory, at least `limit + 1` where they are more than that.

    Args:
        file: can be sought in.
        limit: where counting ends.

    Raises:
        ParquetError: it is no Parquet.
    """
    try:
        return _count(file, limit)
    except (ValueError, TypeError, KeyError, OverflowError, IndexError):
        raise ParquetError("its headers contradict each other") from None


def _count(file: IO[bytes], limit: int) -> int:
    size = file.seek(0, os.SEEK_END)
    if size < 12:
        raise ParquetError("it is cut off")
    file.seek(size - 8)
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or not 0 < length <= min(size - 12, _FOOTER_BYTES):
        raise ParquetError("it is cut off, or damaged at its end")
    file.seek(size - 8 - length)
    footer, _ = _read(file.read(length))
    walk, by_rows = _Walk(file, size, _longest_fixed(footer), limit), 0
    for group in _list(footer, _ROW_GROUPS):
        for column in _list(group, _COLUMNS):
            walk.add(column[_META])
            if walk.total > limit:
                return walk.total
        # Rows as the reader takes them from the footer, whatever the pages hold.
        by_rows += int(group.get(_GROUP_ROWS, 0)) * _READ_WIDTH * len(_list(group, _COLUMNS))
        if by_rows > limit:
            return by_rows
    return max(walk.total, by_rows)


def _longest_fixed(footer: dict[int, Any]) -> int:
    """The longest value of fixed length that a column may have."""
    elements = _list(footer, _SCHEMA)
    fixed = [int(e.get(_ELEMENT_LENGTH, 0)) for e in elements if e.get(_ELEMENT_TYPE) == 7]
    return max([16, *fixed])


class _Walk:
    """Walks through the pages of columns.

    Args:
        file: the file.
        size: its bytes.
        fixed: bytes of a value of fixed length.
        limit: where counting ends.
    """

    def __init__(self, file: IO[bytes], size: int, fixed: int, limit: int) -> None:
        self._file, self._size, self._fixed, self._limit = file, size, fixed, limit
        self.total, self._n_pages = 0, 0

    def add(self, meta: dict[int, Any]) -> None:
        """Count a column of a group of rows."""
        width = max(_WIDTHS.get(int(meta[_KIND]), self._fixed), _READ_WIDTH)
        at = min(int(meta[name]) for name in (_DATA_AT, _DICTIONARY_AT) if int(meta.get(name, 0)) > 0)
        end, by_values, in_pages = at + int(meta[_COMPRESSED]), int(meta[_N_VALUES]) * width, 0
        if by_values < 0 or at < 4 or end > self._size:
            raise ParquetError("a column lies outside of it")
        while at < end and self.total + max(by_values, in_pages) <= self._limit:
            header, length = self._header(at)
            packed, unpacked = int(header[_PAGE_COMPRESSED]), int(header[_PAGE_UNCOMPRESSED])
            if packed < 0 or unpacked < 0:
                raise ParquetError("a page has a negative size")
            for name, encoding in _PAGE_HEADERS:
                page = header.get(name)
                if page is not None:
                    in_pages += int(page[1]) * width
                    if page.get(encoding) == _DELTA_BYTE_ARRAY:
                        raise ParquetError(
                            "it has texts in the encoding DELTA_BYTE_ARRAY, whose size is not known before they are "
                            "unpacked; write it without that"
                        )
            in_pages += unpacked
            at += length + packed
        self.total += max(by_values, in_pages)

    def _header(self, at: int) -> tuple[dict[int, Any], int]:
        self._n_pages += 1
        if self._n_pages > _MAX_PAGES:
            raise ParquetError(f"it has more than {_MAX_PAGES:,} pages")
        for n_bytes in _HEADER_BYTES:
            self._file.seek(at)
            try:
                return _read(self._file.read(n_bytes))
            except ParquetError:
                if n_bytes == _HEADER_BYTES[-1]:
                    raise
        raise AssertionError


def _list(struct: dict[int, Any], name: int) -> list[dict[int, Any]]:
    found = struct.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ParquetError("its footer is damaged")
    return found


def _read(data: bytes) -> tuple[dict[int, Any], int]:
    """A structure in Thrift's compact protocol, fields by number, and how many bytes it has."""
    reader = _Compact(data)
    try:
        return reader.struct(0), reader.at
    except (IndexError, RecursionError, ValueError):
        raise ParquetError("a header cannot be read") from None


class _Compact:
    """Reads Thrift's compact protocol.

    Args:
        data: begins with a structure.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at, self._n_items = data, 0, 0

    def struct(self, depth: int) -> dict[int, Any]:
        """A structure: its fields by number."""
        if depth > _MAX_DEPTH:
            raise ValueError
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            fields[number] = self._value(head & 15, depth, in_list=False)
        return fields

    def _value(self, kind: int, depth: int, *, in_list: bool) -> Any:
        self._n_items += 1
        if self._n_items > _MAX_ITEMS or depth > _MAX_DEPTH:
            raise ValueError
        if kind in {1, 2}:
            return self._byte() == 1 if in_list else kind == 1
        if kind == 3:
            return self._byte()
        if kind in {4, 5, 6}:
            return self._signed()
        if kind == 7:
            return self._skip(8)
        if kind == 8:
            return self._skip(self._unsigned())
        if kind in {9, 10}:
            head = self._byte()
            n = head >> 4 if head >> 4 < 15 else self._unsigned()
            return [self._value(head & 15, depth + 1, in_list=True) for _ in range(n)]
        if kind == 11:
            n = self._unsigned()
            kinds = self._byte() if n else 0
            for _ in range(n):
                self._value(kinds >> 4, depth + 1, in_list=True)
                self._value(kinds & 15, depth + 1, in_list=True)
            return None
        if kind == 12:
            return self.struct(depth + 1)
        raise ValueError

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _skip(self, n: int) -> None:
        self.at += n
        if self.at > len(self._data):
            raise ValueError

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
