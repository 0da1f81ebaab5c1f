"""Execution rules and exit parameters: what happens at an open, inside a bar and at the end.

Every rule has a worked example in ``docs/explanation/execution-rules.md`` and a test of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from trading_ai.errors import RuleError, did_you_mean
from trading_ai.strategies.base import Float, Int, Parameter

OppositeSignal = Literal["reverse", "close", "ignore"]
SameBar = Literal["stop_first", "target_first", "nearer_first"]
LevelAnchor = Literal["fill", "signal_close"]
Direction = Literal["both", "long", "short"]

OPPOSITE_CODES = {"reverse": 0, "close": 1, "ignore": 2}
SAME_BAR_CODES = {"stop_first": 0, "target_first": 1, "nearer_first": 2}
DIRECTION_CODES = {"both": 0, "long": 1, "short": -1}

MAX_LEVERAGE = 10_000.0


def check_kinds(instance: Any, owner: str) -> None:
    """Check that every field of a dataclass that is a Literal or a number is one.

    Args:
        instance: of the dataclass.
        owner: what errors call it.

    Raises:
        RuleError: a value is not among the listed ones, or no number.
    """
    hints = get_type_hints(type(instance))
    for item in fields(instance):
        hint = hints[item.name]
        kinds = get_args(hint) or (hint,)
        value = getattr(instance, item.name)
        if (float in kinds or int in kinds) and not (value is None and NoneType in kinds):
            check_number(f"{owner}.{item.name}", value)
        if get_origin(hint) is Literal and getattr(instance, item.name) not in get_args(hint):
            raise RuleError(
                "must be one of " + ", ".join(get_args(hint)),
                parameter=item.name,
                value=getattr(instance, item.name),
                remedy=did_you_mean(getattr(instance, item.name), get_args(hint)).rstrip(),
            )


def check_number(name: str, value: object) -> None:
    """Check that a value is a number that fits a floating point one.

    Raises:
        RuleError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise RuleError("must be a number", parameter=name, value=value)
    try:
        float(value)
    except OverflowError:
        raise RuleError("is larger than any floating point number", parameter=name) from None


@dataclass(frozen=True)
class ExecutionRules:
    """How orders are filled.

    Attributes:
        opposite_signal: what an opposite entry signal does to an open position: close it and open the
            other way (``reverse``), close it only (``close``), or nothing (``ignore``).
        same_bar: which level fills when stop and target lie inside one bar: the stop, the target, or the one on the
            side of the extreme that is nearer to the bar's open, which TradingView takes the price to reach first.
        level_anchor: the price that stop and target distances are measured from: the entry's fill, or
            the signal bar's close (as libraries do that set levels when the order is placed).
        round_levels: round stop and target prices to the symbol's digits (and two more), so that a price that
            equals the level in decimals touches it; off compares raw binary fractions, as some libraries do.
        direction: sides that may be opened; an entry signal of the other side still closes.
        max_positions: positions that may be open at once, all of one direction; at least 1.
        close_at_end: close open positions at the last bar's close; otherwise they are left out of the
            trades (and the equity still shows them).
        leverage: how many times its margin a position may be worth, at least 1: a position ties up its value at
            the entry divided by this. 0 for no margin: the account then carries any size until its equity is zero.
        stop_out_level: percent of the margin in use, 0 to 100: at an equity of that or less, positions are closed,
            the largest loser first. Unused without `leverage`.
    """

    opposite_signal: OppositeSignal = "reverse"
    same_bar: SameBar = "stop_first"
    level_anchor: LevelAnchor = "fill"
    round_levels: bool = True
    direction: Direction = "both"
    max_positions: int = 1
    close_at_end: bool = True
    leverage: float = 0.0
    stop_out_level: float = 50.0

    def __post_init__(self) -> None:
        check_kinds(self, "rules")
        if not 1 <= self.max_positions <= 64:
            raise RuleError("must lie between 1 and 64", parameter="max_positions", value=self.max_positions)
        if self.leverage != 0.0 and not 1.0 <= self.leverage <= MAX_LEVERAGE:
            raise RuleError(
                f"must be 0 (no margin) or lie between 1 and {MAX_LEVERAGE:,.0f}",
                parameter="leverage",
                value=self.leverage,
                remedy="Give how many times its margin a position may be worth: 30 for 1:30.",
            )
        if not 0.0 <= self.stop_out_level <= 100.0:
            raise RuleError("must lie between 0 and 100 percent", parameter="stop_out_level", value=self.stop_out_level)


class _Exits:
    stop_loss: Parameter = Float(0.0, 0.0, 1e6, step=1, unit="pips", description="stop-loss distance, 0 for none")
    take_profit: Parameter = Float(0.0, 0.0, 1e6, step=1, unit="pips", description="take-profit distance, 0 for none")
    trailing_stop: Parameter = Float(
        0.0, 0.0, 1e6, step=1, unit="pips", description="stop kept this far behind the best price, 0 for none"
    )
    break_even: Parameter = Float(
        0.0,
        0.0,
        1e6,
        step=1,
        unit="pips",
        description="profit at which the stop moves to the entry price, 0 for none",
    )
    time_exit: Parameter = Int(
        0, 0, 10_000_000, unit="bars", description="bars after which a position is closed, 0 for never"
    )


EXIT_PARAMETERS: Mapping[str, Parameter] = {
    name: value for name, value in vars(_Exits).items() if isinstance(value, Parameter)
}
"""The exit parameters that every strategy has besides its own, by name."""
