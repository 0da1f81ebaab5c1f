"""The book of indicators: each is a function from series to series, registered under the platform's name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from trading_ai.runners.cbot.lines import Line

Made = Mapping[str, Line]


@dataclass(frozen=True)
class On:
    """What an indicator stands on.

    Attributes:
        open: series of the bars, and so on.
        digits: decimals of a price.
        pip_size: price distance of a pip.
    """

    open: Line
    high: Line
    low: Line
    close: Line
    volume: Line
    median: Line
    typical: Line
    weighted: Line
    digits: int
    pip_size: float


@dataclass(frozen=True)
class Entry:
    """One indicator.

    Attributes:
        function: of `On`, its source if it has one, and its parameters; gives its outputs by name.
        source: what its source is where none is given, by the name in `On`; "" for none.
        parameters: its parameters with defaults, in the platform's order.
    """

    function: Callable[..., Made]
    source: str
    parameters: Mapping[str, Any]


_FAMILIES = ("averages", "oscillators", "trend", "channels", "volatility", "volume", "regression")
_ENTRIES: dict[str, Entry] = {}


def indicator(*names: str, source: str = "") -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """Register a function under the platform's names.

    Args:
        names: its names.
        source: its usual source, where it has one.
    """

    def register(function: Callable[..., Made]) -> Callable[..., Made]:
        _, *rest = inspect.signature(function).parameters.values()
        parameters = {p.name: p.default for p in rest if p.name != "source"}
        for name in names:
            _ENTRIES[name] = Entry(function, source, parameters)
        return function

    return register


def entries() -> Mapping[str, Entry]:
    """Every indicator by name."""
    for family in _FAMILIES:
        import_module(f"trading_ai.runners.cbot.indicators.{family}")
    return _ENTRIES
