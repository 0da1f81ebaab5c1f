"""Strategies of Backtrader through trading-ai-system, against Backtrader alone and against values by hand."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

import backtrader as bt
import numpy as np
import pytest
from trading_ai_backtrader.runner import BacktraderRunner

import trading_ai as ta
from trading_ai.errors import ParameterError, RuleError, StrategyError
from trading_ai.evaluation.job import job_evaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Job
from trading_ai.executors.processes import LocalExecutor
from trading_ai.market.bars import Bars
from trading_ai.market.timeframe import timeframe
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.store.artifacts import FileArtifacts
from trading_ai.strategies.hosted import find_hosted
from trading_ai.strategies.identity import identity_parts, strategy_identity
from trading_ai.strategies.registry import strategy

FILE = Path(__file__).with_name("strategies_of_tests.py")
BARS = ta.load_sample("EURUSD").slice(0, 1500)
FREE = ta.Costs(spread_pips=0)
LEFT_OPEN = ta.ExecutionRules(close_at_end=False)
CAPITAL = 100_000.0


class PlainFeed(bt.feed.DataBase):
    """Bars as a user would feed them: `datetime` objects, one after the other."""

    params = (("rows", ()),)

    def start(self):
        super().start()
        self._rows = iter(self.p.rows)

    def _load(self):
        row = next(self._rows, None)
        if row is None:
            return False
        self.lines.datetime[0] = bt.date2num(datetime.fromtimestamp(row[0], UTC).replace(tzinfo=None))
        for line, value in zip(("open", "high", "low", "close", "volume"), row[1:], strict=True):
            getattr(self.lines, line)[0] = value
        self.lines.openinterest[0] = 0.0
        return True


def alone(kind, bars=BARS, *, cash=CAPITAL, stake=10_000, commission=0.0, slippage=0.0, **parameters):
    """Final value of the library by itself."""
    seconds = (bars.open_time_ns // 10**9).tolist()
    columns = [getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume")]
    cerebro = bt.Cerebro()
    cerebro.adddata(PlainFeed(rows=list(zip(seconds, *columns, strict=True))))
    cerebro.broker.setcash(cash)
    cerebro.broker.setcommission(commission)
    if slippage:
        cerebro.broker.set_slippage_fixed(slippage)
    cerebro.addsizer(bt.sizers.FixedSize, stake=stake)
    cerebro.addstrategy(kind, **parameters)
    random.seed(0)
    cerebro.run()
    return cerebro.broker.getvalue()


def named(name):
    """A strategy of the file beside this one."""
    return strategy(f"{FILE}:{name}")


def bars_of(*prices, name="H1", spread=None):
    """Bars whose four prices are one number each, or rows of four."""
    rows = np.array([p if isinstance(p, tuple) else (p,) * 4 for p in prices], dtype=float)
    times = np.datetime64("2024-01-02", "ns").astype(np.int64) + np.arange(len(rows)) * timeframe(name).ns
    spreads = None if spread is None else np.full(len(rows), spread)
    return Bars(BARS.symbol, timeframe(name), times, *rows.T.copy(), np.zeros(len(rows)), spreads)


@pytest.mark.parametrize("name", ["Cross", "Bracket", "Pyramid", "Trailing", "Luck", "Fraction"])
def test_final_value_is_that_of_the_library_alone(name):
    chosen = named(name)
    result = ta.backtest(BARS, chosen, capital=CAPITAL, costs=FREE, rules=LEFT_OPEN)
    assert result.equity[-1] == alone(chosen.kind)
    assert len(result.trades) > 5
    costs = ta.Costs(spread_pips=0, commission_percent=0.01, slippage_pips=0.3)
    result = ta.backtest(BARS, chosen, capital=CAPITAL, costs=costs, rules=LEFT_OPEN)
    value = alone(chosen.kind, commission=0.0001, slippage=0.3 * BARS.symbol.pip_size)
    assert result.equity[-1] == pytest.approx(value, abs=1e-6)


def test_trades_are_those_of_the_signal_engine():
    rules = ta.ExecutionRules(opposite_signal="ignore", level_anchor="signal_close", round_levels=False)
    bars = ta.load_sample("EURUSD")
    known = ta.backtest(
        bars, "sma_crossover", fast=10, slow=30, stop_loss=50.0, take_profit=100.0, capital=CAPITAL, costs=FREE,
        rules=rules,
    )  # fmt: skip
    found = ta.backtest(bars, named("Bracket"), capital=CAPITAL, costs=FREE)
    assert len(found.trades) == 85
    # A bracket's children wait for the bar after the entry's: two of these trades end a bar later, at the same level.
    same = found.trades["exit_bar"] == known.trades["exit_bar"]
    assert (~same).sum() <= 2
    for field in ("entry_bar", "direction", "units", "exit_reason"):
        np.testing.assert_array_equal(found.trades[field], known.trades[field], err_msg=field)
    for field in ("entry_price", "exit_price", "net_profit", "balance"):
        np.testing.assert_allclose(found.trades[field], known.trades[field], rtol=0, atol=1e-6, err_msg=field)
    assert found.equity[-1] == pytest.approx(99_922.4, abs=1e-6)


@pytest.mark.parametrize("name", ["Cross", "Pyramid", "Trailing"])
def test_trades_and_equity_end_with_the_same_money(name):
    costs = ta.Costs(spread_pips=1.2, commission_per_lot=3.5, commission_per_trade=0.1, slippage_pips=0.2)
    result = ta.backtest(BARS, named(name), capital=CAPITAL, costs=costs)
    assert result.trades["net_profit"].sum() == pytest.approx(result.equity[-1] - CAPITAL, abs=1e-6)
    assert result.trades["balance"][-1] == pytest.approx(result.equity[-1], abs=1e-6)
    assert result.daily_profit.sum() == pytest.approx(result.equity[-1] - CAPITAL, abs=1e-6)


def test_buys_pay_the_ask_and_costs_are_counted():
    # Bought at the third bar's open 1.10 + 0.0002, sold at the fifth's 1.12: 0.0198 x 1000 = 19.80.
    # Commission: 1000 units are 0.01 lots, 5 a lot and side: 0.10 in all. Slippage: 0.5 pips a side, 0.05 each.
    bars = bars_of(1.1, 1.1, (1.1, 1.105, 1.095, 1.1), 1.11, (1.12, 1.125, 1.115, 1.12), 1.13)
    costs = ta.Costs(spread_pips=2, commission_per_lot=5, slippage_pips=0.5)
    result = ta.backtest(bars, named("Once"), capital=10_000.0, costs=costs)
    (trade,) = result.trades
    assert (trade["entry_bar"], trade["exit_bar"], trade["direction"], trade["units"]) == (2, 4, 1, 1000)
    assert trade["entry_price"] == pytest.approx(1.10025)
    assert trade["exit_price"] == pytest.approx(1.11995)
    assert trade["gross_profit"] == pytest.approx(19.70)
    assert trade["commission"] == pytest.approx(0.10)
    expected = [10_000, 10_000, 10_000 - 0.25 - 0.05, 10_000 + 9.75 - 0.05, 10_000 + 19.6, 10_000 + 19.6]
    np.testing.assert_allclose(result.equity, expected, atol=1e-6)
    assert result.metrics["spread_paid"] == pytest.approx(0.20)
    assert result.metrics["slippage_paid"] == pytest.approx(0.10)


def test_a_position_at_the_end_is_closed_at_the_close_or_left_open():
    bars = bars_of(1.1, 1.1, 1.1, 1.2)
    closed = ta.backtest(bars, named("Once"), sells_at=9, capital=10_000.0, costs=FREE)
    assert closed.trades["exit_price"].tolist() == [1.2]
    assert closed.trades["net_profit"].tolist() == pytest.approx([100.0])
    left = ta.backtest(bars, named("Once"), sells_at=9, capital=10_000.0, costs=FREE, rules=LEFT_OPEN)
    assert not left.trades.size
    assert left.equity.tolist() == pytest.approx([10_000, 10_000, 10_000, 10_100])


def test_nothing_is_traded_before_the_start_and_indicators_are_warm_then():
    start = str(BARS.open_time_ns[500].astype("datetime64[ns]"))
    result = ta.backtest(BARS, named("Cross"), capital=CAPITAL, costs=FREE, start=start)
    whole = ta.backtest(BARS, named("Cross"), capital=CAPITAL, costs=FREE)
    assert result.equity.size == len(BARS) - 500
    own = whole.trades[whole.trades["entry_bar"] >= 500]
    np.testing.assert_array_equal(result.trades["entry_bar"][:20], own["entry_bar"][:20] - 500)
    # `prenext` of this one trades: its order at the second bar is refused, that at the sixth is carried out.
    early = ta.backtest(
        BARS, named("Once"), buys_at=2, sells_at=6, capital=CAPITAL, costs=FREE,
        start=str(BARS.open_time_ns[5].astype("datetime64[ns]")), rules=LEFT_OPEN,
    )  # fmt: skip
    assert early.metrics["skipped_entries"] == 1
    assert early.equity[-1] - CAPITAL == pytest.approx((BARS.open[6] - BARS.close[-1]) * 1000)


def test_a_longer_timeframe_is_traded_on_the_bars_of_the_data():
    detail = bars_of(*(1.1 + i / 1000 for i in range(12)), name="H1")
    seen = bars_of(*(1.1 + 4 * i / 1000 for i in range(3)), name="H4")
    seen = Bars(
        seen.symbol, seen.timeframe, seen.open_time_ns, seen.open, seen.open + 0.003, seen.open, seen.open + 0.003
    )
    result = ta.backtest(
        seen, named("Once"), buys_at=1, sells_at=2, size=10_000, detail=detail, capital=20_000.0, costs=FREE
    )
    (trade,) = result.trades
    assert (trade["entry_bar"], trade["exit_bar"]) == (4, 8)
    assert result.equity.tolist() == pytest.approx([20_000] * 4 + [20_000, 20_010, 20_020, 20_030] + [20_040] * 4)


def test_params_become_parameters():
    declared = named("Odd").parameters
    kinds = {name: (p.kind, p.default) for name, p in declared.items()}
    assert kinds == {
        "period": ("int", 5), "ratio": ("float", 0.02), "yes": ("bool", True), "word": ("choice", "low"),
        "start": ("int", 3),
    }  # fmt: skip
    assert declared["ratio"].step == 0.001
    assert declared["word"].check("any other") == "any other"
    with pytest.raises(ParameterError, match="period: must be a whole number"):
        ta.backtest(BARS.slice(0, 50), named("Odd"), period=2.5)
    with pytest.raises(ParameterError, match="Known: period, ratio"):
        ta.backtest(BARS.slice(0, 50), named("Odd"), perod=2)


def test_what_a_strategy_raises_fails_its_trial_only():
    run = ta.sweep(BARS.slice(0, 100), named("Odd"), ratio=[0.1, 0.9, 0.2])
    assert list(run.failures) == [1]
    assert "ArithmeticError: a ratio above one half" in run.failures[1]


def test_an_account_that_is_ruined_ends():
    bars = bars_of(1.1, 1.1, 1.1, 1.09, 0.5, 1.1, 1.1)
    rules = ta.ExecutionRules(leverage=30)
    result = ta.backtest(bars, named("Once"), size=20_000, sells_at=9, capital=2_000.0, costs=FREE, rules=rules)
    assert result.metrics["ruined"] == 1
    assert result.trades["exit_bar"].tolist() == [4]
    assert (result.equity[4:] == result.equity[4]).all()
    assert result.equity[4] == pytest.approx(2_000 - 0.6 * 20_000)


def test_what_the_cash_cannot_pay_is_skipped():
    result = ta.backtest(bars_of(*[1.1] * 6), named("Once"), size=20_000, sells_at=9, capital=2_000.0, costs=FREE)
    assert (len(result.trades), result.metrics["skipped_entries"]) == (0, 1)


@pytest.mark.parametrize(
    ("options", "named_by"),
    [
        ({"costs": ta.Costs(swap_long=-1.0)}, "swap_long"),
        ({"sizing": ta.Sizing("risk_percent", 1.0)}, "risk_percent"),
        ({"rules": ta.ExecutionRules(direction="long")}, "direction"),
        ({"account_currency": "EUR"}, "conversion_rate"),
    ],
)
def test_what_its_broker_cannot_do_is_refused_before_any_trial(options, named_by):
    with pytest.raises(RuleError, match=named_by):
        ta.sweep(BARS, named("Cross"), fast=[5, 6], **options)


def test_a_fixed_rate_converts_all_money():
    usd = ta.backtest(BARS, named("Cross"), capital=CAPITAL, sizing=ta.Sizing("units", 1000.0), costs=FREE)
    costs = ta.Costs(spread_pips=0, conversion_rate=0.8)
    eur = ta.backtest(
        BARS, named("Cross"), capital=CAPITAL, sizing=ta.Sizing("units", 1000.0), costs=costs, account_currency="EUR"
    )
    np.testing.assert_allclose(eur.trades["net_profit"], 0.8 * usd.trades["net_profit"], atol=1e-9)
    np.testing.assert_allclose(eur.equity - CAPITAL, 0.8 * (usd.equity - CAPITAL), atol=1e-6)


def test_percent_of_equity_buys_as_much_as_it_says():
    bars = bars_of(*[1.25] * 6)
    sizing = ta.Sizing("percent_of_equity", 50.0, volume_step=1.0, min_volume=1.0)
    result = ta.backtest(bars, named("Cross"), capital=10_000.0, sizing=sizing, costs=FREE, fast=1, slow=2)
    assert not result.trades.size  # no cross in bars that stand still
    bars = bars_of(1.25, 1.25, 1.2, 1.25, 1.25, 1.25)
    result = ta.backtest(bars, named("Cross"), capital=10_000.0, sizing=sizing, costs=FREE, fast=1, slow=2)
    assert result.trades["units"].tolist()[-1] == 4000.0


def test_a_file_says_what_it_holds():
    runner = BacktraderRunner()
    with pytest.raises(StrategyError, match="has 8 Backtrader strategies"):
        runner.find(FILE, "")
    with pytest.raises(StrategyError, match="It has: Cross, Bracket"):
        runner.find(FILE, "Crss")
    assert runner.find(Path(__file__).parent, "") is None


def test_files_of_other_kinds_are_left_to_others(tmp_path):
    file = tmp_path / "ours.py"
    file.write_text("import trading_ai as ta\nclass A(ta.Strategy):\n    def signals(self, bars): ...\n")
    assert find_hosted(file, "") is None
    file.write_text("import backtrader\nNUMBER = 1\n")
    assert BacktraderRunner().find(file, "") is None
    file.write_text("def (")
    assert BacktraderRunner().find(file, "") is None


def test_its_identity_is_its_code_and_the_versions(tmp_path):
    helper, file = tmp_path / "levels.py", tmp_path / "mine.py"
    helper.write_text("LEVEL = 1\n")
    text = "import backtrader as bt\nfrom levels import LEVEL\nclass Mine(bt.Strategy):\n    params = dict(a=LEVEL)\n"
    file.write_text(text)
    first = strategy_identity(strategy(str(file)))
    assert "package backtrader 1.9.78.123" in identity_parts(strategy(str(file)))
    assert any(part.startswith("package trading-ai-backtrader ") for part in identity_parts(strategy(str(file))))
    assert strategy(str(file)).parameters["a"].default == 1
    helper.write_text("LEVEL = 2\n")
    assert strategy(str(file)).parameters["a"].default == 2
    assert strategy_identity(strategy(str(file))) != first
    helper.write_text("LEVEL = 1\n")
    assert strategy_identity(strategy(str(file))) == first


def test_two_workers_give_what_one_process_gives(tmp_path):
    dataset_id = FileArtifacts(tmp_path).save_bars(BARS.slice(0, 500))
    name = f"{FILE}:Cross"
    space = SearchSpace((ParameterRange("fast", 3, 6, 1), ParameterRange("slow", 10, 20, 5)))
    job = Job(BacktestSpec(name, {}, dataset_id), space, True, strategy_identity(strategy(name)))
    indices = np.arange(space.n_combinations)
    expected = job_evaluator(job, FileArtifacts(tmp_path)).evaluate(indices, True)
    assert not expected.failures
    found = {}
    executor = LocalExecutor(partial(FileArtifacts, tmp_path), 2)
    try:
        for chunk, _ in executor.run(job, (indices[i : i + 3] for i in range(0, len(indices), 3)), lambda: False):
            assert not chunk.failures
            found |= dict(zip(chunk.indices.tolist(), chunk.metrics, strict=True))
    finally:
        executor.close()
    np.testing.assert_array_equal(np.array([found[i] for i in indices.tolist()]), expected.metrics)


def test_the_package_of_others_holds_nothing_of_it():
    assert "backtrader" not in Path(import_module("trading_ai.strategies.hosted").__file__).read_text("utf-8")
