"""What a format's reader finds in a report: trades on the report's clock, and what it says of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from trading_ai.importers.trades.document import Document
from trading_ai.parameters import Value

NOT_SAID = -1
"""Exit reason of a trade whose report does not say."""

FOUND = np.dtype(
    [
        ("entry_time_ns", np.int64),  # on the report's clock, or UTC where `FoundTrades.aware`
        ("exit_time_ns", np.int64),
        ("direction", np.int8),  # +1 long, -1 short
        ("exit_reason", np.int8),  # see `engine.records.EXIT_REASONS`; NOT_SAID
        ("size", np.float64),  # in `FoundTrades.size_unit`
        ("entry_price", np.float64),
        ("exit_price", np.float64),
        ("stop_loss", np.float64),  # price; NaN for none or not said
        ("take_profit", np.float64),
        ("gross_profit", np.float64),  # account currency; NaN where not said
        ("commission", np.float64),  # both sides, >= 0; NaN where not said
        ("swap", np.float64),  # credit +; NaN where not said
        ("net_profit", np.float64),  # NaN where not said
        ("row", np.int64),  # row of the document that closes it
    ]
)
"""One trade as a reader finds it."""


@dataclass(eq=False)
class FoundTrades:
    """What a report holds, before clocks, symbols and sizes are settled.

    Attributes:
        document: the file.
        trades: `FOUND`, shape (n_trades,), in the report's order.
        symbols: each trade's symbol as the report has it, shape (n_trades,); "" where it does not say.
        size_unit: what sizes count: ``units`` of the base asset, or ``lots``.
        aware: whether the times are UTC already.
        clock: the clock that the report or its format names, or "".
        clock_how: how it is known.
        account_currency: "" where the report does not say.
        capital: first deposit, account currency; None where the report does not say.
        deposits: later deposits (+) and withdrawals (-): time on the report's clock (ns) and amount.
        strategy: name of the strategy, or "".
        timeframe: the strategy's, as the report has it, or "".
        parameters: as the report has them.
        summary: the report's own figures by our names of metrics, where they mean the same.
        decimals: decimals that each of these is shown with.
        costs: what the report says of costs, a word and a text each.
        notes: what the format does not hold, and what was left out.
    """

    document: Document
    trades: npt.NDArray[np.void]
    symbols: Sequence[str]
    size_unit: Literal["units", "lots"] = "units"
    aware: bool = False
    clock: str = ""
    clock_how: str = ""
    account_currency: str = ""
    capital: float | None = None
    deposits: list[tuple[int, float]] = field(default_factory=list)
    strategy: str = ""
    timeframe: str = ""
    parameters: dict[str, Value] = field(default_factory=dict)
    summary: dict[str, float] = field(default_factory=dict)
    decimals: dict[str, int] = field(default_factory=dict)
    costs: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def say(self, name: str, text: str, value: float | None) -> None:
        """Keep a figure of the report's summary, with the decimals that it is shown with; None is not kept.

        Args:
            name: our name of the metric.
            text: as the report shows it.
            value: what it reads as.
        """
        if value is not None and math.isfinite(value):
            self.summary[name] = value
            self.decimals[name] = len(text.strip().partition(".")[2])


def empty_trades(n: int) -> npt.NDArray[np.void]:
    """Trades of which nothing is said yet.

    Args:
        n: their number.
    """
    trades = np.zeros(n, FOUND)
    trades["exit_reason"] = NOT_SAID
    for name in ("stop_loss", "take_profit", "gross_profit", "commission", "swap", "net_profit"):
        trades[name] = np.nan
    return trades


def make_trades(rows: Sequence[dict[str, float]]) -> npt.NDArray[np.void]:
    """Trades of fields by name; what a row does not name is not said."""
    trades = empty_trades(len(rows))
    for i, row in enumerate(rows):
        for name, value in row.items():
            trades[name][i] = value
    return trades
