"""What an event strategy has in the market: positions with levels of their own, and orders that wait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from trading_ai.engine.records import ROUNDING, STOP_LOSS
from trading_ai.engine.reference_account import Position

OrderKind = Literal["market", "limit", "stop", "stop_limit"]

MOST_POSITIONS = 128
"""Positions that may be open at once."""
MOST_ORDERS = 256
"""Orders that may wait at once."""


def part_of(held: float, left: float) -> float:
    """How much of a position goes where so much is left to close: all of it, where they differ by rounding only."""
    return held if left >= held * (1.0 - ROUNDING) else left


@dataclass(eq=False)
class HeldPosition(Position):
    """An open position of an event strategy.

    Attributes:
        number: counts the positions of a run from 1 on.
        trail: distance in price that the stop is kept behind the best price, 0 for none.
        is_inside: whether it was opened inside its bar, of which it then saw the close only.
        slips: slippage that its entry paid, price units.
        is_reserved: whether it is what an exit of its own was reserved for: no later one is.
    """

    number: int = 0
    trail: float = 0.0
    is_inside: bool = False
    slips: float = 0.0
    is_reserved: bool = False


@dataclass(eq=False)
class EventOrder:
    """An order to open a position.

    Attributes:
        number: counts the orders of a run from 1 on.
        kind: market, limit, stop, or stop_limit, which becomes a limit once `stop_price` is reached.
        side: +1 buys, -1 sells.
        units: size in units of the base asset; 0 for the size that the account gives.
        limit: price of a limit, NaN without one.
        stop_price: price that a stop waits for, NaN without one.
        stop: price of the position's stop, NaN for none.
        target: price of its target, NaN for none.
        stop_pips: distance of the stop from the fill, pips; 0 for none.
        target_pips: distance of the target from the fill, pips; 0 for none.
        trail: distance of its trailing stop, price; 0 for none.
        last_bar: the last of the strategy's bars in which it may be filled; -1 for no end.
        oco: orders of one group, of which the first that is filled cancels the others; None for none.
        reverses: whether it closes all positions of the other side when it is filled.
        pyramiding: it is filled only while fewer positions of its own side are open; 0 for any number.
        bundle: number of the first of the orders that were placed as one, which do not cancel each other; 0 for none.
        due: the first execution bar in which it may be filled.
        is_live: False once it was filled, cancelled or refused.
    """

    number: int
    kind: OrderKind
    side: int
    units: float
    limit: float = math.nan
    stop_price: float = math.nan
    stop: float = math.nan
    target: float = math.nan
    stop_pips: float = 0.0
    target_pips: float = 0.0
    trail: float = 0.0
    last_bar: int = -1
    oco: int | str | None = None
    reverses: bool = False
    pyramiding: int = 0
    bundle: int = 0
    due: int = 0
    is_live: bool = True


@dataclass(frozen=True)
class ExitRequest:
    """What is to be closed at the next open.

    Attributes:
        position: one position; None for those of `side`, oldest first.
        units: how much of it, or of them, in units; 0 for all.
        side: +1 long positions, -1 short ones, 0 both.
    """

    position: HeldPosition | None
    units: float = 0.0
    side: int = 0


def new_stop(position: HeldPosition, stop: float) -> None:
    """Give a position another stop; NaN for none."""
    position.stop = -position.side * math.inf if math.isnan(stop) else stop
    position.stop_reason = STOP_LOSS


def new_target(position: HeldPosition, target: float) -> None:
    """Give a position another target; NaN for none."""
    position.target = position.side * math.inf if math.isnan(target) else target
