"""The nouns of an optimization: backtest specification, optimization, evaluated chunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trading_ai.options import Given
from trading_ai.parameters import SearchSpace

OptimizationStatus = Literal["running", "paused", "cancelled", "completed", "failed"]


DAILY_PROFIT_KEPT_UP_TO = 20_000
"""Combinations up to which daily profits are kept unless asked otherwise; those of more can be computed again."""


def keeps_daily_profit(space: SearchSpace) -> bool:
    """Whether daily profits are kept where nobody says."""
    return space.n_combinations <= DAILY_PROFIT_KEPT_UP_TO


@dataclass(frozen=True)
class OptimizationSpec:
    """What to search, how, and what counts as better.

    Attributes:
        backtest_id: the backtest whose other parameters stay as they are.
        space: the parameter ranges.
        method: name of the search method.
        max_iterations: number of combinations to try; None tries the whole space (grid only).
        seed: seed of methods that draw.
        objective: metric to rank by.
        more_objectives: further ones; the trials that none beats in all of them are the Pareto front.
        constraints: conditions on results, such as ``total_trades >= 30``; a trial that breaks one ranks
            below all that hold them.
        keep_daily_profit: keep each trial's daily profits for later statistics.
        batch_size: combinations that a method that learns proposes before it is told their results.
        parameter_constraints: conditions on parameters, such as ``fast < slow``; combinations that break one are
            not part of the space.
        max_seconds: stop after so long; None for no limit.
        stagnation: stop after so many trials without a better one; None for no limit.
        reuse: answer combinations that were tried before from the ledger instead of running them again.
        warm_start: let a method that learns begin with what earlier optimizations tried.
        datasets: where the symbol is searched, the dataset of each symbol; filled in by planning.
    """

    backtest_id: str
    space: SearchSpace
    method: str = "grid_search"
    max_iterations: int | None = None
    seed: int = 0
    objective: str = "sharpe_ratio"
    constraints: tuple[str, ...] = ()
    keep_daily_profit: bool = False
    batch_size: int = 16
    parameter_constraints: tuple[str, ...] = ()
    max_seconds: float | None = None
    stagnation: int | None = None
    reuse: bool = True
    warm_start: bool = False
    more_objectives: tuple[str, ...] = ()
    datasets: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, backtest_id: str, space: SearchSpace, given: Given) -> OptimizationSpec:
        """The optimization with those options, see `trading_ai.options`; what is not given keeps its default.

        Daily profits are kept of a space that is small enough where nobody says (None).
        """
        values = dict(given.get("optimization", {}))
        if values.get("keep_daily_profit", False) is None:
            values["keep_daily_profit"] = keeps_daily_profit(space)
        return cls(backtest_id, space, **values)
