"""The account of the reference simulator: what positions are worth, cost and tie up, and where prices fill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import CONVERT_FIXED, CONVERT_NONE, CONVERT_OWN_PRICE, ExecutionData
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing


@dataclass(frozen=True)
class Exits:
    """Exit parameters of one combination; pips except `time_exit` (strategy bars); 0 is unused."""

    stop_loss: float = 0.0
    take_profit: float = 0.0
    trailing_stop: float = 0.0
    break_even: float = 0.0
    time_exit: int = 0


@dataclass(eq=False)
class Position:
    """An open position: one of the same numbers is another one.

    `trail` is the distance at which its stop follows the best price, price units; 0 for none.
    """

    entry_bar: int
    side: int
    units: float
    entry: float
    stop: float
    stop_reason: int
    target: float
    best: float
    commission: float
    margin: float
    trail: float = 0.0


class ReferenceAccount:
    """Balance and open positions of one run; all money in account currency."""

    def __init__(
        self, data: ExecutionData, exits: Exits, *, capital: float, sizing: Sizing, costs: Costs, rules: ExecutionRules
    ) -> None:
        first = float(data.ask[3][0])
        self.symbol = data.bars.symbol
        self.sizing = sizing.for_capital(capital, first * data.in_account(0, first), self.symbol)
        self.data, self.exits, self.capital, self.costs, self.rules = data, exits, capital, costs, rules
        self.pip = self.symbol.pip_size
        self.balance = capital
        self.open: list[Position] = []
        self.ruined_at: int | None = None

    # --- what a simulator of several symbols has more of ------------------------------------------------

    def everything(self) -> Sequence[Position]:
        """Every open position of the account."""
        return self.open

    def cash(self) -> float:
        """What the account is worth without this symbol's open positions."""
        return self.balance

    # --- money ---------------------------------------------------------------------------------------

    def rate(self, bar: int, price: float) -> float:
        """Account currency for one unit of quote currency."""
        if self.data.conversion == CONVERT_NONE:
            return 1.0
        if self.data.conversion == CONVERT_FIXED:
            return self.data.rate
        if self.data.conversion == CONVERT_OWN_PRICE:
            return 1.0 / price
        return float(self.data.rates[bar])

    def profit(self, p: Position, price: float, bar: int) -> float:
        """Price profit of a position valued at `price`, account currency."""
        if self.data.conversion == CONVERT_OWN_PRICE:
            return (1.0 - p.entry / price) * p.side * p.units
        profit = (price - p.entry) * p.side * p.units
        if self.data.conversion == CONVERT_NONE:
            return profit
        return profit * self.rate(bar, price)

    def commission(self, units: float, price: float, bar: int) -> float:
        """Commission of one side of a trade."""
        costs = self.costs
        if not (
            costs.commission_per_lot
            or costs.commission_per_million
            or costs.commission_percent
            or costs.commission_per_trade
        ):
            return 0.0
        value = units * price * self.rate(bar, price)
        return (
            units * (costs.commission_per_lot / self.symbol.lot_size)
            + value * (costs.commission_per_million / 1e6 + costs.commission_percent / 100.0)
            + costs.commission_per_trade
        )

    def swap_before_conversion(self, p: Position, bar: int) -> float:
        """Swap from the entry to `bar`, in the quote currency, or in the account's if it is charged in that."""
        per_night = self.costs.swap_long if p.side > 0 else self.costs.swap_short
        if self.costs.swap_long == 0.0 and self.costs.swap_short == 0.0:
            return 0.0
        nights = float(self.data.nights[bar] - self.data.nights[p.entry_bar])
        in_account = self.costs.swap_unit == "account"
        return nights * p.units * (per_night / self.symbol.lot_size if in_account else per_night * self.pip)

    def swap(self, p: Position, bar: int, price: float) -> float:
        """Swap credited (+) or charged (-) from the entry to `bar`."""
        credit = self.swap_before_conversion(p, bar)
        if credit == 0.0 or self.costs.swap_unit == "account":
            return credit
        return credit * self.rate(bar, price)

    def owed(self, gross: float, left: float, bar: int, *, is_last: bool, ruin: bool) -> tuple[float, float]:
        """Price profit of a trade and balance after it: what is lost beyond the account is not owed.

        Args:
            gross: its price profit.
            left: the balance that it would leave.
            bar: bar of the exit.
            is_last: whether no position is open after it.
            ruin: whether all positions are closed because nothing is left.
        """
        nothing = left < self.data.cent / 2
        if not (nothing and (ruin or is_last)) and not (ruin and is_last):
            return gross, left
        if is_last:
            self.ruined_at = bar
        return gross - left, 0.0

    def size(self, bar: int, price: float, equity: float, risk: float, wanted: float = math.nan) -> float:
        """Units to open; 0 where nothing can be opened.

        Args:
            bar: the bar.
            price: the entry's fill.
            equity: the equity at that moment.
            risk: distance from the entry to its stop, price units.
            wanted: units that the signal asks for; NaN for the account's size.
        """
        if self.balance <= 0:
            return 0.0
        if not math.isnan(wanted):
            return self.whole(wanted)
        if self.sizing.mode == "units":
            return self.sizing.amount
        if self.sizing.mode == "lots":
            return self.sizing.amount * self.symbol.lot_size
        if self.sizing.mode == "percent_of_equity":
            costs = self.costs
            fraction = costs.commission_per_million / 1e6 + costs.commission_percent / 100.0
            price_of_one = price * self.rate(bar, price) * (1.0 + fraction)
            price_of_one += costs.commission_per_lot / self.symbol.lot_size
            units = (equity * (self.sizing.amount / 100.0) - costs.commission_per_trade) / price_of_one
        else:
            loss_of_one = risk * self.rate(bar, price)
            if loss_of_one <= 0.0:  # a stop that a signal put at or beyond the price
                return 0.0
            units = self.balance * (self.sizing.amount / 100.0) / loss_of_one
        return self.whole(units)

    def whole(self, units: float) -> float:
        """A size in whole steps, within the largest; 0 below the smallest."""
        step = self.symbol.volume_step if self.sizing.volume_step is None else self.sizing.volume_step
        smallest = self.symbol.min_volume if self.sizing.min_volume is None else self.sizing.min_volume
        if self.sizing.max_volume:
            units = min(units, self.sizing.max_volume)
        if step:
            units = math.floor(units / step + 1e-9) * step
        return units if units >= smallest else 0.0

    def equity(self, bar: int, price: float) -> float:
        """Balance and open positions, all of one side, valued at a price."""
        total = 0.0
        for p in self.open:
            total += self.profit(p, price, bar) + self.swap(p, bar, price)
        return self.balance + total

    def limit(self) -> float:
        """The equity at which the account no longer carries its positions; 0 without margin."""
        used = 0.0
        for p in self.everything():
            used += p.margin
        return used * (self.rules.stop_out_level / 100.0)

    def level_of_account(self, bar: int) -> float:
        """The first price, on the way against the open positions, at which the equity is down to its limit.

        Equity is a straight line in the price, or in 1 / price where the account holds the base currency.
        """
        side = self.open[0].side
        units = cost = swap = 0.0
        for p in self.open:
            units += p.units
            cost += p.entry * p.units
            swap += self.swap_before_conversion(p, bar)
        lacking = self.limit() - self.cash()
        if self.costs.swap_unit == "account":
            lacking, swap = lacking - swap, 0.0
        if self.data.conversion == CONVERT_OWN_PRICE:
            # side x (units - cost / price) + swap / price = lacking
            owed, worth = side * cost - swap, side * units - lacking
            if worth * side <= 0.0:
                return math.inf  # of longs: below the limit at any price; of shorts: above it at any price
            price = owed / worth
        else:
            rate = self.rate(bar, 1.0)
            price = (lacking / rate + side * cost - swap) / (side * units)
        ticks = price * self.data.price_scale
        # A price a rounding error beside a whole tick is that tick.
        return (math.floor(ticks + 1e-3) if side > 0 else math.ceil(ticks - 1e-3)) / self.data.price_scale

    # --- prices --------------------------------------------------------------------------------------

    def level(self, price: float) -> float:
        """A stop or target price, rounded as the rules say."""
        if not self.rules.round_levels:
            return price
        ticks = price * self.data.price_scale + 0.5
        return math.floor(ticks) / self.data.price_scale if math.isfinite(ticks) else ticks

    def slipped(self, price: float, direction: int) -> float:
        """A fill moved against the trader: up when buying (+1), down when selling (-1)."""
        if not self.costs.slippage_pips:
            return price
        moved = price + direction * (self.costs.slippage_pips * self.pip)
        return math.floor(moved * self.data.price_scale + 0.5) / self.data.price_scale
