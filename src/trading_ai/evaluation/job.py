"""From a backtest's specification to something that evaluates: bars, strategy, evaluator, chunk results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from trading_ai.engine.account import Account
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import ChangedError, DataError, StateError, StrategyError, said_in_full
from trading_ai.evaluation.declared import searched_settings, searches_symbol, searches_timeframe
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.making import evaluator_of
from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
from trading_ai.evaluation.ports import Artifacts, Evaluator, Indices, Job
from trading_ai.evaluation.settings import SettingsEvaluator, with_settings, without_settings
from trading_ai.evaluation.symbols import SymbolsEvaluator, symbol_specs, without_symbol
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import bars_before, both_before
from trading_ai.market.resample import resample
from trading_ai.metrics.catalog import METRICS
from trading_ai.parameters import Combination, SearchSpace
from trading_ai.strategies.base import Declared
from trading_ai.strategies.bundled import by_hash, is_bundle
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import is_path, parts_of, strategy
from trading_ai.strategies.replay import Replay


def absolute_strategy(name: str) -> str:
    """A strategy's name with its file's path made absolute, so that it is found from any folder.

    A bundle is named by its hash, so that it stays the same whatever is published under its name.

    Raises:
        NotFoundError: there is no such bundle.
    """
    parts = parts_of(name)
    if len(parts) > 1:
        return "+".join(map(absolute_strategy, parts))
    if is_bundle(name):
        return by_hash(name)
    path, colon, cls = name.rpartition(":") if ".py:" in name else (name, "", "")
    return f"{Path(path).resolve()}{colon}{cls}" if is_path(name) else name


def load_bars(spec: BacktestSpec, artifacts: Artifacts, *, searched: bool = False) -> tuple[Bars, Bars | None]:
    """The bars that the strategy sees, and the finer bars that exits are resolved on, if any.

    A timeframe longer than the dataset's own resamples the bars for the strategy and resolves exits on the
    dataset's bars, unless other finer bars are named. Both end with the backtest's date range; `make_evaluator` sees
    to its start. Where the timeframe is searched, the bars are the dataset's own, whatever the backtest's timeframe.

    Raises:
        NotFoundError: a dataset's bars are gone.
        StateError: the backtest was imported without bars.
        ParameterError: no bar opens before the end of the range.
        DataError: the timeframe does not fit the dataset, or the detail bars do not fit the bars.
    """
    if not spec.dataset_id:
        raise StateError(
            "this backtest was imported without bars, and nothing can be run on it: import bars of its symbol, then "
            "the report again with that dataset"
        )
    own = bars_before(artifacts.load_bars(spec.dataset_id), spec.end)
    others = [artifacts.load_bars(dataset_id) for dataset_id in spec.other_dataset_ids]
    own = own.with_others(bars for bars in others if bars.symbol.name != own.symbol.name)
    bars = own if searched or spec.timeframe is None else resample(own, spec.timeframe, day_start=spec.day_start)
    detail = own if bars is not own else None
    if spec.detail_dataset_id is not None:
        detail = artifacts.load_bars(spec.detail_dataset_id)
        if detail.symbol.name != bars.symbol.name:
            raise DataError(
                f"holds bars of {detail.symbol.name}, not of {bars.symbol.name}",
                parameter="detail_dataset_id",
                value=spec.detail_dataset_id[:12],
            )
        if detail.timeframe >= bars.timeframe:
            raise DataError(
                f"must be finer than the strategy's bars ({bars.timeframe})",
                parameter="detail_dataset_id",
                value=str(detail.timeframe),
            )
        return both_before(bars, detail, spec.end)
    return bars, detail


def load_conversion(spec: BacktestSpec, artifacts: Artifacts) -> Bars | None:
    """Bars whose rates convert profits to the account's currency, or None.

    Raises:
        NotFoundError: they are gone.
    """
    return None if spec.conversion_dataset_id is None else artifacts.load_bars(spec.conversion_dataset_id)


def make_evaluator(
    spec: BacktestSpec,
    space: SearchSpace,
    bars: Bars,
    detail: Bars | None,
    n_threads: int,
    chosen: Declared,
    conversion: Bars | None = None,
) -> Evaluator:
    """An evaluator of a search space around a backtest; searched parameters lose their fixed value.

    Args:
        spec: the backtest.
        space: the search space.
        bars: what the strategy sees.
        detail: finer bars that decide exits, or None.
        n_threads: threads to use.
        chosen: the strategy.
        conversion: bars of the spec's `conversion_dataset_id`, or None.

    Raises:
        InputError: a parameter, rule or cost is impossible.
    """
    return evaluator_of(
        chosen,
        bars,
        space,
        {name: value for name, value in spec.parameters.items() if name not in space.names},
        Account(spec.capital, spec.sizing, spec.costs, spec.rules),
        account_currency=spec.account_currency,
        detail=detail,
        conversion_bars=conversion,
        start=spec.start,
        day_start=spec.day_start,
        n_threads=n_threads,
    )


def strategy_of(spec: BacktestSpec) -> Declared:
    """The strategy that a backtest names, with the trades that it names where they are replayed.

    Raises:
        StrategyError: there is no such strategy, trades are named for one that replays none, or none for one that does.
    """
    chosen = strategy(spec.strategy)
    if not isinstance(chosen, Replay):
        if spec.trades_id is not None:
            raise StrategyError(
                f"is only for the strategy replay, not for {chosen.name}", parameter="trades_id",
                value=spec.trades_id[:12], remedy="Leave it out, or name replay as the strategy.",
            )  # fmt: skip
        return chosen
    if spec.trades_id is None:
        raise StrategyError(
            "is needed by the strategy replay", parameter="trades_id", value=None,
            remedy="Give the id of a backtest whose trades are to be replayed, or import one.",
        )  # fmt: skip
    return Replay(spec.trades_id)


def with_trades(chosen: Declared, artifacts: Artifacts) -> Declared:
    """The same strategy, with its list of trades at hand where it replays one.

    Raises:
        NotFoundError: the list is gone.
        StorageError: it no longer matches its hash.
    """
    if isinstance(chosen, Replay) and chosen.trades is None:
        return Replay(chosen.trades_id, artifacts.load_trades(chosen.trades_id))
    return chosen


def check_code(chosen: Declared, expected_hash: str, engine_version: str = ENGINE_VERSION) -> None:
    """Make sure that code gives the numbers it gave at the start.

    Raises:
        ChangedError: the strategy's code or the engine's version is another.
    """
    if engine_version != ENGINE_VERSION:
        raise ChangedError(
            f"started with engine version {engine_version}, this is {ENGINE_VERSION}: their numbers must not mix. "
            "Start a new optimization."
        )
    found = strategy_identity(chosen)
    if found != expected_hash:
        raise ChangedError(
            f"the code of strategy {chosen.name} has changed since the start (hash {expected_hash[:12]} then, "
            f"{found[:12]} now): its trials must not mix. Restore the code, or start a new backtest and optimization."
        )


def strategy_as_started(spec: BacktestSpec, strategy_hash: str, engine_version: str = ENGINE_VERSION) -> Declared:
    """A backtest's strategy whose code, and whose trades where they are replayed, are what they were in the beginning.

    Args:
        spec: the backtest.
        strategy_hash: its identity then.
        engine_version: the engine's version then.

    Raises:
        ChangedError: the strategy's code or the engine has changed.
        StrategyError: the strategy is gone.
    """
    chosen = strategy_of(spec)
    check_code(chosen, strategy_hash, engine_version)
    return chosen


def job_evaluator(job: Job, artifacts: Artifacts, n_threads: int = 1) -> Evaluator:
    """The evaluator of a job; what a worker calls once.

    Raises:
        TradingAIError: bars or strategy are gone or have changed.
    """
    chosen = strategy_as_started(job.backtest, job.strategy_hash, job.engine_version)
    return space_evaluator(job.backtest, job.space, job.datasets, artifacts, chosen, n_threads)


def space_evaluator(
    spec: BacktestSpec,
    space: SearchSpace,
    datasets: Mapping[str, str],
    artifacts: Artifacts,
    chosen: Declared,
    n_threads: int = 1,
) -> Evaluator:
    """An evaluator of a search space around a backtest, on the bars of each symbol where the symbol is searched.

    Where settings of the account are searched, each of their values has an evaluator of its own.

    Raises:
        NotFoundError: a dataset's bars are gone.
        InputError: a parameter, rule or cost is impossible.
    """
    chosen = with_trades(chosen, artifacts)
    if searched_settings(chosen, space):
        others = without_settings(chosen, space)

        def with_account(settings: Combination) -> Evaluator:
            changed, _ = with_settings(spec, chosen, space, settings)
            return space_evaluator(changed, others, datasets, artifacts, chosen, n_threads)

        return SettingsEvaluator(space, chosen, with_account)
    conversion = load_conversion(spec, artifacts)
    if not searches_symbol(chosen, space):
        bars, detail = load_bars(spec, artifacts, searched=searches_timeframe(chosen, space))
        return make_evaluator(spec, space, bars, detail, n_threads, chosen, conversion)
    others = without_symbol(space)
    members = {}
    specs = symbol_specs(spec, datasets, artifacts.load_bars)
    for name, own in specs.items():
        bars, detail = load_bars(own, artifacts, searched=searches_timeframe(chosen, space))
        members[name] = make_evaluator(own, others, bars, detail, n_threads, chosen, conversion)
    common = next(iter(specs.values()))
    return SymbolsEvaluator(space, members, (common.start, common.end))


def identity_here(job: Job) -> Identity:
    """What the numbers belong to that this process makes of a job, once `job_evaluator` has accepted it."""
    return replace(job.identity, engine_version=ENGINE_VERSION)


def evaluate_piece(evaluator: Evaluator, job: Job, indices: Indices) -> EvaluatedChunk:
    """Evaluate a piece of a job; whatever is raised becomes the failure of the one combination that causes it."""
    return replace(evaluate_chunk(evaluator, indices, job.keep_daily_profit), made_by=identity_here(job))


def evaluate_chunk(evaluator: Evaluator, indices: Indices, keep_daily_profit: bool) -> EvaluatedChunk:
    """Evaluate a chunk; whatever is raised becomes the failure of the one combination that causes it."""
    try:
        return evaluator.evaluate(indices, keep_daily_profit)
    except Exception as error:  # noqa: BLE001 - one combination must not stop the others
        if indices.shape[0] == 1:
            text = said_in_full(error)
            return failed_chunk(indices, text, evaluator.n_days if keep_daily_profit else None)
    half = indices.shape[0] // 2
    return joined_chunks(
        evaluate_chunk(evaluator, indices[:half], keep_daily_profit),
        evaluate_chunk(evaluator, indices[half:], keep_daily_profit),
    )


def failed_chunk(indices: Indices, message: str, n_days: int | None = None) -> EvaluatedChunk:
    """A chunk whose every combination failed for the same reason."""
    m = indices.shape[0]
    daily = None if n_days is None else np.full((m, n_days), np.nan, dtype=np.float32)
    failures: Mapping[int, str] = dict.fromkeys(indices.tolist(), message)
    return EvaluatedChunk(indices, np.full((m, len(METRICS)), np.nan), failures, daily)


def joined_chunks(first: EvaluatedChunk, second: EvaluatedChunk) -> EvaluatedChunk:
    """Two chunks as one."""
    daily = None
    if first.daily_profit is not None and second.daily_profit is not None:
        daily = np.concatenate((first.daily_profit, second.daily_profit))
    return EvaluatedChunk(
        np.concatenate((first.indices, second.indices)),
        np.concatenate((first.metrics, second.metrics)),
        {**first.failures, **second.failures},
        daily,
    )
