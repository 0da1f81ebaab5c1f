"""What callers of the library give of an account, checked before anything is computed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from numbers import Real
from typing import TypeVar

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import RuleError, did_you_mean
from trading_ai.market.bars import Bars

_EXAMPLES = {
    Sizing: 'Sizing("lots", 0.1)', Costs: "Costs(spread_pips=0.8)", ExecutionRules: "ExecutionRules(leverage=30)",
}  # fmt: skip
Part = TypeVar("Part", Sizing, Costs, ExecutionRules)


def account_of(capital: object, sizing: object, costs: object, rules: object) -> Account:
    """The account that the arguments of a backtest describe.

    Args:
        capital: starting balance, account currency.
        sizing: `Sizing`, or its fields by name.
        costs: `Costs`, or its fields by name.
        rules: `ExecutionRules`, or its fields by name.

    Raises:
        RuleError: an argument is of another kind; the message names it and what it should be.
    """
    if isinstance(capital, bool) or not isinstance(capital, Real):
        raise RuleError("must be a number", parameter="capital", value=capital, remedy="Give capital=10_000.")
    return Account(
        float(capital), part_of(Sizing, "sizing", sizing), part_of(Costs, "costs", costs),
        part_of(ExecutionRules, "rules", rules),
    )  # fmt: skip


def part_of(kind: type[Part], name: str, given: object) -> Part:
    """An argument as the object that it describes.

    Args:
        kind: `Sizing`, `Costs` or `ExecutionRules`.
        name: of the argument.
        given: such an object, or its fields by name.

    Raises:
        RuleError: it is neither, or a field is unknown or out of bounds.
    """
    if isinstance(given, kind):
        return given
    example = f"Give {name}=ta.{_EXAMPLES[kind]}"
    if not isinstance(given, Mapping):
        raise RuleError(
            f"must be a {kind.__name__}, or its fields by name, and not a {type(given).__name__}", parameter=name,
            value=given, remedy=f"{example}.",
        )  # fmt: skip
    known = [field.name for field in fields(kind)]
    for field in given:
        if field not in known:
            raise RuleError(
                f"has no field {field!r}", parameter=name, value=dict(given),
                remedy=f"{did_you_mean(field, known)}Its fields are {', '.join(known)}.",
            )  # fmt: skip
    try:
        return kind(**given)
    except TypeError as error:
        raise RuleError(str(error), parameter=name, value=dict(given), remedy=f"{example}.") from None


def check_bars(**given: object) -> None:
    """Check that arguments that are bars or lists of bars are such.

    Args:
        **given: the arguments by name; None for one that was left out.

    Raises:
        RuleError: one is something else.
    """
    for name, value in given.items():
        every = value if isinstance(value, Iterable) and not isinstance(value, str | Bars) else [value]
        for each in every:
            if each is not None and not isinstance(each, Bars):
                raise RuleError(
                    f"must be Bars, and not a {type(each).__name__}", parameter=name, value=each,
                    remedy="Give what ta.read_bars, ta.bars or ta.load_sample returns.",
                )  # fmt: skip
