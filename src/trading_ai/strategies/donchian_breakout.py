"""Donchian breakout."""

from __future__ import annotations

from typing import Any

import numpy as np
from typing_extensions import override

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Int, Strategy
from trading_ai.strategies.indicators import previous, shared_talib
from trading_ai.strategies.memory import memory
from trading_ai.strategies.signals import Crossing, Crossings, Each


class DonchianBreakout(Strategy):
    """Long on a close above the highest high of the last bars, short below the lowest low; optional exit channel."""

    name = "donchian_breakout"

    period: int = Int(20, 2, 5000, unit="bars", description="bars of the entry channel")
    exit_period: int = Int(10, 0, 5000, unit="bars", description="bars of the exit channel, 0 for none")

    def signals(self, bars: Bars, period: int, exit_period: int) -> Crossing:
        """Breakout of the channel of earlier bars (the deciding bar excluded) at a bar's close."""
        return Crossing(
            bars.close,
            _upper(bars, period),
            _lower(bars, period),
            long_exit=_below(bars, exit_period) if exit_period >= _SHORTEST else None,
            short_exit=_above(bars, exit_period) if exit_period >= _SHORTEST else None,
        )

    @override
    def crossings(self, bars: Bars, period: Any, exit_period: Any) -> Crossings | None:
        if (exit_period < _SHORTEST).any() and (exit_period >= _SHORTEST).any():
            return None
        has_exit = bool((exit_period >= _SHORTEST).all())
        return Crossings(
            bars.close,
            Each.made(lambda n: _upper(bars, n), period),
            Each.made(lambda n: _lower(bars, n), period),
            Each.made(lambda n: _below(bars, n), exit_period) if has_exit else None,
            Each.made(lambda n: _above(bars, n), exit_period) if has_exit else None,
        )


_SHORTEST = 2
"""Bars of the shortest channel; an exit period below it is none."""


def _upper(bars: Bars, period: int) -> Any:
    return memory.call(previous, shared_talib.MAX(bars.high, timeperiod=period))


def _lower(bars: Bars, period: int) -> Any:
    return memory.call(previous, shared_talib.MIN(bars.low, timeperiod=period))


def _below(bars: Bars, period: int) -> Any:
    return memory.call(np.less, bars.close, _lower(bars, period))


def _above(bars: Bars, period: int) -> Any:
    return memory.call(np.greater, bars.close, _upper(bars, period))
