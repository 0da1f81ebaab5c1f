"""Planning an optimization: is it possible, what is to be tried, and what will it cost?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from trading_ai.driving.dispatch import Dispatch
from trading_ai.driving.proposals import Proposals
from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.evaluation.declared import SYMBOL, check_axis, searches_symbol
from trading_ai.evaluation.job import space_evaluator, strategy_as_started
from trading_ai.evaluation.look_ahead import look_ahead_of, telling_combinations
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Artifacts, Evaluator, Floats, Indices, Job
from trading_ai.evaluation.speed import Speed, count_groups, measured_speed
from trading_ai.optimization.combinations import check_size
from trading_ai.optimization.judging import Judge, Saved
from trading_ai.optimization.ledger import Answers
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.objective import bound, functions_identity
from trading_ai.optimization.pareto import check_objectives, known_scores
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.parameters import SearchSpace
from trading_ai.search.registry import METHODS
from trading_ai.strategies.base import Declared
from trading_ai.strategies.lookahead import LookAheadCheck
from trading_ai.strategies.registry import is_built_in

_MOST_PROBED = 10_000
LOOK_AHEAD_SECONDS = 0.4
"""How long a user's strategy is looked at before a search, whatever it costs."""


@dataclass(frozen=True, eq=False)
class Plan:
    """An optimization that was found possible, and what it will cost.

    Attributes:
        spec: what is searched.
        backtest: the backtest that it starts from.
        strategy: its strategy.
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
        look_ahead: whether a user's strategy reads the future, on a sample; None where that was not looked at.
        proposals: what proposes combinations to a method that learns.
    """

    spec: OptimizationSpec
    backtest: BacktestRecord
    strategy: Declared
    strategy_hash: str
    space: SearchSpace
    indices: Indices
    n_total: int
    n_groups: int
    n_left_out: int
    speed: Speed
    expected_seconds: float
    evaluator: Evaluator
    proposals: Proposals
    look_ahead: LookAheadCheck | None = None


def plan_optimization(
    spec: OptimizationSpec, store: Store, artifacts: Artifacts, *, max_combinations: int, measure: bool = True
) -> Plan:
    """Check an optimization and, if wanted, measure what it will cost; nothing is stored.

    Args:
        spec: what is to be searched.
        store: holds the backtest.
        artifacts: holds its bars.
        max_combinations: largest grid that is searched in full; methods that draw some combinations have no limit.
        measure: False leaves the speed at zero, and does not look whether a user's strategy reads the future: it runs
            nothing of it.

    Raises:
        InputError: it cannot run; the message says why.
        NotFoundError: there is no such backtest.
        StateError: the backtest's strategy or the engine has changed.
    """
    backtest = store.backtest(spec.backtest_id)
    spec = replace(spec, backtest_id=backtest.backtest_id)
    spec.stop_rule  # noqa: B018 - refuses an impossible limit
    space = spec.space
    if not space.axes:
        raise ParameterError("needs at least one", parameter="space", remedy="Example: stop_loss=20:80:2")
    if spec.method not in METHODS or METHODS[spec.method].lists_all:
        _check_grid(space, max_combinations)
    check_size(space)
    chosen = strategy_as_started(backtest.spec, backtest.strategy_hash, backtest.engine_version)
    for axis in space.axes:
        check_axis(chosen, axis)
    spec = replace(spec, datasets=symbol_datasets(store, backtest.spec, chosen, space, spec.datasets))
    evaluator = space_evaluator(backtest.spec, space, spec.datasets, artifacts, chosen)
    proposals = Proposals(spec, backtest.spec, chosen)
    check_objectives(spec)
    bound(spec.objectives, spec.functions_hash)
    spec = replace(spec, functions_hash=functions_identity(spec.objectives))
    indices = np.empty(0, np.int64) if proposals.learns else proposals.batch()
    probed = indices
    if proposals.learns and measure:
        probed = proposals.combinations.some(min(proposals.n_total, _MOST_PROBED))
    looked = None
    if measure and not is_built_in(backtest.spec.strategy):
        some = proposals.combinations.some(3).tolist()
        looked = look_ahead_of(evaluator, telling_combinations(chosen, space, some), seconds=LOOK_AHEAD_SECONDS)
        spec = replace(spec, look_ahead=str(looked) if looked.found else "")
    n_groups = count_groups(chosen, space, probed)
    speed = measured_speed(evaluator, probed) if measure else Speed(0.0, 0.0)
    return Plan(
        spec=spec,
        backtest=backtest,
        strategy=chosen,
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
        look_ahead=looked,
    )


