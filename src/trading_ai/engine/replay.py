"""A list of trades placed on bars: where each begins and ends among them, and what the list says of its money."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled.exits import UNTOUCHED
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.records import BREAK_EVEN, SIGNAL, STOP_LOSS, TAKE_PROFIT, TIME_EXIT, TRAILING_STOP
from trading_ai.market.bars import Bars
from trading_ai.market.calendar import swap_nights

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

AT_A_LEVEL, AT_A_TARGET, BY_DECISION = 1, 2, 0
"""What ended a trade in the list: its stop in any form, its target, or anything else."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Trades of a list that begin on the bars, in order of entry; each array has the shape (n,).

    Attributes:
        listed: the trades, `trade_list.LISTED_TRADE`.
        place: their places in the list.
        side: +1.0 long, -1.0 short.
        units: size in the list.
        entry: fill.
        bar: bar of the entry.
        inside: whether that bar was under way.
        entry_key: ``2 * bar``, one more inside the bar.
        stop: price of the own stop, NaN for none.
        target: of the own target likewise.
        own_key: of the own exit; UNTOUCHED where it lies behind the last bar.
        own_price: its fill.
        own_reason: its reason; ``signal`` where the list does not say.
        own_kind: AT_A_LEVEL, AT_A_TARGET or BY_DECISION.
        nights: nights charged up to each bar, shape (n_bars,).
        night_swap: the list's swap a night, account currency; NaN where it does not say.
        n_outside: trades of the list that begin before the first bar or after the last.
    """

    listed: npt.NDArray[np.void]
    place: Ints
    side: Floats
    units: Floats
    entry: Floats
    bar: Ints
    inside: Bools
    entry_key: Ints
    stop: Floats
    target: Floats
    own_key: Ints
    own_price: Floats
    own_reason: npt.NDArray[np.int8]
    own_kind: npt.NDArray[np.int8]
    nights: Floats
    night_swap: Floats
    n_outside: int


def place_trades(trades: npt.NDArray[np.void], data: ExecutionData) -> Placed:
    """Place trades on bars.

    A moment in a gap between bars belongs to the open of the next bar, because nothing traded before.

    Args:
        trades: `trade_list.LISTED_TRADE`, in order of entry.
        data: the execution bars.
    """
    bars = data.bars
    opens, length, n = bars.open_time_ns, bars.timeframe.ns, data.n_bars
    begins = trades["entry_time_ns"]
    within = (begins >= opens[0]) & (begins < opens[-1] + length)
    place = np.flatnonzero(within)
    listed = trades[place]
    bar, inside = _bar_of(bars, listed["entry_time_ns"])
    fits = bar < n
    place, listed, bar, inside = place[fits], listed[fits], bar[fits], inside[fits]
    entry_key = 2 * bar + inside
    side = listed["direction"].astype(np.float64)
    kind, reason = _kinds(listed, 10.0**-bars.symbol.digits)
    exit_bar, exit_inside = _bar_of(bars, listed["exit_time_ns"])
    # A level is touched inside a bar, also where the report's clock shows no more than the minute.
    exit_inside |= ~np.isin(reason, (SIGNAL, TIME_EXIT)) & (
        listed["exit_time_ns"] >= opens[np.minimum(exit_bar, n - 1)]
    )
    own_key = np.where(exit_bar < n, np.maximum(2 * exit_bar + exit_inside, entry_key), UNTOUCHED)
    nights = swap_nights(bars.symbol, opens)
    known = np.where(exit_bar < n, nights[np.minimum(exit_bar, n - 1)] - nights[bar], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        night_swap = np.where(known > 0.0, listed["swap"] / known, np.where(listed["swap"] == 0.0, 0.0, np.nan))
    return Placed(
        listed=listed,
        place=place,
        side=side,
        units=listed["units"].copy(),
        entry=listed["entry_price"].copy(),
        bar=bar,
        inside=inside,
        entry_key=entry_key,
        stop=listed["stop_loss"].copy(),
        target=listed["take_profit"].copy(),
        own_key=own_key.astype(np.int64),
        own_price=listed["exit_price"].copy(),
        own_reason=reason,
        own_kind=kind,
        nights=nights,
        night_swap=night_swap,
        n_outside=int(len(trades) - len(place)),
    )


def delayed(placed: Placed, data: ExecutionData, bars: int) -> Placed:
    """The same trades begun some bars later, at the open of a bar; those that had ended by then are left out.

    Args:
        placed: the trades.
        data: the execution bars.
        bars: how many bars later, above 0.
    """
    bar = placed.bar + bars
    lives = np.flatnonzero((bar < data.n_bars) & (2 * bar < placed.own_key))
    of_trade = [f.name for f in fields(placed) if f.name not in {"nights", "n_outside"}]
    cut = replace(placed, **{name: getattr(placed, name)[lives] for name in of_trade})
    listed = cut.listed.copy()
    listed["gross_profit"] = listed["net_profit"] = np.nan  # of another price
    at = bar[lives]
    return replace(
        cut,
        listed=listed,
        bar=at,
        entry_key=2 * at,
        inside=np.zeros(at.shape, np.bool_),
        entry=np.where(cut.side > 0.0, data.ask[0][at], data.bid[0][at]),
    )


def _bar_of(bars: Bars, moments: Ints) -> tuple[Ints, Bools]:
    """The bar that each moment lies in, and whether it lies behind the bar's open."""
    opens = bars.open_time_ns
    bar = np.searchsorted(opens, moments, side="right").astype(np.int64) - 1
    at = np.maximum(bar, 0)
    in_gap = (moments >= opens[at] + bars.timeframe.ns) | (bar < 0)
    return np.where(in_gap, bar + 1, bar), ~in_gap & (moments > opens[at])


def _kinds(listed: npt.NDArray[np.void], tolerance: float) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """What ended each trade, and its reason; told by the price where the list does not say."""
    reason = listed["exit_reason"].copy()
    at_stop = np.abs(listed["exit_price"] - listed["stop_loss"]) <= tolerance
    at_target = np.abs(listed["exit_price"] - listed["take_profit"]) <= tolerance
    reason = np.where(reason >= 0, reason, np.where(at_stop, STOP_LOSS, np.where(at_target, TAKE_PROFIT, SIGNAL)))
    kind = np.where(
        np.isin(reason, (STOP_LOSS, TRAILING_STOP, BREAK_EVEN)),
        AT_A_LEVEL,
        np.where(reason == TAKE_PROFIT, AT_A_TARGET, BY_DECISION),
    )
    return kind.astype(np.int8), reason.astype(np.int8)
