"""What a check of robots found as JSON."""

from __future__ import annotations

from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, form


@form()
class CheckedRobot(TypedDict):
    """A robot that was tried on some bars.

    Attributes:
        name: its folder.
        ran: whether it ran to the end.
        trades: trades that it closed.
        net_profit: what they earned, account currency; null where it did not run.
        seconds: processor time that it took.
        missing: what it needs and does not get, or how it failed; "" where it ran.
    """

    name: str
    ran: bool
    trades: int
    net_profit: Number
    seconds: float
    missing: str


@form()
class CheckedFolder(TypedDict):
    """A folder of robots that were tried on some bars.

    Attributes:
        bars: the bars, in words.
        n_robots: how many robots there are.
        n_ran: how many of them ran to the end.
        n_traded: how many of those closed a trade.
        robots: each of them.
    """

    bars: str
    n_robots: int
    n_ran: int
    n_traded: int
    robots: list[CheckedRobot]
