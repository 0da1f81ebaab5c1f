"""Costs: what a trade pays besides its profit or loss. Unused costs cost nothing to simulate."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from trading_ai.engine.rules import check_kinds
from trading_ai.errors import RuleError

SwapUnit = Literal["pips", "account"]


@dataclass(frozen=True)
class Costs:
    """Costs of trading; every figure 0 by default.

    Attributes:
        spread_pips: ask minus bid, in pips; None takes the data's own spread or ask prices (0 if none).
        commission_per_lot: account currency for each lot and side.
        commission_per_million: account currency for each million of traded value (in account currency)
            and side.
        commission_percent: percent of the traded value for each side.
        commission_per_trade: account currency for each side of a trade, whatever its size.
        slippage_pips: adverse price change of market and stop fills, in pips; targets fill at their level.
        swap_long: credit (+) or charge (-) for a long position held over a night, in `swap_unit`.
        swap_short: the same for a short position.
        swap_unit: ``pips`` of the position, or ``account`` currency for each lot.
        conversion_rate: account currency for one unit of quote currency at a fixed rate; None converts at
            the rate of the trade's exit (from the symbol's own price when the account holds the base
            currency, or from given conversion bars).
    """

    spread_pips: float | None = None
    commission_per_lot: float = 0.0
    commission_per_million: float = 0.0
    commission_percent: float = 0.0
    commission_per_trade: float = 0.0
    slippage_pips: float = 0.0
    swap_long: float = 0.0
    swap_short: float = 0.0
    swap_unit: SwapUnit = "pips"
    conversion_rate: float | None = None

    def __post_init__(self) -> None:
        check_kinds(self, "costs")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, str) or value is None:
                continue
            if not math.isfinite(value):
                raise RuleError("must be a finite number", parameter=item.name, value=value)
            if value < 0 and not item.name.startswith("swap"):
                raise RuleError("must not be negative", parameter=item.name, value=value)
        if self.conversion_rate is not None and self.conversion_rate <= 0:
            raise RuleError("must be above zero", parameter="conversion_rate", value=self.conversion_rate)
