"""How large an uploaded archive is once it is unpacked: a small file can hold any number of bytes."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path

from starlette.exceptions import HTTPException

_PIECE = 1 << 20


def check_unpacked_size(path: Path, limit: int) -> None:
    """Refuse an archive that unpacks to more than the limit; other files, and damaged ones, are left to the importer.

    Args:
        path: the file.
        limit: bytes.

    Raises:
        HTTPException: 413, it is larger.
    """
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    n_bytes = 0
    if gzipped:
        try:
            with gzip.open(path) as unpacked:
                while n_bytes <= limit and (piece := unpacked.read(_PIECE)):
                    n_bytes += len(piece)
        except (OSError, EOFError, zlib.error):
            return
    elif zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:  # reads no more of a member than its entry declares
                n_bytes = sum(member.file_size for member in archive.infolist())
        except (OSError, zipfile.BadZipFile):
            return
    if n_bytes > limit:
        raise HTTPException(413, f"the file unpacks to more than the {limit:,} bytes that are accepted")
