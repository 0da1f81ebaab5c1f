"""Reports into kept backtests: read all, then keep all; the bars at hand tell the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trading_ai.errors import DataError
from trading_ai.importers.trades.read import ImportedTrades, read_trades
from trading_ai.market.bars import Bars
from trading_ai.optimization.backtests import BacktestService
from trading_ai.optimization.imports import KeptImport, fitting_dataset, keep_import
from trading_ai.optimization.records import DatasetRecord


def import_trades(
    service: BacktestService, paths: Sequence[Path], stated: Mapping[str, Any], *, name: str = "", now: float
) -> list[tuple[ImportedTrades, KeptImport]]:
    """Read reports and keep each as a backtest.

    Args:
        service: the store and the artifacts.
        paths: files, archives, folders.
        stated: arguments of `read_trades`, and ``dataset_id``.
        name: a name for all; that of the strategy and the file if left out.
        now: seconds since 1970.

    Raises:
        DataError: a file cannot be read; nothing was kept.
        NotFoundError: there is no such dataset.
    """
    return [
        (item, keep_import(service, item.trades, dataset=dataset, name=name or _named(item), now=now))
        for item, dataset in read_reports(service, paths, stated)
    ]


def read_reports(
    service: BacktestService, paths: Sequence[Path], stated: Mapping[str, Any]
) -> list[tuple[ImportedTrades, DatasetRecord | None]]:
    """Read reports, each with the dataset that it can be replayed on, or None; nothing is kept.

    Without a dataset named, the finest one of a report's symbol that covers its times is taken: it tells the clock
    where the report does not, and the backtest can be replayed on it. Arguments and errors are those of
    `import_trades`.
    """
    options = dict(stated)
    wanted = options.pop("dataset_id", None)
    given: DatasetRecord | None = None if wanted is None else service.store.dataset(wanted)
    bars = None if given is None else service.artifacts.load_bars(given.dataset_id)
    found = read_trades(list(paths), bars=bars, **options)
    datasets = service.store.datasets()
    chosen = [given or fitting_dataset(datasets, item.trades) for item in found]
    if given is not None:
        for item in found:
            _check_symbol(item, given)
    elif options.get("timezone") is None and any(
        c is not None and _is_open(i) for i, c in zip(found, chosen, strict=True)
    ):
        found = _read_again(service, paths, options, found, chosen)
        chosen = [fitting_dataset(datasets, item.trades) for item in found]
    return list(zip(found, chosen, strict=True))


def _check_symbol(item: ImportedTrades, given: DatasetRecord) -> None:
    """Refuse before anything is kept."""
    if item.trades.symbol != given.symbol:
        raise DataError(
            f"holds trades of {item.trades.symbol}, and dataset {given.dataset_id[:12]} bars of {given.symbol}",
            file=item.source, parameter="dataset_id",
            remedy=f"Name a dataset of {item.trades.symbol}, or state symbol {given.symbol} if it is that",
        )  # fmt: skip


def _is_open(item: ImportedTrades) -> bool:
    """Whether a report's clock was only assumed."""
    return item.clock is not None and item.clock.how.startswith("assumed")


def _read_again(
    service: BacktestService, paths: Sequence[Path], options: Mapping[str, Any], found: list[ImportedTrades],
    chosen: list[DatasetRecord | None],
) -> list[ImportedTrades]:  # fmt: skip
    """The same reports with the bars of their symbols, which tell their clocks."""
    bars_of: dict[str, Bars] = {}
    for item, dataset in zip(found, chosen, strict=True):
        if dataset is not None and _is_open(item) and item.trades.symbol not in bars_of:
            bars_of[item.trades.symbol] = service.artifacts.load_bars(dataset.dataset_id)
    told = {
        _told_apart(item): item
        for bars in bars_of.values()
        for item in read_trades(list(paths), bars=bars, **options)
        if item.trades.symbol == bars.symbol.name and not _is_open(item)
    }
    return [told.get(_told_apart(item), item) if _is_open(item) else item for item in found]


def _told_apart(item: ImportedTrades) -> tuple[object, ...]:
    """What a list has whatever its clock is: two of one file may be of symbols that are one here (EURUSD, EURUSD.m)."""
    trades = item.trades.trades
    sums = (float(np.nansum(trades[name])) for name in ("entry_price", "exit_price", "units"))
    return (item.digest, item.trades.symbol, trades.size, *(round(total, 6) for total in sums))


def _named(item: ImportedTrades) -> str:
    shown = item.source.rpartition("!")[2].replace("\\", "/").rpartition("/")[2]
    return " ".join(part for part in (item.strategy, shown) if part)[:200]
