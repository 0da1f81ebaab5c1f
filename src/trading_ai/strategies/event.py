"""A strategy that sees each bar as it closes, and places orders: what signals cannot say.

An event strategy is a class with parameters as class attributes and a method that is called at each bar's close::

    class Breakout(EventStrategy):
        '''Buy a new high, with a stop two average ranges below.'''

        length: int = Int(20, 2, 500, unit="bars")

        def on_start(self, ctx):
            self.upper = ctx.indicator(talib.MAX, "high", self.length)

        def on_bar(self, ctx):
            if not ctx.position and ctx.close > self.upper[-2]:
                ctx.buy(size=0.1, stop=ctx.close - 2 * ctx.atr(14))

What `ctx` offers is described by `Context`. One object is made for each run, so attributes set in `on_start` are those
of the run. Nothing but the bars, the account and the parameters may decide what it does: results are kept by the
identity of the code, and the same run must come out the same again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol

from trading_ai.strategies.base import Declared

AccountMode = Literal["hedging", "netting"]


class EventStrategy(Declared, ABC):
    """Base of every strategy that places orders bar by bar; see the module's docstring for an example.

    Attributes:
        account_mode: ``hedging``: buying while a short position is open opens a long one beside it, as on most cTrader
            accounts. ``netting``: it closes the short first, the oldest part of it first, and only what is left over
            opens a long position, as on TradingView.
    """

    has_exit_parameters = False
    account_mode: ClassVar[AccountMode] = "hedging"

    def on_start(self, ctx: Any) -> None:
        """Called once, before the first bar: the place for indicators and for attributes of one's own."""

    @abstractmethod
    def on_bar(self, ctx: Any) -> None:
        """Called at each bar's close; what is ordered here is carried out from the next bar's open on.

        Args:
            ctx: the market and the account as they are at that close, see `Context`.
        """

    def on_tick(self, ctx: Any) -> None:
        """Called at each tick: at a bar's open, its two extremes and its close, in the order of its way.

        With finer bars for the execution, at those of each of them. First called once a bar has closed. What is
        ordered here is carried out at once, at the tick's prices.

        Args:
            ctx: its bars and series are those of the last close: of the bar that the tick lies in only `bid`, `ask`
                and `tick` are known; `equity` and the profit of positions are those of the tick.
        """

    def on_trade(self, ctx: Any, trade: Any) -> None:
        """Called before `on_bar` for each trade that was closed since the last call, in order of closing.

        Args:
            ctx: as of `on_bar`.
            trade: ``side``, ``size`` (lots), ``entry``, ``exit``, ``net_profit``, ``reason``, ``entry_bar``,
                ``exit_bar``, ``symbol``.
        """

    def on_stop(self, ctx: Any) -> None:
        """Called once, after the last bar."""


def overrides(strategy: EventStrategy, method: str) -> bool:
    """Whether a strategy has a method of its own instead of the empty one of `EventStrategy`."""
    return getattr(type(strategy), method) is not getattr(EventStrategy, method)


class Context(Protocol):
    """What an event strategy sees and does; for type checkers and readers.

    Prices are bid prices of the bars that the strategy sees. Sizes are lots. Distances that end in ``_pips`` are pips;
    `stop`, `target`, `limit` and `stop_price` are prices; `trail` is a distance in price.

    Attributes:
        open: open of the bar that has just closed; `high`, `low`, `close`, `volume` likewise.
        time: its open time, ns UTC.
        day: its trading day, days since 1970; a day ends at the symbol's rollover (17:00 New York for FX).
        bid: bid price of the tick at hand, outside `on_tick` of the last close; `ask` likewise.
        tick: 0 at the open of a bar, 1 and 2 at its extremes, 3 at its close; -1 outside `on_tick`.
        bar: its place among the bars that the strategy sees.
        closes: the closes up to now, ``closes[-1]`` the current one; `opens`, `highs`, `lows`, `volumes` likewise.
        position: the oldest open position of the own symbol; false where there is none.
        positions: all of its open positions, oldest first.
        orders: its pending orders, oldest first.
        balance: balance of the account, account currency.
        equity: balance and open positions valued at the last close, account currency.
        margin: margin in use by all symbols, account currency; 0 without leverage.
        free_margin: equity less the margin in use.
        trades: number of closed trades of all symbols.
        last_trade: the trade that was closed last, of any symbol; None without one.
    """

    open: float
    high: float
    low: float
    close: float
    volume: float
    bid: float
    ask: float
    tick: int
    time: int
    day: int
    bar: int
    position: Any
    positions: tuple[Any, ...]
    orders: tuple[Any, ...]
    balance: float
    equity: float
    margin: float
    free_margin: float
    trades: int
    last_trade: Any

    def indicator(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """An indicator of all bars, of which the strategy sees what is known: ``[-1]`` is the current bar's value.

        Args:
            function: takes arrays of shape (n,) and gives one such array, or a tuple of them; the value of bar i may
                depend on bars 0..i only.
            arguments: what it is called with; ``"open"``, ``"high"``, ``"low"``, ``"close"``, ``"volume"`` stand for
                the bars' own arrays.
        """

    def between(self, start: str, end: str, clock: str = "UTC") -> Any:
        """Bars that open within hours of a day by any clock or an exchange's, as 1 and 0: `Bars.between`."""

    def timeframe(self, name: str, day_start: str | None = None) -> Any:
        """Longer bars, ``H4`` say, up to the last one that has ended: ``close``, ``closes[-2]``, ``indicator(...)``."""

    def symbol(self, name: str) -> Any:
        """Another symbol that the backtest names (``--other``): its bars, likewise, and its orders and positions."""

    def atr(self, length: int) -> float:
        """Wilder's average true range over so many bars (TA-Lib's ATR), price; NaN until it is known."""

    def buy(self, size: float | None = None, **order: Any) -> Any:
        """Order a long position; see `trading_ai.engine.event_ordering.Ordering.buy`."""

    def sell(self, size: float | None = None, **order: Any) -> Any:
        """Order a short position, likewise."""

    def exit(self, size: float | None = None, side: int = 0) -> None:
        """Close positions at the next open, oldest first; `size` lots of them, or all."""

    def cancel_all(self) -> None:
        """Cancel every pending order."""
