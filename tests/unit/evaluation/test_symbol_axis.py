"""The symbol as a searched parameter: every trial is the backtest on that symbol's bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import EURUSD, USDJPY, random_bars
from tests.unit.driving.test_service import House, house, space_of  # noqa: F401
from trading_ai.errors import InputError, StateError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.market.bars import Bars
from trading_ai.market.calendar import NS_PER_DAY
from trading_ai.market.date_range import moment_text
from trading_ai.market.resample import resample
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.ledger import trials_on_its_data
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.reports.robustness import figures
from trading_ai.studies.assessment import assess_optimization, verify_trial
from trading_ai.studies.exact_walk_forward import WalkForwardService, WalkForwardSpec
from trading_ai.studies.stitching import stitch

EURO = random_bars(3_000, 11, tf="M15")
_yen = random_bars(3_400, 12, symbol=USDJPY, start=110.0, tf="M15")
YEN = Bars(
    USDJPY,
    _yen.timeframe,
    _yen.open_time_ns - 200 * _yen.timeframe.ns,  # begins earlier and ends later
    _yen.open,
    _yen.high,
    _yen.low,
    _yen.close,
)
SPACE = space_of("stop_loss=15:45:15", "symbol=EURUSD,USDJPY", "fast=3:9:3")


def begun(home: House, **changes):
    spec = BacktestSpec("sma_crossover", {"stop_loss": 30, "time_exit": 20}, home.add(EURO), **changes)
    home.add(YEN)
    base, _ = home.backtests.run(spec)
    return base


def optimized(home: House, space=SPACE, **changes):
    options = {k: changes.pop(k) for k in ("method", "max_iterations", "keep_daily_profit") if k in changes}
    base = begun(home, **changes)
    return base, home.service.start(home.service.plan(OptimizationSpec(base.backtest_id, space, **options)))


@pytest.mark.parametrize("changes", [{}, {"timeframe": "H1"}, {"start": "2017-01-10", "end": "2017-01-25"}])
def test_every_trial_is_the_backtest_on_that_symbol(house, changes):  # noqa: F811
    base, record = optimized(house, **changes)
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 18, 0)
    assert set(record.spec.datasets) == {"EURUSD", "USDJPY"}
    page = house.store.ranked(record.optimization_id, 100)
    for index, metrics in zip(page.indices.tolist(), page.metrics, strict=True):
        values = SPACE.combination(index)
        symbol = str(values.pop("symbol"))
        dataset_id = record.spec.datasets[symbol]
        alone, _ = house.backtests.run(
            replace(
                base.spec,
                parameters={**base.spec.parameters, **values},
                dataset_id=dataset_id,
                start=base.spec.start or moment_text(int(EURO.open_time_ns[0])),  # the period that both cover
                end=base.spec.end or moment_text(int(EURO.open_time_ns[-1]) + EURO.timeframe.ns),
            )
        )
        assert alone.symbol == symbol
        np.testing.assert_allclose(metrics, [alone.metrics[name] for name in METRIC_NAMES], rtol=1e-9)
        evaluator, (again,) = house.service.backtest_of(record, [index])
        assert again.parameters["symbol"] == symbol
        assert evaluator.bars_of(SPACE.combination(index)).seen.symbol.name == symbol


def test_daily_profits_are_of_the_days_of_both(house):  # noqa: F811
    gaps = YEN.open_time_ns // NS_PER_DAY % 5 != 0  # a symbol that does not trade on some days
    columns = ("open_time_ns", "open", "high", "low", "close")
    holidays = Bars(USDJPY, YEN.timeframe, *(getattr(YEN, c)[gaps] for c in columns))
    house.now += 60.0
    house.add(holidays)
    house.now -= 60.0
    _, record = optimized(house, keep_daily_profit=True)
    evaluator, _ = house.service.backtest_of(record, [0])
    assert evaluator.member({"symbol": "USDJPY"}).n_days < evaluator.n_days
    indices, rows = next(iter(house.store.daily_profits(record.optimization_id)))
    assert rows.shape[1] == evaluator.n_days
    for index, row in zip(indices.tolist(), rows, strict=True):
        combination = SPACE.combination(index)
        alone = evaluator.backtest(combination)
        assert row.sum() == pytest.approx(alone.daily_profit.sum(), rel=1e-4, abs=0.01)
        outside = ~np.isin(evaluator.day_numbers, evaluator.member(combination).day_numbers)
        assert not row[outside].any()
    assessment = assess_optimization(house.service, record.optimization_id)
    assert assessment.parameters["symbol"] in record.spec.datasets
    assert not verify_trial(house.service, record.optimization_id).different
    page = house.store.ranked(record.optimization_id, 100)
    yen = 1 + [SPACE.combination(i)["symbol"] for i in page.indices.tolist()].index("USDJPY")
    shorter = assess_optimization(house.service, record.optimization_id, rank=yen)
    fan = figures(shorter, "USD")[-1]
    assert len(fan.data[-1].x) == evaluator.n_days > shorter.backtest.daily_profit.size


def test_a_method_that_learns_searches_symbols_too(house):  # noqa: F811
    _, record = optimized(house, method="bayesian", max_iterations=10)
    assert (record.status, record.n_completed) == ("completed", 10)


def test_the_same_is_answered_from_the_ledger_and_counted(house):  # noqa: F811
    base, first = optimized(house)
    told: list[int] = []
    again = house.service.plan(OptimizationSpec(base.backtest_id, SPACE))
    house.service.start(again, started=lambda r: told.append(r.n_completed))
    assert told == [18]
    assert trials_on_its_data(house.store, first).n_trials == 18 + 1  # and the backtest, which is no point of it
    yen, _ = house.backtests.run(replace(base.spec, dataset_id=first.spec.datasets["USDJPY"]))
    alone = house.service.start(house.service.plan(OptimizationSpec(yen.backtest_id, space_of("fast=3:9:3"))))
    # Of the yen: 9 points of the first search, 3 of which were tried again, and the backtest.
    assert trials_on_its_data(house.store, alone).n_trials == 9 + 1
    assert trials_on_its_data(house.store, first).n_trials == 18 + 2


def test_a_resumed_one_keeps_its_datasets(house):  # noqa: F811
    base = begun(house)
    plan = house.service.plan(OptimizationSpec(base.backtest_id, SPACE))
    stopped = house.service.start(plan, stop=lambda: True)
    assert stopped.status == "paused"
    newer = random_bars(3_500, 13, symbol=USDJPY, start=110.0, tf="M15")
    house.now += 60.0
    newest = house.add(newer)
    record = house.service.resume(stopped.optimization_id)
    assert record.status == "completed"
    assert newest not in record.spec.datasets.values()
    fresh = house.service.plan(OptimizationSpec(base.backtest_id, SPACE))
    assert fresh.spec.datasets["USDJPY"] == newest


def test_a_walk_forward_trades_the_symbol_that_it_chose(house):  # noqa: F811
    base = begun(house)
    service = WalkForwardService(house.service, house.backtests)
    search = OptimizationSpec(base.backtest_id, SPACE, objective="net_profit")
    plan = service.plan(WalkForwardSpec(search, "2W/1W"))
    for part in plan.parts:
        assert service.run(part).status == "completed"
    found = stitch(service, plan)
    assert len(found.windows) >= 2
    for window in found.windows:
        assert house.store.backtest(window.backtest_id).symbol == window.parameters["symbol"]
    assert found.net_profit == pytest.approx(sum(w.out_of_sample_profit for w in found.windows))


def test_a_dataset_that_is_searched_is_not_deleted(house):  # noqa: F811
    _, record = optimized(house)
    with pytest.raises(StateError, match="is one of those that optimization"):
        house.backtests.delete_dataset(record.spec.datasets["USDJPY"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("symbol=EURUSD,GBPUSD", "no dataset holds M15 bars of it"),
        ("symbol=1:4:1", "must be the name of a symbol"),
    ],
)
def test_an_unknown_symbol_is_refused(house, text, says):  # noqa: F811
    with pytest.raises(InputError, match=says):
        optimized(house, space_of(text))
    assert house.store.optimizations() == []


def test_symbols_without_a_common_period_are_refused(house):  # noqa: F811
    base = begun(house)
    house.now += 60.0
    late = YEN.open_time_ns + 400 * NS_PER_DAY
    house.add(Bars(USDJPY, YEN.timeframe, late, YEN.open, YEN.high, YEN.low, YEN.close))
    with pytest.raises(InputError, match="share no time"):
        house.service.plan(OptimizationSpec(base.backtest_id, SPACE))


def test_finer_bars_of_one_symbol_do_not_fit(house):  # noqa: F811
    minutes = random_bars(3_000, 11, tf="M1", symbol=EURUSD)
    fine, coarse = house.add(minutes), house.add(resample(minutes, "M15"))
    base, _ = house.backtests.run(BacktestSpec("sma_crossover", {"stop_loss": 30}, coarse, detail_dataset_id=fine))
    with pytest.raises(InputError, match="finer bars of one symbol"):
        house.service.plan(OptimizationSpec(base.backtest_id, SPACE))
