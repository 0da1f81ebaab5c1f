"""Files as users have them: plain, gzipped, zipped, or a folder of day files."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trading_ai.errors import DataError

_TEXT = {".csv", ".txt", ".tsv", ".prn", ".hst", ".dat", ""}
_SKIPPED_ENDINGS = {".md", ".pdf", ".html", ".htm", ".json", ".xml", ".log", ".sha256", ".png"}


@dataclass(frozen=True)
class Member:
    """One data file, uncompressed.

    Attributes:
        name: its name inside the container, without folders.
        origin: what to call it in messages: the path, with the member after ``!`` for archives.
        data: its bytes.
    """

    name: str
    origin: str
    data: bytes


def open_members(path: Path, *, side: str | None = None) -> tuple[list[Member], str]:
    """Read every data file of a path.

    Args:
        path: a file, or a folder of files that belong to one series.
        side: where a folder mixes quote and trade files, ``trade`` keeps the trades and ``bid`` the quotes.

    Returns:
        The members, by name, and what held them: ``none``, ``gzip``, ``zip`` or ``folder of ...``.

    Raises:
        DataError: nothing there, nothing readable, or files of different series.
    """
    if not path.exists():
        raise DataError("does not exist", file=str(path), remedy="Check the path")
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in {".csv", ".gz", ".zip", ".txt"})
        files = _one_series(files, side, path)
        found = [_open_file(file) for file in files]
        kinds = sorted({kind for _, kind in found})
        return [member for members, _ in found for member in members], f"folder of {len(files)} files ({kinds[0]})"
    return _open_file(path)


def _open_file(path: Path) -> tuple[list[Member], str]:
    raw = path.read_bytes()
    if not raw:
        raise DataError("is empty", file=str(path), remedy="Export it again")
    try:
        if raw[:2] == b"\x1f\x8b":
            name = path.name.removesuffix(".gz")
            return [Member(name, str(path), gzip.decompress(raw))], "gzip"
        if raw[:4] == b"PK\x03\x04":
            return _unzip(path), "zip"
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"is a damaged archive: {error}", file=str(path), remedy="Download or export it again"
        ) from error
    if raw[:6] == b"\xfd7zXZ\x00" or raw[:4] == b"7z\xbc\xaf" or raw[:3] == b"BZh" or raw[:4] == b"\x28\xb5\x2f\xfd":
        raise DataError(
            "is compressed in a way that is not read here",
            file=str(path),
            remedy="Unpack it, or use gzip or zip",
        )
    return [Member(path.name, str(path), raw)], "none"


def _unzip(path: Path) -> list[Member]:
    with zipfile.ZipFile(path) as archive:
        names = [
            info.filename
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith("__MACOSX") and Path(info.filename).name[0] != "."
        ]
        names = [name for name in names if Path(name).suffix.lower() not in _SKIPPED_ENDINGS]
        # Vendors put a .txt with notes beside the .csv.
        tables = [name for name in names if Path(name).suffix.lower() in {".csv", ".tsv", ".gz"}] or names
        if not tables:
            raise DataError("holds no data file", file=str(path), remedy="Expected a .csv inside")
        if any(info.flag_bits & 1 for info in archive.infolist()):
            raise DataError("is encrypted", file=str(path), remedy="Unpack it first")
        members = []
        for name in sorted(tables):
            data = archive.read(name)
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            members.append(Member(Path(name).name, f"{path}!{name}", data))
    return members


def _one_series(files: Sequence[Path], side: str | None, folder: Path) -> list[Path]:
    if not files:
        raise DataError("holds no .csv, .gz or .zip files", file=str(folder), remedy="Name the file itself")
    trades = [file for file in files if "trade" in file.stem.lower()]
    quotes = [file for file in files if "quote" in file.stem.lower()]
    if not (trades and quotes):
        return list(files)
    if side == "trade":
        return trades
    if side in {"bid", "quote"}:
        return quotes
    raise DataError(
        "holds quote files and trade files",
        file=str(folder),
        parameter="side",
        value=side,
        remedy='Choose one: side="bid" reads the quotes (bid and ask), side="trade" the trades',
    )
