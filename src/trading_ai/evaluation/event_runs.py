"""Runs of event strategies: one combination of parameters, bar by bar."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import override

from trading_ai.engine.event_context import EventContext
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.errors import EvaluationError
from trading_ai.parameters import Value
from trading_ai.strategies.event import EventStrategy, overrides
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.identity import identity_parts


class EventRuns(Hosted):
    """An event strategy as a strategy that makes its own trades.

    Args:
        strategy: the strategy; a new object of its class is made for each run.
    """

    can_delay_entries = True

    def __init__(self, strategy: EventStrategy) -> None:
        self.of = strategy
        vars(self).update(name=strategy.name, parameters=strategy.parameters, rules=strategy.rules)

    @override
    def run(self, request: RunRequest) -> Ran:
        return run_events(with_parameters(self.of, request.parameters), request)

    @override
    def identity_parts(self) -> tuple[str, ...]:
        return identity_parts(self.of)


def with_parameters(strategy: EventStrategy, parameters: Mapping[str, Value]) -> EventStrategy:
    """A new object of a strategy's class that has these values as attributes.

    Raises:
        EvaluationError: its class cannot be made without arguments.
    """
    try:
        made = type(strategy)()
    except TypeError as error:
        raise EvaluationError(f"{type(strategy).__name__}() could not be made: {error}") from error
    for name, value in parameters.items():
        setattr(made, name, value)
    return made


def run_events(strategy: EventStrategy, request: RunRequest) -> Ran:
    """One run in plain Python.

    Args:
        strategy: with the parameters' values as attributes.
        request: bars, costs and account.
    """
    simulator = EventSimulator(
        request.data, request.account, netting=strategy.account_mode == "netting", entry_delay=request.entry_delay
    )
    ctx = EventContext(request.seen, simulator)
    strategy.on_start(ctx)
    hears = overrides(strategy, "on_trade")
    on_bar, move_to = strategy.on_bar, ctx.move_to

    def decide(bar: int) -> None:
        move_to(bar)
        if hears:
            for trade in ctx.new_trades():
                strategy.on_trade(ctx, trade)
        on_bar(ctx)

    ran = simulator.run(request.starts, decide, ctx.logged)
    ctx.move_to(len(request.seen) - 1)
    if hears:
        for trade in ctx.new_trades():
            strategy.on_trade(ctx, trade)
    strategy.on_stop(ctx)
    return ran
