"""Bars of Yahoo Finance, by the library yfinance, as an exchange answers; nothing is fetched that nobody asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from typing_extensions import override

from trading_ai.errors import InputError, StateError
from trading_ai.importers.exchange import Exchange
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_kinds import fitted
from trading_ai.market.symbol_table import in_table, symbol

TIMEFRAMES = {"1m": "1m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "60m", "1d": "1d", "1w": "1wk"}
"""Our timeframes, as an exchange calls them, and what Yahoo calls them."""

_DAILY = ("1d", "1w")
_PAIR = re.compile(r"(?P<name>[A-Z]{6})=X")
_COIN = re.compile(r"(?P<base>[A-Z0-9]{2,10})-(?P<quote>[A-Z]{3,4})")


class Yahoo(Exchange):
    """Yahoo Finance as an exchange whose every ticker is a market.

    Prices are adjusted for splits, and not for dividends: those would change all bars before each of them.

    Args:
        ticker: makes yfinance's `Ticker` of a name.
    """

    def __init__(self, ticker: Callable[[str], Any]) -> None:
        self.id = "yahoo"
        self.timeframes = dict(TIMEFRAMES)
        self._ticker = ticker

    @override
    def load_markets(self) -> Any:
        return _Any()

    @override
    def fetch_ohlcv(self, symbol: str, timeframe: str, since: int | None, limit: int | None) -> list[list[float]]:
        start = datetime.fromtimestamp((since or 0) / 1000, UTC)
        found = self._ticker(symbol).history(
            start=start, interval=TIMEFRAMES[timeframe], auto_adjust=False, actions=False, raise_errors=True
        )
        times = found.index
        # A day is named by its date in the market's time, a shorter bar by its moment.
        times = times.tz_localize(None) if timeframe in _DAILY else times.tz_convert("UTC").tz_localize(None)
        opened = times.to_numpy().astype("datetime64[ms]").astype(np.int64)
        table = found[["Open", "High", "Low", "Close", "Volume"]].to_numpy(dtype=np.float64)
        known = np.isfinite(table[:, :4]).all(axis=1)
        return [[int(t), *row] for t, row in zip(opened[known].tolist(), table[known].tolist(), strict=True)]

    @override
    def symbol_of(self, market: str, prices: np.ndarray[Any, np.dtype[np.float64]]) -> Symbol:
        pair, coin = _PAIR.fullmatch(market), _COIN.fullmatch(market)
        if pair is not None:
            return symbol(pair["name"])
        if coin is not None:
            name = coin["base"] + coin["quote"]
            return symbol(name, kind="crypto") if in_table(name, "crypto") else _fitted(name, "crypto", prices)
        if market.startswith("^"):
            return _fitted(market.removeprefix("^"), "index", prices)
        return _fitted(market, "stock", prices)


class _Any(dict[str, Any]):
    """Every ticker is a market; Yahoo says of those that are none that they have no bars."""

    @override
    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name)


def _fitted(name: str, kind: str, prices: np.ndarray[Any, np.dtype[np.float64]]) -> Symbol:
    given = {"kind": kind}
    return fitted(symbol(name, **given), prices[prices > 0][:20_000], None, given)[0]


def open_yahoo() -> Yahoo:
    """Yahoo Finance.

    Raises:
        StateError: yfinance is not installed.
    """
    try:
        import yfinance  # type: ignore[import-not-found]  # noqa: PLC0415 - optional, and its import takes a second
    except ImportError:
        raise StateError(
            'bars of Yahoo need yfinance, which is not installed: pip install "trading-ai-system[yahoo]"'
        ) from None
    return Yahoo(yfinance.Ticker)


def open_source(source: str, exchange: Callable[[str], Exchange], known: str) -> Exchange:
    """A source by what the user calls it: ``yahoo``, or ``ccxt:EXCHANGE``.

    Args:
        source: what was asked for.
        exchange: opens an exchange of ccxt.
        known: what to say of sources that are none.

    Raises:
        InputError: it is no source.
        StateError: its library is not installed.
    """
    if source == "yahoo":
        return open_yahoo()
    kind, _, name = source.partition(":")
    if kind != "ccxt" or not name:
        raise InputError("is no source", parameter="SOURCE", value=source, remedy=known)
    return exchange(name)
