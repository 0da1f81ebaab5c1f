"""What counts as better: an objective, and constraints that a trial must hold."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, METRICS, metric

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_OPERATORS: dict[str, Callable[[Floats, float], Bools]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*([A-Za-z_]\w*)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*")


@dataclass(frozen=True)
class Objective:
    """A metric to rank by.

    Attributes:
        name: the metric.
        better: +1 if more is better, -1 if less is.
    """

    name: str
    better: int

    @classmethod
    def parse(cls, name: str) -> Objective:
        """Read a metric's name.

        Raises:
            ParameterError: there is no such metric, or neither direction of it is better.
        """
        found = metric(name)
        if not found.better:
            raise ParameterError(
                "is a metric of which neither more nor less is better",
                parameter="objective",
                value=name,
                remedy="Use one of " + ", ".join(m.name for m in METRICS if m.better),
            )
        return cls(found.name, found.better)

    def scores(self, metrics: Floats) -> Floats:
        """Larger is better, NaN where undefined; `metrics` has shape (m, n_metrics), the result (m,)."""
        values = metrics[:, METRIC_COLUMN[self.name]] * float(self.better)
        result: Floats = np.where(np.isfinite(values), values, np.nan)
        return result

    def value(self, score: float) -> float:
        """The metric's value of a score."""
        return score * self.better


@dataclass(frozen=True)
class Constraint:
    """A condition on one metric, such as ``total_trades >= 30``; an undefined metric never holds it."""

    name: str
    comparison: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Read ``METRIC OPERATOR NUMBER``; the operators are >=, <=, >, <, == and !=.

        Raises:
            ParameterError: the text has another shape, or the metric is unknown (the known ones are listed).
        """
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise ParameterError(
                "must look like METRIC OPERATOR NUMBER",
                parameter="--where",
                value=text,
                remedy='Example: "total_trades >= 30"; operators: ' + " ".join(_OPERATORS),
            )
        name, comparison, number = match.groups()
        if name not in METRIC_COLUMN:
            raise ParameterError(
                f"{name} is not a known metric",
                parameter="--where",
                value=text,
                remedy="Use one of " + ", ".join(METRIC_NAMES),
            )
        try:
            bound = float(number)
        except ValueError:
            bound = math.nan
        if not math.isfinite(bound):
            raise ParameterError(f"{number} is not a number", parameter="--where", value=text)
        return cls(name, comparison, bound)

    def holds(self, metrics: Floats) -> Bools:
        """Whether each trial holds it, shape (m,)."""
        values = metrics[:, METRIC_COLUMN[self.name]]
        held: Bools = _OPERATORS[self.comparison](values, self.bound) & ~np.isnan(values)
        return held

    def __str__(self) -> str:
        return f"{self.name} {self.comparison} {self.bound:g}"


def feasible(constraints: Sequence[Constraint], metrics: Floats) -> Bools:
    """Whether each trial holds every constraint, shape (m,); a failed trial (no metric at all) never does."""
    held: Bools = ~np.asarray(np.isnan(metrics).all(axis=1))
    for constraint in constraints:
        held &= constraint.holds(metrics)
    return held
