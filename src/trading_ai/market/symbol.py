"""Symbols: what one unit, one pip and one lot of an instrument are worth.

`symbol` looks a name up in the table of `symbol_table`; an unknown instrument is described with
`Symbol(...)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trading_ai.errors import SymbolError

KINDS = ("fx", "metal", "index", "crypto", "stock", "future", "other")
"""Kinds of instruments."""

_KIND_WORDS = {
    "forex": "fx",
    "currency": "fx",
    "share": "stock",
    "shares": "stock",
    "equity": "stock",
    "etf": "stock",
    "indices": "index",
    "coin": "crypto",
    "cryptocurrency": "crypto",
    "futures": "future",
}


def kind_of(word: str) -> str:
    """One of `KINDS`, from that or another usual word for it (``share`` for ``stock``).

    Raises:
        SymbolError: the word names no kind.
    """
    plain = word.strip().lower()
    kind = _KIND_WORDS.get(plain, plain)
    if kind not in KINDS:
        raise SymbolError(
            "is not a kind of instrument", parameter="kind", value=word, remedy="Use one of share, " + ", ".join(KINDS)
        )
    return kind


@dataclass(frozen=True)
class Symbol:
    """An instrument.

    Attributes:
        name: canonical name, upper case, such as ``"EURUSD"``.
        pip_size: price distance of one pip (0.0001 for EURUSD, 0.01 for USDJPY).
        digits: decimals in a quoted price.
        lot_size: units of the base asset in one lot (100,000 for FX, 100 oz for gold, 1 share).
        quote_currency: the currency that prices and raw profits are in.
        base_currency: the currency or asset that units count.
        kind: one of `KINDS`.
        volume_step: smallest step of a position's size, in units of the base asset.
        min_volume: smallest position, in units.
        rollover: local time of the day's end ``"HH:MM"``; a trading day and a swap night end there.
        rollover_timezone: IANA name that `rollover` is in.
        days_per_year: trading days a year; annualises daily figures.
        triple_swap_weekday: weekday (Monday is 0) whose night counts three times, or None where every
            calendar night counts once.
        exchange: market identifier code of the exchange whose sessions it keeps, such as ``XETR``; "" for none. It
            judges files when they are imported; two symbols that differ in it alone are the same.
    """

    name: str
    pip_size: float
    digits: int
    lot_size: float
    quote_currency: str
    base_currency: str = ""
    kind: str = "other"
    volume_step: float = 0.0
    min_volume: float = 0.0
    rollover: str = "17:00"
    rollover_timezone: str = "America/New_York"
    days_per_year: int = 252
    triple_swap_weekday: int | None = 2
    aliases: tuple[str, ...] = field(default=(), compare=False, repr=False)
    # Not shown: the address of a dataset holds what is shown, and does not depend on where gaps were looked for.
    exchange: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.name.isprintable() or not self.name.strip():
            raise SymbolError(
                "must be a name without control characters",
                parameter="symbol",
                value=ascii(self.name)[1:-1],
                remedy="Such as EURUSD or SAP.DE",
            )
        for name in ("pip_size", "lot_size"):
            value = getattr(self, name)
            if not 0.0 < value < float("inf"):
                raise SymbolError("must be a positive number", parameter=name, value=value)
        if not 0 <= self.digits <= 12:
            raise SymbolError("must lie between 0 and 12", parameter="digits", value=self.digits)
        if not self.quote_currency:
            raise SymbolError("must name a currency", parameter="quote_currency", value=self.quote_currency)
