"""Work with a published strategy in a process of its own: its code never runs inside of the server's."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from trading_ai.bootstrap import Application
from trading_ai.documents.look_ahead import look_ahead_json
from trading_ai.documents.robustness import assessment_json
from trading_ai.documents.walk_forward import walk_forward_json
from trading_ai.documents.words import strategy_label
from trading_ai.errors import (
    ChangedError,
    EvaluationError,
    InputError,
    NotFoundError,
    NoWinnerError,
    ParameterError,
    StateError,
    StorageError,
    TradingAIError,
    said,
)
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.executors.processes import quiet_start
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.robustness.study import StudySettings
from trading_ai.robustness.verdict import Thresholds
from trading_ai.settings import Settings
from trading_ai.strategies.bundled import is_bundle
from trading_ai.studies.assessment import assess_optimization
from trading_ai.studies.exact_walk_forward import WalkForwardService, WalkForwardSpec
from trading_ai.studies.keeping import verdict_of
from trading_ai.studies.look_ahead import check_strategy
from trading_ai.studies.stitching import stitch

MOST_SECONDS = 600.0
"""How long such work may take before it is killed."""

_ERRORS = {kind.__name__: kind for kind in (ChangedError, EvaluationError, NoWinnerError, StateError, StorageError)}


def apart(settings: Settings, work: Callable[..., str], *arguments: object, seconds: float = MOST_SECONDS) -> str:
    """Do some work in another process; returns what it says.

    What comes back is read as JSON: code that the process ran may have written it.

    Args:
        settings: the server's settings.
        work: a function of a module, which gets an application of its own and `arguments`.
        arguments: what it is given besides.
        seconds: time that it may take.

    Raises:
        InputError: something is unknown, impossible or out of bounds.
        TradingAIError: what the work raised; `EvaluationError` where its process died, or the time is over.
    """
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, settings, work, arguments), daemon=True)
    with quiet_start():
        process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            raise EvaluationError(f"the published strategy took more than {seconds:.0f} s and was ended")
        kind, *told = json.loads(ours.recv_bytes())
    except (EOFError, OSError):
        raise EvaluationError("the process that ran the published strategy died") from None
    except (ValueError, TypeError):
        raise EvaluationError("the process that ran the published strategy gave no answer that can be read") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if kind == "refused":
        rule, parameter, value, remedy, own = told
        raise ParameterError(rule, parameter=parameter, value=value, remedy=remedy, own=own)
    if kind == "absent":
        raise NotFoundError(*map(str, told))
    if kind != "done":
        raise _ERRORS.get(str(kind), EvaluationError)(str(told[0]))
    return str(told[0])


def done(application: Application, is_published: bool, work: Callable[..., str], *arguments: object) -> str:
    """Do some work here, or apart where it is on a published strategy; errors as of `apart`."""
    return apart(application.settings, work, *arguments) if is_published else work(application, *arguments)


def _run(connection: Connection, settings: Settings, work: Callable[..., str], arguments: Sequence[object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server decides
    answer: tuple[Any, ...]
    try:
        answer = ("done", work(Application(settings), *arguments))
    except InputError as error:
        value = error.value if isinstance(error.value, str | int | float | bool) else None
        answer = ("refused", error.rule, error.parameter, value, error.remedy, error.own)
    except NotFoundError as error:
        answer = ("absent", error.kind, error.identifier)
    except TradingAIError as error:
        answer = (type(error).__name__, said(error))
    connection.send_bytes(json.dumps(answer).encode())


def uses_bundle(application: Application, record: OptimizationRecord) -> bool:
    """Whether an optimization is of a published strategy."""
    return is_bundle(application.store.backtest(record.spec.backtest_id).spec.strategy)


def backtest(application: Application, spec: BacktestSpec, name: str) -> str:
    """Run and keep a backtest; its id."""
    return application.backtests.run(spec, name)[0].backtest_id


def robustness(
    application: Application, optimization_id: str, rank: int, windows: str | None, seed: int, thresholds: list[str]
) -> str:
    """Judge a trial and keep the verdict; the study as JSON."""
    found = assess_optimization(
        application.service, optimization_id, rank=rank, settings=StudySettings(windows=windows),
        thresholds=Thresholds.parse(thresholds), seed=seed,
    )  # fmt: skip
    application.verdicts.keep(verdict_of(found, time.time()))
    return json.dumps(assessment_json(found))


def report(application: Application, optimization_id: str, short: bool) -> str:
    """The report of an optimization, as HTML."""
    from trading_ai.reports.making import report_page  # noqa: PLC0415 - plotly takes a third of a second

    return report_page(application.service, application.store.optimization(optimization_id), short=short)


def look_ahead(application: Application, backtest_id: str) -> str:
    """Whether a backtest's strategy reads the future, as JSON."""
    spec = application.store.backtest(backtest_id).spec
    found = check_strategy(spec, application.artifacts, only_given=True)
    return json.dumps(look_ahead_json(strategy_label(spec.strategy), spec.dataset_id, found))


def backtest_of_part(application: Application, spec: BacktestSpec, name: str, part_of: str) -> str:
    """Run and keep the backtest that a part of a walk-forward begins with, unless it is there; its id."""
    return WalkForwardService(application.service, application.backtests).backtest(spec, name, part_of).backtest_id


def walk_forward(
    application: Application, search: dict[str, Any], size: str | None, anchored: bool, compare: bool, beginning: bool
) -> str:
    """A complete walk-forward, as JSON; `search` is the optimization as JSON, as its objective is code."""
    service = WalkForwardService(application.service, application.backtests)
    plan = service.plan(WalkForwardSpec(OptimizationSpec.from_json(search), size, anchored, compare))
    records = [service.found(part) for part in plan.parts]
    return json.dumps(walk_forward_json(plan, records, stitch(service, plan), is_beginning=beginning))
