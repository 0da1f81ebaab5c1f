"""What an exact walk-forward found: winners traded on the tests, stitched, and set beside the instant form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import nan
from typing import Any

import numpy as np

from trading_ai.engine.records import END_OF_DATA
from trading_ai.errors import StateError
from trading_ai.evaluation.declared import (
    SETTINGS,
    SYMBOL,
    TIMEFRAME,
    resolve_parameters,
    searched_settings,
    searches_symbol,
    searches_timeframe,
)
from trading_ai.evaluation.job import space_evaluator
from trading_ai.evaluation.look_ahead import look_ahead_of
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.evaluation.settings import with_settings
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.cautions import said_of_backtest
from trading_ai.optimization.records import WALK_FORWARD, OptimizationRecord
from trading_ai.parameters import Combination, SearchSpace
from trading_ai.robustness.instant_walk_forward import WalkForward, parameter_drift, walk_forward
from trading_ai.robustness.selection import OBJECTIVES, daily_score
from trading_ai.robustness.study import plain
from trading_ai.strategies.registry import is_built_in
from trading_ai.studies.exact_walk_forward import WalkForwardPlan, WalkForwardService

_WINNERS_LOOKED_AT = 8
_LOOK_AHEAD_SECONDS = 2.0


@dataclass(frozen=True)
class WindowResult:
    """One window: what was chosen where it learnt, what that earned where it traded, and the instant form of both.

    Attributes:
        train_first: first calendar day learnt from.
        test_first: first calendar day traded, and the end of the training.
        test_end: day after the last one traded.
        n_train: trading days learnt from.
        n_test: trading days traded.
        complete: whether the data reaches the end of the test.
        optimization_id: the optimization of the training.
        backtest_id: the backtest of the test, or None where nothing was chosen.
        parameters: what was chosen; None where no trial had a defined objective and held the conditions.
        in_sample: its objective in training.
        out_of_sample: its objective in the test.
        in_sample_profit: its profit in training, account currency.
        out_of_sample_profit: its profit in the test, account currency; 0 where nothing was chosen.
        n_trades: trades of the test.
        n_cut: how many of them were closed because the test ended.
        instant_parameters: what the instant form chose, or None.
        instant_in_sample_profit: what that earned in training by the instant form, or None.
        instant_out_of_sample_profit: and in the test, or None.
    """

    train_first: str
    test_first: str
    test_end: str
    n_train: int
    n_test: int
    complete: bool
    optimization_id: str
    backtest_id: str | None
    parameters: Combination | None
    in_sample: float
    out_of_sample: float
    in_sample_profit: float
    out_of_sample_profit: float
    n_trades: int
    n_cut: int
    instant_parameters: Combination | None = None
    instant_in_sample_profit: float | None = None
    instant_out_of_sample_profit: float | None = None


@dataclass(frozen=True)
class ExactWalkForward:
    """An exact walk-forward.

    Every window, training and test alike, is a backtest of its own that begins with the backtest's capital: profits
    add up, and sizes that depend on the balance do not compound from one window to the next.

    Attributes:
        size: lengths of training and test, such as "12M/3M".
        anchored: whether every training begins with the data.
        objective: what winners were chosen by.
        windows: the windows, in order of time.
        net_profit: sum of the tests, account currency.
        sharpe: Sharpe ratio of a day of the stitched tests, not annualised; NaN if undefined.
        efficiency: walk-forward efficiency, as `WalkForward.efficiency` has it.
        share_of_winning_windows: share of windows that earned money in the test.
        n_distinct: number of different combinations chosen.
        drift: mean step of each searched parameter from one window to the next, as a share of its axis, 0..1.
        n_cut: trades that were closed because a test ended.
        instant_net_profit: sum of the tests of the instant form, or None.
        instant_efficiency: its efficiency, or None.
        n_same: windows in which both forms chose the same combination, or None.
        notes: what was left out and why.
        costs_stated: the costs that were charged, in words; begins with "without costs" where there were none.
        day_numbers: dates of the stitched tests, ascending, shape (n_test_days,).
        daily_profit: the stitched tests, account currency, shape (n_test_days,).
        instant_daily_profit: those of the instant form on the same days, or None.
    """

    size: str
    anchored: bool
    objective: str
    windows: tuple[WindowResult, ...]
    net_profit: float
    sharpe: float
    efficiency: float
    share_of_winning_windows: float
    n_distinct: int
    drift: dict[str, float]
    n_cut: int
    instant_net_profit: float | None
    instant_efficiency: float | None
    n_same: int | None
    notes: tuple[str, ...]
    costs_stated: str
    day_numbers: Indices = field(repr=False)
    daily_profit: Floats = field(repr=False)
    instant_daily_profit: Floats | None = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it; undefined numbers are None, days are dates."""
        made: dict[str, Any] = plain(self)
        made["days"] = [str(day) for day in self.day_numbers.astype("datetime64[D]")]
        del made["day_numbers"]
        made["drift"] = {name: plain(value) for name, value in self.drift.items()}
        return made


