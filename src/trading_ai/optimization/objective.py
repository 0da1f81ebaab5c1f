"""What counts as better: an objective, and constraints that a trial must hold."""

from __future__ import annotations

import hashlib
import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import ChangedError, ParameterError
from trading_ai.expressions import parse_expression
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, METRICS, metric
from trading_ai.metrics.names import full_name, full_names, metric_named
from trading_ai.strategies.user_file import load_file, user_code

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
_CONDITION = re.compile(r"\s*([A-Za-z_]\w*%?)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*")


Values = Callable[[Floats], Floats]
UserFunction = Callable[[dict[str, Floats]], Any]
"""A user's objective: from columns of metrics by name, shape (m,) each, to numbers, shape (m,); more is better."""

NAMED = {
    "ctrader_fitness": "net_profit * round(win_rate * total_trades / 100) / (1 + max_drawdown_percent / 100)",
}
"""Formulas that have a name. cTrader's default fitness: net profit x winning trades / (1 + equity drawdown)."""

PROMISE_PROFIT = frozenset({"sharpe_ratio", "sortino_ratio"})
"""Objectives that are arithmetic means of returns: above zero they are read as a profit, which they need not be."""

_RETURN = METRIC_COLUMN["return_percent"]

ENTRY_POINT_GROUP = "trading_ai.objectives"
_PLATEAU = re.compile(r"plateau(?:\((.+)\))?")
_IN_FILE = re.compile(r"(.+\.py):([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Objective:
    """What to rank by: a metric, a formula of metrics, or a user's function.

    Attributes:
        name: as the user wrote it.
        better: +1 if more is better, -1 if less is.
        unit: unit of the values, as metrics have one.
        values: the objective of each row of a metrics matrix, from shape (m, n_metrics) to (m,).
        plateau_of: the objective that these values are of, where a complete optimization is ranked by plateau
            scores: a trial by the median over it and its neighbours on the grid. Else "".
        is_kept: whether it was stored and is read when it is used; see `bound`.
    """

    name: str
    better: int
    unit: str = "ratio"
    values: Values = field(default=lambda metrics: metrics[:, 0], repr=False, compare=False)
    plateau_of: str = ""
    is_kept: bool = field(default=False, compare=False)

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def own(self) -> Objective:
        """The objective of a trial by itself, without its neighbours."""
        return replace(self, name=self.plateau_of, plateau_of="") if self.plateau_of else self

    @classmethod
    def kept(cls, text: str) -> Objective:
        """An objective that was stored, without running a user's code: what cannot be had is said when it is used."""
        plateau = _PLATEAU.fullmatch(text.strip())
        if plateau is not None and not _PLATEAU.fullmatch((plateau[1] or "").strip() or "-"):
            inner = cls.kept(plateau[1] or "sharpe_ratio")
            return replace(inner, name=text, plateau_of=inner.name)
        try:
            return cls.parse(text) if _is_data(text) else cls(text, 1, values=_later(text), is_kept=True)
        except ParameterError:
            return cls(text, 1, values=_later(text), is_kept=True)

    @classmethod
    def parse(cls, text: str | UserFunction) -> Objective:
        """Read an objective.

        A metric's name; ``ctrader_fitness``; a formula of metrics such as ``net_profit / (1 + max_drawdown)``, of
        which more is better; ``path/to/file.py:function`` or the name of an entry point in ``trading_ai.objectives``:
        a function from a dict of metric columns, each of shape (m,), to numbers of shape (m,), more being better.
        ``plateau(OBJECTIVE)`` picks the plateau of any of these; ``plateau`` alone is that of the Sharpe ratio. In
        Python, such a function may be given itself.

        Raises:
            ParameterError: there is no such metric or function, neither direction of the metric is better, the
                formula cannot be read, or it is neither text nor a function.
        """
        if not isinstance(text, str):
            if not callable(text):
                raise ParameterError(
                    "must be the name of a metric, a formula of metrics, or a function of their columns",
                    parameter="objective", value=text,
                    remedy='Examples: "sharpe_ratio", "net_profit / (1 + max_drawdown)", lambda m: m["net_profit"].',
                )  # fmt: skip
            name = getattr(text, "__name__", type(text).__name__)
            name = f"{name}()" if name in METRIC_COLUMN else name  # what is read of a metric is not read of it
            return cls(name, 1, values=_checked(text, name))
        plateau = _PLATEAU.fullmatch(text.strip())
        if plateau is not None:
            within = plateau[1] or "sharpe_ratio"
            if _PLATEAU.fullmatch(within.strip()):  # before it is read: thousands within each other end the stack
                raise ParameterError("is a plateau of a plateau", parameter="objective", value=text[:200])
            inner = cls.parse(within)
            name = text if inner.name == within else f"plateau({inner.name})"
            return replace(inner, name=name, plateau_of=inner.name)
        if full_name(text) in METRIC_COLUMN:
            text = full_name(text)
            found, column = metric(text), METRIC_COLUMN[text]
            if not found.better:
                raise ParameterError(
                    "is a metric of which neither more nor less is better",
                    parameter="objective",
                    value=text,
                    remedy="Use one of " + ", ".join(m.name for m in METRICS if m.better),
                )
            return cls(text, found.better, found.unit, lambda metrics: metrics[:, column])
        function = _plug_in(text)
        if function is not None:
            return cls(text, 1, values=_checked(function, text))
        if text not in NAMED and text.strip().isidentifier():
            metric_named(text, "objective")  # an unknown name: the error lists the known ones
        text = text if text in NAMED else full_names(text)
        formula = parse_expression(NAMED.get(text, text), METRIC_NAMES, parameter="objective", condition=False)
        if not formula.names:
            raise ParameterError("names no metric", parameter="objective", value=text)

        def values(metrics: Floats) -> Floats:
            return formula.evaluate({name: metrics[:, METRIC_COLUMN[name]] for name in formula.names})

        return cls(text, 1, values=values)

    @property
    def promises_profit(self) -> bool:
        """Whether a value above zero is read as a profit, and need not be one."""
        return (self.plateau_of or self.name) in PROMISE_PROFIT

    def measured(self, metrics: Floats) -> Floats:
        """The objective of each trial as it was measured, NaN where undefined or infinite, shape (m,)."""
        values = self.values(metrics)
        result: Floats = np.where(np.isfinite(values), values, np.nan)
        return result

    def scores(self, metrics: Floats) -> Floats:
        """What trials are ranked by: larger is better, NaN where undefined, shape (m,).

        The mean of a lost account's daily returns can be above zero: +50 % and -40 % are a mean of 5 % and a loss of
        10 %. Where the objective promises profit, a trial that lost money scores its (negative) return, as a fraction
        of the capital: it ranks below every trial that earned, and the larger loss below the smaller. A ruined
        account scores minus infinity, whatever the objective is.

        Args:
            metrics: columns as in `METRICS`, shape (m, n_metrics).
        """
        scores = self.measured(metrics) * float(self.better)
        if self.promises_profit:
            change = metrics[:, _RETURN]
            scores = np.where((change < 0.0) & ~np.isnan(scores), change / 100.0, scores)
        result: Floats = np.where(ruined(metrics), -np.inf, scores)
        return result

    def value(self, score: float) -> float:
        """The objective's value of a score; NaN where that is the return of a trial that lost money, see `scores`."""
        return math.nan if self.promises_profit and score < 0.0 else score * self.better


def _is_data(text: str) -> bool:
    """Whether a text is a metric or a formula, which need no code of others."""
    return (
        full_name(text) in METRIC_COLUMN
        or text in NAMED
        or not (_IN_FILE.fullmatch(text) or text.strip().isidentifier())
    )


def _later(text: str) -> Values:
    """The values of an objective that is read when they are asked for."""

    def values(metrics: Floats) -> Floats:
        return Objective.parse(text).values(metrics)

    return values


def functions_identity(objectives: Sequence[Objective]) -> str:
    """SHA-256 (hex) of the code of the users' functions among objectives, "" where there are none.

    Scores of two versions of a function must not mix; covers what the identity of a strategy covers.

    Raises:
        StrategyError: a file is gone, or cannot be run.
    """
    parts: list[str] = []
    for objective in objectives:
        in_file = _IN_FILE.fullmatch(str(objective.own))
        if in_file:
            code = user_code(load_file(Path(in_file[1]), "objective").__name__)
            assert code is not None
            parts += (f"function {in_file[2]}", *code.parts())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else ""


def bound(objectives: Sequence[Objective], functions_hash: str) -> tuple[Objective, ...]:
    """Objectives with the users' functions among them loaded now, once: what scores a run's trials stays the same.

    Args:
        objectives: as they were stored.
        functions_hash: identity that their functions had at the start; "" where that is not known.

    Raises:
        ChangedError: the code of one has changed since.
        StrategyError: a file is gone, or cannot be run.
        ParameterError: a formula can no longer be read.
    """
    if functions_hash:
        found = functions_identity(objectives)
        if found != functions_hash:
            names = ", ".join(str(each) for each in objectives if _IN_FILE.fullmatch(str(each.own)))
            raise ChangedError(
                f"the code of the objective {names} has changed since the start (hash {functions_hash[:12]} then, "
                f"{found[:12]} now): scores of the two must not mix. Restore the code, or start a new optimization."
            )
    return tuple(Objective.parse(str(each)) if each.is_kept else each for each in objectives)


def _plug_in(text: str) -> Callable[..., Any] | None:
    """The function that a text names, in a file or among the entry points; None if it names none."""
    in_file = _IN_FILE.fullmatch(text)
    if in_file:
        path, name = in_file.groups()
        function = getattr(load_file(Path(path), "objective"), name, None)
        if not callable(function):
            raise ParameterError(f"the file has no function {name}", parameter="objective", value=text)
        return cast(Callable[..., Any], function)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == text:
            return cast(Callable[..., Any], point.load())
    return None


def _checked(function: Callable[..., Any], name: str) -> Values:
    def values(metrics: Floats) -> Floats:
        columns = {name: metrics[:, column].copy() for name, column in METRIC_COLUMN.items()}
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(function(columns), dtype=np.float64)
        except Exception as error:  # whatever a user's function raises is reported as theirs
            raise ParameterError(
                f"the function raised {type(error).__name__}: {error}", parameter="objective", value=name
            ) from error
        if found.shape != (metrics.shape[0],):
            raise ParameterError(
                f"must give one number a trial, shape ({metrics.shape[0]},), not {found.shape}",
                parameter="objective",
                value=name,
            )
        return found

    return values


@dataclass(frozen=True)
class Constraint:
    """A condition on one metric, such as ``total_trades >= 30``; an undefined metric never holds it."""

    name: str
    comparison: str
    bound: float
    text: str = field(default="", compare=False)

    @classmethod
    def kept(cls, text: str) -> Constraint:
        """A condition that was stored: where it can no longer be read, that is said when it is used."""
        try:
            return cls.parse(text)
        except ParameterError:
            return cls(text, "", math.nan, text)

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
                parameter="constraints",
                value=text,
                remedy='Example: "total_trades >= 30"; operators: ' + " ".join(_OPERATORS),
            )
        name, comparison, number = match.groups()
        text = full_names(text)
        name = metric_named(name, "constraints").name
        try:
            bound = float(number)
        except ValueError:
            bound = math.nan
        if not math.isfinite(bound):
            raise ParameterError(f"{number} is not a number", parameter="constraints", value=text)
        return cls(name, comparison, bound, text)

    def holds(self, metrics: Floats) -> Bools:
        """Whether each trial holds it, shape (m,)."""
        if not self.comparison:
            Constraint.parse(self.text)  # says why it cannot be read
        values = metrics[:, METRIC_COLUMN[self.name]]
        held: Bools = _OPERATORS[self.comparison](values, self.bound) & ~np.isnan(values)
        return held

    @override
    def __str__(self) -> str:
        return self.text or f"{self.name} {self.comparison} {self.bound!r}"


def ruined(metrics: Floats) -> Bools:
    """Whether each trial's account lost everything, shape (m,)."""
    column = METRIC_COLUMN.get("ruined")
    if column is None:
        return np.zeros(metrics.shape[0], dtype=np.bool_)
    found: Bools = metrics[:, column] > 0.0
    return found


def feasible(constraints: Sequence[Constraint], metrics: Floats) -> Bools:
    """Whether each trial can rank, shape (m,): it holds every constraint, did not fail, and was not ruined."""
    held: Bools = ~np.asarray(np.isnan(metrics).all(axis=1)) & ~ruined(metrics)
    for constraint in constraints:
        held &= constraint.holds(metrics)
    return held
