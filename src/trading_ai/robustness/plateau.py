"""Plateaus: does a trial stand among good neighbours, or alone on a spike?"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import nan

import numpy as np
import numpy.typing as npt

from trading_ai._jit import njit
from trading_ai.errors import ParameterError
from trading_ai.robustness.trials import NOT_IN_JSON, Floats, Indices

MAX_NEIGHBOURS = 256  # 3^5 - 1 = 242: up to five axes
_CELLS_PER_TRIAL = 16  # a dense table of the grid is used up to this many cells a trial
_CHUNK = 65_536

Ints = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Plateau:
    """How the neighbours of every trial do; higher scores are better.

    Attributes:
        pick: row of the trial with the highest `score` among those with at least half as many scored neighbours
            as the best-surrounded trial has; the first of equals; -1 where no trial has a defined score.
        pick_score: its `score`; NaN if there is none.
        n_neighbours_full: neighbours that a trial in the middle of a full grid has.
        neighbourhood: "all steps" (one step or none along every axis: Chebyshev distance 1) or "single steps"
            (one step along one axis), which is used where all steps are more than 256 neighbours.
        score: median over a trial and its scored neighbours; NaN where the trial's own score is, shape (n,).
        median_neighbour: median over the scored neighbours alone, NaN where there is none, shape (n,).
        worst_neighbour: lowest of their scores, NaN where there is none, shape (n,).
        n_neighbours: number of scored neighbours, shape (n,).
        n_missing: neighbours that lie beyond the grid, were not tried, or have no score, shape (n,).
    """

    pick: int
    pick_score: float
    n_neighbours_full: int
    neighbourhood: str
    score: Floats = field(repr=False, metadata=NOT_IN_JSON)
    median_neighbour: Floats = field(repr=False, metadata=NOT_IN_JSON)
    worst_neighbour: Floats = field(repr=False, metadata=NOT_IN_JSON)
    n_neighbours: Indices = field(repr=False, metadata=NOT_IN_JSON)
    n_missing: Indices = field(repr=False, metadata=NOT_IN_JSON)


def plateau(
    positions: Ints, scores: Floats, *, ordered: npt.NDArray[np.bool_] | None = None, n_threads: int = 2
) -> Plateau:
    """Score every trial by its neighbours on the grid.

    Args:
        positions: place of each trial on each axis, whole numbers, shape (n_trials, n_axes); no two trials alike.
        scores: objective of each trial, higher is better, NaN where undefined, shape (n_trials,).
        ordered: which axes have an order, shape (n_axes,); on the others (a choice among names) neighbours share
            the trial's place. None: all. Axes with one place never count.
        n_threads: threads to use.

    Raises:
        ParameterError: the shapes disagree, a place is taken twice, or the grid has more than 2^62 cells.
    """
    places, cells, strides = _cells(positions, scores)
    n_trials = places.shape[0]
    moving = places.max(axis=0, initial=0) > 0
    if ordered is not None:
        if ordered.shape != moving.shape:
            raise ParameterError("must have one entry an axis", parameter="ordered", value=ordered.shape)
        moving &= ordered
    steps, neighbourhood = _steps(moving)
    order = np.argsort(cells, kind="stable")
    keys = cells[order]
    if n_trials > 1 and bool((keys[1:] == keys[:-1]).any()):
        raise ParameterError("must not hold the same place twice", parameter="positions")
    extents = places.max(axis=0, initial=0) + 1
    n_cells = int(keys[-1]) + 1 if n_trials else 0
    dense = np.full(n_cells if n_cells <= _CELLS_PER_TRIAL * n_trials + 1_000_000 else 0, -1, dtype=np.int32)
    if dense.shape[0]:
        dense[cells] = np.arange(n_trials, dtype=np.int32)
    values = scores.astype(np.float64)
    around = np.full((3, n_trials), nan)
    counts = np.zeros(n_trials, dtype=np.int64)
    if steps.shape[0]:
        offsets = steps @ strides

        def one(start: int) -> None:
            stop = min(start + _CHUNK, n_trials)
            _look_around(
                start, stop, places, extents, cells, steps, offsets, dense, keys, order, values, around, counts
            )

        with ThreadPoolExecutor(max(1, n_threads)) as pool:
            list(pool.map(one, range(0, n_trials, _CHUNK)))
    else:
        around[0] = values
    pick, top = _pick(around[0], counts)
    return Plateau(
        pick=pick,
        pick_score=top,
        n_neighbours_full=steps.shape[0],
        neighbourhood=neighbourhood,
        score=around[0],
        median_neighbour=around[1],
        worst_neighbour=around[2],
        n_neighbours=counts,
        n_missing=steps.shape[0] - counts,
    )


def _cells(positions: Ints, scores: Floats) -> tuple[Indices, Indices, Indices]:
    """Places from 0, one number for each place of the grid, and its change by a step along each axis."""
    if positions.ndim != 2 or scores.shape != (positions.shape[0],):
        raise ParameterError(
            "must have the shape (n_trials, n_axes), and scores (n_trials,)",
            parameter="positions",
            value=(positions.shape, scores.shape),
        )
    places: Indices = np.ascontiguousarray(positions, dtype=np.int64)
    if places.shape[0]:
        places = places - places.min(axis=0)
    strides = np.ones(places.shape[1], dtype=np.int64)
    size = 1
    for axis in reversed(range(places.shape[1])):
        strides[axis] = size
        size *= int(places[:, axis].max(initial=0)) + 1
        if size > 1 << 62:
            raise ParameterError("spans too many places to tell neighbours apart", parameter="positions")
    return places, places @ strides, strides


def _steps(moving: npt.NDArray[np.bool_]) -> tuple[Indices, str]:
    axes = np.flatnonzero(moving)
    if 3 ** axes.shape[0] - 1 > MAX_NEIGHBOURS:
        single = np.zeros((2 * axes.shape[0], moving.shape[0]), dtype=np.int64)
        for i, axis in enumerate(axes):
            single[2 * i, axis], single[2 * i + 1, axis] = -1, 1
        return single, "single steps"
    every = np.zeros((3 ** axes.shape[0], moving.shape[0]), dtype=np.int64)
    for i, step in enumerate(np.ndindex(*(3,) * axes.shape[0])):
        every[i, axes] = np.array(step, dtype=np.int64) - 1
    return every[np.any(every != 0, axis=1)], "all steps"


def _pick(score: Floats, counts: Indices) -> tuple[int, float]:
    known = well_surrounded(score, counts)
    if np.isnan(known).all():
        return -1, nan
    best = int(np.nanargmax(known))
    return best, float(score[best])


def well_surrounded(score: Floats, n_neighbours: Indices) -> Floats:
    """Plateau scores, NaN for trials with fewer than half as many scored neighbours as the best-surrounded one has.

    Args:
        score: plateau scores, NaN where undefined, shape (n,).
        n_neighbours: number of scored neighbours, shape (n,).
    """
    defined = np.isfinite(score)
    most = n_neighbours[defined].max(initial=0)
    return np.where(defined & (n_neighbours >= 0.5 * most), score, nan)


@njit
def _median_with(sorted_values, n, own):
    """Median of n sorted values and one more."""
    if n == 0:
        return own
    middle = n // 2
    if n % 2 == 0:
        return min(max(own, sorted_values[middle - 1]), sorted_values[middle])
    centre = sorted_values[middle]
    low = min(own, centre) if n == 1 else max(min(own, centre), sorted_values[middle - 1])
    high = max(own, centre) if n == 1 else min(max(own, centre), sorted_values[middle + 1])
    return 0.5 * (low + high)


@njit
def _look_around(
    start, stop, places, extents, cells, steps, offsets, dense, keys, order, values, around, counts
):  # fmt: skip
    n_axes = places.shape[1]
    found = np.empty(steps.shape[0])
    for trial in range(start, stop):
        n = 0
        for s in range(steps.shape[0]):
            inside = True
            for axis in range(n_axes):
                at = places[trial, axis] + steps[s, axis]
                if at < 0 or at >= extents[axis]:
                    inside = False
                    break
            if not inside:
                continue
            cell = cells[trial] + offsets[s]
            other = -1
            if dense.shape[0] > 0:
                if cell < dense.shape[0]:
                    other = dense[cell]
            else:
                k = np.searchsorted(keys, cell)
                if k < keys.shape[0] and keys[k] == cell:
                    other = order[k]
            if other >= 0 and not np.isnan(values[other]):
                found[n] = values[other]
                n += 1
        counts[trial] = n
        own = values[trial]
        if n > 0:
            near = found[:n]
            near.sort()
            around[1, trial] = near[n // 2] if n % 2 else 0.5 * (near[n // 2 - 1] + near[n // 2])
            around[2, trial] = near[0]
        if not np.isnan(own):
            around[0, trial] = _median_with(found, n, own)


@dataclass(frozen=True)
class Importance:
    """How much of the differences between trials each parameter explains alone.

    Attributes:
        main_effect: share of the variance of the scores that the mean score at each place of an axis explains,
            0..1, NaN if the scores do not differ, shape (n_axes,).
        interaction: what no axis explains alone, ``1 - sum``, not below 0; NaN likewise. On a grid with holes the
            axes overlap and their shares may add up to more than 1.
        n_trials: trials with a defined score.
        covers_grid: whether those are every place of the grid, for which the shares are exact.
    """

    main_effect: Floats
    interaction: float
    n_trials: int
    covers_grid: bool


def parameter_importance(positions: Ints, scores: Floats) -> Importance:
    """Main effects of the parameters on the score.

    First-order Sobol indices on the grid (Sobol, Mathematical Modelling and Computational Experiments 1(4), 1993),
    the unary terms of functional ANOVA as used for parameters by Hutter, Hoos and Leyton-Brown (ICML 2014), here
    without a surrogate model: exact on a full grid, and the correlation ratio on part of one, which is biased
    upwards by about ``(places - 1) / n_trials`` on random trials.

    Args:
        positions: place of each trial on each axis, whole numbers, shape (n_trials, n_axes).
        scores: objective of each trial, NaN where undefined, shape (n_trials,).

    Raises:
        ParameterError: the shapes disagree or the grid has more than 2^62 cells.
    """
    places, _, _ = _cells(positions, scores)
    known = np.isfinite(scores)
    values = scores[known].astype(np.float64)
    places = places[known]
    n, n_axes = places.shape
    n_cells = 1.0
    for axis in range(n_axes):
        n_cells *= np.unique(places[:, axis]).shape[0]
    centred = values - (values.mean() if n else 0.0)
    total = float(np.square(centred).sum())
    if n < 2 or total <= 1e-28 * float(np.square(values).sum()):
        return Importance(np.full(n_axes, nan), nan, n, n == n_cells)
    shares = np.empty(n_axes)
    for axis in range(n_axes):
        _, group = np.unique(places[:, axis], return_inverse=True)
        sums = np.bincount(group, weights=centred)
        shares[axis] = float((np.square(sums) / np.bincount(group)).sum()) / total
    return Importance(shares, max(0.0, 1.0 - float(shares.sum())), n, n == n_cells)
