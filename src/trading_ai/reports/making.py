"""Making the report of an optimization: what it shows is gathered, run again where needed, and rendered."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trading_ai.documents.backtests import account_rate
from trading_ai.documents.forms import iso_ns
from trading_ai.documents.words import short, strategy_label, values_text
from trading_ai.driving.service import OptimizationService
from trading_ai.errors import StateError, StorageError
from trading_ai.figures.equity import Curve
from trading_ai.metrics.annual import years_of
from trading_ai.metrics.sides import money_exposure
from trading_ai.optimization.cautions import said_of_optimization
from trading_ai.optimization.columns import values_at
from trading_ai.optimization.ledger import trials_on_its_data
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.optimization.shape import shape_columns
from trading_ai.reports import tables
from trading_ai.reports.data import ReportData
from trading_ai.reports.html import render_report
from trading_ai.reports.reproduce import commands, remarks
from trading_ai.studies.assessment import assess_optimization

_MAX_NEIGHBOURS = 8


def neighbours(space_shape: tuple[int, ...], index: int) -> list[int]:
    """Indices of the grid points one step along one axis from a combination, in the order of the axes."""
    result = []
    stride = 1
    for size in reversed(space_shape):
        position = (index // stride) % size
        if position > 0:
            result.append(index - stride)
        if position < size - 1:
            result.append(index + stride)
        stride *= size
    return result[::-1][:_MAX_NEIGHBOURS]


def report_data(service: OptimizationService, record: OptimizationRecord) -> ReportData:
    """Everything the report shows; the best trial and its neighbours are run again in full.

    Raises:
        StateError: there is no trial yet, or the strategy's code has changed.
    """
    store = service.store
    if not record.n_completed:
        raise StateError(f"optimization {short(record.optimization_id)} has no trial yet: there is nothing to report")
    backtest = store.backtest(record.spec.backtest_id)
    page = store.ranked(record.optimization_id, record.n_completed)
    space = record.spec.space
    objective = record.spec.objective
    ranks = page.feasible & np.isfinite(objective.measured(page.metrics))
    ranking = np.flatnonzero(ranks).astype(np.int64)
    best = int(page.indices[ranking[0] if ranking.size else 0])
    beside = [i for i in neighbours(space.shape, best) if i in set(page.indices.tolist())] if ranking.size else []
    ranked = page.indices[ranking[: tables.TOP]].tolist()
    again = list(dict.fromkeys([best, *beside, *ranked]))
    evaluator, made = service.backtest_of(record, again)
    results = dict(zip(again, made, strict=True))
    winner, others = results[best], [results[index] for index in beside]
    combination = space.combination(best)
    curves = []
    for index, result in zip(beside, others, strict=True):
        changed = {k: v for k, v in space.combination(index).items() if v != combination[k]}
        curves.append(Curve(values_text(changed), result.equity_time_ns, result.equity))
    top = tuple(
        Curve(f"{rank}: {values_text(space.combination(i))}", results[i].equity_time_ns, results[i].equity)
        for rank, i in enumerate(ranked, 1)
    )
    columns: dict[str, npt.NDArray[np.generic]] = {
        axis.name: values_at(axis.values, position)
        for axis, position in zip(space.axes, space.positions(page.indices), strict=True)
    }
    spec, said = backtest.spec, said_of_optimization(store, record)
    seen, traded = evaluator.bars_of(combination)
    bars, symbol = seen.since(int(traded.open_time_ns[0])), seen.symbol.name
    dataset = store.dataset(record.spec.datasets.get(symbol, backtest.spec.dataset_id))
    return ReportData(
        title=record.name or f"{strategy_label(spec.strategy)} on {symbol} {backtest.timeframe}",
        generated_at=datetime.now(UTC),
        strategy=strategy_label(spec.strategy),
        symbol=symbol,
        timeframe=backtest.timeframe,
        period=(iso_ns(int(bars.open_time_ns[0]))[:10], iso_ns(int(bars.open_time_ns[-1]))[:10]),
        n_bars=len(bars),
        dataset_hash=dataset.dataset_id,
        settings={
            "parameters": winner.parameters,
            "account": {"capital": spec.capital, "currency": spec.account_currency},
            "sizing": asdict(spec.sizing),
            "costs": asdict(spec.costs),
            "rules": asdict(spec.rules),
            "run": {
                "optimization": record.optimization_id,
                "status": record.status,
                "engine_version": record.engine_version,
                "strategy_hash": record.strategy_hash,
                "seed": record.spec.seed,
                "constraints": [str(each) for each in record.spec.constraints],
                "min_trades": record.spec.min_trades,
                "seconds": round(record.seconds, 2),
            },
        },
        space=space,
        method=record.spec.method,
        n_combinations=space.n_combinations,
        n_completed=record.n_completed - record.n_failed,
        n_failed=record.n_failed,
        n_trials_tried=trials_on_its_data(store, record).n_trials,
        parameters=columns,
        metrics=page.metrics,
        ranking=ranking,
        objectives=(objective.own, *record.spec.more_objectives),
        beside=shape_columns(store, record, page.indices),
        best=winner.parameters if ranking.size else {},
        trades=winner.trades,
        equity_time_ns=winner.equity_time_ns,
        equity=winner.equity,
        neighbours=tuple(curves),
        ranked_curves=top,
        benchmark=bought_and_held(traded.open, traded.close, traded.open_time_ns, spec.capital),
        price_side=str(dataset.detected.get("side") or "bid"),
        day_numbers=winner.day_numbers,
        daily_profit=winner.daily_profit,
        capital=spec.capital,
        currency=spec.account_currency,
        days_per_year=years_of(traded, winner.day_numbers.size).periods_per_year,
        bars=bars,
        quality=tuple(dataset.quality.get("lines") or ()),
        notes=_notes(record, backtest, len(traded), len(bars), objective.plateau_of),
        commands=commands(record, backtest, _datasets(store, record, backtest), strategy_label(spec.strategy)),
        command_remarks=remarks(record, backtest),
        money_exposure_percent=money_exposure(
            winner.trades, len(winner.equity), spec.capital, account_rate(spec, symbol)
        ),
        costs_stated=said.costs_stated,
        warnings=said.warnings,
        assessment=assess_optimization(service, record.optimization_id) if ranking.size else None,
    )


def bought_and_held(
    opens: npt.NDArray[np.float64], closes: npt.NDArray[np.float64], time_ns: npt.NDArray[np.int64], capital: float
) -> Curve | None:
    """The capital if it had gone with the market from the first open on; None where prices have no return."""
    first = float(opens[0])
    if first <= 0.0 or float(closes.min()) <= 0.0:
        return None
    return Curve("the market itself, without costs", time_ns, capital * closes / first)


def _datasets(store: Store, record: OptimizationRecord, backtest: BacktestRecord) -> list[DatasetRecord]:
    """Every dataset that the numbers rest on, the backtest's own first."""
    spec = backtest.spec
    searched = record.spec.datasets.values()
    every = (
        spec.dataset_id, spec.detail_dataset_id, spec.conversion_dataset_id, *spec.other_dataset_ids, *searched
    )  # fmt: skip
    return [store.dataset(dataset_id) for dataset_id in dict.fromkeys(every) if dataset_id is not None]


