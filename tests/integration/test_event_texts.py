"""What a strategy's text says is what its compiled twin does, whatever words it uses."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fakes import event_texts
from trading_ai import load_sample
from trading_ai.evaluation.event_runs import why_not_compiled

_COMPARE = """
from tests.fakes.event_programs import agree, request_on
from tests.fakes.event_texts import SAME
from trading_ai.evaluation.event_runs import run_events, why_not_compiled
from trading_ai import load_sample

bars = load_sample("EURUSD").slice(0, 300)
for kind in SAME:
    assert why_not_compiled(kind(), bars) == "", (kind, why_not_compiled(kind(), bars))
    plain, twin = (run_events(kind(), request_on(bars), compiles=compiles) for compiles in (False, True))
    agree(plain, twin)
    print(kind.__name__, len(plain.trades))
"""


def compared(**environment):
    done = subprocess.run(
        [sys.executable, "-c", _COMPARE], capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


def test_the_rewritten_text_does_what_the_text_says():
    # Rewritten, and run without the compiler, which would take half a minute.
    traded = compared(NUMBA_DISABLE_JIT="1")
    assert list(traded) == [kind.__name__ for kind in event_texts.SAME]
    assert all(int(n) > 5 for n in traded.values())


@pytest.mark.slow
def test_it_does_so_compiled():
    assert all(int(n) > 5 for n in compared().values())


@pytest.mark.parametrize("kind", event_texts.REFUSED)
def test_what_compiled_code_has_not_runs_as_plain_python(kind):
    assert why_not_compiled(kind(), load_sample("EURUSD").slice(0, 60)).endswith(event_texts.REFUSED[kind])
