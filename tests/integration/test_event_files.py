"""Event strategies in files of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from trading_ai import backtest, load_sample
from trading_ai.evaluation.event_runs import why_not_compiled
from trading_ai.strategies.registry import strategy

BARS = load_sample("EURUSD")


def test_what_cannot_be_compiled_names_its_line(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from trading_ai import EventStrategy\n\n\nclass Mine(EventStrategy):\n    def on_bar(self, ctx):\n"
        "        n = 1\n        for held in ctx.positions:\n            held.close()\n"
    )
    assert (
        why_not_compiled(strategy(str(file)), BARS.slice(0, 100))
        == "line 7: ctx.positions is used as a whole, not only asked for"
    )


@pytest.mark.slow
def test_another_level_in_another_file_is_another_result(tmp_path):
    """Compiled code of a user's file depends on files that it imports: what was compiled before must not be used."""
    (tmp_path / "levels.py").write_text("def level(close):\n    return close - 0.0010\n")
    file = tmp_path / "mine.py"
    file.write_text(
        "from levels import level\nfrom trading_ai import EventStrategy\n\n\nclass Mine(EventStrategy):\n"
        "    def on_bar(self, ctx):\n        if not ctx.position:\n            ctx.buy(0.1, stop=level(ctx.close))\n"
    )
    (tmp_path / "run.py").write_text(
        "import sys\nfrom pathlib import Path\nfrom trading_ai import backtest, load_sample\n"
        "from trading_ai.evaluation.event_runs import why_not_compiled\n"
        "from trading_ai.strategies.registry import strategy\n"
        "bars, file = load_sample('EURUSD').slice(0, 300), sys.argv[1]\nn = [len(backtest(bars, file).trades)]\n"
        "reason = why_not_compiled(strategy(file), bars)\n"
        "Path(file).with_name('levels.py').write_text('def level(close):\\n    return close - 0.0030\\n')\n"
        "print(*n, len(backtest(bars, file).trades), reason)\n"
    )
    # In a process of its own: it compiles on purpose, which tests are kept from.
    command = [sys.executable, str(tmp_path / "run.py"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
    first, second, *reason = done.stdout.split()
    assert not reason
    assert int(first) > int(second) > 0


def test_a_file_may_hold_one(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from trading_ai import EventStrategy, Int\n\n\nclass Every(EventStrategy):\n    wait: int = Int(5, 1, 50)\n\n"
        "    def on_bar(self, ctx):\n        for _ in ctx.positions:\n            return\n"
        "        if ctx.bar % self.wait == 0:\n            ctx.sell(0.1, stop_pips=10, target_pips=10)\n"
    )
    assert len(backtest(BARS.slice(0, 300), f"{file}:Every", wait=7).trades) > 5
