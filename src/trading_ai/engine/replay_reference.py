"""The readable twin of the compiled replay: one trade after the other, bar by bar, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from trading_ai.engine.compiled.exits import UNTOUCHED
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.records import BREAK_EVEN, END_OF_DATA, STOP_LOSS, TAKE_PROFIT, TIME_EXIT, TRAILING_STOP
from trading_ai.engine.replay import AT_A_LEVEL, AT_A_TARGET, Placed
from trading_ai.parameters import Value


class Exit(NamedTuple):
    """An exit: ``2 * bar`` at a bar's open or one more inside it, fill, reason, and whether the order was unknown."""

    key: int
    price: float
    reason: int
    ambiguous: bool


def exits_of(placed: Placed, data: ExecutionData, x: Mapping[str, Value], slippage: float = 0.0) -> list[Exit]:
    """Each trade's exit with the backtest's own spread, before any filter.

    Args:
        placed: the trades.
        data: the execution bars, which are those that time exits count in.
        x: a value of each parameter.
        slippage: of stops, time exits and the end of data, price units.
    """
    return [_exit_of(placed, data, x, slippage, i) for i in range(len(placed.listed))]


def _exit_of(p: Placed, data: ExecutionData, x: Mapping[str, Value], slippage: float, i: int) -> Exit:
    pip, scale, n = data.bars.symbol.pip_size, data.price_scale, data.n_bars
    side, entry, first = float(p.side[i]), float(p.entry[i]), int(p.bar[i])
    open_, high, low, close = data.bid if side > 0 else data.ask

    def rounded(price: float) -> float:
        return math.floor(price * scale + 0.5) / scale

    def slipped(price: float) -> float:
        return rounded(price - side * slippage) if slippage else price

    trail, trigger = float(x["trailing_stop"]) * pip, float(x["break_even"]) * pip
    stop_distance, target_distance = float(x["stop_loss"]) * pip, float(x["take_profit"]) * pip
    new_stop, new_target = bool(stop_distance or trail or trigger), bool(target_distance)
    own_holds = bool(x["keep_exits"])
    own_holds &= not (new_stop and p.own_kind[i] == AT_A_LEVEL)
    own_holds &= not (new_target and p.own_kind[i] == AT_A_TARGET)
    own_key = int(p.own_key[i]) if own_holds else int(UNTOUCHED)
    # Until a trade's own exit, the list knows that its own levels were not touched.
    own_from = (min(int(p.own_key[i]) >> 1, n) + 1) if x["keep_exits"] else first
    time_key = int(UNTOUCHED)
    if x["time_exit"] and first + int(x["time_exit"]) < n:
        time_key = 2 * (first + int(x["time_exit"]))
    forced = min(own_key, time_key)

    stop, reason = -side * math.inf, STOP_LOSS
    if stop_distance:
        stop = rounded(entry - side * stop_distance)
    elif not math.isnan(p.stop[i]):
        stop = float(p.stop[i])
    if trail and (rounded(entry - side * trail) - stop) * side > 0:
        stop, reason = rounded(entry - side * trail), TRAILING_STOP
    target = side * math.inf
    if target_distance:
        target = rounded(entry + side * target_distance)
    elif not math.isnan(p.target[i]):
        target = float(p.target[i])
    stop_from, target_from = first if new_stop else own_from, first if new_target else own_from

    best, unsure = entry, False
    for t in range(first, n):
        if forced <= 2 * t:
            break
        under_way = bool(p.inside[i]) and t == first
        worst_price = float(close[t] if under_way else (low[t] if side > 0 else high[t]))
        best_price = float(close[t] if under_way else (high[t] if side > 0 else low[t]))
        stopped = t >= stop_from and (stop - worst_price) * side >= 0
        reached = t >= target_from and (best_price - target) * side >= 0
        stop_gap = stopped and not under_way and (stop - open_[t]) * side >= 0
        target_gap = reached and not under_way and (open_[t] - target) * side >= 0
        if under_way:
            unsure |= t >= stop_from and not stopped and (stop - (low[t] if side > 0 else high[t])) * side >= 0
            unsure |= t >= target_from and not reached and ((high[t] if side > 0 else low[t]) - target) * side >= 0
        if stop_gap:
            return Exit(2 * t, slipped(float(open_[t])), reason, unsure)
        if target_gap:
            return Exit(2 * t, float(open_[t]), TAKE_PROFIT, unsure)
        own_inside = forced == 2 * t + 1
        if stopped:
            return Exit(2 * t + 1, slipped(stop), reason, unsure or reached or own_inside)
        if reached and not own_inside:
            return Exit(2 * t + 1, target, TAKE_PROFIT, unsure)
        if own_inside:
            unsure |= reached
            break
        if (best_price - best) * side > 0:
            best = best_price
        if trail and (rounded(best - side * trail) - stop) * side > 0:
            stop, reason = rounded(best - side * trail), TRAILING_STOP
        if trigger and (best_price - rounded(entry + side * trigger)) * side >= 0 and (entry - stop) * side > 0:
            stop, reason = entry, BREAK_EVEN
    if own_key <= time_key and own_key != UNTOUCHED:
        return Exit(own_key, float(p.own_price[i]), int(p.own_reason[i]), unsure)
    if time_key != UNTOUCHED:
        return Exit(time_key, slipped(float(open_[time_key >> 1])), TIME_EXIT, unsure)
    return Exit(2 * n - 1, slipped(float(close[n - 1])), END_OF_DATA, unsure)
