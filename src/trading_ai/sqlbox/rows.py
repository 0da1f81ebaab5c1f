"""Rows of every table but `trials`, from the store's ports."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.documents.datasets import dataset_json
from trading_ai.documents.words import strategy_label
from trading_ai.engine.records import EXIT_REASONS, symbols_of
from trading_ai.errors import NotFoundError, QueryError, StorageError
from trading_ai.evaluation.ports import Artifacts
from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import in_table
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.notes import NoteRecord
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.optimization.verdicts import VerdictRecord
from trading_ai.sqlbox.columns import (
    Sent,
    coded,
    dates,
    flags,
    moments,
    numbers,
    one_text,
    texts,
    times,
    wholes,
)
from trading_ai.sqlbox.frames import Deadline

_PRICES = ("open", "high", "low", "close", "volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close")


def json_text(value: Any) -> str:
    """A value as JSON: what is undefined is null, and what JSON does not know a text."""
    return json.dumps(_plain(value), default=str, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.generic) else value


def _or_nan(values: Iterable[float | None]) -> npt.NDArray[np.float64]:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def dataset_rows(records: Sequence[DatasetRecord]) -> list[Sent]:
    """Columns of `datasets`; folders of files are nobody's business but their machine's."""
    shown = [dataset_json(r, with_folder=False) for r in records]
    return [
        texts("dataset_id", [r.dataset_id for r in records]),
        texts("symbol", [r.symbol for r in records]),
        texts("timeframe", [r.timeframe for r in records]),
        wholes("n_bars", [r.n_bars for r in records]),
        times("first_time", [r.first_ns for r in records]),
        times("last_time", [r.last_ns for r in records]),
        texts("source", [document["source"] for document in shown]),
        moments("created_at", [r.created_at for r in records]),
        texts("detected", [json_text(document["detected"]) for document in shown]),
        texts("quality", [json_text(document["quality"]) for document in shown]),
    ]


def bar_rows(dataset_id: str, bars: Bars) -> list[Sent]:
    """Columns of ``bars('ID')``."""
    n = len(bars)
    found = [one_text("dataset_id", dataset_id, n), times("time", bars.open_time_ns)]
    for name in _PRICES:
        values = getattr(bars, name)
        found.append(numbers(name, np.full(n, np.nan) if values is None else values))
    return found


def backtest_rows(records: Sequence[BacktestRecord]) -> list[Sent]:
    """Columns of `backtests`."""
    specs = [r.spec for r in records]
    metrics = [
        numbers(name, np.array([r.metrics.get(name, math.nan) for r in records], dtype=np.float64))
        for name in METRIC_NAMES
    ]
    return [
        texts("backtest_id", [r.backtest_id for r in records]),
        texts("name", [r.name for r in records]),
        texts("strategy", [strategy_label(spec.strategy) for spec in specs]),
        texts("symbol", [r.symbol for r in records]),
        texts("timeframe", [r.timeframe for r in records]),
        texts("dataset_id", [spec.dataset_id for spec in specs]),
        texts("parameters", [json_text(spec.parameters) for spec in specs]),
        numbers("capital", np.array([spec.capital for spec in specs], dtype=np.float64)),
        texts("account_currency", [spec.account_currency for spec in specs]),
        texts("sizing", [json_text(asdict(spec.sizing)) for spec in specs]),
        texts("costs", [json_text(asdict(spec.costs)) for spec in specs]),
        texts("rules", [json_text(asdict(spec.rules)) for spec in specs]),
        texts("start", [spec.start for spec in specs]),
        texts("end", [spec.end for spec in specs]),
        moments("created_at", [r.created_at for r in records]),
        texts("part_of", [r.part_of for r in records]),
        texts("engine_version", [str(r.engine_version) for r in records]),
        *metrics,
    ]


def optimization_rows(records: Sequence[OptimizationRecord]) -> list[Sent]:
    """Columns of `optimizations`."""
    specs = [r.spec for r in records]
    return [
        texts("optimization_id", [r.optimization_id for r in records]),
        texts("name", [r.name for r in records]),
        texts("status", [r.status for r in records]),
        texts("backtest_id", [spec.backtest_id for spec in specs]),
        texts("method", [spec.method for spec in specs]),
        texts("objective", [str(spec.objective) for spec in specs]),
        texts("parameters", [json_text(spec.space.to_json()) for spec in specs]),
        wholes("n_total", [r.n_total for r in records]),
        wholes("n_completed", [r.n_completed for r in records]),
        wholes("n_failed", [r.n_failed for r in records]),
        wholes("n_reused", [r.n_reused for r in records]),
        wholes("min_trades", [spec.min_trades for spec in specs]),
        wholes("seed", [spec.seed for spec in specs]),
        wholes("best_index", _or_nan(r.best_index for r in records)),
        numbers("best_score", _or_nan(r.best_score for r in records)),
        numbers("seconds", np.array([r.seconds for r in records], dtype=np.float64)),
        numbers("busy_seconds", np.array([r.busy_seconds for r in records], dtype=np.float64)),
        moments("created_at", [r.created_at for r in records]),
        moments("started_at", [r.started_at for r in records]),
        moments("finished_at", [r.finished_at for r in records]),
        texts("message", [r.message for r in records]),
        texts("part_of", [r.part_of for r in records]),
        texts("engine_version", [str(r.engine_version) for r in records]),
    ]


def verdict_rows(records: Sequence[VerdictRecord]) -> list[Sent]:
    """Columns of `verdicts`: a row for each criterion."""
    rows = [(record, criterion) for record in records for criterion in record.criteria]
    return [
        texts("optimization_id", [r.optimization_id for r, _ in rows]),
        wholes("rank", np.array([r.rank for r, _ in rows], dtype=np.int64)),
        wholes("combination_index", np.array([r.combination_index for r, _ in rows], dtype=np.int64)),
        texts("parameters", [json_text(r.parameters) for r, _ in rows]),
        texts("verdict", [r.words for r, _ in rows]),
        moments("judged_at", [r.judged_at for r, _ in rows]),
        texts("criterion", [c.name for _, c in rows]),
        numbers("value", np.array([c.value for _, c in rows], dtype=np.float64)),
        texts("comparison", [c.comparison for _, c in rows]),
        numbers("threshold", np.array([c.threshold for _, c in rows], dtype=np.float64)),
        flags("holds", np.array([c.holds for _, c in rows], dtype=np.bool_)),
        flags("required", np.array([c.required for _, c in rows], dtype=np.bool_)),
    ]


def note_rows(records: Sequence[NoteRecord]) -> list[Sent]:
    """Columns of `notes`."""
    return [
        texts("note_id", [r.note_id for r in records]),
        texts("kind", [r.kind for r in records]),
        texts("run_id", [r.run_id for r in records]),
        texts("text", [r.text for r in records]),
        moments("created_at", [r.created_at for r in records]),
    ]


MOST_BYTES = 512 << 20
"""Memory of the arrays that one table may be made of, here in the process that reads them."""


def _arrays(
    artifacts: Artifacts, ids: Sequence[str], deadline: Deadline, *names: str
) -> tuple[list[list[npt.NDArray[Any]]], npt.NDArray[np.int32]]:
    """Some arrays of each backtest, by name, and which backtest each row of all of them is of.

    Raises:
        QueryError: they take more than `MOST_BYTES`.
    """
    found: list[list[npt.NDArray[Any]]] = [[] for _ in names]
    n_bytes = 0
    for backtest_id in ids:
        _ = deadline.left
        kept = artifacts.load_backtest(backtest_id)
        for name, parts in zip(names, found, strict=True):
            parts.append(kept[name])
            n_bytes += kept[name].nbytes
        if n_bytes > MOST_BYTES:
            raise QueryError(
                f"needs {names[0]} of all backtests, which take more than {MOST_BYTES >> 20} MB", parameter="sql",
                remedy="Name one backtest, as in equity('latest').",
            )  # fmt: skip
    return found, np.repeat(np.arange(len(ids), dtype=np.int32), [len(part) for part in found[0]])


def _joined(parts: Sequence[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def trade_rows(
    artifacts: Artifacts, ids: Sequence[str], deadline: Deadline, symbols: Sequence[str], datasets: Sequence[str]
) -> list[Sent]:
    """Columns of `trades`.

    Args:
        artifacts: where they are.
        ids: of the backtests.
        deadline: when to give up.
        symbols: each backtest's own symbol, as many as `ids`.
        datasets: of the bars that each backtest read, likewise; "" for none.

    Raises:
        TimeoutError: it took too long.
    """
    (parts,), codes = _arrays(artifacts, ids, deadline, "trades")
    n = codes.size

    def column(name: str) -> npt.NDArray[Any]:
        return _joined([part[name] for part in parts], np.float64)

    of = [symbols_of(part, symbol) for part, symbol in zip(parts, symbols, strict=True)]
    way = np.where(column("direction") > 0, 1.0, -1.0)
    pip = _joined(_pip_sizes(artifacts, of, symbols, datasets, deadline), np.float64)
    reasons = list(EXIT_REASONS.values())
    places = {code: place for place, code in enumerate(EXIT_REASONS)}
    number = np.concatenate([np.arange(1, len(part) + 1) for part in parts]) if n else np.empty(0, dtype=np.int64)
    return [
        coded("backtest_id", codes, ids),
        wholes("number", number),
        _symbols(of),
        times("entry_time", column("entry_time_ns")),
        times("exit_time", column("exit_time_ns")),
        coded("direction", np.where(column("direction") > 0, 0, 1), ("long", "short")),
        coded("exit_reason", [places.get(code, -1) for code in column("exit_reason").tolist()], reasons),
        *(
            numbers(name, column(name))
            for name in ("units", "entry_price", "exit_price")
        ),
        numbers("pips", way * (column("exit_price") - column("entry_price")) / pip),
        *(
            numbers(name, column(name))
            for name in ("gross_profit", "commission", "swap", "net_profit", "balance", "mae", "mfe")
        ),
        wholes("bars_held", _bars_held(parts)),
        flags("ambiguous", column("ambiguous").astype(np.bool_)),
    ]  # fmt: skip


def _pip_sizes(
    artifacts: Artifacts,
    of: Sequence[npt.NDArray[np.str_]],
    own: Sequence[str],
    datasets: Sequence[str],
    deadline: Deadline,
) -> list[npt.NDArray[np.float64]]:
    """Price of a pip of each trade: as its bars have it, else the symbol table; NaN where neither knows."""
    kept: dict[str, float] = {}

    def of_bars(dataset_id: str, name: str) -> float:
        if dataset_id not in kept:
            _ = deadline.left
            try:
                kept[dataset_id] = artifacts.symbol_of(dataset_id).pip_size
            except (
                NotFoundError,
                StorageError,
            ):  # deleted since, or not to be read: that is told where bars are needed
                return usual(name)
        return kept[dataset_id]

    def usual(name: str) -> float:
        known = in_table(name)
        return math.nan if known is None else known.pip_size

    found = []
    for names, symbol, dataset_id in zip(of, own, datasets, strict=True):
        known, places = np.unique(names, return_inverse=True)
        sizes = [of_bars(dataset_id, n) if dataset_id and n == symbol else usual(n) for n in known.tolist()]
        found.append(np.array(sizes, dtype=np.float64)[places])
    return found


def _symbols(of: Sequence[npt.NDArray[np.str_]]) -> Sent:
    """What each trade is of."""
    names = _joined(of, np.str_)
    known, places = np.unique(names, return_inverse=True)
    return coded("symbol", places, known.tolist())


def _bars_held(parts: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.float64]:
    """Bars from entry to exit, NaN for backtests of which no bar is known: those that are as a report has them."""
    held = []
    for part in parts:
        bars = (part["exit_bar"] - part["entry_bar"]).astype(np.float64)
        is_known = bool(part["entry_bar"].any() or part["exit_bar"].any())  # no trade begins and ends in the first
        held.append(bars if is_known else np.full(len(part), np.nan))
    return _joined(held, np.float64)


def equity_rows(artifacts: Artifacts, ids: Sequence[str], deadline: Deadline) -> list[Sent]:
    """Columns of `equity`; arguments as of `trade_rows`."""
    (parts, opens), codes = _arrays(artifacts, ids, deadline, "equity", "equity_time_ns")
    return [
        coded("backtest_id", codes, ids),
        times("time", _joined(opens, np.int64)),
        numbers("equity", _joined(parts, np.float64)),
    ]


def day_rows(artifacts: Artifacts, ids: Sequence[str], deadline: Deadline) -> list[Sent]:
    """Columns of `daily_profits`; arguments as of `trade_rows`."""
    (parts, days), codes = _arrays(artifacts, ids, deadline, "daily_profit", "day_numbers")
    return [
        coded("backtest_id", codes, ids),
        dates("day", _joined(days, np.int64)),
        numbers("profit", _joined(parts, np.float64)),
    ]
