from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.calendar_windows import Span, calendar_windows, parse_window_size, window_days
from trading_ai.robustness.instant_walk_forward import (
    parameter_drift,
    suggested_window_size,
    walk_forward,
    walk_forward_matrix,
)


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def weekdays(first: str, last: str) -> np.ndarray:
    days = np.arange(day(first), day(last) + 1)
    return days[(days + 3) % 7 < 5]  # 1970-01-01 was a Thursday


two_years = weekdays("2018-01-01", "2019-12-31")


def noise(n: int, days: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, days.shape[0]))


@pytest.mark.parametrize(
    ("span", "start", "times", "end"),
    [
        (Span(1, "M"), "2019-01-31", 1, "2019-02-28"),
        (Span(1, "M"), "2020-01-31", 1, "2020-02-29"),
        (Span(1, "M"), "2019-01-31", 2, "2019-03-31"),
        (Span(3, "M"), "2018-11-15", 1, "2019-02-15"),
        (Span(12, "M"), "2020-02-29", 1, "2021-02-28"),
        (Span(2, "W"), "2018-12-25", 1, "2019-01-08"),
        (Span(10, "D"), "1969-12-30", 3, "1970-01-29"),
        (Span(1, "M"), "1969-12-31", 2, "1970-02-28"),
    ],
)
def test_calendar_arithmetic(span: Span, start: str, times: int, end: str) -> None:
    assert span.after(day(start), times) == day(end)


def test_sizes_are_read_as_written() -> None:
    assert str(parse_window_size(" 12m / 3M")) == "12M/3M"
    assert parse_window_size("4W/10D").test == Span(10, "D")


@pytest.mark.parametrize("text", ["12M", "12M/3M/1M", "0M/1M", "M/1M", "1.5M/1M", "-3M/1M", "3Y/1M", "", "/"])
def test_refuses_unreadable_sizes(text: str) -> None:
    with pytest.raises(ParameterError):
        parse_window_size(text)


def test_rolling_windows() -> None:
    windows = calendar_windows(two_years, "12M/3M")
    assert [date(1970, 1, 1).fromordinal(719163 + w.test_first).isoformat() for w in windows] == [
        "2019-01-01", "2019-04-01", "2019-07-01", "2019-10-01",
    ]  # fmt: skip
    assert [w.train_first for w in windows] == [day(f"2018-{m}-01") for m in ("01", "04", "07", "10")]
    assert windows[0].n_train == 261
    assert windows[0].n_test == 64
    assert all(w.complete for w in windows)
    assert not calendar_windows(two_years[:-1], "12M/3M")[-1].complete


def test_anchored_windows_begin_with_the_data() -> None:
    windows = calendar_windows(two_years, "12M/3M", anchored=True)
    assert {w.train_first for w in windows} == {day("2018-01-01")}
    assert [w.n_train for w in windows] == sorted({w.n_train for w in windows})


@pytest.mark.parametrize("size", ["12M/3M", "3M/1M", "1M/3M", "4W/1W", "30D/7D", "1M/2W", "6W/1M"])
@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize("first", ["2018-01-31", "2018-02-14"])
def test_no_day_is_traded_twice_or_learnt_after(size: str, anchored: bool, first: str) -> None:
    days = weekdays(first, "2019-12-31")
    windows = calendar_windows(days, size, anchored=anchored)
    train, test = window_days(days, windows)
    covered = test.sum(axis=0)
    assert covered.max() == 1
    traded = np.flatnonzero(covered)
    assert traded[-1] == days.shape[0] - 1
    assert (np.diff(traded) == 1).all()
    for k in range(len(windows)):
        assert train[k].any()
        assert np.flatnonzero(train[k])[-1] + 1 == np.flatnonzero(test[k])[0]
        assert (train[k].sum(), test[k].sum()) == (windows[k].n_train, windows[k].n_test)


@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize("objective", ["sharpe_ratio", "net_profit"])
def test_equals_the_plain_definition(anchored: bool, objective: str) -> None:
    profits = noise(30, two_years).astype(np.float32)
    found = walk_forward(profits, two_years, "6M/2M", anchored=anchored, objective=objective)
    train, test = window_days(two_years, found.windows)
    pieces, rates = [], []
    for k in range(len(found.windows)):
        learnt = profits[:, train[k]].astype(np.float64)
        score = learnt.sum(axis=1) if objective == "net_profit" else learnt.mean(axis=1) / learnt.std(axis=1, ddof=1)
        best = int(score.argmax())
        assert found.chosen[k] == best
        assert found.in_sample[k] == pytest.approx(score[best])
        assert found.in_sample_profit[k] == pytest.approx(learnt[best].sum())
        rates.append(learnt[best].mean())
        pieces.append(profits[best, test[k]].astype(np.float64))
        assert found.out_of_sample_profit[k] == pytest.approx(pieces[-1].sum())
    stitched = np.concatenate(pieces)
    np.testing.assert_array_equal(found.daily_profit, stitched)
    np.testing.assert_array_equal(found.day_numbers, two_years[two_years >= day("2018-07-01")])
    assert found.net_profit == pytest.approx(stitched.sum())
    assert found.sharpe == pytest.approx(stitched.mean() / stitched.std(ddof=1))
    assert found.efficiency == pytest.approx(stitched.mean() / np.mean(rates))


