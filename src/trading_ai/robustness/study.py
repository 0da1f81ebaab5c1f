"""Everything about one sweep in one call: is the winner luck, is it a plateau, does it last?"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from math import isfinite, isnan, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.robustness.cpcv import Cpcv, cpcv
from trading_ai.robustness.effective_trials import EffectiveTrials, effective_trials
from trading_ai.robustness.hold_out import HoldOut, hold_out
from trading_ai.robustness.instant_walk_forward import (
    WalkForward,
    WalkForwardMatrix,
    parameter_drift,
    suggested_window_size,
    walk_forward,
    walk_forward_matrix,
)
from trading_ai.robustness.luck import Luck, effective_of_ledger, luck, variance_between_trials
from trading_ai.robustness.overfitting import Overfitting, overfitting
from trading_ai.robustness.plateau import Importance, Plateau, parameter_importance, plateau
from trading_ai.robustness.reality_check import RealityCheck, reality_check
from trading_ai.robustness.selection import HOLD_OUT_SHARE, check_objective
from trading_ai.robustness.stress import (
    BootstrapBands,
    CostStress,
    DroppedTrades,
    MissedTrades,
    bootstrap_bands,
    cost_stress,
    dropped_best_trades,
    missed_trades,
)
from trading_ai.robustness.trials import Floats, Profits, check_day_numbers, check_profits, finished_rows
from trading_ai.robustness.verdict import Evidence, Thresholds, Verdict, judge

Ints = npt.NDArray[np.integer]

_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class StudySettings:
    """How the figures of a study are made.

    Attributes:
        objective: what the best trial of some days is chosen by, "sharpe_ratio" or "net_profit".
        n_blocks: most blocks of days for the probability of overfitting; short data gets fewer.
        n_groups: groups of days for cross-validation.
        n_test_groups: groups held out at a time.
        purge_days: training days dropped before a held-out group.
        embargo_days: training days dropped after it.
        windows: walk-forward lengths such as "12M/3M"; None: suited to the data (see `suggested_window_size`).
        train_lengths: training lengths of the walk-forward matrix.
        test_lengths: its test lengths.
        hold_out_share: share of the days held out at the end, between 0 and 1.
        n_resamples: resamples of each bootstrap.
        sample_limit: most trials for the probability of overfitting and the reality check; above it a seeded
            sample stands for all.
        missed_share: probability of missing a trade.
        jitter_share: how far the winner's parameters are shaken, as a share of their values, above 0, up to 1.
        jitter_draws: sets of shaken parameters that are run.
        n_threads: threads for the parts that can use several.
    """

    objective: str = "sharpe_ratio"
    n_blocks: int = 16
    n_groups: int = 10
    n_test_groups: int = 2
    purge_days: int = 1
    embargo_days: int = 5
    windows: str | None = None
    train_lengths: tuple[str, ...] = ("3M", "6M", "12M", "18M")
    test_lengths: tuple[str, ...] = ("1M", "3M", "6M")
    hold_out_share: float = HOLD_OUT_SHARE
    n_resamples: int = 1000
    sample_limit: int = 20_000
    missed_share: float = 0.1
    jitter_share: float = 0.1
    jitter_draws: int = 100
    n_threads: int = 2


@dataclass(frozen=True)
class Robustness:
    """All that one sweep says about its winner; parts that the data is too short for are None, with a note.

    Attributes:
        n_trials: trials of the sweep.
        n_failed: of these, trials left out because they failed.
        n_ledger_trials: trials ever run on this data.
        n_days: trading days.
        first_day: first of them, days since 1970-01-01.
        last_day: last of them.
        days_per_year: trading days a year.
        capital: starting balance, account currency.
        seed: seed of every draw.
        chosen: row of the winner, -1 if no trial has a defined score.
        chosen_score: its score; NaN if there is none.
        luck: its Sharpe ratio against unskilled trials; None without a winner.
        effective: independent trials that the sweep amounts to.
        overfitting: probability of backtest overfitting.
        reality_check: Hansen's test and the trials that pass StepM.
        cpcv: out-of-sample histories by cross-validation.
        walk_forward: rolling walk-forward.
        walk_forward_anchored: anchored walk-forward.
        walk_forward_matrix: walk-forward over several window lengths.
        drift: mean step of each parameter from window to window, share of its range, shape (n_axes,); or None.
        hold_out: best before a date, after it.
        plateau: how the neighbours of every trial do.
        chosen_neighbours: median of the winner's scored neighbours as a share of its own score; NaN if that is not
            positive or there is no neighbour.
        importance: how much each parameter explains.
        bands: bootstrap bands of the winner's profit and drawdown.
        dropped_trades: its profit without its best trades, if its trades were given.
        missed_trades: its profit with trades missed at random, likewise.
        costs: its profit with dearer trading, if its cost a trade was given.
        evidence: the numbers that were judged.
        verdict: the judgement.
        notes: what was sampled, left out, or could not be computed, in words.
    """

    n_trials: int
    n_failed: int
    n_ledger_trials: int
    n_days: int
    first_day: int
    last_day: int
    days_per_year: float
    capital: float
    seed: int
    chosen: int
    chosen_score: float
    luck: Luck | None
    effective: EffectiveTrials
    overfitting: Overfitting | None
    reality_check: RealityCheck | None
    cpcv: Cpcv | None
    walk_forward: WalkForward | None
    walk_forward_anchored: WalkForward | None
    walk_forward_matrix: WalkForwardMatrix
    drift: Floats | None
    hold_out: HoldOut | None
    plateau: Plateau
    chosen_neighbours: float
    importance: Importance
    bands: BootstrapBands | None
    dropped_trades: DroppedTrades | None
    missed_trades: MissedTrades | None
    costs: CostStress | None
    evidence: Evidence
    verdict: Verdict
    notes: tuple[str, ...]

    def trials_in_words(self) -> str:
        """How many trials there were, how many independent ones they amount to, and what luck makes of those."""
        if self.luck is None:
            return f"{self.n_ledger_trials:,} trials were ever run on this data."
        n, chance = self.luck.n_effective, self.luck.expected_best_effective_annual
        text = f"{self.n_ledger_trials:,} trials were ever run on this data; "
        if n < self.n_ledger_trials:
            text += f"being alike, they amount to about {n:,} independent one{'' if n == 1 else 's'}"
        else:
            text += "each counts as an independent one"
        if isnan(chance):
            return text + "."
        return f"{text}, of which the best is expected to show a Sharpe ratio of {chance:.2f} without any skill."

    def to_json(self) -> dict[str, object]:
        """Plain lists, numbers and text; undefined and infinite numbers are None; arrays a trial long are left out."""
        result: dict[str, object] = plain(self)
        return result


def plain(value: object) -> Any:
    """Turn dataclasses and arrays into what JSON can hold; NaN and infinity become None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.metadata.get("json", True)}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value


