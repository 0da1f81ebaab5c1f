"""A trial under other conditions than its own, as JSON; undefined numbers are null."""

from __future__ import annotations

from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, Numbers, form
from trading_ai.robustness import stress
from trading_ai.studies import reruns


@form(of=stress.BootstrapBands)
class BootstrapBands(TypedDict):
    """What the same days might have given in other draws."""

    quantiles: Numbers
    cumulative_profit: list[Numbers]
    net_profit: Numbers
    max_drawdown: Numbers
    max_drawdown_percent: Numbers
    probability_of_loss: Number
    block_days: Number
    n_resamples: int
    seed: int


@form(of=stress.DroppedTrades)
class DroppedTrades(TypedDict):
    """Net profit without the best trades."""

    n_trades: int
    net_profit: Number
    n_dropped: list[int]
    net_profit_left: Numbers
    n_to_loss: int
    n_to_loss_percent: Number


@form(of=stress.MissedTrades)
class MissedTrades(TypedDict):
    """Net profit when some trades are missed at random."""

    share: Number
    quantiles: Numbers
    net_profit: Numbers
    probability_of_loss: Number
    n_draws: int
    seed: int


@form(of=stress.CostStress)
class CostStress(TypedDict):
    """How much dearer trading may become before nothing is earned; the trades stay as they are."""

    cost_per_trade: Number
    factors: Numbers
    net_profit: Numbers
    break_even_cost: Number
    break_even_factor: Number


@form(of=reruns.EntryDelay)
class EntryDelay(TypedDict):
    """The trial with every entry carried out some bars late; explicit exits keep their time."""

    bars: list[int]
    net_profit: Numbers
    total_trades: list[int]


@form(of=reruns.Jitter)
class Jitter(TypedDict):
    """The trial with its searched parameters shaken."""

    parameters: list[str]
    share: Number
    n_draws: int
    net_profit: Number
    quantiles: Numbers
    net_profits: Numbers
    probability_of_loss: Number
    seed: int


@form(of=reruns.SameBar)
class SameBar(TypedDict):
    """How much rests on the rule for bars that hold both the stop and the target."""

    n_trades: int
    n_ambiguous: int
    stop_first: Number
    target_first: Number


@form(of=reruns.Reruns)
class Reruns(TypedDict):
    """The judged trial under other conditions; null for what does not apply."""

    entry_delay: EntryDelay | None
    jitter: Jitter | None
    same_bar: SameBar
