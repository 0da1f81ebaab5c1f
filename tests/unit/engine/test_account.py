"""The vector that compiled code reads, entry by entry, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.bars import EURUSD, bars_of
from trading_ai.engine.account import Account, config_vector
from trading_ai.engine.compiled.bookkeeping import CONFIG
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import CONVERT_FIXED, CONVERT_NONE, prepare
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import RuleError

BARS = bars_of([(1.1, 1.2, 1.0, 1.1)] * 2)  # one pip is 0.0001, a lot 100,000 units, 5 digits
PLAIN = Account(10_000.0, Sizing("units", 10_000.0), Costs(), ExecutionRules())


def config(account: Account, currency: str = "USD") -> dict[str, float]:
    vector = config_vector(prepare(BARS, account.costs, currency), account)
    return dict(zip(CONFIG, vector.tolist(), strict=True))


def test_an_account_without_costs():
    found = config(PLAIN)
    # 10,000 units earn or lose at most 2,000 within a bar, and half a cent is nothing.
    assert found.pop("safe_drawdown") == pytest.approx(7_999.995, abs=1e-4)
    assert found == {
        "capital": 10_000.0,
        "units": 10_000.0,
        "risk_fraction": 0.0,
        "equity_fraction": 0.0,
        "volume_step": 1000.0,
        "min_volume": 1000.0,
        "max_volume": 0.0,
        "slippage": 0.0,
        "commission_per_unit": 0.0,
        "commission_of_value": 0.0,
        "commission_per_trade": 0.0,
        "has_commission": 0.0,
        "swap_long": 0.0,
        "swap_short": 0.0,
        "swap_in_account": 0.0,
        "has_swap": 0.0,
        "has_spread": 0.0,
        "conversion": float(CONVERT_NONE),
        "rate": 1.0,
        "level_scale": 1e7,
        "fill_scale": 1e7,
        "same_bar": 0.0,
        "close_at_end": 1.0,
        "opposite": 0.0,
        "direction": 0.0,
        "max_positions": 1.0,
        "margin_fraction": 0.0,
        "stop_out_level": 0.5,
        "half_cent": 0.005,
        "span": pytest.approx(0.2),
        "swing": pytest.approx(0.2 / 1.2),
        "highest_rate": 1.0,
    }


def test_every_cost_and_rule():
    costs = Costs(
        spread_pips=1.0,
        commission_per_lot=3.5,  # 3.5 / 100,000 a unit
        commission_per_million=30.0,  # 30 / 1,000,000 of the value
        commission_percent=0.1,  # and 0.1 / 100 of it
        commission_per_trade=1.5,
        slippage_pips=0.5,  # 0.5 x 0.0001
        swap_long=-0.7,  # pips: -0.7 x 0.0001 for a unit and night
        swap_short=0.2,
        conversion_rate=0.9,
    )
    rules = ExecutionRules("close", "target_first", "signal_close", False, "short", 3, False, 20.0, 80.0)
    found = config(Account(500.0, Sizing("lots", 0.5, 10.0, 20.0, 60_000.0), costs, rules), "EUR")
    assert found == pytest.approx(
        {
            "capital": 500.0,
            "units": 50_000.0,
            "risk_fraction": 0.0,
            "equity_fraction": 0.0,
            "volume_step": 10.0,
            "min_volume": 20.0,
            "max_volume": 60_000.0,
            "slippage": 0.00005,
            "commission_per_unit": 0.000035,
            "commission_of_value": 0.00103,
            "commission_per_trade": 1.5,
            "has_commission": 1.0,
            "swap_long": -0.00007,
            "swap_short": 0.00002,
            "swap_in_account": 0.0,
            "has_swap": 1.0,
            "has_spread": 1.0,
            "conversion": float(CONVERT_FIXED),
            "rate": 0.9,
            "level_scale": 0.0,
            "fill_scale": 1e7,
            "same_bar": 1.0,
            "close_at_end": 0.0,
            "opposite": 1.0,
            "direction": -1.0,
            "max_positions": 3.0,
            "margin_fraction": 0.05,
            "stop_out_level": 0.8,
            "half_cent": 0.005,
            # 500, less 50,000 x 0.2 x 0.9 within a bar, less a margin of 50,000 x 1.20015 x 0.9 x 0.05
            "safe_drawdown": 500.0 - 9_000.0 - 2_700.3375 - 1e-9 * (500.0 + 54_006.75),
            "span": 0.2 * 0.9,
            "swing": 0.2 / 1.2,  # of the bid: of the ask it is less
            "highest_rate": 0.9,
        },
        rel=1e-12,
        abs=0.0,
    )


def test_swap_in_the_accounts_currency_is_for_a_lot():
    found = config(replace(PLAIN, costs=Costs(swap_long=-7.0, swap_short=2.0, swap_unit="account")))
    assert found["swap_in_account"] == 1.0
    assert (found["swap_long"], found["swap_short"]) == pytest.approx((-0.00007, 0.00002), rel=1e-12)


@pytest.mark.parametrize(
    "name", ["commission_per_lot", "commission_per_million", "commission_percent", "commission_per_trade"]
)
def test_each_commission_alone_is_one(name):
    assert config(replace(PLAIN, costs=Costs(**{name: 0.001})))["has_commission"] == 1.0


@pytest.mark.parametrize(("opposite", "code"), [("reverse", 0.0), ("close", 1.0), ("ignore", 2.0)])
@pytest.mark.parametrize(("direction", "side"), [("both", 0.0), ("long", 1.0), ("short", -1.0)])
def test_codes(opposite, code, direction, side):
    found = config(replace(PLAIN, rules=ExecutionRules(opposite_signal=opposite, direction=direction)))
    assert (found["opposite"], found["direction"]) == (code, side)


def test_a_percentage_at_risk_is_a_fraction_of_the_balance():
    found = config(replace(PLAIN, sizing=Sizing("risk_percent", 2.0)))
    assert (found["units"], found["risk_fraction"]) == (0.0, 0.02)


def test_a_fixed_size_below_the_smallest_volume_is_refused():
    smallest = config(replace(PLAIN, sizing=Sizing("units", 1000.0)))
    assert smallest["units"] == 1000.0
    with pytest.raises(RuleError, match=r"sizing\.units.*smallest volume of EURUSD, 1000 units|smallest.*sizing"):
        config(replace(PLAIN, sizing=Sizing("units", 999.0)))
    with pytest.raises(RuleError, match="smallest volume"):
        config(replace(PLAIN, sizing=Sizing("lots", 0.009)))
    assert config(replace(PLAIN, sizing=Sizing("units", 999.0, min_volume=0.0)))["units"] == 999.0
    with pytest.raises(RuleError, match="smallest volume"):
        config(replace(PLAIN, sizing=Sizing("units", 1000.0, min_volume=1001.0)))
    assert config(replace(PLAIN, sizing=Sizing("risk_percent", 1.0)))["min_volume"] == EURUSD.min_volume


@pytest.mark.parametrize("capital", [0.0, -1.0, float("inf"), float("nan")])
def test_capital_must_be_an_amount(capital):
    with pytest.raises(RuleError, match=r"capital.*positive amount|positive amount.*capital"):
        Account(capital, Sizing(), Costs(), ExecutionRules())
