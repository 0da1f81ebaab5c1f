"""A user's file whose class has a parameter of a name that cannot work."""

from __future__ import annotations

import re

import pytest

from trading_ai.errors import StrategyError
from trading_ai.strategies.registry import strategy


def test_a_file_with_such_a_class_is_refused_with_the_way_out(tmp_path):
    file = tmp_path / "clash.py"
    file.write_text(
        "import trading_ai as ta\nclass Clash(ta.Strategy):\n    start = ta.Int(2, 1, 50)\n"
        "    def signals(self, bars, start):\n        return ta.Signals()\n"
    )
    with pytest.raises(StrategyError, match=re.escape('reuses_names = ("start",)')):
        strategy(f"{file}:Clash")
