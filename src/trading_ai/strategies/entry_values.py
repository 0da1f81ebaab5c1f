"""What signals say besides sides, as one number a bar; checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.strategies.levels import Floats, Level, Size, per_bar
from trading_ai.strategies.signals import Signals, kind_of

DECISIONS = ("long_entry", "short_entry", "long_exit", "short_exit")
EXIT_PRICES = ("long_exit_stop", "long_exit_limit", "short_exit_stop", "short_exit_limit")
_SIDED = ("long_entry_limit", "long_entry_stop", "short_entry_limit", "short_entry_stop")
_OF_ENTRIES = ("stop", "target", "trail", "size", "entry_limit", "entry_stop", *_SIDED, "expiry")
_MEANT: dict[str, type[Level] | type[Size]] = {"stop": Level, "target": Level, "trail": Level, "size": Size}
_REMEDY: dict[type[Level] | type[Size], str] = {
    Level: "Such as Level.price(array), Level.pips(20), Level.percent(1.5) or Level.atr(14, 2).",
    Size: "Such as Size.lots(0.1) or Size.units(array).",
}
_ROUNDING = 1e-9
"""Difference, as a part of a value, that is one of arithmetic only."""


def value_of(signals: Signals, name: str, bars: Bars, source: str) -> Floats | None:
    """What signals say under one name, in its unit (pips and ATR as distances in price units), shape (n_bars,).

    Args:
        signals: the signals.
        name: such as ``stop`` or ``entry_limit``.
        bars: the bars at whose closes it is said.
        source: name of the strategy, for messages.

    Returns:
        NaN at bars of which nothing is said; None where nothing is said at all.

    Raises:
        StrategyError: it is of the wrong kind or shape, or a number is infinite or not above zero.
    """
    given: Any = getattr(signals, name)
    if given is None:
        return None
    meant = _MEANT.get(name)
    if meant is None:
        return per_bar(given, len(bars), f"{source}.{name}")
    if not isinstance(given, meant):
        raise StrategyError(
            f"must be a {meant.__name__}, not {kind_of(given)}", parameter=f"{source}.{name}", remedy=_REMEDY[meant]
        )
    values: Floats = given.resolved(bars, f"{source}.{name}")
    return values


def paired_bars(signals: Signals, bars: Bars, source: str) -> npt.NDArray[np.bool_]:
    """Bars that decide an entry of both sides, each of which waits at a price of its own, shape (n_bars,)."""
    paired = np.zeros(len(bars), np.bool_)
    if all(getattr(signals, name) is None for name in _SIDED):
        return paired
    long, short, _, _ = signals.arrays(len(bars), source)
    paired[:] = long & short
    for side in (_SIDED[:2], _SIDED[2:]):
        waits = np.zeros(len(bars), np.bool_)
        for name in side:
            prices = value_of(signals, name, bars, source)
            if prices is not None:
                waits |= ~np.isnan(prices)
        paired &= waits
    return paired


def everything_said(signals: Signals, bars: Bars, source: str) -> dict[str, npt.NDArray[Any]]:
    """All that signals say, by name, shape (n_bars,) each: decisions, and numbers where they count.

    What goes with entries counts at bars with one; errors as of `value_of` and `Signals.arrays`.
    """
    said: dict[str, npt.NDArray[Any]] = {
        name: values
        for name, values in zip(DECISIONS, signals.arrays(len(bars), source), strict=True)
        if values is not None
    }
    if not signals.is_planned:
        return said
    decided = (said["long_entry"] != said["short_entry"]) | paired_bars(signals, bars, source)
    for name in (*_OF_ENTRIES, *EXIT_PRICES):
        values = value_of(signals, name, bars, source)
        if values is not None:
            said[name] = np.where(decided, values, np.nan) if name in _OF_ENTRIES else values
    return said


def differences(
    whole: Mapping[str, npt.NDArray[Any]], part: Mapping[str, npt.NDArray[Any]], n: int
) -> Iterator[tuple[str, int, bool, bool]]:
    """The first of `n` bars, for each name, of which two say different things: what `everything_said` gives.

    Yields:
        The name, the bar, and what each says of it: a decision, or whether there is a number.
    """
    for name in {**whole, **part}:
        one, other = whole.get(name), part.get(name)
        i = _first_difference(one, other, n)
        if i >= 0:
            said = [each is not None and bool(each[i]) and not np.isnan(each[i]) for each in (one, other)]
            yield name, i, said[0], said[1]


def _first_difference(one: npt.NDArray[Any] | None, other: npt.NDArray[Any] | None, n: int) -> int:
    # None says nothing of any bar.
    kind = next((each.dtype for each in (one, other) if each is not None), np.dtype(np.bool_))
    silent = np.zeros(n, np.bool_) if kind == np.bool_ else np.full(n, np.nan)
    first, second = (silent if each is None else each[:n] for each in (one, other))
    different = first != second
    if kind != np.bool_:
        both = ~np.isnan(first) & ~np.isnan(second)
        near = np.abs(first - second) <= _ROUNDING * np.abs(first)
        different = np.where(both, ~near, np.isnan(first) != np.isnan(second))
    places = np.flatnonzero(different)
    return int(places[0]) if places.size else -1
