"""The study of a trial with its verdict as JSON: the records of `robustness` field by field, undefined numbers null.

What each field means stands at the records; arrays that are as long as the sweep are left out.
"""

from __future__ import annotations

from typing import cast

from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, Numbers, Uuid, form
from trading_ai.documents.out_of_sample import (
    Cpcv,
    HoldOut,
    Overfitting,
    RealityCheck,
    TrialSample,
    WalkForward,
    WalkForwardMatrix,
)
from trading_ai.documents.stress import BootstrapBands, CostStress, DroppedTrades, MissedTrades, Reruns
from trading_ai.parameters import Combination
from trading_ai.robustness import effective_trials, luck, plateau, study, verdict
from trading_ai.studies import assessment


@form(of=luck.Luck)
class Luck(TypedDict):
    """The Sharpe ratio of one trial and how much of it many trials explain.

    Attributes:
        minimum_track_record_days: days needed to tell the ratio from zero at 95 %; null, for without end, if it is not
            positive.
    """

    n_days: int
    years: Number
    sharpe: Number
    annual_sharpe: Number
    skewness: Number
    kurtosis: Number
    probabilistic_sharpe: Number
    n_trials: int
    n_effective: int
    between_trials: Number
    expected_best_annual: Number
    expected_best_effective_annual: Number
    deflated_sharpe: Number
    deflated_sharpe_effective: Number
    minimum_track_record_days: Number
    minimum_backtest_years: Number


@form(of=effective_trials.EffectiveTrials)
class EffectiveTrials(TypedDict):
    """Independent trials that a sweep of similar ones amounts to."""

    n_effective: int
    expected_maximum: Number
    mean_correlation: Number
    n_by_correlation: Number
    n_traded: int
    sample: TrialSample
    method: str


@form(of=plateau.Plateau)
class Plateau(TypedDict):
    """How the neighbours of every trial do; higher scores are better."""

    pick: int
    pick_score: Number
    n_neighbours_full: int
    neighbourhood: str


@form(of=plateau.Importance)
class Importance(TypedDict):
    """How much of the differences between trials each parameter explains alone."""

    main_effect: Numbers
    interaction: Number
    n_trials: int
    covers_grid: bool


@form(of=verdict.Evidence)
class Evidence(TypedDict):
    """What was found out about a winner. Null: undefined, which never holds, or not measured."""

    look_ahead: Number
    deflated_sharpe: Number
    reality_check_p: Number
    overfitting_probability: Number
    overfitting_loss: Number
    walk_forward_profit: Number
    walk_forward_efficiency: Number
    walk_forward_sizes: Number
    losing_paths: Number
    hold_out_profit: Number
    plateau: Number
    loss_probability: Number
    break_even_factor: Number
    n_trades: Number


@form(of=verdict.Criterion)
class Criterion(TypedDict):
    """One test of the winner."""

    name: str
    value: Number
    threshold: Number
    comparison: verdict.Comparison
    holds: bool
    required: bool
    explanation: str


@form(of=verdict.Verdict)
class Verdict(TypedDict):
    """The judgement and what it rests on."""

    words: verdict.Words
    summary: str
    criteria: list[Criterion]


@form(of=study.Robustness)
class Robustness(TypedDict):
    """All that one sweep says about its winner; parts that the data is too short for are null, with a note."""

    n_trials: int
    n_failed: int
    n_ledger_trials: int
    n_days: int
    first_day: int
    last_day: int
    days_per_year: Number
    capital: Number
    seed: int
    chosen: int
    chosen_score: Number
    luck: Luck | None
    effective: EffectiveTrials
    overfitting: Overfitting | None
    reality_check: RealityCheck | None
    cpcv: Cpcv | None
    walk_forward: WalkForward | None
    walk_forward_anchored: WalkForward | None
    walk_forward_matrix: WalkForwardMatrix
    drift: Numbers | None
    hold_out: HoldOut | None
    plateau: Plateau
    chosen_neighbours: Number
    importance: Importance
    bands: BootstrapBands | None
    dropped_trades: DroppedTrades | None
    missed_trades: MissedTrades | None
    costs: CostStress | None
    evidence: Evidence
    verdict: Verdict
    notes: list[str]


@form(of=assessment.Assessment)
class Assessment(Robustness):
    """The study of a trial with its verdict; parts that the data is too short for are null, with a note.

    Attributes:
        optimization_id: the trial's optimization.
        combination_index: its place in the search space, from 0.
        n_trials: trials of the optimization.
        counted: what `n_ledger_trials` counts, in words.
        n_studied: trials that were studied: all, or a sample of many.
        reruns: the judged trial under other conditions.
        costs_stated: the costs that were charged, in words; begins with "without costs" where there were none.
        warnings: what speaks against the trial, a sentence or two each.
    """

    optimization_id: Uuid
    rank: int
    parameters: Combination
    combination_index: int
    counted: str
    n_studied: int
    n_recomputed: int
    reruns: Reruns
    costs_stated: str
    warnings: list[str]


def assessment_json(found: assessment.Assessment) -> Assessment:
    """The study of a trial with its verdict."""
    return cast("Assessment", found.to_json())
