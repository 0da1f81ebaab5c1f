"""The words of an order in an event strategy, and what other programs call them."""

from __future__ import annotations

from typing import Any

from trading_ai.errors import EvaluationError, did_you_mean

_ORDER_WORDS = (
    "limit", "stop_price", "stop", "target", "stop_pips", "target_pips", "trail", "trail_pips", "expiry", "oco",
    "targets",
)  # fmt: skip
_OTHER_WORDS = {
    "stop_loss": "stop (a price) or stop_pips", "sl": "stop (a price) or stop_pips",
    "take_profit": "target (a price) or target_pips", "tp": "target (a price) or target_pips",
    "price": "limit or stop_price", "type": "limit or stop_price, which make it such an order",
    "symbol": "ctx.symbol(...) in on_start, and order on what it gives",
    "units": "size, in lots", "lots": "size, in lots", "volume": "size, in lots",
}  # fmt: skip
"""What other programs call the words of an order, and what it is called here."""


def known_words(method: str, order: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an order, if all of them are known.

    Args:
        method: ``buy`` or ``sell``.
        order: its arguments by name.

    Raises:
        EvaluationError: one is not known; the message says what is meant by it elsewhere.
    """
    for name in order:
        if name not in _ORDER_WORDS:
            meant = _OTHER_WORDS.get(name)
            remedy = f"Take {meant}. " if meant else did_you_mean(name, _ORDER_WORDS)
            raise EvaluationError(
                f"ctx.{method} has no argument {name!r}. {remedy}It takes size, {', '.join(_ORDER_WORDS)}"
            )
    return order
