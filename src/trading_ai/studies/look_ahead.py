"""Does a strategy read the future? The check of one strategy on stored bars, for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trading_ai.evaluation.job import load_bars, make_evaluator, strategy_of, with_trades
from trading_ai.evaluation.look_ahead import look_ahead_of
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Artifacts
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.base import Declared, Parameter
from trading_ai.strategies.lookahead import LookAheadCheck

_MOST_SETS = 32


def check_strategy(spec: BacktestSpec, artifacts: Artifacts, *, only_given: bool = False) -> LookAheadCheck:
    """Check whether the signals of a strategy change when later bars are taken away.

    Args:
        spec: a backtest: the strategy, its parameters, and the bars that it sees.
        artifacts: holds the bars.
        only_given: check the given parameters only; else each is moved by itself to its bounds and its other values
            too, because a look ahead may hide behind a parameter.

    Raises:
        NotFoundError: the bars are gone.
        StrategyError: there is no such strategy, or it raises on these bars.
        ParameterError: a parameter is unknown or out of bounds.
    """
    chosen = with_trades(strategy_of(spec), artifacts)
    bars, detail = load_bars(spec, artifacts)
    evaluator = make_evaluator(spec, SearchSpace(()), bars, detail, 1, chosen)
    sets: list[Combination] = [{}] if only_given else [*_sets(chosen, evaluator.fixed)][:_MOST_SETS]
    return look_ahead_of(evaluator, sets, strict=True)


def _sets(chosen: Declared, fixed: Mapping[str, Value]) -> Iterator[Combination]:
    yield {}
    for name, parameter in chosen.parameters.items():
        for value in _values(parameter):
            if value != fixed[name]:
                yield {name: value}


def _values(parameter: Parameter) -> tuple[Value, ...]:
    if parameter.kind == "bool":
        return (False, True)
    if parameter.kind == "choice":
        return parameter.choices
    return tuple(parameter.check(v) for v in (parameter.default, parameter.low, parameter.high) if v is not None)
