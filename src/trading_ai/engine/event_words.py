"""The words of an order in an event strategy, and what other programs call them."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from math import inf
from typing import Any

from trading_ai.errors import EvaluationError, did_you_mean

_ORDER_WORDS = (
    "limit", "stop_price", "stop", "target", "stop_pips", "target_pips", "trail", "trail_pips", "expiry", "oco",
    "targets", "reverse", "pyramiding",
)  # fmt: skip
_OTHER_WORDS = {
    "stop_loss": "stop (a price) or stop_pips", "sl": "stop (a price) or stop_pips",
    "take_profit": "target (a price) or target_pips", "tp": "target (a price) or target_pips",
    "price": "limit or stop_price", "type": "limit or stop_price, which make it such an order",
    "symbol": "ctx.symbol(...) in on_start, and order on what it gives",
    "units": "size, in lots", "lots": "size, in lots", "volume": "size, in lots",
}  # fmt: skip
"""What other programs call the words of an order, and what it is called here."""


def check_amounts(size: float | None, **amounts: float) -> None:
    """Check the amounts of an order.

    Args:
        size: lots; None for the account's own.
        amounts: distances, bars and numbers, by their names.

    Raises:
        EvaluationError: the size is not above 0, or infinite, or another number is below 0.
    """
    if size is not None and (size <= 0.0 or size == inf):
        raise EvaluationError(f"size: must be above 0 lots, not {size}; leave it out for the backtest's own size")
    for name, value in amounts.items():
        if value < 0:
            raise EvaluationError(f"{name}: must not be below 0, not {value}; leave it out, or give 0, for none")


def parts_of(targets: Sequence[tuple[float, ...]]) -> list[tuple[float, dict[str, float]]]:
    """Lots and levels of each of several targets; one with a stop of its own has no other.

    Args:
        targets: lots and target, or lots, target and stop.

    Raises:
        EvaluationError: one of them is something else.
    """
    for each in targets:
        if not isinstance(each, Sized) or len(each) not in {2, 3}:
            raise EvaluationError(
                f"targets: must be lots and target, or lots, target and stop, each, not {each!r}: "
                "targets=((0.1, 1.105), (0.1, 1.110, 1.095))"
            )
    return [
        (lots, {"target": price, **({"stop": own[0], "stop_pips": 0.0} if own else {})})
        for lots, price, *own in targets
    ]


def known_words(method: str, size: float | None, order: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an order, if all of them are known.

    Args:
        method: ``buy`` or ``sell``.
        size: lots; None for the account's own.
        order: its other arguments by name.

    Raises:
        EvaluationError: one is not known, and the message says what is meant elsewhere, or two do not go together.
    """
    for name in order:
        if name not in _ORDER_WORDS:
            meant = _OTHER_WORDS.get(name)
            remedy = f"Take {meant}. " if meant else did_you_mean(name, _ORDER_WORDS)
            raise EvaluationError(
                f"ctx.{method} has no argument {name!r}. {remedy}It takes size, {', '.join(_ORDER_WORDS)}"
            )
    if order.get("targets"):
        if order.get("pyramiding"):
            raise EvaluationError("pyramiding does not go with targets: each of them opens a position")
        for name, value in (("size", size), *((name, order.get(name)) for name in ("target", "target_pips"))):
            if value:
                raise EvaluationError(
                    f"{name}={value!r} does not go with targets, each of which names its own: leave it out"
                )
    return order
