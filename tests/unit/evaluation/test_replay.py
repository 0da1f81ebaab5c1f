"""A list of trades on a few bars, with every figure worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.artifacts import MemoryArtifacts
from tests.fakes.bars import EURUSD, MONDAY_NS, USDJPY, bars_of, random_bars
from tests.unit.driving.test_service import House, house  # noqa: F401
from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.records import EXIT_REASONS, SIGNAL
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.errors import ChangedError, RuleError, StrategyError
from trading_ai.evaluation.job import job_evaluator, strategy_of
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Job
from trading_ai.evaluation.replay import ReplayEvaluator
from trading_ai.optimization.cautions import said_of_backtest, said_of_optimization
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.replay import Replay
from trading_ai.studies.assessment import assess_optimization

HOUR = 3_600 * 10**9
ROWS = [
    # open, high, low, close; 14:00 on a Monday and on
    (1.1000, 1.1010, 1.0990, 1.1005),
    (1.1005, 1.1030, 1.1000, 1.1025),
    (1.1025, 1.1026, 1.0970, 1.0980),
    (1.0980, 1.1000, 1.0975, 1.0990),
    (1.0990, 1.1060, 1.0985, 1.1050),
    (1.1050, 1.1055, 1.1040, 1.1045),
]
BARS = bars_of(ROWS)


def trade(entry_hour, exit_hour, side, entry, exit_, **known):
    """A trade of 10,000 units; hours after the first bar's open."""
    row = np.zeros(1, LISTED_TRADE)
    for name in ("stop_loss", "take_profit", "gross_profit", "commission", "swap", "net_profit"):
        row[name] = known.get(name, np.nan)
    row["entry_time_ns"], row["exit_time_ns"] = MONDAY_NS + entry_hour * HOUR, MONDAY_NS + exit_hour * HOUR
    row["direction"], row["units"], row["entry_price"], row["exit_price"] = side, 10_000.0, entry, exit_
    row["exit_reason"] = known.get("exit_reason", SIGNAL)
    return row


def listed(*rows):
    return TradeList("EURUSD", np.concatenate(rows), "USD", 10_000.0)


def evaluator(trades, bars=BARS, costs=None, space=(), **fixed):
    account = Account(10_000.0, Sizing("units", 5_000.0), costs or Costs(), ExecutionRules())
    return ReplayEvaluator(bars, Replay(trades.content_hash, trades), SearchSpace(space), fixed, account)


LONG = trade(0, 5, 1, 1.1000, 1.1050)


def only(trades, **given):
    (found,) = evaluator(trades).backtest(given).trades
    return (
        int(found["exit_bar"]), float(found["exit_price"]), EXIT_REASONS[int(found["exit_reason"])],
        round(float(found["net_profit"]), 2),
    )  # fmt: skip


def test_without_anything_set_the_list_stands_as_it_is():
    assert only(listed(LONG)) == (5, 1.1050, "signal", 50.0)
    told = trade(0, 5, 1, 1.1000, 1.1050, gross_profit=50.0, commission=0.7, swap=-0.31, net_profit=48.99)
    assert only(listed(told)) == (5, 1.1050, "signal", 48.99)


def test_a_searched_stop_and_target_come_before_the_own_exit():
    assert only(listed(LONG), stop_loss=20) == (2, 1.0980, "stop_loss", -20.0)
    assert only(listed(LONG), take_profit=20) == (1, 1.1020, "take_profit", 20.0)
    assert only(listed(LONG), stop_loss=40) == (5, 1.1050, "signal", 50.0)
    assert only(listed(LONG), time_exit=3) == (3, 1.0980, "time_exit", -20.0)
    assert only(listed(LONG), trailing_stop=40) == (2, 1.0990, "trailing_stop", -10.0)


def test_an_exit_by_the_own_stop_gives_way_to_a_wider_stop():
    stopped = trade(0, 2.5, 1, 1.1000, 1.0980, exit_reason=1, stop_loss=1.0980, take_profit=1.1055)
    assert only(listed(stopped)) == (2, 1.0980, "stop_loss", -20.0)
    assert only(listed(stopped), stop_loss=40) == (4, 1.1055, "take_profit", 55.0)  # its own target is found
    assert only(listed(stopped), take_profit=40) == (2, 1.0980, "stop_loss", -20.0)  # its own stop stays
    # By the bars alone its own stop is touched in the same bar.
    assert only(listed(stopped), keep_exits=False) == (2, 1.0980, "stop_loss", -20.0)


