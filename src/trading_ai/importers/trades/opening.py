"""Files, archives and folders of reports, opened one at a time: each becomes a `Document`."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trading_ai.errors import DataError
from trading_ai.importers.text import clean_text
from trading_ai.importers.trades.document import MAX_BYTES, Document, check_cells
from trading_ai.importers.trades.html_tables import read_page
from trading_ai.importers.trades.spreadsheet_xml import Workbook, read_spreadsheet
from trading_ai.importers.trades.workbook import is_workbook, read_parquet, read_workbook

MAX_FILES = 10_000
"""Files that an archive or a folder may hold."""

MAX_DEPTH = 3
"""Archives within each other that are looked into."""

_BESIDE = {
    ".png", ".gif", ".jpg", ".jpeg", ".svg", ".log", ".md", ".pdf", ".feather", ".pkl", ".css", ".js", ".py", ".cs",
    ".algo", ".mq4", ".mq5", ".ex4", ".ex5", ".ini", ".set", ".sha256",
}  # fmt: skip
_BESIDE_NAMES = re.compile(r"(?i)log\.txt|readme.*|.*[._-](config|meta)\.json|\.?last_result\.json|config\.json")
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)
_PIECE = 1 << 20
_DELIMITERS = ",;\t|"


def open_documents(paths: Sequence[Path]) -> Iterator[Document]:
    """Every report of some files, archives and folders, one after the other.

    What stands beside reports is passed over: pictures, logs, settings, code, hidden files.

    Args:
        paths: files, gzipped files, zips of files, or folders, which are read without the folders in them but for the
            files that a zip holds in folders.

    Raises:
        DataError: a file is missing, damaged, too large, or of no kind that reports are.
    """
    n_files = 0
    for path in paths:
        for source, content in _files_of(path):
            n_files += 1
            if n_files > MAX_FILES:
                raise DataError(f"hold more than {MAX_FILES:,} files", file=str(path), remedy="Import fewer at a time")
            yield read_document(content, source)


def _files_of(path: Path) -> Iterator[tuple[str, bytes]]:
    if not path.exists():
        raise DataError("does not exist", file=str(path), remedy="Check the path")
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and not _is_beside(p.name))
        if not files:
            raise DataError("holds no report", file=str(path), remedy="Name the report's file itself")
        for file in files:
            yield from _unpacked(_content(file), file.name if file.parent == path else str(file.relative_to(path)), 0)
        return
    yield from _unpacked(_content(path), path.name, 0)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _limited(file, path.name)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path.name, remedy="Check the path") from error


def _limited(file: Any, source: str) -> bytes:
    """All bytes of a stream, a piece at a time, so that a bomb ends where it is one."""
    pieces, n_bytes = [], 0
    while piece := file.read(_PIECE):
        n_bytes += len(piece)
        if n_bytes > MAX_BYTES:
            raise DataError(f"holds more than {MAX_BYTES:,} bytes", file=source, remedy="Export fewer trades at a time")
        pieces.append(piece)
    return b"".join(pieces)


def _unpacked(content: bytes, source: str, depth: int) -> Iterator[tuple[str, bytes]]:
    if content.startswith((b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06")) and depth >= MAX_DEPTH:
        raise DataError("is an archive within archives", file=source, remedy="Unpack the outer ones")
    try:
        if content.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                inside = _limited(file, source)
            yield from _unpacked(inside, source.removesuffix(".gz"), depth + 1)
            return
        if not content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield source, content
            return
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            if is_workbook(names):
                yield source, content
                return
            if len(names) > MAX_FILES:
                raise DataError(f"holds more than {MAX_FILES:,} files", file=source, remedy="Import fewer at a time")
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise DataError("is encrypted", file=source, remedy="Unpack it first")
            wanted = sorted({name for name in names if not _is_beside(name)})
            if not wanted:
                raise DataError("holds no report", file=source, remedy="Put the report's file into it")
            for name in wanted:
                with archive.open(name) as file:
                    inside = _limited(file, f"{source}!{name}")
                yield from _unpacked(inside, f"{source}!{name}", depth + 1)
    except _BROKEN as error:
        raise DataError(f"is a damaged archive: {error}", file=source, remedy="Download or export it again") from error


def _is_beside(name: str) -> bool:
    last = name.replace("\\", "/").rpartition("/")[2]
    hidden = last.startswith(".") or name.startswith("__MACOSX")
    return hidden or Path(last).suffix.lower() in _BESIDE or _BESIDE_NAMES.fullmatch(last) is not None


def read_document(content: bytes, source: str) -> Document:
    """Take one unpacked file apart.

    Args:
        content: its bytes.
        source: what to call it in messages.

    Raises:
        DataError: it is empty, damaged, too large, or of no kind that reports are.
    """
    digest = hashlib.sha256(content).hexdigest()
    if not content.strip():
        raise DataError("is empty", file=source, remedy="Export it again")
    if content.startswith(b"PK"):
        return _of_sheets(read_workbook(content, source), source, digest)
    if content.startswith(b"PAR1"):
        return _of_sheets(read_parquet(content, source), source, digest)
    if is_opt_cache(content):
        return Document(source, "mt5_cache", digest, data=content)
    cleaned, _ = clean_text(content, source=source)
    text = cleaned.decode(errors="replace")
    if "\0" in text[:10_000]:
        raise DataError("is a binary file, no report", file=source, remedy="Export the report as HTML, CSV or JSON")
    start = text[:5000].lstrip().lower()
    if "<workbook" in start or (start.startswith("<?xml") and "<html" not in start):
        # A document in UTF-16 says so itself, which no longer holds once it is brought to UTF-8.
        xml = re.sub(r"^(\s*<\?xml[^>]*?)\s+encoding\s*=\s*[\"'][^\"']*[\"']", r"\1", text, count=1)
        return _of_sheets(read_spreadsheet(xml.lstrip().encode(), source), source, digest)
    if start.startswith(("<", "{\\rtf")):
        return _of_page(text, source, digest)
    if start.startswith(("{", "[")) and not re.match(r"\[[a-z ]+\]\s*[\r\n]", start):
        return Document(source, "json", digest, data=_json(text, source))
    if re.match(r"\[[a-z ]+\]\s*[\r\n]", start):
        lines = text.splitlines()
        return Document(source, "ini", digest, [[line.strip()] for line in lines], range(1, len(lines) + 1))
    return _of_text(text, source, digest)


def is_opt_cache(content: bytes) -> bool:
    """Whether bytes begin as MetaTrader 5's cache of an optimization does: a version, a copyright, a signature."""
    return content[132:160] == "TesterOptCache".encode("utf-16-le")


