"""What callers of the library give of an account, checked before anything is computed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
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


def account_of(capital: float, sizing: object, costs: object, rules: object) -> Account:
    """The account that the arguments of a backtest describe.

    Args:
        capital: starting balance, account currency.
        sizing: `Sizing`, or its fields by name.
        costs: `Costs`, or its fields by name.
        rules: `ExecutionRules`, or its fields by name.

    Raises:
        RuleError: an argument is of another kind; the message names it and what it should be.
    """
    return Account(
        capital, part_of(Sizing, "sizing", sizing), part_of(Costs, "costs", costs),
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
    if not isinstance(given, Mapping):
        raise RuleError(
            f"must be a {kind.__name__}, or its fields by name, and not a {type(given).__name__}", parameter=name,
            value=given, remedy=f"Give {name}=ta.{_EXAMPLES[kind]}.",
        )  # fmt: skip
    known = [field.name for field in fields(kind)]
    for field in given:
        if field not in known:
            raise RuleError(
                f"has no field {field!r}", parameter=name, value=dict(given),
                remedy=f"{did_you_mean(field, known)}Its fields are {', '.join(known)}.",
            )  # fmt: skip
    return kind(**given)


def check_bars(others: object, *, bars: object, **given: object) -> list[Bars]:
    """Check that arguments that are bars, and a list of them, are such.

    Args:
        others: bars of other symbols.
        bars: the bars that are traded.
        **given: further ones by name; None for one that was left out.

    Returns:
        The others.

    Raises:
        RuleError: one is something else.
    """
    remedy = "Give what ta.read_bars or ta.load_sample returns."
    for name, value in {"bars": bars, **given}.items():
        if not isinstance(value, Bars) and (name == "bars" or value is not None):
            raise RuleError(
                f"must be Bars, and not of {type(value).__name__}", parameter=name, value=str(value)[:60], remedy=remedy
            )
    if isinstance(others, Bars | str) or not isinstance(others, Iterable):
        raise RuleError(
            "must be a list of Bars", parameter="others", value=str(others)[:60], remedy="Give others=[bars_of_gbpusd]."
        )
    found = [*others]
    for each in found:
        if not isinstance(each, Bars):
            raise RuleError(
                f"must hold Bars, and not what is of {type(each).__name__}", parameter="others", value=str(each)[:60],
                remedy=remedy,
            )  # fmt: skip
    return found
