"""Trades that were made elsewhere: what a report of another platform holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trading_ai.parameters import Value

LISTED_TRADE = np.dtype(
    [
        ("entry_time_ns", np.int64),  # moment of the fill, UTC
        ("exit_time_ns", np.int64),
        ("direction", np.int8),  # +1 long, -1 short
        ("exit_reason", np.int8),  # see records.EXIT_REASONS; -1 where the report does not say
        ("units", np.float64),  # size in units of the base asset
        ("entry_price", np.float64),  # fill, quote currency
        ("exit_price", np.float64),
        ("stop_loss", np.float64),  # price of the stop at the entry; NaN for none, or where the report does not say
        ("take_profit", np.float64),
        ("gross_profit", np.float64),  # price profit, account currency; NaN where the report does not say
        ("commission", np.float64),  # paid for both sides, account currency, >= 0; NaN where the report does not say
        ("swap", np.float64),  # credit (+) or charge (-), account currency; NaN where the report does not say
        ("net_profit", np.float64),  # as the report has it, account currency; NaN where it does not say
    ]
)
"""One trade of a report; positions may overlap."""


@dataclass(frozen=True, eq=False)
class TradeList:
    """What a report of another platform holds of one symbol's trades.

    Attributes:
        symbol: name of the symbol, as ours where it is known.
        trades: in order of entry, then of exit, `LISTED_TRADE`, shape (n_trades,).
        account_currency: currency of the account; "" where the report does not say.
        capital: first deposit, account currency; None where the report does not say.
        origin: format that it was read from, such as ``mt5_tester_report``.
        clock: the report's clock, such as ``UTC`` or ``Europe/Athens``, and in words how it is known.
        parameters: parameters of the strategy, as the report has them.
        summary: figures of the report's own summary, by our names of metrics where they mean the same.
        notes: what the format does not hold, and what was left out, a sentence each.
    """

    symbol: str
    trades: npt.NDArray[np.void]
    account_currency: str = ""
    capital: float | None = None
    origin: str = ""
    clock: str = "UTC"
    parameters: Mapping[str, Value] = field(default_factory=dict)
    summary: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
