"""Try every robot of a folder on some bars, and say what each one did or lacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import nan
from pathlib import Path

from trading_ai.engine.account import Account
from trading_ai.errors import EvaluationError, StrategyError, TradingAIError
from trading_ai.evaluation.runs import RunEvaluator
from trading_ai.market.bars import Bars
from trading_ai.parameters import SearchSpace
from trading_ai.runners.cbot.declaration import code_files
from trading_ai.runners.cbot.robot import Robot
from trading_ai.runners.cbot.unsupported import UnsupportedMemberError


@dataclass(frozen=True)
class Checked:
    """A robot that was tried.

    Attributes:
        name: its folder.
        ran: whether it ran to the end.
        n_trades: trades that it closed.
        net_profit: what they earned, account currency; NaN where it did not run.
        seconds: processor time that it took.
        missing: what it needs and does not get, or how it failed; "" where it ran.
    """

    name: str
    ran: bool
    n_trades: int = 0
    net_profit: float = nan
    seconds: float = 0.0
    missing: str = ""


def robots_in(folder: Path) -> list[Path]:
    """The ``X_main.py`` of every robot below a folder, by path.

    Raises:
        StrategyError: there is no such folder, or no robot in it.
    """
    if not folder.is_dir():
        raise StrategyError("no such folder", parameter="folder", value=str(folder))
    found = [main for main in sorted(folder.rglob("*_main.py")) if code_files(main.parent)]
    if not found:
        raise StrategyError(
            "holds no robot", parameter="folder", value=str(folder),
            remedy="A robot is a folder with an X_main.py and the .cs file or the config.json of its parameters.",
        )  # fmt: skip
    return found


def check_robots(
    folder: Path, bars: Bars, account: Account, currency: str, clock: Callable[[], float] = time.process_time
) -> Iterator[Checked]:
    """Run every robot below a folder with its defaults.

    Args:
        folder: the folder.
        bars: what they are run on.
        account: capital, costs and rules.
        currency: account currency.
        clock: seconds of processor time.

    Raises:
        StrategyError: there is no robot.
    """
    for main in robots_in(folder):
        begun = clock()
        try:
            robot = Robot(main.parent, main)
            ran = RunEvaluator(bars, robot, SearchSpace(()), {}, account, account_currency=currency).run(
                {name: parameter.default for name, parameter in robot.parameters.items()}
            )
        except TradingAIError as error:
            yield Checked(main.parent.name, False, seconds=clock() - begun, missing=what_is_missing(error))
            continue
        net = float(ran.trades["net_profit"].sum())
        yield Checked(main.parent.name, True, int(ran.trades.size), net, clock() - begun)


def what_is_missing(error: TradingAIError) -> str:
    """A robot's failure in one line: what it lacks, or the last line of its traceback with the robot's own line."""
    if isinstance(error, UnsupportedMemberError):
        return f"line {error.line}: {error.member}"
    cause = error.__cause__
    if not isinstance(error, EvaluationError) or cause is None:
        return str(error).partition("\n")[0]
    line, trace = 0, cause.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith("_main.py"):
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f"line {line}: " if line else ""
    return f"{where}{type(cause).__name__}: {cause}"
