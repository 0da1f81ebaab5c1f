"""The language of formulas: what it computes, and all that it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.errors import ParameterError
from trading_ai.expressions import kind_of, parse_expression

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
    assert condition("kind == 'ema'", None).evaluate(columns).tolist() == [False, True]


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


@pytest.mark.parametrize("text", ["''", "'a'", "a + 'b'", "-'a'", "max(a, '')", "max('a', a)", "('a' + 'b') * 2"])
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-(a < 1)", "a < 1 is a condition where a number belongs"),
        ("(a < 1) * 2", "a condition where a number belongs"),
        ("max(a < b, 1)", "a condition where a number belongs"),
        ("a + (not a < b)", "a condition where a number belongs"),
        ("abs('a') + a", "'a' is a text where a number belongs"),
        ("9" * 490 + " + a", "too large"),
        ("a + " + "9" * 309, "too large"),
        ("a + max(*b)", "max takes 2 numbers"),
        ("max(a, *b)", "not part of a formula"),
    ],
)
def test_a_number_is_made_of_numbers(text, message):
    with pytest.raises(ParameterError, match=message):
        number(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a and b < 1", "a is a number where a condition belongs"),
        ("not b", "b is a number where a condition belongs"),
        ("a < 'x'", "cannot be compared with"),
        ("a == 'x'", "cannot be compared with"),
        ("a < b < 'x'", "cannot be compared with"),
        ("(a < b) == 1", "cannot be compared with"),
        ("(a < b) < (b < a)", "only be compared by == and !="),
        ("'x' == 1", "cannot be compared with"),
    ],
)
def test_a_condition_compares_like_with_like(text, message):
    with pytest.raises(ParameterError, match=message):
        condition(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9**9**9 > 0", True),  # infinite
        ("(-8) ** 0.5 > 0", False),  # undefined, never complex
        ("1 / 0 > 5", True),
        ("0 / 0 == 0 / 0", False),
        ("True == 1", True),
        ("(1 < 2) != (2 < 1)", True),
    ],
)
def test_numbers_without_bounds(text, expected):
    assert condition(text).evaluate({}) == expected


CHOICES = {
    "kind": (["sma", "ema"], "text"),
    "period": ([10, 20.5], "number"),
    "strict": ([True, False], "flag"),
    "level": ([5, "auto"], "mixed"),
}


@pytest.mark.parametrize(
    ("text", "is_accepted"),
    [
        ("kind == 'ema'", True),
        ("kind < 'f'", True),
        ("kind == 1", False),
        ("kind + 1 > 0", False),
        ("kind == period", False),
        ("kind == kind", True),
        ("not kind", False),
        ("period > 12", True),
        ("period == 'ten'", False),
        ("strict and period > 12", True),
        ("strict == True", True),
        ("strict == 'yes'", False),
        ("level == 'auto' or level == 5", True),
        ("level < 6", False),
        ("level + 1 == 6", False),
    ],
)
def test_conditions_on_choices_are_checked_by_their_values(text, is_accepted):
    made = parse_expression(text, None, parameter="--require", condition=True) if is_accepted else None
    kinds = {name: kind_of(values) for name, (values, _) in CHOICES.items()}
    assert kinds == {name: kind for name, (_, kind) in CHOICES.items()}
    if made is None:
        with pytest.raises(ParameterError):
            parse_expression(text, None, parameter="--require", condition=True).require(kinds, "--require")
        return
    made.require(kinds, "--require")
    columns = {
        name: np.array(values, dtype=float if kind in {"number", "flag"} else object)
        for name, (values, kind) in CHOICES.items()
    }
    assert made.evaluate(columns).dtype == np.bool_


@given(st.text(alphabet="ab0123456789.+-*/%()<>=! ,notrandmixsq'\"[]{}_\\:", max_size=60))
def test_any_text_is_computed_or_refused(text):
    try:
        made = number(text)
    except ParameterError:
        return
    assert made.evaluate(COLUMNS).dtype == np.float64


LEAVES = st.sampled_from(["a", "b", "1", "0", "2.5", "1e308", "9" * 400, "'a'", "''", "True", "None", "1j", "b''"])


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.sampled_from(
        ["({}+{})", "({}-{})", "({}*{})", "({}/{})", "({}%{})", "({}**{})", "({}<{})", "({}=={})", "({}!={})",
         "({} and {})", "({} or {})", "max({},{})", "min({},{})", "({}<{}<=a)"]
    )  # fmt: skip
    one = st.sampled_from(["(-{})", "(+{})", "(not {})", "abs({})", "sqrt({})", "log({})", "exp({})", "round({})"])
    return st.builds(lambda form, x, y: form.format(x, y), two, parts, parts) | st.builds(
        lambda form, x: form.format(x), one, parts
    )


FLOATS = st.lists(st.floats(width=64), min_size=1, max_size=4)


@given(st.recursive(LEAVES, _joined, max_leaves=12), FLOATS, st.booleans())
def test_what_is_accepted_can_be_computed_of_any_numbers(text, values, is_condition):
    try:
        made = parse_expression(text, ("a", "b"), parameter="objective", condition=is_condition)
    except ParameterError:
        return
    column = np.array(values)
    found = made.evaluate({"a": column, "b": column[::-1]})
    assert found.dtype == (np.bool_ if is_condition else np.float64)
    assert found.shape in ((), column.shape)


@given(st.recursive(LEAVES | st.sampled_from(sorted(CHOICES)), _joined, max_leaves=10))
def test_what_is_accepted_can_be_computed_of_any_choices(text):
    kinds = {name: kind_of(values) for name, (values, _) in CHOICES.items()} | {"a": "number", "b": "number"}
    try:
        made = parse_expression(text, None, parameter="--require", condition=True)
        made.require(kinds, "--require")
    except ParameterError:
        return
    columns = {
        name: np.array(values, dtype=float if kind in {"number", "flag"} else object)
        for name, (values, kind) in CHOICES.items()
    } | {"a": np.array([1.0, np.nan]), "b": np.array([0.0, np.inf])}
    assert made.evaluate(columns).dtype == np.bool_
