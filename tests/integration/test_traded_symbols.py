"""Strategies that trade several symbols: kept, searched in worker processes and on machines, checked and shown."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import USDJPY, random_bars
from tests.integration.api.laptop import running_laptop
from tests.integration.test_version_skew import Machine, Service
from trading_ai.cli import main
from trading_ai.errors import StateError
from trading_ai.evaluation.job import job_evaluator
from trading_ai.evaluation.look_ahead import look_ahead_of
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Job
from trading_ai.executors.processes import LocalExecutor
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.store.artifacts import FileArtifacts
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import strategy

EURO = random_bars(800, 41)
YEN = random_bars(1600, 42, symbol=USDJPY, start=110.0, tf="M30")
SPACE = SearchSpace((ParameterRange("wait", 5, 9, 1),))

SOURCE = '''
from trading_ai import EventStrategy, Int


class Both(EventStrategy):
    """Buys one and sells the other, again and again."""

    wait: int = Int(5, 2, 50, unit="bars")

    def on_start(self, ctx):
        self.yen = ctx.symbol("USDJPY")

    def on_bar(self, ctx):
        if ctx.bar % self.wait == 0:
            ctx.buy(0.1, stop_pips=30, target_pips=40)
            self.yen.sell(0.1, limit=self.yen.close + 0.1, stop_pips=30, target_pips=40, expiry=3)
        elif ctx.bar % self.wait == 1 and self.yen.position.profit > 5:
            self.yen.position.close()
'''


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "both.py"
    made.write_text(SOURCE, encoding="utf-8")
    return f"{made}:Both"


def test_in_worker_processes(file, tmp_path):
    artifacts = FileArtifacts(tmp_path / "home")
    spec = BacktestSpec(file, {}, artifacts.save_bars(EURO), other_dataset_ids=(artifacts.save_bars(YEN),))
    job = Job(spec, SPACE, True, strategy_identity(strategy(file)))
    expected = job_evaluator(job, artifacts).evaluate(np.arange(5), True)
    assert not expected.failures
    assert len({*expected.metrics[:, 0].tolist()}) == 5
    executor = LocalExecutor(partial(FileArtifacts, tmp_path / "home"), 1)
    try:
        found = [chunk for chunk, _ in executor.run(job, iter([np.arange(3), np.arange(3, 5)]), lambda: False)]
    finally:
        executor.close()
    for chunk in found:
        np.testing.assert_array_equal(chunk.metrics, expected.metrics[chunk.indices])
        np.testing.assert_array_equal(chunk.daily_profit, expected.daily_profit[chunk.indices])
    whole = ta.sweep(EURO, file, wait=range(5, 10), others=[YEN], keep_daily_profit=True)
    np.testing.assert_array_equal(whole.metrics, expected.metrics)
    one = ta.backtest(EURO, file, wait=7, others=[YEN])
    assert set(one.trades["symbol"].tolist()) == {"EURUSD", "USDJPY"}
    assert whole.daily_profit[2].sum() == pytest.approx(one.trades["net_profit"].sum(), abs=1e-2)  # float32


def test_on_machines_of_a_cluster(file, tmp_path):
    service = Service(tmp_path)
    kept = service.application.backtests
    euro, yen = (kept.keep_bars(bars, "made up", {}, {})[0].dataset_id for bars in (EURO, YEN))
    base, _ = kept.run(BacktestSpec(file, {}, euro, other_dataset_ids=(yen,)))
    spec = OptimizationSpec(base.backtest_id, SPACE, reuse=False)
    plan = service.application.service.plan(spec, measure=False)
    key = service.application.service.begin(plan).optimization_id
    service.run(Machine(service, "one"), Machine(service, "two"))
    record = service.store.optimization(key)
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 5, 0)
    expected = ta.sweep(EURO, file, wait=range(5, 10), others=[YEN]).metrics
    for page in service.store.trials(key):
        np.testing.assert_array_equal(page.metrics, expected[page.indices])
    service.application.database.close()


def test_it_is_kept_and_shown_with_its_symbols(file, tmp_path, monkeypatch, capsys):
    with running_laptop(tmp_path) as laptop:
        kept = laptop.application.backtests
        euro, yen = (kept.keep_bars(bars, "made up", {}, {})[0].dataset_id for bars in (EURO, YEN))
        base, result = kept.run(BacktestSpec(file, {}, euro, other_dataset_ids=(yen,)))
        names = result.trades["symbol"].tolist()
        address = f"/api/v1/backtests/{base.backtest_id}"
        answer = laptop.pipeline.get(f"{address}/trades", params={"limit": 100}).json()
        assert [trade["symbol"] for trade in answer["trades"]] == names[:100]
        assert laptop.pipeline.get(address).json()["money_exposure_percent"] is None
        own = laptop.pipeline.get(f"/api/v1/backtests/{laptop.backtest_id}/trades").json()["trades"]
        assert {trade["symbol"] for trade in own} == {"EURUSD"}
        with pytest.raises(StateError, match="traded USDJPY besides EURUSD"):
            kept.run(BacktestSpec("replay", {}, euro, trades_id=base.backtest_id))
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))

    def run(*arguments):
        capsys.readouterr()
        assert main.run([str(a) for a in arguments]) == 0
        return capsys.readouterr().out

    query = f"select symbol, count(*) as n from trades('{base.backtest_id}') group by symbol order by symbol"
    rows = json.loads(run("sql", query, "--json"))["rows"]
    assert [[*row.values()] if isinstance(row, dict) else row for row in rows] == [
        [name, names.count(name)] for name in ("EURUSD", "USDJPY")
    ]
    assert "USDJPY" in run("backtest", "trades", base.backtest_id)


class Honest(EventStrategy):
    """Sells the yen's dollar after it rose."""

    def on_start(self, ctx):
        self.yen = ctx.symbol("USDJPY")
        self.average = self.yen.indicator(lambda close: np.convolve(close, np.ones(4) / 4)[: len(close)], "close")

    def on_bar(self, ctx):
        if self.yen.close > self.average[-1] and not self.yen.position:
            self.yen.sell(0.1, stop_pips=20, target_pips=20)


class Peeks(Honest):
    """Knows the other symbol's next closes."""

    def on_start(self, ctx):
        self.yen = ctx.symbol("USDJPY")
        self.average = self.yen.indicator(lambda close: np.append(close[3:], [close[-1]] * 3), "close")


@pytest.mark.parametrize(("kind", "peeks"), [(Honest, False), (Peeks, True)])
def test_whether_it_looks_ahead_is_seen(kind, peeks):
    evaluator = ta.library.make_evaluator(EURO, kind, others=[YEN])
    check = look_ahead_of(evaluator, [{}])
    assert check.n_cuts > 20
    assert (check.n_different > 0) == peeks
