"""Falls of an account and ranges of trades, in one pass, against the formulas on whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai.engine.compiled.valuations import largest_falls, longest_between_highs, widen

NONE = np.empty(0)


def falls_by_arrays(first, values):
    every = np.concatenate(([first], values))
    highest = np.maximum.accumulate(every)
    with np.errstate(all="ignore"):
        fractions = np.where(highest > 0.0, (highest - every) / highest, 0.0)
    return (highest - every).max(initial=0.0), fractions.max(initial=0.0)


def longest_by_arrays(first, values, times):
    highest = np.maximum.accumulate(np.maximum(values, first))
    places = np.unique(np.concatenate(([0], np.flatnonzero(values >= highest), [values.size - 1])))
    return np.diff(times[places])[np.diff(places) > 1].max(initial=0)


def some_values(seed, n):
    values = 100.0 + np.random.default_rng(seed).normal(0.0, 1.0, n).cumsum().round(1)
    return values, np.random.default_rng(seed + 1).integers(1, 9, n).cumsum()


@pytest.mark.parametrize("n", [1, 2, 3, 40])
@pytest.mark.parametrize("seed", range(12))
def test_falls_and_times_between_highs_are_those_of_whole_arrays(seed, n):
    values, times = some_values(seed, n)
    assert largest_falls(100.0, values, NONE) == falls_by_arrays(100.0, values)
    assert longest_between_highs(100.0, values, times) == longest_by_arrays(100.0, values, times)


def test_an_account_without_values_has_fallen_nowhere():
    assert largest_falls(100.0, NONE, NONE) == (0.0, 0.0)
    assert longest_between_highs(100.0, NONE, np.empty(0, np.int64)) == 0


@pytest.mark.parametrize("seed", range(12))
def test_a_mark_is_a_value_before_the_one_at_its_place(seed):
    values, _ = some_values(seed, 30)
    marks = np.full(30, np.nan)
    at = np.random.default_rng(seed).choice(30, 6, replace=False)
    at.sort()
    marks[at] = values[at] + np.random.default_rng(seed).normal(0.0, 4.0, 6)
    assert largest_falls(100.0, values, marks) == falls_by_arrays(100.0, np.insert(values, at, marks[at]))


def test_debts_are_falls_in_money_without_a_fraction_of_nothing():
    assert largest_falls(0.0, np.array([-5.0, -2.0]), NONE) == (5.0, 0.0)


def test_what_is_not_known_makes_the_fall_unknown_and_no_high():
    values = np.array([101.0, np.nan, 103.0, 90.0])
    assert np.isnan(largest_falls(100.0, values, NONE)[0])
    assert np.isnan(falls_by_arrays(100.0, values)[0])
    times = np.array([0, 10, 20, 30])
    assert longest_between_highs(100.0, values, times) == longest_by_arrays(100.0, values, times) == 30


def test_ranges_of_trades_are_widened_by_the_bars_from_their_first_to_the_one_before_their_end():
    lows, highs = np.array([5.0, 1.0, 4.0, 0.0]), np.array([6.0, 7.0, 9.0, 8.0])
    low, high = np.array([4.5, 3.0, 2.0]), np.array([5.5, 3.0, 9.5])
    widen(np.array([0, 1, 2]), np.array([1, 3, 4]), lows, highs, low, high)
    assert low.tolist() == [4.5, 1.0, 0.0]
    assert high.tolist() == [6.0, 9.0, 9.5]
