"""Bars of an exchange that the user names, by the library ccxt; nothing is fetched that nobody asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from trading_ai.errors import DataError, InputError, StateError, StorageError, did_you_mean
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_kinds import fitted
from trading_ai.market.symbol_table import in_table, symbol
from trading_ai.market.timeframe import Timeframe

PAGE = 1_000
"""Bars asked for at a time; an exchange may give fewer."""

PAUSES_SECONDS = (1.0, 5.0, 20.0)
"""Between attempts where the exchange does not answer."""

_NS_PER_MS = 1_000_000
_LETTERS = {"M": "m", "H": "h", "D": "d", "W": "w"}


class Exchange(Protocol):
    """What is needed of an exchange, as ccxt has it."""

    id: str
    timeframes: dict[str, str]

    def load_markets(self) -> Any:
        """The markets by name, such as BTC/USDT."""
        ...

    def fetch_ohlcv(self, symbol: str, timeframe: str, since: int | None, limit: int | None) -> list[list[float]]:
        """Rows of open time (ms since 1970, UTC), open, high, low, close, volume, oldest first."""
        ...

    def symbol_of(self, market: str, prices: np.ndarray[Any, np.dtype[np.float64]]) -> Symbol:
        """The symbol of a market, whose prices give digits and the size of a pip; ccxt's exchanges have none of it."""
        ...


@dataclass(frozen=True)
class Fetched:
    """What an exchange gave.

    Attributes:
        bars: bars that have ended.
        is_complete: whether they reach the end that was asked for.
        reason: why not, or "".
    """

    bars: Bars | None
    is_complete: bool
    reason: str = ""


def open_exchange(name: str) -> Exchange:
    """An exchange of ccxt by its name there, such as ``binance``.

    Raises:
        StateError: ccxt is not installed.
        InputError: ccxt knows no such exchange.
    """
    try:
        import ccxt  # noqa: PLC0415 - optional, and its import takes a second
    except ImportError:
        raise StateError(
            'bars of exchanges need ccxt, which is not installed: pip install "trading-ai-system[exchanges]"'
        ) from None
    if name not in ccxt.exchanges:
        raise InputError(
            "is no exchange that ccxt knows", parameter="SOURCE", value=f"ccxt:{name}",
            remedy=did_you_mean(name, ccxt.exchanges).rstrip() or "python -c 'import ccxt; print(ccxt.exchanges)'",
        )  # fmt: skip
    made: Exchange = getattr(ccxt, name)({"enableRateLimit": True})
    return made


def fetch(
    exchange: Exchange,
    market: str,
    length: Timeframe,
    since_ns: int,
    until_ns: int,
    *,
    instrument: Symbol | None = None,
    told: Callable[[int, int], None] = lambda _n, _ns: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Bars of a market whose open lies in a span, and that have ended by its end.

    What came before the exchange stopped answering, or before an interrupt, is not lost: it is returned, and the next
    call goes on behind it.

    Args:
        exchange: where from.
        market: its name there, such as BTC/USDT.
        length: timeframe.
        since_ns: first open, ns UTC.
        until_ns: no bar ends after it: now, or earlier.
        instrument: the symbol, where it is known; None makes it of the market's name and prices.
        told: number of bars so far and open of the last one, after each page.
        sleep: waits seconds.

    Raises:
        InputError: the exchange has no such market or timeframe.
        StorageError: it did not answer at all.
        DataError: what it gave is no bars.
    """
    key = f"{length.name[1:]}{_LETTERS[length.name[0]]}"
    if key not in exchange.timeframes:
        raise InputError(
            f"is not offered by {exchange.id}", parameter="TIMEFRAME", value=str(length),
            remedy=f"It has {', '.join(exchange.timeframes)}",
        )  # fmt: skip
    markets = _asked(exchange.load_markets, sleep)
    if market not in markets:
        raise InputError(
            f"is no market of {exchange.id}", parameter="MARKET", value=market,
            remedy=did_you_mean(market, list(markets)).rstrip(),
        )  # fmt: skip
    rows: list[list[float]] = []
    step, at, reason = length.ns // _NS_PER_MS, -(-since_ns // _NS_PER_MS), ""
    try:
        while at * _NS_PER_MS + length.ns <= until_ns:
            page = _asked(partial(exchange.fetch_ohlcv, market, key, at, PAGE), sleep)
            new = [row for row in page if row[0] >= at]
            if not new:
                break
            rows += new
            at = int(new[-1][0]) + step
            told(len(rows), int(new[-1][0]) * _NS_PER_MS)
    except StorageError as error:
        if not rows:
            raise
        reason = str(error)
    except KeyboardInterrupt:
        if not rows:
            raise
        reason = "interrupted"
    rows = [row for row in rows if row[0] * _NS_PER_MS + length.ns <= until_ns]
    if not rows:
        return Fetched(None, is_complete=not reason, reason=reason)
    named = getattr(exchange, "symbol_of", _symbol)
    return Fetched(_bars(rows, market, length, instrument, exchange.id, named), is_complete=not reason, reason=reason)


def _asked(ask: Callable[[], Any], sleep: Callable[[float], None]) -> Any:
    """An answer, with some attempts more where the exchange does not give one.

    Raises:
        StorageError: there was none.
    """
    for pause in (*PAUSES_SECONDS, None):
        try:
            return ask()
        except InputError:
            raise
        except Exception as error:
            # ccxt has some forty kinds; those that another attempt does not mend end here too, a little later.
            if pause is None:
                raise StorageError(f"the exchange does not answer: {type(error).__name__}: {error}") from error
            sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def _bars(
    rows: list[list[float]], market: str, length: Timeframe, known: Symbol | None, source: str,
    named: Callable[[str, np.ndarray[Any, np.dtype[np.float64]]], Symbol],
) -> Bars:  # fmt: skip
    try:
        table = np.array(rows, dtype=np.float64)
        times = np.array([int(row[0]) for row in rows], dtype=np.int64) * _NS_PER_MS
    except (TypeError, ValueError) as error:
        raise DataError(f"gave rows that are no bars: {error}", file=f"{source} {market}") from error
    if table.ndim != 2 or table.shape[1] < 6 or not np.isfinite(table[:, :5]).all():
        raise DataError("gave rows that are no bars, or have no prices", file=f"{source} {market}")
    instrument = known or named(market, table[:, 4])
    return Bars(instrument, length, times, *(np.nan_to_num(table[:, i]) for i in range(1, 6)))


def _symbol(market: str, prices: np.ndarray[Any, np.dtype[np.float64]]) -> Symbol:
    """The symbol of a market: BTC/USDT is BTCUSDT, and so is BTC/USDT:USDT."""
    base, _, quote = market.partition(":")[0].partition("/")
    name = f"{base}{quote}"
    if in_table(name, "crypto"):
        return symbol(name, kind="crypto")
    given = {"kind": "crypto", "base_currency": base or None, "quote_currency": quote or None}
    found, _ = fitted(symbol(name, **given), prices[prices > 0][:20_000], None, given)
    return found
