"""Names that a strategy's parameters may have: refused where the class is defined, with the way out."""

from __future__ import annotations

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.engine.rules import EXIT_PARAMETERS
from trading_ai.errors import ParameterError, StrategyError
from trading_ai.evaluation.declared import searches_timeframe
from trading_ai.options import LIBRARY_NAMES
from trading_ai.parameters import SearchSpace
from trading_ai.strategies.names import AXIS_NAMES
from trading_ai.strategies.registry import strategy

BARS = random_bars(1500, 4)
OWN = ["bars", "self", "name", "parameters", "rules", "signals", "broken_rule", "reuses_names", "__doc__"]
OPTIONAL = sorted((LIBRARY_NAMES - set(OWN)) | AXIS_NAMES)


def signals(self, bars, **given):
    """A beat of as many bars as the parameters add up to."""
    place = np.arange(len(bars)) % (5 + sum(given.values()))
    return ta.Signals(long_entry=place == 0, short_entry=place == 3)


def define(*names: str, **attributes: object) -> type[ta.Strategy]:
    """A strategy with whole parameters of those names."""
    declared = {name: ta.Int(2, 1, 50) for name in names}
    return type("Mine", (ta.Strategy,), {**declared, "signals": signals, **attributes})


@pytest.mark.parametrize("name", OPTIONAL)
def test_the_name_of_an_option_is_refused_with_both_ways_out(name):
    with pytest.raises(StrategyError) as refused:
        define("period", name)
    assert refused.value.parameter == f"Mine.{name}"
    for part in (f"Mine.{name}: is the name of an", "Rename it", f'reuses_names = ("{name}",)'):
        assert part in str(refused.value)


def test_every_name_that_the_demand_lists_is_among_them():
    listed = {"start", "end", "capital", "costs", "rules", "sizing", "detail", "objective", "n_threads"}
    assert listed <= {*OPTIONAL, *OWN}


@pytest.mark.parametrize("name", OWN)
def test_a_name_that_every_strategy_has_is_refused_whatever_the_class_says(name):
    bases = {"reuses_names": (name,)} if name != "reuses_names" else {}
    body = {"signals": signals, **bases} | {name: ta.Int(2, 1, 50)}
    with pytest.raises(StrategyError, match=r"no parameter can be called so.* Rename it"):
        type("Mine", (ta.Strategy,), body)


@pytest.mark.parametrize("name", ["two words", "a=b", "", "class", "7up"])
def test_a_name_that_cannot_be_typed_is_refused(name):
    with pytest.raises(StrategyError, match="is no name that --set"):
        type("Mine", (ta.Strategy,), {"signals": signals, name: ta.Int(2, 1, 50)})


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_kept_name_is_given_through_params(name):
    kept = define(name, reuses_names=(name,))
    plain = define("period")
    swept = ta.sweep(BARS, kept, params={name: [3, 8, 13]}, stop_loss=[20, 40])
    expected = ta.sweep(BARS, plain, period=[3, 8, 13], stop_loss=[20, 40])
    np.testing.assert_array_equal(swept.column("net_profit"), expected.column("net_profit")[_order(swept, expected)])
    alone = ta.backtest(BARS, kept, params={name: 8, "stop_loss": 20})
    expected_alone = ta.backtest(BARS, plain, period=8, stop_loss=20)
    np.testing.assert_equal(alone.metrics, expected_alone.metrics)  # undefined is equal to undefined
    evaluator = ta.make_evaluator(BARS, kept, params={name: [3, 8]}, stop_loss=20)
    assert evaluator.metrics_of(**{name: 8})["net_profit"] == alone.metrics["net_profit"]


def _order(swept: ta.Sweep, expected: ta.Sweep) -> list[int]:
    """Where the trials of one sweep are in another whose axes stand in another order."""
    renamed = [
        {"period" if name != "stop_loss" else name: value for name, value in c.items()}
        for c in (swept.evaluator.space.combination(int(i)) for i in swept.indices)
    ]
    return [expected.evaluator.space.index_of(c) for c in renamed]


def test_one_name_needs_no_tuple_and_subclasses_add_theirs():
    base = define("start", reuses_names="start")
    child = type("Child", (base,), {"end": ta.Int(3, 1, 50), "reuses_names": ("end",)})
    assert set(child.parameters) == {"start", "end"}
    with pytest.raises(StrategyError, match="capital: is the name of an option"):
        type("Child", (base,), {"capital": ta.Int(3, 1, 50)})


def test_the_option_keeps_its_meaning_beside_a_parameter_of_its_name():
    kept = define("capital", reuses_names=("capital",))
    rich = ta.backtest(BARS, kept, capital=50_000, params={"capital": 9})
    assert (rich.equity[0], rich.parameters["capital"]) == (50_000, 9)


def test_an_axis_of_a_kept_name_searches_the_parameter():
    kept = strategy(define("timeframe", reuses_names=("timeframe",)))
    assert not searches_timeframe(kept, SearchSpace((ta.Choices("timeframe", (1, 2)),)))


def test_exit_parameters_may_be_declared_again():
    own = define(*(name for name in EXIT_PARAMETERS if name != "time_exit"))
    assert ta.backtest(BARS, own).parameters["stop_loss"] == 2


@pytest.mark.parametrize("call", [ta.sweep, ta.backtest, ta.make_evaluator])
def test_a_parameter_in_both_places_is_refused(call):
    with pytest.raises(ParameterError, match=r"fast: is given twice, as an argument and in params.*Leave one"):
        call(BARS, "sma_crossover", fast=5, params={"fast": 5})


def test_params_takes_what_arguments_take():
    mapping = {"fast": 5, "slow": [20, 30], "stop_loss": range(20, 61, 20)}
    swept = ta.sweep(BARS, "sma_crossover", params=mapping)
    np.testing.assert_array_equal(swept.metrics, ta.sweep(BARS, "sma_crossover", **mapping).metrics)
    with pytest.raises(ParameterError, match="fats: is not a parameter of sma_crossover"):
        ta.sweep(BARS, "sma_crossover", params={"fats": 3})
    with pytest.raises(ParameterError, match=r"start: is not a parameter of sma_crossover"):
        ta.backtest(BARS, "sma_crossover", params={"start": 3})
