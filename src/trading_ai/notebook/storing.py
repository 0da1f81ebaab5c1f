"""What a notebook holds in memory, kept as commands keep it: bars, a strategy, the backtest of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trading_ai.bootstrap import Application
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import NotFoundError, ParameterError, StrategyError
from trading_ai.evaluation.account_arguments import account_of, check_bars
from trading_ai.evaluation.asked import StrategyLike, asked
from trading_ai.evaluation.declared import all_parameters, check_axis, check_rules, resolve_parameters
from trading_ai.evaluation.event_runs import EventRuns
from trading_ai.evaluation.job import absolute_strategy
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.settings import fixed_settings, set_account
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import range_text
from trading_ai.market.quality import check_rows
from trading_ai.notebook.sources import code_name
from trading_ai.optimization.objective import Objective, UserFunction
from trading_ai.optimization.ranking import valid_indices
from trading_ai.optimization.records import BacktestRecord
from trading_ai.parameters import SearchSpace, Value
from trading_ai.strategies.base import Declared, Signals
from trading_ai.strategies.identity import strategy_identity

_COLUMNS = ("open", "high", "low", "close", "volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close")


def cells_folder(application: Application) -> Path:
    """Where the code of cells is kept."""
    return application.settings.home / "notebook"


def kept_bars(application: Application, bars: Bars) -> str:
    """Keep bars as a dataset, unless they are there; returns its id.

    Raises:
        DataError: they have a structural fault.
    """
    try:
        return application.store.dataset(bars.content_hash).dataset_id
    except NotFoundError:
        columns = {name: getattr(bars, name) for name in _COLUMNS if getattr(bars, name) is not None}
        *_, report = check_rows(
            bars.open_time_ns, columns, symbol=bars.symbol, timeframe=bars.timeframe, source="notebook"
        )
        side = "bid+ask" if bars.ask_open is not None else "not stated"
        detected = {"format": "memory", "timezone": "UTC", "timeframe": str(bars.timeframe), "side": side}
        quality = report.to_dict() | {"lines": report.lines()}
        return application.backtests.keep_bars(bars, "notebook", detected, quality)[0].dataset_id


def strategy_name(strategy: object, folder: Path) -> str:
    """A strategy as a store names it: its name, or its file and class.

    Args:
        strategy: a name, a class or an object of one.
        folder: where the code of cells is kept.

    Raises:
        StrategyError: it cannot be kept.
    """
    if isinstance(strategy, str):
        return strategy
    if isinstance(strategy, Signals):
        raise StrategyError(
            "is ready Signals, which no other process could compute again", parameter="strategy",
            remedy="Search with ta.sweep(), or write a class that derives from ta.Strategy.",
        )  # fmt: skip
    kind = strategy
    if isinstance(strategy, Declared):
        kind = type(strategy.of if isinstance(strategy, EventRuns) else strategy)
        if isinstance(getattr(kind, "name", None), str) and kind.__module__.startswith("trading_ai.strategies."):
            return str(kind.name)
    if not isinstance(kind, type):
        raise StrategyError(
            f"must be a name, file.py:Class or a class, and not of {type(strategy).__name__}", parameter="strategy",
            value=str(strategy)[:60], remedy='Examples: "sma_crossover", "mine.py:Mine", a class of your own.',
        )  # fmt: skip
    if kind.__module__.startswith("trading_ai.strategies."):
        return str(getattr(kind, "name", kind.__name__))
    return code_name(kind, folder, "strategy")


def objective_texts(
    objective: str | UserFunction | Sequence[str | UserFunction], folder: Path
) -> tuple[str, tuple[str, ...]]:
    """The objective and any further ones as a store names them; functions of cells become files.

    Raises:
        ParameterError: one is neither text nor a function, or cannot be read.
    """
    listed = isinstance(objective, Sequence) and not isinstance(objective, str)
    every = list(objective) if listed else [objective]  # type: ignore[arg-type]
    if not every:
        raise ParameterError("needs one at least", parameter="objective", value=[])
    texts = [
        code_name(each, folder, "objective") if callable(each) else str(Objective.parse(each))  # type: ignore[arg-type]
        for each in every
    ]
    return texts[0], tuple(texts[1:])


def stored_backtest(
    application: Application,
    bars: Bars,
    strategy: StrategyLike,
    parameters: Mapping[str, Any],
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    taken: Mapping[str, bool],
    capital: float,
    account_currency: str,
    sizing: object,
    costs: object,
    rules: object,
    detail: Bars | None,
    conversion_bars: Bars | None,
    start: object,
    end: object,
    day_start: str | None,
    others: Iterable[Bars],
) -> tuple[BacktestRecord, SearchSpace]:
    """The backtest that a search starts from, kept unless an equal one is; and what is searched.

    Args are those of `library.make_evaluator`; `taken` are further arguments of the call, and whether each was given.

    Raises:
        InputError: something is unknown, impossible or out of bounds; nothing was kept.
    """
    others = check_bars(others, bars=bars, detail=detail, conversion_bars=conversion_bars)
    account = account_of(capital, sizing, costs, rules)
    chosen, space, given, named = _chosen(strategy, parameters, params or {}, cells_folder(application))
    for argument, is_given in taken.items():
        if is_given and argument in all_parameters(chosen) and argument not in (params or {}):
            raise ParameterError(
                f"is a parameter of {chosen.name} and an argument of this call", parameter=argument,
                remedy=f'Give the parameter as params={{"{argument}": ...}}; the argument may stand beside it.',
            )  # fmt: skip
    settled, fixed = fixed_settings(chosen, space, given)
    size, charged, filled = set_account(account.sizing, account.costs, account.rules, settled)
    for axis in space.axes:
        check_axis(chosen, axis)
    first, last = range_text(start, end)
    spec = BacktestSpec(
        strategy=absolute_strategy(named),
        parameters=resolve_parameters(chosen, _start(chosen, space, fixed)),
        dataset_id=bars.content_hash,
        day_start=day_start,
        detail_dataset_id=None if detail is None else detail.content_hash,
        capital=account.capital, account_currency=account_currency, sizing=size, costs=charged, rules=filled,
        start=first, end=last,
        conversion_dataset_id=None if conversion_bars is None else conversion_bars.content_hash,
        other_dataset_ids=tuple(each.content_hash for each in others),
    )  # fmt: skip
    code = strategy_identity(chosen)
    for record in application.store.backtests():
        same = (record.spec, record.strategy_hash, record.engine_version) == (spec, code, ENGINE_VERSION)
        if same and not record.part_of:
            return record, space
    for each in (bars, detail, conversion_bars, *others):
        if each is not None:
            kept_bars(application, each)
    return application.backtests.run(spec, name)[0], space


def _chosen(
    strategy: StrategyLike, parameters: Mapping[str, Any], params: Mapping[str, Any], folder: Path
) -> tuple[Declared, SearchSpace, dict[str, Value], str]:
    """The strategy as a store will find it again, what is searched, the fixed values, and its name there."""
    several = isinstance(strategy, Sequence) and not isinstance(strategy, str)
    if not several:
        named = strategy_name(strategy, folder)
        return *asked(named, parameters, params), named
    names = [strategy_name(each, folder) for each in strategy]  # type: ignore[union-attr]
    return *asked(names, parameters, params), "+".join(names)


def _start(chosen: Declared, space: SearchSpace, fixed: Mapping[str, Value]) -> dict[str, Value]:
    """Parameters of the backtest itself: the defaults of what is searched, or its first values where those do not go.

    Raises:
        ParameterError: no combination holds the strategy's rules.
    """
    values = dict(fixed)
    try:
        check_rules(chosen, resolve_parameters(chosen, values))
    except ParameterError:
        declared, found = all_parameters(chosen), valid_indices(chosen, space, values)
        if not np.size(found):
            raise
        searched = space.combination(int(found[0]))
        values |= {name: value for name, value in searched.items() if name in declared}
    return values
