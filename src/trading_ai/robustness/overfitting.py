"""Probability of backtest overfitting: does the best of one half of the days stay good on the other half?

Combinatorially symmetric cross-validation: Bailey, Borwein, López de Prado and Zhu, "The Probability of Backtest
Overfitting", Journal of Computational Finance 20(4), 2016.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import nan

import numpy as np

from trading_ai.errors import ParameterError
from trading_ai.robustness.selection import ROUNDING, check_objective
from trading_ai.robustness.trials import (
    NOT_IN_JSON,
    Bools,
    Floats,
    Indices,
    Profits,
    TrialSample,
    row_blocks,
    sample_trials,
)

MAX_BLOCKS = 20  # 184,756 splits
_BATCH_BYTES = 1 << 19  # of one array of scores, splits by trials: the four in use stay in a cache
_N_POINTS = 500
_LOGIT_EDGES = np.linspace(-10.0, 10.0, 41)


@dataclass(frozen=True)
class Overfitting:
    """What the splits say.

    Attributes:
        probability: share of splits whose in-sample best is, out of sample, no better than the median trial
            (logit at most 0); NaN with fewer than two usable trials or where no split has a best trial.
        probability_of_loss: share of splits whose in-sample best loses money out of sample.
        slope: slope of the least-squares line of out-of-sample over in-sample score of the chosen trials.
        intercept: where that line meets an in-sample score of 0.
        n_blocks: number of blocks of days.
        n_splits: number of splits; those without any defined in-sample score are left out of the shares.
        objective: "sharpe_ratio" (of a day) or "net_profit" (account currency).
        sample: which trials were used.
        logit_edges: edges of the histogram of logits, shape (41,).
        logit_counts: splits between the edges, shape (40,).
        points: in-sample and out-of-sample score of at most 500 evenly spaced splits, shape (n, 2).
        logits: logit of the out-of-sample relative rank of each split's best, shape (n_splits,).
        in_sample: in-sample score of each split's best, shape (n_splits,).
        out_of_sample: its out-of-sample score, NaN where undefined, shape (n_splits,).
        chosen: its row of `profits`, -1 where there is none, shape (n_splits,).
    """

    probability: float
    probability_of_loss: float
    slope: float
    intercept: float
    n_blocks: int
    n_splits: int
    objective: str
    sample: TrialSample
    logit_edges: Floats = field(repr=False)
    logit_counts: Indices = field(repr=False)
    points: Floats = field(repr=False)
    logits: Floats = field(repr=False, metadata=NOT_IN_JSON)
    in_sample: Floats = field(repr=False, metadata=NOT_IN_JSON)
    out_of_sample: Floats = field(repr=False, metadata=NOT_IN_JSON)
    chosen: Indices = field(repr=False, metadata=NOT_IN_JSON)


def block_edges(n_days: int, n_blocks: int) -> Indices:
    """First day of each block of days, and the end: blocks differ by at most one day. Shape (n_blocks + 1,)."""
    edges: Indices = np.arange(n_blocks + 1, dtype=np.int64) * n_days // n_blocks
    return edges


def overfitting(
    profits: Profits,
    *,
    n_blocks: int = 16,
    objective: str = "sharpe_ratio",
    limit: int = 20_000,
    seed: int = 0,
) -> Overfitting:
    """Probability of backtest overfitting over every split of the days into two halves of blocks.

    The days are cut into `n_blocks` blocks. For every choice of half of them, the best trial of the chosen half
    is ranked among all trials on the other half: ``w = rank / (N + 1)`` with rank 1 the worst and equals sharing
    their mean rank, ``logit = ln(w / (1 - w))``. A trial whose score is undefined ranks below all others; of
    equally good trials the first is chosen. Sums and sums of squares per block are found once, each half's
    scores by matrix products, a bounded number of halves at a time.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        n_blocks: even number of blocks, 2..20: 8 give 70 splits, 10 give 252, 16 give 12,870.
        objective: "sharpe_ratio" or "net_profit".
        limit: most trials to use; above it a seeded sample stands for all.
        seed: seed of that sample.

    Raises:
        ParameterError: an odd or impossible `n_blocks`, fewer than two days a block, an unknown objective, or
            `profits` is no matrix of trials by days.
    """
    check_objective(objective)
    sample = sample_trials(profits, limit, seed)
    n_days = profits.shape[1]
    if n_blocks % 2 or not 2 <= n_blocks <= MAX_BLOCKS:
        raise ParameterError(f"must be even, 2..{MAX_BLOCKS}", parameter="n_blocks", value=n_blocks)
    if n_days < 2 * n_blocks:
        raise ParameterError(
            "needs at least two days a block", parameter="n_blocks", value=n_blocks,
            remedy=f"There are {n_days} days: use at most {n_days // 4 * 2} blocks.",
        )  # fmt: skip
    edges = block_edges(n_days, n_blocks)
    sums, squares = _block_sums(profits, sample, edges)
    lengths = np.diff(edges).astype(np.float64)
    # A half and its complement are two splits: listing the halves with block 0 lists every pair once.
    halves = np.zeros((0, n_blocks), dtype=np.bool_)
    if sample.n_used > 1:
        halves = np.array([[b in half for b in range(n_blocks)] for half in _halves(n_blocks)], dtype=np.bool_)
    n_pairs, n_used = halves.shape[0], sample.n_used
    best = np.empty((2, n_pairs), dtype=np.int64)
    inside, outside, relative = np.empty((2, n_pairs)), np.empty((2, n_pairs)), np.empty((2, n_pairs))
    batch = max(1, _BATCH_BYTES // (8 * max(n_used, 1)))
    room = np.empty((4, min(batch, n_pairs), n_used))
    for start in range(0, n_pairs, batch):
        part = slice(start, min(start + batch, n_pairs))
        n = part.stop - start
        every = np.arange(n)
        for i, side in enumerate((halves[part], np.logical_not(halves[part]))):
            _score_halves(side, sums, squares, lengths, objective, room[i, :n], room[2:, :n])
            best[i, part] = room[i, :n].argmax(axis=1)
        for i in (0, 1):
            inside[i, part] = room[i, every, best[i, part]]
            outside[i, part] = room[1 - i, every, best[i, part]]
            relative[i, part] = _mean_rank(room[1 - i, :n], outside[i, part]) / (n_used + 1.0)
    return _summary(best, inside, outside, relative, n_blocks, objective, sample)


def _halves(n_blocks: int) -> list[set[int]]:
    return [{0, *rest} for rest in combinations(range(1, n_blocks), n_blocks // 2 - 1)]


def _block_sums(profits: Profits, sample: TrialSample, edges: Indices) -> tuple[Floats, Floats]:
    """Sums of daily profits and of their squares for each block, shape (n_blocks, n_used)."""
    sums = np.empty((edges.shape[0] - 1, sample.n_used))
    squares = np.empty_like(sums)
    for start, block in row_blocks(profits, sample.rows):
        part = slice(start, start + block.shape[0])
        sums[:, part] = np.add.reduceat(block, edges[:-1], axis=1).T
        squares[:, part] = np.add.reduceat(np.square(block), edges[:-1], axis=1).T
    return sums, squares


def _score_halves(
    halves: Bools, sums: Floats, squares: Floats, lengths: Floats, objective: str, out: Floats, room: Floats
) -> None:
    """Score of every trial on some halves into `out`, shape (n_halves, n_trials), -inf where undefined.

    The same figures as `score_sums`, within arrays that exist already: asking for new ones took most of the time.
    """
    chosen = halves.astype(np.float64)
    np.matmul(chosen, sums, out=out)
    if objective == "net_profit":
        return
    n_days = (chosen @ lengths)[:, None]
    total, spread = room
    np.matmul(chosen, squares, out=total)
    np.square(out, out=spread)
    spread /= n_days
    np.subtract(total, spread, out=spread)
    total *= ROUNDING
    undefined = spread <= total
    spread /= n_days - 1.0
    out /= n_days
    with np.errstate(divide="ignore", invalid="ignore"):
        np.sqrt(spread, out=spread)
        np.divide(out, spread, out=out)
    np.copyto(out, -np.inf, where=undefined)


def _mean_rank(scores: Floats, values: Floats) -> Floats:
    """Rank (1 is worst) of one value a row among the row's scores, equals sharing their mean rank."""
    below = [np.count_nonzero(row) for row in scores < values[:, None]]
    up_to = [np.count_nonzero(row) for row in scores <= values[:, None]]
    return np.array([(low + high + 1) / 2.0 for low, high in zip(below, up_to, strict=True)])


