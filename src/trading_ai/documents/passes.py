"""An imported optimization as JSON: its passes' judgement, and what it became."""

from __future__ import annotations

import math
from collections.abc import Sequence

from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, Uuid, finite, form
from trading_ai.optimization.passes import KeptPasses, PassJudgement, PassList
from trading_ai.parameters import Combination


@form()
class Pass(TypedDict):
    """One pass.

    Attributes:
        number: its place in the file, from 1.
        parameters: its searched parameters.
        fitness: as given.
        net_profit: where the file has it, account currency.
        max_drawdown_percent: where the file has it, of the equity, else of the balance.
    """

    number: int
    parameters: Combination
    fitness: Number
    net_profit: Number
    max_drawdown_percent: Number


@form(of=PassJudgement)
class Judgement(TypedDict):
    """What can be told of the passes; null where it cannot, and `unknown` says why.

    Attributes:
        best: the pass of the largest fitness, or null.
        plateau: the pass that stands among the best neighbours, or null.
        front: passes that none beats in both net profit and drawdown, the best net profit first.
    """

    n_passes: int
    n_places: int
    best: Pass | None
    above_mean: Number
    expected_above_mean: Number
    plateau: Pass | None
    plateau_score: Number
    best_neighbours: Number
    importance: dict[str, Number]
    front: list[Pass]
    forward_correlation: Number
    deflated_sharpe: Number
    annual_sharpe: Number
    n_effective: int
    overfitting_probability: Number
    unknown: list[str]


@form(of=PassList)
class ImportedOptimization(TypedDict):
    """An optimization of another platform that became one here.

    Attributes:
        id: the optimization.
        added: false where the same passes were imported before: it is that optimization then.
        name: what the user calls it.
        n_passes: passes in the file.
        parameters: searched parameters, with the number of values that each takes.
        judgement: what can be told of it.
    """

    id: Uuid
    added: bool
    name: str
    source: str
    origin: str
    strategy: str
    symbol: str
    timeframe: str
    period: str
    fitness_name: str
    n_passes: int
    parameters: dict[str, int]
    fixed: Combination
    judgement: Judgement
    notes: list[str]


@form()
class ImportedOptimizations(TypedDict):
    """Every optimization of an import.

    Attributes:
        imported: one for each file, and one for all reports of passes together.
    """

    imported: list[ImportedOptimization]


def imported_optimization_json(passes: PassList, judged: PassJudgement, kept: KeptPasses) -> ImportedOptimization:
    """An optimization of another platform that became one here.

    Args:
        passes: what was read.
        judged: what can be told of it.
        kept: what became of it.
    """
    return {
        "id": kept.record.optimization_id,
        "added": kept.added,
        "name": kept.record.name,
        "source": passes.source,
        "origin": passes.origin,
        "strategy": passes.strategy,
        "symbol": passes.symbol,
        "timeframe": passes.timeframe,
        "period": passes.period,
        "fitness_name": passes.fitness_name,
        "n_passes": len(passes.values),
        "parameters": {name: len({str(row[i]) for row in passes.values}) for i, name in enumerate(passes.names)},
        "fixed": dict(passes.fixed),
        "judgement": {
            "n_passes": judged.n_passes,
            "n_places": judged.n_places,
            "best": _pass(passes, judged.best),
            "above_mean": finite(judged.above_mean),
            "expected_above_mean": finite(judged.expected_above_mean),
            "plateau": _pass(passes, judged.plateau_pick),
            "plateau_score": finite(judged.plateau_score),
            "best_neighbours": finite(judged.best_neighbours),
            "importance": {name: finite(share) for name, share in judged.importance.items()},
            "front": [found for row in judged.front if (found := _pass(passes, row)) is not None],
            "forward_correlation": finite(judged.forward_correlation),
            "deflated_sharpe": finite(judged.deflated_sharpe),
            "annual_sharpe": finite(judged.annual_sharpe),
            "n_effective": judged.n_effective,
            "overfitting_probability": finite(judged.overfitting_probability),
            "unknown": list(judged.unknown),
        },
        "notes": list(passes.notes),
    }


def imported_optimizations_json(
    every: Sequence[tuple[PassList, PassJudgement, KeptPasses]],
) -> ImportedOptimizations:
    """Every optimization of an import."""
    return {"imported": [imported_optimization_json(*item) for item in every]}


def _pass(passes: PassList, row: int) -> Pass | None:
    if row < 0:
        return None
    falls = [passes.metrics[n] for n in ("max_drawdown_percent", "max_balance_drawdown_percent") if n in passes.metrics]
    profits = passes.metrics.get("net_profit")
    return {
        "number": row + 1,
        "parameters": dict(zip(passes.names, passes.values[row], strict=True)),
        "fitness": finite(float(passes.fitness[row])),
        "net_profit": finite(math.nan if profits is None else float(profits[row])),
        "max_drawdown_percent": finite(float(falls[0][row]) if falls else math.nan),
    }
