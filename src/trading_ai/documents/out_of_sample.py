"""What days that were not learnt from say of a sweep, as JSON; undefined numbers are null."""

from __future__ import annotations

from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, Numbers, form
from trading_ai.robustness import (
    calendar_windows,
    cpcv,
    hold_out,
    instant_walk_forward,
    overfitting,
    reality_check,
    trials,
)


@form(of=trials.TrialSample)
class TrialSample(TypedDict):
    """Which trials a figure was computed from."""

    n_trials: int
    n_failed: int
    n_used: int
    seed: int


@form(of=overfitting.Overfitting)
class Overfitting(TypedDict):
    """What the splits say."""

    probability: Number
    probability_of_loss: Number
    slope: Number
    intercept: Number
    n_blocks: int
    n_splits: int
    objective: str
    sample: TrialSample
    logit_edges: Numbers
    logit_counts: list[int]
    points: list[Numbers]


@form(of=reality_check.RealityCheck)
class RealityCheck(TypedDict):
    """Test that no trial has a positive mean daily profit."""

    p_lower: Number
    p_consistent: Number
    p_upper: Number
    statistic: Number
    n_superior: int
    size: Number
    block_days: Number
    n_resamples: int
    studentized: bool
    n_without_deviation: int
    sample: TrialSample


@form(of=cpcv.Cpcv)
class Cpcv(TypedDict):
    """Out-of-sample histories of the selection "best in sample"."""

    n_groups: int
    n_test_groups: int
    n_splits: int
    n_paths: int
    purge_days: int
    embargo_days: int
    objective: str
    path_sharpe: Numbers
    path_profit: Numbers
    share_of_losing_paths: Number
    median_sharpe: Number
    chosen: list[int]
    sample: TrialSample


@form(of=calendar_windows.Window)
class Window(TypedDict):
    """One training and the test after it; days since 1970-01-01, ends excluded."""

    train_first: int
    test_first: int
    test_end: int
    n_train: int
    n_test: int
    complete: bool


@form(of=instant_walk_forward.WalkForward)
class WalkForward(TypedDict):
    """What re-choosing the best trial in each window would have earned."""

    size: str
    anchored: bool
    objective: str
    windows: list[Window]
    chosen: list[int]
    in_sample: Numbers
    out_of_sample: Numbers
    in_sample_profit: Numbers
    out_of_sample_profit: Numbers
    net_profit: Number
    sharpe: Number
    efficiency: Number
    share_of_winning_windows: Number
    n_distinct: int
    sample: TrialSample
    day_numbers: list[int]
    daily_profit: Numbers


@form(of=instant_walk_forward.WalkForwardMatrix)
class WalkForwardMatrix(TypedDict):
    """Walk-forward over several window sizes: one lucky size should not decide."""

    train: list[str]
    test: list[str]
    anchored: bool
    objective: str
    n_windows: list[list[int]]
    efficiency: list[Numbers]
    net_profit: list[Numbers]
    sharpe: list[Numbers]
    share_profitable: Number


@form(of=hold_out.HoldOut)
class HoldOut(TypedDict):
    """The best trial of the days before a date, on the days from that date on."""

    first_day: int
    n_train: int
    n_test: int
    objective: str
    chosen: int
    in_sample: Number
    out_of_sample: Number
    net_profit: Number
    percentile: Number
    rank_correlation: Number
    sample: TrialSample
