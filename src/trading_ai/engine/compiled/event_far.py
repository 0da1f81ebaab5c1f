"""Compiled: what the code of an event strategy calls by its address, so that it is compiled once for all strategies.

The account and its orders are a thousand lines, a strategy's own code is twenty: where both were one piece, each new
strategy was compiled for half a minute. A call by address hands over all arrays of the desk, which takes longer than
what small functions do; so only what is rarely called, or large, is called so.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from trading_ai._jit import far, kind_of, njit_once
from trading_ai.engine.compiled import event_desk as e
from trading_ai.engine.compiled import event_orders_placed as o
from trading_ai.engine.compiled import event_ticks, event_walk

_NUMBER, _WHOLE = kind_of(0.0), kind_of(0)

_CALLED = (
    far(event_walk.one_bar, 0.0, e.DESK, _WHOLE),
    far(o.order, None, e.DESK, _WHOLE, *[_NUMBER] * 14, _WHOLE),
    far(o.request_exit, None, e.DESK, _NUMBER, _NUMBER, _NUMBER),
    far(o.close_some, None, e.DESK, _NUMBER, _NUMBER, _NUMBER),
    far(event_ticks.to_tick, None, e.DESK, _WHOLE, _WHOLE),
    far(event_ticks.carry_out, None, e.DESK, _WHOLE),
    far(event_ticks.end_of_ticks, 0.0, e.DESK, _WHOLE),
)
_one_bar, _order, _exit, _exit_some, _to_tick, _carry_out, _end_of_ticks = (each.call for each in _CALLED)


@cache
def addresses() -> npt.NDArray[np.int64]:
    """`Desk.far`: compiles what is called, or loads it, at the first call of a process."""
    return np.array([each.address() for each in _CALLED], dtype=np.int64)


@njit_once
def one_bar(d, t):
    """See `event_walk.one_bar`."""
    return _one_bar(d.far[0], d, t)


@njit_once
def order(
    d, bar, side, size, limit, stop_price, stop, target, stop_pips, target_pips, trail, trail_pips, expiry, reverse,
    pyramiding, group, given,
):  # fmt: skip
    """See `event_orders_placed.order`."""
    _order(
        d.far[1], d, bar, side, size, limit, stop_price, stop, target, stop_pips, target_pips, trail, trail_pips,
        expiry, reverse, pyramiding, group, given,
    )  # fmt: skip


@njit_once
def exit_all(d, side):
    """`ctx.exit` without a size."""
    _exit(d.far[2], d, 0.0, 0.0, side)


@njit_once
def exit_some(d, size, side):
    """`ctx.exit`; size in lots."""
    _exit_some(d.far[3], d, 0.0, size, side)


@njit_once
def close_oldest(d):
    """`ctx.position.close` without a size."""
    if d.account[e.N_OPEN] > 0.0:
        _exit(d.far[2], d, d.positions[0, e.NUMBER], 0.0, 0.0)


@njit_once
def close_part(d, size):
    """`ctx.position.close`; size in lots."""
    if d.account[e.N_OPEN] > 0.0:
        _exit_some(d.far[3], d, d.positions[0, e.NUMBER], size, 0.0)


@njit_once
def to_tick(d, t, k):
    """See `event_ticks.to_tick`."""
    _to_tick(d.far[4], d, t, k)


@njit_once
def carry_out(d, t):
    """See `event_ticks.carry_out`."""
    _carry_out(d.far[5], d, t)


@njit_once
def end_of_ticks(d, t):
    """See `event_ticks.end_of_ticks`."""
    return _end_of_ticks(d.far[6], d, t)
