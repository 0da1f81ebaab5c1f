"""Any instrument by its kind: what a share, an index, a coin or a future usually is, and what its prices say.

The table knows a few hundred names. Every other one is described by its kind: the kind gives lot, steps, currency,
trading day and hours, the file's own prices give the digits and the size of a pip; what was taken is said.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.market.exchange_sessions import check_exchange, exchange_timezone
from trading_ai.market.exchanges import EXCHANGES, exchange_of_currency, exchange_of_ticker
from trading_ai.market.symbol import Symbol

Floats = npt.NDArray[np.float64]

_FRIDAY = 4
_QUOTES = (
    "USDT",
    "USDC",
    "BUSD",
    "FDUSD",
    "TUSD",
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "TRY",
    "BRL",
    "AUD",
    "BTC",
    "ETH",
    "BNB",
)
_MOST_DIGITS = 8  # adjusted prices have a dozen decimals, which nobody quotes

# pip, digits, lot, smallest step and size, weekday of the triple swap; the first two until the prices are known
_USUAL: dict[str, tuple[float, int, float, float, int | None]] = {
    "fx": (0.0001, 5, 100_000.0, 1000.0, 2),
    "metal": (0.01, 2, 100.0, 1.0, 2),
    "index": (1.0, 1, 1.0, 0.1, _FRIDAY),
    "crypto": (0.01, 2, 1.0, 0.01, None),
    "stock": (0.01, 2, 1.0, 1.0, _FRIDAY),
    "future": (0.01, 2, 1.0, 1.0, _FRIDAY),
    "other": (0.01, 2, 1.0, 0.01, 2),
}


def of_kind(name: str, kind: str, overrides: dict[str, Any]) -> Symbol:
    """Describe an instrument by its kind.

    Args:
        name: any name or ticker; ``SAP.DE`` names its exchange, ``PEPEUSDT`` its quote currency.
        kind: one of `KINDS`.
        overrides: fields of `Symbol` that are known better; None means the usual value.

    Raises:
        SymbolError: a value is out of its bounds, or the exchange is not known.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    if "triple_swap_weekday" in overrides:
        given["triple_swap_weekday"] = overrides["triple_swap_weekday"]
    given.pop("kind", None)
    title = name.strip().upper()
    pip, digits, lot, step, triple = _USUAL[kind]
    base, quote = _parts(title, kind)
    exchange = ""
    if given.get("exchange"):
        exchange = check_exchange(given["exchange"])
    elif kind == "stock":
        exchange = exchange_of_ticker(title) or exchange_of_currency(given.get("quote_currency", quote or "USD"))
    if not quote:
        quote = EXCHANGES[exchange].currency if exchange in EXCHANGES else "USD"
    usual: dict[str, Any] = {
        "pip_size": pip,
        "digits": digits,
        "lot_size": lot,
        "quote_currency": quote,
        "base_currency": base,
        "volume_step": step,
        "min_volume": step,
        "triple_swap_weekday": triple,
    }
    if kind == "stock":
        clock = exchange_timezone(exchange) if exchange else "America/New_York"
        usual |= {"rollover": "00:00", "rollover_timezone": clock}
    elif kind == "crypto":
        usual |= {"rollover": "00:00", "rollover_timezone": "UTC", "days_per_year": 365}
    return Symbol(title, **{**usual, **given, "kind": kind, "exchange": exchange})


def _parts(name: str, kind: str) -> tuple[str, str]:
    """Base and quote of a name such as PEPEUSDT or USD/THB; the quote "" where the name does not say."""
    plain = re.sub(r"[^A-Z0-9]", "", name)
    if kind in {"fx", "metal"} and re.fullmatch(r"[A-Z]{6}", plain[:6]):
        return plain[:3], plain[3:6]
    if kind == "crypto":
        head, _, tail = re.sub(r"[/_:]", "-", name).rpartition("-")
        if head and tail.isalpha():
            return re.sub(r"[^A-Z0-9]", "", head), tail
        for quote in _QUOTES:
            if plain.endswith(quote) and len(plain) > len(quote):
                return plain.removesuffix(quote), quote
    return name, ""


def fitted(symbol: Symbol, prices: Floats, decimals: int | None, given: dict[str, Any]) -> tuple[Symbol, str]:
    """A symbol described by its kind, with digits and pip as its prices have them.

    Args:
        symbol: made by `of_kind`.
        prices: a sample of its prices, positive and finite, shape (n,).
        decimals: decimals of the prices as written, or None to find them in the values.
        given: what was stated; digits and pip_size among it are kept.

    Returns:
        The symbol, and a sentence on what was taken for it.
    """
    stated = {key for key, value in given.items() if value is not None}
    digits = symbol.digits
    if "digits" not in stated and len(prices):
        seen = _decimals_of(prices) if decimals is None else decimals
        digits = seen if seen <= _MOST_DIGITS else digits
    pip = symbol.pip_size
    if "pip_size" not in stated and len(prices):
        pip = _pip(symbol.kind, float(np.median(prices)))
        digits = digits if "digits" in stated else max(digits, round(-math.log10(pip)))
    found = dataclasses.replace(symbol, digits=digits, pip_size=pip)
    taken = [
        f"pip {pip:g}" + ("" if "pip_size" in stated else " (by kind and prices)"),
        f"{digits} digits" + ("" if "digits" in stated else " (of the prices)"),
        f"lot {found.lot_size:g}",
        f"quoted in {found.quote_currency}" + ("" if "quote_currency" in stated else " (assumed)"),
        f"trading day ends {found.rollover} {found.rollover_timezone}",
    ]
    if found.exchange:
        taken.append(f"sessions of {found.exchange}")
    note = f"{found.name} is not in the table and was described as {found.kind}: " + ", ".join(taken)
    if found.exchange == "XLON" and found.kind == "stock":
        note += "; London quotes most shares in pence: if this file does, import with price_scale 0.01"
    return found, note


def _decimals_of(prices: Floats) -> int:
    sample = prices[:: max(1, len(prices) // 2000)]
    for digits in range(_MOST_DIGITS + 1):
        if bool((np.abs(np.round(sample, digits) - sample) <= 1e-9 * np.abs(sample)).all()):
            return digits
    return _MOST_DIGITS + 1


def _pip(kind: str, price: float) -> float:
    """What a pip of a kind is at a price: a cent for shares, about a ten-thousandth for coins."""
    power = math.floor(math.log10(price)) if price > 0 else 0
    if kind == "fx":
        return 0.01 if price >= 20 else 0.0001
    if kind == "stock":
        return 0.01 if price >= 1 else 0.0001
    if kind == "metal":
        return 0.01
    return float(f"1e{min(0, power - (4 if kind == 'crypto' else 3))}")
