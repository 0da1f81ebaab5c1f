"""Compiled: how far the closes of a stretch of bars reach, and the equity with them, without a look at every bar."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit

SHORT_BITS, APART_BITS = 5, 3
SHORT, LONG = 1 << SHORT_BITS, 1 << (SHORT_BITS + APART_BITS)
"""Bars whose closes are summarised together, and so many that a long stretch costs little."""

CONVERT_OWN_PRICE, CONVERT_RATES = 2, 3

_OUTWARD = 1.2e-7
"""Twice the rounding of a 32-bit number, as a part of it."""


@njit
def reach_of_closes(bid, by_block, by_wide):
    """How far closes reach: lowest and highest, as 32-bit numbers that are rounded outward.

    Args:
        bid: closes at the bid, shape (n_bars,).
        by_block: out, of every `SHORT` bars, the last of which may be fewer, shape (ceil(n_bars / SHORT), 2).
        by_wide: out, of every `LONG` bars, shape (ceil(n_bars / LONG), 2).
    """
    n = bid.shape[0]
    for b in range(by_block.shape[0]):
        low, high = np.inf, -np.inf
        for t in range(b * SHORT, min((b + 1) * SHORT, n)):
            low, high = min(low, bid[t]), max(high, bid[t])
        by_block[b, 0], by_block[b, 1] = low - _OUTWARD * abs(low), high + _OUTWARD * abs(high)
    for w in range(by_wide.shape[0]):
        by_wide[w, 0], by_wide[w, 1] = np.inf, -np.inf
        for b in range(w << APART_BITS, min((w + 1) << APART_BITS, by_block.shape[0])):
            by_wide[w, 0] = min(by_wide[w, 0], by_block[b, 0])
            by_wide[w, 1] = max(by_wide[w, 1], by_block[b, 1])


@njit
def market_bounds(bid, ask, rate, rates, size, out):
    """Bounds of the spread and of the rate in blocks of `size` bars; the last one may be cut.

    Args:
        bid: closes at the bid, shape (n_bars,).
        ask: at the ask.
        rate: quote currency to account currency, where it is fixed.
        rates: rate of each bar, or empty.
        size: bars of a block.
        out: out, smallest and largest ask minus bid, price units, lowest and highest rate, shape (n_blocks, 4).
    """
    for b in range(out.shape[0]):
        least, most, slow, fast = np.inf, -np.inf, rate, rate
        if rates.shape[0] > 0:
            slow, fast = np.inf, -np.inf
        for t in range(b * size, min((b + 1) * size, bid.shape[0])):
            gap = ask[t] - bid[t]
            least, most = min(least, gap), max(most, gap)
            if rates.shape[0] > 0:
                slow, fast = min(slow, rates[t]), max(fast, rates[t])
        out[b, 0], out[b, 1], out[b, 2], out[b, 3] = least, most, slow, fast


@njit
def stretch_reach(by_block, by_wide, first, last):
    """Lowest and highest close of these blocks."""
    low, high, b = np.inf, -np.inf, first
    while b <= last:
        if b & ((1 << APART_BITS) - 1) == 0 and b + (1 << APART_BITS) <= last:
            w = b >> APART_BITS
            low, high = min(low, by_wide[w, 0]), max(high, by_wide[w, 1])
            b += 1 << APART_BITS
        else:
            low, high = min(low, by_block[b, 0]), max(high, by_block[b, 1])
            b += 1
    return low, high


@njit
def stretch_market(market, first_block, last_block):
    """`market_bounds` over these blocks; a table of one row holds for all of them."""
    if market.shape[0] == 1:
        return market[0, 0], market[0, 1], market[0, 2], market[0, 3]
    least, most, slow, fast = np.inf, -np.inf, np.inf, -np.inf
    for b in range(first_block, last_block + 1):
        least, most = min(least, market[b, 0]), max(most, market[b, 1])
        slow, fast = min(slow, market[b, 2]), max(fast, market[b, 3])
    return least, most, slow, fast


@njit
def equity_bounds(own_price, base, long_units, bought, short_units, sold, low, high, least, most, slow, fast):
    """Highest and lowest equity, but for rounding, that such closes allow, account currency.

    Args:
        own_price: whether profits are divided by the symbol's own price.
        base: what does not depend on prices.
        long_units: size of what is long.
        bought: what it cost, quote currency.
        short_units: size of what is short.
        sold: what it was sold for.
        low: lowest bid.
        high: highest.
        least: smallest distance between the sides.
        most: largest.
        slow: lowest rate of the quote currency.
        fast: highest.
    """
    if own_price:
        # Units minus cost over price rise with the price, unless it passes zero or swaps have made the cost a credit.
        if low <= 0.0 or low + least <= 0.0 or bought < 0.0 or sold < 0.0:
            return np.inf, -np.inf
        above = below = base
        if long_units != 0.0:
            above += (long_units * high - bought) / high
            below += (long_units * low - bought) / low
        if short_units != 0.0:
            above += (sold - short_units * (low + least)) / (low + least)
            below += (sold - short_units * (high + most)) / (high + most)
        return above, below
    # What is long and what is short moves together: only their difference is at the market's mercy.
    both, fixed = long_units - short_units, sold - bought
    up, down = (high, low) if both > 0.0 else (low, high)
    best = both * up - short_units * least + fixed
    worst = both * down - short_units * most + fixed
    return base + best * (fast if best > 0.0 else slow), base + worst * (slow if worst > 0.0 else fast)
