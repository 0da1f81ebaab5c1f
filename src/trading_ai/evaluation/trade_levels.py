"""Where the stops and targets of trades stood: told again by the rules that made them, as trades do not carry them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.engine.plan_columns import MARKET
from trading_ai.engine.records import BREAK_EVEN, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP
from trading_ai.engine.reference import ReferenceSimulator
from trading_ai.engine.reference_account import Exits, Position
from trading_ai.engine.reference_plans import PlannedReference
from trading_ai.engine.simulate import SignalGroup
from trading_ai.evaluation.job import space_evaluator, strategy_as_started
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Artifacts
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.market.symbol import Symbol
from trading_ai.parameters import SearchSpace, Value
from trading_ai.strategies.replay import Replay

Trades = npt.NDArray[np.void]

WALKED = 200_000
"""Bars that moving stops are followed over, of all trades together."""

CLOSED_BY = "Where its stops and targets stood is not recorded of {}: drawn is the level that closed a trade."
_NOT_FOLLOWED = "Stops that move are drawn where they stood at the entry: these trades are too long to follow them."
_BY_BAR = "Exit prices that the strategy names anew for each bar are not drawn."
_STOPS = (STOP_LOSS, TRAILING_STOP, BREAK_EVEN)


@dataclass(frozen=True)
class TradeLevels:
    """Stop and target of a trade.

    Attributes:
        stop: price of the stop at the entry, quote currency; NaN for none, or where nobody knows.
        target: price of the target likewise.
        moves: each later place of the stop: open of the first bar at which it counts (ns, UTC), and its price.
    """

    stop: float = math.nan
    target: float = math.nan
    moves: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class LevelsFound:
    """Stops and targets of some trades.

    Attributes:
        levels: one for each trade, in their order.
        notes: what is not told by them, a sentence each.
    """

    levels: tuple[TradeLevels, ...]
    notes: tuple[str, ...] = ()


def levels_of(
    spec: BacktestSpec, strategy_hash: str, engine_version: str, artifacts: Artifacts, trades: Trades
) -> LevelsFound:
    """Stops and targets of trades of a backtest.

    A strategy's signals are asked for again, and the reference simulator says what each entry aims at. A list of trades
    has its own. Of runs that place their own orders only the level that closed a trade is known.

    Args:
        spec: the backtest.
        strategy_hash: identity of its strategy when it ran.
        engine_version: the engine's version then.
        artifacts: holds bars and lists of trades.
        trades: some of its trades, `records.TRADE`, shape (n,).

    Raises:
        TradingAIError: bars or strategy are gone, or have changed since.
    """
    chosen = strategy_as_started(spec, strategy_hash, engine_version)
    if isinstance(chosen, Replay):
        listed = artifacts.load_trades(chosen.trades_id).trades
        symbol = artifacts.load_bars(spec.dataset_id).symbol if spec.dataset_id else None
        return of_list(listed, trades, spec.parameters, symbol)
    evaluator = space_evaluator(spec, SearchSpace(()), {}, artifacts, chosen)
    if not isinstance(evaluator, SweepEvaluator):
        return that_closed(trades, "a strategy that places its own orders")
    return of_signals(*evaluator.orders_of({}), trades)


def that_closed(trades: Trades, whose: str) -> LevelsFound:
    """The levels that trades were closed by: what a trade itself says of them.

    Args:
        trades: `records.TRADE`, shape (n,).
        whose: kind of run, in words.
    """
    levels = []
    for trade in trades:
        reason, price = int(trade["exit_reason"]), float(trade["exit_price"])
        stop, target = price if reason in _STOPS else math.nan, price if reason == TAKE_PROFIT else math.nan
        levels.append(TradeLevels(stop, target))
    return LevelsFound(tuple(levels), (CLOSED_BY.format(whose),))


def of_signals(group: SignalGroup, exits: Exits, trades: Trades) -> LevelsFound:
    """Stops and targets of trades that were made of signals.

    Args:
        group: the orders, and what they are carried out on.
        exits: the exit parameters.
        trades: trades of these, `records.TRADE`, shape (n,).
    """
    account, plan = group.account, group.orders.plan
    kind = ReferenceSimulator if plan is None else PlannedReference
    simulator = kind(
        group.data, group.orders, group.bar_map, exits,
        capital=account.capital, sizing=account.sizing, costs=account.costs, rules=account.rules,
    )  # fmt: skip
    times = group.data.bars.open_time_ns
    left, is_cut, found = WALKED, False, []
    for trade in trades:
        first, last = (int(np.searchsorted(times, trade[f"{end}_time_ns"])) for end in ("entry", "exit"))
        opened = _opened(simulator, trade, first)
        if opened is None:
            found.append(TradeLevels())
            continue
        position, can_follow = opened
        stop, moves = position.stop, []
        if position.trail or exits.break_even:
            is_long = last - first > left or not can_follow
            is_cut |= is_long
            moves = [] if is_long else _followed(simulator, position, first, last, times)
            left -= 0 if is_long else last - first
        found.append(TradeLevels(_known(stop), _known(position.target), tuple(moves)))
    notes = [_NOT_FOLLOWED] if is_cut else []
    notes += [_BY_BAR] if plan is not None and plan.exits.size else []
    return LevelsFound(tuple(found), tuple(notes))


def _opened(simulator: ReferenceSimulator, trade: np.void, bar: int) -> tuple[Position, bool] | None:
    """A trade's position as it was opened, and whether its stop can be followed; None where no order tells of it."""
    side, entry = int(trade["direction"]), float(trade["entry_price"])
    if not isinstance(simulator, PlannedReference):
        aims = simulator.aims(side, simulator.anchor(bar, side, entry))
        return simulator.position(bar, side, float(trade["units"]), entry, aims), True
    row = int(np.searchsorted(simulator.plan.bar, bar, side="right")) - 1
    ordered = [] if row < 0 else simulator.ordered(int(simulator.plan.bar[row]))
    order = next((order for order in ordered if order.side == side), None)  # a straddle has one of each side
    if order is None:
        return None
    aims = simulator.aims_of(order, entry)
    # What the bar of a fill at a price of its own had for the position is known to the run alone.
    return simulator.position(bar, side, float(trade["units"]), entry, aims), order.kind == MARKET


