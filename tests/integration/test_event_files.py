"""Event strategies in files of their own."""

from __future__ import annotations

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
    assert why_not_compiled(strategy(str(file)), BARS.slice(0, 100)) == "line 7: ctx.positions"


def test_another_level_in_another_file_is_another_result(tmp_path):
    """Compiled code of a user's file depends on files that it imports: what was compiled before must not be used."""
    (tmp_path / "levels.py").write_text("def level(close):\n    return close - 0.0010\n")
    file = tmp_path / "mine.py"
    file.write_text(
        "from levels import level\nfrom trading_ai import EventStrategy\n\n\nclass Mine(EventStrategy):\n"
        "    def on_bar(self, ctx):\n        if not ctx.position:\n            ctx.buy(0.1, stop=level(ctx.close))\n"
    )
    bars = BARS.slice(0, 300)
    first = backtest(bars, str(file))
    assert why_not_compiled(strategy(str(file)), bars) == ""
    (tmp_path / "levels.py").write_text("def level(close):\n    return close - 0.0030\n")
    second = backtest(bars, str(file))
    assert len(first.trades) > len(second.trades) > 0


def test_a_file_may_hold_one(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from trading_ai import EventStrategy, Int\n\n\nclass Every(EventStrategy):\n    wait: int = Int(5, 1, 50)\n\n"
        "    def on_bar(self, ctx):\n        for _ in ctx.positions:\n            return\n"
        "        if ctx.bar % self.wait == 0:\n            ctx.sell(0.1, stop_pips=10, target_pips=10)\n"
    )
    assert len(backtest(BARS.slice(0, 300), f"{file}:Every", wait=7).trades) > 5
