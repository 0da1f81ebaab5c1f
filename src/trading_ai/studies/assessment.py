"""Would the winner of an optimization survive? Its trials' daily profits, studied and judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.driving.service import OptimizationService
from trading_ai.evaluation.look_ahead import look_ahead_of
from trading_ai.evaluation.model import BacktestResult
from trading_ai.evaluation.ports import Evaluator, Indices
from trading_ai.metrics.annual import years_of
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.cautions import Said, said_of_optimization
from trading_ai.optimization.ledger import trials_on_its_data
from trading_ai.optimization.pareto import own_scores
from trading_ai.optimization.ports import Store
from trading_ai.optimization.ranking import trial_of_rank
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.optimization.standing import winner_of_rank
from trading_ai.optimization.tries import TrialCount
from trading_ai.parameters import Combination, is_ordered
from trading_ai.robustness.study import Robustness, StudySettings, assess, plain
from trading_ai.robustness.verdict import Thresholds
from trading_ai.strategies.replay import Replay
from trading_ai.studies.reruns import Reruns, rerun

SAMPLE_LIMIT = 20_000
"""Trials that are studied; of more, a seeded sample that contains the winner."""

_COSTS = ("commission_paid", "spread_paid", "slippage_paid", "swap_paid")


@dataclass(frozen=True, eq=False)
class Assessment:
    """A study of an optimization.

    Attributes:
        record: the optimization.
        rank: rank of the trial that was judged, from 1.
        winner_index: its combination index.
        parameters: its searched parameters.
        indices: combinations that were studied, int64, ascending, shape (m,); rows of the study are in this order.
        n_trials: trials of the optimization.
        tried: trials ever run on its data, and what was counted.
        n_recomputed: trials whose daily profits were not kept and were computed again.
        day_numbers: date of each trading day, days since 1970-01-01, shape (n_days,).
        study: what was found.
        positions: place of each studied trial on each axis, shape (m, n_axes).
        reruns: the judged trial under other conditions.
        backtest: the judged trial in full.
        said: its costs in words, and what speaks against it.
    """

    record: OptimizationRecord
    rank: int
    winner_index: int
    parameters: Combination
    indices: Indices
    n_trials: int
    tried: TrialCount
    n_recomputed: int
    day_numbers: npt.NDArray[np.int64]
    study: Robustness
    positions: Indices
    reruns: Reruns
    backtest: BacktestResult
    said: Said

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it; undefined numbers are None."""
        return {
            **self.study.to_json(),
            "optimization_id": self.record.optimization_id,
            "rank": self.rank,
            "parameters": self.parameters,
            "combination_index": self.winner_index,
            "n_trials": self.n_trials,  # of all, also where the study is of a sample
            "counted": self.tried.counted,
            "n_studied": int(self.indices.shape[0]),
            "n_recomputed": self.n_recomputed,
            "reruns": plain(self.reruns),
            "costs_stated": self.said.costs_stated,
            "warnings": list(self.said.warnings),
        }


