"""Every error this package raises on purpose.

The tree::

    TradingAIError
    ├── InputError            the caller's input is wrong; nothing was done        exit code 2
    │   ├── ParameterError        a parameter, range or search space
    │   ├── DataError             market data: a file, a row, a value
    │   ├── SymbolError           an unknown or incomplete symbol
    │   ├── StrategyError         a strategy's code, declaration or signals
    │   ├── QueryError            a question in SQL that cannot be answered
    │   └── RuleError             costs, sizing or execution rules
    ├── NotFoundError         no such dataset, backtest or optimization            exit code 4
    ├── StateError            the thing is not in a state that allows the call     exit code 5
    │   ├── ChangedError          engine, code or data are not those of the start
    │   └── NoWinnerError         no trial ranks, or this one does not                 exit code 8
    ├── EvaluationError       a trial could not be evaluated                       exit code 6
    └── StorageError          the database or an artifact could not be used        exit code 7
        └── TransientError        it may succeed a moment later

A message names the parameter, the value received, the rule it broke and what to do.
"""

from __future__ import annotations

import copy
import difflib
import traceback
from collections.abc import Callable, Iterable

_SHOWN = 300
"""Characters of a value that a message repeats."""


class TradingAIError(Exception):
    """Something this package refuses or could not do."""

    exit_code = 1


class InputError(TradingAIError):
    """The input is wrong; nothing was done.

    Options are named by their key, the field of the table of options (`trading_ai.options`); the command line and the
    HTTP API say their own names for them, see `named`.

    Attributes:
        parameter: name of the offending option or field, or "".
        value: the value received, or None.
        rule: the rule that it broke.
        remedy: what to do about it.
        own: whether `parameter` is one that a strategy declares, which is called the same everywhere.
    """

    exit_code = 2
    _where = ""

    def __init__(
        self, rule: str, *, parameter: str = "", value: object = None, remedy: str = "", own: bool = False
    ) -> None:
        self.parameter = parameter
        self.value = value
        self.rule = rule
        self.remedy = remedy
        self.own = own
        head = f"{parameter}: " if parameter else ""
        got = f" (got {_shown(value)})" if value is not None else ""
        tail = f". {remedy}" if remedy else ""
        super().__init__(f"{self._where}{head}{rule}{got}{tail}")

    def named(self, option: Callable[[str], str], text: Callable[[str], str]) -> InputError:
        """The same error in the words of whoever is told.

        Args:
            option: what an option is called there, by its key.
            text: what a rule or a remedy reads like there.
        """
        told = copy.copy(self)
        name = self.parameter if self.own else option(self.parameter)
        InputError.__init__(
            told, text(self.rule), parameter=name, value=self.value, remedy=text(self.remedy), own=self.own
        )
        return told


def _shown(value: object) -> str:
    """A value as code would write it; of one that would fill pages, such as a list of all values, the beginning."""
    if isinstance(value, tuple | list) and len(value) > _SHOWN:
        value = value[:_SHOWN]
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


class ParameterError(InputError):
    """A parameter, a parameter range or a search space is wrong."""


class DataError(InputError):
    """Market data is unusable.

    Attributes:
        file: the file, or "".
        line: 1-based line in the (uncompressed) file, or None.
    """

    def __init__(
        self,
        rule: str,
        *,
        file: str = "",
        line: int | None = None,
        parameter: str = "",
        value: object = None,
        remedy: str = "",
    ) -> None:
        self.file = file
        self.line = line
        self._where = f"{file}:{line}: " if file and line is not None else f"{file}: " if file else ""
        super().__init__(rule, parameter=parameter, value=value, remedy=remedy)


class SymbolError(InputError):
    """The symbol is unknown or its description is incomplete."""


class StrategyError(InputError):
    """The strategy cannot be loaded, or its signals are unusable."""


class QueryError(InputError):
    """A question in SQL cannot be answered: it is no SELECT, names what is not there, or breaks a limit."""


class RuleError(InputError):
    """Costs, sizing or execution rules contradict each other or the data."""


class NotFoundError(TradingAIError):
    """No such dataset, backtest or optimization."""

    exit_code = 4

    def __init__(self, kind: str, identifier: str, remedy: str = "") -> None:
        self.kind = kind
        self.identifier = identifier
        self.remedy = remedy
        super().__init__(f"no {kind} with id {identifier!r}" + (f". {remedy}" if remedy else ""))


class StateError(TradingAIError):
    """The thing is not in a state that allows the call."""

    exit_code = 5


class NoWinnerError(StateError):
    """No trial of an optimization ranks, or the one asked for does not: nothing to crown, judge or take home."""

    exit_code = 8


class ChangedError(StateError):
    """The engine, the code or the data here are not those that something was started with."""


class EvaluationError(TradingAIError):
    """A trial could not be evaluated."""

    exit_code = 6


class StorageError(TradingAIError):
    """The database or an artifact could not be read or written."""

    exit_code = 7


class TransientError(StorageError):
    """The transaction was lost; the next one may succeed."""


def said(error: Exception) -> str:
    """What an error says to people: its own words, or with its kind where it is none of this tree."""
    return str(error) if isinstance(error, TradingAIError) else f"{type(error).__name__}: {error}"


def said_in_full(error: Exception) -> str:
    """What a trial keeps of an error, which is being handled: its own words, or where a user's code raised it."""
    return str(error) if isinstance(error, TradingAIError) else traceback.format_exc()


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The beginning of a remedy for an unknown name: the nearest known one, or "" where none is near.

    Args:
        name: what was written.
        known: the names there are.
    """
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(str(name).strip().lower(), by_lower, n=1)
    return f"Did you mean {by_lower[near[0]]}? " if near else ""
