"""From orders to events, the only bars at which a single position can begin or must end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled.arguments import Events
from trading_ai.engine.compiled.events import fill_events, positions_of
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.money_table import event_table
from trading_ai.engine.orders import BarMap, Orders
from trading_ai.engine.rules import ExecutionRules


def _positions(flags: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = positions_of(flags, flags[: flags.shape[0] // 8 * 8].view(np.int64))
    return found


def make_events(
    data: ExecutionData, orders: Orders, bar_map: BarMap, rules: ExecutionRules, time_exit: int, slippage: float
) -> tuple[Events, bool]:
    """Make the events of one set of orders.

    Args:
        data: bars and costs made ready.
        orders: orders on the same bars.
        bar_map: where the strategy's bars start; time exits count strategy bars.
        rules: how orders become positions.
        time_exit: strategy bars after which a position is closed; 0 for never.
        slippage: adverse price change of fills, price units.

    Returns:
        The events, and whether every one that may open a position does, whatever its stop and target are.
    """
    events = event_table(_positions(orders.entry))
    every_opens = fill_events(
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
        *events,
    )
    return events, bool(every_opens)