def test_half_the_profit_out_of_sample_is_an_efficiency_of_a_half() -> None:
    # 20 % a year in the first year, 10 % in the second.
    profits = np.where(two_years < day("2019-01-01"), 20.0, 10.0)[None, :]
    found = walk_forward(profits, two_years, "12M/12M", objective="net_profit")
    assert found.efficiency == pytest.approx(0.5)
    assert found.share_of_winning_windows == 1.0


def test_a_change_of_regime_is_followed_late() -> None:
    profits = noise(2, two_years) * 0.1
    flip = two_years >= day("2019-01-01")
    profits[0] += np.where(flip, -1.0, 1.0)
    profits[1] -= np.where(flip, -1.0, 1.0)
    found = walk_forward(profits, two_years, "2M/1M")
    assert found.chosen[:10].tolist() == [0] * 10
    assert found.chosen[-6:].tolist() == [1] * 6
    assert found.n_distinct == 2
    assert found.out_of_sample_profit[10] < 0


def test_undefined_trials_are_not_chosen() -> None:
    profits = noise(4, two_years)
    profits[0] = np.nan
    profits[1:] = 0.0
    found = walk_forward(profits, two_years, "12M/3M")
    assert found.chosen.tolist() == [-1] * 4
    assert np.isnan(found.in_sample).all()
    assert found.net_profit == 0.0
    assert np.isnan(found.sharpe)
    assert np.isnan(found.efficiency)
    assert (found.n_distinct, found.sample.n_failed) == (0, 1)


def test_efficiency_is_undefined_where_training_lost() -> None:
    profits = noise(1, two_years) - 5.0
    assert np.isnan(walk_forward(profits, two_years, "12M/3M").efficiency)


def test_refuses_sizes_that_do_not_fit_and_transposed_profits() -> None:
    with pytest.raises(ParameterError, match="730 calendar days"):
        walk_forward(noise(3, two_years), two_years, "24M/3M")
    with pytest.raises(ParameterError, match="one row a trial"):
        walk_forward(noise(3, two_years).T, two_years, "12M/3M")


def test_matrix_holds_the_single_runs() -> None:
    profits = noise(20, two_years)
    found = walk_forward_matrix(profits, two_years, train=("3M", "12M", "23M"), test=("1M", "6M"))
    assert found.n_windows.tolist() == [[21, 4], [12, 2], [0, 0]]
    for i, train in enumerate(("3M", "12M")):
        for j, test in enumerate(("1M", "6M")):
            one = walk_forward(profits, two_years, f"{train}/{test}")
            assert found.net_profit[i, j] == pytest.approx(one.net_profit)
            assert found.efficiency[i, j] == pytest.approx(one.efficiency)
            assert found.sharpe[i, j] == pytest.approx(one.sharpe)
    assert np.isnan(found.net_profit[2]).all()
    assert found.share_profitable == np.mean(found.net_profit[:2] > 0)
    none = walk_forward_matrix(profits, two_years, train=("30M",), test=("1M",))
    assert np.isnan(none.share_profitable)


def test_drift_is_the_mean_step_over_the_range() -> None:
    positions = np.array([[0, 0, 5], [4, 1, 5], [2, 2, 5]])
    np.testing.assert_allclose(parameter_drift(np.array([0, 1, -1, 2]), positions), [3 / 4, 1 / 2, 0.0])
    np.testing.assert_allclose(parameter_drift(np.array([1, 1, 1]), positions), [0.0, 0.0, 0.0])
    assert np.isnan(parameter_drift(np.array([1, -1]), positions)).all()


def test_suggested_size_depends_on_the_length_of_the_data() -> None:
    assert str(suggested_window_size(two_years)) == "12M/3M"
    assert str(suggested_window_size(weekdays("2015-01-01", "2019-12-31"))) == "24M/6M"
    assert str(suggested_window_size(two_years[:60])) == "4W/1W"
    assert suggested_window_size(two_years[:10]) is None
