"""What an event strategy is given at each bar, see `strategies.event.Context`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from trading_ai.engine.event_ordering import Ordering, TradedBars
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.event_series import BAR_ARRAYS, OtherBars, Place, Series, indicator_of
from trading_ai.engine.event_views import ClosedTrade
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.errors import EvaluationError
from trading_ai.market.bars import Bars
from trading_ai.market.calendar import trading_day
from trading_ai.market.seen import between
from trading_ai.strategies.indicators import talib


class EventContext(Ordering):
    """The market and the account of one run, at the bar at hand.

    Args:
        bars: the bars that the strategy sees.
        simulator: the account and the orders.
    """

    def __init__(self, bars: Bars, simulator: EventSimulator) -> None:
        self._bars, self._simulator = bars, simulator
        self._place = self._run_place = Place()
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

    def symbol(self, name: str) -> TradedBars:
        """Another symbol whose bars came with these: its bars up to the last one that has ended, and orders on it.

        For `on_start`.

        Raises:
            DataError: no bars of that symbol came with them.
        """
        return TradedBars(self._bars.other(name), self._place, self._simulator)

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
        return simulator.equity_at(*simulator.moment) if simulator.everything() else simulator.balance

    @property
    def margin(self) -> float:
        """Margin in use, account currency; 0 without leverage."""
        return sum(p.margin for p in self._simulator.everything())

    @property
    def free_margin(self) -> float:
        """Equity less the margin in use, account currency."""
        return self.equity - self.margin

    @property
    def trades(self) -> int:
        """Number of closed trades, of every symbol."""
        return self._simulator.n_closed

    @property
    def last_trade(self) -> ClosedTrade | None:
        """The trade that was closed last."""
        n = self._simulator.n_closed
        return self._closed(n - 1) if n else None

    @property
    def history(self) -> tuple[ClosedTrade, ...]:
        """Every closed trade, in order of closing."""
        return tuple(self._closed(i) for i in range(self._simulator.n_closed))

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
        first, self._reported = self._reported, self._simulator.n_closed
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
        t, symbol = self._simulator.closed(i)
        size = t[7] / symbol.lot_size
        return ClosedTrade(t[4], size, t[8], t[9], t[13], EXIT_REASONS[t[5]], t[0], t[1], symbol.name)


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
