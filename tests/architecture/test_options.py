"""The one table of options against what it describes: dataclasses, flags, requests, the library."""

from __future__ import annotations

import inspect
import types
from dataclasses import MISSING, fields
from typing import Literal, Union, get_args, get_origin, get_type_hints

import pytest
import typer

import trading_ai as ta
from trading_ai import library
from trading_ai.api import schemas
from trading_ai.api.imports import report_options, upload_options
from trading_ai.cli.main import app
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import InputError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.expressions import Expression
from trading_ai.importers.read import read_bars
from trading_ai.importers.trades.read import read_trades
from trading_ai.market.symbol import Symbol
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.objective import Constraint, Objective
from trading_ai.options import LIBRARY_NAMES, OPTIONS, Option, option, rows_of
from trading_ai.search.registry import METHODS

HELD_BY = {
    "backtest": BacktestSpec, "sizing": Sizing, "costs": Costs, "rules": ExecutionRules,
    "optimization": OptimizationSpec,
}  # fmt: skip
HELD = [(group, kind, item) for group, kind in HELD_BY.items() for item in fields(kind)]
TYPES = {
    "number": float, "whole": int, "yes_no": bool, "text": str, "texts": tuple[str, ...], "moment": str,
    "currency": str, "dataset": str, "timeframe": str,
}  # fmt: skip
READ = {
    "text": (Objective,),
    "texts": (tuple[Objective, ...], tuple[Constraint, ...], tuple[Expression, ...]),
}  # what a dataclass holds of texts that were read
COMMANDS = {
    "backtest": "backtest run", "sizing": "backtest run", "costs": "backtest run", "rules": "backtest run",
    "optimization": "optimize", "import": "data import",
    "report": "backtest import",
}  # fmt: skip
PLAIN = [row for row in OPTIONS if row.kind != "object"]


def parts_of(hint: object) -> list[object]:
    """The types of a union, or the one type."""
    return list(get_args(hint)) if get_origin(hint) in {Union, types.UnionType} else [hint]


def id_of(value: object) -> str | None:
    return f"{value.group}.{value.field}" if isinstance(value, Option) else None


@pytest.mark.parametrize(("group", "kind", "item"), HELD, ids=[f"{g}.{i.name}" for g, _, i in HELD])
def test_every_field_is_in_the_table_with_its_type_and_default(group, kind, item):
    row = option(group, item.name)
    if row.kind == "object":
        return
    hint = get_type_hints(kind)[item.name]
    plain = [part for part in parts_of(hint) if part is not types.NoneType]
    assert len(plain) == 1, hint
    if row.kind == "choice":
        assert get_origin(plain[0]) is Literal
        assert get_args(plain[0]) == tuple(row.choices)
    else:
        assert plain[0] in {TYPES[row.kind], *READ.get(row.kind, ())}
    made = item.default_factory() if item.default is MISSING else item.default
    default = row.plain(made)
    if row.decided:
        assert row.default is None, "what is decided where nobody says is no default of the table"
        return
    assert (row.default, type(row.default)) == (default, type(default))
    assert (types.NoneType in parts_of(hint)) == (row.default is None)


def test_every_row_is_a_field():
    held = {(group, item.name) for group, _, item in HELD}
    rows = [(row.group, row.field) for row in OPTIONS]
    assert len(set(rows)) == len(rows)
    assert {row for row in rows if row[0] not in {"library", "import", "report"}} == held


def test_every_option_of_an_import_is_an_argument_of_read_bars_or_a_field_of_a_symbol():
    taken = inspect.signature(read_bars).parameters
    described = {item.name for item in fields(Symbol)}
    for row in rows_of("import"):
        if row.field in taken:
            default = taken[row.field].default
            assert (default or None) == (row.default or None), row.field
        else:
            assert row.field in described, row.field
    known = {row.field for row in rows_of("import")}
    assert set(taken) - {"path", "symbol", "symbol_overrides"} <= known


def test_every_option_of_a_report_is_an_argument_of_read_trades():
    taken = inspect.signature(read_trades).parameters
    rows = {row.field: row for row in rows_of("report")}
    assert set(rows) - {"dataset_id"} == set(taken) - {"paths", "bars"}
    for name, row in rows.items():
        assert name == "dataset_id" or (taken[name].default or None) == (row.default or None), name


def test_a_row_says_why_it_has_no_flag_or_no_field_in_a_request():
    for row in OPTIONS:
        missing = not row.has_flag or not row.in_api
        is_group = row.field in HELD_BY and row.kind == "object"
        assert bool(row.without) == (missing and not is_group), id_of(row)


def command_of(path: str):
    found = typer.main.get_command(app)
    for name in path.split():
        found = found.commands[name]
    return found


@pytest.mark.parametrize("row", [row for row in OPTIONS if row.has_flag], ids=id_of)
def test_every_option_has_its_flag_with_type_unit_default_and_choices(row):
    command = command_of(COMMANDS[row.group])
    words = {word: p for p in command.params for word in [*p.opts, *p.secondary_opts]}
    if row.named_by:
        for choice in option(row.group, row.named_by).choices:
            assert f"--{choice.replace('_', '-')}" in words
        return
    if not row.shown_flag.startswith("-"):
        assert row.shown_flag in [p.metavar for p in command.params]
        return
    found = words[row.shown_flag]
    if row.kind == "object" or row.follows:
        assert found.help
        return
    assert row.described in found.help
    assert row.unit in found.help
    for choice in row.choices or {}:
        assert choice in found.metavar
        assert choice in found.help
    if row.kind == "yes_no":
        assert row.shown_off_flag in words
    default = tuple(found.default) if isinstance(found.default, list) else found.default
    assert default == ((row.default,) if row.field == "objective" else row.default)


