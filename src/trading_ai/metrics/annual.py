"""How long an account traded, in calendar years, and how many of its periods make a year."""

from __future__ import annotations

from dataclasses import dataclass

from trading_ai.market.bars import Bars
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe

SECONDS_PER_YEAR = 365.2425 * 86_400
"""A calendar year, leap years included."""

_CUSTOMARY = (365.0, 252.0, 52.0, 12.0)
_NEAR = 0.1
_SHORT_DAYS = 60
_DAYS_OF_A_MONTH = 28


@dataclass(frozen=True)
class Years:
    """What annual figures are made from.

    Attributes:
        years: calendar time from the first bar's open to the last bar's close, years, above 0.
        periods_per_year: periods that make a year: trading days, or the bars themselves where they are longer.
    """

    years: float
    periods_per_year: float


def years_between(first_ns: int, end_ns: int) -> float:
    """Calendar years from one moment to a later one, nanoseconds since 1970."""
    return (end_ns - first_ns) / NS_PER_SECOND / SECONDS_PER_YEAR


def periods_per_year(n_periods: int, years: float, timeframe: Timeframe, by_market: float) -> float:
    """Periods that make a year, by the data itself.

    Returns are counted a trading day, or a bar where bars are longer than a day. A market's custom (252 days, 365 where
    weekends trade, 52 weeks, 12 months) is used where the data agrees with it within a tenth; otherwise, as with daily
    bars that have a stub on every Sunday (313 a year), what the data has: a year's mean and variance are the same
    however it is cut. Less than 60 days of data cannot say: the timeframe and the symbol do.

    Args:
        n_periods: trading days that have bars, or bars where they are longer.
        years: calendar years that they cover, above 0.
        timeframe: of the bars.
        by_market: trading days a year of the symbol.
    """
    if timeframe.seconds >= _DAYS_OF_A_MONTH * 86_400:
        by_market = float(max(round(SECONDS_PER_YEAR / timeframe.seconds), 1))  # a month has no one length
    elif timeframe.seconds > 86_400:
        by_market = float(SECONDS_PER_YEAR // timeframe.seconds)  # 52 whole weeks
    if years * SECONDS_PER_YEAR < _SHORT_DAYS * 86_400:
        return by_market
    seen = n_periods / years
    for custom in (by_market, *_CUSTOMARY):
        if abs(seen / custom - 1.0) <= _NEAR:
            return custom
    return seen


def years_of(bars: Bars, n_periods: int) -> Years:
    """What annual figures of these bars are made from.

    Args:
        bars: bars that are traded, at least one.
        n_periods: trading days that have bars, or bars where they are longer.
    """
    years = years_between(int(bars.open_time_ns[0]), int(bars.open_time_ns[-1]) + bars.timeframe.ns)
    return Years(years, periods_per_year(n_periods, years, bars.timeframe, float(bars.symbol.days_per_year)))