def _followed(
    simulator: ReferenceSimulator, position: Position, first: int, last: int, times: npt.NDArray[np.int64]
) -> list[tuple[int, float]]:
    """Each place that a stop is moved to until the bar of the exit."""
    moves: list[tuple[int, float]] = []
    simulator.open = [position]
    for bar in range(first, last):
        before = position.stop
        simulator.after_bar(bar)
        if position.stop != before:
            moves.append((int(times[bar + 1]), position.stop))
    simulator.open = []
    return moves


def _known(level: float) -> float:
    return level if math.isfinite(level) else math.nan


def of_list(
    listed: Trades, trades: Trades, parameters: Mapping[str, Value], symbol: Symbol | None = None
) -> LevelsFound:
    """Stops and targets of trades that a list holds, or that a replay of it gave other ones.

    Args:
        listed: the list, `trade_list.LISTED_TRADE`.
        trades: trades of the backtest, `records.TRADE`, shape (n,).
        parameters: those of the replay; what is 0 or missing leaves each trade its own.
        symbol: what was traded; None where trades are as they were reported.
    """
    places: dict[tuple[int, float], list[int]] = {}
    for place, each in enumerate(listed[["direction", "entry_price"]].tolist()):
        places.setdefault(each, []).append(place)

    def far(name: str) -> float:
        return 0.0 if symbol is None else float(parameters.get(name, 0.0)) * symbol.pip_size

    scale = 1.0 if symbol is None else 10.0 ** (symbol.digits + 2)
    found = []
    for trade in trades:
        side, entry = int(trade["direction"]), float(trade["entry_price"])
        same = np.array(places.get((side, entry), []), dtype=np.int64)
        levels = [math.nan, math.nan]
        if same.size:
            nearest = same[np.abs(listed["entry_time_ns"][same] - trade["entry_time_ns"]).argmin()]
            levels = [float(listed[nearest][name]) for name in ("stop_loss", "take_profit")]
        for i, (name, direction) in enumerate((("stop_loss", -side), ("take_profit", side))):
            if far(name):
                levels[i] = math.floor((entry + direction * far(name)) * scale + 0.5) / scale
        found.append(TradeLevels(levels[0], levels[1]))
    moving = any(far(name) for name in ("trailing_stop", "break_even"))
    notes = ["Stops that move are drawn where they stood at the entry."] if moving else []
    if not any(math.isfinite(each.stop) or math.isfinite(each.target) for each in found):
        notes.append("The list of trades says nothing of stops and targets.")
    return LevelsFound(tuple(found), tuple(notes))
