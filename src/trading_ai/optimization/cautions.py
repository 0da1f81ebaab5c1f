"""What a result must not be shown without: its costs in words, and what speaks against it.

Made here once, so that the command line, the HTTP API, reports and notebooks say the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trading_ai.engine.costs import Costs
from trading_ai.evaluation.declared import SETTINGS
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.settings import set_account
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.objective import Objective
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, OptimizationRecord, TrialPage, is_as_reported
from trading_ai.optimization.standing import n_ruined, why_nothing_ranks

FEW_TRADES = 30
"""Trades below which a result is said to rest on few, as the verdict asks for; see `Thresholds.n_trades`."""

LARGE_POSITION = 10.0
"""Times the capital above which the value of a position is said."""

LARGE_DRAWDOWN = 50.0
"""Percent of the highest equity from which on a fall is said."""

WITHOUT_COSTS = "without costs"

REPLACED_EXITS = ("stop_loss", "take_profit", "trailing_stop", "break_even", "time_exit")
"""Parameters of a replay that put another exit in the place of a trade's own."""

AS_REPORTED = "as the report has them: the profits are those of the platform that made them"
"""Costs of a backtest that was made elsewhere and not replayed."""

Metrics = Mapping[str, float]


@dataclass(frozen=True)
class Said:
    """What goes with a result wherever it is shown.

    Attributes:
        costs_stated: the costs that were charged, in words; begins with "without costs" where there are none.
        warnings: what speaks against the result, a sentence or two each.
    """

    costs_stated: str
    warnings: tuple[str, ...]


def said_of_backtest(record: BacktestRecord) -> Said:
    """What goes with a backtest."""
    spec = record.spec
    if is_as_reported(record):
        return Said(AS_REPORTED, cautions(AS_REPORTED, record.metrics, _money(spec), "This backtest"))
    costs = costs_stated(spec.costs, spec.account_currency, has_spread(record.metrics))
    return Said(costs, cautions(costs, record.metrics, _money(spec), "This backtest"))


def said_of_optimization(store: Store, record: OptimizationRecord, rank: int = 1) -> Said:
    """What goes with an optimization, or with its trial of some rank.

    Args:
        store: holds the trials.
        record: the optimization.
        rank: of the trial that is shown as its result.
    """
    base = store.backtest(record.spec.backtest_id)
    shown = store.ranked(record.optimization_id, 1, rank - 1) if record.best_index is not None else None
    best = _metrics_of(shown)
    spread = has_spread(base.metrics)
    if not spread and best:
        spread = has_spread(best) or spread
    costs = costs_stated(_costs_of(base.spec, record, shown), base.spec.account_currency, spread)
    name = "The best trial" if rank == 1 else f"The trial of rank {rank}"
    warnings = cautions(costs, best, _money(base.spec), name, record.spec.objective, is_best=rank == 1)
    if base.spec.trades_id is not None:
        warnings += _on_replay(base.spec, record, shown)
    lost = n_ruined(store, record) if best else None
    if lost:
        warnings += (f"{lost:,} of {record.n_completed:,} trials ruined the account: they rank last.",)
    if record.best_index is None and record.n_completed and record.status != "running":
        warnings += why_nothing_ranks(store, record)
    return Said(costs, warnings)


def _costs_of(spec: BacktestSpec, record: OptimizationRecord, shown: TrialPage | None) -> Costs:
    """The costs of the trial that is shown, some of which may have been searched."""
    if shown is None or not shown.indices.size:
        return spec.costs
    values = record.spec.space.combination(int(shown.indices[0]))
    searched = {n: v for n, v in values.items() if SETTINGS.get(n) == "costs" and n not in spec.parameters}
    return set_account(spec.sizing, spec.costs, spec.rules, searched)[1]


def _on_replay(spec: BacktestSpec, record: OptimizationRecord, shown: TrialPage | None) -> tuple[str, ...]:
    """That a trade with another exit is not what its robot would have done."""
    values = dict(spec.parameters)
    if shown is not None and shown.indices.size:
        values |= record.spec.space.combination(int(shown.indices[0]))
    replaced = [name for name in REPLACED_EXITS if values.get(name, 0.0)]
    if values.get("keep_exits") is False:
        replaced.append("keep_exits")
    if not replaced:
        return ()
    return (
        f"The entries are fixed and their exits replaced ({', '.join(replaced)}): the robot itself, still in a trade, "
        "would have left out some of the entries that followed. Wide stops look better here than they are; "
        "max_positions=1 leaves such entries out, and running the robot again tells.",
    )


def _money(spec: BacktestSpec) -> str:
    return f"{spec.capital:,.2f} {spec.account_currency}"


def cautions(
    costs: str, metrics: Metrics, money: str, name: str, objective: Objective | None = None, *, is_best: bool = True
) -> tuple[str, ...]:
    """What speaks against a result, a sentence or two each.

    Args:
        costs: what `costs_stated` says.
        metrics: of the result; empty where there is none.
        money: the capital with its currency.
        name: what the result is called, at the beginning of a sentence.
        objective: what it was ranked by; None for a single backtest, whose loss needs no mention.
        is_best: whether it is the first of its ranking.
    """
    return (*_on_costs(costs), *(_on_result(metrics, money, name, objective, is_best=is_best) if metrics else ()))


