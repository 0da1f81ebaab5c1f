"""Tables on a narrow screen: nothing is broken within a number or a word, and no line is wider than the screen."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trading_ai.cli.output import note, say, visible
from trading_ai.cli.tables import say_folded, table

WORDS = st.text("abcdefghij_", min_size=1, max_size=11)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)
NUMBERS = st.floats(-1e6, 1e6).map("{:,.2f}".format)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@pytest.mark.parametrize("width", [60, 80, 160])
def test_nothing_is_broken(width, monkeypatch, capsys, data):
    monkeypatch.setenv("COLUMNS", str(width))
    left, right = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 8))
    heads = data.draw(st.lists(WORDS, min_size=left + right, max_size=left + right, unique=True))
    cells = st.tuples(*[TEXTS] * left, *[NUMBERS] * right)
    rows = data.draw(st.lists(cells, max_size=4))
    spare = data.draw(st.permutations(heads)) if heads and data.draw(st.booleans()) else []
    table("a title", heads, rows, left=left, spare=spare[: len(spare) // 2])
    shown = capsys.readouterr().out
    assert max(map(len, shown.rstrip().splitlines()), default=0) <= width
    gone = re.search(r"Too narrow for (.*?): --json", shown.replace("\n", " "))
    dropped = gone[1].split(", ") if gone else []
    found = set(shown.split())
    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            if head not in dropped:
                assert set(cell.split()) <= found, (head, cell)


def test_a_table_that_fits_is_one_line_a_row(capsys):
    table("Best", ["rank", "net_profit"], [["1", "1,029.70"], ["2", "-3.00"]], left=0)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["Best"]
    assert ["1", "1,029.70"] in lines
    assert ["2", "-3.00"] in lines


def test_columns_are_left_out_in_the_stated_order_and_that_is_said(capsys):
    heads = [f"column{i}" for i in range(9)]
    table("T", heads, [["1,000,000.25"] * 9], left=0, spare=["column8", "column1", "column2", "column3"])
    shown = capsys.readouterr().out
    assert "Too narrow for column8, column1, column2: --json has them." in shown
    assert "column3" in shown
    assert shown.count("1,000,000.25") == 6


def test_what_does_not_fit_at_all_becomes_blocks(capsys):
    table("T", [f"column_of_money_{i}" for i in range(9)], [["1,000,000.25"] * 9], left=0)
    lines = capsys.readouterr().out.splitlines()
    assert "column_of_money_0  1,000,000.25" in lines
    assert "column_of_money_8  1,000,000.25" in lines


def test_prose_is_wrapped_between_words_and_a_command_is_not(capsys):
    say("word " * 40)
    command = "Next: trading-ai optimize 1234 --param stop_loss=20:80:2 --param take_profit=40:200:10 --name a"
    say(command)
    note("x" * 90 + " y")
    shown = capsys.readouterr()
    assert max(map(len, shown.out.splitlines()[:-1])) <= 80
    assert shown.out.splitlines()[-1] == command
    assert shown.err == "x" * 90 + "\ny\n"


def test_a_file_gets_lines_as_they_are(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    assert not sys.stdout.isatty()
    say("word " * 40)
    assert capsys.readouterr().out == "word " * 40 + "\n"


def test_nothing_steers_the_terminal(capsys):
    say("a\x9b31mname\x1b]0;x\x07")
    table("T", ["id"], [["\x1b[2Jx"]])
    assert not set(capsys.readouterr().out) & set("\x9b\x1b\x07")
    assert visible("Größe 大\n\tx") == "Größe 大\n\tx"


class Run:
    def __init__(self, part_of: str = "") -> None:
        self.part_of = part_of


def test_parts_of_a_study_are_one_line(capsys):
    every = [Run(), Run("walk-forward 1M/1W of 1234"), Run("walk-forward 1M/1W of 1234"), Run("walk-forward of 99")]
    say_folded(every, every[:1], "optimizations")
    assert capsys.readouterr().out.splitlines() == [
        "walk-forward 1M/1W of 1234: 2 optimizations, shown with --windows",
        "walk-forward of 99: 1 optimization, shown with --windows",
    ]
    say_folded(every, every, "optimizations")
    assert capsys.readouterr().out == ""
