"""Trades that were made elsewhere: what a report of another platform holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.records import SIGNAL, TIME_EXIT
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

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of what a replay depends on: symbol, account and trades; not where they were read."""
        about = [self.symbol, self.account_currency, self.capital]
        digest = hashlib.sha256(json.dumps(about).encode())
        listed = np.ascontiguousarray(self.trades, LISTED_TRADE)
        for name in LISTED_TRADE.names or ():  # a field at a time: records may hold bytes between fields
            digest.update(np.ascontiguousarray(listed[name]).tobytes())
        return digest.hexdigest()

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The list as plain arrays, for a file; `from_arrays` reads them back."""
        names = ("symbol", "account_currency", "capital", "origin", "clock", "notes")
        about = {name: getattr(self, name) for name in names}
        text = json.dumps({**about, "parameters": dict(self.parameters), "summary": dict(self.summary)})
        return {
            "trades": np.ascontiguousarray(self.trades, LISTED_TRADE),
            "about": np.frombuffer(text.encode(), np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> TradeList:
        """Read what `to_arrays` gave.

        Raises:
            KeyError: an array is missing.
            ValueError: what is said of the list is no JSON.
        """
        about = json.loads(arrays["about"].tobytes().decode())
        return cls(trades=arrays["trades"], **{**about, "notes": tuple(about["notes"])})


def listed_trades(
    trades: npt.NDArray[np.void], bar_ns: int, stop_distance: float = 0.0, target_distance: float = 0.0
) -> npt.NDArray[np.void]:
    """Closed trades of one of our own backtests as a list that can be replayed.

    An exit inside a bar, of which only the bar is known, gets the bar's last nanosecond.

    Args:
        trades: `records.TRADE`, shape (n_trades,).
        bar_ns: length of an execution bar, ns.
        stop_distance: distance of each trade's stop from its entry, price units; 0 for none.
        target_distance: distance of its target likewise.

    Returns:
        `LISTED_TRADE`, in order of entry, shape (n_trades,).
    """
    listed = np.empty(len(trades), LISTED_TRADE)
    for name in set(LISTED_TRADE.names or ()) & set(trades.dtype.names or ()):
        listed[name] = trades[name]
    inside = ~np.isin(trades["exit_reason"], (SIGNAL, TIME_EXIT))
    listed["exit_time_ns"] = trades["exit_time_ns"] + np.where(inside, bar_ns - 1, 0)
    side = trades["direction"].astype(float)
    listed["stop_loss"] = trades["entry_price"] - side * stop_distance if stop_distance else np.nan
    listed["take_profit"] = trades["entry_price"] + side * target_distance if target_distance else np.nan
    return listed[np.lexsort((listed["exit_time_ns"], listed["entry_time_ns"]))]
