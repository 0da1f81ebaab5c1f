"""Random values of options, drawn from the table: an option that is added is drawn too."""

from __future__ import annotations

import keyword
import string
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import InputError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.metrics.catalog import METRICS
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.options import Group, Option, rows_of
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.search.registry import METHODS

# What a shell can hand over: no zero byte, and no half of a pair of UTF-16.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=12)
_TRAPS = ["10", "true", "1e3", "a,b", "a:b", "x=y", '"', '"a"', "it's", "$HOME", " ", "-5", "--no", "\\"]
ODD_TEXTS = st.one_of(TEXTS, st.sampled_from(_TRAPS))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.one_of(st.booleans(), st.integers(-(10**18), 10**18), NUMBERS, ODD_TEXTS)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)

_METRICS = st.sampled_from([metric.name for metric in METRICS if metric.better])
_SPACES = st.sampled_from(["", " ", "  "])
_NUMBERS = st.floats(0, 1e6).map(repr)
_FORMULAS = st.builds(
    "{0}{1}{2}{3}{4}{3}{5}".format,
    st.sampled_from(["", "-", "(1 + 2) *"]), _METRICS, _SPACES, _SPACES, st.sampled_from([*"+-*/", "**"]), _NUMBERS,
)  # fmt: skip
_OBJECTIVES = st.one_of(
    _METRICS, _FORMULAS, st.just("ctrader_fitness"), st.builds("plateau({})".format, st.one_of(_METRICS, _FORMULAS))
)
_CONDITIONS = st.builds(
    "{0}{1}{2}{3}{4}{5}".format,
    _SPACES, _METRICS, _SPACES, st.sampled_from([">=", "<=", "==", "!=", ">", "<"]), _SPACES, _NUMBERS,
)  # fmt: skip
_WORDS = NAMES.filter(lambda name: not keyword.iskeyword(name))
_REQUIREMENTS = st.one_of(
    st.builds("{0} {1} {2}".format, _WORDS, st.sampled_from(["<", ">=", "!="]), _NUMBERS),
    st.builds("{0} == {1!r}".format, _WORDS, ODD_TEXTS),
    st.builds("not {0} or {1} < -{2}".format, _WORDS, _WORDS, _NUMBERS),
)
READ: dict[str, st.SearchStrategy[Any]] = {
    "method": st.sampled_from([*METHODS]),
    "objective": _OBJECTIVES,
    "more_objectives": st.lists(_OBJECTIVES, max_size=3).map(tuple),
    "constraints": st.lists(_CONDITIONS, max_size=3).map(tuple),
    "parameter_constraints": st.lists(_REQUIREMENTS, max_size=3).map(tuple),
    "day_start": st.sampled_from(["17:00 America/New_York", "UTC", "NY+7", "9:30", "00:00 Asia/Tokyo"]),
    "look_ahead": st.just(""),
    "functions_hash": st.just(""),  # filled in by planning
}
"""Texts that must mean something."""


def value_of(row: Option) -> st.SearchStrategy[Any]:
    """Values that an option may have."""
    if row.kind in {"number", "whole"}:
        low = row.low if row.low is not None else row.above
        if row.kind == "whole":
            high = None if row.high is None else int(row.high)
            drawn: st.SearchStrategy[Any] = st.integers(None if low is None else int(low), high or 2**40)
        else:
            drawn = st.floats(low, row.high, exclude_min=row.above is not None, allow_nan=False, allow_infinity=False)
    else:
        drawn = {
            "yes_no": st.booleans(),
            "choice": st.sampled_from([*(row.choices or ["none"])]),
            "text": READ.get(row.field, ODD_TEXTS),
            "texts": READ.get(row.field, st.lists(ODD_TEXTS, max_size=3).map(tuple)),
            "moment": st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(str),
            "currency": st.text(string.ascii_uppercase, min_size=3, max_size=3),
            "dataset": st.text("0123456789abcdef", min_size=64, max_size=64),
            "timeframe": st.sampled_from(["M5", "H4", "D1"]),
        }[row.kind]
    usual = st.just(False) if row.decided else st.just(row.default)
    return st.one_of(usual, drawn) if not row.decided else st.booleans()


def fields_of(group: Group) -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a group, each drawn from its row."""
    return st.fixed_dictionaries({row.field: value_of(row) for row in rows_of(group) if row.kind != "object"})


def made(kind: Any, given: dict[str, Any]) -> Any:
    """What the fields make, or None where they do not fit each other."""
    try:
        return kind(**given)
    except InputError:
        return None


def groups_of(group: Group, kind: Any) -> st.SearchStrategy[Any]:
    """Instances of a group's dataclass."""
    return fields_of(group).map(lambda given: made(kind, given)).filter(lambda found: found is not None)


AXES = st.one_of(
    st.builds(Choices, NAMES, st.lists(VALUES, min_size=1, max_size=5, unique=True).map(tuple)),
    st.builds(ParameterRange, NAMES, st.integers(-99, 99), st.integers(100, 999), st.integers(1, 50)),
    st.builds(ParameterRange, NAMES, st.floats(-99, 99), st.floats(100, 999), st.floats(0.01, 50)),
)
SPACES = st.lists(AXES, min_size=1, max_size=4, unique_by=lambda axis: axis.name).map(lambda a: SearchSpace(tuple(a)))


@st.composite
def backtest_specs(draw: st.DrawFn, strategy: str = "mine.py:Mine") -> BacktestSpec:
    """Backtests with any options and any parameters."""
    found = made(
        BacktestSpec,
        {
            "strategy": strategy,
            "parameters": draw(st.dictionaries(NAMES, VALUES, max_size=5)),
            "dataset_id": draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
            "sizing": draw(groups_of("sizing", Sizing)),
            "costs": draw(groups_of("costs", Costs)),
            "rules": draw(groups_of("rules", ExecutionRules)),
            **draw(fields_of("backtest")),
        },
    )
    return found if found is not None else draw(backtest_specs(strategy))


def optimization_specs(backtest_id: str) -> st.SearchStrategy[OptimizationSpec]:
    """Optimizations with any options and any space."""
    fields = st.tuples(SPACES, fields_of("optimization"))
    return fields.map(lambda drawn: OptimizationSpec(backtest_id, drawn[0], **drawn[1]))
