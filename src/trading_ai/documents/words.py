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
    """A strategy's name without the folders of its file; of a bundle, with the first characters of its hash."""
    return "+".join(map(_label, name.split("+"))) if ".py" in name or "bundle:" in name else name


def _label(part: str) -> str:
    if not part.startswith("bundle:"):
        return Path(part).name if ".py" in part else part
    _, named, *rest = part.split(":")
    return ":".join(("bundle", named[:12], *rest))


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