def test_inside_the_bar_of_the_entry_only_the_close_is_known_to_come_later():
    late = trade(2.5, 5, 1, 1.1000, 1.1050)
    (found,) = evaluator(listed(late)).backtest({"stop_loss": 25}).trades
    # The bar's low of 1.0970 may have been before the entry; the next low is 1.0975.
    assert (found["exit_bar"], found["exit_price"], bool(found["ambiguous"])) == (3, 1.0975, True)
    assert only(listed(late), stop_loss=15) == (2, 1.0985, "stop_loss", -15.0)  # the close, 1.0980, is beyond


def test_positions_overlap_and_their_number_can_be_bounded():
    both = listed(LONG, trade(1, 3, -1, 1.1005, 1.0980))
    result = evaluator(both).backtest()
    assert result.metrics["total_trades"] == 2
    # Bar 1 closes at 1.1025: +25 of the long, -20 of the short. Bar 2 at 1.0980: -20 and +25.
    np.testing.assert_allclose(result.equity, [10_005, 10_005, 10_005, 10_015, 10_075, 10_075], atol=1e-7)
    one = evaluator(both).backtest({"max_positions": 1})
    assert one.metrics["total_trades"] == 1
    assert one.trades["direction"].tolist() == [1]


def test_filters_keep_trades_by_hour_day_and_side():
    both = listed(LONG, trade(1, 3, -1, 1.1005, 1.0980))

    def sides(**given):
        return sorted(evaluator(both).backtest(given).trades["direction"].tolist())

    assert sides(first_hour=15) == [-1]
    assert sides(last_hour=14) == [1]
    assert sides(first_hour=22, last_hour=14) == [1]  # over midnight
    assert sides(weekdays="monday") == [-1, 1]
    assert sides(weekdays="not_monday") == []
    assert sides(direction="short") == [-1]


def test_a_searched_spread_moves_what_crosses_it_and_commission_replaces_the_lists():
    assert only(listed(LONG), spread=2) == (5, 1.1050, "signal", 48.0)
    short = listed(trade(1, 3, -1, 1.1005, 1.0980, commission=1.0))
    assert only(short) == (3, 1.0980, "signal", 24.0)
    assert only(short, spread=1) == (3, 1.0981, "signal", 23.0)
    assert only(short, commission=7) == (3, 1.0980, "signal", 23.6)  # 0.1 lot, both sides: 1.40
    assert only(short, resize=True) == (3, 1.0980, "signal", 12.0)  # 5,000 units


def test_sizes_that_follow_the_balance_are_refused_as_a_failed_trial():
    trades = listed(LONG)
    account = Account(10_000.0, Sizing("risk_percent", 1.0), Costs(), ExecutionRules())
    made = ReplayEvaluator(BARS, Replay("x", trades), SearchSpace(()), {"resize": True}, account)
    with pytest.raises(RuleError, match="needs a fixed size"):
        made.backtest()
    assert list(made.evaluate(np.array([0])).failures) == [0]


def test_an_account_that_reaches_zero_ends_there():
    large = LONG.copy()
    large["units"] = 6_000_000.0  # 20 pips down are 12,000
    result = evaluator(listed(large, trade(4, 5, 1, 1.0990, 1.1050))).backtest()
    assert result.metrics["total_trades"] == 1
    assert EXIT_REASONS[int(result.trades["exit_reason"][0])] == "stop_out"
    assert result.trades["exit_bar"].tolist() == [2]
    assert result.equity[-1] == pytest.approx(-2_000.0)


def test_entries_in_the_window_only():
    both = listed(LONG, trade(1, 3, -1, 1.1005, 1.0980))
    account = Account(10_000.0, Sizing(), Costs(), ExecutionRules())
    made = ReplayEvaluator(BARS, Replay("x", both), SearchSpace(()), {}, account, start="2017-01-02 15:00")
    assert made.backtest().trades["direction"].tolist() == [-1]
    assert made.placed.n_outside == 1


def test_late_entries_begin_at_the_open_of_a_later_bar():
    made = evaluator(listed(LONG, trade(1, 2, -1, 1.1005, 1.1025)), costs=Costs(spread_pips=1.0))
    # The short had ended by then; the long is bought at 1.1026, the ask of bar 2's open.
    late = made.metrics_at({}, entry_delay=2)
    assert late["total_trades"] == 1
    assert late["net_profit"] == pytest.approx(24.0)


