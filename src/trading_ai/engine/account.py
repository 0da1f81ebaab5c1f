"""The account: what stays the same among the combinations of a sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled import bookkeeping
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.rules import DIRECTION_CODES, OPPOSITE_CODES, ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import RuleError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Account:
    """Everything about an account that does not change among the combinations of a sweep.

    Attributes:
        capital: starting balance, account currency.
        sizing: position size.
        costs: costs.
        rules: execution rules.
    """

    capital: float
    sizing: Sizing
    costs: Costs
    rules: ExecutionRules

    def __post_init__(self) -> None:
        if not 0.0 < self.capital < float("inf"):
            raise RuleError("must be a positive amount", parameter="capital", value=self.capital)


def config_vector(data: ExecutionData, account: Account) -> Floats:
    """The account as the vector that compiled code reads, see `bookkeeping.CONFIG`.

    Raises:
        RuleError: the fixed size is below the smallest volume of the symbol.
    """
    symbol, costs, sizing, rules = data.bars.symbol, account.costs, account.sizing, account.rules
    smallest = symbol.min_volume if sizing.min_volume is None else sizing.min_volume
    step = symbol.volume_step if sizing.volume_step is None else sizing.volume_step
    units = {"units": sizing.value, "lots": sizing.value * symbol.lot_size, "risk_percent": 0.0}[sizing.mode]
    if sizing.mode != "risk_percent" and units < smallest:
        raise RuleError(
            f"must be at least the smallest volume of {symbol.name}, {smallest:g} units",
            parameter=f"sizing.{sizing.mode}",
            value=sizing.value,
        )
    in_account = costs.swap_unit == "account"
    swap_scale = 1.0 / symbol.lot_size if in_account else symbol.pip_size
    values: dict[str, float] = {
        "capital": account.capital,
        "units": units,
        "risk_fraction": sizing.value / 100.0 if sizing.mode == "risk_percent" else 0.0,
        "volume_step": step,
        "min_volume": smallest,
        "max_volume": sizing.max_volume,
        "slippage": costs.slippage_pips * symbol.pip_size,
        "commission_per_unit": costs.commission_per_lot / symbol.lot_size,
        "commission_of_value": costs.commission_per_million / 1e6 + costs.commission_percent / 100.0,
        "commission_per_trade": costs.commission_per_trade,
        "has_commission": float(
            any(
                (
                    costs.commission_per_lot,
                    costs.commission_per_million,
                    costs.commission_percent,
                    costs.commission_per_trade,
                )
            )
        ),
        "swap_long": costs.swap_long / symbol.lot_size if in_account else costs.swap_long * swap_scale,
        "swap_short": costs.swap_short / symbol.lot_size if in_account else costs.swap_short * swap_scale,
        "swap_in_account": float(in_account),
        "has_swap": float(data.nights.size > 0),
        "has_spread": float(data.has_spread),
        "conversion": float(data.conversion),
        "rate": data.rate,
        "level_scale": data.price_scale if rules.round_levels else 0.0,
        "fill_scale": data.price_scale,
        "target_first": float(rules.same_bar == "target_first"),
        "close_at_end": float(rules.close_at_end),
        "opposite": float(OPPOSITE_CODES[rules.opposite_signal]),
        "direction": float(DIRECTION_CODES[rules.direction]),
        "max_positions": float(rules.max_positions),
    }
    return np.array([values[name] for name in bookkeeping.CONFIG])
