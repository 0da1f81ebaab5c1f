"""Listed trades beside their replay on bars, as JSON."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, finite, form, iso_ns
from trading_ai.engine.records import EXIT_REASONS


@form()
class TradeDifference(TypedDict):
    """A listed trade beside what the bars and its own levels alone make of it; null for what is not known.

    Attributes:
        trade: its number in the list, from 1.
        entry_time: when it was opened.
        direction: long or short.
        entry_price: its fill.
        exit_time: when it was closed, as listed.
        exit_price: at what price, as listed.
        exit_reason: why, as listed.
        net_profit: as listed.
        bar_time: open of the bar in which the bars end it.
        bar_price: at what price.
        bar_reason: why.
        bar_net_profit: what it then earns.
        same_exit: whether it ends in the same bar for the same reason.
    """

    trade: int
    entry_time: str
    direction: str
    entry_price: float
    exit_time: str
    exit_price: float
    exit_reason: str | None
    net_profit: Number
    bar_time: str | None
    bar_price: Number
    bar_reason: str | None
    bar_net_profit: Number
    same_exit: bool


@form()
class Differences(TypedDict):
    """A backtest's listed trades beside their replay.

    Attributes:
        id: the backtest.
        n_trades: trades that begin on the bars.
        n_with_reason: those of which the list says why they ended.
        n_same: those of them that end in the same bar for the same reason.
        net_profit: sum over the list; null where it does not say.
        bar_net_profit: sum over the replay.
        trades: each of them.
    """

    id: str
    n_trades: int
    n_with_reason: int
    n_same: int
    net_profit: Number
    bar_net_profit: Number
    trades: list[TradeDifference]


@form()
class Agreement(TypedDict):
    """How far the bars at hand bear an imported report out.

    Attributes:
        n_trades: trades that begin on the bars.
        n_with_reason: those of which the list says why they ended.
        n_same: those of them that end in the same bar for the same reason.
        net_profit: sum over the list; null where it does not say.
        bar_net_profit: sum over what the bars and the trades' own levels make of them.
        otherwise: the first trades that end otherwise on the bars.
    """

    n_trades: int
    n_with_reason: int
    n_same: int
    net_profit: Number
    bar_net_profit: Number
    otherwise: list[TradeDifference]


LISTED_OTHERWISE = 100
"""Most trades that an answer to an import lists; ``differences`` has all."""


def agreement_json(found: npt.NDArray[np.void], bar_ns: int) -> Agreement:
    """The summary of differences, arguments as of `differences_json`."""
    every = differences_json("", found, bar_ns)
    return {
        "n_trades": every["n_trades"],
        "n_with_reason": every["n_with_reason"],
        "n_same": every["n_same"],
        "net_profit": every["net_profit"],
        "bar_net_profit": every["bar_net_profit"],
        "otherwise": [row for row in every["trades"] if not row["same_exit"]][:LISTED_OTHERWISE],
    }


def differences_json(backtest_id: str, found: npt.NDArray[np.void], bar_ns: int) -> Differences:
    """Differences as JSON.

    Args:
        backtest_id: whose.
        found: see `ReplayEvaluator.differences`.
        bar_ns: length of a bar on which exits happen.
    """
    names = found.dtype.names or ()
    rows = [_row(dict(zip(names, values, strict=True)), bar_ns) for values in found.tolist()]
    return {
        "id": backtest_id,
        "n_trades": len(rows),
        "n_with_reason": sum(row["exit_reason"] is not None for row in rows),
        "n_same": sum(row["same_exit"] for row in rows),
        "net_profit": finite(math.fsum(found["net_profit"].tolist())),
        "bar_net_profit": finite(float(np.nansum(found["bar_net_profit"]))),
        "trades": rows,
    }


def _row(row: dict[str, float], bar_ns: int) -> TradeDifference:
    ended, reason = row["bar_reason"] >= 0, row["exit_reason"]
    in_bar = row["bar_time_ns"] <= row["exit_time_ns"] < row["bar_time_ns"] + bar_ns
    return {
        "trade": int(row["place"]) + 1,
        "entry_time": iso_ns(int(row["entry_time_ns"])),
        "direction": "long" if row["direction"] > 0 else "short",
        "entry_price": row["entry_price"],
        "exit_time": iso_ns(int(row["exit_time_ns"])),
        "exit_price": row["exit_price"],
        "exit_reason": EXIT_REASONS[int(reason)] if reason >= 0 else None,
        "net_profit": finite(row["net_profit"]),
        "bar_time": iso_ns(int(row["bar_time_ns"])) if ended else None,
        "bar_price": finite(row["bar_price"]),
        "bar_reason": EXIT_REASONS[int(row["bar_reason"])] if ended else None,
        "bar_net_profit": finite(row["bar_net_profit"]),
        "same_exit": ended and row["bar_reason"] == reason and in_bar,
    }
