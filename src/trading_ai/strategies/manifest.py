"""What a bundle of strategy files says of itself: which file is run, what it declares, what it needs.

A bundle's id is the SHA-256 of its manifest, which holds the SHA-256 of every file: whoever knows the id can tell
whether a bundle is the one that was published, wherever it comes from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from trading_ai.errors import StrategyError
from trading_ai.strategies.base import Declared, Parameter

MOST_FILES = 500
MOST_BYTES = 16 << 20
"""Bounds of a bundle: files, and their bytes together."""

_LONGEST_PATH = 200
_FORBIDDEN = set('\\:*?"<>|')
_FORMAT = 1


@dataclass(frozen=True)
class Declaration:
    """What one strategy of a bundle declares, as it was read when the bundle was made.

    Attributes:
        class_name: what stands behind the colon of ``file.py:Class``; "" for the only strategy of a file or folder.
        name: the strategy's name.
        description: the first line of its docstring.
        parameters: its own parameters, in their order.
        rules: pairs of parameters of which the first must be smaller.
        has_exit_parameters: whether it has the exits of every signal strategy.
        strategy_hash: identity of its code, see `trading_ai.strategies.identity`.
    """

    class_name: str
    name: str
    description: str
    parameters: tuple[Parameter, ...]
    rules: tuple[tuple[str, str], ...]
    has_exit_parameters: bool
    strategy_hash: str

    @classmethod
    def of(cls, chosen: Declared, class_name: str, strategy_hash: str) -> Declaration:
        """What a strategy declares."""
        described = (chosen.__doc__ or "").strip().partition("\n")[0]
        return cls(
            class_name, chosen.name, described, tuple(chosen.parameters.values()),
            tuple((low, high) for low, high in chosen.rules), chosen.has_exit_parameters, strategy_hash,
        )  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Declaration:
        """Read what `Manifest.to_json` wrote of it."""
        parameters = (Parameter(**{**each, "choices": tuple(each["choices"])}) for each in data["parameters"])
        rules = tuple((str(low), str(high)) for low, high in data["rules"])
        return cls(**{**data, "parameters": tuple(parameters), "rules": rules})


@dataclass(frozen=True)
class Manifest:
    """The table of contents of a bundle.

    Attributes:
        entry: path of the file that is run, relative to the bundle, or "." for the folder itself.
        files: SHA-256 (hex) of each file by its relative path with ``/``.
        requirements: distributions that it needs, ``name==version`` or ``name``, ascending.
        declared: its strategies, at least one.

    Raises:
        StrategyError: a path leaves the folder or cannot be used everywhere, there are too many files, or the entry is
            none of them.
    """

    entry: str
    files: Mapping[str, str]
    requirements: tuple[str, ...]
    declared: tuple[Declaration, ...]

    def __post_init__(self) -> None:
        if not self.files or len(self.files) > MOST_FILES:
            raise refused(f"must hold 1 to {MOST_FILES:,} files", len(self.files), "Leave out what it does not read.")
        for path in self.files:
            check_path(path)
        # Some machines take A.py and a.py for one file, and none has a folder and a file of one name.
        folded = {path.casefold() for path in self.files}
        above = {str(parent) for path in folded for parent in PurePosixPath(path).parents}
        if len(folded) < len(self.files) or folded & above:
            raise refused("holds two files of one name", None, "Rename one of them.")
        if self.entry != "." and self.entry not in self.files:
            raise refused("does not hold the file that is to be run", self.entry, "Publish it anew.")
        if not self.declared:
            raise refused("declares no strategy", self.entry, "Publish it anew.")

    @cached_property
    def bundle_hash(self) -> str:
        """SHA-256 (hex) of `to_json`: the bundle's id."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def declaration(self, class_name: str = "") -> Declaration:
        """What one of its strategies declares; without a name, its only one.

        Raises:
            StrategyError: it has no such strategy, or several and none is named.
        """
        if not class_name and len(self.declared) == 1:
            return self.declared[0]
        for each in self.declared:
            if class_name and each.class_name == class_name:
                return each
        names = ", ".join(each.class_name or each.name for each in self.declared)
        if class_name:
            raise refused("has no such strategy", class_name, f"It has: {names}")
        raise refused(f"has {len(self.declared)} strategies", self.bundle_hash[:12], f"Name one of: {names}")

    def to_json(self) -> str:
        """As canonical JSON: keys sorted, no spaces, so that equal manifests are equal texts."""
        return json.dumps(asdict(self) | {"format": _FORMAT}, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read what `to_json` wrote.

        Raises:
            StrategyError: it is no manifest of this version.
        """
        try:
            data = json.loads(text)
            if data.pop("format") != _FORMAT:
                raise ValueError("another format")
            declared = tuple(map(Declaration.from_json, data["declared"]))
            files = {str(path): str(digest) for path, digest in data["files"].items()}
            needs = tuple(map(str, data["requirements"]))
            return cls(str(data["entry"]), files, needs, declared)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise refused("has a table of contents that cannot be read", None, "Publish it anew.") from error


def check_path(path: str) -> None:
    """Make sure that a path stays inside of a folder, on every kind of machine.

    Raises:
        StrategyError: it is absolute, climbs, or holds a character that some file systems do not know.
    """
    parts = path.split("/")
    bad = (
        not path
        or len(path) > _LONGEST_PATH
        or any(part in {"", ".", ".."} or part[-1] in " ." for part in parts)
        or any(ord(c) < ord(" ") or c in _FORBIDDEN for c in path)
    )
    if bad:
        raise refused(
            "holds a file whose path is not a plain relative one", path, "Paths are relative, with / between, and no .."
        )


def refused(rule: str, value: object, remedy: str) -> StrategyError:
    """The error of a bundle that cannot be used."""
    return StrategyError(rule, parameter="bundle", value=value, remedy=remedy)
