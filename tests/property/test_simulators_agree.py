"""The compiled simulators and the plain reference see the same trades, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import EURUSD, USDJPY, random_bars
from tests.fakes.twins import Twins
from trading_ai.engine.costs import Costs
from trading_ai.engine.orders import map_bars
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.market.bars import Bars
from trading_ai.market.timeframe import timeframe
from trading_ai.strategies.base import Signals

_rules = st.builds(
    ExecutionRules,
    opposite_signal=st.sampled_from(["reverse", "close", "ignore"]),
    same_bar=st.sampled_from(["stop_first", "target_first", "nearer_first"]),
    level_anchor=st.sampled_from(["fill", "signal_close"]),
    round_levels=st.booleans(),
    direction=st.sampled_from(["both", "both", "long", "short"]),
    max_positions=st.sampled_from([1, 1, 1, 3]),
    close_at_end=st.booleans(),
)
_costs = st.builds(
    Costs,
    spread_pips=st.sampled_from([None, 0.0, 1.0, 0.43]),
    commission_per_lot=st.sampled_from([0.0, 3.5]),
    commission_per_million=st.sampled_from([0.0, 0.0, 30.0]),
    commission_percent=st.sampled_from([0.0, 0.0, 0.002]),
    commission_per_trade=st.sampled_from([0.0, 0.0, 1.0]),
    slippage_pips=st.sampled_from([0.0, 0.0, 0.2]),
    swap_long=st.sampled_from([0.0, 0.0, -0.7]),
    swap_short=st.sampled_from([0.0, 0.0, 0.2]),
    swap_unit=st.sampled_from(["pips", "account"]),
)
_sizing = st.sampled_from(
    [
        Sizing("units", 10_000.0),
        Sizing("lots", 0.5),
        Sizing("risk_percent", 2.0),
        Sizing("percent_of_equity", 100.0),
        Sizing("percent_of_equity", 37.5, volume_step=0.0, min_volume=0.0),
    ]
)
_large_sizing = st.sampled_from(
    [
        Sizing("units", 30_000.0),
        Sizing("lots", 2.0),
        Sizing("risk_percent", 100.0),
        Sizing("percent_of_equity", 100.0, volume_step=0.0, min_volume=0.0),
        Sizing("percent_of_equity", 3_000.0, volume_step=1.0, min_volume=1.0),
    ]
)
_exits = st.builds(
    Exits,
    stop_loss=st.sampled_from([0.0, 5.0, 12.5, 30.0]),
    take_profit=st.sampled_from([0.0, 7.0, 15.0, 40.0]),
    trailing_stop=st.sampled_from([0.0, 0.0, 0.0, 9.0]),
    break_even=st.sampled_from([0.0, 0.0, 0.0, 6.0]),
    time_exit=st.sampled_from([0, 0, 1, 6]),
)


def _signals(n: int, seed: int, density: float, exits: bool) -> Signals:
    rng = np.random.default_rng(seed)
    extra = {"long_exit": rng.random(n) < 0.05, "short_exit": rng.random(n) < 0.05} if exits else {}
    return Signals(rng.random(n) < density, rng.random(n) < density, **extra)


def _needs_stop(sizing: Sizing, exits: Exits) -> Exits:
    if sizing.mode == "risk_percent" and not exits.stop_loss:
        return Exits(12.5, exits.take_profit, exits.trailing_stop, exits.break_even, exits.time_exit)
    return exits


@settings(max_examples=examples(250), deadline=None)
@given(
    n=st.integers(2, 300),
    seed=st.integers(0, 10_000),
    density=st.sampled_from([0.02, 0.1, 0.5]),
    with_exits=st.booleans(),
    tf=st.sampled_from(["M1", "H1", "D1"]),
    gaps=st.sampled_from([0.0, 0.2, 0.9]),
    decimals=st.sampled_from([5, 3]),  # few decimals: many equal prices
    currency=st.sampled_from(["USD", "EUR"]),
    rules=_rules,
    costs=_costs,
    sizing=_sizing,
    exits=_exits,
    first=st.sampled_from([0, 0, 0, 1, 40]),
)
def test_simulators_agree(
    n, seed, density, with_exits, tf, gaps, decimals, currency, rules, costs, sizing, exits, first
):
    bars = random_bars(n, seed, tf=tf, gaps=gaps, decimals=decimals)
    twins = Twins(
        bars,
        _signals(n, seed, density, with_exits),
        currency=currency,
        sizing=sizing,
        costs=costs,
        rules=rules,
        first=min(first, n - 1),
    )
    twins.agree(_needs_stop(sizing, exits))


@settings(max_examples=examples(400), deadline=None)
@given(
    n=st.integers(2, 200),
    seed=st.integers(0, 10_000),
    density=st.sampled_from([0.05, 0.3]),
    tf=st.sampled_from(["M1", "D1"]),
    gaps=st.sampled_from([0.0, 0.2, 0.9]),
    decimals=st.sampled_from([5, 2]),
    volatility=st.sampled_from([1e-3, 1e-2]),
    currency=st.sampled_from(["USD", "EUR"]),
    rules=_rules,
    costs=_costs,
    sizing=_large_sizing,
    exits=_exits,
    capital=st.sampled_from([10.0, 300.0, 2_000.0, 10_000.0]),
    leverage=st.sampled_from([0.0, 0.0, 1.0, 5.0, 30.0, 500.0]),
    level=st.sampled_from([0.0, 20.0, 50.0, 100.0]),
)
def test_simulators_agree_on_what_an_account_can_carry(
    n, seed, density, tf, gaps, decimals, volatility, currency, rules, costs, sizing, exits, capital, leverage, level
):
    bars = random_bars(n, seed, tf=tf, gaps=gaps, decimals=decimals, volatility=volatility)
    if sizing.mode == "percent_of_equity" and leverage:
        sizing = replace(sizing, value=min(sizing.value, 100.0 * leverage))
    rules = replace(rules, leverage=leverage, stop_out_level=level)
    twins = Twins(
        bars,
        _signals(n, seed, density, True),
        capital=capital,
        currency=currency,
        sizing=sizing,
        costs=costs,
        rules=rules,
    )
    exits = _needs_stop(sizing, exits)
    twins.agree(exits)
    result = twins.reference(exits)
    _is_an_account(result, capital, rules)
    if result.ruined_at is not None:
        assert twins.compiled(exits)[1]["sum_net"] == -capital


def _is_an_account(result, capital, rules) -> None:
    """What holds for every account: it owes nothing, and when it is ruined nothing happens any more."""
    trades = result.trades
    assert (result.equity >= 0.0).all()
    assert trades["net_profit"].sum() >= -capital * (1 + 1e-9) - 1e-6
    if rules.max_positions == 1:
        assert (trades["balance"] >= 0.0).all()
    if result.ruined_at is None:
        assert (result.equity > 0.004).all()
        return
    assert (trades["exit_bar"] <= result.ruined_at).all()
    assert (result.equity[result.ruined_at :] == 0.0).all()
    assert trades["balance"][-1] == 0.0
    assert trades["net_profit"].sum() == pytest.approx(-capital, rel=1e-9, abs=1e-6)


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 10_000), rules=_rules, costs=_costs, exits=_exits, fixed=st.booleans())
def test_simulators_agree_for_a_third_currency(seed, rules, costs, exits, fixed):
    capital = [10_000.0, 400.0][seed % 2]
    rules = replace(rules, leverage=[0.0, 0.0, 30.0][seed % 3])
    bars = random_bars(200, seed, symbol=USDJPY, start=110.0)
    rates = random_bars(400, seed + 1, symbol=EURUSD, tf="H1")
    eurjpy = type(EURUSD)("EURJPY", 0.01, 3, 100_000.0, "JPY", "EUR", "fx", 1000.0, 1000.0)
    times = rates.open_time_ns - 200 * rates.timeframe.ns
    prices = (p * 120 for p in (rates.open, rates.high, rates.low, rates.close))
    shifted = Bars(eurjpy, rates.timeframe, times, *prices)
    costs = Costs(**{**vars(costs), "conversion_rate": 0.008 if fixed else None})
    twins = Twins(
        bars,
        _signals(200, seed, 0.1, True),
        currency="EUR",
        capital=capital,
        sizing=Sizing("lots", 0.1),
        rules=rules,
        costs=costs,
        conversion_bars=None if fixed else shifted,
    )
    twins.agree(exits)


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rules=_rules,
    costs=_costs,
    exits=_exits,
    missing=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_simulators_agree_on_finer_bars(seed, rules, costs, exits, missing):
    fine = random_bars(600, seed, tf="M1", volatility=3e-4)
    rng = np.random.default_rng(seed)
    keep = np.flatnonzero((rng.random(600) >= missing) | (np.arange(600) == 0) | (np.arange(600) == 599))
    step = timeframe("M15").ns
    starts = fine.open_time_ns // step * step
    first = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
    last = np.r_[first[1:], 600] - 1
    coarse = Bars(
        EURUSD,
        timeframe("M15"),
        starts[first],
        fine.open[first],
        np.maximum.reduceat(fine.high, first),
        np.minimum.reduceat(fine.low, first),
        fine.close[last],
    )
    detail = Bars(
        EURUSD,
        fine.timeframe,
        *(getattr(fine, f)[keep] for f in ("open_time_ns", "open", "high", "low", "close")),
    )
    n = len(coarse)
    twins = Twins(
        coarse,
        _signals(n, seed, 0.3, True),
        rules=rules,
        costs=costs,
        detail=detail,
        bar_map=map_bars(coarse, detail),
    )
    twins.agree(exits)
