"""What an event strategy is given at each bar, see `strategies.event.Context`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trading_ai.engine.event_orders import EventOrder, OrderKind
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.event_series import BAR_ARRAYS, OtherBars, Place, Series, indicator_of
from trading_ai.engine.event_views import ClosedTrade, OrderView, PositionView
from trading_ai.engine.event_words import check_amounts, known_words, parts_of
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.errors import EvaluationError
from trading_ai.market.bars import Bars
from trading_ai.market.calendar import trading_day
from trading_ai.market.seen import between
from trading_ai.strategies.indicators import talib


class EventContext:
    """The market and the account of one run, at the bar at hand.

    Args:
        bars: the bars that the strategy sees.
        simulator: the account and the orders.
    """

    def __init__(self, bars: Bars, simulator: EventSimulator) -> None:
        self._bars, self._simulator = bars, simulator
        self._place = Place()
        self._n_orders = 0
        self._reported = 0
        self._logged: list[str] = []
        self._atr: dict[int, Series] = {}
        self._columns = {
            name: np.asarray(getattr(bars, name), dtype=np.float64) if getattr(bars, name) is not None else None
            for name in BAR_ARRAYS
        }
        self._lists: dict[str, list[float]] = {}
        self._times = bars.open_time_ns

    # --- the market -------------------------------------------------------------------------------------

    @property
    def bar(self) -> int:
        """Place of the bar at hand among the bars that the strategy sees."""
        return self._place.bar

    @property
    def time(self) -> int:
        """Open time of the bar at hand, ns UTC."""
        return int(self._times[self._place.bar])

    @property
    def day(self) -> int:
        """Trading day of the bar at hand, days since 1970; it ends at the symbol's rollover (17:00 New York for FX)."""
        return int(self.days()[self._place.bar])

    @property
    def open(self) -> float:
        """Open of the bar at hand."""
        return self._value("open")

    @property
    def high(self) -> float:
        """High of the bar at hand."""
        return self._value("high")

    @property
    def low(self) -> float:
        """Low of the bar at hand."""
        return self._value("low")

    @property
    def close(self) -> float:
        """Close of the bar at hand."""
        return self._value("close")

    @property
    def volume(self) -> float:
        """Volume of the bar at hand."""
        return self._value("volume")

    @property
    def bid(self) -> float:
        """Bid price of the tick at hand, or of the last close."""
        return self._simulator.moment[1]

    @property
    def ask(self) -> float:
        """Ask price likewise."""
        return self._simulator.moment[2]

    @property
    def tick(self) -> int:
        """Which tick of its bar is at hand: 0 the open, 1 and 2 the extremes, 3 the close; -1 outside `on_tick`."""
        return self._simulator.tick

    @property
    def opens(self) -> Series:
        """Opens up to now."""
        return Series(self._column("open"), self._place)

    @property
    def highs(self) -> Series:
        """Highs up to now."""
        return Series(self._column("high"), self._place)

    @property
    def lows(self) -> Series:
        """Lows up to now."""
        return Series(self._column("low"), self._place)

    @property
    def closes(self) -> Series:
        """Closes up to now."""
        return Series(self._column("close"), self._place)

    @property
    def volumes(self) -> Series:
        """Volumes up to now."""
        return Series(self._column("volume"), self._place)

    def indicator(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """An indicator of the bars: a `Series`, or a tuple of them where the function gives several arrays.

        Args:
            function: gives an array of shape (n,), or a tuple of them.
            arguments: names of the bars' own arrays, other series, and plain values.

        Raises:
            EvaluationError: it gave something else.
        """
        if not callable(function):
            raise EvaluationError(
                f"ctx.indicator takes a function first, such as talib.SMA, and then what it is called with, not "
                f"{function!r}: ctx.indicator(talib.SMA, 'close', 20)"
            )
        return indicator_of(function, arguments, self._column, len(self._bars), self._place)

    def timeframe(self, name: str, day_start: str | None = None) -> OtherBars:
        """Longer bars made of these, such as ``H4``, up to the last one that has ended; for `on_start`.

        Raises:
            DataError: the timeframe is unknown, shorter than the bars' or no multiple of it.
        """
        return OtherBars(self._bars.at(name, day_start), self._place)

    def symbol(self, name: str) -> OtherBars:
        """Bars of another symbol that came with these, up to the last one that has ended; for `on_start`.

        Raises:
            DataError: no bars of that symbol came with them.
        """
        return OtherBars(self._bars.other(name), self._place)

    def between(self, start: str, end: str, clock: str = "UTC") -> Series:
        """Bars that open within hours of a day by any clock or an exchange's, as a series: 1 within, 0 outside.

        Args:
            start: first time of day, ``HH:MM``.
            end: time of day after the last; before `start` for hours that pass midnight.
            clock: a time zone, such as ``America/New_York``, or an exchange's code, such as ``XNYS``.

        Raises:
            DataError: a time or the clock cannot be read, or both times are the same.
        """
        return Series(between(self._bars, start, end, clock).astype(np.float64), self._place)

    def atr(self, length: int) -> float:
        """Wilder's average true range over `length` bars, price; NaN until it is known."""
        series = self._atr.get(length)
        if series is None:
            series = self._atr[length] = self.indicator(talib.ATR, "high", "low", "close", length)
        return series[-1]

    # --- the account ------------------------------------------------------------------------------------

    @property
    def balance(self) -> float:
        """Balance, account currency; it has paid the commissions of the open positions' entries."""
        return self._simulator.balance

    @property
    def equity(self) -> float:
        """Balance and open positions at the last close, or at the tick at hand; account currency."""
        simulator = self._simulator
        return simulator.equity_at(*simulator.moment) if simulator.open else simulator.balance

    @property
    def margin(self) -> float:
        """Margin in use, account currency; 0 without leverage."""
        return sum(p.margin for p in self._simulator.open)

    @property
    def free_margin(self) -> float:
        """Equity less the margin in use, account currency."""
        return self.equity - self.margin

    @property
    def position(self) -> PositionView:
        """The oldest open position; false where there is none."""
        held = self._simulator.open
        return PositionView(self._simulator, held[0] if held else None)

    @property
    def positions(self) -> tuple[PositionView, ...]:
        """All open positions, oldest first."""
        return tuple(PositionView(self._simulator, p) for p in self._simulator.open)

    @property
    def orders(self) -> tuple[OrderView, ...]:
        """Pending orders, oldest first."""
        return tuple(OrderView(self._simulator, order) for order in self._simulator.waiting if order.is_live)

    @property
    def trades(self) -> int:
        """Number of closed trades."""
        return len(self._simulator.trades)

    @property
    def last_trade(self) -> ClosedTrade | None:
        """The trade that was closed last."""
        trades = self._simulator.trades
        return self._closed(len(trades) - 1) if trades else None

    @property
    def history(self) -> tuple[ClosedTrade, ...]:
        """Every closed trade, in order of closing."""
        return tuple(self._closed(i) for i in range(len(self._simulator.trades)))

    # --- orders -----------------------------------------------------------------------------------------

    def buy(self, size: float | None = None, **order: Any) -> Any:
        """Order a long position; carried out from the next bar's open on.

        Args:
            size: lots; None for the size that the backtest's sizing gives.
            order: ``limit`` (price): filled there or better. ``stop_price``: filled once the price is there or beyond;
                with `limit` too, it becomes a limit order then. ``stop``, ``target`` (prices) or ``stop_pips``,
                ``target_pips`` (from the fill): levels of the position. ``trail`` (price) or ``trail_pips``: its stop
                stays so far behind the best price. ``expiry``: for how many of the strategy's bars it waits.
                ``oco``: a name or number; the first of that group that is filled cancels the others. ``targets``:
                lots and target, or lots, target and stop, which make a position each. ``reverse``: it closes what is
                open on the other side. ``pyramiding``: filled only while fewer positions of its own side are open.

        Returns:
            The order; None where a price of it is NaN: such an order is not placed, and counted as skipped.

        Raises:
            EvaluationError: a number is impossible.
        """
        return self._order(1, size, **known_words("buy", order))

    def sell(self, size: float | None = None, **order: Any) -> Any:
        """Order a short position; arguments as of `buy`."""
        return self._order(-1, size, **known_words("sell", order))

    def exit(self, size: float | None = None, side: int = 0) -> None:
        """Close positions at the next open, oldest first.

        Args:
            size: lots in all, rounded down to the volume step; None for all of them.
            side: +1 long ones only, -1 short ones only.

        Raises:
            EvaluationError: the size is not above 0, or infinite.
        """
        self._simulator.close_later(size, side=side)

    def cancel_all(self) -> None:
        """Cancel every pending order."""
        for order in self._simulator.waiting:
            order.is_live = False

    def log(self, *parts: object) -> None:
        """Write a line into the run's log."""
        self._logged.append(" ".join(map(str, parts)))

    # --- for the run --------------------------------------------------------------------------------------

    def days(self) -> Any:
        """Trading day of every bar, int64, shape (n_bars,)."""
        made = self._bars.derived.get("trading days")
        if made is None:
            made = self._bars.derived["trading days"] = trading_day(self._bars.symbol, self._times)
        return made

    def move_to(self, bar: int) -> None:
        """Make a bar the one at hand."""
        self._place.bar = bar

    def new_trades(self) -> list[ClosedTrade]:
        """Trades that were closed since the last call."""
        first, self._reported = self._reported, len(self._simulator.trades)
        return [self._closed(i) for i in range(first, self._reported)]

    def logged(self) -> str:
        """The run's log."""
        return "\n".join(self._logged)

    def whole(self) -> WholeBars:
        """Every bar at once, for compiled code, which looks at none after the one at hand."""
        return WholeBars(self)

    def _value(self, name: str) -> float:
        values = self._lists.get(name)
        if values is None:
            values = self._lists[name] = self._column(name).tolist()
        return values[self._place.bar]

    def _column(self, name: str) -> Any:
        values = self._columns[name]
        if values is None:
            raise EvaluationError(f"the bars of {self._bars.symbol.name} have no {name}")
        return values

    def _closed(self, i: int) -> ClosedTrade:
        t = self._simulator.trades[i]
        size = t[7] / self._simulator.symbol.lot_size
        return ClosedTrade(t[4], size, t[8], t[9], t[13], EXIT_REASONS[t[5]], t[0], t[1])

    def _order(
        self,
        side: int,
        size: float | None,
        *,
        limit: float | None = None,
        stop_price: float | None = None,
        stop: float | None = None,
        target: float | None = None,
        stop_pips: float = 0.0,
        target_pips: float = 0.0,
        trail: float = 0.0,
        trail_pips: float = 0.0,
        expiry: int = 0,
        oco: int | str | None = None,
        targets: Sequence[tuple[float, ...]] = (),
        reverse: bool = False,
        pyramiding: int = 0,
        bundle: int = 0,
    ) -> Any:
        if targets:
            common = {
                "limit": limit, "stop_price": stop_price, "stop": stop, "stop_pips": stop_pips, "trail": trail,
                "trail_pips": trail_pips, "expiry": expiry, "oco": oco, "reverse": reverse,
                "bundle": self._n_orders + 1,
            }  # fmt: skip
            return [self._order(side, lots, **common | own) for lots, own in parts_of(targets)]  # type: ignore[arg-type]
        simulator = self._simulator
        check_amounts(size, distances := (stop_pips, target_pips, trail, trail_pips, expiry, pyramiding))
        prices = (limit, stop_price, stop, target, size, *distances)
        if any(value is not None and math.isnan(value) for value in prices):
            simulator.skipped += 1
            return None
        kind: OrderKind = "market"
        if limit is not None:
            kind = "limit" if stop_price is None else "stop_limit"
        elif stop_price is not None:
            kind = "stop"
        self._n_orders += 1
        order = EventOrder(
            self._n_orders, kind, side, 0.0 if size is None else size * simulator.symbol.lot_size,
            limit=_price(limit), stop_price=_price(stop_price), stop=_price(stop), target=_price(target),
            stop_pips=stop_pips, target_pips=target_pips, trail=trail or trail_pips * simulator.pip,
            last_bar=self._place.bar + expiry if expiry else -1, oco=oco, reverses=reverse, pyramiding=pyramiding,
            bundle=bundle,
        )  # fmt: skip
        simulator.place(order)
        return OrderView(simulator, order)


def _price(value: float | None) -> float:
    return math.nan if value is None else value


class WholeBars:
    """The bars' arrays under the names under which a strategy finds the values of the bar at hand.

    Args:
        ctx: the context.
    """

    def __init__(self, ctx: EventContext) -> None:
        self._ctx = ctx

    def __getattr__(self, name: str) -> Any:
        if name == "day":
            return self._ctx.days()
        return self._ctx._times if name == "time" else self._ctx._column(name)

    def atr(self, length: int) -> Any:
        """Average true range of every bar."""
        self._ctx.atr(length)
        return self._ctx._atr[length]
