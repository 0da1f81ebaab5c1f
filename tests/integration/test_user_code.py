"""Strategies and objectives in files of a user's own, through the use cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fakes.user_strategies import RAISES, write_strategy
from tests.unit.driving.test_service import house, paused_after, space_of, started, trials  # noqa: F401
from tests.unit.optimization.test_objective import rows
from tests.unit.strategies.test_strategies import BARS
from tests.unit.studies.test_exact_walk_forward import hourly, planned, run_all
from trading_ai.errors import EvaluationError, ParameterError, StateError, StrategyError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.optimization.objective import Objective
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import strategy

FLAT_AT_NIGHT = '''
import numpy as np

from trading_ai import Int, Signals, Strategy


class Daily(Strategy):
    """Enters in the morning after a rise over some hours, and is out by the evening."""

    hours = Int(5, 1, 100, unit="bars")

    def signals(self, bars, hours):
        hour = bars.open_time_ns // 3_600_000_000_000 % 24
        rose = np.zeros(len(bars), dtype=bool)
        rose[hours:] = bars.close[hours:] > bars.close[:-hours]
        morning = (hour >= 3) & (hour <= 8)
        evening = hour == 17
        return Signals(long_entry=morning & rose, short_entry=morning & ~rose, long_exit=evening, short_exit=evening)
'''


def test_a_strategy_that_raises_says_what_and_where(house, tmp_path):  # noqa: F811
    spec = BacktestSpec(write_strategy(tmp_path), {"period": RAISES}, house.add())
    with pytest.raises(EvaluationError, match=r"ValueError: period 33 is not liked at .*picky.py:\d+"):
        house.backtests.run(spec)


def test_a_trial_that_raises_fails_alone(house, tmp_path):  # noqa: F811
    plan = started(house, space_of("period=31:35:1", "stop_loss=10:20:10"), write_strategy(tmp_path))
    record = house.service.start(plan)
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 10, 2)
    _, page = trials(house, record)
    assert {plan.space.combination(i)["period"] for i in page.errors} == {RAISES}
    assert set(page.indices[-2:].tolist()) == set(page.errors)  # a failed trial never ranks above another


def test_resume_is_refused_when_the_strategy_changed(house, tmp_path):  # noqa: F811
    name = write_strategy(tmp_path)
    record = paused_after(house, started(house, space_of("period=5:30:1"), name), 1)
    path = Path(name.rpartition(":")[0])
    path.write_text(path.read_text() + "\n# another idea\n")
    with pytest.raises(StateError, match="the code of strategy picky has changed"):
        house.service.resume(record.optimization_id)


@pytest.mark.parametrize("anchored", [False, True])
def test_both_forms_agree_without_positions_at_borders(house, tmp_path: Path, anchored):  # noqa: F811
    file = tmp_path / "daily.py"
    file.write_text(FLAT_AT_NIGHT, encoding="utf-8")
    space = space_of("hours=2:20:6", "stop_loss=20:60:20", "take_profit=30:70:20")
    found = run_all(*planned(house, hourly(160, 3), f"{file}:Daily", space, anchored=anchored))
    assert len(found.windows) >= 6
    assert found.n_same == len(found.windows)
    assert found.n_distinct > 1
    assert found.n_cut == 0
    assert all(w.n_trades > 5 for w in found.windows)
    for w in found.windows:
        assert w.in_sample_profit == pytest.approx(w.instant_in_sample_profit, abs=0.01)
        assert w.out_of_sample_profit == pytest.approx(w.instant_out_of_sample_profit, abs=0.01)
    np.testing.assert_allclose(found.daily_profit, found.instant_daily_profit, atol=0.01)
    assert found.net_profit == pytest.approx(found.instant_net_profit, abs=0.01)
    assert found.efficiency == pytest.approx(found.instant_efficiency, rel=1e-4)


def test_a_function_of_the_users(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "def score(m):\n    return m['net_profit'] - 2 * m['max_drawdown']\n\n"
        "def short(m):\n    return m['net_profit'][:1]\n\ndef broken(m):\n    return m['nothing']\n"
    )
    table = rows(net_profit=[10.0, np.nan], max_drawdown=[3.0, 1.0])
    np.testing.assert_array_equal(Objective.parse(f"{file}:score").scores(table), [4.0, np.nan])
    with pytest.raises(ParameterError, match="one number a trial"):
        Objective.parse(f"{file}:short").scores(table)
    with pytest.raises(ParameterError, match="raised KeyError"):
        Objective.parse(f"{file}:broken").scores(table)
    with pytest.raises(ParameterError, match="no function other"):
        Objective.parse(f"{file}:other")


def test_a_strategy_of_a_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n"
        "from trading_ai import Int, Signals, Strategy\n"
        "class Mine(Strategy):\n"
        "    every: int = Int(10, 1, 100)\n"
        "    def signals(self, bars, every):\n"
        "        beat = np.arange(len(bars)) % every == 0\n"
        "        return Signals(long_entry=beat)\n"
    )
    chosen = strategy(f"{file}:Mine")
    assert chosen.signals(BARS, every=50).long_entry.sum() == 24
    assert strategy(str(file)).name == "mine"
    before = strategy_identity(chosen)
    assert before == strategy_identity(strategy(str(file)))
    file.write_text(file.read_text() + "# changed\n")
    assert strategy_identity(strategy(str(file))) != before
    for text, message in [
        (f"{file}:Other", "no strategy class Other"),
        (str(tmp_path / "none.py"), "no such file"),
    ]:
        with pytest.raises(StrategyError, match=message):
            strategy(text)
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0\n")
    with pytest.raises(StrategyError, match="ZeroDivisionError"):
        strategy(str(broken))


def test_resume_is_refused_when_the_objective_s_code_changed(house, tmp_path):  # noqa: F811
    helper, file = tmp_path / "weights.py", tmp_path / "mine.py"
    helper.write_text("WEIGHT = 2.0\n")
    file.write_text("from weights import WEIGHT\n\ndef score(metrics):\n    return WEIGHT * metrics['net_profit']\n")
    plan = started(house, objective=f"{file}:score")
    record = paused_after(house, plan, 1)
    helper.write_text("WEIGHT = -2.0\n")
    assert house.store.optimizations()[0].optimization_id == record.optimization_id, (
        "lists run no code and fail for none"
    )
    with pytest.raises(StateError, match=r"code of the objective .* has changed since the start"):
        house.service.resume(record.optimization_id)
    helper.write_text("WEIGHT = 2.0\n")
    assert house.service.resume(record.optimization_id).status == "completed"


def test_an_objective_edited_in_mid_run_scores_nothing_of_that_run(house, tmp_path):  # noqa: F811
    file = tmp_path / "mine.py"
    file.write_text("def score(metrics):\n    return metrics['net_profit']\n")
    plan = started(house, objective=f"{file}:score")
    edited = []

    def edit(_):
        if not edited:
            edited.append(file.write_text("def score(metrics):\n    return -metrics['net_profit']\n"))

    record = house.service.start(plan, report=edit)
    indices, scores = house.store.scores(record.optimization_id)
    rows, _ = trials(house, record)
    profits = {index: row[0] for index, row in rows.items()}
    assert edited
    assert scores.tolist() == [profits[index] for index in indices.tolist()]
