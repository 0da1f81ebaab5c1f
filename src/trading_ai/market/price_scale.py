"""Is a price plausible for its symbol? Some files hold prices times 1,000 or 100,000 to avoid decimals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.market.symbol import Symbol

Floats = npt.NDArray[np.float64]

# US dollars for one unit, and how far a price has strayed from it within living memory (a factor either way).
_DOLLARS: dict[str, tuple[float, float]] = {
    "USD": (1.0, 1.0),
    "EUR": (1.15, 1.6),
    "GBP": (1.5, 1.9),
    "AUD": (0.75, 1.8),
    "NZD": (0.68, 1.9),
    "CAD": (0.8, 1.6),
    "CHF": (0.95, 2.2),
    "JPY": (0.0088, 3.2),
    "SEK": (0.12, 2.0),
    "NOK": (0.13, 2.0),
    "DKK": (0.15, 1.8),
    "ZAR": (0.09, 4.0),
    "MXN": (0.07, 4.0),
    "TRY": (0.15, 12.0),
    "PLN": (0.28, 2.0),
    "HUF": (0.0038, 2.5),
    "SGD": (0.7, 1.8),
    "HKD": (0.128, 1.2),
    "CNH": (0.145, 1.6),
    "XAU": (1000.0, 12.0),
    "XAG": (18.0, 9.0),
    "XPT": (900.0, 6.0),
    "XPD": (700.0, 9.0),
}
_INTEGER_STOCK = 5_000.0
_LARGE_PRICES = {"JPY", "KRW", "IDR", "HUF", "CLP", "INR", "VND", "ISK", "COP"}  # shares of thousands, without decimals


def plausible_range(symbol: Symbol) -> tuple[float, float] | None:
    """Lowest and highest believable price of a currency pair or metal, or None where nothing is known."""
    base, quote = _DOLLARS.get(symbol.base_currency), _DOLLARS.get(symbol.quote_currency)
    if base is None or quote is None:
        return None
    middle, spread = base[0] / quote[0], 1.5 * base[1] * quote[1]
    return middle / spread, middle * spread


def scale_to_apply(symbol: Symbol, prices: Floats) -> float | None:
    """The factor that prices seem to want, or None where they look right.

    Args:
        symbol: gives the usual price and digits.
        prices: a sample of positive finite prices, shape (n,).

    Returns:
        A power of ten such as 1e-5, or None. Judged for currency pairs and metals by their usual price, for
        stocks by whole numbers beyond 5,000 (prices times 10,000); never for crypto, indices and others.
    """
    if not len(prices):
        return None
    middle = float(np.median(prices))
    bounds = plausible_range(symbol)
    if bounds is None:
        whole = bool((np.abs(prices - np.rint(prices)) < 1e-6).all())
        cents = bool((np.abs(prices / 100 - np.rint(prices / 100)) < 1e-8).all())
        if (
            symbol.kind == "stock"
            and symbol.quote_currency not in _LARGE_PRICES
            and whole
            and len(prices) > 2
            and middle > _INTEGER_STOCK
        ):
            return 1e-4 if cents else 1e-2
        return None
    if bounds[0] <= middle <= bounds[1]:
        return None
    by_digits = float(f"1e-{symbol.digits}")
    if bounds[0] <= middle * by_digits <= bounds[1]:
        return by_digits
    nearest = round(float(np.log10(np.sqrt(bounds[0] * bounds[1]) / middle)))
    return float(f"1e{nearest}") if nearest else None
