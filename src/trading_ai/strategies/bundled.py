"""Strategies of published bundles: ``bundle:breakout``, or ``bundle:`` and the bundle's hash.

Where bundles come from is said once a process by `find_bundles_with`, as a strategy's name alone is what backtests,
studies and workers have of it. A process that must not run users' code, a server say, gets what a bundle declares
instead of the code: it can list, check and plan with it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from typing_extensions import override

from trading_ai.errors import EvaluationError, StrategyError
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.manifest import Declaration, Manifest
from trading_ai.strategies.requirements import missing

if TYPE_CHECKING:
    from trading_ai.engine.runs import Ran, RunRequest

PREFIX = "bundle:"


class BundleSource(Protocol):
    """Where a process finds bundles.

    Attributes:
        runs_code: whether this process may run them.
    """

    runs_code: bool

    def manifest(self, named: str) -> Manifest:
        """The manifest of a bundle.

        Args:
            named: its name, its hash, or the beginning of its hash.

        Raises:
            NotFoundError: there is none.
            StorageError: it cannot be read, or does not match its hash.
        """
        ...

    def folder(self, bundle_hash: str) -> Path:
        """The folder of a bundle's files on this machine, verified.

        Raises:
            NotFoundError: there is none.
            StorageError: it cannot be fetched or written, or does not match its hash.
        """
        ...


class _Found:
    """The source of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.source: BundleSource | None = None


_FOUND = _Found()


def find_bundles_with(source: BundleSource | None) -> None:
    """Say where this process finds bundles; the last one counts, None for nowhere."""
    with _FOUND.lock:
        _FOUND.source = source


class Opened(NamedTuple):
    """A bundle's strategy on this machine.

    Attributes:
        path: the file or folder.
        class_name: its class, or "".
    """

    path: Path
    class_name: str


def is_bundle(name: str) -> bool:
    """Whether a strategy's name names a bundle."""
    return name.startswith(PREFIX)


def by_hash(name: str) -> str:
    """The same strategy, named by the bundle's hash: what is published later under that name is another bundle.

    Raises:
        NotFoundError: there is no such bundle.
        StrategyError: it has no such strategy.
    """
    named, class_name = _split(name)
    manifest = _source().manifest(named)
    declared = manifest.declaration(class_name)
    one = len(manifest.declared) == 1
    return PREFIX + manifest.bundle_hash + ("" if one else f":{declared.class_name}")


def open_bundle(name: str) -> Opened | Unopened:
    """What a name of a bundle stands for: its file here, or, where code must not run, what it declares.

    Raises:
        NotFoundError: there is no such bundle.
        StorageError: it cannot be fetched, or does not match its hash.
        StrategyError: it has no such strategy, or this machine lacks what it needs; all of that is listed.
    """
    named, class_name = _split(name)
    source = _source()
    manifest = source.manifest(named)
    declared = manifest.declaration(class_name)
    if not source.runs_code:
        return Unopened(declared, manifest.bundle_hash)
    lacks = missing(manifest.requirements)
    if lacks:
        raise StrategyError(
            "needs what this machine has not: " + "; ".join(lacks), parameter="strategy",
            value=f"{PREFIX}{manifest.bundle_hash[:12]}", remedy="Install it where workers run.",
        )  # fmt: skip
    folder = source.folder(manifest.bundle_hash)
    path = folder if manifest.entry == "." else folder / manifest.entry
    return Opened(path, declared.class_name)


class Unopened(Hosted):
    """A bundle's strategy in a process that does not run it: what it declares, and no code.

    Args:
        declared: what it declares.
        bundle_hash: the bundle's id.
    """

    def __init__(self, declared: Declaration, bundle_hash: str) -> None:
        parameters = {each.name: each for each in declared.parameters}
        # Of this object and not of its class, which declares nothing itself.
        vars(self).update(
            name=declared.name, parameters=parameters, rules=declared.rules,
            has_exit_parameters=declared.has_exit_parameters, __doc__=declared.description,
        )  # fmt: skip
        self.strategy_hash, self.bundle_hash = declared.strategy_hash, bundle_hash

    @override
    def identity_parts(self) -> tuple[str, ...]:
        return (f"bundle {self.bundle_hash}",)

    @override
    def run(self, request: RunRequest) -> Ran:
        raise EvaluationError(
            f"the bundle {self.bundle_hash[:12]} is not run inside of a server: workers run it, and so does the "
            "command trading-ai with the same database"
        )


def _split(name: str) -> tuple[str, str]:
    named, _, class_name = name.removeprefix(PREFIX).partition(":")
    return named, class_name


def _source() -> BundleSource:
    with _FOUND.lock:
        source = _FOUND.source
    if source is None:
        raise StrategyError(
            "names a bundle, and this process has no database of bundles", parameter="strategy", value="bundle:...",
            remedy="Give the path of the strategy's file.",
        )  # fmt: skip
    return source
