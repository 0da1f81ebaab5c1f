"""Longer bars as a strategy sees them are finished: over changes of daylight saving, holidays and any missing bars.

What is finished is said here from the definition, by the wall clock of `zoneinfo`: it knows nothing of how bars are
joined.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe

HOUR_NS = 3_600_000_000_000
# Clocks that change on different dates, or never, and rollovers at other hours of them.
MARKETS = [
    ("17:00", "America/New_York"), ("00:00", "Europe/London"), ("17:00", "America/Chicago"),
    ("07:00", "Australia/Sydney"), ("09:00", "Asia/Tokyo"), ("00:00", "UTC"),
]  # fmt: skip
# Days within the week before a change of one of these clocks, in either direction; a quiet week, and Christmas.
BEGINS = [
    date(2021, 3, 8), date(2021, 3, 22), date(2021, 3, 30), date(2021, 9, 27), date(2021, 10, 25), date(2021, 11, 1),
    date(2021, 7, 5), date(2020, 12, 21),
]  # fmt: skip


@cache
def part_of(ns, hours, market):
    """The longer bar that a moment lies in: its trading day, and which so many hours of that day on the wall clock."""
    rollover, zone = market
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=ns // 1000)
    if hours == 1:  # an hour of its own also where the clock shows it twice
        return moment.date(), moment.hour
    wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    since = wall - timedelta(hours=int(rollover[:2]), minutes=int(rollover[3:]))
    return since.date(), since.hour // hours


@st.composite
def traded(draw):
    """Bars of a market that may rest at weekends, with holidays, early closes and holes."""
    market = draw(st.sampled_from(MARKETS))
    frame = timeframe(draw(st.sampled_from(["M15", "M30", "H1"])))
    begin = int(datetime.combine(draw(st.sampled_from(BEGINS)), datetime.min.time(), UTC).timestamp()) * 10**9
    n = 8 * 24 * HOUR_NS // frame.ns
    times = begin + np.arange(n) * frame.ns
    kept = np.ones(n, dtype=bool)
    if draw(st.booleans()):
        kept = (times // (24 * HOUR_NS) + 3) % 7 < 5  # 1970-01-01 was a Thursday
    for _ in range(draw(st.integers(0, 4))):
        first, length = draw(st.integers(0, n - 1)), draw(st.integers(1, 40 * HOUR_NS // frame.ns))
        kept[first : first + length] = False
    kept[0] = True
    times = times[kept]
    prices = 1.0 + np.arange(len(times)) / 1024.0
    own = replace(symbol("EURUSD"), rollover=market[0], rollover_timezone=market[1])
    return Bars(own, frame, times, prices, prices, prices, prices), market


@given(traded(), st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]))
@settings(max_examples=examples(60))
def test_no_bar_that_still_forms_is_seen(made, hours):
    bars, market = made
    seen = bars.at(f"H{hours}" if hours < 24 else "D1")
    closes = seen.to_bars(seen.bars.close).tolist()
    known = 0
    parts = [part_of(t, hours, market) for t in bars.open_time_ns.tolist()]
    for i, t in enumerate(bars.open_time_ns.tolist()):
        now = part_of(t + bars.timeframe.ns, hours, market)  # which the moment of the close lies in
        while known < len(parts) and known <= i and parts[known] < now:
            known += 1
        assert closes[i] == bars.close[known - 1] if known else np.isnan(closes[i])
