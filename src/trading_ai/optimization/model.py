"""The nouns of an optimization: backtest specification, optimization, evaluated chunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trading_ai.errors import ParameterError
from trading_ai.expressions import Expression, parse_expression
from trading_ai.optimization.objective import Constraint, Objective
from trading_ai.options import Given
from trading_ai.parameters import SearchSpace
from trading_ai.search.stopping import StopRule

OptimizationStatus = Literal["running", "paused", "cancelled", "completed", "failed"]


DAILY_PROFIT_KEPT_UP_TO = 20_000
"""Combinations up to which daily profits are kept unless asked otherwise; those of more can be computed again."""


def keeps_daily_profit(space: SearchSpace) -> bool:
    """Whether daily profits are kept where nobody says."""
    return space.n_combinations <= DAILY_PROFIT_KEPT_UP_TO


FEWEST_TRADES = 10
"""Trades below which a trial does not rank where nobody says: fewer say nothing about what comes next."""

REQUIRE = "parameter_constraints"
"""What errors call a condition on parameters."""


def floor_text(min_trades: int) -> str:
    """The floor of trades as a constraint."""
    return f"total_trades >= {min_trades}"


_TEXTS = ("more_objectives", "constraints", "parameter_constraints")


def _objective(given: Objective | str) -> Objective:
    return Objective.parse(given) if isinstance(given, str) else given


def _condition(given: Expression | str) -> Expression:
    return parse_expression(given, None, parameter=REQUIRE, condition=True) if isinstance(given, str) else given


def _sharpe_ratio() -> Objective:
    return Objective.parse("sharpe_ratio")


@dataclass(frozen=True)
class OptimizationSpec:
    """What to search, how, and what counts as better.

    Attributes:
        backtest_id: the backtest whose other parameters stay as they are.
        space: the parameter ranges.
        method: name of the search method.
        max_iterations: number of combinations to try; None tries the whole space (grid only).
        seed: seed of methods that draw.
        objective: what to rank by.
        more_objectives: further ones; the trials that none beats in all of them are the Pareto front.
        constraints: conditions on results, such as ``total_trades >= 30``; a trial that breaks one ranks
            below all that hold them.
        keep_daily_profit: keep each trial's daily profits for later statistics.
        batch_size: combinations that a method that learns proposes before it is told their results; `bayesian` and
            `gaussian_process` at most a twelfth of the trials.
        parameter_constraints: conditions on parameters, such as ``fast < slow``; combinations that break one are
            not part of the space.
        max_seconds: stop after so long; None for no limit.
        stagnation: stop after so many trials without a better one; None for no limit.
        reuse: answer combinations that were tried before from the ledger instead of running them again.
        warm_start: let a method that learns begin with what earlier optimizations tried.
        datasets: where the symbol is searched, the dataset of each symbol; filled in by planning.
        functions_hash: identity of the users' functions among the objectives, or ""; filled in by planning.
        min_trades: a trial with fewer trades does not rank, as if it broke a constraint; 0 for no floor.
        look_ahead: what shows that the strategy reads the future, or ""; filled in by planning.

    Objectives and conditions may be given as texts.

    Raises:
        ParameterError: such a text cannot be read, or `min_trades` is negative.
    """

    backtest_id: str
    space: SearchSpace
    method: str = "grid_search"
    max_iterations: int | None = None
    seed: int = 0
    objective: Objective = field(default_factory=_sharpe_ratio)
    constraints: tuple[Constraint, ...] = ()
    keep_daily_profit: bool = False
    batch_size: int = 16
    parameter_constraints: tuple[Expression, ...] = ()
    max_seconds: float | None = None
    stagnation: int | None = None
    reuse: bool = True
    warm_start: bool = False
    more_objectives: tuple[Objective, ...] = ()
    datasets: Mapping[str, str] = field(default_factory=dict)
    functions_hash: str = ""
    min_trades: int = FEWEST_TRADES
    look_ahead: str = ""

    def __post_init__(self) -> None:
        if self.min_trades < 0:
            raise ParameterError(
                "must be 0 or more", parameter="min_trades", value=self.min_trades, remedy="0 lifts the floor."
            )
        # Texts are read here and nowhere else: what cannot be read is refused before anything is made of it.
        read = {
            "objective": _objective(self.objective),
            "more_objectives": tuple(map(_objective, self.more_objectives)),
            "constraints": tuple(Constraint.parse(c) if isinstance(c, str) else c for c in self.constraints),
            "parameter_constraints": tuple(map(_condition, self.parameter_constraints)),
        }
        for name, value in read.items():
            object.__setattr__(self, name, value)

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """Every objective, the one that trials are ranked by first."""
        return (self.objective, *self.more_objectives)

    @property
    def conditions(self) -> tuple[Constraint, ...]:
        """Everything that a trial must hold to rank: the constraints, and the floor of trades."""
        if not self.min_trades:
            return self.constraints
        return (
            *self.constraints,
            Constraint("total_trades", ">=", float(self.min_trades), floor_text(self.min_trades)),
        )

    @property
    def stop_rule(self) -> StopRule:
        """When to stop before everything was tried.

        Raises:
            ParameterError: a limit is not above zero.
        """
        return StopRule(max_seconds=self.max_seconds, stagnation=self.stagnation)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict; `from_json` reads it back."""
        texts = {name: [str(each) for each in getattr(self, name)] for name in _TEXTS}
        return {**vars(self), "space": self.space.to_json(), "objective": str(self.objective), **texts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OptimizationSpec:
        """Read what `to_json` wrote; what can no longer be read, or is a user's code, is read when it is used."""
        return cls(
            **{
                "min_trades": 0,  # what was stored before there was a floor was ranked without one
                **data,
                "space": SearchSpace.from_json(data["space"]),
                "objective": Objective.kept(data["objective"]),
                "more_objectives": tuple(map(Objective.kept, data.get("more_objectives", ()))),
                "constraints": tuple(map(Constraint.kept, data.get("constraints", ()))),
                "parameter_constraints": tuple(
                    Expression.kept(text, parameter=REQUIRE) for text in data.get("parameter_constraints", ())
                ),
            }
        )

    @classmethod
    def of(cls, backtest_id: str, space: SearchSpace, given: Given) -> OptimizationSpec:
        """The optimization with those options, see `trading_ai.options`; what is not given keeps its default.

        Daily profits are kept of a space that is small enough where nobody says (None).
        """
        values = dict(given.get("optimization", {}))
        if values.get("keep_daily_profit", False) is None:
            values["keep_daily_profit"] = keeps_daily_profit(space)
        return cls(backtest_id, space, **values)
