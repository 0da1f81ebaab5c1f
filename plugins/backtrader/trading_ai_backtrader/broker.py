"""Backtrader's broker with the backtest's costs, sizes and first bar, and a book of what was filled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import backtrader as bt

from trading_ai.engine.account import Account
from trading_ai.engine.reported import SeenBars
from trading_ai.market.symbol import Symbol

Order = bt.Order


@dataclass(frozen=True)
class Fill:
    """What one execution did to the position.

    Attributes:
        seen: place of its bar among the bars of the feed.
        kind: the order's type, such as ``Order.Stop``.
        price: of the fill, quote currency.
        size: units, signed.
        closed: units of it that closed, signed; 0 where it only opened.
        opened: units of it that opened, signed.
        entry_price: average price of the position before it; of meaning where something was closed.
        profit: of what was closed, without commission, quote currency.
        closed_commission: for what was closed, quote currency.
        opened_commission: for what was opened, quote currency.
        slipped: price that slippage cost, quote currency for one unit, >= 0.
    """

    seen: int
    kind: int
    price: float
    size: float
    closed: float
    opened: float
    entry_price: float
    profit: float
    closed_commission: float
    opened_commission: float
    slipped: float


class Commission(bt.CommInfoBase):
    """The backtest's commissions, for each side; in the broker's currency."""

    params = (
        ("per_unit", 0.0),
        ("of_value", 0.0),
        ("per_trade", 0.0),
        ("stocklike", True),
        ("commtype", bt.CommInfoBase.COMM_FIXED),
    )

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:  # noqa: ARG002
        if not size:
            return 0.0
        return abs(size) * (self.p.per_unit + self.p.of_value * price) + self.p.per_trade


def commission_of(account: Account, symbol: Symbol, rate: float) -> Commission:
    """The commissions of an account.

    Args:
        account: costs and rules.
        symbol: what is traded.
        rate: account currency for one unit of the broker's.
    """
    costs = account.costs
    return Commission(
        per_unit=costs.commission_per_lot / symbol.lot_size / rate,
        of_value=costs.commission_per_million / 1e6 + costs.commission_percent / 100.0,
        per_trade=costs.commission_per_trade / rate,
        leverage=account.rules.leverage or 1.0,
    )


class Sizer(bt.Sizer):
    """The backtest's size, where the strategy names none."""

    params = (("account", None), ("symbol", None), ("rate", 1.0), ("spread", None))

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:  # noqa: ARG002
        account, symbol = self.p.account, self.p.symbol
        sizing = account.sizing
        if sizing.is_fixed:
            units = sizing.amount * (symbol.lot_size if sizing.mode == "lots" else 1.0)
            return _whole(units)
        position = self.broker.getposition(data)
        if position.size and (position.size > 0) != isbuy:
            return abs(position.size)
        price = data.close[0] + (self.p.spread[3][len(data) - 1] if isbuy else 0.0)
        costs = account.costs
        fraction = costs.commission_per_million / 1e6 + costs.commission_percent / 100.0
        of_one = price * self.p.rate * (1.0 + fraction) + costs.commission_per_lot / symbol.lot_size
        equity = self.broker.getvalue() * self.p.rate
        units = (equity * (sizing.amount / 100.0) - costs.commission_per_trade) / of_one
        step = symbol.volume_step if sizing.volume_step is None else sizing.volume_step
        smallest = symbol.min_volume if sizing.min_volume is None else sizing.min_volume
        if sizing.max_volume:
            units = min(units, sizing.max_volume)
        if step:
            units = math.floor(units / step + 1e-9) * step
        return _whole(units) if units >= max(smallest, 0.0) and units > 0.0 else 0


def _whole(units: float) -> float:
    """The same, as a whole number where it is one: strategies print and compare sizes so."""
    return int(units) if units == int(units) else units


