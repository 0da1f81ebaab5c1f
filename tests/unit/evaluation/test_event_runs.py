"""Event strategies, evaluated like every other: trades, metrics, failures, look-ahead, late entries."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai import Costs, ExecutionRules, LookAheadWarning, backtest, load_sample, make_evaluator, resample, sweep
from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.runs import RunRequest
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import EvaluationError, ParameterError, StrategyError
from trading_ai.evaluation.event_runs import run_events, why_not_compiled, with_parameters
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.backtests import full_result
from trading_ai.strategies.base import Choice, Float, Int
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.indicators import shared_talib, talib
from trading_ai.strategies.registry import strategy

BARS = load_sample("EURUSD")
COSTS = Costs(spread_pips=1.0, commission_per_lot=3.0, slippage_pips=0.2, swap_long=-0.5)


def points_average(close, length):
    return shared_talib.SMA(np.round(close * 1e5), timeperiod=length)


class Cross(EventStrategy):
    """The moving-average cross, by events."""

    rules = (("fast", "slow"),)

    fast: int = Int(10, 2, 500)
    slow: int = Int(30, 2, 500)
    risk: float = Float(0.0, 0.0, 1000.0, unit="pips")
    reward: float = Float(0.0, 0.0, 1000.0, unit="pips")

    def on_start(self, ctx):
        self.quick = ctx.indicator(points_average, "close", self.fast)
        self.steady = ctx.indicator(points_average, "close", self.slow)

    def on_bar(self, ctx):
        before, now = self.quick[-2] - self.steady[-2], self.quick[-1] - self.steady[-1]
        held = ctx.position
        if now > 0 and before <= 0 and held.side <= 0:
            if held:
                held.close()
            ctx.buy(stop_pips=self.risk, target_pips=self.reward)
        elif now < 0 and before >= 0 and held.side >= 0:
            if held:
                held.close()
            ctx.sell(stop_pips=self.risk, target_pips=self.reward)


class Ladder(EventStrategy):
    """What only Python can do: several targets, a list of positions, a word with each trade."""

    wait: int = Int(10, 1, 100, unit="bars")

    def on_start(self, ctx):
        self.heard = []
        self.wins = 0

    def on_bar(self, ctx):
        if not ctx.positions and ctx.bar % self.wait == 0:
            ctx.buy(stop_pips=20, targets=((0.1, ctx.close + 0.001), (0.2, ctx.close + 0.002)))
        for held in ctx.positions:
            if held.profit > 15.0 and held.stop < held.entry:
                held.modify(stop=held.entry)

    def on_trade(self, ctx, trade):
        self.heard.append(trade)
        self.wins += trade.net_profit > 0

    def on_stop(self, ctx):
        ctx.log("trades", len(self.heard), "wins", self.wins)


class Peeks(EventStrategy):
    """Knows the next close."""

    length: int = Int(20, 2, 500)

    def on_start(self, ctx):
        self.future = ctx.indicator(lambda close: np.append(close[1:], close[-1]), "close")

    def on_bar(self, ctx):
        if not ctx.positions and self.future[-1] > ctx.close + 0.0005:
            ctx.buy(size=0.1, stop_pips=10, target_pips=10)


class Careless(Ladder):
    """Raises where it waits for 13 bars."""

    def on_bar(self, ctx):
        if self.wait == 13:
            raise ValueError("thirteen")
        super().on_bar(ctx)


def test_the_cross_by_events_is_the_cross_by_signals_trade_by_trade():
    n_trades = 0
    for fast, slow in ((2, 3), (2, 4), (2, 5), (3, 4), (3, 5), (4, 5), (2, 7), (3, 8), (5, 12), (4, 6), (2, 9)):
        levels = (0.0, 0.0) if fast == 2 else (25.0, 40.0)
        signals = backtest(BARS, "sma_crossover", fast=fast, slow=slow, stop_loss=levels[0], take_profit=levels[1],
                           costs=COSTS)  # fmt: skip
        events = backtest(BARS, Cross, fast=fast, slow=slow, risk=levels[0], reward=levels[1], costs=COSTS)
        np.testing.assert_array_equal(events.trades, signals.trades)
        np.testing.assert_array_equal(events.equity, signals.equity)
        np.testing.assert_array_equal(events.daily_profit.astype(np.float32), signals.daily_profit)
        for name in METRIC_NAMES:
            np.testing.assert_allclose(events.metrics[name], signals.metrics[name], rtol=1e-9, atol=1e-9, err_msg=name)
        n_trades += len(events.trades)
    assert n_trades >= 14_000


@pytest.mark.parametrize("options", [{"leverage": 30.0}, {"same_bar": "target_first"}])
def test_so_it_is_with_other_rules_a_longer_timeframe_and_a_date_range(options):
    given = {"costs": COSTS, "rules": ExecutionRules(**options), "start": "2017-03-01", "detail": BARS}
    slow = resample(BARS, "H4")
    signals = backtest(slow, "sma_crossover", fast=3, slow=9, stop_loss=30.0, take_profit=60.0, **given)
    events = backtest(slow, Cross, fast=3, slow=9, risk=30.0, reward=60.0, **given)
    assert len(events.trades) > 50
    np.testing.assert_array_equal(events.trades, signals.trades)


def test_plain_python_gives_what_compiled_code_gives():
    data = prepare(BARS, COSTS, "USD")
    account = Account(10_000.0, Sizing(), COSTS, ExecutionRules()).sized(data)
    request = RunRequest(BARS, np.arange(len(BARS)), data, account, "USD", {})
    given = {"fast": 5, "slow": 12, "risk": 20.0, "reward": 30.0}
    plain, fast = (run_events(with_parameters(Cross(), given), request, compiles=c) for c in (False, True))
    assert len(plain.trades) > 300
    np.testing.assert_array_equal(plain.trades, fast.trades)
    assert why_not_compiled(Cross(), BARS.slice(0, 100)) == ""


def test_what_cannot_be_compiled_runs_in_python():
    assert "it has on_trade" in why_not_compiled(Ladder(), BARS.slice(0, 100))


def test_several_targets_and_a_word_with_each_trade():
    evaluator = make_evaluator(BARS.slice(0, 800), Ladder, wait=10)
    ran = evaluator.run(evaluator.fixed)
    assert set(ran.trades["units"]) == {10_000.0, 20_000.0}
    wins = int((ran.trades["net_profit"] > 0).sum())
    assert ran.log == f"trades {len(ran.trades)} wins {wins}"


def test_one_combination_that_raises_fails_alone():
    run = sweep(BARS.slice(0, 500), Careless, wait=[12, 13, 14])
    assert list(run.failures) == [1]
    assert "ValueError: thirteen" in run.failures[1]
    assert np.isfinite(run.column("net_profit")[[0, 2]]).all()


def test_a_look_ahead_is_seen():
    with pytest.warns(LookAheadWarning, match="peeks reads the future"):
        sweep(BARS.slice(0, 1000), Peeks, length=[20, 30])


def test_entries_can_be_late():
    evaluator = make_evaluator(BARS.slice(0, 2000), Ladder, wait=10)
    in_time, late = evaluator.metrics_at({}), evaluator.metrics_at({}, entry_delay=2)
    assert in_time["total_trades"] > 20
    assert in_time["net_profit"] != late["net_profit"]


def test_it_has_no_exit_parameters_but_its_own():
    with pytest.raises(ParameterError, match="stop_loss: is not a parameter of cross"):
        backtest(BARS.slice(0, 100), Cross, stop_loss=20)
    assert strategy_identity(Cross()) != strategy_identity(Ladder())


def test_a_class_without_on_bar_is_refused():
    with pytest.raises(StrategyError, match=r"must define on_bar\(self, ctx\)"):
        strategy(EventStrategy)


class Averages(Ladder):
    """Looks where it may not."""

    def on_start(self, ctx):
        super().on_start(ctx)
        self.average = ctx.indicator(talib.SMA, "close", 5)

    def on_bar(self, ctx):
        self.seen = (len(self.average), self.average[-1], self.average[-100], self.average[-3:].size, ctx.closes[-1])
        if self.wait == 2:
            self.average[3]


def test_a_series_ends_with_the_current_bar():
    bars = BARS.slice(0, 50)
    evaluator = make_evaluator(bars, Averages)
    assert evaluator.metrics_at({})["total_trades"] == 0
    run = sweep(bars, Averages, wait=[2, 3])
    assert "the current bar is [-1]" in run.failures[0]


class Asks(EventStrategy):
    """Notes the day of each bar and the hours of London."""

    def on_start(self, ctx):
        self.morning = ctx.between("08:00", "11:00", "Europe/London")
        self.seen = []

    def on_bar(self, ctx):
        self.seen.append((ctx.time, ctx.day, self.morning[-1], len(self.morning)))


def test_days_end_at_the_rollover_and_hours_are_those_of_any_clock():
    strategy = Asks()
    bars = BARS.slice(0, 3000)
    data = prepare(bars, Costs(), "USD", None)
    account = Account(10_000.0, Sizing(), Costs(), ExecutionRules()).sized(data)
    run_events(strategy, RunRequest(bars, np.arange(3000), data, account, "USD", {}))
    by_hour = {np.datetime64(seen[0], "ns").astype("datetime64[h]").astype(str): seen[1:] for seen in strategy.seen}
    # 17:00 in New York is 22:00 UTC in January and 21:00 in April; 08:00 in London is 08:00 UTC and 07:00.
    fourth_of_january, fourth_of_april = 17_170, 17_260
    assert by_hour["2017-01-04T21"][0] == fourth_of_january
    assert by_hour["2017-01-04T22"][0] == fourth_of_january + 1
    assert by_hour["2017-04-04T20"][0] == fourth_of_april
    assert by_hour["2017-04-04T21"][0] == fourth_of_april + 1
    assert [by_hour[f"2017-01-04T{hour:02d}"][1] for hour in (7, 8, 10, 11)] == [0.0, 1.0, 1.0, 0.0]
    assert [by_hour[f"2017-04-04T{hour:02d}"][1] for hour in (6, 7, 9, 10)] == [0.0, 1.0, 1.0, 0.0]
    assert [seen[3] for seen in strategy.seen] == list(range(1, 3000))


class Misspelt(EventStrategy):
    """Orders with words of other programs."""

    word: str = Choice("stop_loss", ("stop_loss", "limt", "units"))

    def on_bar(self, ctx):
        ctx.sell(0.1, **{self.word: 20})


class NoFunction(EventStrategy):
    """Names an indicator by its text."""

    def on_start(self, ctx):
        self.average = ctx.indicator("SMA", 20)

    def on_bar(self, ctx):
        pass


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("stop_loss", "ctx.sell has no argument 'stop_loss'. Take stop (a price) or stop_pips. It takes size, limit,"),
        ("limt", "ctx.sell has no argument 'limt'. Did you mean limit? It takes"),
        ("units", "ctx.sell has no argument 'units'. Take size, in lots. It takes"),
    ],
)
def test_an_unknown_word_of_an_order_is_refused_with_the_known_ones(word, said):
    with pytest.raises(EvaluationError) as refused:
        backtest(BARS.slice(0, 50), Misspelt, word=word)
    assert str(refused.value).startswith(said)


def test_an_indicator_is_a_function():
    with pytest.raises(EvaluationError, match=r"takes a function first, such as talib.SMA.*not 'SMA'"):
        backtest(BARS.slice(0, 50), NoFunction)


class Slips(EventStrategy):
    """Goes wrong in its own text, and below it."""

    asks: int = Int(0, 0, 1)

    def on_bar(self, ctx):
        if self.asks:
            ctx.positon.close()
        ctx.buy(0.1, stop_loss=20)


@pytest.mark.parametrize(("asks", "said", "line"), [(1, "Did you mean position?", 2), (0, "'stop_loss'", 3)])
def test_what_goes_wrong_names_the_line_of_the_strategy(asks, said, line):
    evaluator = make_evaluator(BARS.slice(0, 50), Slips)
    with pytest.raises(EvaluationError) as failed:
        full_result(evaluator, {"asks": asks})
    first = Slips.on_bar.__code__.co_firstlineno
    assert said in str(failed.value)
    assert str(failed.value).endswith(f" at {__file__}:{first + line}")


class Guesses(EventStrategy):
    """Asks as in other programs."""

    what: str = Choice("subscript", ("subscript", "hour", "series", "many"))

    def on_start(self, ctx):
        if self.what == "series":
            talib.SMA(ctx.closes, 20)

    def on_bar(self, ctx):
        if self.what == "subscript" and ctx.close[-1] > ctx.close[-2]:
            ctx.buy(0.1)
        if self.what == "hour" and ctx.time.hour == 8:
            ctx.buy(0.1)
        if self.what == "many":
            ctx.buy(0.01)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("subscript", r"not subscriptable. ctx.close is one number; ctx.closes\[-2\]"),
        ("hour", r"ctx.between\('08:00'"),
        ("series", r"got Series\). An indicator is made of whole arrays, in on_start"),
        ("many", r"more than 128 positions are open at once: ask `if not ctx.position` first"),
    ],
)
def test_what_is_written_as_elsewhere_is_answered_with_how_it_is_here(what, said):
    evaluator = make_evaluator(BARS.slice(0, 200), Guesses)
    with pytest.raises(EvaluationError, match=said):
        full_result(evaluator, {"what": what})
