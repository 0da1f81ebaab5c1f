"""Strategies that make their own trades, and what finds them: a cBot, a class of another library, a command.

A package that runs strategies of another kind publishes a `Runner` under the entry-point group
``trading_ai.runners``. Its strategies are then searched, ranked and judged like every other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trading_ai.strategies.base import Declared

if TYPE_CHECKING:
    from trading_ai.engine.account import Account
    from trading_ai.engine.execution_data import ExecutionData
    from trading_ai.engine.runs import Ran, RunRequest

ENTRY_POINT_GROUP = "trading_ai.runners"


class Hosted(Declared, ABC):
    """A strategy that makes its own trades; its object declares the parameters, which its file may decide.

    Attributes:
        has_exit_parameters: whether ``stop_loss`` and the other exit parameters that every signal strategy has are
            parameters of this one.
        can_delay_entries: whether its entries can be carried out some bars late, as a stress test asks for.
    """

    has_exit_parameters = False
    can_delay_entries = False

    def check_backtest(self, account: Account, data: ExecutionData) -> None:
        """Refuse, before the first trial, a backtest that it cannot carry out.

        Args:
            account: capital, sizing, costs and rules.
            data: the execution bars, with what converts and charges.

        Raises:
            InputError: a cost, a size or a rule that it does not know; the message names it.
        """

    @abstractmethod
    def run(self, request: RunRequest) -> Ran:
        """Trade with one combination of parameters.

        Args:
            request: bars, costs, account and parameters; nothing else may decide the result.

        Raises:
            EvaluationError: it cannot go on; whatever else it raises fails the trial too, with its traceback.
        """

    @abstractmethod
    def identity_parts(self) -> tuple[str, ...]:
        """A line for everything that decides its trades: files by digest, installed packages by version.

        Neither where files lie nor how their lines end may count.
        """


class Runner(Protocol):
    """Finds strategies of one kind.

    Attributes:
        name: what it is called in messages, such as ``cbot``.
    """

    name: str

    def find(self, path: Path, class_name: str) -> Hosted | None:
        """The strategy at a path, or None where it is not of this kind.

        Args:
            path: a file or a folder that exists.
            class_name: what stands behind the colon of ``file.py:Class``, or "".

        Raises:
            StrategyError: it is of this kind, and cannot be used; the message says why.
        """
        ...


@cache
def runners() -> tuple[Runner, ...]:
    """Every runner that is installed, by name."""
    found: list[Runner] = [point.load()() for point in entry_points(group=ENTRY_POINT_GROUP)]
    return tuple(sorted(found, key=lambda runner: runner.name))


def find_hosted(path: Path, class_name: str) -> Hosted | None:
    """The strategy at a path that some runner can run; None where none can.

    Raises:
        StrategyError: a runner knows what it is, and cannot use it.
    """
    for runner in runners():
        found = runner.find(path, class_name)
        if found is not None:
            return found
    return None
