from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.stats import linregress, rankdata

from trading_ai.errors import ParameterError
from trading_ai.robustness.overfitting import overfitting


def plain(profits: np.ndarray, n_blocks: int, objective: str) -> dict[str, float]:
    """The definition, one split at a time."""
    edges = [profits.shape[1] * b // n_blocks for b in range(n_blocks + 1)]
    days = [np.arange(edges[b], edges[b + 1]) for b in range(n_blocks)]

    def score(part: np.ndarray) -> np.ndarray:
        if objective == "net_profit":
            return part.sum(axis=1)
        deviation = part.std(axis=1, ddof=1)
        return np.where(deviation > 1e-12, part.mean(axis=1) / np.where(deviation > 0, deviation, 1), -np.inf)

    logits, inside, outside = [], [], []
    for half in combinations(range(n_blocks), n_blocks // 2):
        rest = [b for b in range(n_blocks) if b not in half]
        first = score(profits[:, np.concatenate([days[b] for b in half])])
        second = score(profits[:, np.concatenate([days[b] for b in rest])])
        best = int(first.argmax())
        w = rankdata(second)[best] / (profits.shape[0] + 1)
        logits.append(np.log(w / (1 - w)))
        inside.append(first[best])
        outside.append(second[best])
    known = np.isfinite(outside)
    line = linregress(np.array(inside)[known], np.array(outside)[known])
    return {
        "probability": np.mean(np.array(logits) <= 0),
        "probability_of_loss": np.mean([np.isfinite(o) and o < 0 for o in outside]),
        "slope": line.slope,
        "intercept": line.intercept,
        "mean_logit": np.mean(logits),
        "n_splits": len(logits),
    }


@pytest.mark.parametrize("objective", ["sharpe_ratio", "net_profit"])
@pytest.mark.parametrize("sparse", [False, True])
def test_equals_the_plain_definition(objective: str, sparse: bool) -> None:
    random = np.random.default_rng(4)
    profits = random.standard_normal((37, 101)) + 0.1 * random.standard_normal((37, 1))
    if sparse:  # whole blocks without a trade: many undefined scores, and equal ones
        profits = profits[:, :96] * np.repeat(random.random((37, 8)) < 0.2, 12, axis=1)
    expected = plain(profits, 8, objective)
    found = overfitting(profits, n_blocks=8, objective=objective)
    for name in ("probability", "probability_of_loss", "slope", "intercept", "n_splits"):
        assert getattr(found, name) == pytest.approx(expected[name], rel=1e-9), name
    assert found.logits.mean() == pytest.approx(expected["mean_logit"])
    assert found.logit_counts.sum() == found.n_splits


@pytest.mark.parametrize(("n_blocks", "n_splits"), [(2, 2), (8, 70), (10, 252), (16, 12_870)])
def test_number_of_splits(n_blocks: int, n_splits: int) -> None:
    found = overfitting(np.random.default_rng(0).standard_normal((5, 64)), n_blocks=n_blocks)
    assert found.n_splits == found.logits.shape[0] == n_splits == comb(n_blocks, n_blocks // 2)


def test_one_trial_better_everywhere_is_not_overfitting() -> None:
    profits = np.random.default_rng(0).standard_normal((60, 400))
    profits[17] += 1.0
    found = overfitting(profits, n_blocks=10)
    assert found.probability == 0.0
    assert found.probability_of_loss == 0.0
    assert set(found.chosen.tolist()) == {17}


@pytest.mark.parametrize("objective", ["sharpe_ratio", "net_profit"])
def test_trials_good_in_one_regime_only_are_overfitting(objective: str) -> None:
    # Each trial earns in its own block and loses in all others: the best of any half loses in the other half,
    # where some trial that is at home there does better.
    n_blocks, block = 8, 20
    profits = np.random.default_rng(0).normal(0.0, 0.1, (n_blocks, n_blocks * block)) - 1.0
    for b in range(n_blocks):
        profits[b, b * block : (b + 1) * block] += 9.0
    found = overfitting(profits, n_blocks=n_blocks, objective=objective)
    assert found.probability == 1.0
    assert found.probability_of_loss == 1.0


def test_noise_is_near_a_half_on_average() -> None:
    found = [
        overfitting(np.random.default_rng(seed).standard_normal((50, 240)), n_blocks=8).probability
        for seed in range(40)
    ]
    assert 0.35 < np.mean(found) < 0.65  # one draw has a deviation of about 0.2


def test_order_and_scale_of_trials_change_nothing() -> None:
    random = np.random.default_rng(2)
    profits = random.standard_normal((40, 90))
    found = overfitting(profits, n_blocks=6)
    order = random.permutation(40)
    other = overfitting(profits[order] * 50, n_blocks=6)
    assert other.probability == found.probability
    assert other.slope == pytest.approx(found.slope)
    np.testing.assert_array_equal(order[other.chosen], found.chosen)


def test_failed_trials_are_dropped_and_rows_keep_their_number() -> None:
    profits = np.random.default_rng(2).standard_normal((40, 90))
    holed = np.insert(profits, [0, 20], np.nan, axis=0)
    found, other = overfitting(profits, n_blocks=6), overfitting(holed, n_blocks=6)
    assert other.sample.n_failed == 2
    assert other.probability == found.probability
    np.testing.assert_array_equal(other.chosen, found.chosen + np.where(found.chosen >= 20, 2, 1))


def test_undefined_with_nothing_to_choose_from() -> None:
    profits = np.random.default_rng(0).standard_normal((3, 40))
    assert np.isnan(overfitting(profits[:1], n_blocks=4).probability)
    assert np.isnan(overfitting(np.zeros((5, 40)), n_blocks=4).probability)
    assert np.isnan(overfitting(np.full((5, 40), np.nan), n_blocks=4).probability)
    assert overfitting(np.zeros((5, 40)), n_blocks=4).chosen.tolist() == [-1] * 6


def test_a_large_sweep_is_sampled_and_says_so() -> None:
    profits = np.random.default_rng(0).standard_normal((300, 64)).astype(np.float32)
    found = overfitting(profits, n_blocks=4, limit=100, seed=3)
    assert found.sample.n_used == 100
    assert found.sample.is_sampled
    assert set(found.chosen.tolist()) <= set(found.sample.rows.tolist())


@pytest.mark.parametrize(
    "options", [{"n_blocks": 7}, {"n_blocks": 0}, {"n_blocks": 22}, {"n_blocks": 16}, {"objective": "sharpe"}]
)
def test_refuses_impossible_splits(options: dict) -> None:
    with pytest.raises(ParameterError):
        overfitting(np.zeros((4, 31)), **options)
