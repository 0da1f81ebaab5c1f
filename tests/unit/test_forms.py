"""Forms of JSON: closed, described by their docstrings, and the same at the places that state them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from trading_ai.documents.backtests import Trade
from trading_ai.documents.forms import Moment, Number, finite_values, form, iso, iso_ns, iso_or_none
from trading_ai.documents.metrics import Metrics
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.metrics.catalog import METRIC_NAMES


@dataclass
class Record:
    """A record.

    Attributes:
        level: how high, in
            pips; NaN if unknown.
        other: not shown.
    """

    level: float
    other: int


@form(of=Record, meanings={"listed": "from a list"})
class Base(TypedDict):
    """What is shown of a record.

    Attributes:
        at: when.
    """

    level: Number
    listed: int
    at: Moment


@form()
class More(Base):
    """The same and more.

    Attributes:
        more: further.
    """

    more: list[Base]


def test_meanings_come_from_the_form_its_bases_and_its_record():
    schema = TypeAdapter(More).json_schema()
    said = {name: field["description"] for name, field in schema["properties"].items()}
    assert said == {
        "level": "how high, in pips; null if unknown.",
        "listed": "from a list",
        "at": "when.",
        "more": "further.",
    }
    assert (schema["description"], schema["additionalProperties"]) == ("The same and more.", False)
    assert schema["properties"]["at"]["format"] == "date-time"
    assert schema["$defs"]["Base"]["description"] == "What is shown of a record."


@pytest.mark.parametrize("change", [{"further": 1}, {"listed": None}])
def test_a_form_has_its_fields_and_no_others(change):
    one = {"level": None, "listed": 1, "at": iso(0.0)}
    assert TypeAdapter(Base).validate_python(one) == one
    with pytest.raises(ValidationError):
        TypeAdapter(Base).validate_python(one | change)


def test_every_metric_and_every_exit_reason_has_its_place():
    assert tuple(get_type_hints(Metrics)) == METRIC_NAMES
    assert get_args(get_type_hints(Trade)["exit_reason"]) == tuple(EXIT_REASONS.values())


def test_times_and_undefined_numbers():
    assert (iso(0.5), iso_or_none(None)) == ("1970-01-01T00:00:00.500+00:00", None)
    assert iso_ns(1_500_000_000_000_000_001) == "2017-07-14T02:40:00Z"
    nan = float("nan")
    assert finite_values({"a": nan, "b": (1, [nan, {"c": float("inf")}])}) == {"a": None, "b": [1, [None, {"c": None}]]}