def _notes(
    record: OptimizationRecord, backtest: BacktestRecord, n_execution: int, n_bars: int, plateau_of: str
) -> tuple[str, ...]:
    notes = []
    if record.status != "completed":
        notes.append(f"The optimization is {record.status}: {record.n_completed:,} of {record.n_total:,} trials.")
    if n_execution != n_bars:
        notes.append(f"Signals on {backtest.timeframe}, fills and exits on {n_execution:,} finer bars.")
    if plateau_of:
        notes.append(f"Ranked by plateau: the median of {plateau_of} over a trial and its neighbours on the grid.")
    if record.spec.conditions:
        notes.append("Trials that break a condition do not rank: " + "; ".join(map(str, record.spec.conditions)))
    return tuple(notes)


def report_page(service: OptimizationService, record: OptimizationRecord, *, short: bool = False) -> str:
    """The report as one HTML page that opens offline.

    Args:
        service: the use cases of optimizations; its store holds the trials.
        record: the optimization.
        short: only what one would show to somebody.

    Raises:
        StateError: there is no trial yet, or the strategy's code has changed.
    """
    return render_report(report_data(service, record), short=short)


def write_page(page: str, output: Path) -> Path:
    """Write a page; an unfinished file never stays behind.

    Raises:
        StorageError: the file could not be written.
    """
    partial = output.with_name(output.name + ".partial")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(page, encoding="utf-8")
        partial.replace(output)
    except OSError as error:
        raise StorageError(f"the report could not be written to {output}: {error.strerror}") from error
    return output


def write_report(service: OptimizationService, record: OptimizationRecord, output: Path) -> Path:
    """Write the report; an unfinished file never stays behind.

    Raises:
        StateError: there is no trial yet, or the strategy's code has changed.
        StorageError: the file could not be written.
    """
    return write_page(report_page(service, record), output)
