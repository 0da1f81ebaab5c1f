"""`ta.optimize`, `ta.verdict` and `ta.walk_forward`: stored, resumed, and the same as commands and sweeps."""

from __future__ import annotations

import linecache
import signal
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.cli.main import app
from trading_ai.errors import NotFoundError, NoWinnerError, ParameterError, RuleError, StateError, StrategyError
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.notebook import optimization
from trading_ai.stored import application

BARS = random_bars(1500, 11)
SPACE = {"fast": [5, 10, 40], "slow": [20, 30], "stop_loss": [20, 40], "take_profit": 60}


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))


def run_cell(source: str, names: dict[str, object]) -> None:
    """Run a cell of a notebook: its text is known to Python, and what it defines belongs to `__main__`."""
    name = f"<cell {len(names)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), names)


@pytest.fixture
def cells():
    """The names of a notebook."""
    return {"__name__": "__main__", "ta": ta, "np": np}


def test_trials_are_those_of_a_sweep():
    found = ta.optimize(BARS, "sma_crossover", costs=ta.Costs(spread_pips=0.8), **SPACE)
    swept = ta.sweep(BARS, "sma_crossover", costs=ta.Costs(spread_pips=0.8), **SPACE)
    ours, theirs = found.to_polars(), swept.to_polars()
    assert (found.status, len(found)) == ("completed", len(swept))
    for name in ("rank", "fast", "slow", "stop_loss"):
        assert ours[name].to_list() == theirs[name].to_list()
    for name in METRIC_NAMES:
        np.testing.assert_array_equal(
            ours[name].cast(float).fill_null(np.nan).to_numpy(), theirs[name].cast(float).to_numpy(), err_msg=name
        )
    assert found.best == swept.best
    alone = found.backtest()
    np.testing.assert_array_equal(alone.equity, swept.backtest().equity)
    assert found.backtest({"fast": 5, "slow": 30, "stop_loss": 20}).parameters["slow"] == 30


def test_commands_see_it():
    found = ta.optimize(BARS, "sma_crossover", name="mine", **SPACE)
    shown = CliRunner().invoke(app, ["status", "mine"])
    assert (shown.exit_code, found.id in shown.output) == (0, True)
    assert ta.open_optimization("latest").id == ta.open_optimization("mine").id == found.id


def test_the_same_call_again_is_the_same_search_and_a_name_has_one_search():
    found = ta.optimize(BARS, "sma_crossover", name="mine", **SPACE)
    assert ta.optimize(BARS, "sma_crossover", name="mine", **SPACE).id == found.id
    assert len(application().store.backtests()) == 1
    others = ({"objective": "net_profit"}, {"seed": 1}, {"capital": 500.0}, {"stop_loss": [20, 50]})
    for other in others:
        with pytest.raises(StateError, match=r"'mine' is the name of another search.*differs in"):
            ta.optimize(BARS, "sma_crossover", name="mine", **(SPACE | other))
    assert len(application().store.optimizations()) == 1


def test_an_interrupt_pauses_and_the_same_call_goes_on(monkeypatch):
    @contextmanager
    def interrupted(*_, **__):
        yield lambda _: signal.raise_signal(signal.SIGINT)

    how = {"method": "bayesian", "max_iterations": 12, "batch_size": 1, "reuse": False}
    space = {"fast": range(2, 15), "slow": range(20, 60, 5), "stop_loss": 30}
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        patched.setattr(optimization, "shown_progress", interrupted)
        with pytest.warns(UserWarning, match="paused after 1 of 12 trials, all kept"):
            found = ta.optimize(BARS, "sma_crossover", name="long", **how, **space)
    assert signal.getsignal(signal.SIGINT) is before
    assert (found.status, len(found)) == ("paused", 1)
    assert "Paused: resume() goes on" in found._repr_html_()
    kept = found.to_polars()["combination_index"].to_list()
    again = ta.optimize(BARS, "sma_crossover", name="long", **how, **space)
    assert (again.id, again.status, len(again)) == (found.id, "completed", 12)
    assert set(kept) < set(again.to_polars()["combination_index"].to_list())
    whole = ta.optimize(BARS, "sma_crossover", name="at once", **how, **space)
    assert whole.to_polars()["combination_index"].to_list() == again.to_polars()["combination_index"].to_list()


