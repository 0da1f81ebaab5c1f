"""Numbers and times as pages show them."""

from __future__ import annotations

import math

import pytest
from pydantic import BaseModel, Field, ValidationError

from trading_ai.dashboard import wording


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.2, "under 1 s"),
        (1, "1 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_durations_have_two_units(seconds, text):
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-01-10T12:00:00+00:00", "just now"),
        ("2026-01-10T11:58:00+00:00", "2 min ago"),
        ("2026-01-10T09:59:30+00:00", "2 h ago"),
        ("2026-01-08T12:00:00+00:00", "2 d ago"),
        ("2025-12-01T12:00:00+00:00", "2025-12-01"),
        (None, "–"),
    ],
)
def test_how_long_ago(moment, text):
    assert wording.ago(moment, 1768046400.0) == text


def test_figures_have_their_unit_and_a_dash_where_there_is_none():
    assert wording.figure(12.5, "max_drawdown_percent") == "12.50 %"
    assert wording.figure(1234.5, "net_profit", "EUR") == "1,234.50 EUR"
    assert wording.figure(None, "net_profit") == wording.figure(math.nan) == "–"
    assert wording.rate(None) == "–"
    assert (wording.rate(4.26), wording.rate(46470.7)) == ("4.3/s", "46,471/s")
    assert (wording.size(2_147_483_648), wording.size(200)) == ("2.1 GB", "200 B")


@pytest.mark.parametrize(
    ("given", "text"),
    [(0.25, "0.25"), (10_000.0, "10,000"), (1_234_567.5, "1,234,567.5"), (0.0001, "0.0001"), (0.1 + 0.2, "0.3"),
     (1e-9, "0.000000001"), (100.0, "100"), (0.0, "0"), (None, "–"), (math.nan, "–")],
)  # fmt: skip
def test_sizes_are_whole_where_they_are_and_never_rounded_away(given, text):
    assert wording.units(given) == text


@pytest.mark.parametrize(
    ("given", "digits", "text"),
    [(0.00001234, 8, "0.00001234"), (0.00001234, None, "1.234e-05"), (1.1, 5, "1.10000"), (151.2345, 3, "151.234"),
     (64_250.5, None, "64250.5"), (None, 5, "–"), (math.nan, 5, "–")],
)  # fmt: skip
def test_prices_have_the_digits_of_their_symbol(given, digits, text):
    assert wording.price(given, digits) == text


class Asked(BaseModel):
    offset: int = Field(0, ge=0, le=9)
    symbol: str = Field(min_length=1, max_length=5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "symbol: is needed, and was left empty. Fill it in"),
        ({"symbol": ""}, "symbol: is needed, and was left empty. Fill it in"),
        ({"symbol": "EURUSD"}, "symbol: must have at most 5 characters (got 'EURUSD')"),
        ({"symbol": "GOLD", "offset": "x"}, "offset: must be a whole number (got 'x')"),
        ({"symbol": "GOLD", "offset": -1}, "offset: must be at least 0 (got '-1')"),
        ({"symbol": "GOLD", "offset": 10}, "offset: must be at most 9 (got '10')"),
        ({"symbol": ["GOLD"]}, "symbol: Input should be a valid string"),
    ],
)
def test_what_a_form_or_an_address_gets_wrong_is_said_as_a_person_says_it(given, said):
    with pytest.raises(ValidationError) as refused:
        Asked(**given)
    found = refused.value.errors()[0]
    assert wording.refusal({**found, "loc": ("query", *found["loc"])}) == said
