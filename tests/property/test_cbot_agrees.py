"""A robot and the signal engine make the same trades, whatever the bars, levels, costs and rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import random_bars
from trading_ai import Costs, ExecutionRules, Sizing, backtest, resample
from trading_ai.runners.cbot.runner import CBotRunner

CROSS = CBotRunner().find(Path(__file__).parents[1] / "fakes" / "robots" / "Cross", "")


@settings(max_examples=examples(40), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    stop=st.sampled_from([0.0, 3.0, 10.0, 40.0]),
    target=st.sampled_from([0.0, 5.0, 25.0]),
    spread=st.sampled_from([0.0, 0.7, 2.0]),
    slippage=st.sampled_from([0.0, 0.3]),
    commission=st.sampled_from([0.0, 4.0]),
    swap=st.sampled_from([0.0, -0.8]),
    same_bar=st.sampled_from(["stop_first", "target_first", "nearer_first"]),
    leverage=st.sampled_from([0.0, 20.0]),
    capital=st.sampled_from([700.0, 10_000.0]),
    currency=st.sampled_from(["USD", "EUR"]),
    finer=st.booleans(),
)
@example(1165, 10.0, 5.0, 0.0, 0.0, 4.0, 0.0, "stop_first", 0.0, 700.0, "EUR", False)  # a balance's last bit
def test_the_same_trades(
    seed, stop, target, spread, slippage, commission, swap, same_bar, leverage, capital, currency, finer
):
    fine = random_bars(400, seed)
    bars = resample(fine, "H2") if finer else fine
    rest = {
        "costs": Costs(
            spread_pips=spread, slippage_pips=slippage, commission_per_lot=commission, swap_long=swap, swap_short=swap
        ),
        "rules": ExecutionRules(same_bar=same_bar, leverage=leverage), "capital": capital,
        "account_currency": currency, "detail": fine if finer else None,
    }  # fmt: skip
    levels = {"StopPips": stop, "TargetPips": target, "Lots": 0.1, "Fast": 3, "Slow": 8}
    robot = backtest(bars, CROSS, params=levels, **rest)
    known = backtest(
        bars, "sma_crossover", sizing=Sizing("lots", 0.1), fast=3, slow=8, stop_loss=stop, take_profit=target, **rest
    )
    np.testing.assert_array_equal(robot.trades, known.trades)
    np.testing.assert_allclose(robot.equity, known.equity, rtol=0, atol=1e-6)
