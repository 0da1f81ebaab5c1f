"""The compiled replay equals its plain twin to the last bit, and the signal engine trade by trade."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import EURUSD, USDJPY, random_bars
from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.records import EXIT_REASONS, N_TALLIES, TALLIES
from trading_ai.engine.replay_reference import exits_of
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.runs import Ran, tallies_of
from trading_ai.engine.sizing import Sizing
from trading_ai.engine.trade_list import LISTED_TRADE, TradeList, listed_trades
from trading_ai.evaluation.replay import ReplayEvaluator
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.market.symbol import Symbol
from trading_ai.parameters import SearchSpace
from trading_ai.strategies.base import Signals, SignalStrategy
from trading_ai.strategies.replay import Replay

NOTHING = SearchSpace(())
_levels = st.fixed_dictionaries(
    {
        "stop_loss": st.sampled_from([0.0, 0.0, 8.0, 25.0]),
        "take_profit": st.sampled_from([0.0, 0.0, 12.0, 40.0]),
        "trailing_stop": st.sampled_from([0.0, 0.0, 15.0]),
        "break_even": st.sampled_from([0.0, 0.0, 10.0]),
        "time_exit": st.sampled_from([0, 0, 3, 9]),
    }
)


EURGBP = Symbol("EURGBP", 0.0001, 5, 100_000.0, "GBP", "EUR", "fx", 1000.0, 1000.0)
GBPUSD = Symbol("GBPUSD", 0.0001, 5, 100_000.0, "USD", "GBP", "fx", 1000.0, 1000.0)


def made_up(bars, rng, n: int) -> TradeList:
    """Trades at random moments inside bars and at opens, with or without levels, that may overlap."""
    listed = np.full(1, 0, LISTED_TRADE).repeat(n)
    at = np.sort(rng.integers(0, len(bars) - 1, n))
    inside = rng.random(n) < 0.5
    until = np.minimum(at + rng.integers(0, 30, n), len(bars) - 1)
    listed["entry_time_ns"] = bars.open_time_ns[at] + inside * bars.timeframe.ns // 2
    listed["exit_time_ns"] = np.maximum(
        bars.open_time_ns[until] + (rng.random(n) < 0.5) * bars.timeframe.ns * 3 // 4, listed["entry_time_ns"]
    )
    listed["direction"] = rng.choice([-1, 1], n)
    listed["exit_reason"] = rng.choice([-1, 0, 1, 2], n)
    listed["units"] = rng.choice([1_000.0, 10_000.0], n)
    listed["entry_price"], listed["exit_price"] = bars.open[at], bars.close[until]
    distance = listed["direction"] * rng.choice([np.nan, 1e-3, 3e-3], n)
    listed["stop_loss"] = listed["entry_price"] - distance
    listed["take_profit"] = listed["entry_price"] + distance
    for name in ("gross_profit", "commission", "swap", "net_profit"):
        listed[name] = np.nan
    return TradeList(bars.symbol.name, listed[np.argsort(listed["entry_time_ns"], kind="stable")], "USD", 10_000.0)


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10_000), levels=_levels, keep=st.booleans(), slip=st.sampled_from([0.0, 0.3]))
def test_every_exit_is_that_of_the_plain_twin(seed, levels, keep, slip):
    rng = np.random.default_rng(seed)
    bars = random_bars(600, seed)
    trades = made_up(bars, rng, 40)
    account = Account(10_000.0, Sizing(), Costs(spread_pips=0.8, slippage_pips=slip), ExecutionRules())
    evaluator = ReplayEvaluator(bars, Replay(trades.content_hash, trades), NOTHING, {}, account)
    given_values = {**levels, "keep_exits": keep}
    result = evaluator.backtest(given_values)
    twin = exits_of(evaluator.placed, evaluator.data, result.parameters, slip * 1e-4)
    order = sorted(range(len(twin)), key=lambda i: twin[i].key)
    assert len(result.trades) == len(twin)
    for found, i in zip(result.trades, order, strict=True):
        key, price, reason, ambiguous = twin[i]
        assert (found["exit_bar"], found["exit_price"], found["exit_reason"], found["ambiguous"]) == (
            key >> 1, price, reason, ambiguous,
        ), EXIT_REASONS[reason]  # fmt: skip
    # Equity of each position by itself, and tallies by the plain sums.
    equity = np.full(len(bars), 10_000.0)
    for trade in result.trades:
        a, b, side = trade["entry_bar"], trade["exit_bar"], trade["direction"]
        close = evaluator.data.bid[3] if side > 0 else evaluator.data.ask[3]
        equity[a:b] += side * trade["units"] * (close[a:b] - trade["entry_price"])
        equity[b:] += trade["net_profit"]
    np.testing.assert_allclose(result.equity, equity, rtol=0, atol=1e-7)
    metrics = evaluator.metrics_at(given_values)
    for name, value in result.metrics.items():  # with blocks passed over, or bar by bar
        np.testing.assert_array_equal(metrics[name], value, err_msg=name)
    plain = tallies_of(Ran(result.trades, result.equity), evaluator.data, evaluator.account)
    assert len(plain) == N_TALLIES
    told = dict(zip(TALLIES, plain, strict=True))
    assert result.metrics["total_trades"] == told["n_trades"]
    np.testing.assert_allclose(result.metrics["net_profit"], told["sum_net"], atol=1e-7)
    np.testing.assert_allclose(result.metrics["max_drawdown"], told["equity_drawdown"], atol=1e-7)


@settings(max_examples=examples(40), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    symbol=st.sampled_from([EURUSD, USDJPY, EURGBP]),
    spread=st.sampled_from([None, 0.0, 0.8]),
    swap=st.sampled_from([0.0, -0.9, 20_000.0]),  # a credit that is soon more than the position cost
    units=st.sampled_from([1_000.0, 20_000.0, 200_000.0]),
    levels=_levels,
    keep=st.booleans(),
)
def test_stretches_that_are_passed_over_change_no_number(seed, symbol, spread, swap, units, levels, keep):
    rng = np.random.default_rng(seed)
    start = 150.0 if symbol is USDJPY else 1.1
    bars = random_bars(2_000, seed, symbol=symbol, start=start, tf="M5", volatility=2e-4)
    if spread is None:  # of the data, another at every bar
        bars = replace(bars, spread=np.round(start * rng.uniform(0.5e-4, 3e-4, len(bars)), symbol.digits))
    rates = None
    if symbol is EURGBP:
        rates = random_bars(2_000, seed + 1, symbol=GBPUSD, start=1.3, tf="M5")
        rates = replace(rates, open_time_ns=bars.open_time_ns)
    trades = made_up(bars, rng, 60)
    trades.trades["units"] *= units / 1_000.0
    costs = Costs(spread_pips=spread, swap_long=swap, swap_short=-swap / 2.0, commission_per_lot=2.0)
    account = Account(10_000.0, Sizing(), costs, ExecutionRules())
    evaluator = ReplayEvaluator(bars, Replay(trades.content_hash, trades), NOTHING, {}, account, conversion_bars=rates)
    whole = evaluator.backtest({**levels, "keep_exits": keep})
    passed = evaluator.metrics_at({**levels, "keep_exits": keep})
    for name, value in whole.metrics.items():
        np.testing.assert_array_equal(passed[name], value, err_msg=name)
    event(f"ruined: {whole.metrics['ruined']:.0f}")


@settings(max_examples=examples(25), deadline=None)
@example(
    seed=7,
    levels=dict.fromkeys(("stop_loss", "take_profit", "trailing_stop", "break_even"), 0.0) | {"time_exit": 0},
    swap=0.0,
)
@given(seed=st.integers(0, 10_000), levels=_levels, swap=st.sampled_from([0.0, -0.4]))
def test_entries_at_opens_that_do_not_overlap_equal_the_signal_engine(seed, levels, swap):
    rng = np.random.default_rng(seed)
    bars = random_bars(600, seed)
    at = np.arange(3, 585, 12)
    buys = np.zeros(600, np.bool_)
    sells = np.zeros(600, np.bool_)
    long = rng.random(at.size) < 0.5
    buys[at[long]], sells[at[~long]] = True, True
    costs = Costs(spread_pips=1.0, commission_per_lot=3.5, slippage_pips=0.2, swap_long=swap, swap_short=0.1)
    account = Account(10_000.0, Sizing("units", 5_000.0), costs, ExecutionRules())
    strategy = SignalStrategy(Signals(buys, sells))

    def engine(**given_levels):
        return SweepEvaluator(bars, strategy, NOTHING, given_levels, account).backtest()

    listed = listed_trades(engine(time_exit=10).trades, bars.timeframe.ns)
    trades = TradeList("EURUSD", listed, "USD", 10_000.0)
    replayed = ReplayEvaluator(bars, Replay(trades.content_hash, trades), NOTHING, {}, account)
    expected, found = engine(**{**levels, "time_exit": 7}), replayed.backtest({**levels, "time_exit": 7})
    for name in ("entry_bar", "exit_bar", "direction", "exit_reason", "ambiguous", "entry_price", "exit_price"):
        np.testing.assert_array_equal(found.trades[name], expected.trades[name], err_msg=name)
    for name in ("net_profit", "swap", "commission", "mae", "mfe"):
        np.testing.assert_allclose(found.trades[name], expected.trades[name], atol=1e-9, err_msg=name)
    for name, value in expected.metrics.items():
        if not name.startswith("slippage"):  # a list's entries have slipped already
            np.testing.assert_allclose(found.metrics[name], value, rtol=1e-6, atol=1e-6, err_msg=name)
