"""What a robot says of a run by ``get_fitness``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from trading_ai.engine.records import TALLY
from trading_ai.engine.runs import Ran, RunRequest, tallies_of
from trading_ai.errors import EvaluationError
from trading_ai.runners.cbot.account import RobotAccount
from trading_ai.runners.cbot.unsupported import Supported, unsupported


class FitnessArguments(Supported):
    """Figures of a run, by the platform's names; money in account currency, percentages from 0 to 100."""

    shown_as = "args"

    def __init__(self, ran: Ran, request: RunRequest, account: RobotAccount) -> None:
        self.History, self.Positions, self.PendingOrders = account.History, account.Positions, account.PendingOrders
        tallies = tallies_of(ran, request.data, request.account)

        def tally(name: str) -> float:
            return float(tallies[TALLY[name]])

        self.TotalTrades = int(tally("n_trades"))
        self.WinningTrades, self.LosingTrades = int(tally("n_wins")), int(tally("n_losses"))
        self.NetProfit = tally("sum_net")
        self.Equity = tally("final_equity")
        self.Balance = request.account.capital + self.NetProfit
        self.MaxEquityDrawdown = tally("equity_drawdown")
        self.MaxEquityDrawdownPercentages = 100.0 * tally("equity_drawdown_fraction")
        self.MaxBalanceDrawdown = tally("balance_drawdown")
        self.MaxBalanceDrawdownPercentages = 100.0 * tally("balance_drawdown_fraction")
        self.AverageTrade = self.NetProfit / self.TotalTrades if self.TotalTrades else 0.0
        lost = -tally("gross_loss")
        self.ProfitFactor = tally("gross_profit") / lost if lost > 0.0 else float("inf")

    @property
    def SharpeRatio(self) -> float:
        """Refused: the platform does not say how it is worked out."""
        unsupported("args.SharpeRatio", _OUR_RATIOS)

    @property
    def SortinoRatio(self) -> float:
        """Refused likewise."""
        unsupported("args.SortinoRatio", _OUR_RATIOS)


_OUR_RATIOS = (
    "The platform does not say how it works this ratio out. Rank by that of this program instead: "
    "--objective sharpe_ratio or sortino_ratio."
)


def fitness_of(robot: Any, ran: Ran, request: RunRequest, account: RobotAccount, log: Callable[[str], None]) -> float:
    """What a robot says of a run by ``get_fitness``, written into its log too; NaN where it says nothing.

    Raises:
        EvaluationError: what it says is no number.
    """
    asked = getattr(robot, "get_fitness", None)
    if asked is None:
        return math.nan
    said = asked(FitnessArguments(ran, request, account))
    log(f"fitness {said}")
    try:
        return float(said)
    except (TypeError, ValueError):
        raise EvaluationError(f"get_fitness gave {said!r}, which is no number") from None
