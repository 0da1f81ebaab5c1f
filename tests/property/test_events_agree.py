"""Whatever an event strategy orders, the compiled simulator does what the readable one does, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import EURUSD, USDJPY, random_bars
from tests.fakes.event_programs import (
    CANCEL,
    CLOSE,
    EXIT,
    GROUP,
    LEVELS,
    LIMIT,
    MARKET,
    MOVE_STOP,
    MOVE_TARGET,
    N_COLUMNS,
    RESERVE,
    REVERSE,
    STOP,
    STOP_LIMIT,
    TRAIL,
    SilentTickProgram,
    agree,
    run_both,
)
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing

pytestmark = pytest.mark.compiles


def program(bars, seed, busy):
    """Random orders near the close of the bar at which they are placed."""
    rng = np.random.default_rng(seed)
    n, most = len(bars), 2
    table = np.zeros((n, most, N_COLUMNS))
    pip = bars.symbol.pip_size
    near = np.round(bars.close[:, None] + rng.integers(-25, 26, (n, most)) * pip, bars.symbol.digits)
    kinds = np.array([MARKET, LIMIT, STOP, STOP_LIMIT, EXIT, 6, 7, 8, TRAIL, 10, LEVELS, GROUP, REVERSE, RESERVE])
    table[:, :, 0] = np.where(rng.random((n, most)) < busy, rng.choice(kinds, (n, most)), 0)
    table[:, :, 1] = rng.choice([-1.0, 1.0], (n, most))
    table[:, :, 2] = rng.choice([0.05, 0.1, 0.2], (n, most))
    table[:, :, 3] = near
    table[:, :, 4] = near + rng.integers(-10, 11, (n, most)) * pip
    table[:, :, 5] = rng.choice([0.0, 10.0, 20.0], (n, most))
    table[:, :, 6] = rng.choice([0.0, 10.0, 30.0], (n, most))
    table[:, :, 7] = rng.choice([0.0, 0.0, 12 * pip], (n, most))
    table[:, :, 8] = rng.choice([0, 1, 4], (n, most))
    return table


def tick_program(bars, seed, busy):
    """Random orders at the ticks of each bar, one of them at most."""
    rng = np.random.default_rng(seed + 1)
    n = len(bars)
    table = np.zeros((n, 4, N_COLUMNS))
    pip = bars.symbol.pip_size
    near = np.round(bars.close[:, None] + rng.integers(-25, 26, (n, 4)) * pip, bars.symbol.digits)
    kinds = np.array([MARKET, LIMIT, STOP, EXIT, CLOSE, MOVE_STOP, MOVE_TARGET, TRAIL, CANCEL])
    table[:, :, 0] = np.where(rng.random((n, 4)) < busy / 2, rng.choice(kinds, (n, 4)), 0)
    table[:, :, 1] = rng.choice([-1.0, 1.0], (n, 4))
    table[:, :, 2] = rng.choice([0.05, 0.1, 0.2], (n, 4))
    table[:, :, 3] = near
    table[:, :, 5] = rng.choice([0.0, 10.0, 20.0], (n, 4))
    table[:, :, 6] = rng.choice([0.0, 10.0, 30.0], (n, 4))
    table[:, :, 7] = rng.choice([0.0, 0.0, 12 * pip], (n, 4))
    table[:, :, 8] = rng.choice([0, 1, 4], (n, 4))
    return table


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    busy=st.sampled_from([0.02, 0.1, 0.4]),
    netting=st.booleans(),
    at_ticks=st.booleans(),
    watches=st.booleans(),
    entry_delay=st.sampled_from([0, 0, 2]),
    capital=st.sampled_from([200.0, 1_500.0, 10_000.0]),
    yen=st.booleans(),
    spread=st.sampled_from([None, 0.5, 2.0]),
    slippage=st.sampled_from([0.0, 0.3]),
    commission=st.sampled_from([0.0, 3.5]),
    swap=st.sampled_from([0.0, -0.6]),
    leverage=st.sampled_from([0.0, 30.0]),
    same_bar=st.sampled_from(["stop_first", "target_first", "nearer_first"]),
    direction=st.sampled_from(["both", "both", "long"]),
    close_at_end=st.booleans(),
    sizing=st.sampled_from([Sizing(), Sizing("risk_percent", 1.0), Sizing("percent_of_equity", 50.0)]),
)
def test_plain_and_compiled_runs_are_the_same(
    seed, busy, netting, at_ticks, watches, entry_delay, capital, yen, spread, slippage, commission, swap, leverage,
    same_bar, direction, close_at_end, sizing,
):  # fmt: skip
    symbol, start = (USDJPY, 110.0) if yen else (EURUSD, 1.1)
    bars = random_bars(150, seed, symbol=symbol, start=start)
    costs = Costs(
        spread_pips=spread, slippage_pips=slippage, commission_per_lot=commission, swap_long=swap, swap_short=swap / 2
    )
    rules = ExecutionRules(same_bar=same_bar, leverage=leverage, direction=direction, close_at_end=close_at_end)
    ticks = tick_program(bars, seed, busy) if at_ticks else None
    ran = run_both(
        bars, program(bars, seed, busy), ticks=ticks, netting=netting, watches=watches, entry_delay=entry_delay,
        capital=capital, costs=costs, rules=rules, sizing=sizing,
    )  # fmt: skip
    # Whatever was done, money is neither made nor lost on the way.
    if close_at_end:
        assert abs(ran.equity[-1] - capital - ran.trades["net_profit"].sum()) <= 1e-6


@settings(max_examples=examples(20), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    busy=st.sampled_from([0.02, 0.1, 0.4]),
    capital=st.sampled_from([200.0, 10_000.0]),
    spread=st.sampled_from([None, 2.0]),
    leverage=st.sampled_from([0.0, 30.0]),
    same_bar=st.sampled_from(["stop_first", "target_first", "nearer_first"]),
)
def test_who_only_looks_at_ticks_trades_as_without(seed, busy, capital, spread, leverage, same_bar):
    bars = random_bars(150, seed, symbol=EURUSD, start=1.1)
    rules = ExecutionRules(same_bar=same_bar, leverage=leverage)
    given = {"capital": capital, "costs": Costs(spread_pips=spread), "rules": rules}
    without = run_both(bars, program(bars, seed, busy), **given)
    agree(without, run_both(bars, program(bars, seed, busy), kind=SilentTickProgram, **given))
