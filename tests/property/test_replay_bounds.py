"""What bounds of prices say of an equity holds for every price within them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from trading_ai.engine.compiled.replay_reach import CONVERT_OWN_PRICE, equity_bounds
from trading_ai.engine.compiled.replay_settle import worth

NO_RATES = np.empty(0)
_units = st.sampled_from([0.0, 1_000.0, 50_000.0])
_costs = st.floats(-2e6, 2e7)  # below zero: swaps have credited more than the position cost


@settings(max_examples=examples(400), deadline=None)
@given(
    conversion=st.sampled_from([0, 1, CONVERT_OWN_PRICE]),
    long_units=_units,
    short_units=_units,
    bought=_costs,
    sold=_costs,
    low=st.floats(-5.0, 200.0),
    reach=st.floats(0.0, 10.0),
    gaps=st.tuples(st.floats(-0.01, 0.05), st.floats(0.0, 0.05)),
    rates=st.tuples(st.floats(0.5, 2.0), st.floats(0.0, 0.1)),
    parts=st.lists(st.tuples(*[st.floats(0.0, 1.0)] * 3), min_size=1, max_size=20),
)
def test_no_price_within_the_bounds_makes_an_equity_beyond_them(
    conversion, long_units, short_units, bought, sold, low, reach, gaps, rates, parts
):
    bought, sold = (bought if long_units else 0.0), (sold if short_units else 0.0)
    most, fast = gaps[0] + gaps[1], rates[0] + rates[1]
    own = conversion == CONVERT_OWN_PRICE
    above, below = equity_bounds(
        own, 10_000.0, long_units, bought, short_units, sold, low, low + reach, gaps[0], most, rates[0], fast
    )
    for along, gap, rate in parts:
        bid = low + along * reach
        ask, at = bid + gaps[0] + gap * gaps[1], rates[0] + rate * rates[1]
        if own and (bid == 0.0 or ask == 0.0):
            continue
        equity = 10_000.0
        if long_units:
            equity += worth(conversion, at, NO_RATES, 0, long_units, bought, bid)
        if short_units:
            equity += worth(conversion, at, NO_RATES, 0, -short_units, -sold, ask)
        slack = 1e-9 * max(1.0, abs(equity), abs(above) if np.isfinite(above) else 0.0)
        assert below - slack <= equity <= above + slack
