"""A strategy that makes its own trades: those of a signal strategy, by another evaluator."""

from __future__ import annotations

import numpy as np

from trading_ai.engine.runs import Ran
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.parameters import SearchSpace
from trading_ai.strategies.base import Parameter
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.registry import signal_strategy


class Twin(Hosted):
    """Trades as a signal strategy does, with what it declares and a stop and a target as parameters of its own."""

    def __init__(self, name: str, raises_at: float = np.nan) -> None:
        self._of, self._raises_at = signal_strategy(name), raises_at
        levels = {n: Parameter(0.0, 0.0, 1000.0, name=n) for n in ("stop_loss", "take_profit")}
        self.parameters = {**self._of.parameters, **levels}
        self.rules, self.n_runs = self._of.rules, 0

    def run(self, request):
        self.n_runs += 1
        if request.parameters["stop_loss"] == self._raises_at:
            raise ValueError("this stop is not liked")
        assert request.starts[0] <= 0
        evaluator = SweepEvaluator(
            request.seen, self._of, SearchSpace(()), request.parameters, request.account,
            account_currency=request.account_currency,
        )  # fmt: skip
        result = evaluator.backtest()
        tallies = evaluator.metrics_of()
        return Ran(
            result.trades, result.equity,
            n_skipped=int(tallies["skipped_entries"]),
            slippage=tallies["slippage_paid"], spread=tallies["spread_paid"],
        )  # fmt: skip

    def identity_parts(self):
        return ("twin", self._of.name)