def assess_optimization(
    service: OptimizationService,
    optimization_id: str,
    *,
    rank: int = 1,
    settings: StudySettings | None = None,
    thresholds: Thresholds | None = None,
    seed: int = 0,
    limit: int = SAMPLE_LIMIT,
) -> Assessment:
    """Study an optimization and judge one of its trials.

    Daily profits that were not kept are computed again, which gives the same numbers to the last bit.

    Args:
        service: the use cases of optimizations.
        optimization_id: which one.
        rank: rank of the trial to judge.
        settings: how figures are made.
        thresholds: what the verdict asks.
        seed: seed of every draw.
        limit: most trials to study.

    Raises:
        NoWinnerError: the trial does not rank, or none does.
        StateError: code has changed since.
        ParameterError: there is no trial of that rank.
    """
    store = service.store
    record = store.optimization(optimization_id)
    winner = int(winner_of_rank(store, record, rank).indices[0])
    indices, scores = own_scores(store, record)
    n_trials = int(indices.shape[0])
    if n_trials > limit:
        others = np.flatnonzero(indices != winner)
        drawn = np.random.default_rng(seed).choice(others, limit - 1, replace=False)
        chosen = np.sort(np.append(drawn, np.searchsorted(indices, winner)))
        indices, scores = indices[chosen], scores[chosen]
    evaluator, (backtest,) = service.backtest_of(record, [winner])
    profits, n_recomputed = _profits(store, record, evaluator, indices)
    trades = backtest.trades["net_profit"].astype(np.float64)
    costs = sum(backtest.metrics[name] for name in _COSTS if np.isfinite(backtest.metrics[name]))
    space = record.spec.space
    positions = np.stack(space.positions(indices), axis=1)
    settings = settings or StudySettings()
    makes_signals = not isinstance(evaluator.strategy, Replay)
    looked = look_ahead_of(evaluator, [space.combination(winner)])
    tried = trials_on_its_data(store, record)
    study = assess(
        profits,
        evaluator.day_numbers,
        positions,
        scores,
        capital=evaluator.account.capital,
        n_ledger_trials=tried.n_trials,
        chosen=int(np.searchsorted(indices, winner)),
        ordered=np.array([is_ordered(axis) for axis in space.axes]),
        trade_profits=trades if trades.size else None,
        cost_per_trade=costs / trades.size if trades.size else None,
        look_ahead=(looked.n_different, looked.n_cuts),
        makes_signals=makes_signals,
        days_per_year=years_of(
            evaluator.bars_of(space.combination(winner)).traded, backtest.day_numbers.size
        ).periods_per_year,
        settings=settings,
        thresholds=thresholds,
        seed=seed,
    )
    if not makes_signals:
        study = replace(study, notes=("look-ahead: does not apply, the entries are those of a list", *study.notes))
    elif looked.found or not looked.n_cuts:
        study = replace(study, notes=(f"look-ahead: {looked}", *study.notes))
    return Assessment(
        record=record,
        rank=rank,
        winner_index=winner,
        parameters=space.combination(winner),
        indices=indices,
        n_trials=n_trials,
        tried=tried,
        n_recomputed=n_recomputed,
        day_numbers=evaluator.day_numbers,
        study=study,
        positions=positions,
        reruns=rerun(
            service.job_of(record),
            service.artifacts,
            evaluator,
            winner,
            share=settings.jitter_share,
            n_draws=settings.jitter_draws,
            seed=seed,
        ),
        backtest=backtest,
        said=said_of_optimization(store, record, rank),
    )


def _profits(
    store: Store, record: OptimizationRecord, evaluator: Evaluator, indices: Indices
) -> tuple[npt.NDArray[np.float32], int]:
    """Daily profits of trials, shape (m, n_days), and how many had to be computed again."""
    profits = np.full((indices.shape[0], evaluator.n_days), np.nan, dtype=np.float32)
    known = np.zeros(indices.shape[0], dtype=np.bool_)
    if record.spec.keep_daily_profit:
        for found, rows in store.daily_profits(record.optimization_id, indices):
            kept = np.isin(found, indices)
            places = np.searchsorted(indices, found[kept])
            profits[places], known[places] = rows[kept], True
    missing = np.flatnonzero(~known)
    if missing.size:
        daily = evaluator.evaluate(indices[missing], keep_daily_profit=True).daily_profit
        assert daily is not None
        profits[missing] = daily
    return profits, int(missing.size)


@dataclass(frozen=True)
class Verification:
    """A stored trial beside the same trial run again.

    Attributes:
        index: its combination index.
        parameters: its searched parameters.
        stored: metrics as stored.
        again: metrics of the run just made.
        different: names of the metrics that differ in any bit.
    """

    index: int
    parameters: Combination
    stored: dict[str, float]
    again: dict[str, float]
    different: tuple[str, ...]


def verify_trial(service: OptimizationService, optimization_id: str, rank: int = 1) -> Verification:
    """Run a stored trial again, on its data with its strategy's code, and compare to the last bit.

    Raises:
        ParameterError: there is no trial of that rank.
        StateError: the strategy's code or the engine has changed since; the message says which.
    """
    record = service.store.optimization(optimization_id)
    page = trial_of_rank(service.store, record, rank)
    index = int(page.indices[0])
    evaluator, _ = service.backtest_of(record, [])
    again = evaluator.evaluate(np.array([index])).metrics[0]
    same = (again == page.metrics[0]) | (np.isnan(again) & np.isnan(page.metrics[0]))
    return Verification(
        index=index,
        parameters=record.spec.space.combination(index),
        stored=dict(zip(METRIC_NAMES, page.metrics[0].tolist(), strict=True)),
        again=dict(zip(METRIC_NAMES, again.tolist(), strict=True)),
        different=tuple(name for name, equal in zip(METRIC_NAMES, same.tolist(), strict=True) if not equal),
    )
