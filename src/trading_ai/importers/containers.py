"""Files as users have them: plain, gzipped, zipped, or a folder of such files; nothing is read before it is wanted."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from typing_extensions import override

from trading_ai.errors import DataError
from trading_ai.importers.kinds import SKIPPED_ENDINGS, refuse_workbook

HEAD_BYTES = 80_000  # more than a layout is told by, so that a cut line is known as one
_TABLES = {".csv", ".tsv", ".gz", ".parquet"}
_IN_FOLDERS = {".csv", ".gz", ".zip", ".txt", ".tsv", ".parquet"}


@dataclass(frozen=True)
class Member:
    """One data file, uncompressed when it is read.

    Attributes:
        name: its name inside the container, without folders.
        origin: what to call it in messages: the path, with the member after ``!`` for archives.
        stream: opens it at its beginning.
        outer: the name of the archive that holds it among others of a folder, or "".
    """

    name: str
    origin: str
    stream: Callable[[], IO[bytes]]
    outer: str = ""

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The uncompressed bytes as a stream.

        Raises:
            DataError: the archive is damaged.
        """
        try:
            with self.stream() as raw:
                # An archive may hold gzipped files.
                packed = _peek(raw, 2) == b"\x1f\x8b"
                yield cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise DataError(
                f"is a damaged archive: {error}", file=self.origin, remedy="Download or export it again"
            ) from error

    def head(self) -> bytes:
        """The first bytes, at most `HEAD_BYTES`."""
        with self.opened() as file:
            return file.read(HEAD_BYTES)

    def read(self) -> bytes:
        """All bytes."""
        with self.opened() as file:
            return file.read()


def _peek(stream: IO[bytes], n: int) -> bytes:
    start = stream.tell()
    found = stream.read(n)
    stream.seek(start)
    return found


def open_members(path: Path) -> tuple[list[Member], str]:
    """Every data file of a path.

    Args:
        path: a file, an archive, or a folder of them.

    Returns:
        The members, by name, and what holds them: ``none``, ``gzip``, ``zip`` or ``folder of ...``.

    Raises:
        DataError: nothing there, or nothing readable.
    """
    if not path.exists():
        raise DataError("does not exist", file=str(path), remedy="Check the path")
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in _IN_FOLDERS)
        if not files:
            raise DataError("holds no .csv, .gz or .zip files", file=str(path), remedy="Name the file itself")
        found = [_open_file(file, in_folder=True) for file in files]
        kinds = sorted({kind for _, kind in found})
        return [member for members, _ in found for member in members], f"folder of {len(files)} files ({kinds[0]})"
    return _open_file(path)


def _open_file(path: Path, *, in_folder: bool = False) -> tuple[list[Member], str]:
    try:
        with path.open("rb") as file:
            first = file.read(8)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=str(path), remedy="Check the path") from error
    if not first:
        raise DataError("is empty", file=str(path), remedy="Export it again")
    if first[:2] == b"\x1f\x8b":
        return [Member(path.name.removesuffix(".gz"), str(path), lambda: path.open("rb"))], "gzip"
    if first[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return _zipped(path, outer=path.name if in_folder else ""), "zip"
    return [Member(path.name, str(path), lambda: path.open("rb"))], "none"


def _zipped(path: Path, *, outer: str) -> list[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            refuse_workbook([info.filename for info in infos], str(path))
            if any(info.flag_bits & 1 for info in infos):
                raise DataError("is encrypted", file=str(path), remedy="Unpack it first")
    except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(
            f"is a damaged archive: {error}", file=str(path), remedy="Download or export it again"
        ) from error
    names = [
        info.filename
        for info in infos
        if not info.filename.startswith("__MACOSX") and not Path(info.filename).name.startswith(".")
    ]
    names = [name for name in names if Path(name).suffix.lower() not in SKIPPED_ENDINGS]
    # Vendors put a .txt with notes beside the .csv.
    tables = [name for name in names if Path(name).suffix.lower() in _TABLES] or names
    if not tables:
        raise DataError("holds no data file", file=str(path), remedy="Expected a .csv inside")

    def opener(name: str) -> Callable[[], IO[bytes]]:
        def stream() -> IO[bytes]:
            archive = zipfile.ZipFile(path)  # closed with the member, which holds it
            return io.BufferedReader(_Closing(archive, archive.open(name)))

        return stream

    return [Member(Path(name).name, f"{path}!{name}", opener(name), outer) for name in sorted(tables)]


class _Closing(io.RawIOBase):
    """A member of an archive that closes the archive with itself."""

    def __init__(self, archive: zipfile.ZipFile, member: IO[bytes]) -> None:
        self._archive, self._member = archive, member

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._member.seek(offset, whence)

    @override
    def tell(self) -> int:
        return self._member.tell()

    @override
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._member.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    @override
    def close(self) -> None:
        self._member.close()
        self._archive.close()
        super().close()
