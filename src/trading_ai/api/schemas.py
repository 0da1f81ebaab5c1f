"""What requests hold, in the words of the HTTP API; inside, things have the names of `optimization`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from trading_ai.api.fields import ID_PATTERN, LARGEST, SHOWABLE, WHOLE, GroupBody, values_in, with_fields
from trading_ai.assistant.ports import Kind
from trading_ai.optimization.notes import MOST_CHARACTERS
from trading_ai.optimization.records import MOST_PRIORITY
from trading_ai.options import Given, Group, rows_of

_Int = Annotated[StrictInt, Field(ge=-WHOLE, le=WHOLE)]
_Float = Annotated[StrictFloat, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Number = _Int | _Float
Scalar = StrictBool | _Int | _Float | Annotated[StrictStr, Field(max_length=500, pattern=SHOWABLE)]
Id = Annotated[str, Path(min_length=1, max_length=200, pattern=ID_PATTERN)]
_Known = Annotated[str, Field(min_length=1, max_length=200, pattern=ID_PATTERN)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Label = Annotated[str, Field(max_length=200, pattern=SHOWABLE)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RangeBody(_Body):
    """A parameter and its values: `min_value`, `max_value` and `step`, ends included, or a list of `values`."""

    name: Name
    min_value: Number | None = None
    max_value: Number | None = None
    step: Number | None = None
    # The first wrong value is told, not each of a hundred thousand.
    values: Annotated[list[Scalar], Field(min_length=1, max_length=100_000, fail_fast=True)] | None = None


_EACH_WINDOW = rows_of("optimization", each_window=True)


@with_fields(_EACH_WINDOW)
class SearchBody(_Body):
    """What is searched, and how."""

    backtest_id: _Known
    parameters: Annotated[list[RangeBody], Field(min_length=1, max_length=50)]
    priority: Annotated[StrictInt, Field(ge=1, le=MOST_PRIORITY)] = 5

    def given(self) -> Given:
        """What it says of the options of an optimization."""
        return {"optimization": values_in(self, rows_of("optimization"))}


@with_fields(row for row in rows_of("optimization") if row not in _EACH_WINDOW)
class OptimizeBody(SearchBody):
    """An optimization to start."""

    name: Label = ""

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


def _whole(given: object) -> object:
    """A number without a fraction as a whole one, as JSON Schema has it: 2.0 is an integer there."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


class PriorityBody(_Body):
    """Which of several optimizations gets more of the workers."""

    priority: Annotated[StrictInt, Field(ge=1, le=MOST_PRIORITY), BeforeValidator(_whole)]


class WalkForwardBody(SearchBody):
    """A walk-forward: what is searched in each training window."""

    windows: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[MWD]/[1-9][0-9]{0,3}[MWD]$")] | None = None
    anchored: StrictBool = False
    compare: StrictBool = True


@with_fields(rows_of("sizing"))
class SizingBody(GroupBody):
    """How large a position is."""


@with_fields(rows_of("costs"))
class CostsBody(GroupBody):
    """Costs of trading."""


@with_fields(rows_of("rules"))
class RulesBody(GroupBody):
    """How orders are filled."""


GROUP_BODIES: dict[Group, type[GroupBody]] = {"sizing": SizingBody, "costs": CostsBody, "rules": RulesBody}
"""Requests within a request, by group of the table."""


@with_fields(rows_of("backtest"))
class BacktestBody(_Body):
    """A backtest to run."""

    dataset_id: _Known
    strategy: Annotated[
        str, Field(min_length=1, max_length=200, pattern=r"^([A-Za-z0-9_.-]+|bundle:[A-Za-z0-9_.-]+(:[A-Za-z0-9_]+)?)$")
    ]
    parameters: Annotated[dict[Name, Scalar], Field(max_length=100)] = {}
    name: Label = ""
    sizing: SizingBody = SizingBody()
    costs: CostsBody = CostsBody()
    rules: RulesBody = RulesBody()

    def given(self) -> Given:
        """What it says of the options of a backtest."""
        groups = {group: values_in(getattr(self, group), rows_of(group)) for group in GROUP_BODIES}
        return {"backtest": values_in(self, rows_of("backtest")), **groups}


class SqlBody(_Body):
    """A question in SQL."""

    sql: Annotated[str, Field(min_length=1, max_length=100_000)]
    max_rows: Annotated[StrictInt, Field(ge=1, le=WHOLE)] = 10_000
    format: Literal["json", "csv", "parquet", "arrow"] = "json"

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"sql": "select stop_loss, take_profit, net_profit from trials('latest') order by rank limit 10"}
        },
    )


class WordsBody(_Body):
    """Words to look for."""

    query: Annotated[str, Field(min_length=1, max_length=1_000)]
    kinds: Annotated[list[Kind], Field(max_length=10)] = []
    n: Annotated[StrictInt, Field(ge=1, le=100)] = 10

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"query": "what a walk-forward is", "kinds": ["docs"]}}
    )


class NoteBody(_Body):
    """A note about a run."""

    about: Annotated[_Known, Field(description="Backtest or optimization: id, a unique prefix, its name, or latest.")]
    text: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=r"\S")]

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"about": "latest", "text": "stops below 30 pips only work in London"}},
    )


class AskBody(_Body):
    """A question in plain language."""

    question: Annotated[str, Field(min_length=1, max_length=1_000)]
    context: Annotated[str, Field(max_length=200, pattern=SHOWABLE, description="Id of the run that it is about.")] = ""
    conversation: Annotated[
        str, Field(max_length=8_000, pattern=r"^[A-Za-z0-9_-]*$", description="As the answer before gave it.")
    ] = ""
    stream: StrictBool = False

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"question": "does the winner of my last optimization survive?"}}
    )
