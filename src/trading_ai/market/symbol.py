"""Symbols: what one unit, one pip and one lot of an instrument are worth.

`symbol` looks a name up in the table of `symbol_table`; an unknown instrument is described with
`Symbol(...)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trading_ai.errors import SymbolError


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
        kind: ``fx``, ``metal``, ``index``, ``crypto``, ``stock`` or ``other``.
        volume_step: smallest step of a position's size, in units of the base asset.
        min_volume: smallest position, in units.
        rollover: local time of the day's end ``"HH:MM"``; a trading day and a swap night end there.
        rollover_timezone: IANA name that `rollover` is in.
        days_per_year: trading days a year; annualises daily figures.
        triple_swap_weekday: weekday (Monday is 0) whose night counts three times, or None where every
            calendar night counts once.
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

    def __post_init__(self) -> None:
        for name in ("pip_size", "lot_size"):
            value = getattr(self, name)
            if not 0.0 < value < float("inf"):
                raise SymbolError("must be a positive number", parameter=name, value=value)
        if not 0 <= self.digits <= 12:
            raise SymbolError("must lie between 0 and 12", parameter="digits", value=self.digits)
        if not self.quote_currency:
            raise SymbolError("must name a currency", parameter="quote_currency", value=self.quote_currency)
