"""Immutable files: bars as Parquet, a backtest's arrays as NumPy archives, both addressed by id."""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.trade_list import TradeList
from trading_ai.errors import NotFoundError, StorageError
from trading_ai.evaluation.ports import Artifacts
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe

if TYPE_CHECKING:
    from trading_ai.store.parquet import BarFiles

_BARS_KEPT = 4


class FileArtifacts(Artifacts):
    """Files in a folder.

    Files are written under another name and renamed when complete, so that a half-written one is never seen,
    whatever kills the process.

    Args:
        home: folder to keep files in; made if missing.
    """

    def __init__(self, home: Path | str) -> None:
        self.home = Path(home)
        self._bars: dict[tuple[str, int], Bars] = {}

    @override
    def save_bars(self, bars: Bars) -> str:
        dataset_id = bars.content_hash
        path = self._bars_path(dataset_id)
        if path.is_file():
            return dataset_id
        about = {"symbol": asdict(bars.symbol), "timeframe": bars.timeframe.name}
        _write(path.with_suffix(".json"), lambda part: part.write_text(json.dumps(about), encoding="utf-8"))
        _write(path, lambda part: self._files.write(bars, part))
        return dataset_id

    @override
    def load_bars(self, dataset_id: str) -> Bars:
        path = self._bars_path(dataset_id)
        try:
            version = path.stat().st_mtime_ns
        except FileNotFoundError:
            raise NotFoundError("dataset", dataset_id, f"Its file {path} is missing: import it again.") from None
        known = self._bars.get((dataset_id, version))
        if known is not None:
            return known
        try:
            about = _about(path)
            bars = self._files.read(path, Symbol(**about["symbol"]), timeframe(about["timeframe"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"dataset file {path} cannot be read: {error}. Delete it and import again.") from error
        if bars.content_hash != dataset_id:
            raise StorageError(f"dataset file {path} was changed: it no longer matches its hash. Import it again.")
        self._bars = (
            {(dataset_id, version): bars}
            if len(self._bars) >= _BARS_KEPT
            else {**self._bars, (dataset_id, version): bars}
        )
        return bars

    @override
    def symbol_of(self, dataset_id: str) -> Symbol:
        path = self._bars_path(dataset_id)
        try:
            return Symbol(**_about(path)["symbol"])
        except FileNotFoundError:
            raise NotFoundError("dataset", dataset_id, f"Its file {path} is missing: import it again.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"dataset file {path} cannot be read: {error}. Delete it and import again.") from error

    @override
    def delete_bars(self, dataset_id: str) -> None:
        path = self._bars_path(dataset_id)
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)

    @override
    def save_backtest(self, backtest_id: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

        _write(self._backtest_path(backtest_id), write)

    @override
    def load_backtest(self, backtest_id: str) -> dict[str, npt.NDArray[np.generic]]:
        path = self._backtest_path(backtest_id)
        if not path.is_file():
            raise NotFoundError("backtest", backtest_id, f"Its file {path} is missing: run it again.")
        try:
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise StorageError(f"backtest file {path} cannot be read: {error}. Run the backtest again.") from error

    @override
    def delete_backtest(self, backtest_id: str) -> None:
        self._backtest_path(backtest_id).unlink(missing_ok=True)

    @override
    def save_trades(self, trades: TradeList) -> str:
        path = self._trades_path(trades.content_hash)
        if path.is_file():
            return trades.content_hash

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez_compressed(file, **trades.to_arrays())  # type: ignore[arg-type]

        _write(path, write)
        return trades.content_hash

    @override
    def load_trades(self, trades_id: str) -> TradeList:
        path = self._trades_path(trades_id)
        if not path.is_file():
            raise NotFoundError("list of trades", trades_id, f"Its file {path} is missing: import it again.")
        try:
            with np.load(path, allow_pickle=False) as archive:
                trades = TradeList.from_arrays({name: archive[name] for name in archive.files})
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise StorageError(f"file of trades {path} cannot be read: {error}. Import them again.") from error
        if trades.content_hash != trades_id:
            raise StorageError(f"file of trades {path} was changed: it no longer matches its hash. Import it again.")
        return trades

    @cached_property
    def _files(self) -> BarFiles:
        from trading_ai.store.parquet import BarFiles  # noqa: PLC0415 - commands without bars need not wait for it

        return BarFiles()

    def _bars_path(self, dataset_id: str) -> Path:
        return self.home / "datasets" / f"{safe_id(dataset_id)}.parquet"

    def _trades_path(self, trades_id: str) -> Path:
        return self.home / "trades" / f"{safe_id(trades_id)}.npz"

    def _backtest_path(self, backtest_id: str) -> Path:
        return self.home / "backtests" / f"{safe_id(backtest_id)}.npz"


def _about(path: Path) -> dict[str, Any]:
    """What bars are of: the fields of their symbol, and the name of their timeframe."""
    about: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    about["symbol"]["aliases"] = tuple(about["symbol"]["aliases"])
    return about


def safe_id(identifier: str) -> str:
    """The id, if it can be a file's name.

    Raises:
        NotFoundError: it has characters that no id has, such as a path separator.
    """
    if not identifier or not all(c.isalnum() or c == "-" for c in identifier):
        raise NotFoundError("file", identifier)
    return identifier


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file completely or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise StorageError(f"{path} cannot be written: {error}") from error