def test_a_walk_forward_has_the_flags_and_fields_of_each_window():
    flags = {word for p in command_of("walk-forward").params for word in p.opts}
    for row in rows_of("optimization", each_window=True):
        assert row.shown_flag in flags
        assert row.api_name in schemas.WalkForwardBody.model_fields
    for row in rows_of("optimization"):
        if not row.each_window and row.kind != "object" and not row.follows:
            assert row.shown_flag not in flags
            assert row.api_name not in schemas.WalkForwardBody.model_fields


BODIES = {"backtest": schemas.BacktestBody, "optimization": schemas.OptimizeBody}


@pytest.mark.parametrize("row", [row for row in OPTIONS if row.in_api and row.group != "library"], ids=id_of)
def test_every_option_is_a_field_of_a_request(row):
    if row.group in {"import", "report"}:
        found = inspect.signature(upload_options if row.group == "import" else report_options).parameters[row.field]
        form = get_args(found.annotation)[-1]
        assert (form.alias, row.help in form.description) == (row.api_name, True)
        default = tuple(found.default) if isinstance(found.default, list) else found.default
        assert default == row.default
        return
    if row.group in BODIES:
        model = BODIES[row.group]
    else:
        model = schemas.GROUP_BODIES[row.group]
        assert schemas.BacktestBody.model_fields[row.group].annotation is model
    found = model.model_fields[row.api_name]
    if row.kind == "object":
        return
    assert row.help in found.description
    default = tuple(found.default) if isinstance(found.default, list) else found.default
    assert default == row.default
    values = model.model_json_schema()["properties"][row.api_name]
    for choice in row.choices or {}:
        assert choice in values["enum"]


def arguments_of(function) -> dict[str, inspect.Parameter]:
    return {
        name: p for name, p in inspect.signature(function).parameters.items() if p.kind is not p.VAR_KEYWORD
    }  # fmt: skip


def test_the_library_takes_what_the_table_says():
    taken: dict[str, inspect.Parameter] = {}
    for function in (library.make_evaluator, library.sweep, library.backtest):
        taken |= arguments_of(function)
    assert set(taken) == LIBRARY_NAMES
    for row in OPTIONS:
        if row.library and row.kind not in {"object", "dataset"} and not row.decided:
            default = taken[row.library].default
            assert (default, type(default)) == (row.default, type(row.default)), row.library
    for group in ("sizing", "costs", "rules"):
        assert taken[group].default == HELD_BY[group]()


def test_searches_of_a_notebook_take_what_commands_take():
    account = set(arguments_of(library.make_evaluator)) - {"n_threads"}
    own = {"name", "workers", "progress"}
    plain = {row.field for row in rows_of("optimization") if row.kind != "object" and row.has_flag}
    each_window = {row.field for row in rows_of("optimization", each_window=True)} | {"min_trades"}
    further = {"windows", "anchored", "compare"}  # of the walk-forward itself
    for function, fields_of, more in ((ta.optimize, plain, set()), (ta.walk_forward, each_window, further)):
        taken = arguments_of(function)
        assert set(taken) == account | own | more | fields_of - {"more_objectives"}  # a list of objectives
        for row in rows_of("optimization"):
            if row.field in taken and not row.decided:
                assert (taken[row.field].default or None) == (row.default or None), row.field
        for name, parameter in arguments_of(library.make_evaluator).items():
            assert name not in taken or taken[name].default == parameter.default, name


@pytest.mark.parametrize("row", [row for row in PLAIN if row.group in HELD_BY], ids=id_of)
def test_the_table_refuses_no_value_that_is_possible_and_no_less(row):
    """Inside the bounds of a row its dataclass is content; where the dataclass has a bound, it is the row's."""
    kind = HELD_BY[row.group]
    if row.kind not in {"number", "whole"}:
        return

    def refused(value: float) -> bool:
        given = {row.field: int(value) if row.kind == "whole" else value}
        try:
            row.check(given[row.field])
        except InputError:
            return True
        if kind in {Sizing, Costs, ExecutionRules}:
            kind(**given)  # raises where the table is too lenient
        return False

    inside = [v for v in (row.low, row.high) if v is not None] + ([row.above + 1e-9] if row.above is not None else [])
    for value in inside:
        assert not refused(value if row.kind == "number" else max(value, 1 if row.above is not None else value))
    if row.low is not None:
        assert refused(row.low - 1)
    if row.above is not None:
        assert refused(row.above)
    if row.high is not None:
        assert refused(row.high + 1)
    if row.kind == "number":
        assert refused(float("nan"))
        assert refused(float("inf"))


def test_every_search_method_is_named_in_its_help():
    for name in METHODS:
        assert name in option("optimization", "method").help


def test_which_methods_need_iterations_is_told():
    told = option("optimization", "max_iterations").help
    for name, method in METHODS.items():
        assert (name in told) == method.needs_max_iterations