class Broker(bt.brokers.BackBroker):
    """Backtrader's broker, at bid and ask, whose book `fills` can be read.

    Args:
        seen: the feed's bars against the execution bars.
    """

    def __init__(self, seen: SeenBars) -> None:
        super().__init__()
        self._seen = seen
        self.fills: list[Fill] = []
        self.n_refused = 0
        self._slipped = 0.0

    def submit(self, order: Any, check: bool = True) -> Any:
        """Take an order, unless it was placed while indicators were still warming up."""
        if len(order.data) < self._seen.n_warm:
            order.reject()
            self.notify(order)
            return order
        return super().submit(order, check=check)

    def notify(self, order: Any) -> None:
        """Tell the strategy, and count what was refused."""
        self.n_refused += order.status in {Order.Margin, Order.Rejected}
        super().notify(order)

    def _ask(self, order: Any, which: int) -> float:
        if not order.isbuy():
            return 0.0
        return float(self._seen.ask_minus_bid[which][len(order.data) - 1])

    def _try_exec_market(self, order: Any, popen: float, phigh: float, plow: float) -> None:
        ask = self._ask
        super()._try_exec_market(order, popen + ask(order, 0), phigh + ask(order, 1), plow + ask(order, 2))

    def _try_exec_close(self, order: Any, pclose: float) -> None:
        super()._try_exec_close(order, pclose + self._ask(order, 3))

    def _try_exec_limit(self, order: Any, popen: float, phigh: float, plow: float, plimit: float) -> None:
        if self._inside(order):
            super()._try_exec_limit(order, popen, phigh, plow, plimit)
            return
        ask = self._ask
        super()._try_exec_limit(order, popen + ask(order, 0), phigh + ask(order, 1), plow + ask(order, 2), plimit)

    def _try_exec_stop(
        self, order: Any, popen: float, phigh: float, plow: float, pcreated: float, pclose: float
    ) -> None:
        ask = self._ask
        super()._try_exec_stop(
            order, popen + ask(order, 0), phigh + ask(order, 1), plow + ask(order, 2), pcreated, pclose + ask(order, 3)
        )

    def _try_exec_stoplimit(
        self, order: Any, popen: float, phigh: float, plow: float, pclose: float, pcreated: float, plimit: float
    ) -> None:
        ask = self._ask
        self._stoplimit = order
        try:
            super()._try_exec_stoplimit(
                order, popen + ask(order, 0), phigh + ask(order, 1), plow + ask(order, 2), pclose + ask(order, 3),
                pcreated, plimit,
            )  # fmt: skip
        finally:
            self._stoplimit = None

    _stoplimit: Any = None

    def _inside(self, order: Any) -> bool:
        """Whether a stop-limit order asks, at ask prices already, for its limit part."""
        return self._stoplimit is order

    def _slip_up(self, pmax: float, price: float, doslip: bool = True, lim: bool = False) -> Any:
        return self._kept(super()._slip_up(pmax, price, doslip, lim), price)

    def _slip_down(self, pmin: float, price: float, doslip: bool = True, lim: bool = False) -> Any:
        return self._kept(super()._slip_down(pmin, price, doslip, lim), price)

    def _kept(self, slipped: float | None, price: float) -> float | None:
        self._slipped = 0.0 if slipped is None else abs(slipped - price)
        return slipped

    def _execute(
        self, order: Any, ago: int | None = None, price: float | None = None, cash: float | None = None,
        position: Any = None, dtcoc: float | None = None,
    ) -> Any:  # fmt: skip
        slipped, self._slipped = self._slipped, 0.0
        if ago is None:
            return super()._execute(order, ago, price, cash, position, dtcoc)
        before = self.positions[order.data].price
        n_before = len(order.executed.exbits)
        result = super()._execute(order, ago, price, cash, position, dtcoc)
        for bit in list(order.executed.exbits)[n_before:]:
            self.fills.append(
                Fill(
                    seen=len(order.data) - 1, kind=order.exectype, price=bit.price, size=bit.size, closed=bit.closed,
                    opened=bit.opened, entry_price=before, profit=bit.pnl, closed_commission=bit.closedcomm,
                    opened_commission=bit.openedcomm, slipped=slipped,
                )
            )  # fmt: skip
        return result