def stitch(service: WalkForwardService, plan: WalkForwardPlan) -> ExactWalkForward:
    """Trade each window's winner on its test and join the tests; backtests that are there already are not run again.

    Raises:
        StateError: a part is not complete.
        EvaluationError: the strategy raised in a test.
    """
    space, days = plan.spec.search.space, plan.day_numbers
    instant, indices = _instant(service, plan)
    daily, traded = np.zeros(days.shape[0]), np.zeros(days.shape[0], dtype=np.bool_)
    chosen: list[int] = []
    windows: list[WindowResult] = []
    charged: dict[str, None] = {}
    for i, window in enumerate(plan.windows):
        record = _complete(service, plan, i)
        test = (days >= window.test_first) & (days < window.test_end)
        traded |= test
        result = WindowResult(
            train_first=_date(window.train_first), test_first=_date(window.test_first), test_end=_date(window.test_end),
            n_train=window.n_train, n_test=window.n_test, complete=window.complete,
            optimization_id=record.optimization_id, backtest_id=None, parameters=None,
            in_sample=nan, out_of_sample=nan, in_sample_profit=0.0, out_of_sample_profit=0.0, n_trades=0, n_cut=0,
        )  # fmt: skip
        if record.best_index is not None:
            result, dates, profit, costs = _traded(service, plan, i, record, record.best_index, result)
            charged[costs] = None
            daily[np.searchsorted(days, dates)] = profit  # not every searched symbol trades on every day
        if instant is not None:
            row = int(instant.chosen[i])
            result = replace(
                result,
                instant_parameters=space.combination(int(indices[row])) if row >= 0 else None,
                instant_in_sample_profit=float(instant.in_sample_profit[i]),
                instant_out_of_sample_profit=float(instant.out_of_sample_profit[i]),
            )
        chosen.append(-1 if record.best_index is None else record.best_index)
        windows.append(result)
    learnt_a_day = float(np.mean([w.in_sample_profit / w.n_train for w in windows]))
    return ExactWalkForward(
        size=plan.size,
        anchored=plan.spec.anchored,
        objective=str(plan.spec.search.objective),
        windows=tuple(windows),
        net_profit=float(daily.sum()),
        sharpe=daily_score(daily[traded], "sharpe_ratio"),
        efficiency=float(daily[traded].mean()) / learnt_a_day if learnt_a_day > 0.0 else nan,
        share_of_winning_windows=float(np.mean([w.out_of_sample_profit > 0.0 for w in windows])),
        n_distinct=len({index for index in chosen if index >= 0}),
        drift=_drift(space, chosen),
        n_cut=sum(w.n_cut for w in windows),
        instant_net_profit=None if instant is None else instant.net_profit,
        instant_efficiency=None if instant is None else instant.efficiency,
        n_same=None if instant is None else sum(w.parameters == w.instant_parameters for w in windows),
        notes=(*_look_ahead(service, plan, chosen), *plan.notes, *_notes(plan)),
        costs_stated=_costs_of(plan, [*charged]),
        day_numbers=days[traded],
        daily_profit=daily[traded],
        instant_daily_profit=None if instant is None else instant.daily_profit,
    )


def _complete(service: WalkForwardService, plan: WalkForwardPlan, i: int) -> OptimizationRecord:
    part = plan.parts[i]
    record = service.found(part)
    if record is None or record.status != "completed":
        state = "not begun" if record is None else record.status
        raise StateError(f"{part.name} is {state}: the walk-forward is not complete")
    return record


