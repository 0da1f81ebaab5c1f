"""Walk-forward from one sweep: choose the best trial of the past, trade it for a while, choose again."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.robustness.calendar_windows import (
    Window,
    WindowSize,
    calendar_windows,
    parse_span,
    parse_window_size,
    window_days,
)
from trading_ai.robustness.selection import best_of_sets, check_objective, daily_score
from trading_ai.robustness.trials import (
    Bools,
    Floats,
    Indices,
    Profits,
    TrialSample,
    check_day_numbers,
    sample_trials,
)

MAX_TRIALS = 1_000_000


@dataclass(frozen=True)
class WalkForward:
    """What re-choosing the best trial in each window would have earned.

    Attributes:
        size: lengths of training and test, such as "12M/3M".
        anchored: whether every training begins with the data.
        objective: what the best was chosen by, "sharpe_ratio" or "net_profit".
        windows: the windows, in order of time.
        chosen: row of `profits` chosen in each, -1 where no score is defined (flat then), shape (n_windows,).
        in_sample: score of the chosen trial in training (Sharpe ratio of a day, or money), (n_windows,).
        out_of_sample: its score in the test, NaN where undefined, shape (n_windows,).
        in_sample_profit: its net profit in training, account currency, shape (n_windows,).
        out_of_sample_profit: its net profit in the test, account currency, shape (n_windows,).
        net_profit: sum of the tests, account currency.
        sharpe: Sharpe ratio of a day of the stitched tests, not annualised; NaN if undefined.
        efficiency: walk-forward efficiency (Pardo, "The Evaluation and Optimization of Trading Strategies",
            2008): profit a day in the tests over the windows' mean profit a day in training. 1 keeps all of it;
            NaN where training did not earn anything.
        share_of_winning_windows: share of windows that earned money in the test.
        n_distinct: number of different trials chosen.
        sample: which trials were chosen from.
        day_numbers: dates of the stitched tests, ascending, shape (n_test_days,).
        daily_profit: the stitched tests, account currency, shape (n_test_days,).
    """

    size: str
    anchored: bool
    objective: str
    windows: tuple[Window, ...]
    chosen: Indices
    in_sample: Floats
    out_of_sample: Floats
    in_sample_profit: Floats
    out_of_sample_profit: Floats
    net_profit: float
    sharpe: float
    efficiency: float
    share_of_winning_windows: float
    n_distinct: int
    sample: TrialSample
    day_numbers: Indices = field(repr=False)
    daily_profit: Floats = field(repr=False)


@dataclass(frozen=True)
class WalkForwardMatrix:
    """Walk-forward over several window sizes: one lucky size should not decide.

    Attributes:
        train: training lengths, the rows.
        test: test lengths, the columns.
        anchored: whether every training begins with the data.
        objective: what the best was chosen by.
        n_windows: number of windows, 0 where fewer than two fit, shape (n_train, n_test).
        efficiency: walk-forward efficiency, NaN where undefined, same shape.
        net_profit: out-of-sample profit, account currency, NaN where fewer than two windows fit, same shape.
        sharpe: out-of-sample Sharpe ratio of a day, NaN where undefined, same shape.
        share_profitable: share of the sizes that fit whose out-of-sample profit is above zero; NaN if none fits.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    anchored: bool
    objective: str
    n_windows: Indices
    efficiency: Floats
    net_profit: Floats
    sharpe: Floats
    share_profitable: float


def walk_forward(
    profits: Profits,
    day_numbers: npt.NDArray[np.integer],
    size: WindowSize | str,
    *,
    anchored: bool = False,
    objective: str = "sharpe_ratio",
    limit: int = MAX_TRIALS,
    seed: int = 0,
) -> WalkForward:
    """Choose the best trial of each training window, follow it through the test window, and stitch the tests.

    This slices the daily profits of trials that ran over all days: a trade that is open where a window ends keeps
    its profit day by day, and the account is the one of the whole run. Re-running each window is exact; this is
    immediate.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        day_numbers: date of each day, days since 1970-01-01, ascending, shape (n_days,).
        size: lengths such as "12M/3M" (M months, W weeks, D calendar days).
        anchored: every training begins with the data instead of moving along.
        objective: "sharpe_ratio" or "net_profit".
        limit: most trials to choose from; above it a seeded sample stands for all.
        seed: seed of that sample.

    Raises:
        ParameterError: no window fits, unreadable `size`, unknown objective, or the shapes disagree.
    """
    sample = sample_trials(profits, limit, seed)
    days = check_day_numbers(day_numbers, profits.shape[1])
    lengths = parse_window_size(size) if isinstance(size, str) else size
    windows = calendar_windows(days, lengths, anchored=anchored)
    if not windows:
        raise ParameterError(
            "does not fit into the data", parameter="windows", value=str(lengths),
            remedy=f"The data covers {int(days[-1] - days[0]) + 1} calendar days: use a shorter training.",
        )  # fmt: skip
    train, test = window_days(days, windows)
    chosen, score = best_of_sets(profits, sample.rows, train, objective)
    return _stitch(profits, days, lengths, objective, windows, train, test, chosen, score, sample, anchored=anchored)


