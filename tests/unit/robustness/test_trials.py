from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.selection import best_of_sets, daily_score, score_sets
from trading_ai.robustness.trials import check_day_numbers, finished_rows, row_blocks, sample_trials


def matrix(n: int = 50, n_days: int = 30) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, n_days)).astype(np.float32)


def test_failed_trials_are_left_out_and_counted() -> None:
    profits = matrix()
    profits[3] = np.nan
    profits[7, 5] = np.nan
    profits[9, 0], profits[9, 1] = np.inf, -np.inf
    sample = sample_trials(profits, 1000, 0)
    assert sorted(set(range(50)) - set(sample.rows.tolist())) == [3, 7, 9]
    assert (sample.n_trials, sample.n_failed, sample.n_used) == (50, 3, 47)
    assert not sample.is_sampled
    assert str(sample) == "all 47 trials; 3 failed trials left out"


def test_a_sample_is_seeded_sorted_and_says_so() -> None:
    profits = matrix()
    profits[3] = np.nan
    sample = sample_trials(profits, 10, seed=5)
    assert sample.is_sampled
    assert sample.rows.tolist() == sorted(set(sample.rows.tolist()) - {3})
    assert sample.rows.tolist() == sample_trials(profits, 10, seed=5).rows.tolist()
    assert sample.rows.tolist() != sample_trials(profits, 10, seed=6).rows.tolist()
    assert str(sample) == "10 of 49 trials, drawn without replacement, seed 5; 1 failed trials left out"


def test_blocks_give_every_row_once_in_order() -> None:
    profits = matrix()
    rows = np.array([0, 1, 2, 7, 9, 10, 11, 49])
    blocks = list(row_blocks(profits, rows, block_bytes=8 * 30 * 3))
    assert [start for start, _ in blocks] == [0, 3, 6]
    np.testing.assert_array_equal(np.vstack([b for _, b in blocks]), profits[rows].astype(np.float64))
    assert list(row_blocks(profits, np.array([], dtype=np.int64))) == []


@pytest.mark.parametrize("shape", [(5,), (0, 5), (5, 0), (2, 2, 2)])
def test_refuses_what_is_no_matrix(shape: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match="profits"):
        sample_trials(np.zeros(shape), 5, 0)


def test_refuses_a_transposed_matrix_and_disordered_days() -> None:
    with pytest.raises(ParameterError, match="one row a trial"):
        check_day_numbers(np.arange(50), 30)
    with pytest.raises(ParameterError, match="ascending"):
        check_day_numbers(np.array([1, 3, 3]), 3)
    with pytest.raises(ParameterError, match="limit"):
        sample_trials(matrix(), 0, 0)


def test_finished_rows_of_nothing() -> None:
    assert finished_rows(np.full((3, 4), np.nan)).tolist() == []


@pytest.mark.parametrize("objective", ["sharpe_ratio", "net_profit"])
def test_scores_are_the_textbook_ones(objective: str) -> None:
    profits = matrix()
    sets = np.random.default_rng(1).random((4, 30)) < 0.5
    scores = score_sets(profits, np.arange(50), sets, objective)
    for k, days in enumerate(sets):
        part = profits[:, days].astype(np.float64)
        expected = part.sum(axis=1) if objective == "net_profit" else part.mean(axis=1) / part.std(axis=1, ddof=1)
        np.testing.assert_allclose(scores[k], expected, rtol=1e-9)
        assert daily_score(profits[4, days], objective) == pytest.approx(expected[4])
    chosen, best = best_of_sets(profits, np.arange(50), sets, objective)
    np.testing.assert_array_equal(chosen, scores.argmax(axis=1))
    np.testing.assert_array_equal(best, scores.max(axis=1))


def test_undefined_scores_are_never_chosen() -> None:
    profits = np.zeros((3, 6))
    profits[1] = 0.1  # a gain without deviation, up to rounding
    profits[2] = [-1, -2, -1, 0, 0, 0]
    first, second = np.array([True] * 3 + [False] * 3), np.array([False] * 3 + [True] * 3)
    chosen, best = best_of_sets(profits, np.arange(3), np.array([first, second]), "sharpe_ratio")
    assert chosen.tolist() == [2, -1]
    assert best[0] < 0
    assert np.isnan(best[1])
    assert best_of_sets(profits, np.arange(3), np.array([first]), "net_profit")[0].tolist() == [1]
    assert np.isnan(daily_score(np.array([]), "net_profit"))


def test_the_choice_does_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    profits = matrix(500)
    profits[::7] = np.nan
    rows = finished_rows(profits)
    sets = np.random.default_rng(1).random((9, 30)) < 0.5
    whole = best_of_sets(profits, rows, sets, "net_profit")
    monkeypatch.setattr(row_blocks, "__defaults__", (8 * 30 * 11,))
    parts = best_of_sets(profits, rows, sets, "net_profit")
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_allclose(whole[1], parts[1])


def test_refuses_an_unknown_objective() -> None:
    with pytest.raises(ParameterError, match="sharpe_ratio, net_profit"):
        best_of_sets(matrix(), np.arange(50), np.ones((1, 30), dtype=bool), "sortino")
