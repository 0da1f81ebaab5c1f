"""The table of commands says of each what the command says of itself."""

from __future__ import annotations

import inspect

import pytest
import typer

from trading_ai.cli.commands import COMMANDS, GROUPS
from trading_ai.cli.main import app


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
