"""Trades that another program made, as the records and the equity of a run.

A runner knows what its program did: sizes, prices, moments, money. What is left to do is the same for all of them: the
records in order of closing with a balance and excursions, and the equity between entry and exit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.execution_data import CONVERT_OWN_PRICE, CONVERT_RATES, ExecutionData
from trading_ai.engine.records import SIGNAL, TRADE
from trading_ai.engine.runs import RunRequest

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Closed:
    """One closed trade.

    Attributes:
        entry_bar: place of the entry's bar among the execution bars.
        exit_bar: place of the exit's bar, not before `entry_bar`.
        direction: +1 long, -1 short.
        units: size in units of the base asset, above 0.
        entry_price: fill, quote currency.
        exit_price: fill, quote currency.
        gross_profit: price profit, account currency.
        commission: paid for both sides, account currency, >= 0.
        swap: credit (+) or charge (-), account currency.
        exit_reason: one of `records.EXIT_REASONS`.
    """

    entry_bar: int
    exit_bar: int
    direction: int
    units: float
    entry_price: float
    exit_price: float
    gross_profit: float
    commission: float = 0.0
    swap: float = 0.0
    exit_reason: int = SIGNAL


def trade_records(closed: Iterable[Closed], data: ExecutionData, account: Account) -> npt.NDArray[np.void]:
    """The records of closed trades, in order of closing, with balance and excursions.

    Args:
        closed: the trades; of those that close at one bar, the order is kept.
        data: their execution bars.
        account: whose capital the balance starts from.

    Returns:
        `records.TRADE`, shape (n_trades,).
    """
    found = sorted(closed, key=lambda trade: trade.exit_bar)
    out = np.zeros(len(found), dtype=TRADE)
    for name in ("entry_bar", "exit_bar", "direction", "exit_reason", "units", "entry_price", "exit_price",
                 "gross_profit", "commission", "swap"):  # fmt: skip
        out[name] = [getattr(trade, name) for trade in found]
    times = data.bars.open_time_ns
    out["entry_time_ns"], out["exit_time_ns"] = times[out["entry_bar"]], times[out["exit_bar"]]
    out["net_profit"] = out["gross_profit"] - out["commission"] + out["swap"]
    out["balance"] = account.capital + np.cumsum(out["net_profit"])
    add_excursions(out, data)
    return out


def equity_from_trades(trades: npt.NDArray[np.void], data: ExecutionData, capital: float) -> Floats:
    """Equity at each bar's close that follows from closed trades, for a program that reports no equity of its own.

    A position is valued at the bid (long) or ask (short) from the close of its entry's bar to the close before its
    exit's bar; commission and swap are booked at the exit.

    Args:
        trades: `records.TRADE`.
        data: their execution bars.
        capital: account currency.

    Returns:
        Account currency, shape (n_bars,).
    """
    change = np.zeros(data.n_bars)
    np.add.at(change, trades["exit_bar"], trades["net_profit"])
    equity: Floats = capital + np.cumsum(change)
    for trade in trades:
        held = slice(int(trade["entry_bar"]), int(trade["exit_bar"]))
        side, entry, units = int(trade["direction"]), float(trade["entry_price"]), float(trade["units"])
        price = (data.bid if side > 0 else data.ask)[3][held]
        if data.conversion == CONVERT_OWN_PRICE:
            equity[held] += (1.0 - entry / price) * side * units
        else:
            rate = data.rates[held] if data.conversion == CONVERT_RATES else data.rate
            equity[held] += (price - entry) * side * units * rate
    return equity


class SeenBars:
    """The bars that a strategy sees, against the execution bars: for programs that trade on the bars they see.

    Attributes:
        n_warm: bars before the first traded one; what is decided at the close of the last of them is carried out.
        inside: for each execution bar, the seen bar that it lies in, shape (n_bars,).
        ask_minus_bid: open, high, low and close of each seen bar at the ask, minus those at the bid, each of shape
            (n_seen,); zero for bars before the first traded one.
    """

    def __init__(self, request: RunRequest) -> None:
        self._starts, self._data = request.starts, request.data
        n, n_seen = request.data.n_bars, len(request.seen)
        self.n_warm = int(np.searchsorted(request.starts, 0))
        inside = np.searchsorted(request.starts, np.arange(n), side="right") - 1
        self.inside: Ints = np.maximum(inside, 0)
        self.ask_minus_bid: tuple[Floats, ...] = tuple(np.zeros(n_seen) for _ in range(4))
        if request.data.has_spread:
            first = np.flatnonzero(np.diff(self.inside, prepend=-1))
            last = np.append(first[1:], n) - 1
            seen = self.inside[first]
            bid, ask = request.data.bid, request.data.ask
            found = (
                ask[0][first] - bid[0][first],
                np.maximum.reduceat(ask[1], first) - np.maximum.reduceat(bid[1], first),
                np.minimum.reduceat(ask[2], first) - np.minimum.reduceat(bid[2], first),
                ask[3][last] - bid[3][last],
            )
            for out, values in zip(self.ask_minus_bid, found, strict=True):
                out[seen] = values

    def first_of(self, seen: int) -> int:
        """The first execution bar of a seen bar, at least 0."""
        return min(max(int(self._starts[seen]), 0), self._data.n_bars - 1)

    def last_of(self, seen: int) -> int:
        """The last execution bar of a seen bar."""
        end = int(self._starts[seen + 1]) if seen + 1 < len(self._starts) else self._data.n_bars
        return min(max(end - 1, self.first_of(seen)), self._data.n_bars - 1)

    def reached(self, seen: int, price: float, *, is_buy: bool) -> int:
        """The first execution bar of a seen bar whose range holds a price, or its last where none does.

        Args:
            seen: the seen bar.
            price: of a fill inside it, quote currency.
            is_buy: whether it was filled at the ask.
        """
        first, last = self.first_of(seen), self.last_of(seen)
        _, high, low, _ = self._data.ask if is_buy else self._data.bid
        part = slice(first, last + 1)
        at = np.flatnonzero((low[part] <= price) & (price <= high[part]))
        return first + int(at[0]) if at.size else last