def _traded(
    service: WalkForwardService,
    plan: WalkForwardPlan,
    i: int,
    record: OptimizationRecord,
    best_index: int,
    result: WindowResult,
) -> tuple[WindowResult, Indices, Floats, str]:
    """The winner of a training on its test; its days, its profit on each of them, and its costs in words."""
    base, objective = plan.base, record.spec.objective
    combination = record.spec.space.combination(best_index)
    start, end = plan.tests[i]
    chosen, space = plan.strategy, record.spec.space
    settled, values = with_settings(base.spec, chosen, space, {**base.spec.parameters, **combination})
    timeframe = base.spec.timeframe
    if searches_timeframe(chosen, space):
        timeframe = str(values.pop(TIMEFRAME))
    dataset_id = base.spec.dataset_id
    if searches_symbol(chosen, space):
        dataset_id = record.spec.datasets[str(values.pop(SYMBOL))]
    parameters = resolve_parameters(chosen, values)
    spec = replace(settled, dataset_id=dataset_id, parameters=parameters, timeframe=timeframe, start=start, end=end)
    name = f"{WALK_FORWARD}test {result.test_first}..{result.test_end} of {base.backtest_id[:8]}"
    backtest = service.backtest(spec, name, plan.trainings[i].part_of)
    arrays = service.backtests.artifacts.load_backtest(backtest.backtest_id)
    learnt = service.store.ranked(record.optimization_id, 1).metrics[0]
    metrics = np.array([[backtest.metrics[name] for name in METRIC_NAMES]])
    profit = arrays["daily_profit"]
    result = replace(
        result,
        backtest_id=backtest.backtest_id,
        parameters=combination,
        in_sample=float(objective.values(learnt[None, :])[0]),
        out_of_sample=float(objective.values(metrics)[0]),
        in_sample_profit=float(learnt[METRIC_COLUMN["final_equity"]]) - base.spec.capital,
        out_of_sample_profit=float(profit.sum()),
        n_trades=len(arrays["trades"]),
        n_cut=int((arrays["trades"]["exit_reason"] == END_OF_DATA).sum()),
    )
    return result, arrays["day_numbers"], profit, said_of_backtest(backtest).costs_stated


def _instant(service: WalkForwardService, plan: WalkForwardPlan) -> tuple[WalkForward | None, Indices]:
    """The instant form from the sweep of all days, and the combination of each of its rows."""
    if plan.whole is None:
        return None, np.empty(0, dtype=np.int64)
    record = _complete(service, plan, len(plan.trainings))
    parts = list(service.store.daily_profits(record.optimization_id))
    indices = np.concatenate([found for found, _ in parts])
    profits = np.concatenate([rows for _, rows in parts])
    order = np.argsort(indices)
    made = walk_forward(
        profits[order], plan.day_numbers, plan.size, anchored=plan.spec.anchored, objective=_daily_objective(plan)
    )
    return made, indices[order]


def _costs_of(plan: WalkForwardPlan, charged: list[str]) -> str:
    """The costs that the tests were charged, in words: those of each window's winner, where costs are searched."""
    names = searched_settings(plan.strategy, plan.spec.search.space)
    if not charged or all(SETTINGS[name] != "costs" for name in names):
        return said_of_backtest(plan.base).costs_stated
    return "; in other windows ".join(charged)


def _daily_objective(plan: WalkForwardPlan) -> str:
    asked = str(plan.spec.search.objective)
    return asked if asked in OBJECTIVES else "sharpe_ratio"


def _look_ahead(service: WalkForwardService, plan: WalkForwardPlan, chosen: list[int]) -> list[str]:
    """A note where a user's strategy reads the future with the parameters that windows chose."""
    base, space = plan.base.spec, plan.spec.search.space
    winners = [*dict.fromkeys(index for index in chosen if index >= 0)][:_WINNERS_LOOKED_AT]
    if is_built_in(base.strategy) or not winners:
        return []
    datasets = _complete(service, plan, 0).spec.datasets
    evaluator = space_evaluator(base, space, datasets, service.backtests.artifacts, plan.strategy)
    found = look_ahead_of(evaluator, map(space.combination, winners), seconds=_LOOK_AHEAD_SECONDS)
    return [f"THE STRATEGY READS THE FUTURE, nobody could have traded this: {found}"] if found.found else []


def _notes(plan: WalkForwardPlan) -> list[str]:
    search, notes = plan.spec.search, []
    if plan.whole is not None and str(search.objective) not in OBJECTIVES:
        notes.append(f"the instant form chose by sharpe_ratio: daily profits do not give {search.objective}")
    if plan.whole is not None and search.constraints:
        notes.append("the instant form knows no conditions on results")
    if not plan.windows[-1].complete:
        notes.append("the last test is cut short by the end of the data")
    return notes


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _drift(space: SearchSpace, chosen: list[int]) -> dict[str, float]:
    # The two corners of the space in front make the extent of every axis that of the space.
    corners = np.array([[0] * len(space.shape), [n - 1 for n in space.shape]], dtype=np.int64)
    kept = np.array([index for index in chosen if index >= 0], dtype=np.int64)
    positions = np.concatenate((corners, np.stack(space.positions(kept), axis=1)))
    moved = parameter_drift(np.arange(kept.shape[0]) + corners.shape[0], positions)
    return dict(zip(space.names, moved.tolist(), strict=True))
