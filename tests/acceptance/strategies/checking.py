"""Looks at trades without the engine: what the user's rule says, worked out again from the bars in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

STOP, TARGET = 1, 2
TICK = 6e-8
"""Levels are rounded to two digits more than the price has: 1e-7 for EURUSD."""
HOUR_NS = 3_600_000_000_000


class Hours:
    """Bars as plain lists.

    Args:
        bars: bars of EURUSD, without a spread.
    """

    def __init__(self, bars):
        self.open, self.high, self.low, self.close = (
            values.tolist() for values in (bars.open, bars.high, bars.low, bars.close)
        )
        self.time = bars.open_time_ns.tolist()
        self.n = len(self.open)

    def local(self, i, zone):
        """Wall clock of a bar's open."""
        return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=self.time[i] // 10**9)).astimezone(ZoneInfo(zone))

    def trading_day(self, i):
        """Date on which the bar's trading day ends: at 17:00 in New York."""
        return (self.local(i, "America/New_York").replace(tzinfo=None) + timedelta(hours=7)).date()

    def mean(self, i, n):
        """Average of the last n closes at bar i."""
        return sum(self.close[i - n + 1 : i + 1]) / n if i >= n - 1 else float("nan")

    def highest(self, i, n):
        """Highest high of the n bars up to bar i."""
        return max(self.high[i - n + 1 : i + 1]) if i >= n - 1 else float("nan")

    def lowest(self, i, n):
        """Lowest low of the n bars up to bar i."""
        return min(self.low[i - n + 1 : i + 1]) if i >= n - 1 else float("nan")

    def ranges(self, n):
        """Wilder's average true range: the mean of the first n true ranges, then n - 1 parts old and one part new."""
        made, average = [float("nan")] * self.n, 0.0
        for i in range(1, self.n):
            before = self.close[i - 1]
            true = max(self.high[i], before) - min(self.low[i], before)
            if i <= n:
                average += true / n
            else:
                average = (average * (n - 1) + true) / n
            if i >= n:
                made[i] = average
        return made

    def rsi(self, n):
        """Wilder's relative strength index."""
        made, up, down = [float("nan")] * self.n, 0.0, 0.0
        for i in range(1, self.n):
            change = self.close[i] - self.close[i - 1]
            gain, loss = max(change, 0.0), max(-change, 0.0)
            if i <= n:
                up, down = up + gain / n, down + loss / n
            else:
                up, down = (up * (n - 1) + gain) / n, (down * (n - 1) + loss) / n
            if i >= n:
                made[i] = 100.0 * up / (up + down)
        return made

    def exponential(self, n):
        """Exponential average that begins with the mean of the first n closes."""
        made = [float("nan")] * self.n
        made[n - 1] = sum(self.close[:n]) / n
        for i in range(n, self.n):
            made[i] = made[i - 1] + (self.close[i] - made[i - 1]) * 2.0 / (n + 1)
        return made


class Trade:
    """A row of `result.trades` with plain numbers."""

    def __init__(self, row):
        for name in row.dtype.names:
            setattr(self, name, row[name].item())


def trades_of(result):
    """The trades of a result."""
    return [Trade(row) for row in result.trades]


def by_entry(trades):
    """Trades of one entry bar, by that bar."""
    found = defaultdict(list)
    for t in trades:
        found[t.entry_bar].append(t)
    return found


def fills_stop(hours, t, level):
    """Whether a trade left at its stop: at the level, or at an open beyond it."""
    begin = t.entry_price if t.exit_bar == t.entry_bar else hours.open[t.exit_bar]
    at = min(level, begin) if t.direction > 0 else max(level, begin)
    return abs(t.exit_price - at) < TICK


def fills_target(hours, t, level):
    """Whether a trade left at its target: at the level, or at an open beyond it."""
    begin = t.entry_price if t.exit_bar == t.entry_bar else hours.open[t.exit_bar]
    at = max(level, begin) if t.direction > 0 else min(level, begin)
    return abs(t.exit_price - at) < TICK


def stays_between(hours, t, stop, target, first):
    """Whether no bar from `first` until the one before the exit touched a level that would have ended the trade."""
    for i in range(first, t.exit_bar):
        if t.direction > 0 and not (hours.low[i] > stop - TICK and hours.high[i] < target + TICK):
            return False
        if t.direction < 0 and not (hours.high[i] < stop + TICK and hours.low[i] > target - TICK):
            return False
    return True


def brackets(hours, t, stop, target, first=None):
    """Whether a trade ended where its stop or target says, or at the data's end, and not later than that."""
    if t.exit_reason == STOP and not fills_stop(hours, t, stop):
        return False
    if t.exit_reason == TARGET and not fills_target(hours, t, target):
        return False
    return stays_between(hours, t, stop, target, t.entry_bar if first is None else first)


def most_open(trades):
    """How many positions were open at once, at most; one that ends in a bar counts in it."""
    return max(sum(u.entry_bar <= t.entry_bar <= u.exit_bar for u in trades) for t in trades)


def equity_of(hours, trades, capital):
    """Balance and open profit at each close, of trades without costs in the account's currency."""
    equity = np.full(hours.n, float(capital))
    for t in trades:
        held = np.array(hours.close[t.entry_bar : t.exit_bar])
        equity[t.entry_bar : t.exit_bar] += t.direction * t.units * (held - t.entry_price)
        equity[t.exit_bar :] += t.net_profit
    return equity.tolist()
