"""What combinations of a replay share: where each level touches each trade, by the values of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account, config_vector
from trading_ai.engine.compiled import bookkeeping
from trading_ai.engine.compiled.blocks import WIDE, block_extremes
from trading_ai.engine.compiled.exits import UNTOUCHED
from trading_ai.engine.compiled.replay_exits import find_moving, find_touches
from trading_ai.engine.compiled.replay_reach import LONG, SHORT, market_bounds, reach_of_closes
from trading_ai.engine.execution_data import ExecutionData, prepare
from trading_ai.engine.records import STOP_LOSS
from trading_ai.engine.replay import AT_A_LEVEL, AT_A_TARGET, Placed
from trading_ai.errors import RuleError
from trading_ai.evaluation.signal_bars import SignalBars
from trading_ai.market.bars import Bars
from trading_ai.market.calendar import NS_PER_DAY
from trading_ai.parameters import Value
from trading_ai.strategies.replay import DAYS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Closes = tuple[npt.NDArray[Any], ...]
"""How far closes reach, and bounds of spread and rate, see `replay_reach`."""

T = TypeVar("T")

_NS_PER_HOUR = 3_600 * 10**9
_THURSDAY = 3
"""Day of the week of 1970-01-01, Monday first."""


@dataclass(frozen=True, eq=False)
class _Market:
    """Bars with one spread: data, compiled account, sides with wide blocks, and entries and own exits moved by it."""

    data: ExecutionData
    config: Floats
    bid: tuple[Floats, ...]
    ask: tuple[Floats, ...]
    closes: Closes
    crossing: Floats
    entry: Floats
    own_price: Floats
    end_price: Floats


@dataclass(frozen=True, eq=False)
class Tables:
    """Everything that one combination is made of, see `replay_exits.choose_exits` and `replay_money.value_trades`."""

    keep: Bools
    stop: tuple[Ints, Floats, npt.NDArray[np.int8], Bools]
    target: tuple[Ints, Floats, Bools]
    time: tuple[Ints, Floats]
    own_key: Ints
    own_price: Floats
    own_money: tuple[Floats, Floats, Floats, Floats]
    charge: Floats
    night_swap: Floats
    units: Floats
    entry: Floats
    entry_night: Floats
    end_price: Floats
    crossing: Floats
    closes: Closes
    data: ExecutionData
    config: Floats


class ReplayTables:
    """Tables by the values of the parameters that they depend on; made when first asked for, and kept.

    Args:
        placed: the trades.
        bars: all execution bars.
        first: the first of them that is traded.
        data: the traded ones with the backtest's own spread.
        account: capital, sizing, costs and rules.
        currency: of the account.
        conversion_bars: bars that convert profits, or None.
    """

    def __init__(
        self,
        placed: Placed,
        bars: Bars,
        first: int,
        data: ExecutionData,
        account: Account,
        currency: str,
        conversion_bars: Bars | None,
    ) -> None:
        self._placed, self._bars, self._first, self._data = placed, bars, first, data
        self._account, self._currency, self._conversion_bars = account, currency, conversion_bars
        self._entry_night = placed.nights[placed.bar]
        self._kept: dict[Hashable, Any] = {}

    def of_trades(self, placed: Placed) -> ReplayTables:
        """Empty tables of other trades on the same bars."""
        return ReplayTables(
            placed, self._bars, self._first, self._data, self._account, self._currency, self._conversion_bars
        )

    def of(self, parameters: Mapping[str, Value], seen: SignalBars) -> Tables:
        """The tables of a combination; what is shared is made when it is first asked for.

        Args:
            parameters: a value of each parameter.
            seen: the bars in which a time exit counts.

        Raises:
            RuleError: sizes are to be made new, and the account's sizing is no fixed one.
        """
        x = parameters
        spread = float(x["spread"])
        market = self._once(("market", spread), lambda: self._market(spread))
        moving = x["trailing_stop"] != 0 or x["break_even"] != 0
        new_stop, new_target = x["stop_loss"] != 0 or moving, x["take_profit"] != 0
        keep_exits = bool(x["keep_exits"])
        caps = (keep_exits, new_stop, new_target)
        own_key = self._once(("own", *caps), lambda: self._own_key(*caps))
        stop_key = ("stop", spread, caps, x["stop_loss"], x["trailing_stop"], x["break_even"])
        stop = self._once(stop_key, lambda: self._stops(market, own_key, keep_exits, x))
        target_key = ("target", spread, caps, x["take_profit"])
        target = self._once(target_key, lambda: self._targets(market, own_key, keep_exits, float(x["take_profit"])))
        bars = int(x["time_exit"])
        time = self._once(("time", spread, bars, id(seen)), lambda: self._time_exits(market, bars, seen))
        filters = (x["first_hour"], x["last_hour"], x["weekdays"], x["direction"])
        keep = self._once(("keep", filters), lambda: self._kept_by(x))
        money = (spread, x["commission"], x["resize"])
        units, charge, night_swap, own_money = self._once(("money", *money), lambda: self._money(market, x))
        return Tables(
            keep=keep, stop=stop, target=target, time=time, own_key=own_key, own_price=market.own_price,
            own_money=own_money, charge=charge, night_swap=night_swap, units=units, entry=market.entry,
            entry_night=self._entry_night, end_price=market.end_price, crossing=market.crossing,
            closes=market.closes, data=market.data, config=market.config,
        )  # fmt: skip

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
        return cast("T", self._kept[key])

    def _market(self, spread: float) -> _Market:
        p, own = self._placed, self._data
        data = own
        if spread >= 0.0:
            costs = replace(self._account.costs, spread_pips=spread)
            data = prepare(self._bars, costs, self._currency, self._conversion_bars).since(self._first)
        scale, n = data.price_scale, data.n_bars
        entry, own_price = p.entry.copy(), p.own_price.copy()
        if spread >= 0.0:
            # What crosses the spread moves with it: entries of longs, exits of shorts.
            long, at = p.side > 0.0, np.minimum(p.own_key >> 1, n - 1)
            more = data.ask[0] - own.ask[0]
            entry[long] = np.floor((entry + more[p.bar])[long] * scale + 0.5) / scale
            own_price[~long] = np.floor((own_price + more[at])[~long] * scale + 0.5) / scale
        config = config_vector(data, self._account)
        slip = config[bookkeeping.SLIPPAGE]
        ends = [float(data.bid[3][-1]), float(data.ask[3][-1])]
        if slip:
            ends = [np.floor((ends[0] - slip) * scale + 0.5) / scale, np.floor((ends[1] + slip) * scale + 0.5) / scale]
        bid, ask = (*data.bid, data.bid_blocks, _wide(data.bid)), (*data.ask, data.ask_blocks, _wide(data.ask))
        crossing = data.ask[0] - data.bid[0] if data.has_spread else np.empty(0)
        return _Market(data, config, bid, ask, _closes(data), crossing, entry, own_price, np.array([*ends, float(n)]))

    def _own_key(self, keep_exits: bool, new_stop: bool, new_target: bool) -> Ints:
        """Own exits, as far as they still hold: one by a level does not where that level is another."""
        p = self._placed
        gone = np.full(p.own_key.shape, not keep_exits)
        gone |= new_stop & (p.own_kind == AT_A_LEVEL)
        gone |= new_target & (p.own_kind == AT_A_TARGET)
        return np.where(gone, UNTOUCHED, p.own_key)

    def _span(self, own_key: Ints, keep_exits: bool, own_level: bool) -> tuple[Ints, Bools, Ints]:
        """From where to where a level is looked for.

        The list knows better than the bars whether a trade's own levels were touched before its own exit.
        """
        p, n = self._placed, self._data.n_bars
        until = np.where(own_key == UNTOUCHED, n - 1, own_key >> 1)
        if own_level and keep_exits:
            return np.minimum(p.own_key >> 1, n) + 1, np.zeros(p.bar.shape, np.bool_), until
        return p.bar, p.inside, until

    def _levels(self, market: _Market, distance: float, direction: float) -> Floats:
        p, scale = self._placed, market.config[bookkeeping.LEVEL_SCALE]
        price = market.entry + direction * p.side * (distance * self._bars.symbol.pip_size)
        return np.floor(price * scale + 0.5) / scale if scale else price

    def _stops(
        self, market: _Market, own_key: Ints, keep_exits: bool, x: Mapping[str, Value]
    ) -> tuple[Ints, Floats, npt.NDArray[np.int8], Bools]:
        p, config, distance = self._placed, market.config, float(x["stop_loss"])
        level = self._levels(market, distance, -1.0) if distance else p.stop
        n = p.bar.shape[0]
        keys, prices, unsure = np.empty(n, np.int64), np.empty(n), np.empty(n, np.bool_)
        reasons = np.full(n, STOP_LOSS, np.int8)
        slip, fill_scale = config[bookkeeping.SLIPPAGE], config[bookkeeping.FILL_SCALE]
        trail, trigger = (float(x[name]) * self._bars.symbol.pip_size for name in ("trailing_stop", "break_even"))
        bar, inside, until = self._span(own_key, keep_exits, not (distance or trail or trigger))
        if trail or trigger:
            find_moving(
                level, trail or inf, trigger or inf, market.entry, p.side, bar, inside, until, market.bid, market.ask,
                config[bookkeeping.LEVEL_SCALE], slip, fill_scale, keys, prices, reasons, unsure,
            )  # fmt: skip
        else:
            find_touches(
                True, level, p.side, bar, inside, until, market.bid, market.ask, slip, fill_scale, keys, prices, unsure
            )
        return keys, prices, reasons, unsure

    def _targets(self, market: _Market, own_key: Ints, keep_exits: bool, distance: float) -> tuple[Ints, Floats, Bools]:
        p, n = self._placed, self._placed.bar.shape[0]
        level = self._levels(market, distance, 1.0) if distance else p.target
        keys, prices, unsure = np.empty(n, np.int64), np.empty(n), np.empty(n, np.bool_)
        bar, inside, until = self._span(own_key, keep_exits, not distance)
        scale = market.config[bookkeeping.FILL_SCALE]
        find_touches(False, level, p.side, bar, inside, until, market.bid, market.ask, 0.0, scale, keys, prices, unsure)
        return keys, prices, unsure

    def _time_exits(self, market: _Market, bars: int, seen: SignalBars) -> tuple[Ints, Floats]:
        p, data = self._placed, market.data
        keys, prices = np.full(p.bar.shape, UNTOUCHED), np.full(p.bar.shape, np.nan)
        if not bars:
            return keys, prices
        first = seen.traded.first
        at = p.bar + bars
        if first.size:
            ordinal = seen.traded.strategy_bar[p.bar] + bars
            at = np.where(ordinal < first.size, first[np.minimum(ordinal, first.size - 1)], data.n_bars)
        ends = at < data.n_bars
        keys[ends] = 2 * at[ends]
        opens = np.where(p.side > 0.0, data.bid[0][np.where(ends, at, 0)], data.ask[0][np.where(ends, at, 0)])
        slip, scale = market.config[bookkeeping.SLIPPAGE], data.price_scale
        fills = np.floor((opens - p.side * slip) * scale + 0.5) / scale if slip else opens
        prices[ends] = fills[ends]
        return keys, prices

    def _kept_by(self, x: Mapping[str, Value]) -> Bools:
        p = self._placed
        moments = p.listed["entry_time_ns"]
        hour = moments // _NS_PER_HOUR % 24
        first, last = int(x["first_hour"]), int(x["last_hour"])
        keep = (hour >= first) & (hour <= last) if first <= last else (hour >= first) | (hour <= last)
        days = str(x["weekdays"])
        if days != "all":
            same = (moments // NS_PER_DAY + _THURSDAY) % 7 == DAYS.index(days.removeprefix("not_"))
            keep &= ~same if days.startswith("not_") else same
        if x["direction"] != "both":
            keep &= p.side == (1.0 if x["direction"] == "long" else -1.0)
        return np.asarray(keep, np.bool_)

    def _money(
        self, market: _Market, x: Mapping[str, Value]
    ) -> tuple[Floats, Floats, Floats, tuple[Floats, Floats, Floats, Floats]]:
        """Sizes, commissions, swaps a night, and what of the list's money still holds."""
        p, listed = self._placed, self._placed.listed
        units = p.units
        if x["resize"]:
            size = market.config[bookkeeping.UNITS]
            if not size:
                raise RuleError(
                    "needs a fixed size", parameter="resize", value=True,
                    remedy="Size by units or lots, or leave resize out to keep the sizes of the list.",
                )  # fmt: skip
            units = np.full(p.units.shape, size)
        ratio = units / p.units
        charge = listed["commission"] * ratio
        if float(x["commission"]) >= 0.0:
            charge = units / self._bars.symbol.lot_size * float(x["commission"]) * 2.0
        same = not x["resize"] and float(x["spread"]) < 0.0
        nothing = np.full(p.bar.shape, np.nan)
        gross = listed["gross_profit"].copy() if same else nothing
        net = listed["net_profit"].copy() if same and float(x["commission"]) < 0.0 else nothing
        own_commission = listed["commission"].copy() if same else nothing
        return units, charge, p.night_swap * ratio, (gross, net, listed["swap"] * ratio, own_commission)


def _wide(prices: tuple[Floats, ...]) -> Floats:
    out = np.empty((prices[0].shape[0] // WIDE, 4))
    block_extremes(prices[1], prices[2], prices[3], WIDE, out)
    out.flags.writeable = False  # one type for compiled code, whatever side it is
    return out


def _closes(data: ExecutionData) -> Closes:
    bid, ask, n = data.bid[3], data.ask[3], data.n_bars
    reach = [np.empty((-(-n // size), 2), np.float32) for size in (SHORT, LONG)]
    reach_of_closes(bid, *reach)
    market = np.empty((1, 4))
    market_bounds(bid, ask, data.rate, data.rates, n, market)
    # Bounds of each block only where those of all bars are wide: a table less to read.
    if market[0, 1] - market[0, 0] > 1.0 / data.price_scale or market[0, 2] != market[0, 3]:
        market = np.empty((-(-n // SHORT), 4))
        market_bounds(bid, ask, data.rate, data.rates, SHORT, market)
    return (*reach, market)
