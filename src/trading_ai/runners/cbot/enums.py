"""Enumerations that robots name, each with the platform's own words; their text is the bare word, as in C#."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from typing_extensions import override


class Words(Enum):
    """An enumeration whose members print as their bare name."""

    @override
    def __str__(self) -> str:
        return self.name

    @override
    def __format__(self, spec: str) -> str:
        return format(self.name, spec)

    def ToString(self) -> str:
        """The bare name."""
        return self.name


def words(name: str, members: Sequence[str]) -> type[Words]:
    """An enumeration made of its members' names."""
    functional: Any = Words
    made: type[Words] = functional(name, list(members))
    return made


class TradeType(Words):
    """Side of a position or an order."""

    Buy = 0
    Sell = 1


class MovingAverageType(Words):
    """Kind of a moving average."""

    Simple = 0
    Exponential = 1
    TimeSeries = 2
    Triangular = 3
    VIDYA = 4
    Weighted = 5
    WilderSmoothing = 6
    Hull = 7
    DoubleExponential = 8
    TripleExponential = 9
    KaufmanAdaptive = 10


class ErrorCode(Words):
    """Why a request failed."""

    TechnicalError = 0
    BadVolume = 1
    NoMoney = 2
    MarketClosed = 3
    Disconnected = 4
    EntityNotFound = 5
    Timeout = 6
    UnknownSymbol = 7
    InvalidStopLossTakeProfit = 8
    InvalidRequest = 9
    NoTradingPermission = 10


class PendingOrderType(Words):
    """Kind of a pending order."""

    Limit = 0
    Stop = 1
    StopLimit = 2


class PositionCloseReason(Words):
    """Why a position was closed."""

    Closed = 0
    StopLoss = 1
    TakeProfit = 2
    StopOut = 3


class PendingOrderCancellationReason(Words):
    """Why a pending order is gone."""

    Cancelled = 0
    Expired = 1
    Rejected = 2


class RoundingMode(Words):
    """How a volume is brought to the symbol's step."""

    ToNearest = 0
    Down = 1
    Up = 2


class RunningMode(Words):
    """Where a robot runs; here it is always a backtest without a chart."""

    RealTime = 0
    SilentBacktesting = 1
    VisualBacktesting = 2
    Optimization = 3


StopTriggerMethod = words("StopTriggerMethod", ("Trade", "Opposite", "DoubleTrade", "DoubleOpposite"))
StochasticCalculationType = words("StochasticCalculationType", ("LowHigh", "CloseClose"))
ProtectionType = words("ProtectionType", ("None_", "Relative", "Absolute"))
ProportionalAmountType = words("ProportionalAmountType", ("Balance", "Equity"))
DayOfWeek = words("DayOfWeek", ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"))
AccountType = words("AccountType", ("Hedged", "Netted", "Both"))
PlotType = words("PlotType", ("Line", "Histogram", "DiscontinuousLine", "Points"))
LineStyle = words("LineStyle", ("Solid", "Dots", "DotsRare", "DotsVeryRare", "LinesDots", "Lines"))
VerticalAlignment = words("VerticalAlignment", ("Top", "Center", "Bottom", "Stretch"))
HorizontalAlignment = words("HorizontalAlignment", ("Left", "Center", "Right", "Stretch"))
ChartIconType = words(
    "ChartIconType", ("UpArrow", "DownArrow", "Circle", "Square", "Diamond", "Star", "UpTriangle", "DownTriangle")
)
AccessRights = words("AccessRights", ("None_", "FullAccess"))

ENUMS: dict[str, type[Words]] = {
    kind.__name__: kind
    for kind in (
        TradeType, MovingAverageType, ErrorCode, PendingOrderType, PositionCloseReason, PendingOrderCancellationReason,
        RoundingMode, RunningMode, StopTriggerMethod, StochasticCalculationType, ProtectionType, DayOfWeek,
        ProportionalAmountType, AccountType, PlotType, LineStyle, VerticalAlignment, HorizontalAlignment, ChartIconType,
        AccessRights,
    )
}  # fmt: skip
"""Every enumeration by its name: types of parameters, and names of the module ``cAlgo.API``."""
