"""Bars and costs made ready for the simulators: bid and ask arrays, trading days, swap nights, conversion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, nan
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from trading_ai._jit import njit
from trading_ai.engine.compiled.blocks import BLOCK, block_extremes
from trading_ai.engine.costs import Costs
from trading_ai.errors import RuleError
from trading_ai.market.bars import Bars, Floats
from trading_ai.market.calendar import NS_PER_DAY, day_opens, swap_nights, trading_day
from trading_ai.market.currency import smallest_amount

CONVERT_NONE, CONVERT_FIXED, CONVERT_OWN_PRICE, CONVERT_RATES = range(4)
"""Account currency is the quote currency; one fixed rate; 1 / own price; a rate for each bar."""

_KEPT = 4
"""Sets of costs for which one set of bars keeps what was made ready."""

_Prices = tuple[Floats, Floats, Floats, Floats]
_EMPTY = np.empty(0)
_EMPTY.flags.writeable = False


class Extremes(NamedTuple):
    """Bounds of the prices of some bars, over both sides, and of their conversion.

    Attributes:
        lowest: lowest price.
        highest: highest price.
        span: largest distance from a bar's low to its high, price units.
        swing: largest such distance as a fraction of the high, 0 to 1; infinite if a price is not above zero.
        rate: highest rate from quote to account currency; 1.0 where it follows from the price.
    """

    lowest: float
    highest: float
    span: float
    swing: float
    rate: float


@dataclass(frozen=True, eq=False)
class ExecutionData:
    """What both simulators read; every array is read-only.

    Attributes:
        bars: the execution bars.
        bid: open, high, low, close; each float64, shape (n,).
        ask: the same at the ask; the very same arrays as `bid` where there is no spread.
        has_spread: whether bid and ask differ.
        bar_day: ordinal of each bar's trading day, int64, shape (n,).
        day_last_bar: last bar of each trading day, int64, shape (n_days,).
        day_numbers: date of each trading day, days since 1970-01-01, int64, shape (n_days,).
        nights: cumulative swap nights, float64, shape (n,); empty where no swap is charged.
        conversion: how quote currency becomes account currency (CONVERT_*).
        rate: the fixed rate, 1.0 otherwise.
        rates: rate for each bar, shape (n,), or empty.
        price_scale: 10 ** (digits + 2); prices made by arithmetic are rounded to 1 / price_scale.
        bid_blocks: lowest low, highest high, lowest and highest close of every full `BLOCK` of bars at the bid.
        ask_blocks: likewise at the ask.
        close_before: bid and ask at the close of the bar before the first, NaN where the data begins.
        cent: smallest amount of the account's currency.
    """

    bars: Bars
    bid: tuple[Floats, Floats, Floats, Floats]
    ask: tuple[Floats, Floats, Floats, Floats]
    has_spread: bool
    bar_day: npt.NDArray[np.int64]
    day_last_bar: npt.NDArray[np.int64]
    day_numbers: npt.NDArray[np.int64]
    nights: Floats
    conversion: int
    rate: float
    rates: Floats
    price_scale: float
    bid_blocks: Floats
    ask_blocks: Floats
    close_before: tuple[float, float] = (nan, nan)
    cent: float = 0.01

    @property
    def n_bars(self) -> int:
        """Number of execution bars."""
        return len(self.bars)

    @cached_property
    def extremes(self) -> Extremes:
        """What bounds every price of the bars, see `Extremes`."""
        sides = (self.bid,) if self.ask[0] is self.bid[0] else (self.bid, self.ask)
        lowest = min(float(low.min()) for _, _, low, _ in sides)
        return Extremes(
            lowest=lowest,
            highest=max(float(high.max()) for _, high, _, _ in sides),
            span=max(float((high - low).max()) for _, high, low, _ in sides),
            swing=max(float(((high - low) / high).max()) for _, high, low, _ in sides) if lowest > 0.0 else inf,
            rate=float(self.rates.max()) if self.rates.size else self.rate,
        )

    def in_account(self, bar: int, price: float) -> float:
        """Account currency for one unit of quote currency at a bar, where the symbol trades at `price`."""
        if self.conversion == CONVERT_OWN_PRICE:
            return 1.0 / price
        return float(self.rates[bar]) if self.conversion == CONVERT_RATES else self.rate

    def since(self, first: int) -> ExecutionData:
        """The same from bar `first` on; a trading day that is cut keeps its date."""
        if not first:
            return self
        day = int(self.bar_day[first])
        bid = cast("_Prices", tuple(price[first:] for price in self.bid))
        ask = bid if self.ask[0] is self.bid[0] else cast("_Prices", tuple(price[first:] for price in self.ask))
        bid_blocks = _block_summary(bid)
        return replace(
            self,
            bars=self.bars.slice(first, self.n_bars),
            bid=bid,
            ask=ask,
            bar_day=_frozen_ints(self.bar_day[first:] - day),
            day_last_bar=_frozen_ints(self.day_last_bar[day:] - first),
            day_numbers=self.day_numbers[day:],
            nights=self.nights[first:],
            rates=self.rates[first:],
            bid_blocks=bid_blocks,
            ask_blocks=bid_blocks if ask[0] is bid[0] else _block_summary(ask),
            close_before=(float(self.bid[3][first - 1]), float(self.ask[3][first - 1])),
        )


def _block_summary(prices: tuple[Floats, Floats, Floats, Floats]) -> Floats:
    out = np.empty((prices[0].shape[0] // BLOCK, 4))
    block_extremes(prices[1], prices[2], prices[3], BLOCK, out)
    return _frozen(out)


def _frozen(array: npt.NDArray[np.float64]) -> Floats:
    array.flags.writeable = False
    return array


def _ask_prices(bars: Bars, costs: Costs, scale: float) -> tuple[Floats, Floats, Floats, Floats]:
    bid = (bars.open, bars.high, bars.low, bars.close)
    spread: Floats | float
    if costs.spread_pips is not None:
        spread = costs.spread_pips * bars.symbol.pip_size
    elif bars.ask_open is not None:
        assert bars.ask_high is not None
        assert bars.ask_low is not None
        assert bars.ask_close is not None
        return bars.ask_open, bars.ask_high, bars.ask_low, bars.ask_close
    elif bars.spread is not None:
        spread = bars.spread
    else:
        spread = 0.0
    if not np.any(spread):
        return bid
    # Rounded, because 1.1 + 0.0001 must equal the 1.1001 that a quote would have been read as.
    return tuple(_frozen(np.floor((p + spread) * scale + 0.5) / scale) for p in bid)  # type: ignore[return-value]


def _conversion(
    bars: Bars, costs: Costs, account_currency: str, conversion_bars: Bars | None
) -> tuple[int, float, Floats]:
    quote, base = bars.symbol.quote_currency, bars.symbol.base_currency
    if costs.conversion_rate is not None:
        if quote == account_currency and costs.conversion_rate != 1.0:
            raise RuleError(
                f"must be 1 or left out: profits are already in {account_currency}",
                parameter="conversion_rate",
                value=costs.conversion_rate,
            )
        mode = CONVERT_NONE if costs.conversion_rate == 1.0 else CONVERT_FIXED
        return mode, costs.conversion_rate, _EMPTY
    if quote == account_currency:
        return CONVERT_NONE, 1.0, _EMPTY
    if base == account_currency:
        return CONVERT_OWN_PRICE, 1.0, _EMPTY
    if conversion_bars is None:
        raise RuleError(
            f"profits are in {quote} and the account is in {account_currency}: a conversion is needed",
            parameter="account_currency",
            value=account_currency,
            remedy=f"Give conversion_bars ({quote}{account_currency} or {account_currency}{quote}), or a fixed "
            "conversion_rate.",
        )
    pair = (conversion_bars.symbol.base_currency, conversion_bars.symbol.quote_currency)
    if pair not in {(quote, account_currency), (account_currency, quote)}:
        raise RuleError(
            f"must convert between {quote} and {account_currency}",
            parameter="conversion_bars",
            value=conversion_bars.symbol.name,
        )
    # The rate known at a bar's open is the close of the last conversion bar that had ended by then.
    ends = conversion_bars.open_time_ns + conversion_bars.timeframe.ns
    at = np.searchsorted(ends, bars.open_time_ns, side="right") - 1
    # Before the first has ended, its own open is known: two files that begin together need nothing earlier.
    first = int(conversion_bars.open_time_ns[0])
    if at.size and bars.open_time_ns[0] < first:
        begins, needed = np.array([first, bars.open_time_ns[0]]).astype("datetime64[ns]").astype("datetime64[m]")
        raise RuleError(
            f"begin at {begins}, after the first of the bars that they convert, at {needed} (UTC)",
            parameter="conversion_bars",
            value=conversion_bars.symbol.name,
            remedy="Import them from an earlier date on.",
        )
    close = np.where(at < 0, conversion_bars.open[0], conversion_bars.close[at])
    return CONVERT_RATES, 1.0, _frozen(close if pair[0] == quote else 1.0 / close)


@njit
def _find_days(times, opens, first_day, bar_day, last, dates):  # type: ignore[no-untyped-def]
    """Fill ordinal of each bar's day, last bar and date of each day that has bars; returns the number of those."""
    begin, n_days = 0, 0
    for d in range(opens.shape[0]):
        end = np.searchsorted(times, opens[d + 1]) if d + 1 < opens.shape[0] else times.shape[0]
        if end > begin:
            bar_day[begin:end] = n_days
            last[n_days] = end - 1
            dates[n_days] = first_day + d
            n_days += 1
            begin = end
    return n_days


