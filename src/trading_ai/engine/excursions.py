"""How far each trade was under water and how far ahead: maximum adverse and favourable excursion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled.valuations import widen
from trading_ai.engine.execution_data import CONVERT_OWN_PRICE, CONVERT_RATES, ExecutionData
from trading_ai.engine.records import END_OF_DATA

Floats = npt.NDArray[np.float64]


def add_excursions(trades: npt.NDArray[np.void], data: ExecutionData) -> None:
    """Fill ``mae`` and ``mfe`` of closed trades.

    Both are price profits in account currency, without commission and swap, at the rate of the exit: the worst and the
    best that the position was worth on the side that it leaves at, from its entry to its exit. Every bar from the
    entry's on counts with its high and low. The exit's own bar does not, because nobody knows what of it came before
    the exit: the exit's price counts instead. A position that is closed at the end of the data was held through its
    last bar, which counts.

    Args:
        trades: dtype `records.TRADE`, shape (n,); changed in place.
        data: the bars that they were made on.
    """
    if not trades.size:
        return
    first = trades["entry_bar"]
    end = trades["exit_bar"] + (trades["exit_reason"] == END_OF_DATA)
    side, exit_price = trades["direction"].astype(np.float64), trades["exit_price"]
    low, high = exit_price.copy(), exit_price.copy()
    for direction, (_, highs, lows, _) in ((1, data.bid), (-1, data.ask)):
        held = (trades["direction"] == direction) & (end > first)
        if held.any():
            lowest, highest = low[held], high[held]
            widen(first[held], end[held], lows, highs, lowest, highest)
            low[held], high[held] = lowest, highest
    long = side > 0.0
    trades["mae"] = np.minimum(_profit(trades, np.where(long, low, high), data), 0.0)
    trades["mfe"] = np.maximum(_profit(trades, np.where(long, high, low), data), 0.0)


def _profit(trades: npt.NDArray[np.void], price: Floats, data: ExecutionData) -> Floats:
    entry, size = trades["entry_price"], trades["direction"] * trades["units"]
    if data.conversion == CONVERT_OWN_PRICE:
        profit: Floats = (1.0 - entry / price) * size
    else:
        rate = data.rates[trades["exit_bar"]] if data.conversion == CONVERT_RATES else data.rate
        profit = (price - entry) * size * rate
    return profit
