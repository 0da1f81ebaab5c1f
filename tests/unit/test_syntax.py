"""Syntax trees made by several threads at once."""

from __future__ import annotations

import ast
import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import trading_ai
from trading_ai._syntax import expression_tree, module_tree

NESTED = "x = " + "(1 + " * 60 + "1" + ")" * 60 + "\n"


@pytest.fixture
def switching():
    """Threads that take turns in the middle of a tree: what the collector of garbage calls lets another one run."""

    def yield_to_others(*_: object) -> None:
        sum(range(500))

    before, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    gc.callbacks.append(yield_to_others)
    yield
    gc.callbacks.remove(yield_to_others)
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching")
def test_many_threads_parse_at_once():
    text = NESTED * 3

    def parse(i: int) -> str:
        if i % 3 == 2:  # as `traceback` does
            with suppress(SystemError):
                ast.parse(NESTED)
            return ""
        return ast.dump(module_tree(text, "m.py") if i % 3 else expression_tree(NESTED[4:].strip()))

    expected = [parse(0), parse(1), ""]
    with ThreadPoolExecutor(8) as pool:
        assert [found == expected[i % 3] for i, found in enumerate(pool.map(parse, range(90)))] == [True] * 90


def test_what_is_no_python_says_where():
    with pytest.raises(SyntaxError) as caught:
        module_tree("a = 1\nb = (", "mine.py")
    assert (caught.value.filename, caught.value.lineno) == ("mine.py", 2)


def test_nothing_else_makes_trees():
    folder = Path(trading_ai.__file__).parent
    using = [p.name for p in folder.rglob("*.py") if "ast.parse(" in p.read_text() or "literal_eval(" in p.read_text()]
    assert using == ["_syntax.py"]
