"""The language of formulas: what it computes, and all that it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.errors import ParameterError
from trading_ai.expressions import parse_expression

COLUMNS = {"a": np.array([1.0, 2.0, np.nan]), "b": np.array([4.0, 0.0, 1.0])}


def number(text, known=("a", "b")):
    return parse_expression(text, known, parameter="objective", condition=False)


def condition(text, known=("a", "b")):
    return parse_expression(text, known, parameter="--require", condition=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + 2 * b", [9.0, 2.0, np.nan]),
        ("-a ** 2", [-1.0, -4.0, np.nan]),
        ("a / b", [0.25, math.inf, np.nan]),
        ("b % 3 - 1", [0.0, -1.0, 0.0]),
        ("max(a, b, 3)", [4.0, 3.0, np.nan]),
        ("min(b, 2) + abs(-b)", [6.0, 0.0, 2.0]),
        ("sqrt(b) + log(exp(b)) + log1p(0)", [6.0, 0.0, 2.0]),
        ("round(b / 3)", [1.0, 0.0, 0.0]),
        ("0.3 * a + 0.7 * b", [3.1, 0.6, np.nan]),
    ],
)
def test_numbers(text, expected):
    np.testing.assert_allclose(number(text).evaluate(COLUMNS), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", [True, False, False]),
        ("0 < a <= 1", [True, False, False]),
        ("not a < b", [False, True, True]),
        ("a < b or b == 0", [True, True, False]),
        ("a >= 1 and b != 0", [True, False, False]),
    ],
)
def test_conditions(text, expected):
    assert condition(text).evaluate(COLUMNS).tolist() == expected


def test_texts_are_compared_with_texts():
    columns = {"kind": np.array(["sma", "ema"], dtype=object)}
    assert condition("kind == 'ema'", ("kind",)).evaluate(columns).tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "not a formula"),
        ("c + 1", r"c is not known.*Known: a, b"),
        ("__import__('os')", "function is not offered"),
        ("a.real", "not part of a formula"),
        ("a[0]", "not part of a formula"),
        ("[a]", "not part of a formula"),
        ("(lambda: a)()", "function is not offered"),
        ("a if b else 1", "not part of a formula"),
        ("a @ b", "not offered"),
        ("a is b", "not offered"),
        ("~a", "not offered"),
        ("max(a)", "max takes 2 numbers"),
        ("sqrt(a, b)", "sqrt takes 1 number"),
        ("sqrt(a, where=b)", "not offered"),
        ("1j * a", "not a number"),
        ("1e999 * a", "not a number"),
        ("a < b", "must be a number"),
        ("+".join(["a"] * 300), "more than 500"),
        ("(" * 60 + "a" + "+1)" * 60, "nested too deeply"),
        ("a\x00", "not a formula"),
        ("a; b", "not a formula"),
    ],
)
def test_everything_else_is_refused(text, message):
    with pytest.raises(ParameterError, match=message):
        number(text)


@pytest.mark.parametrize("text", ["''", "'a'", "a + 'b'", "-'a'", "max(a, '')", "('a' + 'b') * 2"])
def test_a_text_is_no_number(text):
    with pytest.raises(ParameterError, match=r"is a text, not a number|can only be compared"):
        number(text)


@pytest.mark.parametrize("text", ["not 'a'", "a < b and 'x'"])
def test_a_text_is_no_condition(text):
    with pytest.raises(ParameterError, match="can only be compared"):
        condition(text)


def test_a_condition_must_be_one():
    with pytest.raises(ParameterError, match="must be a condition"):
        condition("a + b")


def test_a_near_name_is_offered():
    with pytest.raises(ParameterError, match="Did you mean net_profit"):
        number("net_profits", ("net_profit",))


@given(st.text(alphabet="ab0123456789.+-*/%()<>=! ,notrandmixsq'\"[]{}_\\:", max_size=60))
def test_any_text_is_computed_or_refused(text):
    try:
        made = number(text)
    except ParameterError:
        return
    assert made.evaluate(COLUMNS).dtype == np.float64
