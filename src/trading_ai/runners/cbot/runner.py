"""Finds cTrader robots; published under the entry point group ``trading_ai.runners``."""

from __future__ import annotations

from pathlib import Path

from trading_ai.runners.cbot.robot import Robot, find_main


class CBotRunner:
    """Runs folders with an ``X_main.py`` and the C# file or ``config.json`` that declares its parameters.

    Attributes:
        name: what it is called in messages.
    """

    name = "cbot"

    def find(self, path: Path, class_name: str) -> Robot | None:
        """The robot at a path, or None where it is none; see `trading_ai.strategies.hosted.Runner`."""
        found = find_main(path)
        return None if found is None else Robot(*found, class_name)
