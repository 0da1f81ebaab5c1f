"""Trials ever run: different combinations on overlapping data of a symbol, whoever ran them and whatever is left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.bars import USDJPY, random_bars
from tests.unit.driving.test_service import EXITS, House, house, space_of  # noqa: F401
from trading_ai.engine.costs import Costs
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.optimization.ledger import ledger_state, trials_on_its_data
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.tries import TrialCounter, Tried, overlap
from trading_ai.parameters import Choices, SearchSpace
from trading_ai.studies.assessment import assess_optimization
from trading_ai.studies.exact_walk_forward import WalkForwardService, WalkForwardSpec
from trading_ai.studies.stitching import stitch

BARS = random_bars(3_000, 11, tf="M15")
SPAN = (0, 10)
SPEC = BacktestSpec("sma_crossover", {"fast": 10, "slow": 30, "stop_loss": 0.0}, "d" * 64)


def started(home: House, space, *, bars=BARS, spec=None, **changes):
    """A backtest and an optimization around it."""
    wanted = spec or BacktestSpec("sma_crossover", {"slow": 40}, home.add(bars))
    base, _ = home.backtests.run(wanted)
    plan = home.service.plan(OptimizationSpec(base.backtest_id, space, **changes))
    return base, home.service.start(plan)


def count(home: House, record) -> int:
    return trials_on_its_data(home.store, record).n_trials


NINE = space_of("fast=3:9:3", "stop_loss=15:45:15")
"""Nine combinations; the backtest around them, with a fast of 10 and no stop-loss, is a tenth."""


def test_what_is_run_again_counts_once(house):  # noqa: F811
    base, first = started(house, NINE)
    assert count(house, first) == 9 + 1
    for changes in ({"reuse": False}, {"reuse": False, "objective": "net_profit"}, {}):
        house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, NINE, **changes)))
        assert count(house, first) == 9 + 1
    turned = space_of("stop_loss=15:45:15", "fast=3:9:3")  # the same points under other indices
    house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, turned)))
    assert count(house, first) == 9 + 1
    wider = space_of("fast=3:12:3", "stop_loss=0:45:15")  # 16 points, 9 of them known
    house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, wider)))
    assert count(house, first) == 16 + 1


def test_tries_by_single_backtests_count(house):  # noqa: F811
    base, record = started(house, NINE)
    for fast in (3, 4, 5, 5):  # 3 without a stop-loss is no point of the search
        house.backtests.run(replace(base.spec, parameters={**base.spec.parameters, "fast": fast}))
    house.backtests.run(replace(base.spec, parameters={**base.spec.parameters, "fast": 6, "stop_loss": 30}))
    found = trials_on_its_data(house.store, record)
    assert (found.n_trials, found.n_optimizations, found.n_backtests) == (9 + 1 + 3, 1, 1 + 5)


def test_another_account_strategy_or_timeframe_is_another_try(house):  # noqa: F811
    base, record = started(house, NINE)
    house.backtests.run(replace(base.spec, costs=Costs(spread_pips=1.0)))
    house.backtests.run(replace(base.spec, capital=5_000.0))
    house.backtests.run(replace(base.spec, timeframe="H1"))
    house.backtests.run(BacktestSpec("rsi_reversal", {}, base.spec.dataset_id))
    assert count(house, record) == 9 + 1 + 4
    house.backtests.run(replace(base.spec, dataset_id=house.add(random_bars(3_000, 12, tf="H1")), timeframe=None))
    assert count(house, record) == 9 + 1 + 4  # an H1 file of the same time: as the M15 one seen as H1


def test_deletion_takes_rows_and_no_counts(house):  # noqa: F811
    base, first = started(house, NINE)
    _, second = started(house, EXITS, spec=base.spec)
    before = trials_on_its_data(house.store, second)
    house.service.delete_optimization(first.optimization_id)
    after = trials_on_its_data(house.store, second)
    assert before.n_trials == after.n_trials
    assert (before.n_deleted, after.n_deleted) == (0, 1)
    assert "1 of them deleted since" in after.counted
    house.backtests.delete(base.backtest_id)
    assert trials_on_its_data(house.store, second).n_trials == before.n_trials


def test_a_cancelled_one_counts_what_it_tried_also_when_it_is_deleted(house):  # noqa: F811
    base, first = started(house, NINE)
    large = space_of("fast=3:9:1", "stop_loss=15:45:1", "take_profit=20:80:10")
    stopped = house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, large)), stop=Later(2))
    n_tried = house.store.optimization(stopped.optimization_id).n_completed
    assert 0 < n_tried < large.n_combinations
    house.service.cancel(stopped.optimization_id)
    assert count(house, first) == 9 + 1 + n_tried
    house.service.delete_optimization(stopped.optimization_id)
    assert count(house, first) == 9 + 1 + n_tried


def test_the_state_of_the_ledger_changes_with_what_is_tried_on_the_data_and_with_nothing_else(house):  # noqa: F811
    base, first = started(house, NINE)
    seen = [ledger_state(house.store, first)]
    started(house, NINE, bars=random_bars(3_000, 12, tf="M15", symbol=USDJPY, start=150.0))
    assert ledger_state(house.store, first) == seen[0]
    house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, EXITS)))
    seen.append(ledger_state(house.store, first))
    single, _ = house.backtests.run(replace(base.spec, capital=5_000.0))
    seen.append(ledger_state(house.store, first))
    assert len(set(seen)) == 3
    house.backtests.delete(single.backtest_id)
    assert ledger_state(house.store, first) == seen[1]


class Later:
    """Asks to stop from the n-th time on."""

    def __init__(self, n: int) -> None:
        self._n = n

    def __call__(self) -> bool:
        self._n -= 1
        return self._n < 0


def test_a_file_one_bar_shorter_is_the_same_data_and_a_later_year_is_not(house):  # noqa: F811
    _, first = started(house, NINE)
    _, again = started(house, NINE, bars=BARS.slice(0, len(BARS) - 1))
    assert count(house, first) == count(house, again) == 9 + 1
    middle = np.datetime64(int(BARS.open_time_ns[1_500]), "ns").astype(str)[:19]
    base = house.store.backtest(first.spec.backtest_id).spec
    _, early = started(house, EXITS, spec=replace(base, end=middle))
    _, late = started(house, NINE, spec=replace(base, start=middle))
    n_exits = EXITS.n_combinations
    assert count(house, early) == 9 + n_exits + 1
    assert count(house, late) == 9 + 1  # those of the whole file overlap it, those of the first half do not


def test_the_windows_of_a_walk_forward_count_once(house):  # noqa: F811
    base, first = started(house, NINE)
    before = assess_optimization(house.service, first.optimization_id).study
    service = WalkForwardService(house.service, house.backtests)
    plan = service.plan(WalkForwardSpec(OptimizationSpec(base.backtest_id, NINE), "2W/1W"))
    assert len(plan.windows) >= 2
    for part in plan.parts:
        service.run(part)
    stitch(service, plan)
    after = assess_optimization(house.service, first.optimization_id).study
    assert before.n_ledger_trials == after.n_ledger_trials == 9 + 1
    assert before.verdict == after.verdict
    assert house.store.optimization("latest").optimization_id == first.optimization_id
    assert house.store.backtest("latest").backtest_id == base.backtest_id


# --- the counter by itself ----------------------------------------------------------------------------------


def tried(axes, parameters=None, indices=None, **changes):
    space = SearchSpace(tuple(Choices(name, tuple(values)) for name, values in axes.items()))
    spec = replace(SPEC, parameters={**SPEC.parameters, **(parameters or {})})
    chosen = np.arange(space.n_combinations) if indices is None else np.asarray(indices)
    return replace(Tried(spec, "code", "H1", space, chosen, {"EURUSD": SPAN}), **changes)


def counted(*every, spans=None):
    counter = TrialCounter(spans or {"EURUSD": SPAN})
    for one in every:
        counter.add(one)
    return counter.count().n_trials


@pytest.mark.parametrize(
    ("one", "other", "n"),
    [
        (tried({}), tried({}), 1),
        (tried({}), tried({"fast": [10]}), 1),  # searched or not
        (tried({"fast": [10, 11]}), tried({"fast": [11, 12]}), 3),
        (tried({"fast": [10]}), tried({"fast": [10.0]}), 1),  # a whole number is that number
        (tried({"flag": [1]}), tried({"flag": [True]}), 2),
        (tried({"flag": ["1"]}), tried({"flag": [1]}), 2),
        (tried({}), tried({"take_profit": [0, 10]}), 2),  # an exit that is not used, known to the backtest or not
        (tried({}), tried({}, strategy_hash="other"), 2),
        (tried({}), tried({}, timeframe="H4"), 2),
        (tried({"timeframe": ["H1", "H4"]}), tried({}, timeframe="H4"), 2),  # searched, or the backtest's
        (tried({}), tried({}, spans={"EURUSD": (10, 20)}), 1),
        (tried({}), tried({"fast": [1, 2]}, spans={"EURUSD": (11, 20)}), 1),  # other data
        (tried({}), tried({"fast": [1, 2]}, spans={"GBPUSD": SPAN}), 1),  # another symbol
        (tried({}), tried({"symbol": ["EURUSD", "GBPUSD"]}, spans={"EURUSD": SPAN, "GBPUSD": SPAN}), 1),
        (tried({"a": [1, 2], "b": [2, 1]}), tried({"a": [3], "b": [3]}), 5),  # sums of places do not collide
        (tried({"a": [1, 2, 3]}, indices=[2]), tried({"a": [1, 2, 3]}, indices=[0]), 2),
    ],
)
def test_what_is_the_same_try(one, other, n):
    assert counted(one, other) == counted(other, one) == n


def test_each_symbol_of_a_search_is_another_try():
    both = {"EURUSD": SPAN, "GBPUSD": SPAN}
    searched = tried({"symbol": ["EURUSD", "GBPUSD"], "fast": [1, 2, 3]}, spans=both)
    alone = tried({"fast": [1, 2, 4]}, spans={"GBPUSD": SPAN})
    assert counted(searched, alone, spans=both) == 6 + 1
    assert counted(searched, alone, spans={"GBPUSD": SPAN}) == 4


def test_spans_overlap_where_they_share_a_bar():
    assert overlap({"A": (0, 5), "B": (0, 5)}, {"A": (5, 9), "B": (6, 9), "C": (0, 9)}) == {"A"}


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True),
            st.lists(st.sampled_from([1, 2.5, True, "a"]), min_size=1, max_size=3, unique_by=repr),
            st.integers(0, 2**12 - 1),
            st.booleans(),
        ),
        max_size=6,
    )
)
def test_the_count_is_that_of_a_set(runs):
    expected, counter = set(), TrialCounter({"EURUSD": SPAN})
    for fast, kind, mask, turned in runs:
        if True in kind and 1 in [k for k in kind if k is not True]:
            continue  # one axis cannot hold both
        axes = {"kind": kind, "fast": fast} if turned else {"fast": fast, "kind": kind}
        space = SearchSpace(tuple(Choices(name, tuple(values)) for name, values in axes.items()))
        chosen = [i for i in range(space.n_combinations) if mask >> i & 1]
        counter.add(tried(axes, indices=chosen))
        expected |= {tuple(sorted((n, repr(v)) for n, v in space.combination(i).items())) for i in chosen}
    assert counter.count().n_trials == len(expected)


def test_large_spaces_are_counted_alike():
    axes = {"a": list(range(2_000)), "b": list(range(2_000))}
    every = [tried(axes, indices=[0, 5, 3_999_999]), tried(axes, indices=[5, 6])]
    assert counted(*every) == 4
    assert counted(*every, tried({"a": [0], "b": [5, 6, 7]})) == 5
