"""The commands that a report prints tell the real command line the same, whatever the options and parameters.

That it then makes the same numbers, `tests/acceptance/test_reproduce.py` shows.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.effort import examples
from tests.fakes.option_values import NAMES, ODD_TEXTS, VALUES, backtest_specs, optimization_specs
from trading_ai.cli import backtests, importing, running
from trading_ai.cli.main import app
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.optimization.model import OptimizationSpec, keeps_daily_profit
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.options import OPTIONS, Option
from trading_ai.parameters import Choices, ParameterRange, SearchSpace, axis_text, parse_value, value_text
from trading_ai.reports import reproduce

STORED = "0" * 36


class _Taken(Exception):  # noqa: N818 - ends a command where its work would begin
    """What a command was told to do."""

    def __init__(self, told: Any) -> None:
        self.told = told


class Listening:
    """Stands where the application would, and takes down what it is asked for."""

    def __init__(self) -> None:
        self.backtests = self.service = self

    def run(self, spec: BacktestSpec, _name: str) -> None:
        raise _Taken(spec)

    def plan(self, spec: OptimizationSpec) -> None:
        raise _Taken(spec)


def told(command: str) -> Any:
    """What a shell command tells the application, by way of the real command line."""
    program, *arguments = shlex.split(command)
    assert program == "trading-ai"
    with pytest.MonkeyPatch.context() as patch:
        for module in (backtests, running):
            patch.setattr(module, "Application", Listening)
        found = CliRunner().invoke(app, arguments)
    assert isinstance(found.exception, _Taken), (command, found.output, found.exception)
    return found.exception.told


def records(backtest: BacktestSpec, search: OptimizationSpec) -> tuple[OptimizationRecord, BacktestRecord]:
    """Stored forms of both."""
    stored = BacktestRecord(STORED, "", backtest, "EURUSD", "H1", "", "", {}, 0.0)
    return OptimizationRecord(STORED, "", search, "completed", 1, 1, 0, "", "", 0.0), stored


def assert_told_again(backtest: BacktestSpec, search: OptimizationSpec) -> None:
    """The commands for both, parsed by the command line, mean both."""
    record, stored = records(backtest, search)
    run, optimize = reproduce.commands(record, stored, [], backtest.strategy)
    again = told(run)
    assert backtest.dataset_id.startswith(again.dataset_id)
    assert replace(again, dataset_id=backtest.dataset_id) == backtest, run
    assert repr(dict(again.parameters)) == repr(dict(backtest.parameters)), "types count"
    found = told(optimize)
    assert replace(found, backtest_id=STORED) == replace(search, datasets={}), optimize
    assert repr(found.space.to_json()) == repr(search.space.to_json())


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(backtest_specs(), optimization_specs(STORED))
def test_printed_commands_tell_the_command_line_the_same(backtest, search):
    assert_told_again(backtest, search)


@settings(max_examples=examples(500))
@given(NAMES, st.lists(VALUES, min_size=1, max_size=6, unique=True))
@example("x", ["", " a ", "1_000", "\n", "a\\", '"'])
def test_values_of_parameters_are_read_back(name, values):
    for value in values:
        assert repr(parse_value(value_text(value))) == repr(value)
    read = ParameterRange.parse(axis_text(Choices(name, tuple(values))))
    assert repr(read) == repr(Choices(name, tuple(values)))


@given(
    st.builds(str.__add__, ODD_TEXTS.filter(lambda t: "/" not in t and t not in {".", ".."}), st.just(".csv")),
    st.sampled_from(["UTC", "NY+7", None]),
)
def test_an_import_names_the_file_symbol_timeframe_and_clock(file, timezone):
    def listen(path: Path, **options: Any) -> None:
        raise _Taken((path, options["symbol"], options["timeframe"], options.get("timezone")))

    dataset = DatasetRecord("0" * 64, "EURUSD", "H1", 1, 0, 0, f"/somewhere/{file}", 0.0, {"timezone": timezone})
    command = shlex.join(reproduce.import_words(dataset))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "read_bars", listen)
        patch.setattr(importing, "Application", Listening)
        found = CliRunner().invoke(app, shlex.split(command)[1:])
    assert isinstance(found.exception, _Taken), (command, found.output)
    path, *others = found.exception.told
    assert (path, others) == (Path(file), ["EURUSD", "H1", timezone])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "repair": st.just(True),
            "price_scale": st.floats(1e-9, 1e9),
            "side": st.sampled_from(["bid", "ask", "mid"]),
            "format": st.sampled_from(["csv", "mt5"]),
            "date_format": ODD_TEXTS.filter(str.strip),
            "delimiter": st.sampled_from([";", "tab", "|", "-"]),
            "pip_size": st.floats(1e-9, 10),
            "digits": st.integers(0, 8),
            "lot_size": st.floats(0.1, 1e6),
            "quote_currency": st.sampled_from(["USD", "GBP"]),
        },
    )
)
def test_an_import_says_again_what_was_said_of_the_file(stated):
    def listen(_: Path, **options: Any) -> None:
        raise _Taken(options)

    detected = {"timezone": "UTC", "stated": stated | {"timeframe": "H1"}}
    dataset = DatasetRecord("0" * 64, "XAUUSD", "H1", 1, 0, 0, "/somewhere/a.csv", 0.0, detected)
    command = shlex.join(reproduce.import_words(dataset))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "read_bars", listen)
        patch.setattr(importing, "Application", Listening)
        found = CliRunner().invoke(app, shlex.split(command)[1:])
    assert isinstance(found.exception, _Taken), (command, found.output)
    assert found.exception.told == stated | {"symbol": "XAUUSD", "timeframe": "H1", "timezone": "UTC"}


def test_an_import_of_before_names_the_scale_at_least():
    dataset = DatasetRecord("0" * 64, "XAUUSD", "H1", 1, 0, 0, "a.csv", 0.0, {"price_scale": 0.01})
    assert reproduce.import_words(dataset)[-2:] == ["--price-scale", "0.01"]


FLAGGED = [row for row in OPTIONS if row.has_flag and row.kind != "object" and row.group not in {"import", "report"}]
OTHER_THAN_USUAL: dict[str, Any] = {
    "number": 12.345678901234567, "whole": 7, "method": "random_search", "currency": "EUR",
    "objective": "net_profit / 3", "more_objectives": ("net_profit", "sqn"), "constraints": ("sqn > 1", "sqn < 9"),
    "parameter_constraints": ("fast > 3", 'fast != "a b"'),
    "other_dataset_ids": ("e" * 64, "d" * 12),
    "dataset": "f" * 64, "timeframe": "H4", "day_start": "9:30 Asia/Tokyo", "moment": "2017-03-01",
    "trades_id": "e" * 64,
}  # fmt: skip


def changed(row: Option) -> tuple[BacktestSpec, OptimizationSpec]:
    """A backtest and an optimization in which one option has another value than usual."""
    space = SearchSpace((Choices("fast", (5, 10)),))
    backtest = BacktestSpec("mine", {}, "0" * 64)
    search = OptimizationSpec(STORED, space, keep_daily_profit=keeps_daily_profit(space))
    value = OTHER_THAN_USUAL.get(row.field, OTHER_THAN_USUAL.get(row.kind))
    if row.kind == "yes_no":
        value = not (keeps_daily_profit(space) if row.decided else row.default)
    elif row.kind == "choice":
        value = next(choice for choice in row.choices or () if choice != row.default)
    if row.group == "optimization":
        return backtest, replace(search, **{row.field: value})
    if row.group == "backtest":
        return replace(backtest, **{row.field: value}), search
    return replace(backtest, **{row.group: replace(getattr(backtest, row.group), **{row.field: value})}), search


@pytest.mark.parametrize("row", FLAGGED, ids=lambda row: f"{row.group}.{row.field}")
def test_an_option_that_is_not_printed_is_noticed(row, monkeypatch):
    backtest, search = changed(row)
    assert_told_again(backtest, search)
    every = reproduce.rows_of
    monkeypatch.setattr(reproduce, "rows_of", lambda *groups: tuple(r for r in every(*groups) if r is not row))
    with pytest.raises(AssertionError):
        assert_told_again(backtest, search)


@pytest.mark.parametrize("mode", ["units", "lots", "risk_percent", "percent_of_equity"])
def test_every_way_to_size_a_position_is_printed(mode):
    backtest, search = changed(FLAGGED[0])
    assert_told_again(replace(backtest, sizing=replace(backtest.sizing, mode=mode, value=0.1)), search)
