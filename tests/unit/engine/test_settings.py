"""Rules, costs and sizes: what is refused and what the exit parameters allow."""

from __future__ import annotations

import pytest

from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import EXIT_PARAMETERS, ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import RuleError


def test_exit_parameters_are_off_unless_given():
    assert list(EXIT_PARAMETERS) == ["stop_loss", "take_profit", "trailing_stop", "break_even", "time_exit"]
    for name, parameter in EXIT_PARAMETERS.items():
        unit, most = ("bars", 10_000_000) if name == "time_exit" else ("pips", 1_000_000)
        found = (parameter.default, parameter.low, parameter.high, parameter.step, parameter.unit)
        assert found == (0, 0, most, 1, unit), name


@pytest.mark.parametrize("n", [1, 2, 64])
def test_positions_that_may_be_open(n):
    assert ExecutionRules(max_positions=n).max_positions == n


@pytest.mark.parametrize("n", [0, -1, 65])
def test_too_few_or_too_many_positions(n):
    with pytest.raises(RuleError, match=r"max_positions.*between 1 and 64|between 1 and 64.*max_positions"):
        ExecutionRules(max_positions=n)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: ExecutionRules(opposite_signal="flip"), "opposite_signal"),
        (lambda: ExecutionRules(same_bar="both"), "same_bar"),
        (lambda: ExecutionRules(level_anchor="open"), "level_anchor"),
        (lambda: ExecutionRules(direction="up"), "direction"),
        (lambda: Costs(swap_unit="points"), "swap_unit"),
        (lambda: Sizing("shares"), "mode"),
    ],
)
def test_unknown_words_are_refused_with_the_known_ones(make, name):
    with pytest.raises(RuleError, match="must be one of") as refused:
        make()
    assert name in str(refused.value)


@pytest.mark.parametrize("name", ["spread_pips", "commission_per_lot", "slippage_pips", "commission_per_trade"])
def test_costs_are_not_negative(name):
    assert getattr(Costs(**{name: 0.0}), name) == 0.0
    assert getattr(Costs(**{name: 0.5}), name) == 0.5
    with pytest.raises(RuleError, match="must not be negative") as refused:
        Costs(**{name: -0.01})
    assert name in str(refused.value)
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(RuleError, match="finite"):
            Costs(**{name: wrong})


def test_swaps_may_be_charges():
    assert (Costs(swap_long=-0.5).swap_long, Costs(swap_short=-0.5).swap_short) == (-0.5, -0.5)
    with pytest.raises(RuleError, match="finite"):
        Costs(swap_long=float("inf"))


def test_a_conversion_rate_is_above_zero():
    assert Costs(conversion_rate=0.5).conversion_rate == 0.5
    with pytest.raises(RuleError, match=r"conversion_rate.*above zero|above zero.*conversion_rate"):
        Costs(conversion_rate=0.0)


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_size_is_a_positive_number(value):
    with pytest.raises(RuleError, match=r"sizing\.units.*positive|positive.*sizing\.units"):
        Sizing("units", value)


def test_at_most_everything_is_at_risk():
    assert Sizing("risk_percent", 100.0).value == 100.0
    assert Sizing("units", 101.0).value == 101.0
    with pytest.raises(RuleError, match=r"risk_percent.*above 100|above 100.*risk_percent"):
        Sizing("risk_percent", 100.5)


@pytest.mark.parametrize("name", ["volume_step", "min_volume", "max_volume"])
def test_volumes_are_zero_or_more(name):
    assert getattr(Sizing(**{name: 0.0}), name) == 0.0
    assert getattr(Sizing(**{name: 0.5}), name) == 0.5
    for wrong in (-0.1, float("inf"), float("nan")):
        with pytest.raises(RuleError, match="zero or a positive number") as refused:
            Sizing(**{name: wrong})
        assert name in str(refused.value)
