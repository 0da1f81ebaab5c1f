"""A bundle: the files of a strategy with their manifest, as an archive that can be sent and as a folder that runs."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trading_ai.errors import StrategyError
from trading_ai.strategies.manifest import MOST_BYTES, MOST_FILES, Declaration, Manifest, check_path, refused

MANIFEST = "manifest.json"
FILES = "files"
"""Names in an archive and in a folder: the manifest, and the folder of the files."""

_MOST_MANIFEST_BYTES = 1 << 20
_LATEST_BEFORE_TIME = (1980, 1, 1, 0, 0, 0)
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError,
)  # fmt: skip
"""What a damaged archive, or one of a kind that is not read, raises."""

_RUNS = {".py", ".pyc", ".so", ".pyd"}
"""Endings of files that Python would run if somebody put them beside those of a bundle."""


@dataclass(frozen=True)
class Bundle:
    """Files of a strategy.

    Attributes:
        manifest: what they are; its `bundle_hash` is the bundle's id.
        contents: each file's bytes by its relative path.

    Raises:
        StrategyError: the contents are not those that the manifest names, or too large.
    """

    manifest: Manifest
    contents: Mapping[str, bytes]

    def __post_init__(self) -> None:
        if self.n_bytes > MOST_BYTES:
            raise _too_large(self.n_bytes)
        found = {path: hashlib.sha256(content).hexdigest() for path, content in self.contents.items()}
        for path in sorted(found.keys() ^ self.manifest.files.keys()):
            raise refused("does not hold the files that it names", path, "Publish it anew.")
        for path, digest in found.items():
            if digest != self.manifest.files[path]:
                raise refused("holds a file that is not the one that was published", path, "Publish it anew.")

    @classmethod
    def of(
        cls,
        entry: str,
        contents: Mapping[str, bytes],
        requirements: tuple[str, ...],
        declared: tuple[Declaration, ...],
    ) -> Bundle:
        """A bundle of files, see `Manifest`."""
        digests = {path: hashlib.sha256(contents[path]).hexdigest() for path in sorted(contents)}
        return cls(Manifest(entry, digests, tuple(sorted(requirements)), declared), contents)

    @property
    def bundle_hash(self) -> str:
        """Its id, SHA-256 (hex)."""
        return self.manifest.bundle_hash

    @property
    def n_bytes(self) -> int:
        """Size of its files together, bytes."""
        return sum(map(len, self.contents.values()))

    def pack(self) -> bytes:
        """As a zip archive; equal bundles are equal bytes."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            every = {MANIFEST: self.manifest.to_json().encode()}
            every |= {f"{FILES}/{path}": self.contents[path] for path in sorted(self.contents)}
            for name, content in every.items():
                info = zipfile.ZipInfo(name, _LATEST_BEFORE_TIME)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, content)
        return target.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> Bundle:
        """Read an archive that `pack` made, or somebody who means harm; nothing is written.

        Raises:
            StrategyError: it is no such archive, is too large, names a file outside of itself, or holds a link.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                infos = archive.infolist()
                _check_entries(infos)
                found = {info.filename: archive.read(info) for info in infos}
        except _UNREADABLE as error:
            raise refused(
                f"is no bundle that can be read: {error}", None, "Make one with `trading-ai strategy pack`."
            ) from error
        text = found.pop(MANIFEST).decode(errors="replace")
        return cls(Manifest.from_json(text), {name.removeprefix(f"{FILES}/"): found[name] for name in found})

    def write(self, folder: Path) -> None:
        """Write the manifest and the files into a new folder.

        Raises:
            OSError: they cannot be written.
        """
        for path, content in self.contents.items():
            target = folder / FILES / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (folder / MANIFEST).write_text(self.manifest.to_json(), encoding="utf-8")


def check_folder(folder: Path, bundle_hash: str) -> Manifest | None:
    """The manifest of a bundle that `Bundle.write` wrote, if all of it is as it was published; None otherwise.

    Files that a strategy wrote beside its own are no damage, unless Python could take them for code of the bundle.

    Args:
        folder: the folder.
        bundle_hash: id that it must have.
    """
    try:
        manifest = Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest.bundle_hash != bundle_hash:
            return None
        for path, digest in manifest.files.items():
            file = folder / FILES / path
            if file.is_symlink() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                return None
        strange = any(path not in manifest.files for path in _code(folder / FILES))
    except (OSError, ValueError, StrategyError):
        return None
    return None if strange else manifest


def _code(folder: Path) -> Iterator[str]:
    for file in folder.rglob("*"):
        if file.suffix in _RUNS and "__pycache__" not in file.parts:
            yield file.relative_to(folder).as_posix()


def _check_entries(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive by its table of contents, before anything is unpacked."""
    if len(infos) > MOST_FILES + 1:
        raise refused(f"must hold 1 to {MOST_FILES:,} files", len(infos), "Leave out what it does not read.")
    names = [info.filename for info in infos]
    if len(set(names)) < len(names) or MANIFEST not in names:
        raise refused("is no bundle", None, "Make one with `trading-ai strategy pack`.")
    if sum(info.file_size for info in infos) > MOST_BYTES + _MOST_MANIFEST_BYTES:
        raise _too_large(sum(info.file_size for info in infos))
    for info in infos:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG} or info.is_dir():
            raise refused("holds something that is no plain file", info.filename, "Links and folders are not allowed.")
        if info.filename != MANIFEST:
            folder, _, path = info.filename.partition("/")
            check_path(path)
            if folder != FILES:
                raise refused("holds a file of no purpose", info.filename, "Make it with `trading-ai strategy pack`.")


def _too_large(n_bytes: int) -> StrategyError:
    return refused(f"is larger than {MOST_BYTES >> 20} MB", n_bytes, "Keep data that it reads in a dataset instead.")
