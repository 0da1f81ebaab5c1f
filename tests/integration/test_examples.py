"""The example strategy is short, causal and runs as the README says."""

from __future__ import annotations

from pathlib import Path

import trading_ai as ta
from tests.fakes.bars import random_bars

EXAMPLE = Path(__file__).parents[2] / "examples" / "momentum.py"


def test_the_example_strategy():
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) < 25
    bars = random_bars(800, 4)
    assert ta.find_look_ahead(f"{EXAMPLE}:Momentum", bars) == []
    swept = ta.sweep(bars, f"{EXAMPLE}:Momentum", period=range(5, 50, 5), stop_loss=[20, 40])
    assert len(swept) == 18
    assert swept.best
