"""The account: what stays the same among the combinations of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, nan

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled import bookkeeping
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import CONVERT_OWN_PRICE, CONVERT_RATES, ExecutionData
from trading_ai.engine.rules import DIRECTION_CODES, OPPOSITE_CODES, SAME_BAR_CODES, ExecutionRules, check_number
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
        has_default_size: whether the size followed from the first price of the data: another symbol's follows from
            its own.
    """

    capital: float
    sizing: Sizing
    costs: Costs
    rules: ExecutionRules
    has_default_size: bool = False

    def __post_init__(self) -> None:
        check_number("capital", self.capital)
        if not 0.0 < self.capital < float("inf"):
            raise RuleError("must be a positive amount", parameter="capital", value=self.capital)
        leverage, sizing = self.rules.leverage, self.sizing
        if leverage and sizing.mode == "percent_of_equity" and sizing.amount > 100.0 * leverage:
            raise RuleError(
                f"must not be above {100.0 * leverage:g}: a leverage of {leverage:g} leaves no margin for more",
                parameter="sizing.percent_of_equity",
                value=sizing.value,
            )

    def sized(self, data: ExecutionData) -> Account:
        """The same with a size, which may follow from the first price of the data; see `Sizing`."""
        if self.sizing.value is not None:
            return self
        price = float(data.ask[3][0])
        in_account = price * data.in_account(0, price)
        sizing = self.sizing.for_capital(self.capital, in_account, data.bars.symbol)
        return replace(self, sizing=sizing, has_default_size=True)

    def of_other(self, data: ExecutionData, costs: Costs) -> Account:
        """The same for another symbol: with its costs, and with its own size where none was given.

        Args:
            data: bars of that symbol.
            costs: what they were made ready with.
        """
        given = replace(self.sizing, value=None) if self.has_default_size else self.sizing
        return replace(self, sizing=given, costs=costs, has_default_size=False).sized(data)

    def first_position(self, data: ExecutionData) -> float:
        """Value of a position at the first price of the data, as a multiple of the capital; NaN where it varies."""
        sizing = self.sized(data).sizing
        if sizing.mode == "percent_of_equity":
            return sizing.amount / 100.0
        if not sizing.is_fixed:
            return nan
        units = sizing.amount * (data.bars.symbol.lot_size if sizing.mode == "lots" else 1.0)
        price = float(data.ask[3][0])
        return units * price * data.in_account(0, price) / self.capital


def has_fixed_money(data: ExecutionData, account: Account) -> bool:
    """Whether what a trade earns depends on nothing but its entry and its exit."""
    return (
        account.sizing.is_fixed
        and data.nights.size == 0
        and data.conversion != CONVERT_RATES
        and account.rules.close_at_end
    )


def config_vector(data: ExecutionData, account: Account) -> Floats:
    """The account as the vector that compiled code reads, see `bookkeeping.CONFIG`; sized by `data` if it has no size.

    Raises:
        RuleError: the fixed size is below the smallest volume of the symbol.
    """
    account = account.sized(data)
    symbol, costs, sizing, rules = data.bars.symbol, account.costs, account.sizing, account.rules
    smallest = symbol.min_volume if sizing.min_volume is None else sizing.min_volume
    step = symbol.volume_step if sizing.volume_step is None else sizing.volume_step
    units = sizing.amount * (symbol.lot_size if sizing.mode == "lots" else 1.0) if sizing.is_fixed else 0.0
    if sizing.is_fixed and units < smallest:
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
        "risk_fraction": sizing.amount / 100.0 if sizing.mode == "risk_percent" else 0.0,
        "equity_fraction": sizing.amount / 100.0 if sizing.mode == "percent_of_equity" else 0.0,
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
        "same_bar": float(SAME_BAR_CODES[rules.same_bar]),
        "close_at_end": float(rules.close_at_end),
        "opposite": float(OPPOSITE_CODES[rules.opposite_signal]),
        "direction": float(DIRECTION_CODES[rules.direction]),
        "max_positions": float(rules.max_positions),
        "margin_fraction": _margin_fraction(rules),
        "stop_out_level": rules.stop_out_level / 100.0,
        "half_cent": data.cent / 2,
        "safe_drawdown": _safe_drawdown(data, account, units),
        "span": _span(data, account),
        "swing": data.extremes.swing,
        "highest_rate": data.extremes.rate,
    }
    return np.array([values[name] for name in bookkeeping.CONFIG])


def _margin_fraction(rules: ExecutionRules) -> float:
    return 1.0 / rules.leverage if rules.leverage else 0.0


def _span(data: ExecutionData, account: Account) -> float:
    """Most that one unit earns or loses from one price of a bar to another, account currency."""
    bounds = data.extremes
    if data.conversion != CONVERT_OWN_PRICE:
        return bounds.span * bounds.rate
    entry = bounds.highest + account.costs.slippage_pips * data.bars.symbol.pip_size
    return entry * bounds.span / bounds.lowest**2 if bounds.lowest > 0.0 else inf


def _safe_drawdown(data: ExecutionData, account: Account, units: float) -> float:
    """A drawdown of the equity, money, below which an account with one position of a fixed size surely carried it.

    Drawdowns are of equities at closes and at exits. Between two of them the equity may have been lower, by no more
    than the position earns or loses within a bar; and from any equity that stood, the margin of an entry must be free.
    """
    entry = data.extremes.highest + account.costs.slippage_pips * data.bars.symbol.pip_size
    value = units * (1.0 if data.conversion == CONVERT_OWN_PRICE else entry * data.extremes.rate)
    need = max(_margin_fraction(account.rules) * value, data.cent / 2)  # a stop-out level is at most the margin
    return account.capital - (units * _span(data, account) + need) - 1e-9 * (account.capital + value)
