from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.metrics.drawdowns import Drawdown, deepest_drawdowns


def test_by_hand() -> None:
    found = deepest_drawdowns(np.array([100.0, 110, 99, 105, 110, 120, 108, 130, 129]))
    assert found == [
        Drawdown(5, 6, 7, 12.0, 10.0),
        Drawdown(1, 2, 4, 11.0, 10.0),
        Drawdown(7, 8, -1, 1.0, 100 / 130),
    ]
    assert deepest_drawdowns(np.array([1.0, 2, 3])) == []
    assert deepest_drawdowns(np.array([1.0])) == []


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=60))
def test_the_deepest_is_the_maximum_drawdown_and_none_overlap(steps: list[int]) -> None:
    equity = 1_000.0 + np.cumsum(steps)
    found = deepest_drawdowns(equity, 100)
    deepest = float((np.maximum.accumulate(equity) - equity).max())
    assert (found[0].money if found else 0.0) == deepest
    spans = sorted((each.peak, each.end if each.end >= 0 else equity.size) for each in found)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert all(equity[each.peak] - equity[each.trough] == each.money for each in found)
