"""The money of a robot's account: profit, commission, swap, margin, and the trades that it closed.

Every formula is that of the signal engine (`engine.reference_account`), so that the same fills earn the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.execution_data import CONVERT_NONE, CONVERT_OWN_PRICE, ExecutionData
from trading_ai.engine.records import TRADE
from trading_ai.runners.cbot.positions import Position


class Money:
    """What positions are worth and cost, in account currency.

    Args:
        data: execution bars.
        account: capital, costs and rules.

    Attributes:
        balance: account currency.
        positions: open positions, oldest first.
        bar: execution bar that prices lie in.
        bid: bid now.
        ask: ask now.
        ruined_bar: bar at which the equity reached zero; -1 without one.
        n_skipped: requests to open that the account could not carry.
    """

    def __init__(self, data: ExecutionData, account: Account) -> None:
        self.data, self.capital, self.costs, self.rules = data, account.capital, account.costs, account.rules
        self.market_symbol = data.bars.symbol
        self.pip_size, self.lot_size = self.market_symbol.pip_size, self.market_symbol.lot_size
        self.balance = account.capital
        self.positions: list[Position] = []
        self.bar, self.bid, self.ask = 0, math.nan, math.nan
        self.ruined_bar, self.n_skipped = -1, 0
        costs = self.costs
        self._has_commission = bool(
            costs.commission_per_lot or costs.commission_per_million or costs.commission_percent
            or costs.commission_per_trade
        )  # fmt: skip
        self._is_plain = data.conversion == CONVERT_NONE
        self.has_swap = costs.swap_long != 0.0 or costs.swap_short != 0.0
        self._slip = costs.slippage_pips * self.pip_size
        self._records: list[tuple[Any, ...]] = []
        self._entry_paid: list[float] = []
        self._n_slipped: list[int] = []

    def rate(self, price: float) -> float:
        """Account currency for one unit of quote currency, now."""
        return 1.0 if self.data.conversion == CONVERT_NONE else self.data.in_account(self.bar, price)

    def profit(self, p: Position, price: float, units: float | None = None) -> float:
        """Price profit of a position, or of so many of its units, valued at a price."""
        size = p.units if units is None else units
        if self._is_plain:
            return (price - p.EntryPrice) * p.side * size
        if self.data.conversion == CONVERT_OWN_PRICE:
            return (1.0 - p.EntryPrice / price) * p.side * size
        return (price - p.EntryPrice) * p.side * size * self.rate(price)

    def commission(self, units: float, price: float) -> float:
        """Commission of one side of a trade."""
        if not self._has_commission:
            return 0.0
        costs = self.costs
        value = units * price * self.rate(price)
        return (
            units * (costs.commission_per_lot / self.lot_size)
            + value * (costs.commission_per_million / 1e6 + costs.commission_percent / 100.0)
            + costs.commission_per_trade
        )

    def swap_before_conversion(self, p: Position, units: float | None = None) -> float:
        """Swap since the entry, in the quote currency, or in the account's if it is charged in that."""
        if not self.has_swap:
            return 0.0
        per_night = self.costs.swap_long if p.side > 0 else self.costs.swap_short
        nights = float(self.data.nights[self.bar] - self.data.nights[p.bar])
        unit = per_night / self.lot_size if self.costs.swap_unit == "account" else per_night * self.pip_size
        return nights * (p.units if units is None else units) * unit

    def swap(self, p: Position, price: float, units: float | None = None) -> float:
        """Swap credited (+) or charged (-) since the entry."""
        credit = self.swap_before_conversion(p, units)
        return credit if credit == 0.0 or self.costs.swap_unit == "account" else credit * self.rate(price)

    def exit_price(self, side: int) -> float:
        """Price that a position is left at now: bid of a long, ask of a short."""
        return self.bid if side > 0 else self.ask

    def equity(self) -> float:
        """Balance and open positions, valued now."""
        total = self.balance
        for p in self.positions:
            price = self.exit_price(p.side)
            total += self.profit(p, price) + self.swap(p, price)
        return total

    def used_margin(self) -> float:
        """What the open positions tie up."""
        return sum(p.margin for p in self.positions)

    def rounded(self, price: float) -> float:
        """A level, rounded as the rules say."""
        if not self.rules.round_levels or math.isinf(price):
            return price
        scale = self.data.price_scale
        return math.floor(price * scale + 0.5) / scale

    def slipped(self, price: float, direction: int) -> float:
        """A fill moved against the trader: up when buying (+1), down when selling (-1)."""
        if not self._slip:
            return price
        scale = self.data.price_scale
        return math.floor((price + direction * self._slip) * scale + 0.5) / scale

    def book(
        self, p: Position, units: float, price: float, reason: int, *, slipped: bool, ambiguous: bool = False,
        ruin: bool = False,
    ) -> dict[str, float]:  # fmt: skip
        """Close so many units of a position at a price; returns what it earned.

        Args:
            p: the position; it leaves the open ones where all of it is closed.
            units: at most its units.
            price: of the fill.
            reason: one of `records.EXIT_REASONS`.
            slipped: whether the fill slipped.
            ambiguous: whether stop and target both lay within reach.
            ruin: whether everything is closed because nothing is left.
        """
        part = 1.0 if units == p.units else units / p.units
        entry_paid = p.paid * part
        gross, credit = self.profit(p, price, units), self.swap(p, price, units)
        paid_out = self.commission(units, price)
        left = self.balance + (gross - paid_out + credit)
        is_last = len(self.positions) == 1 and part == 1.0
        if (left < self.data.cent / 2 and (ruin or is_last)) or (ruin and is_last):
            # What is lost beyond the account is not owed.
            gross -= left
            left = 0.0
            if is_last:
                self.ruined_bar = self.bar
        self.balance = left
        paid = entry_paid + paid_out
        # What open positions paid at their entries is part of them.
        booked = left
        for other in self.positions:
            if other is not p:
                booked += other.paid
        if part != 1.0:
            booked += p.paid - entry_paid
        times = self.data.bars.open_time_ns
        net = gross - paid + credit
        self._records.append(
            (
                p.bar, self.bar, times[p.bar], times[self.bar], p.side, reason, ambiguous, units, p.EntryPrice, price,
                gross, paid, credit, net, booked, 0.0, 0.0,
            )
        )  # fmt: skip
        self._entry_paid.append(entry_paid)
        self._n_slipped.append(int(p.entry_slipped) + slipped)
        values = {
            "price": price, "gross": gross, "commission": paid, "swap": credit, "net": net, "balance": booked,
        }  # fmt: skip
        if part == 1.0:
            self.positions.remove(p)
            p.final = values
        else:
            p.units -= units
            p.paid -= entry_paid
            p.margin *= 1.0 - part
        return values

    # --- after the run -------------------------------------------------------------------------------

    def trades(self) -> npt.NDArray[np.void]:
        """Closed trades in order of closing, `records.TRADE`."""
        trades = np.array(self._records, dtype=TRADE)
        add_excursions(trades, self.data)
        return trades

    def equity_curve(self, trades: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
        """Equity at each execution bar's close, open positions valued, shape (n_bars,)."""
        data = self.data
        n = data.n_bars
        steps, open_worth = np.zeros(n + 1), np.zeros(n + 1)
        np.add.at(steps, trades["exit_bar"], trades["net_profit"])
        entries = [(t["entry_bar"], t["exit_bar"], t["direction"], t["units"], t["entry_price"]) for t in trades]
        paid = list(self._entry_paid)
        for p in self.positions:
            entries.append((p.bar, n, p.side, p.units, p.EntryPrice))
            paid.append(p.paid)
        for (first, end, side, units, entry), commission in zip(entries, paid, strict=True):
            if end > first:
                held = slice(int(first), int(end))
                open_worth[held] += self._worth(held, int(side), float(units), float(entry)) - commission
        return self.capital + np.cumsum(steps[:n]) + open_worth[:n]

    def _worth(self, held: slice, side: int, units: float, entry: float) -> npt.NDArray[np.float64]:
        """Profit and swap of a position at the closes of some bars."""
        data = self.data
        price = (data.bid if side > 0 else data.ask)[3][held]
        rate: Any = 1.0 / price if data.conversion == CONVERT_OWN_PRICE else data.rate
        if data.rates.size:
            rate = data.rates[held]
        worth: npt.NDArray[np.float64] = (price - entry) * (side * units) * rate
        if self.has_swap:
            per_night = self.costs.swap_long if side > 0 else self.costs.swap_short
            nights = data.nights[held] - data.nights[held.start]
            in_account = self.costs.swap_unit == "account"
            unit = per_night / self.lot_size if in_account else per_night * self.pip_size
            worth = worth + nights * units * unit * (1.0 if in_account else rate)
        return worth

    def paid_by_spread(self, trades: npt.NDArray[np.void]) -> float:
        """What the spread cost: of a long at its entry, of a short at its exit; as the signal engine counts it."""
        if not self.data.has_spread or not trades.size:
            return 0.0
        crossed = np.where(trades["direction"] > 0, trades["entry_bar"], trades["exit_bar"])
        width = self.data.ask[0][crossed] - self.data.bid[0][crossed]
        return float((width * trades["units"] * self._rates_at_exit(trades)).sum())

    def paid_by_slippage(self, trades: npt.NDArray[np.void]) -> float:
        """What slippage cost."""
        if not self._slip or not trades.size:
            return 0.0
        n = np.array(self._n_slipped, dtype=np.float64)
        return float((n * self._slip * trades["units"] * self._rates_at_exit(trades)).sum())

    def _rates_at_exit(self, trades: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
        if self.data.conversion == CONVERT_OWN_PRICE:
            return np.asarray(1.0 / trades["exit_price"])
        if self.data.rates.size:
            found: npt.NDArray[np.float64] = self.data.rates[trades["exit_bar"]]
            return found
        return np.full(trades.size, self.data.rate)
