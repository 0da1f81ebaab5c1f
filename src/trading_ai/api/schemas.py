"""What requests hold, in the words of the HTTP API; inside, things have the names of `optimization`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from trading_ai.search.registry import METHODS

_LARGEST = 1e15  # further numbers lose digits on their way through floating point
_WHOLE = 10**15

# Each bound stands with each type: beside the union, it would not be in the description of the API.
_Int = Annotated[StrictInt, Field(ge=-_WHOLE, le=_WHOLE)]
_Float = Annotated[StrictFloat, Field(ge=-_LARGEST, le=_LARGEST, allow_inf_nan=False)]
Number = _Int | _Float
AboveZero = (
    Annotated[StrictInt, Field(gt=0, le=_WHOLE)] | Annotated[StrictFloat, Field(gt=0, le=_LARGEST, allow_inf_nan=False)]
)
Scalar = StrictBool | _Int | _Float | Annotated[StrictStr, Field(max_length=500)]
Id = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Label = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]

Moment = Annotated[
    str, Field(max_length=40, description="a date or time in UTC, such as 2017-01-01 or 2017-01-01T08:30")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RangeBody(_Body):
    """A parameter and its values: `min_value`, `max_value` and `step`, ends included, or a list of `values`."""

    name: Name
    min_value: Number | None = None
    max_value: Number | None = None
    step: Number | None = None
    values: Annotated[list[Scalar], Field(min_length=1, max_length=100_000)] | None = None


class SearchBody(_Body):
    """What is searched, and how."""

    backtest_id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")]
    parameters: Annotated[list[RangeBody], Field(min_length=1, max_length=50)]
    optimization_type: Annotated[str, Field(max_length=50, json_schema_extra={"enum": [*METHODS]})] = "grid_search"
    max_iterations: Annotated[StrictInt, Field(ge=1, le=_WHOLE)] | None = None
    objective: Annotated[str, Field(max_length=500)] = "sharpe_ratio"
    constraints: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)] = []
    parameter_constraints: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=50)] = []
    seed: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] = 0
    priority: Annotated[StrictInt, Field(ge=1, le=9)] = 5


class OptimizeBody(SearchBody):
    """An optimization to start."""

    max_seconds: AboveZero | None = None
    stagnation: Annotated[StrictInt, Field(ge=1, le=_WHOLE)] | None = None
    reuse: StrictBool = True
    warm_start: StrictBool = False
    name: Label = ""
    batch_size: Annotated[StrictInt, Field(ge=1, le=1000)] = 16
    keep_daily_profit: StrictBool | None = None
    more_objectives: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=4)] = []

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "backtest_id": "123e4567-e89b-12d3-a456-426614174000",
                "parameters": [
                    {"name": "stop_loss", "min_value": 20, "max_value": 80, "step": 2},
                    {"name": "take_profit", "min_value": 40, "max_value": 200, "step": 10},
                ],
                "optimization_type": "grid_search",
            }
        },
    )


class WalkForwardBody(SearchBody):
    """A walk-forward: what is searched in each training window."""

    windows: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[MWD]/[1-9][0-9]{0,3}[MWD]$")] | None = None
    anchored: StrictBool = False
    compare: StrictBool = True


class BacktestBody(_Body):
    """A backtest to run."""

    dataset_id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")]
    strategy: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
    parameters: Annotated[dict[Name, Scalar], Field(max_length=100)] = {}
    name: Label = ""
    capital: AboveZero = 10_000.0
    account_currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    timeframe: Annotated[str, Field(max_length=10)] | None = None
    detail_dataset_id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")] | None = None
    start: Moment | None = None
    end: Moment | None = None
    sizing: Annotated[dict[Name, Scalar | None], Field(max_length=20)] = {}
    costs: Annotated[dict[Name, Scalar | None], Field(max_length=20)] = {}
    rules: Annotated[dict[Name, Scalar | None], Field(max_length=20)] = {}
