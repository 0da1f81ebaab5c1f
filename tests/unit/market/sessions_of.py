"""Bars in the sessions of an exchange, by its calendar."""

from __future__ import annotations

import numpy as np

from trading_ai.market.exchange_sessions import NO_BREAK, sessions

MINUTE = 60 * 10**9


def ns(text: str) -> int:
    """UTC ns of a date or time."""
    return int(np.datetime64(text, "ns").astype(np.int64))


def session_bars(exchange: str, first: str, end: str, minutes: int) -> np.ndarray:
    """Opens (UTC ns) of bars in the sessions of an exchange; none in its lunch break."""
    found = sessions(exchange, ns(first), ns(end))
    parts = []
    for row in range(len(found.days)):
        if not ns(first) <= found.open_ns[row] < ns(end):
            continue
        times = np.arange(found.open_ns[row], found.close_ns[row], minutes * MINUTE)
        if found.break_start_ns[row] != NO_BREAK:
            times = times[(times < found.break_start_ns[row]) | (times >= found.break_end_ns[row])]
        parts.append(times)
    return np.concatenate(parts)
