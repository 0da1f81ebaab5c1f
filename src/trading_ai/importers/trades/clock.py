"""Which clock wrote a report's times: stated, named, or told by the bars in which the trades' prices lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.importers.trades.found import FoundTrades
from trading_ai.market.bars import Bars
from trading_ai.market.timeframe import NS_PER_SECOND
from trading_ai.market.timezone_detection import CANDIDATES
from trading_ai.market.timezones import Zone, parse_timezone, to_utc, utc_offsets

Ints = npt.NDArray[np.int64]

_SPREADS_PIPS = 2.0
"""How far beyond a bar's range of bid prices a fill may lie: a spread."""

_ENOUGH = 0.8
"""Share of prices inside the bars from which on a clock is believed."""

_LEAST = 3
"""Trades below which bars tell nothing."""

_HOUR = 3600 * NS_PER_SECOND


@dataclass(frozen=True)
class TradeClock:
    """The clock taken and why.

    Attributes:
        zone: the clock.
        how: how it was decided, a sentence.
        inside: share of fills whose price lies in the bar of their time, 0 to 1; NaN where no bars are at hand.
        n_fills: entries and exits within the bars' time.
        equals: other clocks that the bars explain as well.
        doubt: what speaks against it, or "".
    """

    zone: Zone
    how: str
    inside: float = float("nan")
    n_fills: int = 0
    equals: tuple[str, ...] = ()
    doubt: str = ""


def decide_clock(found: FoundTrades, stated: str | None, bars: Bars | None) -> TradeClock:
    """The clock of a report's times.

    A stated clock is taken, then UTC of times that carry it, then the one that the report names, then the one on
    which most prices lie in their bars; UTC is assumed where nothing tells.

    Args:
        found: the report.
        stated: what the user says, or None.
        bars: bars of the trades' symbol, or None.
    """
    known = parse_timezone(stated) if stated else parse_timezone("UTC") if found.aware else None
    how = "stated" if stated else found.clock_how
    if known is None and found.clock:
        known = parse_timezone(found.clock)
    shares = {} if bars is None else _shares(found, bars, known)
    best = max(shares, key=lambda name: shares[name][0], default=None)  # the first of equals
    if known is not None:
        inside, n_fills = shares.get(known.name, (float("nan"), 0))
        doubt = ""
        if best is not None and shares[best][0] > inside + 0.1 and shares[best][0] >= _ENOUGH and n_fills >= 2 * _LEAST:
            doubt = (
                f"only {inside:.0%} of {n_fills:,} fills lie in the bars of their times, but {shares[best][0]:.0%} on "
                f"the clock {best}: import again with timezone {best} if that is right"
            )
        elif n_fills >= 2 * _LEAST and inside < 0.5:
            doubt = (
                f"only {inside:.0%} of {n_fills:,} fills lie in the bars of their times, and no other clock explains "
                "them: are the bars of this symbol, and the report's times true? It cannot be replayed faithfully"
            )
        return TradeClock(known, how, inside, n_fills, (), doubt)
    if best is None or shares[best][1] < 2 * _LEAST:
        return TradeClock(
            parse_timezone("UTC"), f"assumed, for the times are on {found.clock_how or 'a clock that is not named'}",
            doubt="UTC is assumed for the times, which may be wrong by hours: state timezone, or name a dataset",
        )  # fmt: skip
    inside, n_fills = shares[best]
    if inside < _ENOUGH:
        return TradeClock(
            parse_timezone("UTC"), f"assumed: on no clock more than {inside:.0%} of {n_fills:,} fills lie in the bars",
            *shares["UTC"], doubt="the bars explain no clock: are they of this symbol and these years? UTC is assumed",
        )  # fmt: skip
    equals = tuple(name for name, (share, _) in shares.items() if name != best and share == inside)
    return TradeClock(
        parse_timezone(best), f"detected: {inside:.0%} of {n_fills:,} fills lie in the bars of their times", inside,
        n_fills, equals,
    )  # fmt: skip


def _shares(found: FoundTrades, bars: Bars, known: Zone | None) -> dict[str, tuple[float, int]]:
    """Share of fills inside of their bars, and the number of fills within the bars' time, by clock."""
    trades = found.trades
    if not len(trades) or not len(bars):
        return {}
    local = np.concatenate([trades["entry_time_ns"], trades["exit_time_ns"]])
    prices = np.concatenate([trades["entry_price"], trades["exit_price"]])
    names = list(CANDIDATES)
    if known is not None:
        names = [known.name, *(name for name in names if name != known.name and not found.aware)]
    room = _SPREADS_PIPS * bars.symbol.pip_size
    first, last = int(bars.open_time_ns[0]), int(bars.open_time_ns[-1]) + bars.timeframe.ns
    # The same fills for every clock, so that shares compare.
    covered = (local >= first + 15 * _HOUR) & (local < last - 15 * _HOUR)
    n = int(covered.sum())
    if not n:
        return {}
    found_shares = {}
    for name in names:
        zone = known if known is not None and name == known.name else parse_timezone(name)
        utc = to_utc(zone, local[covered], check=False)
        at = np.searchsorted(bars.open_time_ns, utc, side="right") - 1
        inside = (at >= 0) & (utc < bars.open_time_ns[at] + bars.timeframe.ns)
        inside &= (prices[covered] >= bars.low[at] - room) & (prices[covered] <= bars.high[at] + room)
        found_shares[name] = (float(inside.mean()), n)
    return found_shares


def times_in_utc(found: FoundTrades, zone: Zone) -> tuple[Ints, Ints]:
    """Entries' and exits' times in UTC, each of shape (n_trades,).

    An hour that the clock shows twice is taken for its first pass, but where an exit would then stand before its entry.

    Raises:
        DataError: the clock never shows a time, or a trade ends before it begins.
    """
    trades = found.trades
    local = np.concatenate([trades["entry_time_ns"], trades["exit_time_ns"]])
    if found.aware or not len(local):
        utc = local.copy()
    else:
        unique, inverse = np.unique(local, return_inverse=True)
        utc = to_utc(zone, unique)[inverse]
    entries, exits = utc[: len(trades)], utc[len(trades) :]
    if not found.aware and zone.base:
        repeated = utc_offsets(zone, exits) != utc_offsets(zone, exits + _HOUR)  # the clock goes back within the hour
        exits = np.where((exits < entries) & repeated, exits + _HOUR, exits)
    wrong = np.flatnonzero(exits < entries)
    if len(wrong):
        row = int(trades["row"][wrong[0]])
        raise found.document.refuse(
            "ends before it begins", row=row if found.document.lines else None, parameter="exit_time",
            value=_shown(int(trades["exit_time_ns"][wrong[0]])),
            remedy=f"It begins at {_shown(int(trades['entry_time_ns'][wrong[0]]))}; correct the row",
        )  # fmt: skip
    return entries, exits


def _shown(time_ns: int) -> str:
    return str(np.datetime64(time_ns, "ns").astype("datetime64[s]")).replace("T", " ")