def test_a_class_and_functions_of_cells_are_kept_with_what_they_use(cells):
    run_cell(
        "import talib\nfrom math import log1p as grown\nMARGIN = 0.0001\n"
        "WEIGHTS = {'a': (1, 2.5), 'b': [None, True]}\n",
        cells,
    )
    run_cell("def mean(values, n):\n    return talib.SMA(values, n) * (1 + MARGIN)\n", cells)
    run_cell(
        "class Above(ta.Strategy):\n    n = ta.Int(20, 2, 200)\n\n    def signals(self, bars, n):\n"
        "        up = bars.close > mean(bars.close, n)\n"
        "        return ta.Signals(long_entry=up & ~np.roll(up, 1), long_exit=~up)\n",
        cells,
    )
    run_cell(
        "first, second = (lambda m: m['net_profit'] * WEIGHTS['a'][1]), (lambda m: grown(1) + m['win_rate'])\n", cells
    )
    found = ta.optimize(BARS, cells["Above"], n=[5, 10, 20], stop_loss=30, objective=[cells["first"], cells["second"]])
    swept = ta.sweep(BARS, cells["Above"], n=[5, 10, 20], stop_loss=30, objective=cells["first"], min_trades=10)
    assert found.best == swept.best
    spec = application().store.optimization(found.id).spec
    one, other = (Path(str(each).rpartition(":")[0]).read_text("utf-8") for each in spec.objectives)
    assert ("2.5" in one, "grown" in one) == (True, False)
    assert "from math import log1p as grown" in other
    again = ta.optimize(BARS, cells["Above"], n=[5, 10, 20], stop_loss=30, objective=cells["first"])
    assert application().store.optimization(again.id).spec.backtest_id == spec.backtest_id


def test_what_cannot_be_kept_with_a_class_is_named(cells):
    cells["table"] = BARS.to_polars()
    run_cell(
        "class Bad(ta.Strategy):\n    n = ta.Int(20, 2, 200)\n\n    def signals(self, bars, n):\n"
        "        return ta.Signals(long_entry=bars.close > table['close'].mean())\n",
        cells,
    )
    with pytest.raises(StrategyError, match=r"strategy: uses table, a DataFrame of the notebook.*file.py:Bad"):
        ta.optimize(BARS, cells["Bad"], n=[5, 10])
    ready = ta.Signals(long_entry=BARS.close > 1)
    with pytest.raises(StrategyError, match=r"strategy: is ready Signals.*ta.sweep"):
        ta.optimize(BARS, ready, stop_loss=[20, 30])
    with pytest.raises(StrategyError, match=r"strategy: must be a name.*not of int"):
        ta.optimize(BARS, 3, stop_loss=[20, 30])
    assert not application().store.backtests()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"sizing": 0.1}, RuleError, r"sizing: must be a Sizing.*0\.1.*ta\.Sizing"),
        ({"costs": 3}, RuleError, "costs: must be a Costs"),
        ({"objective": 5}, ParameterError, "objective: must be the name of a metric"),
        ({"objective": []}, ParameterError, "objective: needs one at least"),
        ({"objective": "shrape_ratio"}, ParameterError, "objective: .*sharpe_ratio"),
        ({"method": "gird_search"}, ParameterError, "method: .*grid_search"),
        ({"seed": "x"}, ParameterError, "seed: must be a whole number, not of str"),
        ({"workers": 0}, ParameterError, "workers: must be at least 1"),
        ({"workers": 1.5}, ParameterError, "workers: must be a whole number"),
        ({"max_iterations": 0}, ParameterError, "max_iterations: must be at least 1"),
        ({"max_seconds": "1h"}, ParameterError, "max_seconds: must be a number, not of str"),
        ({"constraints": [3]}, ta.TradingAIError, "constraints: must be a text or a list of texts, and not of int"),
        ({"constraints": "foo > 3"}, ParameterError, "constraints: .*foo"),
        ({"min_trades": "3"}, ParameterError, "min_trades: must be a whole number"),
        ({"fats": [1, 2]}, ParameterError, "fats: is not a parameter of sma_crossover"),
        ({"fast": 5, "slow": 20, "stop_loss": 20}, ParameterError, "parameters: have one value each"),
    ],
)
def test_a_wrong_argument_is_refused_by_its_name_and_nothing_is_run(given, error, said):
    with pytest.raises(error, match=said):
        ta.optimize(BARS, "sma_crossover", **(SPACE | given))
    assert not application().store.optimizations()


def test_an_argument_that_is_a_parameter_too_must_say_which(cells):
    run_cell(
        "class Seeded(ta.Strategy):\n    seed = ta.Int(5, 1, 50)\n\n    def signals(self, bars, seed):\n"
        "        up = np.arange(len(bars.close)) % (seed + 20) == 0\n        return ta.Signals(long_entry=up)\n",
        cells,
    )
    with pytest.raises(ParameterError, match=r"seed: is a parameter of seeded and an argument.*params="):
        ta.optimize(BARS, cells["Seeded"], seed=7, stop_loss=[20, 30])
    found = ta.optimize(BARS, cells["Seeded"], params={"seed": [5, 7]}, stop_loss=20, take_profit=20)
    assert list(found.best) == ["seed"]


