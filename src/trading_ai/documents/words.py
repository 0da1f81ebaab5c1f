"""Short texts for people that commands and reports share: ids, names of strategies, numbers, parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def short(identifier: str) -> str:
    """The first characters of an id: enough to name it in every command."""
    return identifier[:8]


def strategy_label(name: str) -> str:
    """A strategy's name without the folders of its file."""
    return "+".join(Path(part).name for part in name.split("+")) if ".py" in name else name


def number(value: Any, unit: str = "") -> str:
    """A number for people; "n/a" where undefined."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "n/a"
    if isinstance(value, bool | str):
        return str(value)
    if unit == "count" or isinstance(value, int):
        return f"{int(value):,}"
    return f"{value:,.2f}" if unit else f"{value:g}"


def values_text(values: Mapping[str, object]) -> str:
    """Parameters in one line."""
    return ", ".join(f"{name}={number(value)}" for name, value in values.items())
