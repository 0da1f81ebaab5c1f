"""A backtest's trades by side, and how much of the market its account held."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
import numpy.typing as npt

SideName = Literal["all", "long", "short"]


@dataclass(frozen=True)
class Side:
    """The trades of one side, or of both.

    Attributes:
        side: all, long or short.
        n_trades: closed trades.
        win_rate: trades with a net profit above zero, percent; NaN without a trade.
        net_profit: sum of net profits, account currency.
        profit_factor: gross profit / gross loss, from net profits; NaN without a losing trade.
        expectancy: net profit a trade, account currency; NaN without a trade.
        average_win: mean of the winning trades, account currency; NaN without one.
        average_loss: mean of the losing trades (negative), account currency; NaN without one.
        largest_win: account currency; NaN without a winning trade.
        largest_loss: account currency, negative; NaN without a losing trade.
        average_bars_held: mean of the exit's bar less the entry's bar; NaN without a trade.
        commission: paid, account currency.
        swap: credited (+) or charged (-), account currency.
    """

    side: SideName
    n_trades: int
    win_rate: float
    net_profit: float
    profit_factor: float
    expectancy: float
    average_win: float
    average_loss: float
    largest_win: float
    largest_loss: float
    average_bars_held: float
    commission: float
    swap: float


def sides_of(trades: npt.NDArray[np.void]) -> tuple[Side, Side, Side]:
    """All trades, the long and the short ones.

    Args:
        trades: closed trades, dtype `engine.records.TRADE`, shape (n,).
    """
    long = trades["direction"] > 0
    return _side("all", trades), _side("long", trades[long]), _side("short", trades[~long])


def _side(name: SideName, trades: npt.NDArray[np.void]) -> Side:
    n = int(trades.size)
    net = trades["net_profit"].astype(np.float64)
    cents = np.round(net, 2)  # what nets less than half a cent neither won nor lost
    wins, losses = net[cents > 0.0], net[cents < 0.0]
    held = (trades["exit_bar"] - trades["entry_bar"]).astype(np.float64)
    return Side(
        side=name,
        n_trades=n,
        win_rate=100.0 * wins.size / n if n else nan,
        net_profit=float(net.sum()),
        profit_factor=float(wins.sum() / -losses.sum()) if losses.size else nan,
        expectancy=float(net.mean()) if n else nan,
        average_win=float(wins.mean()) if wins.size else nan,
        average_loss=float(losses.mean()) if losses.size else nan,
        largest_win=float(wins.max()) if wins.size else nan,
        largest_loss=float(losses.min()) if losses.size else nan,
        average_bars_held=float(held.mean()) if n else nan,
        commission=float(trades["commission"].sum()),
        swap=float(trades["swap"].sum()),
    )


def money_exposure(trades: npt.NDArray[np.void], n_bars: int, capital: float, rate: float | None) -> float:
    """Mean value of the open positions over all bars, percent of the capital; NaN where it has no account currency.

    A position counts with its value at the entry for each bar from its entry to its exit, at least one; those still
    open at the end are not among the trades and do not count.

    Args:
        trades: closed trades, dtype `engine.records.TRADE`, shape (n,).
        n_bars: execution bars, at least 1.
        capital: starting balance, account currency, above 0.
        rate: account currency for one unit of quote currency; 0 where the account is in the base currency, whose units
            are the value; None where it is not one rate, as of trades of several symbols.
    """
    if rate is None or "symbol" in (trades.dtype.names or ()):
        return nan
    units = trades["units"].astype(np.float64)
    value = units if rate == 0.0 else units * trades["entry_price"] * rate
    bars = np.maximum(trades["exit_bar"] - trades["entry_bar"], 1)
    return float(100.0 * (value * bars).sum() / n_bars / capital)
