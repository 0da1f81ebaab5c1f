"""What commands print, and how errors become exit codes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from trading_ai.cli import output
from trading_ai.cli.backtests import parse_settings
from trading_ai.cli.tables import table
from trading_ai.documents.words import number
from trading_ai.errors import ParameterError
from trading_ai.reports.making import neighbours


def test_json_knows_no_nan():
    document = {
        "a": float("nan"),
        "b": [np.float64(np.inf), np.int64(3)],
        "c": np.array([1.0, np.nan]),
        "d": (True, None),
    }
    assert json.loads(json.dumps(output.plain(document))) == {
        "a": None,
        "b": [None, 3],
        "c": [1.0, None],
        "d": [True, None],
    }


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (float("nan"), "ratio", "n/a"), (None, "", "n/a"), (1234.0, "count", "1,234"), (1234.567, "money", "1,234.57"),
        (0.25, "", "0.25"), (20, "", "20"), ("sma", "", "sma"), (True, "", "True"),
    ],
)  # fmt: skip
def test_numbers_for_people(value, unit, text):
    assert number(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.001, "0.01 s"),
        (0.5, "0.50 s"),
        (12.34, "12.3 s"),
        (61, "1 min 01 s"),
        (7260, "2 h 01 min"),
        (float("nan"), "unknown"),
    ],
)
def test_durations(seconds, text):
    assert output.duration(seconds) == text


def test_settings_are_read_in_their_types():
    assert parse_settings(["fast=10", "level=2.5", "mode=ema", "on=true"]) == {
        "fast": 10, "level": 2.5, "mode": "ema", "on": True,
    }  # fmt: skip


@pytest.mark.parametrize("pairs", [["fast"], ["=3"], ["fast="], ["fast=1", "fast=2"]])
def test_wrong_settings_are_refused(pairs):
    with pytest.raises(ParameterError):
        parse_settings(pairs)


def test_neighbours_are_one_step_away_on_one_axis():
    assert sorted(neighbours((3, 4), 5)) == [1, 4, 6, 9]
    assert sorted(neighbours((3, 4), 0)) == [1, 4]
    assert sorted(neighbours((3, 4), 11)) == [7, 10]
    assert neighbours((1,), 0) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, as ever", "plain, as ever"),
        ("ümläut 日本 2\u202f000\xa0$", "ümläut 日本 2\u202f000\xa0$"),  # spaces that do not break
        ("\x9b31mred", "\\x9b31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwritten\b\x7f", "over\\rwritten\\x08\\x7f"),
        ("a\u202egnirts\u2066", "a\\u202egnirts\\u2066"),
        ("un\u200bseen\ufeff", "un\\u200bseen\\ufeff"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("half of a pair \ud800", "half of a pair \\ud800"),
    ],
)
def test_what_would_move_a_terminal_is_written_as_an_escape(text, shown, capsys):
    output.say(text)
    output.note(text)
    said = capsys.readouterr()
    assert said.out == said.err == shown + "\n"


def test_tables_escape_too(capsys):
    table("named \x9b2J", ("head\x1b",), [["cell \u202e"]])
    said = capsys.readouterr().out
    assert "named \\x9b2J" in said
    assert "head\\x1b" in said
    assert "cell \\u202e" in said
    assert not set(said) & {"\x9b", "\x1b", "\u202e"}
