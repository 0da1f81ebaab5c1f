"""The table of commands says of each what the command says of itself."""

from __future__ import annotations

import inspect
import math
import shlex

import pytest
import typer

from trading_ai.cli.commands import COMMANDS, GROUPS, SECTIONS
from trading_ai.cli.examples import EXAMPLES
from trading_ai.cli.main import app
from trading_ai.cli.watch import BLOCKS, Pace, histogram


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.home)
def test_the_help_of_a_command_is_the_first_paragraph_of_its_docstring(row):
    assert row.help == " ".join(inspect.getdoc(row.load()).split("\n\n")[0].split())


def test_a_word_calls_one_command_and_every_group_has_some():
    words = [(row.group, row.name) for row in COMMANDS]
    assert len(set(words)) == len(words)
    assert {row.group for row in COMMANDS} == {"", *GROUPS}
    assert not {row.name for row in COMMANDS if not row.group} & set(GROUPS)


def test_the_program_has_every_command_of_the_table():
    program = typer.main.get_command(app)
    for row in COMMANDS:
        group = program.commands[row.group] if row.group else program
        found = group.commands[row.name]
        assert (found.name, found.help.split("\n\n")[0].replace("\n", " ")) == (row.name, row.help)
    assert "nothing" not in program.commands
    assert len(program.commands) == len([row for row in COMMANDS if not row.group]) + len(GROUPS)


def test_every_command_and_group_is_placed_once():
    placed = [name for names in SECTIONS.values() for name in names]
    assert sorted(placed) == sorted([row.name for row in COMMANDS if not row.group] + list(GROUPS))


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.home)
def test_every_command_has_an_example_that_can_be_read(row):
    words = f"{row.group} {row.name}".strip()
    first, *rest = shlex.split(EXAMPLES[words].partition(" > ")[0])
    assert [first, *rest[: words.count(" ") + 1]] == ["trading-ai", *words.split()]
    program = typer.main.get_command(app)
    group = program.commands[row.group] if row.group else program
    command = group.commands[row.name]
    flags = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert [word for word in rest if word.startswith("--") and word not in flags] == []
    assert command.epilog == f"Example: {EXAMPLES[words]}"


def test_values_have_types_that_people_know():
    program = typer.main.get_command(app)
    shown = {p.name: p.metavar for p in program.commands["optimize"].params}
    assert (shown["max_iterations"], shown["max_seconds"], shown["name"]) == ("N", "NUMBER", "TEXT")
    assert {p.name: p.metavar for p in program.commands["report"].params}["output"] == "FILE"


def test_a_line_of_blocks():
    assert histogram([]) == ""
    assert histogram([float("nan")]) == ""
    assert histogram([2.0, 2.0]) == BLOCKS[-1]
    line = histogram([0.0, 1.0, 1.0, 2.0], 3)
    assert len(line) == 3
    assert line[1] == BLOCKS[-1]


def test_the_pace_is_that_of_the_last_seconds():
    pace = Pace()
    assert math.isnan(pace.rate(0.0, 0))
    assert pace.rate(10.0, 1_000) == 100.0
    assert pace.rate(40.0, 1_000) == 0.0
    assert pace.rate(50.0, 2_000) == 100.0