def _trading_days(bars: Bars) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Ordinal of each bar's trading day, last bar and date of each trading day that has bars."""
    times = bars.open_time_ns
    if bars.timeframe.is_daily_or_longer:
        dates = trading_day(bars.symbol, times)
        last = np.append(np.flatnonzero(dates[1:] != dates[:-1]), times.size - 1)
        dates = dates[last]
    else:
        # Looking up where each day begins is far cheaper than finding the day of every bar. A trading day's date is
        # that of its hours in UTC, or at most one off.
        first_day, last_day = int(times[0]) // NS_PER_DAY - 2, int(times[-1]) // NS_PER_DAY + 2
        opens = day_opens(bars.symbol, first_day, last_day)
        bar_day, last, dates = np.empty_like(times), np.empty_like(opens), np.empty_like(opens)
        n_days = _find_days(times, opens, first_day, bar_day, last, dates)
        return _frozen_ints(bar_day), _frozen_ints(last[:n_days]), _frozen_ints(dates[:n_days])
    bar_day = np.repeat(np.arange(last.size), np.diff(last, prepend=-1))
    return _frozen_ints(bar_day), _frozen_ints(last), _frozen_ints(dates)


def _frozen_ints(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    array = np.ascontiguousarray(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def prepare(
    bars: Bars,
    costs: Costs,
    account_currency: str = "USD",
    conversion_bars: Bars | None = None,
) -> ExecutionData:
    """Make bars and costs ready for the simulators.

    Args:
        bars: the execution bars.
        costs: the costs.
        account_currency: currency of the account, such as ``"USD"``.
        conversion_bars: bars of the pair that converts profits, where neither currency of the symbol is
            the account's.

    Raises:
        RuleError: no bars, or profits cannot be converted to the account's currency.
    """
    if not len(bars):
        raise RuleError("must hold at least one bar", parameter="bars", value=repr(bars))
    if conversion_bars is not None:
        return _prepare(bars, costs, account_currency, conversion_bars)
    key = ("execution data", costs, account_currency)
    if key not in bars.derived:
        made = [k for k in bars.derived if isinstance(k, tuple) and k[0] == key[0]]
        if len(made) >= _KEPT:
            bars.derived.pop(made[0], None)
        bars.derived[key] = _prepare(bars, costs, account_currency, None)
    return cast("ExecutionData", bars.derived[key])


def _prepare(bars: Bars, costs: Costs, account_currency: str, conversion_bars: Bars | None) -> ExecutionData:
    scale = 10.0 ** (bars.symbol.digits + 2)
    bid = (bars.open, bars.high, bars.low, bars.close)
    ask = _ask_prices(bars, costs, scale)
    bar_day, last, day_numbers = _trading_days(bars)
    conversion, rate, rates = _conversion(bars, costs, account_currency, conversion_bars)
    charged = costs.swap_long != 0.0 or costs.swap_short != 0.0
    nights = _frozen(swap_nights(bars.symbol, bars.open_time_ns)) if charged else _EMPTY
    bid_blocks = _block_summary(bid)
    return ExecutionData(
        bars=bars,
        bid=bid,
        ask=ask,
        has_spread=ask[0] is not bid[0],
        bar_day=bar_day,
        day_last_bar=last,
        day_numbers=day_numbers,
        nights=nights,
        conversion=conversion,
        rate=rate,
        rates=rates,
        price_scale=scale,
        bid_blocks=bid_blocks,
        ask_blocks=bid_blocks if ask[0] is bid[0] else _block_summary(ask),
        cent=smallest_amount(account_currency),
    )
