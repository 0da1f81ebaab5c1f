"""Daily profits of many trials: which of them are usable, and which are looked at when there are too many.

Everything in this package reads one matrix, `profits`: the change of a trial's equity on each trading day in
account currency, float32 or float64, shape (n_trials, n_days). A trial that failed is a row with NaN in it; such
rows are left out, counted, and never chosen. The matrix may be a memory map: it is read a block of rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import ParameterError

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Profits = npt.NDArray[np.floating]

BLOCK_BYTES = 16 << 20  # of float64 held at a time: fits caches tolerably and memory always

# Marks a field of a result that is for figures in Python and too long for a JSON document.
NOT_IN_JSON = {"json": False}


def check_profits(profits: Profits) -> None:
    """Refuse anything that is not a matrix of trials by days.

    Raises:
        ParameterError: not two-dimensional, no trial, or no day.
    """
    if profits.ndim != 2 or 0 in profits.shape:
        raise ParameterError(
            "must have the shape (n_trials, n_days) with at least one of each",
            parameter="profits",
            value=profits.shape,
        )


def check_day_numbers(day_numbers: npt.NDArray[np.integer], n_days: int) -> Indices:
    """Days since 1970-01-01 as int64.

    Raises:
        ParameterError: another length than `n_days` (is the matrix transposed?), or not strictly ascending.
    """
    if day_numbers.shape != (n_days,):
        raise ParameterError(
            f"must have one entry for each of the {n_days} columns of profits",
            parameter="day_numbers",
            value=day_numbers.shape,
            remedy="profits has one row a trial and one column a day.",
        )
    days: Indices = day_numbers.astype(np.int64)
    if bool((np.diff(days) <= 0).any()):
        raise ParameterError("must be strictly ascending", parameter="day_numbers")
    return days


def row_blocks(profits: Profits, rows: Indices, block_bytes: int = BLOCK_BYTES) -> Iterator[tuple[int, Floats]]:
    """Some rows as float64, a bounded number at a time.

    Args:
        profits: shape (n_trials, n_days).
        rows: row numbers, shape (n,).
        block_bytes: size of a block, bytes.

    Yields:
        Where in `rows` the block begins, and the block, shape (at most all, n_days).
    """
    size = max(1, block_bytes // (8 * profits.shape[1]))
    for start in range(0, rows.shape[0], size):
        part = rows[start : start + size]
        together = part.shape[0] == 0 or int(part[-1]) - int(part[0]) == part.shape[0] - 1
        block = profits[int(part[0]) : int(part[-1]) + 1] if together else profits[part]
        yield start, np.ascontiguousarray(block, dtype=np.float64)


def finished_rows(profits: Profits) -> Indices:
    """Rows without NaN or infinity: the trials that finished, ascending, shape (n,)."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.flatnonzero(np.isfinite(profits.sum(axis=1, dtype=np.float64))).astype(np.int64)


@dataclass(frozen=True)
class TrialSample:
    """Which trials a figure was computed from.

    Attributes:
        n_trials: trials in the matrix.
        n_failed: trials left out because they have NaN.
        n_used: trials that the figure was computed from.
        seed: seed of the draw, if not all finished trials were used.
        rows: row numbers of the used trials, ascending, shape (n_used,).
    """

    n_trials: int
    n_failed: int
    n_used: int
    seed: int
    rows: Indices = field(repr=False, metadata=NOT_IN_JSON)

    @property
    def is_sampled(self) -> bool:
        """Whether finished trials were left out to save time."""
        return self.n_used < self.n_trials - self.n_failed

    @override
    def __str__(self) -> str:
        finished = self.n_trials - self.n_failed
        text = f"all {finished:,} trials"
        if self.is_sampled:
            text = f"{self.n_used:,} of {finished:,} trials, drawn without replacement, seed {self.seed}"
        return text + (f"; {self.n_failed:,} failed trials left out" if self.n_failed else "")


def sample_trials(profits: Profits, limit: int, seed: int) -> TrialSample:
    """All finished trials, or `limit` of them drawn evenly without replacement.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days).
        limit: largest number of trials to use, at least 1.
        seed: seed of the draw; the same seed draws the same rows.

    Raises:
        ParameterError: `profits` is no matrix of trials by days, or `limit` is below 1.
    """
    check_profits(profits)
    if limit < 1:
        raise ParameterError("must be at least 1", parameter="limit", value=limit)
    rows = finished_rows(profits)
    n_failed = profits.shape[0] - rows.shape[0]
    if rows.shape[0] > limit:
        rows = np.sort(np.random.default_rng(seed).choice(rows, size=limit, replace=False))
    return TrialSample(profits.shape[0], n_failed, rows.shape[0], seed, rows)
