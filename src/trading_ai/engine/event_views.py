"""What an event strategy is shown of its positions, orders and trades, and what it can do to them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from typing_extensions import override

from trading_ai.engine.event_orders import EventOrder, HeldPosition, new_stop, new_target
from trading_ai.errors import EvaluationError

if TYPE_CHECKING:
    from trading_ai.engine.event_reference import EventSimulator


class ClosedTrade(NamedTuple):
    """A trade that was closed.

    Attributes:
        side: +1 long, -1 short.
        size: lots.
        entry: price of the entry.
        exit: price of the exit.
        net_profit: account currency, after all costs.
        reason: why it was closed, one of `records.EXIT_REASONS`.
        entry_bar: place of the entry's bar among the execution bars of its symbol.
        exit_bar: place of the exit's bar.
        symbol: name of the symbol that was traded.
    """

    side: int
    size: float
    entry: float
    exit: float
    net_profit: float
    reason: str
    entry_bar: int
    exit_bar: int
    symbol: str = ""


class PositionView:
    """An open position; false, and of size 0, where there is none. One that was kept is false once it is closed."""

    __slots__ = ("_position", "_simulator")

    def __init__(self, simulator: EventSimulator, position: HeldPosition | None) -> None:
        self._simulator, self._position = simulator, position

    def __bool__(self) -> bool:
        return self._position is not None and self._position in self._simulator.open

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, PositionView) and other._position is self._position

    @override
    def __hash__(self) -> int:
        return id(self._position)

    @property
    def side(self) -> int:
        """+1 long, -1 short, 0 none."""
        return 0 if self._position is None else self._position.side

    @property
    def size(self) -> float:
        """Lots."""
        return 0.0 if self._position is None else self._position.units / self._simulator.symbol.lot_size

    @property
    def entry(self) -> float:
        """Price of the entry; NaN without a position."""
        return math.nan if self._position is None else self._position.entry

    @property
    def stop(self) -> float:
        """Price of the stop; NaN without one."""
        p = self._position
        return math.nan if p is None or math.isinf(p.stop) else p.stop

    @property
    def target(self) -> float:
        """Price of the target; NaN without one."""
        p = self._position
        return math.nan if p is None or math.isinf(p.target) else p.target

    @property
    def bars(self) -> int:
        """Execution bars that have closed since its entry, its entry's bar included; 0 without a position."""
        return 0 if self._position is None else self._simulator.now - self._position.entry_bar

    @property
    def profit(self) -> float:
        """Price profit and swap at the last close, or at the tick at hand; account currency."""
        p, simulator = self._position, self._simulator
        if p is None:
            return 0.0
        bar, bid, ask = simulator.moment
        price = bid if p.side > 0 else ask
        return simulator.profit(p, price, bar) + simulator.swap(p, bar, price)

    def close(self, size: float | None = None) -> None:
        """Close it at the next open, or `size` lots of it, rounded down to the volume step; see `Ordering.exit`."""
        if self._position is not None:
            self._simulator.close_later(size, self._position)

    def modify(self, stop: float | None = None, target: float | None = None) -> None:
        """Move stop and target, from the next bar on; None leaves one as it is, NaN removes it."""
        p, simulator = self._position, self._simulator
        if p is None:
            return
        if stop is not None:
            new = simulator.level(stop)
            simulator.touched = True
            simulator.change(lambda: new_stop(p, new))
        if target is not None:
            far = simulator.level(target)
            simulator.touched = True
            simulator.change(lambda: new_target(p, far))

    def reserve(
        self, size: float | None = None, stop: float | None = None, target: float | None = None, trail: float = 0.0
    ) -> PositionView:
        """Reserve a part for an exit of its own, from the next bar on; what is reserved no later exit is reserved for.

        The part is a position of its own from here on, with these levels only, and stands after this one in
        `positions`; this one is the rest, with its own levels. Nothing happens where this is a reserved part already,
        or where the size or a price is NaN.

        Args:
            size: lots, rounded down to the volume step; None, or more than is left, for all of it.
            stop: price of the part's stop; None for none.
            target: price of its target likewise.
            trail: its stop stays so far (price) behind the best price; 0 for none.

        Returns:
            The part; a false one where nothing was reserved.

        Raises:
            EvaluationError: the size is not above 0, or infinite, or the distance is below 0.
        """
        p, simulator = self._position, self._simulator
        if (size is not None and (size <= 0.0 or size == math.inf)) or trail < 0.0:
            raise EvaluationError(f"size must be above 0 lots and trail not below 0, not {size} and {trail}")
        given = [value for value in (size, stop, target, trail) if value is not None]
        if p is None or not self or p.is_reserved or any(math.isnan(value) for value in given):
            return PositionView(simulator, None)
        units = math.inf if size is None else simulator.whole_steps(size * simulator.symbol.lot_size)
        if units <= 0.0:
            return PositionView(simulator, None)
        simulator.touched = True
        at, aim = (math.nan if value is None else value for value in (stop, target))
        return PositionView(simulator, simulator.reserve(p, units, at, aim, trail))

    def trail(self, distance: float) -> None:
        """Keep the stop so far (price) behind the best price from now on, from the next close on; 0 or NaN stops that.

        Raises:
            EvaluationError: the distance is below 0.
        """
        if distance < 0.0:
            raise EvaluationError(f"distance of a trailing stop: must not be below 0, not {distance}")
        p = self._position
        if p is not None:
            self._simulator.touched = True
            self._simulator.change(lambda: setattr(p, "trail", distance))


class OrderView:
    """An order that was placed; false once it was filled, cancelled or refused."""

    __slots__ = ("_order", "_simulator")

    def __init__(self, simulator: EventSimulator, order: EventOrder) -> None:
        self._simulator, self._order = simulator, order

    def __bool__(self) -> bool:
        return self._order.is_live

    @property
    def kind(self) -> str:
        """``market``, ``limit``, ``stop`` or ``stop_limit``."""
        return self._order.kind

    @property
    def side(self) -> int:
        """+1 buys, -1 sells."""
        return self._order.side

    @property
    def size(self) -> float:
        """Lots; 0 for the account's own size."""
        return self._order.units / self._simulator.symbol.lot_size

    @property
    def limit(self) -> float:
        """Price of the limit, NaN without one."""
        return self._order.limit

    @property
    def stop_price(self) -> float:
        """Price that a stop order waits for, NaN without one, and once that of a stop-limit order was reached."""
        price = self._order.stop_price
        return math.nan if math.isinf(price) else price

    def cancel(self) -> None:
        """Cancel it; nothing happens if it was filled."""
        order = self._order
        self._simulator.change(lambda: setattr(order, "is_live", False), order.due)

    def modify(
        self,
        limit: float | None = None,
        stop_price: float | None = None,
        stop: float | None = None,
        target: float | None = None,
    ) -> None:
        """Change its prices, from the next bar on; None leaves one as it is.

        Raises:
            EvaluationError: it has no such price: a limit order does not become a stop order.
        """
        order, given = self._order, dict[str, float]()
        self._simulator.touched = True
        for name, value in (("limit", limit), ("stop_price", stop_price)):
            if value is None:
                continue
            if not math.isfinite(value) or math.isnan(getattr(order, name)):
                raise EvaluationError(f"{name} of a {order.kind} order cannot become {value}")
            given[name] = value
        for name, value in (("stop", stop), ("target", target)):
            if value is not None:
                given |= {name: value, f"{name}_pips": 0.0}
        self._simulator.change(lambda: vars(order).update(given), order.due)