def has_spread(metrics: Metrics) -> bool | None:
    """Whether a spread was paid, in the trades that were made; None where there were none."""
    if metrics.get("spread_paid", 0.0) > 0.0:
        return True
    return False if metrics.get("total_trades", 0.0) > 0.0 else None


def costs_stated(costs: Costs, currency: str, spread: bool | None) -> str:
    """The costs that are charged, in words.

    Args:
        costs: as they were given.
        currency: of the account.
        spread: whether a spread was paid; None where that is not known.
    """
    paid: list[str] = []
    missing: list[str] = []

    def add(is_charged: bool, words: str, name: str) -> None:
        (paid if is_charged else missing).append(words if is_charged else name)

    if costs.spread_pips is None and spread is None:
        paid.append("the data's own spread, if it has one")
    else:
        own = costs.spread_pips is None
        words = "the data's own spread" if own else f"spread {_amount(costs.spread_pips or 0.0, 'pip')}"
        add(bool(spread) if own else bool(costs.spread_pips), words, "spread")
    commissions = [
        f"{value:g} {unit}"
        for value, unit in (
            (costs.commission_per_lot, f"{currency} a lot"),
            (costs.commission_per_million, f"{currency} a million"),
            (costs.commission_percent, "%"),
            (costs.commission_per_trade, f"{currency} a trade"),
        )
        if value
    ]
    add(bool(commissions), f"commission {' and '.join(commissions)} for each side", "commission")
    add(bool(costs.slippage_pips), f"slippage {_amount(costs.slippage_pips, 'pip')}", "slippage")
    unit = "pips" if costs.swap_unit == "pips" else f"{currency} a lot"
    swap = f"swap {costs.swap_long:g} long and {costs.swap_short:g} short ({unit} a night)"
    add(bool(costs.swap_long or costs.swap_short), swap, "swap")
    if len(missing) == 4:
        return f"{WITHOUT_COSTS}: no {', '.join(missing[:-1])} or {missing[-1]}"
    if len(missing) == 3 and costs.spread_pips is None and spread is None:
        return f"{paid[0]}; no {', '.join(missing[:-1])} or {missing[-1]}"
    return ", ".join(paid) + ("; no " + _either(missing) if missing else "")


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


def _amount(value: float, unit: str) -> str:
    return f"{value:g} {unit}" + ("" if value == 1.0 else "s")


def _metrics_of(page: TrialPage | None) -> dict[str, float]:
    if page is None or not page.indices.size:
        return {}
    return dict(zip(METRIC_NAMES, page.metrics[0].tolist(), strict=True))


def _on_costs(stated: str) -> list[str]:
    if not stated.startswith(WITHOUT_COSTS):
        return []
    return [
        "Without costs every figure is better than an account's: give spread_pips (--spread), commission_per_lot, "
        "slippage_pips (--slippage), swap_long and swap_short."
    ]


def _on_result(metrics: Metrics, money: str, name: str, objective: Objective | None, *, is_best: bool) -> list[str]:
    """What speaks against one result."""
    found = []
    trades, change = metrics.get("total_trades", math.nan), metrics.get("return_percent", math.nan)
    if metrics.get("ruined", 0.0) > 0.0:
        found.append(f"{name} ruined the account: its equity reached zero, and everything was closed.")
    times = metrics.get("position_percent", math.nan) / 100.0
    if times > LARGE_POSITION:
        found.append(
            f"{name} has positions worth {times:,.0f} times the capital of {money}: a move of {100.0 / times:.2g} % "
            "against one loses everything. Give a smaller size."
        )
    stop_outs = metrics.get("stop_outs", 0.0)
    if stop_outs > 0.0 and not metrics.get("ruined", 0.0) > 0.0:
        found.append(f"{name} was stopped out by its margin {stop_outs:,.0f} time{'' if stop_outs == 1.0 else 's'}.")
    fall = metrics.get("max_drawdown_percent", math.nan)
    if fall >= LARGE_DRAWDOWN and not metrics.get("ruined", 0.0) > 0.0:
        found.append(f"{name} fell by {fall:.0f} % of its highest equity on the way: few would have held on.")
    if trades == 0.0:
        found.append(f"{name} made no trade.")
    elif trades < FEW_TRADES:
        wins = metrics.get("win_rate", math.nan)
        won = "" if math.isnan(wins) else f" ({wins:.0f} % of them won)"
        found.append(
            f"{name} rests on {trades:,.0f} trade{'' if trades == 1.0 else 's'}{won}: fewer than {FEW_TRADES} say next "
            "to nothing about what comes next."
        )
    if objective is not None and change < 0.0:
        text = f"{name} lost money: {change:,.2f} % of {money}"
        value = metrics.get((objective.plateau_of or objective.name), math.nan)
        if objective.promises_profit and value > 0.0:
            text += f", although its {objective.plateau_of or objective.name} is {value:.2f} (a mean of daily returns)"
        found.append(text + ".")
        if is_best and objective.promises_profit:
            found.append("No trial that ranks made money: the best of them is the one that lost least.")
    return found
