"""Run a backtest of a published strategy in a process of its own: its code never runs inside of the server's."""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection

from trading_ai.bootstrap import Application
from trading_ai.errors import EvaluationError, InputError, ParameterError, TradingAIError, said
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.executors.processes import quiet_start
from trading_ai.settings import Settings

MOST_SECONDS = 600.0
"""How long such a backtest may take before it is killed."""


def run_apart(settings: Settings, spec: BacktestSpec, name: str, seconds: float = MOST_SECONDS) -> str:
    """Run and keep a backtest in another process; returns its id.

    Args:
        settings: the server's settings.
        spec: what to run.
        name: what the user calls it.
        seconds: time that it may take.

    Raises:
        InputError: something is unknown, impossible or out of bounds; nothing was kept.
        EvaluationError: the strategy raised, its process died, or the time is over.
    """
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, settings, spec, name), daemon=True)
    with quiet_start():
        process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            raise EvaluationError(f"the backtest took more than {seconds:.0f} s and was ended")
        kind, *told = ours.recv()
    except EOFError:
        raise EvaluationError("the process that ran the backtest died") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if kind == "refused":
        rule, parameter, value, remedy, own = told
        raise ParameterError(rule, parameter=parameter, value=value, remedy=remedy, own=own)
    if kind == "failed":
        raise EvaluationError(str(told[0]))
    return str(told[0])


def _run(connection: Connection, settings: Settings, spec: BacktestSpec, name: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server decides
    try:
        record, _ = Application(settings).backtests.run(spec, name)
    except InputError as error:
        value = error.value if isinstance(error.value, str | int | float | bool) else None
        connection.send(("refused", error.rule, error.parameter, value, error.remedy, error.own))
    except TradingAIError as error:
        connection.send(("failed", said(error)))
    else:
        connection.send(("done", record.backtest_id))
