"""The bars that a strategy sees, one set or one for each searched timeframe, on the same execution bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading_ai.engine.orders import SAME_BARS, BarMap, map_bars
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample


@dataclass(frozen=True, eq=False)
class SignalBars:
    """Bars that a strategy sees.

    Attributes:
        bars: the bars.
        every: where each starts among all execution bars.
        traded: the same among those from the first traded one on.
    """

    bars: Bars
    every: BarMap
    traded: BarMap


def signal_bars(
    bars: Bars, detail: Bars | None, first: int, timeframe: str | None = None, day_start: str | None = None
) -> SignalBars:
    """Put the bars that a strategy sees onto the execution bars.

    Args:
        bars: bars of the strategy, or those that its bars are made of.
        detail: finer bars on which fills and exits happen; None for `bars` themselves.
        first: the first execution bar that is traded.
        timeframe: timeframe that the strategy sees; None for that of `bars`.
        day_start: when the day starts that bars of H2 and longer lie in; None for the symbol's own.

    Raises:
        DataError: the timeframe is unknown, shorter than the bars' or not a multiple of it.
        RuleError: the finer bars do not cover the strategy's.
    """
    seen = bars if timeframe is None else resample(bars, timeframe, day_start=day_start)
    execution = bars if detail is None else detail
    if seen is execution:
        return SignalBars(seen, SAME_BARS, SAME_BARS)
    if timeframe is not None:  # a bar that opens after the last execution bar could not be traded
        n = int(np.searchsorted(seen.open_time_ns, execution.open_time_ns[-1], side="right"))
        seen = seen if n == len(seen) else seen.slice(0, n)
    every = map_bars(seen, execution)
    return SignalBars(seen, every, every.since(first))
