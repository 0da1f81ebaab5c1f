"""Probability of backtest overfitting: does the best of one half of the days stay good on the other half?

Combinatorially symmetric cross-validation: Bailey, Borwein, López de Prado and Zhu, "The Probability of Backtest
Overfitting", Journal of Computational Finance 20(4), 2016.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from math import nan

import numpy as np

from trading_ai._jit import njit
from trading_ai.errors import ParameterError
from trading_ai.robustness.selection import ROUNDING, check_objective
from trading_ai.robustness.trials import (
    NOT_IN_JSON,
    Floats,
    Indices,
    Profits,
    TrialSample,
    row_blocks,
    sample_trials,
)

MAX_BLOCKS = 20  # 184,756 splits
_PAIRS = 8  # of halves at a time: bounds the memory of one thread to 16 numbers a trial
_TILE = 1024  # trials at a time
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
    n_threads: int = 2,
) -> Overfitting:
    """Probability of backtest overfitting over every split of the days into two halves of blocks.

    The days are cut into `n_blocks` blocks. For every choice of half of them, the best trial of the chosen half
    is ranked among all trials on the other half: ``w = rank / (N + 1)`` with rank 1 the worst and equals sharing
    their mean rank, ``logit = ln(w / (1 - w))``. A trial whose score is undefined ranks below all others; of
    equally good trials the first is chosen. Sums and sums of squares per block are found once; a half's scores
    follow from those of its blocks.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        n_blocks: even number of blocks, 2..20: 8 give 70 splits, 10 give 252, 16 give 12,870.
        objective: "sharpe_ratio" or "net_profit".
        limit: most trials to use; above it a seeded sample stands for all.
        seed: seed of that sample.
        n_threads: threads to use.

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
    n_pairs = halves.shape[0]
    best = np.empty((n_pairs, 2), dtype=np.int64)
    inside, outside, relative = np.empty((n_pairs, 2)), np.empty((n_pairs, 2)), np.empty((n_pairs, 2))

    def some(start: int) -> None:
        part = slice(start, start + _PAIRS)
        _rank_pairs(
            halves[part], sums, squares, lengths, objective == "sharpe_ratio",
            best[part], inside[part], outside[part], relative[part],
        )  # fmt: skip

    with ThreadPoolExecutor(max(1, n_threads)) as pool:
        list(pool.map(some, range(0, n_pairs, _PAIRS)))
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


@njit
def _rank_pairs(halves, sums, squares, lengths, by_sharpe, best, inside, outside, relative):
    """Best trial of each half and of its complement, and what it does on the other one.

    Scores are those of `score_sums`, -inf where undefined. Trials are taken a tile at a time, so that the sums per
    block stay in a cache while all pairs pass over them.
    """
    n_pairs, n_blocks = halves.shape
    n = sums.shape[1]
    scores = np.empty((2, n_pairs, n))
    total = np.empty(_TILE)
    for begin in range(0, n, _TILE):
        end = min(begin + _TILE, n)
        for pair in range(n_pairs):
            for side in range(2):
                score = scores[side, pair, begin:end]
                square = total[: end - begin]
                score[:] = 0.0
                square[:] = 0.0
                n_days = 0.0
                for b in range(n_blocks):
                    if halves[pair, b] == (side == 0):
                        n_days += lengths[b]
                        part = sums[b, begin:end]
                        for i in range(end - begin):
                            score[i] += part[i]
                        if by_sharpe:
                            part = squares[b, begin:end]
                            for i in range(end - begin):
                                square[i] += part[i]
                if by_sharpe:
                    for i in range(end - begin):
                        mean = score[i] / n_days
                        spread = square[i] - score[i] * mean
                        ratio = mean / np.sqrt(spread / (n_days - 1.0))
                        score[i] = ratio if spread > ROUNDING * square[i] else -np.inf
    for pair in range(n_pairs):
        for side in range(2):
            own, other = scores[side, pair], scores[1 - side, pair]
            top = 0
            for i in range(n):
                if own[i] > own[top]:
                    top = i
            value = other[top]
            below, up_to = 0, 0
            for i in range(n):
                below += other[i] < value
                up_to += other[i] <= value
            best[pair, side] = top
            inside[pair, side] = own[top]
            outside[pair, side] = value
            # Equals share their mean rank; rank 1 is the worst.
            relative[pair, side] = (below + up_to + 1) / 2.0 / (n + 1.0)


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