def assess(
    profits: Profits,
    day_numbers: Ints,
    positions: Ints,
    scores: Floats,
    *,
    capital: float,
    n_ledger_trials: int | None = None,
    chosen: int | None = None,
    ordered: npt.NDArray[np.bool_] | None = None,
    trade_profits: npt.NDArray[np.floating] | None = None,
    cost_per_trade: float | None = None,
    look_ahead: tuple[int, int] | None = None,
    makes_signals: bool = True,
    days_per_year: float | None = None,
    settings: StudySettings | None = None,
    thresholds: Thresholds | None = None,
    seed: int = 0,
) -> Robustness:
    """Study one sweep: luck, out-of-sample, shape, stress, and a verdict on the winner.

    Args:
        profits: daily profit of each trial in account currency, shape (n_trials, n_days); failed trials hold NaN.
        day_numbers: date of each day, days since 1970-01-01, ascending, shape (n_days,).
        positions: place of each trial on each axis, whole numbers, shape (n_trials, n_axes).
        scores: what the trials were ranked by, higher is better, NaN where undefined, shape (n_trials,).
        capital: starting balance, account currency, above 0.
        n_ledger_trials: trials ever run on this data; None: those of this sweep.
        chosen: row of the winner; None: the best score among the trials that finished.
        ordered: which axes have an order, shape (n_axes,); None: all.
        trade_profits: profit of each of the winner's trades after costs, account currency, shape (n_trades,).
        cost_per_trade: mean cost of one of them, account currency; needs `trade_profits`.
        look_ahead: cuts of the data at which the winner's signals differed from those with all data, and cuts that
            were compared; None: not checked, and then it does not survive.
        makes_signals: whether the strategy makes signals of bars; a replay of trades does not, so that there is nothing
            to look ahead with, and `look_ahead` is not judged.
        days_per_year: trading days a year; None: as many as the data has.
        settings: how the figures are made; None: the defaults.
        thresholds: what the verdict asks; None: the defaults.
        seed: seed of every draw.

    Raises:
        ParameterError: the shapes disagree, or a number is impossible.
    """
    made = settings or StudySettings()
    check_profits(profits)
    check_objective(made.objective)
    days = check_day_numbers(day_numbers, profits.shape[1])
    n_trials, n_days = profits.shape
    for name, array in (("scores", scores), ("positions", positions)):
        if array.shape[0] != n_trials:
            raise ParameterError(f"must have one row for each of {n_trials} trials", parameter=name, value=array.shape)
    if not capital > 0.0:
        raise ParameterError("must be above 0", parameter="capital", value=capital)
    if not 0.0 < made.hold_out_share < 1.0:
        raise ParameterError("must be between 0 and 1", parameter="hold_out_share", value=made.hold_out_share)
    rows = finished_rows(profits)
    a_year = days_per_year or n_days / ((int(days[-1] - days[0]) + 1) / _DAYS_PER_YEAR)
    n_ledger = max(n_ledger_trials or 0, rows.shape[0], 1)
    winner = _winner(scores, rows, chosen)
    score = float(scores[winner]) if winner >= 0 else nan
    notes: list[str] = []
    objective, limit = made.objective, made.sample_limit

    effective = effective_trials(profits, seed=seed)
    fortune = None
    if winner >= 0:
        fortune = luck(
            profits[winner],
            between_trials=variance_between_trials(profits, rows),
            n_trials=n_ledger,
            n_effective=effective_of_ledger(effective, n_ledger),
            days_per_year=a_year,
        )
    n_blocks = min(made.n_blocks, n_days // 4 * 2)
    fitted = None
    if n_blocks >= 2:
        fitted = overfitting(
            profits, n_blocks=n_blocks, objective=objective, limit=limit, seed=seed, n_threads=made.n_threads
        )
    tested = None
    if n_days >= 3:
        tested = reality_check(profits, seed=seed, n_resamples=made.n_resamples, limit=limit)
    paths = None
    if n_days >= 2 * made.n_groups:
        paths = cpcv(
            profits, n_groups=made.n_groups, n_test_groups=made.n_test_groups,
            purge_days=made.purge_days, embargo_days=made.embargo_days, objective=objective, seed=seed,
        )  # fmt: skip
    size = made.windows or suggested_window_size(days)
    rolling = anchored = None
    if size is not None:
        rolling = walk_forward(profits, days, size, objective=objective, seed=seed)
        anchored = walk_forward(profits, days, size, anchored=True, objective=objective, seed=seed)
    sizes = walk_forward_matrix(
        profits, days, train=made.train_lengths, test=made.test_lengths, objective=objective, seed=seed
    )
    first_held = int(n_days * (1.0 - made.hold_out_share))
    held = None
    if 0 < first_held < n_days:
        held = hold_out(profits, days, int(days[first_held]), objective=objective, seed=seed)
    usable = np.full(n_trials, nan)
    usable[rows] = scores[rows]
    shape = plateau(positions, usable, ordered=ordered, n_threads=made.n_threads)
    around = float(shape.median_neighbour[winner] / score) if winner >= 0 and score > 0.0 else nan
    bands = None
    if winner >= 0:
        bands = bootstrap_bands(profits[winner], capital=capital, seed=seed, n_resamples=made.n_resamples)
    dropped = missed = costs = None
    if trade_profits is not None and winner >= 0:
        dropped = dropped_best_trades(trade_profits)
        missed = missed_trades(trade_profits, share=made.missed_share, seed=seed, n_draws=made.n_resamples)
        if cost_per_trade is not None:
            costs = cost_stress(dropped.n_trades, dropped.net_profit, cost_per_trade)

    parts = {
        "overfitting": fitted, "reality check": tested, "cross-validation": paths,
        "walk-forward": rolling, "hold-out": held,
    }  # fmt: skip
    notes += [f"{name}: the data is too short" for name, part in parts.items() if part is None]
    if not sizes.n_windows.any():
        notes.append("walk-forward matrix: the data is too short for any of its sizes")
    samples = {"effective trials": effective, "overfitting": fitted, "reality check": tested}
    for name, sampled in samples.items():
        if sampled is not None and sampled.sample.is_sampled:
            notes.append(f"{name}: {sampled.sample}")
    if rows.shape[0] < n_trials:
        notes.append(f"{n_trials - rows.shape[0]:,} failed trials left out")
    n_different, n_cuts = look_ahead or (0, 0)
    evidence = Evidence(
        look_ahead=float(n_different) if n_cuts else nan,
        deflated_sharpe=fortune.deflated_sharpe_effective if fortune else nan,
        reality_check_p=tested.p_consistent if tested else nan,
        overfitting_probability=fitted.probability if fitted else nan,
        overfitting_loss=fitted.probability_of_loss if fitted else nan,
        walk_forward_profit=rolling.net_profit if rolling else nan,
        walk_forward_efficiency=rolling.efficiency if rolling else nan,
        walk_forward_sizes=sizes.share_profitable,
        losing_paths=paths.share_of_losing_paths if paths else nan,
        hold_out_profit=held.net_profit if held else nan,
        plateau=around if shape.n_neighbours_full else None,
        loss_probability=bands.probability_of_loss if bands else nan,
        break_even_factor=costs.break_even_factor if costs and costs.cost_per_trade > 0.0 else None,
        n_trades=float(dropped.n_trades) if dropped else None,
    )
    return Robustness(
        n_trials=n_trials,
        n_failed=n_trials - rows.shape[0],
        n_ledger_trials=n_ledger,
        n_days=n_days,
        first_day=int(days[0]),
        last_day=int(days[-1]),
        days_per_year=a_year,
        capital=capital,
        seed=seed,
        chosen=winner,
        chosen_score=score,
        luck=fortune,
        effective=effective,
        overfitting=fitted,
        reality_check=tested,
        cpcv=paths,
        walk_forward=rolling,
        walk_forward_anchored=anchored,
        walk_forward_matrix=sizes,
        drift=parameter_drift(rolling.chosen, positions) if rolling else None,
        hold_out=held,
        plateau=shape,
        chosen_neighbours=around,
        importance=parameter_importance(positions, usable),
        bands=bands,
        dropped_trades=dropped,
        missed_trades=missed,
        costs=costs,
        evidence=evidence,
        verdict=judge(evidence, thresholds, n_cuts=n_cuts, makes_signals=makes_signals),
        notes=tuple(notes),
    )


def _winner(scores: Floats, rows: npt.NDArray[np.int64], chosen: int | None) -> int:
    if chosen is not None:
        if chosen not in rows:
            raise ParameterError("must be the row of a trial that finished", parameter="chosen", value=chosen)
        return chosen
    known = rows[~np.isnan(scores[rows])]
    return int(known[np.argmax(scores[known])]) if known.shape[0] else -1