def _check_grid(space: SearchSpace, max_combinations: int) -> None:
    """Refuse a grid that is too large to try all of it."""
    if space.n_combinations > max_combinations:
        sizes = " x ".join(f"{n:,}" for n in space.shape)
        raise ParameterError(
            f"has {sizes} = {space.n_combinations:,} combinations, more than {max_combinations:,} for a full grid",
            parameter="space",
            value=space.n_combinations,
            remedy="Take larger steps, or a method that draws some of them, such as --method genetic or random_search "
            "with --max-iterations, or raise TRADING_AI_MAX_COMBINATIONS",
        )


def symbol_datasets(
    store: Store, backtest: BacktestSpec, chosen: Declared, space: SearchSpace, known: Mapping[str, str]
) -> dict[str, str]:
    """The dataset of each searched symbol; empty where the symbol is not searched.

    The backtest's own symbol keeps its dataset. Of another symbol, the one imported last with the same timeframe is
    taken.

    Args:
        store: holds the datasets.
        backtest: the backtest that is searched around.
        chosen: its strategy.
        space: the search space.
        known: what was found when the optimization began; kept as it is.

    Raises:
        ParameterError: a symbol has no dataset of that timeframe, or finer bars of one symbol decide exits.
    """
    if not searches_symbol(chosen, space):
        return {}
    if known:
        return dict(known)
    if backtest.detail_dataset_id is not None:
        raise ParameterError(
            "cannot be searched around a backtest whose exits are decided by finer bars of one symbol",
            parameter=SYMBOL,
            own=True,
            value=backtest.detail_dataset_id[:12],
            remedy="Import the finer bars of every symbol, and give the strategy's timeframe with --timeframe",
        )
    own = store.dataset(backtest.dataset_id)
    newest: dict[str, DatasetRecord] = {}
    for dataset in reversed(store.datasets()):
        if dataset.timeframe == own.timeframe:
            newest[dataset.symbol] = dataset
    newest[own.symbol] = own
    found = {}
    for value in next(axis.values for axis in space.axes if axis.name == SYMBOL):
        name = str(value)
        if name not in newest:
            raise ParameterError(
                f"no dataset holds {own.timeframe} bars of it",
                parameter=SYMBOL,
                own=True,
                value=name,
                remedy=did_you_mean(name, newest) + f"Import some, or choose among: {', '.join(sorted(newest))}",
            )
        found[name] = newest[name].dataset_id
    return found


def dispatch_of(
    store: Store,
    record: OptimizationRecord,
    proposals: Proposals,
    chosen: Declared,
    left: Indices,
    *,
    n_started: int = 0,
    rate: float = 0.0,
    answered: Callable[[Saved], None] = lambda _: None,
) -> Dispatch:
    """The pieces of an optimization that are still to be run.

    Args:
        store: holds its trials, and the ledger.
        record: the optimization.
        proposals: what proposes its combinations.
        chosen: its strategy.
        left: combinations to run that were proposed already, shape (m,).
        n_started: combinations that were dispatched or answered before.
        rate: combinations a second on one core, 0 if that is not known.
        answered: told what the ledger knew of a batch, which was saved.
    """
    answers: list[Answers] = []

    def answer(batch: Indices) -> Indices:
        if not answers:  # looked up when the first batch is there: methods that do not learn never ask
            judge = Judge(store, record.optimization_id, record.spec)
            answers.append(Answers(store, record, chosen, proposals.combinations.keep, judge))
        rest, saved = answers[0].take(batch)
        if saved is not None:
            answered(saved)
        return rest

    def known() -> tuple[Indices, Floats]:
        return known_scores(store, record)

    return Dispatch(proposals, left, known=known, answer=answer, n_started=n_started, rate=rate)


def job_of(store: Store, record: OptimizationRecord) -> Job:
    """What the trials of an optimization are of."""
    spec = record.spec
    backtest = store.backtest(spec.backtest_id).spec
    datasets = dict(spec.datasets)
    return Job(backtest, spec.space, spec.keep_daily_profit, record.strategy_hash, datasets, record.engine_version)


def strategy_of(store: Store, record: OptimizationRecord) -> Declared:
    """The strategy of a stored optimization, where all that its trials and scores are made by is as at its start.

    Raises:
        ChangedError: the code of the strategy or of a user's objective has changed since, or the engine.
        StrategyError: the strategy or such an objective is gone.
    """
    backtest = store.backtest(record.spec.backtest_id)
    chosen = strategy_as_started(backtest.spec, record.strategy_hash, record.engine_version)
    bound(record.spec.objectives, record.spec.functions_hash)
    return chosen


def proposals_of(store: Store, record: OptimizationRecord) -> tuple[Declared, Proposals]:
    """The strategy of a stored optimization, and what proposes its combinations; errors as of `strategy_of`."""
    chosen = strategy_of(store, record)
    return chosen, Proposals(record.spec, store.backtest(record.spec.backtest_id).spec, chosen)
