"""A user's strategy file that is slow, raises, or ends its process, depending on its parameter."""

from __future__ import annotations

from pathlib import Path

RAISES, KILLS = 33, 44

SOURCE = '''
import os

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
        values = bars.close
        for _ in range({work}):
            values = np.convolve(values, np.full(400, 1 / 400))[: len(bars)]
        place = np.arange(len(bars)) % period
        return Signals(long_entry=place == 0, short_entry=place == period // 2)
'''


def write_strategy(folder: Path, *, work: int = 0) -> str:
    """Write the file and return the name to pass as a strategy; `work` is about a millisecond each."""
    path = folder / "picky.py"
    path.write_text(SOURCE.format(raises=RAISES, kills=KILLS, work=work), encoding="utf-8")
    return f"{path}:Picky"
