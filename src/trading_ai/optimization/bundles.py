"""Published strategies: their records, and where they stay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from trading_ai.errors import InputError
from trading_ai.strategies.bundle import Bundle
from trading_ai.strategies.manifest import Manifest

SHORTEST_HASH = 8
"""Characters of a hash that name a bundle."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_HASH = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class BundleRecord:
    """A published bundle without its files.

    Attributes:
        manifest: what it holds.
        names: names that stand for it now, ascending; none if others were published under all of them.
        n_bytes: size of its files together.
        published_at: when it first was, seconds since 1970 (UTC).
    """

    manifest: Manifest
    names: tuple[str, ...]
    n_bytes: int
    published_at: float

    @property
    def bundle_hash(self) -> str:
        """Its id, SHA-256 (hex)."""
        return self.manifest.bundle_hash


class Bundles(Protocol):
    """Where bundles stay. Every method may raise `StorageError`."""

    def keep(self, bundle: Bundle, name: str, now: float) -> bool:
        """Keep a bundle, and let a name stand for it from now on; False if it was there already.

        Raises:
            InputError: the name cannot be one.
        """
        ...

    def all(self) -> list[BundleRecord]:
        """Every bundle, newest first."""
        ...

    def record(self, named: str) -> BundleRecord:
        """A bundle by its name, its hash, or the beginning of its hash.

        Raises:
            NotFoundError: there is none, or several begin like that.
        """
        ...

    def load(self, bundle_hash: str) -> Bundle:
        """A bundle with its files, verified.

        Raises:
            NotFoundError: there is none.
            StorageError: it does not match its hash.
        """
        ...

    def delete(self, named: str) -> str:
        """Delete a bundle with every name of it; returns its hash.

        Raises:
            NotFoundError: there is none.
            StateError: a backtest uses it.
        """
        ...


def checked_name(name: str) -> str:
    """A name for a bundle.

    Raises:
        InputError: it could be taken for a hash, a path or something else.
    """
    if not _NAME.fullmatch(name) or _HASH.fullmatch(name):
        raise InputError(
            "must begin with a letter, hold letters, digits, dot, dash and underscore only, and not look like a hash",
            parameter="name", value=name, remedy="Example: breakout",
        )  # fmt: skip
    return name


def chosen_of(known: dict[str, str], hashes: list[str], named: str) -> str | None:
    """The hash that a name or a beginning stands for; None if there is none, or more than one.

    Args:
        known: hash by name.
        hashes: every hash.
        named: what was asked for.
    """
    if named in known:
        return known[named]
    found = [each for each in hashes if each.startswith(named)] if len(named) >= SHORTEST_HASH else []
    return found[0] if len(found) == 1 else None
