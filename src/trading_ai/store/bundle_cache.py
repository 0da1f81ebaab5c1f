"""Bundles on this machine: fetched by hash, verified, and kept in a folder of bounded size that processes share."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from typing_extensions import override

from trading_ai.errors import StorageError
from trading_ai.optimization.bundles import Bundles
from trading_ai.strategies.bundle import FILES, check_folder
from trading_ai.strategies.bundled import BundleSource
from trading_ai.strategies.manifest import Manifest

try:
    import fcntl
except ImportError:  # Windows, where a file that is in use cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

_LEFT_OVER_SECONDS = 3600.0
_LOCK = ".lock"


class BundleCache(BundleSource):
    """Bundles of a database on this machine.

    A bundle is written under another name and then renamed, so that no process sees half of one, and one that was
    killed meanwhile leaves only what the next one clears away. Each process verifies a bundle before it first runs it;
    a damaged one is fetched again. What was used longest ago goes first, and nothing that a living process has opened.

    Args:
        bundles: opens where they stay, on first use.
        folder: where they are kept; made if missing.
        most_bytes: bound of its size.
        runs_code: whether this process may run them.
    """

    def __init__(
        self, bundles: Callable[[], Bundles], folder: Path, most_bytes: int, *, runs_code: bool = True
    ) -> None:
        self._bundles, self._folder, self._most_bytes = bundles, Path(folder), most_bytes
        self.runs_code = runs_code
        self._lock = threading.RLock()
        self._opened: dict[str, Manifest] = {}
        self._held: dict[str, IO[bytes]] = {}

    @override
    def manifest(self, named: str) -> Manifest:
        with self._lock:
            known = self._opened.get(named)  # only a whole hash is a key
        return self._bundles().record(named).manifest if known is None else known

    @override
    def folder(self, bundle_hash: str) -> Path:
        place = self._folder / bundle_hash
        with self._lock:
            if bundle_hash in self._opened and (place / FILES).is_dir():
                return place / FILES
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._hold(bundle_hash)
                manifest = check_folder(place, bundle_hash)
                if manifest is None:
                    manifest = self._fetch(bundle_hash, place)
                with suppress(OSError):
                    os.utime(place)  # used now: see `_make_room`
            except OSError as error:
                raise StorageError(f"the cache {self._folder} cannot be written: {error}") from error
            self._opened[bundle_hash] = manifest
            return place / FILES

    def _hold(self, bundle_hash: str) -> None:
        """Tell other processes that this one uses a bundle, until it ends."""
        if bundle_hash not in self._held:
            self._held[bundle_hash] = held = (self._folder / f"{bundle_hash}{_LOCK}").open("wb")
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_SH)

    def _fetch(self, bundle_hash: str, place: Path) -> Manifest:
        bundle = self._bundles().load(bundle_hash)
        self._make_room(bundle.n_bytes, but=bundle_hash)
        part = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
        try:
            bundle.write(part)
            if place.exists():  # damaged
                away = Path(tempfile.mkdtemp(prefix=".old-", dir=self._folder))
                with suppress(OSError):
                    place.rename(away / "damaged")
                shutil.rmtree(away, ignore_errors=True)
            try:
                part.rename(place)
            except OSError:  # another process was faster
                if check_folder(place, bundle_hash) is None:
                    raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return bundle.manifest

    def _make_room(self, n_bytes: int, but: str) -> None:
        """Delete what was used longest ago, and what a killed process left, until `n_bytes` more fit."""
        now, sizes, used_at = time.time(), {}, {}
        for each in self._folder.iterdir():
            with suppress(OSError):  # another process makes room as well
                if not each.is_dir():
                    continue
                if each.name.startswith("."):
                    if now - each.stat().st_mtime > _LEFT_OVER_SECONDS:
                        shutil.rmtree(each, ignore_errors=True)
                    continue
                used_at[each] = each.stat().st_mtime
                sizes[each] = sum(file.stat().st_size for file in each.rglob("*") if file.is_file())
        for each in sorted(sizes, key=lambda place: used_at[place]):
            if sum(sizes.values()) + n_bytes <= self._most_bytes:
                return
            if each.name != but and self._remove(each):
                del sizes[each]

    def _remove(self, place: Path) -> bool:
        """Delete a bundle that no process uses; whether it is gone."""
        if place.name in self._held:
            return False
        with suppress(OSError), (self._folder / f"{place.name}{_LOCK}").open("wb") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            away = Path(tempfile.mkdtemp(prefix=".old-", dir=self._folder))
            place.rename(away / "gone")
            shutil.rmtree(away, ignore_errors=True)
            return True
        return False
