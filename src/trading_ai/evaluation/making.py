"""Which evaluator a strategy needs."""

from __future__ import annotations

from typing import Any

from trading_ai.errors import StrategyError
from trading_ai.evaluation.ports import BarsEvaluator
from trading_ai.evaluation.replay import ReplayEvaluator
from trading_ai.evaluation.runs import RunEvaluator
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Declared, Strategy
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.replay import Replay


def evaluator_of(chosen: Declared, bars: Bars, *rest: Any, **options: Any) -> BarsEvaluator:
    """An evaluator of a strategy's search space; the other arguments are those of `SweepEvaluator`.

    Raises:
        InputError: a parameter, rule or cost is impossible.
    """
    if isinstance(chosen, Strategy):
        return SweepEvaluator(bars, chosen, *rest, **options)
    if isinstance(chosen, Hosted):
        return RunEvaluator(bars, chosen, *rest, **options)
    if isinstance(chosen, Replay):
        return ReplayEvaluator(bars, chosen, *rest, **options)
    raise StrategyError("is of a kind that nothing evaluates", parameter="strategy", value=type(chosen).__name__)
