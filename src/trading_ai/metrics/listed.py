"""A report's own summary beside the figures of its trades: each difference explained, or flagged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Status = Literal["equal", "rounding", "explained", "not_computed", "differs"]

HALF_A_CENT = 0.005
"""A trade wins or loses this much or more; below it is neither, which reports do not agree about."""

_COUNTS = {"total_trades", "long_trades", "short_trades", "max_consecutive_wins", "max_consecutive_losses"}
_PERCENT = {"win_rate", "long_win_rate", "short_win_rate", "max_balance_drawdown_percent"}


@dataclass(frozen=True)
class Figure:
    """One figure of a report's summary.

    Attributes:
        name: our name of the metric.
        reported: as the report has it.
        computed: from its trades; NaN where trades alone do not tell.
        status: ``equal`` to the digits shown; ``rounding`` where sums of rounded trades differ by less than their
            roundings; ``explained``; ``not_computed``; ``differs``, which is flagged.
        explanation: why, or "".
    """

    name: str
    reported: float
    computed: float
    status: Status
    explanation: str = ""


def figures_of(
    trades: npt.NDArray[np.void], capital: float | None, nothing_wins: bool | None = None
) -> dict[str, float]:
    """The figures that trades alone tell, by our names of metrics; undefined ones are left out.

    Args:
        trades: with the fields of `LISTED_TRADE`, shape (n_trades,).
        capital: first deposit, or None where it is not known: without it there are no drawdowns in percent.
        nothing_wins: whether trades that made nothing count as won; None for neither won nor lost, as ours do.
    """
    net = trades["net_profit"]
    n = len(net)
    found: dict[str, float] = {
        "total_trades": float(n),
        "long_trades": float((trades["direction"] > 0).sum()),
        "short_trades": float((trades["direction"] < 0).sum()),
    }
    if not n or np.isnan(net).any():
        return found
    won, lost = net >= HALF_A_CENT, net <= -HALF_A_CENT
    nothing = ~won & ~lost
    if nothing_wins is not None:
        won, lost = (won | nothing, lost) if nothing_wins else (won, lost | nothing)
    found["net_profit"] = math.fsum(net)
    found["gross_profit"], found["gross_loss"] = math.fsum(net[won]), math.fsum(net[lost])
    found["expectancy"] = found["net_profit"] / n
    if found["gross_loss"] < 0.0:
        found["profit_factor"] = found["gross_profit"] / -found["gross_loss"]
    for name, mask, value in (("win", won, np.max), ("loss", lost, np.min)):
        if mask.any():
            found[f"average_{name}"], found[f"largest_{name}"] = float(net[mask].mean()), float(value(net[mask]))
    found["win_rate"] = 100.0 * float(won.mean())
    for side, direction in (("long", 1), ("short", -1)):
        mask = trades["direction"] == direction
        found[f"{side}_net_profit"] = math.fsum(net[mask])
        if mask.any():
            found[f"{side}_win_rate"] = 100.0 * float(won[mask].mean())
    for name in ("commission", "swap"):
        if not np.isnan(trades[name]).any():
            found[f"{name}_paid"] = math.fsum(trades[name]) * (1.0 if name == "commission" else -1.0)
    order = np.lexsort((trades["entry_time_ns"], trades["exit_time_ns"]))
    found["max_consecutive_wins"] = float(_longest_run(won[order]))
    found["max_consecutive_losses"] = float(_longest_run(~won[order] if nothing_wins is None else lost[order]))
    balance = np.concatenate([[0.0], np.cumsum(net[order])]) + (capital or 0.0)
    highest = np.maximum.accumulate(balance)
    found["max_balance_drawdown"] = float((highest - balance).max())
    if capital is not None and capital > 0.0:
        found["max_balance_drawdown_percent"] = 100.0 * float(((highest - balance) / highest).max())
    return found


def _longest_run(mask: npt.NDArray[np.bool_]) -> int:
    longest = run = 0
    for value in mask.tolist():
        run = run + 1 if value else 0
        longest = max(longest, run)
    return longest


def compare(
    summary: Mapping[str, float], decimals: Mapping[str, int], trades: npt.NDArray[np.void], capital: float | None,
    *, n_deposits: int = 0,
) -> tuple[Figure, ...]:  # fmt: skip
    """Every figure of a report's summary beside that of its trades.

    Args:
        summary: the report's figures by our names.
        decimals: digits after the point that each is shown with; 2 if left out.
        trades: its trades, fields of `LISTED_TRADE`.
        capital: first deposit, or None.
        n_deposits: later deposits and withdrawals, which trades do not hold.
    """
    ours = figures_of(trades, capital)
    others = {wins: figures_of(trades, capital, wins) for wins in (True, False)}
    return tuple(
        _figure(name, value, decimals.get(name, 2), ours, others, trades, n_deposits) for name, value in summary.items()
    )


def _figure(
    name: str, reported: float, decimals: int, ours: Mapping[str, float], others: Mapping[bool, Mapping[str, float]],
    trades: npt.NDArray[np.void], n_deposits: int,
) -> Figure:  # fmt: skip
    computed = ours.get(name, math.nan)
    if math.isnan(computed):
        why = (
            "needs the price of every bar: a replay on bars tells"
            if name in {"max_drawdown", "max_drawdown_percent", "recovery_factor", "sharpe_ratio"}
            else "the trades do not tell"
        )
        return Figure(name, reported, math.nan, "not_computed", why)
    unit = 0.5 * 10.0**-decimals + 1e-9
    if _is_near(reported, computed, unit):
        return Figure(name, reported, computed, "equal")
    roundings = 0.0 if name in _COUNTS | _PERCENT else HALF_A_CENT * len(trades)
    if name == "profit_factor" and ours["gross_loss"]:
        roundings *= (1.0 + computed) / -ours["gross_loss"]
    elif name.startswith(("average", "largest")) or name == "expectancy":
        roundings = 2 * HALF_A_CENT
    if roundings and _is_near(reported, computed, unit + roundings):
        return Figure(name, reported, computed, "rounding", "sums of rounded trades")
    n_nothing = int((np.abs(trades["net_profit"]) < HALF_A_CENT).sum())
    for wins, figures in others.items():
        if n_nothing and _is_near(reported, figures.get(name, math.nan), unit):
            word = "won" if wins else "lost"
            return Figure(
                name, reported, computed, "explained",
                f"{n_nothing:,} trades made nothing, which the report counts as {word} and we as neither",
            )  # fmt: skip
    before_costs = _before_costs(name, trades)
    for text, value in before_costs.items():
        if _is_near(reported, value, unit + roundings):
            return Figure(name, reported, computed, "explained", f"the report's is {text}")
    if n_deposits and "drawdown" in name:
        why = f"the account had {n_deposits:,} later deposits or withdrawals, which are no part of its trades"
        return Figure(name, reported, computed, "explained", why)
    return Figure(name, reported, computed, "differs", "not explained: look at the report's costs and open positions")


def _is_near(a: float, b: float, within: float) -> bool:
    return abs(a - b) <= within


def _before_costs(name: str, trades: npt.NDArray[np.void]) -> dict[str, float]:
    """What a figure is if some costs are left out, by what that is called."""
    found = {}
    parts = {
        "before commissions": trades["net_profit"] + np.nan_to_num(trades["commission"]),
        "before swaps": trades["net_profit"] - np.nan_to_num(trades["swap"]),
        "before commissions and swaps": trades["net_profit"]
        + np.nan_to_num(trades["commission"])
        - np.nan_to_num(trades["swap"]),
    }
    for text, net in parts.items():
        if np.array_equal(net, trades["net_profit"], equal_nan=True):
            continue
        other = trades.copy()
        other["net_profit"] = net
        value = figures_of(other, None).get(name, math.nan)
        if not math.isnan(value):
            found[text] = value
    return found
