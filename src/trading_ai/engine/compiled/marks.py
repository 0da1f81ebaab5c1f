"""Compiled: the equity of one open position at many closes, for drawdowns that honour every bar."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.blocks import BLOCK
from trading_ai.engine.compiled.bookkeeping import swap_credit

NEARLY = 1.0 - 1e-12
"""Divide to find a larger fraction only where there may be one; the margin covers rounding."""


@njit
def profit_of(own_price, side, units, entry, price, rate):
    """Price profit; the expressions of `bookkeeping.price_profit`, without arrays."""
    if own_price:
        return (1.0 - entry / price) * side * units
    return (price - entry) * side * units * rate


@njit
def scan_marks(
    first, stop, close, blocks, own_price, side, units, entry, rate, balance, peak, peak_bar, drop, fraction,
    longest, time_ns,
):  # fmt: skip
    """Value a position at every close from `first` to `stop` - 1 where a new equity high lies among them.

    Blocks of bars without a new high are answered by their extremes.

    Returns:
        Equity high, its bar, largest drawdown (money, fraction), longest time between two highs (ns).
    """
    t = first
    while t < stop:
        if t & (BLOCK - 1) == 0 and t + BLOCK <= stop:
            # Profit is monotone in the price, so the extreme closes of a block are where its extreme equities are.
            b = t // BLOCK
            low, high = blocks[b, 2], blocks[b, 3]
            best = high if side > 0.0 else low
            worst = low if side > 0.0 else high
            if balance + profit_of(own_price, side, units, entry, best, rate) < peak:
                fall = peak - (balance + profit_of(own_price, side, units, entry, worst, rate))
                drop = max(drop, fall)
                if fall > fraction * peak * NEARLY:
                    fraction = max(fraction, fall / peak)
                t += BLOCK
                continue
        equity = balance + profit_of(own_price, side, units, entry, close[t], rate)
        if equity >= peak:
            if t - peak_bar > 1:
                longest = max(longest, float(time_ns[t] - time_ns[peak_bar]))
            peak = equity
            peak_bar = t
        else:
            fall = peak - equity
            drop = max(drop, fall)
            if fall > fraction * peak * NEARLY:
                fraction = max(fraction, fall / peak)
        t += 1
    return peak, peak_bar, drop, fraction, longest


@njit
def scan_marks_slowly(
    config, first, stop, close, nights, rates, own_price, side, units, entry, balance, peak, peak_bar, drop,
    fraction, longest, time_ns,
):  # fmt: skip
    """`scan_marks` where swap or a conversion rate changes from bar to bar; also returns the lowest equity."""
    lowest = balance
    for t in range(first, stop):
        rate = rates[t] if config[a.CONVERSION] == 3.0 else config[a.RATE]
        price = close[t]
        equity = balance + (
            profit_of(own_price, side, units, entry, price, rate)
            + swap_credit(config, side, units, nights, rates, first, t, price)
        )
        lowest = min(lowest, equity)
        if equity >= peak:
            if t - peak_bar > 1:
                longest = max(longest, float(time_ns[t] - time_ns[peak_bar]))
            peak = equity
            peak_bar = t
        else:
            drop = max(drop, peak - equity)
            fraction = max(fraction, (peak - equity) / peak)
    return peak, peak_bar, drop, fraction, longest, lowest
