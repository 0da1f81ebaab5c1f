"""Artifacts in the database, for machines that share no disk; bars are kept here in a bounded, memory-mapped cache."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from typing_extensions import override

from trading_ai.engine.trade_list import TradeList
from trading_ai.errors import NotFoundError, StorageError
from trading_ai.evaluation.ports import Artifacts
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.store import codec
from trading_ai.store.artifacts import safe_id
from trading_ai.store.database import Database
from trading_ai.store.tables import file_parts

_PART_BYTES = 4 << 20
_COLUMNS = ("open_time_ns", "open", "high", "low", "close", "volume")
_OPTIONAL = ("spread", "ask_open", "ask_high", "ask_low", "ask_close")
_BARS_KEPT = 4


class SharedArtifacts(Artifacts):
    """Files in the database.

    Bars are fetched once a machine, checked against their hash, and kept as plain arrays that processes map into
    memory, so that all of them share one copy. The folder holds at most `cache_bytes`; what was used longest ago
    goes first.

    Args:
        database: the database.
        cache: folder of the arrays; made if missing.
        cache_bytes: bound of its size.
    """

    def __init__(self, database: Database, cache: Path, cache_bytes: int = 8 << 30) -> None:
        self._database, self._cache, self._cache_bytes = database, Path(cache), cache_bytes
        self._bars: dict[str, Bars] = {}

    # --- bars ----------------------------------------------------------------------------------------

    @override
    def save_bars(self, bars: Bars) -> str:
        dataset_id = bars.content_hash
        columns = {name: getattr(bars, name) for name in (*_COLUMNS, *_OPTIONAL)}
        arrays = {name: values for name, values in columns.items() if values is not None}
        about = codec.dump({"symbol": vars(bars.symbol), "timeframe": bars.timeframe.name})
        self._save(f"bars/{dataset_id}", _packed({**arrays, "about": np.frombuffer(about.encode(), dtype=np.uint8)}))
        return dataset_id

    @override
    def load_bars(self, dataset_id: str) -> Bars:
        kept = self._bars.get(dataset_id)
        if kept is not None:
            return kept
        folder = self._cache / "bars" / safe_id(dataset_id)
        if not (folder / "about.npy").is_file():
            self._fetch(dataset_id, folder)
        bars = self._mapped(dataset_id, folder)
        self._bars = dict([*self._bars.items(), (dataset_id, bars)][-_BARS_KEPT:])
        return bars

    @override
    def symbol_of(self, dataset_id: str) -> Symbol:
        try:  # what was fetched before says it without its numbers
            about = np.load(self._cache / "bars" / safe_id(dataset_id) / "about.npy", allow_pickle=False)
            return Symbol(**codec.load(about.tobytes().decode())["symbol"])
        except (OSError, ValueError, KeyError, TypeError):
            return self.load_bars(dataset_id).symbol

    @override
    def delete_bars(self, dataset_id: str) -> None:
        self._delete(f"bars/{dataset_id}")
        self._bars.pop(dataset_id, None)
        shutil.rmtree(self._cache / "bars" / safe_id(dataset_id), ignore_errors=True)

    def _fetch(self, dataset_id: str, folder: Path) -> None:
        arrays = self._load(f"bars/{dataset_id}")
        if arrays is None:
            raise NotFoundError("dataset", dataset_id, "Its bars are not in the database: import them again.")
        if _as_bars(arrays).content_hash != dataset_id:
            raise StorageError(f"the bars of dataset {dataset_id} no longer match their hash. Import them again.")
        part: Path | None = None
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._make_room(sum(a.nbytes for a in arrays.values()))
            part = Path(tempfile.mkdtemp(prefix=f".{dataset_id[:12]}.", dir=folder.parent))
            for name, values in arrays.items():
                np.save(part / f"{name}.npy", values, allow_pickle=False)
            try:
                part.rename(folder)
            except OSError:  # another process was faster, and its arrays are the same
                shutil.rmtree(part, ignore_errors=True)
        except OSError as error:
            if part is not None:  # half of it would fill the disk all the more
                shutil.rmtree(part, ignore_errors=True)
            raise StorageError(f"the cache {folder.parent} cannot be written: {error}") from error

    def _mapped(self, dataset_id: str, folder: Path) -> Bars:
        try:
            os.utime(folder)  # used now: see `_make_room`
            arrays = {f.stem: np.load(f, mmap_mode="r", allow_pickle=False) for f in folder.glob("*.npy")}
            return _as_bars(arrays)
        except (OSError, ValueError, KeyError) as error:
            raise StorageError(f"cached bars {dataset_id} cannot be read: {error}. Delete {folder}") from error

    def _make_room(self, n_bytes: int) -> None:
        """Delete what was used longest ago until `n_bytes` more fit; a process that maps it keeps its pages."""
        folders = [f for f in (self._cache / "bars").iterdir() if f.is_dir()]
        now = time.time()
        for left_over in [f for f in folders if f.name.startswith(".") and now - f.stat().st_mtime > 3600]:
            shutil.rmtree(left_over, ignore_errors=True)
        sizes = {f: sum(p.stat().st_size for p in f.glob("*.npy")) for f in folders if not f.name.startswith(".")}
        for folder in sorted(sizes, key=lambda f: f.stat().st_mtime):
            if sum(sizes.values()) + n_bytes <= self._cache_bytes:
                return
            shutil.rmtree(folder, ignore_errors=True)
            del sizes[folder]

    # --- backtests -----------------------------------------------------------------------------------

    @override
    def save_backtest(self, backtest_id: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._save(f"backtests/{backtest_id}", _packed(arrays))

    @override
    def load_backtest(self, backtest_id: str) -> dict[str, npt.NDArray[np.generic]]:
        arrays = self._load(f"backtests/{backtest_id}")
        if arrays is None:
            raise NotFoundError("backtest", backtest_id, "Its arrays are not in the database: run it again.")
        return arrays

    @override
    def delete_backtest(self, backtest_id: str) -> None:
        self._delete(f"backtests/{backtest_id}")

    # --- trades --------------------------------------------------------------------------------------

    @override
    def save_trades(self, trades: TradeList) -> str:
        if self._load(f"trades/{trades.content_hash}") is None:
            self._save(f"trades/{trades.content_hash}", _packed(trades.to_arrays()))
        return trades.content_hash

    @override
    def load_trades(self, trades_id: str) -> TradeList:
        arrays = self._load(f"trades/{trades_id}")
        if arrays is None:
            raise NotFoundError("list of trades", trades_id, "It is not in the database: import it again.")
        trades = TradeList.from_arrays(arrays)
        if trades.content_hash != trades_id:
            raise StorageError(f"the trades of list {trades_id} no longer match their hash. Import them again.")
        return trades

    # --- files in the database -----------------------------------------------------------------------

    def _save(self, name: str, data: bytes) -> None:
        f = file_parts.c
        with self._database.write() as connection:
            connection.execute(file_parts.delete().where(f.name == name))
            for part, piece in enumerate(_pieces(data)):
                connection.execute(file_parts.insert().values(name=name, part=part, data=piece))

    def _load(self, name: str) -> dict[str, npt.NDArray[Any]] | None:
        f = file_parts.c
        with self._database.read() as connection:
            parts = connection.execute(select(f.data).where(f.name == name).order_by(f.part)).all()
        if not parts:
            return None
        data = b"".join(row.data for row in parts)
        digest, body = data[:32], data[32:]
        if hashlib.sha256(body).digest() != digest:
            raise StorageError(f"{name} in the database is damaged")
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}

    def _delete(self, name: str) -> None:
        with self._database.write() as connection:
            connection.execute(file_parts.delete().where(file_parts.c.name == name))


def _packed(arrays: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    body = file.getvalue()
    return hashlib.sha256(body).digest() + body


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _PART_BYTES):
        yield data[start : start + _PART_BYTES]


def _as_bars(arrays: Mapping[str, npt.NDArray[Any]]) -> Bars:
    about = codec.load(arrays["about"].tobytes().decode())
    optional = {name: arrays[name] for name in _OPTIONAL if name in arrays}
    return Bars(
        Symbol(**about["symbol"]), timeframe(about["timeframe"]), *(arrays[name] for name in _COLUMNS), **optional
    )


def open_shared(url: str, cache: Path, cache_bytes: int) -> SharedArtifacts:
    """Artifacts in the database of a URL, over a connection of their own; what a worker process calls."""
    return SharedArtifacts(Database(url), cache, cache_bytes)
