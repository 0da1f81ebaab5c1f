"""Position sizing: how many units a trade holds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from trading_ai.engine.rules import check_kinds
from trading_ai.errors import RuleError
from trading_ai.market.symbol import Symbol

SizingMode = Literal["units", "lots", "risk_percent", "percent_of_equity"]

DEFAULT_UNITS = 10_000.0
"""The usual size where nobody gives one; less where that were worth more than the capital."""

LARGE = 10.0
"""Times the capital above which a position's value deserves a warning: the leverage of retail accounts ends there."""


@dataclass(frozen=True)
class Sizing:
    """How large a position is.

    Without a `value`, positions have the same size for a whole run: 10,000 units, or as many as the capital buys at
    the first price of the data if that is less, in whole steps of the symbol and never below its smallest volume. That
    is about one times the capital at most, for a currency pair, an ounce of gold, a coin and a share alike.

    ``risk_percent`` sizes a trade so that its stop-loss loses that percentage of the balance, rounded
    down to the volume step; it needs a stop-loss. A size below the symbol's smallest volume is not
    opened (such entries are counted as skipped).

    ``percent_of_equity`` sizes a trade so that its value at the entry, and the commission of the entry, are that
    percentage of the equity, rounded down likewise: 100 is all in, above 100 is borrowed.

    Attributes:
        mode: fixed ``units``, fixed ``lots``, ``risk_percent`` of the balance, or ``percent_of_equity``.
        value: units, lots, or percent; None, with ``units``, for the size above.
        volume_step: step in units that sizes are rounded down to, 0 for none; None takes the symbol's.
        min_volume: smallest size in units; None takes the symbol's.
        max_volume: largest size in units; 0 for no limit.
    """

    mode: SizingMode = "units"
    value: float | None = None
    volume_step: float | None = None
    min_volume: float | None = None
    max_volume: float = 0.0

    def __post_init__(self) -> None:
        check_kinds(self, "sizing")
        if self.value is None:
            if self.mode != "units":
                raise RuleError(
                    f"is needed with {self.mode}",
                    parameter="sizing.value",
                    value=None,
                    remedy=f"Give the {'number of lots' if self.mode == 'lots' else 'percentage'}.",
                )
        elif not 0 < self.value < float("inf"):
            raise RuleError("must be a positive number", parameter=f"sizing.{self.mode}", value=self.value)
        if self.mode == "risk_percent" and self.amount > 100:
            raise RuleError("must not be above 100", parameter="sizing.risk_percent", value=self.value)
        for name in ("volume_step", "min_volume", "max_volume"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise RuleError("must be zero or a positive number", parameter=name, value=value)

    @property
    def is_fixed(self) -> bool:
        """Whether every trade has the same size."""
        return self.mode in {"units", "lots"}

    @property
    def amount(self) -> float:
        """The value, of a sizing that has one: 10,000 otherwise, the most that it becomes."""
        return DEFAULT_UNITS if self.value is None else self.value

    def for_capital(self, capital: float, price: float, symbol: Symbol) -> Sizing:
        """The same with a value.

        Args:
            capital: account currency.
            price: of one unit, account currency, above 0.
            symbol: what is traded.
        """
        if self.value is not None:
            return self
        step = symbol.volume_step if self.volume_step is None else self.volume_step
        smallest = symbol.min_volume if self.min_volume is None else self.min_volume
        units = min(DEFAULT_UNITS, capital / price) if price > 0.0 else DEFAULT_UNITS
        if self.max_volume:
            units = min(units, self.max_volume)
        # Without steps, two digits: a size for people.
        whole = max(step, smallest) or 10.0 ** (math.floor(math.log10(units)) - 1)
        units = math.floor(units / whole + 1e-9) * whole
        return replace(self, value=max(units, smallest))
