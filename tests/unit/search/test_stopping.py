"""When a search stops early."""

from __future__ import annotations

import pytest

from trading_ai.errors import ParameterError
from trading_ai.search.stopping import StopRule


@pytest.mark.parametrize(
    ("rule", "state", "word"),
    [
        (StopRule(), (10**9, 1e9, 0), ""),
        (StopRule(max_trials=1000), (999, 0.0, 999), ""),
        (StopRule(max_trials=1000), (1000, 0.0, 1000), "1,000 trials"),
        (StopRule(max_seconds=60.0), (5, 59.9, 5), ""),
        (StopRule(max_seconds=60.0), (5, 60.0, 5), "60 s"),
        (StopRule(stagnation=50), (149, 0.0, 100), ""),
        (StopRule(stagnation=50), (150, 0.0, 100), "no better one in 50"),
        (StopRule(stagnation=50), (50, 0.0, 0), "no better one"),
        (StopRule(max_trials=10, stagnation=50), (10, 0.0, 10), "limit is 10"),
    ],
)
def test_says_why(rule, state, word):
    reason = rule.stop(*state)
    assert word in reason
    assert bool(reason) == bool(word)


@pytest.mark.parametrize(
    "limit", [{"max_trials": 0}, {"max_seconds": -1.0}, {"stagnation": 0}, {"max_seconds": float("nan")}]
)
def test_limits_are_above_zero(limit):
    with pytest.raises(ParameterError, match=next(iter(limit))):
        StopRule(**limit)
