"""Position sizing: how many units a trade holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trading_ai.engine.rules import check_literals
from trading_ai.errors import RuleError

SizingMode = Literal["units", "lots", "risk_percent", "percent_of_equity"]


@dataclass(frozen=True)
class Sizing:
    """How large a position is.

    ``risk_percent`` sizes a trade so that its stop-loss loses that percentage of the balance, rounded
    down to the volume step; it needs a stop-loss. A size below the symbol's smallest volume is not
    opened (such entries are counted as skipped).

    ``percent_of_equity`` sizes a trade so that its value at the entry, and the commission of the entry, are that
    percentage of the equity, rounded down likewise: 100 is all in, above 100 is borrowed.

    Attributes:
        mode: fixed ``units``, fixed ``lots``, ``risk_percent`` of the balance, or ``percent_of_equity``.
        value: units, lots, or percent.
        volume_step: step in units that sizes are rounded down to; None takes the symbol's.
        min_volume: smallest size in units; None takes the symbol's.
        max_volume: largest size in units; 0 for no limit.
    """

    mode: SizingMode = "units"
    value: float = 10_000.0
    volume_step: float | None = None
    min_volume: float | None = None
    max_volume: float = 0.0

    def __post_init__(self) -> None:
        check_literals(self)
        if not 0 < self.value < float("inf"):
            raise RuleError("must be a positive number", parameter=f"sizing.{self.mode}", value=self.value)
        if self.mode == "risk_percent" and self.value > 100:
            raise RuleError("must not be above 100", parameter="sizing.risk_percent", value=self.value)
        for name in ("volume_step", "min_volume", "max_volume"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise RuleError("must be zero or a positive number", parameter=name, value=value)

    @property
    def is_fixed(self) -> bool:
        """Whether every trade has the same size."""
        return self.mode in {"units", "lots"}