def walk_forward_matrix(
    profits: Profits,
    day_numbers: npt.NDArray[np.integer],
    *,
    train: tuple[str, ...] = ("3M", "6M", "12M", "18M"),
    test: tuple[str, ...] = ("1M", "3M", "6M"),
    anchored: bool = False,
    objective: str = "sharpe_ratio",
    limit: int = MAX_TRIALS,
    seed: int = 0,
) -> WalkForwardMatrix:
    """Walk-forward for every pair of a training and a test length; sizes with fewer than two windows stay NaN.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        day_numbers: date of each day, days since 1970-01-01, ascending, shape (n_days,).
        train: training lengths.
        test: test lengths.
        anchored: every training begins with the data instead of moving along.
        objective: "sharpe_ratio" or "net_profit".
        limit: most trials to choose from; above it a seeded sample stands for all.
        seed: seed of that sample.

    Raises:
        ParameterError: an unreadable length, unknown objective, or the shapes disagree.
    """
    check_objective(objective)
    sample = sample_trials(profits, limit, seed)
    days = check_day_numbers(day_numbers, profits.shape[1])
    rows, columns = tuple(map(parse_span, train)), tuple(map(parse_span, test))
    cells: list[tuple[int, int, WindowSize, tuple[Window, ...]]] = []
    for i, j in np.ndindex(len(rows), len(columns)):
        size = WindowSize(rows[i], columns[j])
        windows = calendar_windows(days, size, anchored=anchored)
        if len(windows) > 1:
            cells.append((i, j, size, windows))
    shape = (len(rows), len(columns))
    counts = np.zeros(shape, dtype=np.int64)
    efficiency, profit, sharpe = np.full(shape, nan), np.full(shape, nan), np.full(shape, nan)
    every = tuple(w for *_, windows in cells for w in windows)
    train_days, test_days = window_days(days, every)
    # All sizes at once: the matrix of profits is read one time.
    chosen, score = best_of_sets(profits, sample.rows, train_days, objective)
    start = 0
    for i, j, size, windows in cells:
        part = slice(start, start + len(windows))
        start = part.stop
        done = _stitch(
            profits, days, size, objective, windows,
            train_days[part], test_days[part], chosen[part], score[part], sample, anchored=anchored,
        )  # fmt: skip
        counts[i, j], efficiency[i, j] = len(windows), done.efficiency
        profit[i, j], sharpe[i, j] = done.net_profit, done.sharpe
    return WalkForwardMatrix(
        train=tuple(map(str, rows)),
        test=tuple(map(str, columns)),
        anchored=anchored,
        objective=objective,
        n_windows=counts,
        efficiency=efficiency,
        net_profit=profit,
        sharpe=sharpe,
        share_profitable=float((profit[counts > 0] > 0.0).mean()) if cells else nan,
    )


def parameter_drift(chosen: Indices, positions: npt.NDArray[np.integer]) -> Floats:
    """How far the chosen parameters move from one window to the next.

    Args:
        chosen: row chosen in each window, -1 for none, shape (n_windows,).
        positions: place of each trial on each axis, shape (n_trials, n_axes).

    Returns:
        Mean absolute step along each axis as a share of the axis's range in the sweep, 0..1, shape (n_axes,); 0
        for an axis with one value, NaN with fewer than two windows that chose a trial.
    """
    kept = chosen[chosen >= 0]
    if kept.shape[0] < 2:
        return np.full(positions.shape[1], nan)
    extent = np.ptp(positions, axis=0).astype(np.float64)
    steps = np.abs(np.diff(positions[kept].astype(np.int64), axis=0)).mean(axis=0)
    result: Floats = np.divide(steps, extent, out=np.zeros(extent.shape[0]), where=extent > 0)
    return result


def suggested_window_size(day_numbers: npt.NDArray[np.integer]) -> WindowSize | None:
    """The longest of 24M/6M, 12M/3M, 6M/2M, 3M/1M and 4W/1W that gives at least four windows; None if none does."""
    for text in ("24M/6M", "12M/3M", "6M/2M", "3M/1M", "4W/1W"):
        if len(calendar_windows(day_numbers, text)) >= 4:
            return parse_window_size(text)
    return None


def _stitch(
    profits: Profits,
    days: Indices,
    size: WindowSize,
    objective: str,
    windows: tuple[Window, ...],
    train: Bools,
    test: Bools,
    chosen: Indices,
    score: Floats,
    sample: TrialSample,
    *,
    anchored: bool,
) -> WalkForward:
    daily = np.zeros(days.shape[0])
    traded = test.any(axis=0)
    inside, outside, outside_score = np.zeros(len(windows)), np.zeros(len(windows)), np.full(len(windows), nan)
    for i, row in enumerate(chosen.tolist()):
        if row >= 0:
            series = profits[row].astype(np.float64)
            daily[test[i]] = series[test[i]]
            inside[i], outside[i] = series[train[i]].sum(), series[test[i]].sum()
            outside_score[i] = daily_score(series[test[i]], objective)
    learnt_a_day = float((inside / train.sum(axis=1)).mean())
    traded_a_day = float(daily[traded].mean())
    return WalkForward(
        size=str(size),
        anchored=anchored,
        objective=objective,
        windows=windows,
        chosen=chosen,
        in_sample=score,
        out_of_sample=outside_score,
        in_sample_profit=inside,
        out_of_sample_profit=outside,
        net_profit=float(daily.sum()),
        sharpe=daily_score(daily[traded], "sharpe_ratio"),
        efficiency=traded_a_day / learnt_a_day if learnt_a_day > 0.0 else nan,
        share_of_winning_windows=float((outside > 0.0).mean()),
        n_distinct=int(np.unique(chosen[chosen >= 0]).shape[0]),
        sample=sample,
        day_numbers=days[traded],
        daily_profit=daily[traded],
    )
