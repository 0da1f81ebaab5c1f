"""Timeframes: the length of a bar, in the names traders use."""

from __future__ import annotations

import re
from dataclasses import dataclass

from typing_extensions import override

from trading_ai.errors import DataError, did_you_mean

NS_PER_SECOND = 1_000_000_000

_SECONDS = {
    "M1": 60,
    "M2": 120,
    "M3": 180,
    "M4": 240,
    "M5": 300,
    "M6": 360,
    "M10": 600,
    "M12": 720,
    "M15": 900,
    "M20": 1200,
    "M30": 1800,
    "M45": 2700,
    "H1": 3600,
    "H2": 7200,
    "H3": 10800,
    "H4": 14400,
    "H6": 21600,
    "H8": 28800,
    "H12": 43200,
    "D1": 86400,
    "W1": 604800,
}
_UNITS = {"m": "M", "min": "M", "t": "M", "h": "H", "d": "D", "w": "W"}
_WORDS = {
    "minute": "M1",
    "hour": "H1",
    "hourly": "H1",
    "day": "D1",
    "daily": "D1",
    "week": "W1",
    "weekly": "W1",
}


@dataclass(frozen=True, order=True)
class Timeframe:
    """The length of a bar; ordered by length.

    Attributes:
        seconds: the length in seconds.
        name: the canonical name, such as ``"H1"``.
    """

    seconds: int
    name: str

    @property
    def ns(self) -> int:
        """The length in nanoseconds."""
        return self.seconds * NS_PER_SECOND

    @property
    def is_daily_or_longer(self) -> bool:
        """Whether a bar spans at least a day."""
        return self.seconds >= 86400

    @override
    def __str__(self) -> str:
        return self.name


def timeframe(text: str | Timeframe) -> Timeframe:
    """Read a timeframe: ``H1``, ``1h``, ``h1``, ``M15``, ``15min``, ``daily``.

    Raises:
        DataError: the text names no known timeframe; the message lists the known ones.
    """
    if isinstance(text, Timeframe):
        return text
    key = text.strip().lower()
    name = _WORDS.get(key, "")
    if not name:
        match = re.fullmatch(r"(?:([a-z]+)(\d+)|(\d+)([a-z]+))", key)
        if match:
            unit = _UNITS.get(match[1] or match[4] or "", "")
            number = int(match[2] or match[3])
            name = f"H{number // 60}" if unit == "M" and number >= 60 and number % 60 == 0 else f"{unit}{number}"
            name = "D1" if name == "H24" else name
    if name not in _SECONDS:
        raise DataError(
            "is not a known timeframe",
            parameter="timeframe",
            value=text,
            remedy=did_you_mean(text, _SECONDS) + "Use one of " + ", ".join(_SECONDS),
        )
    return Timeframe(_SECONDS[name], name)


def timeframes() -> tuple[Timeframe, ...]:
    """Every known timeframe, the shortest first."""
    return tuple(Timeframe(seconds, name) for name, seconds in _SECONDS.items())


def timeframe_of_seconds(seconds: int) -> Timeframe | None:
    """The timeframe of that length, or None where there is none."""
    for name, length in _SECONDS.items():
        if length == seconds:
            return Timeframe(length, name)
    return None
