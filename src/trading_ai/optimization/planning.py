"""Planning an optimization: is it possible, what is to be tried, and what will it cost?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trading_ai.errors import ParameterError
from trading_ai.optimization import planner
from trading_ai.optimization.declared import check_axis
from trading_ai.optimization.evaluator import Evaluator
from trading_ai.optimization.jobs import check_code, space_evaluator
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.objective import Constraint, Objective
from trading_ai.optimization.pareto import objectives_of
from trading_ai.optimization.ports import Artifacts, BacktestRecord, Indices, Store
from trading_ai.optimization.proposals import Proposals
from trading_ai.optimization.symbols import symbol_datasets
from trading_ai.parameters import SearchSpace
from trading_ai.search.stopping import StopRule
from trading_ai.strategies.registry import strategy


@dataclass(frozen=True, eq=False)
class Plan:
    """An optimization that was found possible, and what it will cost.

    Attributes:
        spec: what is searched.
        backtest: the backtest that it starts from.
        strategy_hash: code hash of the strategy.
        space: the search space.
        indices: combinations to try, those that share signals side by side, shape (m,); empty where they depend on
            results.
        n_total: combinations to try.
        n_groups: sets of signals among them, about.
        n_left_out: combinations that break a rule of the strategy.
        speed: measured cost on one core.
        expected_seconds: on one core.
        evaluator: what measured it.
        proposals: what proposes combinations to a method that learns.
    """

    spec: OptimizationSpec
    backtest: BacktestRecord
    strategy_hash: str
    space: SearchSpace
    indices: Indices
    n_total: int
    n_groups: int
    n_left_out: int
    speed: planner.Speed
    expected_seconds: float
    evaluator: Evaluator
    proposals: Proposals


def stop_rule(spec: OptimizationSpec) -> StopRule:
    """When to stop before everything was tried.

    Raises:
        ParameterError: a limit is not above zero.
    """
    return StopRule(max_seconds=spec.max_seconds, stagnation=spec.stagnation)


def plan_optimization(
    spec: OptimizationSpec, store: Store, artifacts: Artifacts, *, max_combinations: int, measure: bool = True
) -> Plan:
    """Check an optimization and, if wanted, measure what it will cost; nothing is stored.

    Args:
        spec: what is to be searched.
        store: holds the backtest.
        artifacts: holds its bars.
        max_combinations: largest search space that is accepted.
        measure: False leaves the speed at zero.

    Raises:
        InputError: it cannot run; the message says why.
        NotFoundError: there is no such backtest.
        StateError: the backtest's strategy or the engine has changed.
    """
    backtest = store.backtest(spec.backtest_id)
    spec = replace(spec, backtest_id=backtest.backtest_id)
    Objective.parse(spec.objective)
    for text in spec.constraints:
        Constraint.parse(text)
    stop_rule(spec)
    space = spec.space
    if not space.axes:
        raise ParameterError("needs at least one", parameter="--param", remedy="Example: stop_loss=20:80:2")
    if space.n_combinations > max_combinations:
        sizes = " x ".join(f"{n:,}" for n in space.shape)
        raise ParameterError(
            f"has {sizes} = {space.n_combinations:,} combinations, more than {max_combinations:,}",
            parameter="search space",
            value=space.n_combinations,
            remedy="Take larger steps, or raise TRADING_AI_MAX_COMBINATIONS",
        )
    chosen = strategy(backtest.spec.strategy)
    check_code(chosen, backtest.strategy_hash, backtest.engine_version)
    for axis in space.axes:
        check_axis(chosen, axis)
    spec = replace(spec, datasets=symbol_datasets(store, backtest.spec, chosen, space, spec.datasets))
    evaluator = space_evaluator(backtest.spec, space, spec.datasets, artifacts, chosen)
    proposals = Proposals(spec, backtest.spec, chosen)
    objectives_of(spec)
    indices = np.empty(0, np.int64) if proposals.learns else proposals.batch()
    probed = indices
    if proposals.learns and measure:
        every = proposals.candidates
        probed = np.sort(every[np.linspace(0, every.size - 1, min(proposals.n_total, every.size)).astype(np.int64)])
    n_groups = planner.count_groups(chosen, space, probed)
    speed = planner.measure(evaluator, probed) if measure else planner.Speed(0.0, 0.0)
    return Plan(
        spec=spec,
        backtest=backtest,
        strategy_hash=backtest.strategy_hash,
        space=space,
        indices=indices,
        n_total=proposals.n_total,
        n_groups=n_groups,
        n_left_out=proposals.n_left_out,
        speed=speed,
        expected_seconds=speed.seconds(proposals.n_total, n_groups),
        evaluator=evaluator,
        proposals=proposals,
    )
