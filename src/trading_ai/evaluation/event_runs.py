"""Runs of event strategies: one combination of parameters, bar by bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.event_compile import compiled
from trading_ai.engine.event_compiled_run import run_compiled
from trading_ai.engine.event_context import EventContext
from trading_ai.engine.event_portfolio import PortfolioSimulator
from trading_ai.engine.event_reading import CannotCompileError
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.event_reference_ticks import TickSimulator
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import EvaluationError, TradingAIError
from trading_ai.market.bars import Bars
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


def run_events(strategy: EventStrategy, request: RunRequest, *, compiles: bool = True) -> Ran:
    """One run: compiled, where the strategy's code can be compiled, in plain Python otherwise.

    Args:
        strategy: with the parameters' values as attributes.
        request: bars, costs and account.
        compiles: False runs it in plain Python in any case.
    """
    simulator = _simulator_for(strategy, request)
    ctx = EventContext(request.seen, simulator)
    strategy.on_start(ctx)
    is_used = simulator.requests or simulator.waiting or simulator.skipped
    if isinstance(simulator, PortfolioSimulator):
        is_used = is_used or simulator.trades_others
    if compiles and not is_used:
        try:
            return run_compiled(compiled(strategy), strategy, ctx, request)
        except EvaluationError:
            pass  # plain Python raises it too, and says of which value
        except TradingAIError:
            raise
        except Exception:  # noqa: BLE001 - plain Python can do it, or raises it too and says where
            pass
    return _run_plain(strategy, ctx, simulator, request)


def _simulator_for(strategy: EventStrategy, request: RunRequest) -> EventSimulator:
    """What carries out a strategy's orders in plain Python."""
    netting = strategy.account_mode == "netting"
    if request.seen.others and not overrides(strategy, "on_tick"):
        return PortfolioSimulator(request, netting=netting)
    kind = TickSimulator if overrides(strategy, "on_tick") else EventSimulator
    return kind(request.data, request.account, netting=netting, entry_delay=request.entry_delay)


def _run_plain(strategy: EventStrategy, ctx: EventContext, simulator: EventSimulator, request: RunRequest) -> Ran:
    hears = overrides(strategy, "on_trade")
    on_bar, move_to = strategy.on_bar, ctx.move_to

    def tell() -> None:
        for trade in ctx.new_trades():
            strategy.on_trade(ctx, trade)

    def decide(bar: int) -> None:
        move_to(bar)
        if hears:
            tell()
        on_bar(ctx)
        if isinstance(simulator, TickSimulator):
            simulator.on_tick = on_tick

    def on_tick() -> None:
        strategy.on_tick(ctx)

    ran = simulator.run(request.starts, decide)
    ctx.move_to(len(request.seen) - 1)
    if hears:
        tell()
    strategy.on_stop(ctx)
    return replace(ran, log=ctx.logged())


def why_not_compiled(strategy: EventStrategy, bars: Bars) -> str:
    """What keeps a strategy from being compiled, with the line of its file, or "" where nothing does.

    Args:
        strategy: the strategy.
        bars: some bars to try it on.
    """
    account = Account(10_000.0, Sizing(), Costs(), ExecutionRules())
    data = prepare(bars, account.costs, bars.symbol.quote_currency)
    made = with_parameters(strategy, {name: p.default for name, p in strategy.parameters.items()})
    starts = np.arange(len(bars))
    request = RunRequest(bars, starts, data, account.sized(data), bars.symbol.quote_currency, {})
    ctx = EventContext(bars, _simulator_for(made, request))
    made.on_start(ctx)
    try:
        run_compiled(compiled(made), made, ctx, request)
    except CannotCompileError as error:
        return str(error)
    return ""