def _of_sheets(found: Workbook, source: str, digest: str) -> Document:
    return Document(source, "sheet", digest, found.rows, found.lines, title=found.title, names=tuple(found.names))


def _of_page(text: str, source: str, digest: str) -> Document:
    page = read_page(text, source)
    data = next((_json(script, source) for script in page.scripts if script.strip()), None)
    if data is None and not page.rows:
        raise DataError(
            "is a page without a table", file=source,
            remedy="Save the report itself; where a download gave this page, it asks for a login, perhaps",
        )  # fmt: skip
    return Document(source, "html", digest, page.rows, page.lines, data=data, title=page.title)


def _json(text: str, source: str) -> Any:
    # Each value needs one of these signs, and up to twenty times its text's bytes in memory.
    check_cells((text.count(",") + text.count("[") + text.count("{")) // 2, source)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text[error.pos - 1 : error.pos + 1].strip() == "{":
            return _json_lines(text, source)
        raise DataError(
            f"is not complete JSON: {error.msg}", file=source, line=error.lineno,
            remedy="Export it again; it may be cut off",
        ) from None  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise DataError(f"is not readable as JSON: {str(error)[:200]}", file=source, remedy="Export it again") from None


def _json_lines(text: str, source: str) -> list[Any]:
    """Values that stand on a line each."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                raise DataError(
                    "is not complete JSON", file=source, line=number, remedy="Export it again; it may be cut off"
                ) from None
    return found


def _of_text(text: str, source: str, digest: str) -> Document:
    head = text[:20_000].splitlines()[:40]
    # A sign that most lines have equally often; of several the one that makes most columns.
    delimiter = max(_DELIMITERS, key=lambda sign: _columns(head, sign))
    rows, lines, n_cells = [], [], 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            n_cells += len(row)
            if any(row):
                rows.append(row)
                lines.append(reader.line_num)
            if len(lines) % 1000 == 0:
                check_cells(n_cells, source)
    except csv.Error as error:
        raise DataError(
            f"is not readable as a table: {error}", file=source, line=reader.line_num, remedy="Check the quotes there"
        ) from None
    check_cells(n_cells, source)
    return Document(source, "text", digest, rows, lines)


def _columns(lines: Sequence[str], sign: str) -> tuple[int, int]:
    counts = [line.count(sign) for line in lines if line.strip()]
    if not counts:
        return (0, 0)
    usual = max(set(counts), key=lambda n: (counts.count(n) if n else 0, n))
    return (counts.count(usual) if usual else 0, usual)