def _summary(
    best: Indices, inside: Floats, outside: Floats, relative: Floats, n_blocks: int, objective: str, sample: TrialSample
) -> Overfitting:
    undefined = np.isneginf(inside).ravel()
    logits = np.log(relative / (1.0 - relative)).ravel()
    chosen = np.where(undefined, -1, sample.rows[best.ravel()] if best.size else best.ravel())
    in_sample = np.where(undefined, np.nan, inside.ravel())
    out_of_sample = np.where(undefined | np.isneginf(outside.ravel()), np.nan, outside.ravel())
    logits[undefined] = np.nan
    n_defined = int((~undefined).sum())
    slope, intercept = _line(in_sample, out_of_sample)
    places = np.unique(np.linspace(0, max(logits.size - 1, 0), min(_N_POINTS, logits.size)).astype(np.int64))
    counts = np.histogram(logits[~undefined], bins=_LOGIT_EDGES)[0].astype(np.int64)
    return Overfitting(
        probability=float((logits <= 0.0).sum() / n_defined) if n_defined else nan,
        probability_of_loss=float((out_of_sample < 0.0).sum() / n_defined) if n_defined else nan,
        slope=slope,
        intercept=intercept,
        n_blocks=n_blocks,
        n_splits=logits.size,
        objective=objective,
        sample=sample,
        logit_edges=_LOGIT_EDGES,
        logit_counts=counts,
        points=np.column_stack((in_sample[places], out_of_sample[places])),
        logits=logits,
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        chosen=chosen,
    )


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept of the least-squares line through the defined points; NaN if there is none."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 2:
        return nan, nan
    x, y = x[both], y[both]
    spread = float(np.square(x - x.mean()).sum())
    if spread <= 1e-28 * float(np.square(x).sum()):
        return nan, nan
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    return slope, float(y.mean()) - slope * float(x.mean())
