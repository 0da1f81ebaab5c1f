"""A user's strategy file that is slow, raises, or ends its process, depending on its parameter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RAISES, KILLS = 33, 44

_HURRY = "hurry"
"""Name of the file beside a slow strategy that lets it take no time."""

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
        if {seconds} and not os.path.exists({hurry!r}):
            time.sleep({seconds})
        place = np.arange(len(bars)) % period
        return Signals(long_entry=place == 0, short_entry=place == period // 2)
'''


def write_strategy(folder: Path, *, seconds: float = 0) -> str:
    """Write the file and return the name to pass as a strategy.

    Args:
        folder: where.
        seconds: what it takes for each set of signals, but for those of `in_a_hurry`.
    """
    path = folder / "picky.py"
    text = SOURCE.format(raises=RAISES, kills=KILLS, seconds=seconds, hurry=str(folder / _HURRY))
    path.write_text(text, encoding="utf-8")
    return f"{path}:Picky"


@contextmanager
def in_a_hurry(folder: Path) -> Iterator[None]:
    """Within, the slow strategy of this folder takes no time, in whatever process it runs: nobody is to catch it.

    It is the same strategy, to the last letter: what was begun slowly may go on so.
    """
    mark = folder / _HURRY
    mark.touch()
    try:
        yield
    finally:
        mark.unlink()
