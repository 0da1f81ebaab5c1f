"""Distributions that a strategy's files need, and whether this machine has them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata

from trading_ai.errors import StrategyError

_FORM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:==[A-Za-z0-9][A-Za-z0-9.!+_-]*)?")
_PART = "package "


def checked_requirement(text: str) -> str:
    """A requirement as a user types it.

    Args:
        text: ``name`` for any version, or ``name==version`` for exactly that.

    Raises:
        StrategyError: it is neither.
    """
    found = "".join(text.split())
    if not _FORM.fullmatch(found):
        raise StrategyError(
            "must be a distribution's name, or name==version", parameter="requires", value=text,
            remedy="Example: scikit-learn==1.5.2",
        )  # fmt: skip
    return found


def requirements_of(parts: Iterable[str]) -> set[str]:
    """The installed packages that an identity names, as requirements of exactly those versions.

    Args:
        parts: lines as of `trading_ai.strategies.identity.identity_parts`.
    """
    found = set()
    for part in parts:
        if part.startswith(_PART):
            for each in part.removeprefix(_PART).split(", "):
                name, _, version = each.partition(" ")
                if version and " " not in version and _FORM.fullmatch(f"{name}=={version}"):
                    found.add(f"{name}=={version}")
    return found


def missing(requirements: Iterable[str]) -> list[str]:
    """What this machine lacks, in words, a line each; empty if it has all.

    Args:
        requirements: ``name==version`` or ``name``.
    """
    found = []
    for each in requirements:
        name, _, version = each.partition("==")
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            found.append(f"{each} is not installed")
            continue
        if version and here != version:
            found.append(f"{each} is needed, and {here} is installed")
    return found
