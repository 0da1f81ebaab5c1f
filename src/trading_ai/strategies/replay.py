"""Replay: trades that were made elsewhere, with exits, costs and filters that can be searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trading_ai.strategies.base import Bool, Choice, Declared, Float, Int

if TYPE_CHECKING:
    from trading_ai.engine.trade_list import TradeList

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Days of the week, Monday first, as dates count them."""


class Replay(Declared):
    """Replay the entries of a list of trades; whatever is not set stays as it was.

    What the exit parameters leave at 0 is as the list has it: each trade's own stop and target, and its own exit as
    the latest moment. ``docs/explanation/replay.md`` has every rule with an example.

    Args:
        trades_id: content hash of the list; "" before one is named.
        trades: the list itself, where it is to be evaluated.
    """

    name = "replay"
    reuses_names = ("direction", "max_positions")

    spread = Float(-1.0, -1.0, 10_000.0, step=0.1, unit="pips", description="spread that is paid, -1 as it was")
    commission = Float(
        -1.0, -1.0, 1e6, step=1, unit="account currency a lot and side", description="commission, -1 as it was"
    )
    first_hour = Int(0, 0, 23, unit="hour UTC", description="first hour of the day in which a trade may begin")
    last_hour = Int(23, 0, 23, unit="hour UTC", description="last hour likewise; before the first: over midnight")
    weekdays = Choice(
        "all",
        ("all", *DAYS, *(f"not_{day}" for day in DAYS)),
        description="day of the week (UTC) on which a trade may begin",
    )
    direction = Choice("both", ("both", "long", "short"), description="side of the trades that are kept")
    max_positions = Int(0, 0, 100_000, unit="positions", description="positions open at once, 0 as many as there were")
    keep_exits = Bool(True, description="a trade ends at its own exit at the latest, where no level ended it")
    resize = Bool(False, description="sizes as the account's sizing says, instead of those in the list")

    def __init__(self, trades_id: str = "", trades: TradeList | None = None) -> None:
        self.trades_id, self.trades = trades_id, trades
