"""The symbol as robots see it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from trading_ai.runners.cbot.enums import ProportionalAmountType, RoundingMode, Words
from trading_ai.runners.cbot.system import Event
from trading_ai.runners.cbot.unsupported import Supported

if TYPE_CHECKING:
    from trading_ai.runners.cbot.money import Money

_LARGEST = 1e9
"""Largest volume, units: data tells none, and a margin or the equity ends what is too large."""


class RobotSymbol(Supported):
    """The symbol that is traded.

    Attributes:
        Tick: event of every tick.
        PipSize: price distance of a pip.
        TickSize: smallest change of a price.
    """

    shown_as = "api.Symbol"

    def __init__(self, account: Money) -> None:
        of = account.market_symbol
        self._account = account
        self.Name = self.Code = of.name
        self.Description = of.name
        self.PipSize, self.Digits, self.LotSize = of.pip_size, of.digits, of.lot_size
        self.TickSize = 10.0**-of.digits
        self.BaseAsset, self.QuoteAsset = Asset(of.base_currency), Asset(of.quote_currency)
        self.VolumeInUnitsStep = of.volume_step or of.min_volume or 1.0
        self.VolumeInUnitsMin = of.min_volume or self.VolumeInUnitsStep
        self.VolumeInUnitsMax = _LARGEST
        self.SwapLong, self.SwapShort = account.costs.swap_long, account.costs.swap_short
        self.Tick = Event("api.Symbol.Tick")
        self.MarketHours = MarketHours()

    @property
    def Bid(self) -> float:
        """Bid now."""
        return self._account.bid

    @property
    def Ask(self) -> float:
        """Ask now."""
        return self._account.ask

    @property
    def Spread(self) -> float:
        """Ask less bid, price units."""
        return self._account.ask - self._account.bid

    @property
    def PipValue(self) -> float:
        """Account currency of a pip for one unit."""
        return self.PipSize * self._account.rate(self._account.bid)

    @property
    def TickValue(self) -> float:
        """Account currency of a tick for one unit."""
        return self.TickSize * self._account.rate(self._account.bid)

    def is_volume(self, units: float) -> bool:
        """Whether a size is one that may be ordered: from the smallest on, in whole steps."""
        if not self.VolumeInUnitsMin * (1 - 1e-9) <= units <= self.VolumeInUnitsMax:
            return False
        steps = units / self.VolumeInUnitsStep
        return abs(steps - round(steps)) < 1e-6

    def NormalizeVolumeInUnits(self, units: float, mode: RoundingMode = RoundingMode.ToNearest) -> float:
        """A size in whole steps, between the smallest and the largest one."""
        steps = units / self.VolumeInUnitsStep
        if mode is RoundingMode.Down:
            whole = math.floor(steps + 1e-9)
        elif mode is RoundingMode.Up:
            whole = math.ceil(steps - 1e-9)
        else:
            whole = math.floor(steps + 0.5)
        return min(max(whole * self.VolumeInUnitsStep, self.VolumeInUnitsMin), self.VolumeInUnitsMax)

    def QuantityToVolumeInUnits(self, lots: float) -> float:
        """Units of so many lots, in whole steps."""
        return self.NormalizeVolumeInUnits(lots * self.LotSize)

    def VolumeInUnitsToQuantity(self, units: float) -> float:
        """Lots of so many units."""
        return units / self.LotSize

    def NormalizeVolume(self, units: float, mode: RoundingMode = RoundingMode.ToNearest) -> float:
        """The platform's old name of `NormalizeVolumeInUnits`."""
        return self.NormalizeVolumeInUnits(units, mode)

    def QuantityToVolume(self, lots: float) -> float:
        """The platform's old name of `QuantityToVolumeInUnits`."""
        return self.QuantityToVolumeInUnits(lots)

    def VolumeForFixedRisk(self, amount: float, pips: float) -> float:
        """Units that lose an amount of account currency over so many pips, rounded down."""
        return self.NormalizeVolumeInUnits(amount / (pips * self.PipValue), RoundingMode.Down)

    def VolumeForProportionalRisk(self, kind: Words, percent: float, pips: float) -> float:
        """Units that lose a percentage of the balance or of the equity over so many pips, rounded down."""
        whole = self._account.equity() if kind is ProportionalAmountType["Equity"] else self._account.balance
        return self.VolumeForFixedRisk(whole * percent / 100.0, pips)

    def AmountRisked(self, units: float, pips: float) -> float:
        """Account currency that so many units lose over so many pips."""
        return units * pips * self.PipValue

    @override
    def __str__(self) -> str:
        return self.Name


class Asset(Supported):
    """A currency."""

    shown_as = "asset"

    def __init__(self, name: str) -> None:
        self.Name = name

    @override
    def __str__(self) -> str:
        return self.Name


class MarketHours(Supported):
    """When the market is open: where there are bars, it is."""

    shown_as = "api.Symbol.MarketHours"

    def IsOpened(self, *_: Any) -> bool:
        """Whether the market is open; a robot is called where there are prices only."""
        return True
