"""Scripts and styles that browsers load: our own, and those that installed packages ship; nothing from another host.

Files of packages are found without importing the packages, and each is served under a name that holds a digest of what
it is, so that a browser keeps it for good and asks again only when it changes.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastapi import APIRouter, Request, Response

_COMPRESSED = {".js", ".css", ".svg"}


@dataclass(frozen=True)
class _File:
    """A file that browsers load.

    Attributes:
        path: where it lies.
        named_by: the files that it is named by.
    """

    path: Path
    named_by: tuple[Path, ...]

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in self.named_by)).hexdigest()[:12]

    @cached_property
    def packed(self) -> bytes:
        """Its bytes, compressed once for all who ask."""
        return gzip.compress(self.path.read_bytes(), 6, mtime=0)


class Assets:
    """Files that pages load.

    Args:
        path: where they are served, such as ``/assets``.
        folder: our own files. They share one digest, as scripts import each other by relative names.
        packaged: package and file of each that is not ours.
    """

    def __init__(self, path: str, folder: Path, packaged: Mapping[str, tuple[str, str]]) -> None:
        self._path, self._folder, self._packaged = path, folder, packaged
        self._found: dict[str, _File | None] = {}
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route(f"{path}/{{digest}}/{{name}}", self._serve, methods=["GET"])

    def address(self, name: str) -> str:
        """Where a browser finds a file; "" where it cannot be had."""
        found = self._file(name)
        return "" if found is None else f"{self._path}/{found.digest}/{name}"

    def _file(self, name: str) -> _File | None:
        if name not in self._packaged and not (self._folder / name).is_file():
            return None  # what strangers ask for is not remembered
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> _File | None:
        if name in self._packaged:
            package, file = self._packaged[name]
            spec = importlib.util.find_spec(package)
            folders = [] if spec is None else list(spec.submodule_search_locations or ())
            path = next((Path(folder) / file for folder in folders if (Path(folder) / file).is_file()), None)
            return None if path is None else _File(path, (path,))
        path = self._folder / name
        own = tuple(sorted(each for each in self._folder.iterdir() if each.is_file()))
        return _File(path, own) if path in own else None

    def _serve(self, request: Request, digest: str, name: str) -> Response:
        """A script or style."""
        found = self._file(name)
        if found is None:
            return Response(status_code=404)
        kept = "public, max-age=31536000, immutable" if digest == found.digest else "no-cache"
        headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if found.path.suffix in _COMPRESSED and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
        return Response(found.path.read_bytes(), media_type=kind, headers=headers)
