"""`trading-ai demo`: the whole way from bars to report on real data."""

# ruff: noqa: B008 - typer reads a command's options from its defaults

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.data import import_sample
from trading_ai.cli.optimizations import announce, run_plan
from trading_ai.cli.output import duration, note, print_json, say
from trading_ai.cli.trials import optimization_with_results, show_results
from trading_ai.documents.words import short

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.optimization.records import BacktestRecord, OptimizationRecord

_NAME = "demo"
_PARAMETERS = {"fast": 10, "slow": 30, "stop_loss": 40, "take_profit": 100}
_RANGES = ("stop_loss=20:80:2", "take_profit=40:200:10")


def _backtest(application: Application, dataset_id: str) -> BacktestRecord:
    """The demo's backtest: the one that is there already, if its code and data are the same."""
    from trading_ai.engine.version import ENGINE_VERSION  # noqa: PLC0415 - commands import what they need
    from trading_ai.evaluation.model import BacktestSpec  # noqa: PLC0415
    from trading_ai.strategies.identity import strategy_identity  # noqa: PLC0415
    from trading_ai.strategies.registry import strategy  # noqa: PLC0415

    code = strategy_identity(strategy("sma_crossover"))
    for record in application.store.backtests():
        same = (record.name, record.spec.dataset_id, record.strategy_hash, record.engine_version)
        if same == (_NAME, dataset_id, code, ENGINE_VERSION):
            note(f"backtest {short(record.backtest_id)} is there already")
            return record
    spec = BacktestSpec("sma_crossover", _PARAMETERS, dataset_id)
    record, _ = application.backtests.run(spec, _NAME)
    metrics = record.metrics
    note(
        f"backtest {short(record.backtest_id)}: sma_crossover "
        + " ".join(f"{k}={v}" for k, v in _PARAMETERS.items())
        + f": net profit {metrics['net_profit']:,.2f} USD, {metrics['total_trades']:,.0f} trades, "
        f"Sharpe ratio {metrics['sharpe_ratio']:.2f}"
    )
    return record


def _optimization(application: Application, backtest: BacktestRecord) -> OptimizationRecord:
    from trading_ai.optimization.model import OptimizationSpec  # noqa: PLC0415
    from trading_ai.parameters import ParameterRange, SearchSpace  # noqa: PLC0415

    space = SearchSpace(tuple(ParameterRange.parse(r) for r in _RANGES))
    spec = OptimizationSpec(backtest.backtest_id, space, keep_daily_profit=True)
    for record in application.store.optimizations():
        if record.name == _NAME and record.status == "completed" and record.spec == spec:
            note(f"optimization {short(record.optimization_id)} is there already; `trading-ai delete` removes it")
            return record
    plan = application.service.plan(spec)
    announce(application, plan, None)
    record = run_plan(application, plan, _NAME, None)
    note(f"{record.n_completed:,} trials in {duration(record.seconds)}")
    return record


def demo(
    output: Path = typer.Option(Path("report.html"), "--output", "-o", help="The report to write."),
    as_json: bool = AS_JSON,
) -> None:
    """Sweep 527 combinations of stop and target of a moving-average cross over real EURUSD bars."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415
    from trading_ai.reports.making import write_report  # noqa: PLC0415 - plotly takes a third of a second

    application = Application()
    dataset, added = import_sample(application, "EURUSD")
    note(
        f"dataset {short(dataset.dataset_id)}: {dataset.n_bars:,} real bars of {dataset.symbol} {dataset.timeframe}"
        + ("" if added else " (there already)")
    )
    backtest = _backtest(application, dataset.dataset_id)
    record = _optimization(application, backtest)
    if record.status != "completed":
        note(f"resume with: trading-ai resume {short(record.optimization_id)}")
        raise typer.Exit(130)
    path = write_report(application.service, record, output)
    if as_json:
        print_json({**optimization_with_results(application, record, 10), "report": str(path.resolve())})
        return
    show_results(application, record, 10)
    say(f"Report: {path.resolve()}")