def test_chunks_do_not_change_a_trial():
    trades = listed(LONG, trade(1, 3, -1, 1.1005, 1.0980))
    made = evaluator(trades, space=(ParameterRange("stop_loss", 5, 60, 5), ParameterRange("take_profit", 5, 60, 5)))
    whole = made.evaluate(np.arange(144), keep_daily_profit=True)
    parts = [made.evaluate(np.array([k])).metrics[0] for k in (0, 77, 143)]
    np.testing.assert_array_equal(whole.metrics[[0, 77, 143]], parts)
    assert whole.metrics.shape[0] == 144


def test_the_identity_is_that_of_the_code_and_the_trades(house: House):  # noqa: F811
    dataset = house.add(BARS)
    first, second = listed(LONG), listed(trade(1, 3, -1, 1.1005, 1.0980))
    artifacts = house.backtests.artifacts
    records = []
    for trades in (first, second):
        spec = BacktestSpec("replay", {}, dataset, trades_id=artifacts.save_trades(trades))
        record, _ = house.backtests.run(spec)
        assert BacktestSpec.from_json(record.spec.to_json()) == record.spec
        assert record.strategy_hash == strategy_identity(Replay(trades.content_hash))
        records.append(record)
    assert records[0].strategy_hash != records[1].strategy_hash
    job = Job(records[0].spec, SearchSpace(()), False, records[1].strategy_hash)
    with pytest.raises(ChangedError):
        job_evaluator(job, artifacts)


def test_a_backtest_replayed_has_its_own_result(house: House):  # noqa: F811
    dataset = house.add(BARS)
    spec = BacktestSpec("sma_crossover", {"fast": 2, "slow": 3}, dataset)
    record, result = house.backtests.run(spec)
    again, replayed = house.backtests.run(BacktestSpec("replay", {}, dataset, trades_id=record.backtest_id))
    assert len(result.trades) == len(replayed.trades)
    assert again.metrics["net_profit"] == pytest.approx(record.metrics["net_profit"], abs=1e-9)


def test_trades_are_named_for_a_replay_and_for_nothing_else():
    with pytest.raises(StrategyError, match="is needed by the strategy replay"):
        strategy_of(BacktestSpec("replay", {}, "x"))
    with pytest.raises(StrategyError, match="is only for the strategy replay"):
        strategy_of(BacktestSpec("sma_crossover", {}, "x", trades_id="y"))
    with pytest.raises(StrategyError, match="are trades of EURUSD"):
        evaluator(listed(LONG), bars=bars_of([(110.0, 111.0, 109.0, 110.0)] * 3, symbol=USDJPY))


def test_lists_come_back_as_they_were():
    trades = listed(LONG)
    artifacts = MemoryArtifacts()
    back = artifacts.load_trades(artifacts.save_trades(trades))
    assert back.content_hash == trades.content_hash == TradeList.from_arrays(trades.to_arrays()).content_hash
    assert BARS.symbol == EURUSD


def test_a_replay_is_not_judged_by_signals_and_says_that_its_exits_were_replaced(house: House):  # noqa: F811
    dataset = house.add(random_bars(1_500, 5, tf="H1"))
    base, _ = house.backtests.run(BacktestSpec("sma_crossover", {"fast": 5, "slow": 20}, dataset))
    spec = BacktestSpec("replay", {}, dataset, trades_id=base.backtest_id)
    record, _ = house.backtests.run(spec)
    space = SearchSpace((ParameterRange("take_profit", 0, 40, 20), ParameterRange("first_hour", 0, 2, 1)))
    search = OptimizationSpec(record.backtest_id, space, keep_daily_profit=True)
    done = house.service.start(house.service.plan(search))
    found = assess_optimization(house.service, done.optimization_id)
    assert "look_ahead" not in [c.name for c in found.study.verdict.criteria]
    assert "look-ahead: does not apply, the entries are those of a list" in found.study.notes
    for rank in range(1, 10):
        chosen = done.spec.space.combination(int(house.store.ranked(done.optimization_id, 1, rank - 1).indices[0]))
        said = " ".join(said_of_optimization(house.store, done, rank).warnings)
        assert ("exits replaced (take_profit)" in said) == (chosen["take_profit"] > 0)
    own = house.backtests.store.backtest(base.backtest_id)
    assert "exits replaced" not in " ".join(said_of_backtest(own).warnings)
