"""The deepest falls of an equity curve, one by one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Drawdown(NamedTuple):
    """A fall from a peak until the peak is reached again.

    Attributes:
        peak: position of the highest equity before the fall.
        trough: position of the lowest one within.
        end: position at which the peak's equity is reached again; -1 where it never is.
        money: how far it fell, account currency, above 0.
        percent: the same in percent of the peak; NaN where that is not positive.
    """

    peak: int
    trough: int
    end: int
    money: float
    percent: float


def deepest_drawdowns(equity: npt.NDArray[np.float64], n: int = 5) -> list[Drawdown]:
    """The deepest drawdowns by money, deepest first; they do not overlap.

    Args:
        equity: account currency, shape (m,), finite.
        n: most drawdowns.
    """
    if equity.size < 2:
        return []
    peaks = np.maximum.accumulate(equity)
    under = equity < peaks
    edges = np.flatnonzero(np.diff(np.r_[False, under, False].astype(np.int8)))
    found = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        trough = start + int(equity[start:stop].argmin())
        top = float(peaks[start])
        money = top - float(equity[trough])
        percent = 100 * money / top if top > 0 else float("nan")
        found.append(Drawdown(start - 1, trough, stop if stop < equity.size else -1, money, percent))
    found.sort(key=lambda each: -each.money)
    return found[:n]
