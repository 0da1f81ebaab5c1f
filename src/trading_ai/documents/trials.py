"""One trial as JSON: run again and compared, or as parameters to take home."""

from __future__ import annotations

from typing_extensions import TypedDict

from trading_ai.documents.forms import Uuid, form
from trading_ai.documents.metrics import Metrics, metrics_json
from trading_ai.evaluation.declared import SYMBOL, TIMEFRAME
from trading_ai.optimization.records import BacktestRecord, OptimizationRecord
from trading_ai.parameters import Combination
from trading_ai.studies.assessment import Verification


@form()
class VerifiedTrial(TypedDict):
    """A stored trial beside the same trial run again.

    Attributes:
        optimization_id: the trial's optimization.
        rank: its rank there, 1 for the best.
        combination_index: its place in the search space, from 0.
        parameters: its searched parameters.
        equal: whether every metric is equal to the last bit.
        different: names of the metrics that are not.
        stored: metrics as stored.
        again: metrics of the run just made.
    """

    optimization_id: Uuid
    rank: int
    combination_index: int
    parameters: Combination
    equal: bool
    different: list[str]
    stored: Metrics
    again: Metrics


@form()
class ParameterSet(TypedDict):
    """Every parameter of a trial, and what it was found on.

    Attributes:
        optimization_id: the trial's optimization.
        rank: its rank there, 1 for the best.
        symbol: symbol it was found on.
        timeframe: timeframe it was found on.
        parameters: every parameter, searched or not.
    """

    optimization_id: Uuid
    rank: int
    symbol: str
    timeframe: str
    parameters: Combination


def verification_json(optimization_id: str, rank: int, found: Verification) -> VerifiedTrial:
    """A stored trial beside the same trial run again."""
    return {
        "optimization_id": optimization_id,
        "rank": rank,
        "combination_index": found.index,
        "parameters": found.parameters,
        "equal": not found.different,
        "different": list(found.different),
        "stored": metrics_json(found.stored),
        "again": metrics_json(found.again),
    }


def parameter_set_json(record: OptimizationRecord, backtest: BacktestRecord, rank: int, index: int) -> ParameterSet:
    """Every parameter of a trial.

    Args:
        record: its optimization.
        backtest: the backtest that was optimized.
        rank: its rank.
        index: its combination index.
    """
    parameters = dict(backtest.spec.parameters) | record.spec.space.combination(index)
    timeframe, symbol = backtest.timeframe, backtest.symbol
    if TIMEFRAME not in backtest.spec.parameters:  # it was searched, if it is there
        timeframe = str(parameters.pop(TIMEFRAME, timeframe))
    if record.spec.datasets:
        symbol = str(parameters.pop(SYMBOL))
    return {
        "optimization_id": record.optimization_id,
        "rank": rank,
        "symbol": symbol,
        "timeframe": timeframe,
        "parameters": parameters,
    }
