"""The timeframe as a searched parameter: every trial is the backtest with that timeframe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import random_bars
from tests.unit.driving.test_service import House, house, space_of  # noqa: F401
from tests.unit.market.weeks import fx_bars
from trading_ai.errors import InputError
from trading_ai.evaluation.job import load_bars
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.library import sweep
from trading_ai.market.timezones import from_utc, parse_timezone
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.studies.exact_walk_forward import WalkForwardService, WalkForwardSpec
from trading_ai.studies.stitching import stitch

HOUR = 3600 * 10**9
BARS = random_bars(4_000, 11, tf="M15")
SPACE = space_of("stop_loss=15:45:15", "timeframe=M15,H1,H4", "fast=3:9:3")


def optimized(home: House, space=SPACE, **changes):
    spec = BacktestSpec("sma_crossover", {"stop_loss": 30, "time_exit": 20}, home.add(BARS), **changes)
    base, _ = home.backtests.run(spec)
    return base, home.service.start(home.service.plan(OptimizationSpec(base.backtest_id, space)))


@pytest.mark.parametrize("changes", [{}, {"timeframe": "H1"}, {"start": "2017-01-20", "end": "2017-02-20"}])
def test_every_trial_is_the_backtest_with_that_timeframe(house, changes):  # noqa: F811
    base, record = optimized(house, **changes)
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 27, 0)
    page = house.store.ranked(record.optimization_id, 100)
    for index, metrics in zip(page.indices.tolist(), page.metrics, strict=True):
        values = SPACE.combination(index)
        frame = str(values.pop("timeframe"))
        alone, _ = house.backtests.run(
            replace(base.spec, parameters={**base.spec.parameters, **values}, timeframe=frame)
        )
        np.testing.assert_allclose(metrics, [alone.metrics[name] for name in METRIC_NAMES], rtol=1e-9)
        _, (again,) = house.service.backtest_of(record, [index])
        assert again.metrics == pytest.approx(dict(alone.metrics), nan_ok=True)
        assert again.parameters["timeframe"] == frame


def test_what_was_tried_before_is_answered_from_the_ledger(house):  # noqa: F811
    base, _ = optimized(house)
    wider = space_of("timeframe=H1,H2", "stop_loss=15:45:15", "fast=3:9:3")
    told: list[int] = []
    house.service.start(
        house.service.plan(OptimizationSpec(base.backtest_id, wider)), started=lambda r: told.append(r.n_completed)
    )
    assert told == [9]  # H1, and nothing of H2
    plain = space_of("stop_loss=15:45:15", "fast=3:9:3")
    house.service.start(
        house.service.plan(OptimizationSpec(base.backtest_id, plain)), started=lambda r: told.append(r.n_completed)
    )
    assert told == [9, 0]


def test_any_number_of_threads_gives_the_same(house):  # noqa: F811
    options = {"timeframe": ["M15", "H1", "D1"], "fast": [3, 5], "stop_loss": [10, 20], "keep_daily_profit": True}
    one, three = (sweep(BARS, "sma_crossover", **options, n_threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one.metrics, three.metrics)
    np.testing.assert_array_equal(one.daily_profit, three.daily_profit)
    alone = sweep(BARS, "sma_crossover", fast=[3, 5], stop_loss=[10, 20])
    first = [i for i, index in enumerate(one.indices) if one.evaluator.space.combination(index)["timeframe"] == "M15"]
    np.testing.assert_array_equal(one.metrics[first], alone.metrics)


def test_a_walk_forward_trades_the_timeframe_that_it_chose(house):  # noqa: F811
    base, _ = house.backtests.run(BacktestSpec("sma_crossover", {"stop_loss": 30}, house.add(BARS)))
    service = WalkForwardService(house.service, house.backtests)
    search = OptimizationSpec(base.backtest_id, SPACE, objective="net_profit")
    plan = service.plan(WalkForwardSpec(search, "2W/1W"))
    for part in plan.parts:
        assert service.run(part).status == "completed"
    found = stitch(service, plan)
    assert len(found.windows) >= 3
    for window in found.windows:
        test = house.store.backtest(window.backtest_id)
        assert test.timeframe == window.parameters["timeframe"]
        assert test.spec.parameters["fast"] == window.parameters["fast"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("timeframe=H1,often", "is not a known timeframe"),
        ("timeframe=M5,H1", "is shorter than the bars' own timeframe M15"),
        ("timeframe=1:4:1", "is not a known timeframe"),
    ],
)
def test_what_is_no_longer_timeframe_is_refused(house, text, says):  # noqa: F811
    with pytest.raises(InputError, match=says):
        optimized(house, space_of(text))
    assert house.store.optimizations() == []


def test_bars_of_some_hours_lie_in_the_day_that_was_asked_for(house):  # noqa: F811
    minutes = fx_bars("2018-03-05", "2018-03-24", "M15")
    key = house.add(minutes)
    seen = {}
    for day_start in (None, "UTC"):
        spec = BacktestSpec("sma_crossover", {"fast": 3, "slow": 5}, key, timeframe="H4", day_start=day_start)
        bars, detail = load_bars(spec, house.artifacts)
        assert detail is not None
        assert detail.content_hash == minutes.content_hash
        seen[day_start] = set((bars.open_time_ns // HOUR % 24).tolist())
        alone, _ = house.backtests.run(spec)
        space = space_of("timeframe=H1,H4", "fast=3:4:1")
        record = house.service.start(house.service.plan(OptimizationSpec(alone.backtest_id, space)))
        page = house.store.ranked(record.optimization_id, 100)
        row = page.metrics[page.indices.tolist().index(space.index_of({"timeframe": "H4", "fast": 3}))]
        np.testing.assert_allclose(row, [alone.metrics[name] for name in METRIC_NAMES], rtol=1e-9)
        swept = sweep(minutes, "sma_crossover", timeframe=["H1", "H4"], fast=[3, 4], slow=5, day_start=day_start)
        assert swept.metrics_of({"timeframe": "H4", "fast": 3}) == pytest.approx(dict(alone.metrics), nan_ok=True)
        assert BacktestSpec.from_json(spec.to_json()) == spec
    assert seen == {
        None: {22, 2, 6, 10, 14, 18, 21, 1, 5, 9, 13, 17},  # winter and summer
        "UTC": {0, 4, 8, 12, 16, 20},
    }
    assert "day_start" not in BacktestSpec("sma_crossover", {}, key).to_json()
    with pytest.raises(InputError, match="time of day and a zone"):
        BacktestSpec("sma_crossover", {}, key, timeframe="H4", day_start="noon")


def test_entries_of_four_hours_lie_on_the_hours_of_the_market(house):  # noqa: F811
    spec = BacktestSpec(
        "sma_crossover", {"fast": 3, "slow": 5}, house.add(fx_bars("2018-03-05", "2018-03-24")), timeframe="H4"
    )
    alone, _ = house.backtests.run(spec)
    entries = house.artifacts.load_backtest(alone.backtest_id)["trades"]["entry_time_ns"]
    local = from_utc(parse_timezone("America/New_York"), entries)
    assert len(entries) > 5
    assert set((local % (24 * HOUR) // (HOUR // 60)).tolist()) <= {hour * 60 for hour in (17, 21, 1, 5, 9, 13)}
