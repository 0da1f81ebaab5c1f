"""What a file is that is no table of bars or ticks, told by its first bytes, so that its refusal can name it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trading_ai.errors import DataError

SKIPPED_ENDINGS = {".md", ".pdf", ".html", ".htm", ".json", ".xml", ".log", ".sha256", ".md5", ".png", ".jpg"}

_CSV = "Save it as CSV (one sheet, with a header) and import that"
_UNPACK = "Unpack it, or use gzip or zip"
_EXPORT = "Export the bars as CSV and import that"
# first bytes: what it is, what to do
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (xls) or another Office file", _CSV),
    (b"ARROW1", "a Feather file (Arrow IPC)", "Write it as Parquet or CSV, as in df.to_parquet(...)"),
    (b"FEA1", "a Feather file (version 1)", "Write it as Parquet or CSV, as in df.to_parquet(...)"),
    (b"\xff\xff\xff\xff\x10\x00", "an Arrow stream", "Write it as Parquet or CSV, as in df.to_parquet(...)"),
    (b"%PDF", "a PDF document", "Export the bars as CSV from where the document came from"),
    (b"\x89HDF", "an HDF5 file", "Write the table as Parquet or CSV, as in df.to_parquet(...)"),
    (b"SQLite format 3", "an SQLite database", "Write the table as CSV or Parquet"),
    (b"\x93NUMPY", "a NumPy array", "Write it as CSV or Parquet with named columns"),
    (b"ORC", "an ORC file", "Write it as Parquet or CSV"),
    (b"Obj\x01", "an Avro file", "Write it as Parquet or CSV"),
    (b"\x80\x04\x95", "a Python pickle", "Write the table as Parquet or CSV, as in df.to_parquet(...)"),
    (b"\x80\x05\x95", "a Python pickle", "Write the table as Parquet or CSV, as in df.to_parquet(...)"),
    (b"\x80\x03", "a Python pickle", "Write the table as Parquet or CSV, as in df.to_parquet(...)"),
    (b"\x80\x02", "a Python pickle", "Write the table as Parquet or CSV, as in df.to_parquet(...)"),
    (b"\x89PNG", "a picture", _EXPORT),
    (b"\xff\xd8\xff", "a picture", _EXPORT),
    (b"GIF8", "a picture", _EXPORT),
    (b"{\\rtf", "an RTF document", _CSV),
    (b"\xfd7zXZ\x00", "compressed in a way that is not read here (xz)", _UNPACK),
    (b"7z\xbc\xaf", "compressed in a way that is not read here (7z)", _UNPACK),
    (b"BZh", "compressed in a way that is not read here (bzip2)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed in a way that is not read here (zstd)", _UNPACK),
    (b"Rar!", "compressed in a way that is not read here (rar)", _UNPACK),
    (b"\x5d\x00\x00", "compressed in a way that is not read here (LZMA, as Dukascopy's .bi5)", _UNPACK),
    (b"PK\x03\x04", "an archive within an archive", "Unpack the outer one"),
    (b"\x1f\x8b", "gzipped twice", "Unpack the outer one"),
)  # fmt: skip


def refuse_workbook(names: Sequence[str], source: str) -> None:
    """Refuse a zip that is the inside of a document rather than an archive of files.

    Args:
        names: of the zip's members.
        source: the file, for messages.

    Raises:
        DataError: it is one; the message names its kind.
    """
    lower = {name.lower() for name in names}
    kinds = (
        ("an Excel workbook (xlsx)", any(name.startswith("xl/") for name in lower)),
        ("a Word document (docx)", any(name.startswith("word/") for name in lower)),
        ("an OpenDocument file (such as ods)", {"content.xml", "mimetype"} <= lower),
        ("a NumPy archive (npz)", bool(lower) and all(name.endswith(".npy") for name in lower)),
    )
    for what, found in kinds:
        if found:
            raise DataError(f"is {what}, not a table of text", file=source, remedy=_CSV)


def refuse_other_kinds(head: bytes, name: str, source: str) -> None:
    """Refuse a file whose beginning shows that it is no table, by what it is.

    Args:
        head: its first bytes, uncompressed.
        name: its name, whose ending tells a few binary formats apart.
        source: what to call it in messages.

    Raises:
        DataError: it is something else than a table.
    """
    if not head:
        raise DataError("is empty", file=source, remedy="Export it again")
    found = next(((what, remedy) for magic, what, remedy in _MAGIC if head.startswith(magic)), None)
    found = found or _of_metatrader(head, name) or _of_text(head) or _tape(head)
    if found is None and head.count(b"\x00") > 0.6 * len(head):  # more than UTF-16 has
        found = ("a binary file, not a table of text", _EXPORT)
    if found is not None:
        known = "" if "not read here" in found[0] else ", which is not read here"
        raise DataError(f"is {found[0]}{known}", file=source, remedy=found[1])


def _of_metatrader(head: bytes, name: str) -> tuple[str, str] | None:
    ending = name.lower().rpartition(".")[2]
    version = int.from_bytes(head[:4], "little")
    owned = b"MetaQuotes" in head[:400] or "MetaQuotes".encode("utf-16-le") in head[:600]
    binary = b"\x00" in head[:64]
    if binary and ((version in {400, 401} and owned) or ending == "hst"):
        return "a MetaTrader 4 history file (hst)", "Export the bars as CSV in MetaTrader's history centre"
    if binary and ((version in range(402, 406) and owned) or ending == "fxt"):
        return "a MetaTrader 4 tester file (fxt)", "Export the bars as CSV in MetaTrader's history centre"
    if binary and (ending in {"hcc", "hc", "tkc", "tks"} or owned):
        return "a MetaTrader history file", "Export the bars as CSV in MetaTrader (Symbols, Bars, Export)"
    return None


def _of_text(head: bytes) -> tuple[str, str] | None:
    encoded = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-16", errors="ignore") if encoded else head.removeprefix(b"\xef\xbb\xbf").decode(
        errors="replace"
    )  # fmt: skip
    start = text[:2000].lstrip()
    lower = start.lower()
    if re.match(r"<!doctype html|<html|<head|<body|<table", lower):
        return "an HTML page", "Export the bars as CSV; where a download gave this page, it asks for a login, perhaps"
    if re.match(r"<\?xml|<!--", lower):
        return "an XML document", _EXPORT
    if re.match(r"[\[{]\s*(?:[\[{\"]|\d|\]|\})", start) or lower.startswith(("[\n", "{\n", "[\r", "{\r")):
        return "JSON", "Write it as CSV or Parquet, as in pandas.read_json(...).to_parquet(...)"
    return None


def _tape(head: bytes) -> tuple[str, str] | None:
    return ("a tar archive", _UNPACK) if head[257:262] == b"ustar" else None
