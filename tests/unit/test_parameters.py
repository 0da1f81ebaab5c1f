"""Ranges, choices and search spaces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.errors import ParameterError
from trading_ai.parameters import Choices, ParameterRange, SearchSpace, parse_value


def test_the_ends_are_included():
    assert len(ParameterRange("stop_loss", 20, 80, 2)) == 31
    assert ParameterRange("stop_loss", 20, 80, 2).values[-1] == 80
    assert ParameterRange("x", 0.1, 0.3, 0.1).values == (0.1, 0.2, 0.3)
    assert ParameterRange("x", 1, 10, 4).values == (1, 5, 9)
    assert ParameterRange("x", 5, 5, 1).values == (5,)


@pytest.mark.parametrize("step", [1e-18, 5e-324])
def test_a_range_with_more_values_than_can_be_counted_is_refused_by_its_step(step):
    with pytest.raises(ParameterError, match=r"x\.step.*more than 10\^18 values"):
        len(ParameterRange("x", 0, 100, step))


def test_the_size_of_a_space_is_known_without_listing_it():
    assert SearchSpace((ParameterRange("x", 1, 10**15, 1), Choices("y", (1, 2)))).n_combinations == 2 * 10**15


def test_527():
    space = SearchSpace((ParameterRange("stop_loss", 20, 80, 2), ParameterRange("take_profit", 40, 200, 10)))
    assert (space.shape, space.n_combinations) == ((31, 17), 527)
    assert space.combination(0) == {"stop_loss": 20, "take_profit": 40}
    assert space.combination(1) == {"stop_loss": 20, "take_profit": 50}
    assert space.combination(526) == {"stop_loss": 80, "take_profit": 200}
    assert SearchSpace.from_json(space.to_json()) == space


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_index_and_combination_are_inverse(sizes, data):
    space = SearchSpace(tuple(ParameterRange(f"p{i}", 0.5, 0.5 + 0.25 * (n - 1), 0.25) for i, n in enumerate(sizes)))
    index = data.draw(st.integers(0, space.n_combinations - 1))
    combination = space.combination(index)
    assert space.index_of(combination) == index
    positions = space.positions(np.array([index]))
    assert [a.values[int(p[0])] for a, p in zip(space.axes, positions, strict=True)] == list(combination.values())


@given(st.integers(-1000, 1000), st.integers(1, 50), st.integers(1, 200))
def test_decimal_steps_are_exact(start, step, count):
    values = ParameterRange("x", start / 100, (start + step * (count - 1)) / 100, step / 100).values
    assert len(values) == count
    assert [round(v * 100) for v in values] == [start + i * step for i in range(count)]
    assert all(v == round(v, 2) for v in values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", 5, 1, 1), "x.min_value: the range begins at 5 and ends at 1, which is below it"),
        (("x", 1, 5, 0), r"x.step: must be above zero \(got 0\)"),
        (("x", 1, float("nan"), 1), "x.max_value: must be a finite number"),
        (("x", 1, True, 1), "x.max_value: must be a finite number"),
    ],
)
def test_bad_ranges_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        ParameterRange(*arguments)


def test_parsing():
    assert ParameterRange.parse("stop_loss=20:80:2") == ParameterRange("stop_loss", 20, 80, 2)
    assert ParameterRange.parse(" a = 1:3 ") == ParameterRange("a", 1, 3, 1)
    assert ParameterRange.parse("kind=a,b") == Choices("kind", ("a", "b"))
    assert ParameterRange.parse("flag=true,false") == Choices("flag", (True, False))
    for text in ("stop_loss", "stop_loss=", "=1:2:3", "a=1:2:3:4", "a=x:2:3"):
        with pytest.raises(ParameterError):
            ParameterRange.parse(text)
    assert [parse_value(t) for t in ("10", "2.50", "true", "EURUSD", "1e3", "nan")] == [
        10,
        2.5,
        True,
        "EURUSD",
        1000,
        "nan",
    ]


def test_choices_and_spaces_refuse_doubles():
    with pytest.raises(ParameterError, match="twice"):
        Choices("x", (1, 1))
    with pytest.raises(ParameterError, match="at least one"):
        Choices("x", ())
    with pytest.raises(ParameterError, match="given twice"):
        SearchSpace((Choices("x", (1,)), Choices("x", (2,))))
    with pytest.raises(ParameterError, match=r"0\.\.0"):
        SearchSpace((Choices("x", (1,)),)).combination(1)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("stop_loss=20:80:7", "stop_loss ends at 76, not at 80: steps of 7 from 20 on do not meet it"),
        ("stop_loss=20:80:2", ""),
        ("x=0:1:0.1", ""),
        ("x=0.1:1:0.25", "x ends at 0.85, not at 1: steps of 0.25 from 0.1 on do not meet it"),
        ("x=1:5:10", "x ends at 1, not at 5: steps of 10 from 1 on do not meet it"),
        ("x=100:1000:200", "x ends at 900, not at 1000: steps of 200 from 100 on do not meet it"),
        ("x=-5:5:3", "x ends at 4, not at 5: steps of 3 from -5 on do not meet it"),
        ("x=3:3:2", ""),
        ("x=1,2,5", ""),
    ],
)
def test_a_range_says_where_it_ends(text, note):
    axis = ParameterRange.parse(text)
    assert SearchSpace((axis,)).notes == ((note,) if note else ())
    if note:
        assert float(note.split(" ends at ")[1].split(",")[0]) == axis.values[-1]
