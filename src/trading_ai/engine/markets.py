"""Bars of other symbols made ready for trading on the same account: each with its own costs, conversion and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import ExecutionData, prepare
from trading_ai.errors import DataError, RuleError
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol

_HOUR_NS = 3_600 * 10**9

Ints = npt.NDArray[np.int64]


def ends_ns(bars: Bars) -> Ints:
    """When each bar is surely over: its open and its length, but not after the next one's open.

    A day that is put on the clock's winter time has an hour more, which lies before the next one's open.
    """
    ends: Ints = bars.open_time_ns + bars.timeframe.ns
    opens = bars.open_time_ns[1:]
    slack = _HOUR_NS if bars.timeframe.is_daily_or_longer else 0
    ends[:-1] = np.where(opens - ends[:-1] <= slack, opens, ends[:-1])
    return ends


@dataclass(frozen=True, eq=False)
class Market:
    """Bars of one symbol, ready for orders.

    Attributes:
        data: its execution bars.
        account: the run's account with this symbol's costs and size.
    """

    data: ExecutionData
    account: Account


class Markets:
    """The other symbols that a backtest's strategy may trade; each is made ready when it is first asked for.

    Args:
        bars: bars of the strategy's own symbol, with those of the others.
        account: the run's account.
        account_currency: its currency.
        conversion_bars: bars that convert profits of the own symbol, or None. Any of these bars, and of the others,
            convert those of another symbol whose quote currency is not the account's.
        always_converts: where nothing converts, take a rate at which a pip of a lot is worth as much as one of the own
            symbol's: for checks that compare trades and not money.
    """

    def __init__(
        self,
        bars: Bars,
        account: Account,
        account_currency: str,
        conversion_bars: Bars | None = None,
        *,
        always_converts: bool = False,
    ) -> None:
        self._own, self._others = bars, bars.others
        self._account, self._currency, self._conversion = account, account_currency, conversion_bars
        self._always = always_converts
        self._made: dict[str, Market] = {}

    def of(self, name: str) -> Market:
        """What orders on a symbol need.

        Raises:
            DataError: no bars of it came with the own ones, or none of them lies in the time of these.
            RuleError: its profits cannot be converted to the account's currency.
        """
        if name not in self._made:
            self._made[name] = self._make(self._own.other(name).bars)
        return self._made[name]

    def _make(self, bars: Bars) -> Market:
        own = self._own
        first, last = int(own.open_time_ns[0]), int(ends_ns(own)[-1])
        if not len(bars) or int(bars.open_time_ns[-1]) < first or int(bars.open_time_ns[0]) >= last:
            raise DataError(
                f"cannot be traded: its bars ({bars!r}) and those of {own.symbol.name} ({own!r}) share no time",
                parameter="others", value=bars.symbol.name, remedy="Import bars of the same years.",
            )  # fmt: skip
        costs, conversion = self._costs(bars.symbol), self._conversion_of(bars.symbol)
        if conversion is not None and bars.open_time_ns[0] < conversion.open_time_ns[0]:
            # What is before the run's own bars is not traded, and needs no rate.
            bars = bars.since(first)
        try:
            data = prepare(bars, costs, self._currency, conversion)
        except RuleError as error:
            if not self._always:
                pair = f"{bars.symbol.quote_currency}{self._currency}"
                remedy, why = (
                    f"Bars of {pair} or of its reverse convert them: name them as conversion or with --other.",
                    "",
                )
                if conversion is not None:
                    remedy, why = error.remedy, "the bars that convert its profits "
                raise RuleError(
                    f"{bars.symbol.name} cannot be traded: {why}{error.rule}", parameter=error.parameter,
                    value=error.value, remedy=remedy,
                ) from error  # fmt: skip
            a, b = own.symbol, bars.symbol
            rate = (a.pip_size * a.lot_size) / (b.pip_size * b.lot_size)
            costs = replace(costs, conversion_rate=rate)
            data = prepare(bars, costs, self._currency, None)
        return Market(data, self._account.of_other(data, costs))

    def _costs(self, symbol: Symbol) -> Costs:
        """The run's costs; a fixed rate holds for the own quote currency only."""
        costs = self._account.costs
        same = symbol.quote_currency == self._own.symbol.quote_currency
        return costs if same else replace(costs, conversion_rate=None)

    def _conversion_of(self, symbol: Symbol) -> Bars | None:
        """Bars of the pair of a symbol's quote currency and the account's; None where none is needed or known."""
        wanted = {symbol.quote_currency, self._currency}
        if len(wanted) == 1 or symbol.base_currency == self._currency:
            return None
        given: Mapping[str, Bars] = self._others
        for bars in (self._conversion, self._own, *given.values()):
            if bars is not None and {bars.symbol.base_currency, bars.symbol.quote_currency} == wanted:
                return bars
        return None
