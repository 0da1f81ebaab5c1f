"""How users name what is stored: by id, by the beginning of one, by the name they gave it, or as "latest"."""

from __future__ import annotations

from collections.abc import Sequence

from trading_ai.errors import NotFoundError

LATEST = "latest"
"""What the user last asked for: parts of a study, such as the windows of a walk-forward, are passed over."""

SHORTEST_PREFIX = 4
"""Characters of an id that must be given at least."""

UNSHOWN = r"\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
"""Characters, within a class of a regular expression, that move a terminal's cursor, turn the direction of writing or
cannot be seen: a text that users wrote and others are shown has none, but for line ends and tabs where it has lines."""

_SHOWN = 8
_LISTS = {
    "dataset": "See trading-ai data list.",
    "backtest": "See trading-ai backtest list.",
    "optimization": "See trading-ai list.",
}


def none_yet(kind: str, *, only_parts: bool) -> NotFoundError:
    """The error where nothing is the latest.

    Args:
        kind: dataset, backtest or optimization.
        only_parts: whether there are some, all of them parts of studies.
    """
    parts = f"Every {kind} there is belongs to a walk-forward: name it by its id." if only_parts else ""
    return NotFoundError(kind, LATEST, parts or f"There is no {kind} yet.")


def not_the_one(kind: str, wanted: str, ids: Sequence[str]) -> NotFoundError:
    """The error where a name or the beginning of an id stands for none, or for several.

    Args:
        kind: dataset, backtest or optimization.
        wanted: what was asked for.
        ids: those that it may stand for, newest first.
    """
    if ids:
        begun = all(each.startswith(wanted) for each in ids)
        several = "Several begin like this: give more of it." if begun else "Several are called so: give the id."
        return NotFoundError(kind, wanted, f"{several} The newest is {ids[0][:_SHOWN]}, then {ids[1][:_SHOWN]}.")
    listed = _LISTS.get(kind, "")
    if 0 < len(wanted) < SHORTEST_PREFIX:
        listed = f"Give at least the first {SHORTEST_PREFIX} characters. {listed}".strip()
    return NotFoundError(kind, wanted, listed)
