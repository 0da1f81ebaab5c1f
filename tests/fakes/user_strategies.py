"""A user's strategy file that is slow, raises, or ends its process, depending on its parameter."""

from __future__ import annotations

from pathlib import Path

RAISES, KILLS = 33, 44

SOURCE = '''
import os
import time

import numpy as np

from trading_ai import Int, Signals, Strategy


class Picky(Strategy):
    """Enters every few bars; some periods go wrong."""

    period = Int(20, 2, 5000, unit="bars")

    def signals(self, bars, period):
        if period == {raises}:
            raise ValueError("period {raises} is not liked")
        if period == {kills}:
            os._exit(3)
        time.sleep({seconds})
        place = np.arange(len(bars)) % period
        return Signals(long_entry=place == 0, short_entry=place == period // 2)
'''


def write_strategy(folder: Path, *, seconds: float = 0) -> str:
    """Write the file and return the name to pass as a strategy; it takes `seconds` for each set of signals."""
    path = folder / "picky.py"
    path.write_text(SOURCE.format(raises=RAISES, kills=KILLS, seconds=seconds), encoding="utf-8")
    return f"{path}:Picky"
