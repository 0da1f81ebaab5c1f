"""Compiled: from orders to events, the only bars at which a single position can begin or must end."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled.events import fill_events, positions_of


class Events(NamedTuple):
    """Entry orders with everything that does not depend on stops and targets; arrays of shape (n_events,).

    Attributes:
        bar: execution bar at whose open the entry is filled.
        side: +1.0 long, -1.0 short.
        opens: 1 if the side may be opened, 0 if the order only closes the other side.
        entry: fill price.
        anchor: price that stop and target distances are measured from.
        forced: bar at whose open the position is closed if no stop or target was touched; n_bars where
            nothing closes it before the data ends.
        reason: the exit reason that goes with `forced`.
        after: first bar at which the next position may be opened after a forced exit.
    """

    bar: npt.NDArray[np.int64]
    side: npt.NDArray[np.float64]
    opens: npt.NDArray[np.int8]
    entry: npt.NDArray[np.float64]
    anchor: npt.NDArray[np.float64]
    forced: npt.NDArray[np.int64]
    reason: npt.NDArray[np.int8]
    after: npt.NDArray[np.int64]


def _positions(flags: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = positions_of(flags, flags[: flags.shape[0] // 8 * 8].view(np.int64))
    return found


def make_events(
    data: Any, orders: Any, bar_map: Any, rules: Any, time_exit: int, slippage: float
) -> tuple[Events, bool]:
    """Make the events of one set of orders.

    Args:
        data: `ExecutionData`.
        orders: `Orders` on the same bars.
        bar_map: `BarMap` of the strategy's bars; time exits count strategy bars.
        rules: `ExecutionRules`.
        time_exit: strategy bars after which a position is closed; 0 for never.
        slippage: adverse price change of fills, price units.

    Returns:
        The events, and whether every one that may open a position does, whatever its stop and target are.
    """
    bar = _positions(orders.entry)
    n = bar.shape[0]
    events = Events(
        bar=bar,
        side=np.empty(n),
        opens=np.empty(n, np.int8),
        entry=np.empty(n),
        anchor=np.empty(n),
        forced=np.empty(n, np.int64),
        reason=np.empty(n, np.int8),
        after=np.empty(n, np.int64),
    )
    every_opens = fill_events(
        bar,
        orders.entry,
        _positions(orders.exit_long),
        _positions(orders.exit_short),
        bar_map.strategy_bar,
        time_exit,
        rules.opposite_signal == "ignore",
        rules.opposite_signal == "reverse",
        {"both": 0.0, "long": 1.0, "short": -1.0}[rules.direction],
        data.bid[0],
        data.ask[0],
        data.bid[3],
        data.ask[3],
        *data.close_before,
        rules.level_anchor == "signal_close",
        slippage,
        data.price_scale,
        *events[1:],
    )
    return events, bool(every_opens)