def test_defaults_that_break_a_rule_give_way_to_what_is_searched():
    found = ta.optimize(BARS, "sma_crossover", slow=8, fast=[3, 5], stop_loss=20)  # the default of fast is above 8
    assert len(found) == 2


def test_nothing_that_ranks_is_said():
    found = ta.optimize(BARS, "sma_crossover", constraints="total_trades >= 100000", **SPACE)
    assert not found.has_best
    assert "best by sharpe_ratio: none" in repr(found)
    assert "break total_trades" in found._repr_html_()
    with pytest.raises(NoWinnerError):
        _ = found.best
    with pytest.raises(NoWinnerError):
        ta.verdict(found)


def test_a_verdict_is_that_of_the_command_and_kept():
    found = ta.optimize(BARS, "sma_crossover", name="judged", **SPACE)
    judged = ta.verdict(found)
    assert judged.words in {"survives", "fragile", "likely luck"}
    assert judged.survives == (judged.words == "survives")
    table = judged.to_pandas()
    assert len(table) >= 10
    assert set(judged.to_polars().columns) == {
        "criterion", "holds", "found", "comparison", "asked", "required", "meaning"
    }  # fmt: skip
    assert ta.sql("select distinct optimization_id as id from verdicts")["id"].to_list() == [found.id]
    strict = ta.verdict("judged", thresholds={"n_trades": 10**6})
    assert not strict.to_pandas().set_index("criterion").loc["n_trades", "holds"]
    for kind in ("windows", "bootstrap"):
        assert judged.plot(kind).data
    with pytest.raises(ParameterError, match="kind: is no figure"):
        judged.plot("heat")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (lambda: ta.sweep(BARS, "sma_crossover", **SPACE), ParameterError, "optimization: .*sweep in memory"),
        (lambda: 3, ParameterError, "optimization: must be an Optimization, an id or a name"),
        (lambda: "nobody", NotFoundError, "no optimization"),
    ],
)
def test_what_has_no_verdict_is_refused(given, error, said):
    with pytest.raises(error, match=said):
        ta.verdict(given())


def test_a_walk_forward_goes_on_and_is_its_table(tmp_path, monkeypatch):
    space = {"fast": [5, 10], "slow": [20, 30], "stop_loss": 30}

    @contextmanager
    def interrupted(*_, **__):
        yield lambda _: signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(optimization, "shown_progress", interrupted)
        how = {"method": "bayesian", "max_iterations": 3, "compare": False}
        with pytest.raises(KeyboardInterrupt, match="all kept: the same call goes on"):
            ta.walk_forward(BARS, "sma_crossover", windows="3W/2W", **how, **space)
    walked = ta.walk_forward(BARS, "sma_crossover", windows="3W/2W", min_trades=0, **space)
    n = len(application().store.optimizations())
    assert (
        ta.walk_forward(BARS, "sma_crossover", windows="3W/2W", min_trades=0, **space).net_profit == walked.net_profit
    )
    assert len(application().store.optimizations()) == n
    table, daily = walked.to_polars(), walked.to_pandas("daily")
    assert table.height == len(walked) == len(walked.chosen) >= 2
    assert table["out_of_sample_profit"].sum() == pytest.approx(walked.net_profit)
    assert daily["profit"].sum() == pytest.approx(walked.net_profit, abs=0.01)
    assert table["train_first"].dtype == table["test_end"].dtype
    assert "<table" in walked._repr_html_()
    assert walked.report(tmp_path / "walk.html").read_text("utf-8").startswith("<!")
    for kind in ("profit", "windows", "drift"):
        assert walked.plot(kind).data


def test_figures_and_report_of_an_optimization(tmp_path):
    found = ta.optimize(BARS, "sma_crossover", **SPACE)
    for kind in ("parameters", "distribution", "risk", "parallel", "equity"):
        assert found.plot(kind).data
    assert found.heatmap("fast", "slow", "net_profit").data
    with pytest.raises(ParameterError, match=r"fats: was not searched.*Did you mean fast"):
        found.heatmap("fats", "slow")
    assert found.report(tmp_path / "report.html").stat().st_size > 100_000


def test_a_strategy_that_reads_the_future_is_said(cells):
    run_cell(
        "class Ahead(ta.Strategy):\n    n = ta.Int(3, 1, 9)\n\n    def signals(self, bars, n):\n"
        "        return ta.Signals(long_entry=np.roll(bars.close, -n) > bars.close)\n",
        cells,
    )
    with pytest.warns(ta.LookAheadWarning, match="ahead reads the future"):
        ta.optimize(BARS, cells["Ahead"], n=[1, 2], stop_loss=20, time_exit=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ta.optimize(BARS, "sma_crossover", **SPACE)
