"""Currencies: the smallest amount that an account in one is kept in."""

from __future__ import annotations

_DECIMALS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("BTC", "XBT", "ETH", "BCH", "LTC"), 8),
}
"""Those that are not counted in hundredths (ISO 4217; coins by their own smallest unit, at eight decimals)."""


def smallest_amount(currency: str) -> float:
    """A cent of the currency: 0.01 for USD, 1 for JPY; other amounts are rounded to it where accounts are kept."""
    return 1.0 / 10.0 ** _DECIMALS.get(currency.upper(), 2)
