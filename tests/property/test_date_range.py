"""A backtest of a date range is the reference simulator on all bars before its end, with no entry before its start."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import random_bars
from tests.property.test_simulators_agree import _costs, _exits, _needs_stop, _rules, _signals, _sizing
from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.orders import SAME_BARS, Orders, map_bars, place_orders
from trading_ai.engine.reference import ReferenceSimulator
from trading_ai.library import backtest, sweep
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import moment_text
from trading_ai.market.resample import resample
from trading_ai.strategies.base import Signals

_BARS = st.integers(0, 10_000)


def _reference(bars, signals, detail, first, account, exits):
    """Reference on every bar; entries before `first` taken away by hand."""
    execution = bars if detail is None else detail
    bar_map = SAME_BARS if detail is None else map_bars(bars, detail)
    data = prepare(execution, account.costs, "USD")
    orders = place_orders(signals, len(bars), bar_map, len(execution), "test")
    entry = orders.entry.copy()
    entry[:first] = 0
    twin = ReferenceSimulator(
        data, Orders(entry, orders.exit_long, orders.exit_short), bar_map, exits,
        capital=account.capital, sizing=account.sizing, costs=account.costs, rules=account.rules,
    )  # fmt: skip
    return twin.run(), data


def _first_signals(signals: Signals, n: int) -> Signals:
    """Of the first n bars: what a strategy that does not look ahead gives for them."""
    given = (signals.long_entry, signals.short_entry, signals.long_exit, signals.short_exit)
    return Signals(*(None if each is None else np.asarray(each)[:n] for each in given))


@settings(max_examples=examples(150), deadline=None)
@given(
    n=st.integers(3, 300), seed=_BARS, density=st.sampled_from([0.05, 0.5]), with_exits=st.booleans(),
    tf=st.sampled_from(["M1", "H1", "D1"]), cut=st.tuples(st.floats(0, 1), st.floats(0, 1)), finer=st.booleans(),
    between=st.sampled_from([0, 1_000_000]), rules=_rules, costs=_costs, sizing=_sizing, exits=_exits,
)  # fmt: skip
def test_a_range_is_the_reference_on_all_bars(
    n, seed, density, with_exits, tf, cut, finer, between, rules, costs, sizing, exits
):
    execution = random_bars(n, seed, tf=tf)
    coarser = {"M1": "M15", "H1": "H4", "D1": "W1"}[tf]
    times = execution.open_time_ns
    first = int(cut[0] * (n - 1))
    end = first + 1 + int(cut[1] * (n - 1 - first))
    # Moments between two bars cut at the next one.
    start_text = moment_text(int(times[first]) - (between if first else 0))
    end_text = moment_text(int(times[end])) if end < n else moment_text(int(times[-1]) + execution.timeframe.ns)
    exits, account = _needs_stop(sizing, exits), Account(10_000.0, sizing, costs, rules)
    bars = resample(execution, coarser) if finer else execution
    signals = _signals(len(bars), seed, density, with_exits)

    kept = execution.slice(0, end)
    seen = resample(kept, coarser) if finer else kept
    want, data = _reference(seen, _first_signals(signals, len(seen)), kept if finer else None, first, account, exits)

    made = backtest(
        seen, _first_signals(signals, len(seen)), detail=execution if finer else None, start=start_text, end=end_text,
        sizing=sizing, costs=costs, rules=rules, **vars(exits),
    )  # fmt: skip

    assert len(made.trades) == len(want.trades)
    for name in made.trades.dtype.names:
        moved = first if name in {"entry_bar", "exit_bar"} else 0
        np.testing.assert_array_equal(made.trades[name] + moved, want.trades[name], err_msg=name)
    assert (made.trades["entry_time_ns"] >= times[first]).all()
    np.testing.assert_array_equal(made.equity, want.equity[first:])
    np.testing.assert_array_equal(made.equity_time_ns, times[first:end])
    day = data.bar_day[first]
    np.testing.assert_array_equal(made.day_numbers, data.day_numbers[day:])
    np.testing.assert_array_equal(made.daily_profit.astype(np.float32), want.daily_profit[day:].astype(np.float32))


@settings(max_examples=examples(40), deadline=None)
@given(seed=_BARS, share=st.floats(0, 0.9), rules=_rules, costs=_costs)
def test_a_sweep_of_a_range_is_its_backtests(seed, share, rules, costs):
    bars = random_bars(250, seed)
    start = moment_text(int(bars.open_time_ns[int(share * 250)]))
    made = sweep(
        bars, _signals(250, seed, 0.2, True), start=start, end="2030-01-01", rules=rules, costs=costs,
        stop_loss=[0, 10, 25], take_profit=[0, 12], keep_daily_profit=True,
    )  # fmt: skip
    for row, index in enumerate(made.indices.tolist()):
        alone = made.evaluator.backtest(made.evaluator.space.combination(index))
        np.testing.assert_array_equal(made.daily_profit[row], alone.daily_profit.astype(np.float32))
        want = np.array([alone.metrics[name] for name in alone.metrics])
        np.testing.assert_allclose(made.metrics[row], want, rtol=1e-9)


@settings(max_examples=examples(30), deadline=None)
@given(seed=_BARS, n=st.integers(30, 200))
def test_a_range_around_everything_changes_nothing(seed, n):
    bars, signals = random_bars(n, seed), _signals(n, seed, 0.2, True)
    plain = backtest(bars, signals, stop_loss=12.5)
    ranged = backtest(bars, signals, stop_loss=12.5, start="1999-01-01", end="2100-01-01")
    np.testing.assert_array_equal(plain.trades, ranged.trades)
    np.testing.assert_array_equal(plain.equity, ranged.equity)
    np.testing.assert_equal(plain.metrics, ranged.metrics)


def test_indicators_know_the_bars_before_the_start():
    bars: Bars = random_bars(400, 5)
    options = {"fast": 5, "slow": 60, "stop_loss": 20}
    whole = backtest(bars, "sma_crossover", **options)
    start = int(whole.trades["entry_time_ns"][len(whole.trades) // 2])
    ranged = backtest(bars, "sma_crossover", start=moment_text(start), **options)
    # A crossover of averages over sixty bars trades on the very first bar: its decision fell on the bar before.
    assert ranged.trades["entry_time_ns"][0] == start
    assert ranged.trades["entry_bar"][0] == 0
