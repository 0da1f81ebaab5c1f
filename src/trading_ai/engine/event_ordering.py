"""Orders on one symbol, as an event strategy places them: on its own by `ctx`, on another by ``ctx.symbol(...)``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from typing_extensions import override

from trading_ai.engine.event_orders import EventOrder, OrderKind
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.event_series import OtherBars, Place
from trading_ai.engine.event_views import OrderView, PositionView
from trading_ai.engine.event_words import check_amounts, known_words, parts_of
from trading_ai.market.seen import SeenBars


class Ordering:
    """Positions and orders of one symbol.

    Attributes:
        _run_place: the strategy's bar at hand.
        _simulator: what carries the orders out.
    """

    _run_place: Place
    _simulator: EventSimulator

    @property
    def bid(self) -> float:
        """Bid price of the tick at hand, or the last one that is known."""
        return self._simulator.moment[1]

    @property
    def ask(self) -> float:
        """Ask price likewise."""
        return self._simulator.moment[2]

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

    def buy(self, size: float | None = None, **order: Any) -> Any:
        """Order a long position; carried out from the next bar's open on.

        Args:
            size: lots; None for the size that the backtest's sizing gives.
            order: ``limit`` (price): filled there or better. ``stop_price``: filled once the price is there or beyond;
                with `limit` too, it becomes a limit order then. ``stop``, ``target`` (prices) or ``stop_pips``,
                ``target_pips`` (from the fill): levels of the position. ``trail`` (price) or ``trail_pips``: its stop
                stays so far behind the best price. ``expiry``: for how many of the strategy's bars it waits.
                ``oco``: a name or number; the first of that group that is filled cancels the others. ``targets``:
                lots and target, or lots, target and stop, which make a position each, in place of size and target.
                ``reverse``: it closes what is open on the other side. ``pyramiding``: filled only while fewer
                positions of its own side are open.

        Returns:
            The order; None where a price of it is NaN: such an order is not placed, and counted as skipped.

        Raises:
            EvaluationError: a number is impossible, or an argument is not known or does not go with another.
        """
        return self._order(1, size, **known_words("buy", size, order))

    def sell(self, size: float | None = None, **order: Any) -> Any:
        """Order a short position; arguments as of `buy`."""
        return self._order(-1, size, **known_words("sell", size, order))

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
        for order in self.orders:
            order.cancel()

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
                "bundle": self._simulator.n_ordered + 1,
            }  # fmt: skip
            return [self._order(side, lots, **common | own) for lots, own in parts_of(targets)]  # type: ignore[arg-type]
        simulator = self._simulator
        amounts = {
            "stop_pips": stop_pips, "target_pips": target_pips, "trail": trail, "trail_pips": trail_pips,
            "expiry": expiry, "pyramiding": pyramiding,
        }  # fmt: skip
        check_amounts(size, **amounts)
        prices = (limit, stop_price, stop, target, size, *amounts.values())
        if any(value is not None and math.isnan(value) for value in prices):
            simulator.skipped += 1
            return None
        kind: OrderKind = "market"
        if limit is not None:
            kind = "limit" if stop_price is None else "stop_limit"
        elif stop_price is not None:
            kind = "stop"
        simulator.n_ordered += 1
        order = EventOrder(
            simulator.n_ordered, kind, side, 0.0 if size is None else size * simulator.symbol.lot_size,
            limit=_price(limit), stop_price=_price(stop_price), stop=_price(stop), target=_price(target),
            stop_pips=stop_pips, target_pips=target_pips, trail=trail or trail_pips * simulator.pip,
            last_bar=self._run_place.bar + expiry if expiry else -1, oco=oco, reverses=reverse,
            pyramiding=pyramiding, bundle=bundle,
        )  # fmt: skip
        simulator.place(order)
        return OrderView(simulator, order)


class TradedBars(OtherBars, Ordering):
    """Bars of another symbol, as `OtherBars` has them, and orders on it: the same as `EventContext` has on its own.

    Args:
        seen: the bars, and which of them is known when.
        place: the bar at hand of the run.
        own: what carries out the orders on the strategy's own symbol, and knows that of this one.
    """

    def __init__(self, seen: SeenBars, place: Place, own: EventSimulator) -> None:
        super().__init__(seen, place)
        self._run_place, self._own = place, own

    @cached_property
    @override
    def _simulator(self) -> EventSimulator:  # type: ignore[override]
        # Found when it is first needed: bars that are only looked at need no costs and no conversion.
        return self._own.of_symbol(self.prices.symbol.name)


def _price(value: float | None) -> float:
    return math.nan if value is None else value
