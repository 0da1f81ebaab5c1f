"""What code a Python file consists of: itself and every module it imports, found by reading its imports.

Modules of the standard library do not count, modules of installed packages count by name and version, all others (a
helper beside the file, or anywhere on the path) by their source. An import inside a function counts like any other;
what stands under ``if TYPE_CHECKING`` is never run and does not.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from trading_ai._origin import PACKAGE, PACKAGE_FOLDER, distribution_version, is_installed, is_standard
from trading_ai._syntax import module_tree

_OURS = f"{PACKAGE}.strategies"
"""Of this package, these modules count by their source; the others are told by the engine's version."""


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes:
        path: where it lies; of a package, its ``__init__.py``, or its folder where it has none.
        text: its content; empty for a folder.
        is_package: whether modules may lie below it.
        is_binary: whether it is a compiled extension.
    """

    path: Path
    text: bytes
    is_package: bool = False
    is_binary: bool = False

    @property
    def folder(self) -> Path:
        """Where modules below it are looked for."""
        path = self.path.resolve()
        return path if path.is_dir() else path.parent

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of its content; the kind of line ends does not count."""
        return hashlib.sha256(self.text if self.is_binary else self.text.replace(b"\r\n", b"\n")).hexdigest()


@dataclass(frozen=True)
class Sources:
    """A file and all that it imports.

    Attributes:
        main: the file.
        local: modules that are neither installed nor ours by dotted name, without the file itself.
        ours: modules of `trading_ai.strategies`, likewise.
        installed: name and version of each installed package, ascending.
        missing: top-level modules that cannot be found (an optional import), ascending.
    """

    main: Source
    local: Mapping[str, Source] = field(default_factory=dict)
    ours: Mapping[str, Source] = field(default_factory=dict)
    installed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def parts(self) -> tuple[str, ...]:
        """A line for each part: what an identity is made of. No line depends on where files lie."""
        files = (*self.local.items(), *self.ours.items())
        return (
            f"file {self.main.digest}",
            *sorted(f"module {name} {source.digest}" for name, source in files),
            *(f"package {text}" for text in self.installed),
            *(f"missing {name}" for name in self.missing),
        )


def read_sources(path: Path, name: str = "") -> Sources:
    """Read a file and follow its imports; the file's own folder comes first, as when Python runs a script.

    Args:
        path: the file.
        name: dotted name of the module that was imported from it; "" for a file that is run by itself.

    Raises:
        OSError: a file cannot be read.
        SyntaxError: a file is no Python.
    """
    is_package = path.name == "__init__.py"
    walk = _Walk(path.resolve().parents[name.count(".") + is_package])
    main = Source(path, path.read_bytes(), is_package=is_package)
    walk.follow(main, name)
    return Sources(main, walk.local, walk.ours, tuple(sorted(walk.installed)), tuple(sorted(walk.missing)))


def where(top: str, folder: Path) -> Path | None:
    """Where a top-level module of a user lies: the folder that holds it. None if it is not a user's.

    Args:
        top: its name.
        folder: the folder of the file that imports it.
    """
    if is_standard(top) or top == PACKAGE:
        return None
    found = _source_of(folder, (top,))
    if found is not None and not found.path.is_dir():
        return folder
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if found is not None and (spec is None or spec.origin is None):
        return folder  # a folder without an __init__.py stands behind every package that has one
    if spec is None or spec.origin in {"built-in", "frozen"}:
        return None
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    if not places or is_installed(places[0]):
        return None
    return Path(places[0]).parent.parent if Path(places[0]).name == "__init__.py" else Path(places[0]).parent


class _Walk:
    """Follows imports from one file; collects what it finds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.local: dict[str, Source] = {}
        self.ours: dict[str, Source] = {}
        self.installed: set[str] = set()
        self.missing: set[str] = set()
        self._homes: dict[str, Path | None] = {}

    def follow(self, source: Source, name: str) -> None:
        """Collect what a module imports; `name` is its dotted name, "" for the file that everything begins with."""
        if not source.text or source.is_binary:
            return
        package = name if source.is_package else name.rpartition(".")[0]
        for module, level in _imports(module_tree(source.text, str(source.path))):
            if level:
                above = package.split(".")[: len(package.split(".")) - level + 1] if package else []
                self._add_own(".".join([*above, module]).strip("."))
            else:
                self._add(module)

    def _add_own(self, name: str) -> None:
        """A module beside or below the file, whatever else has its name."""
        parts = tuple(name.split("."))
        if parts[0] == PACKAGE:
            self._add(name)
        elif name:
            for n in range(1, len(parts) + 1):
                self._keep(self.local, ".".join(parts[:n]), self._folder, parts[:n])

    def _add(self, name: str) -> None:
        parts = tuple(name.split("."))
        if not name or is_standard(name):
            return
        if parts[0] == PACKAGE:
            for n in range(2, len(parts) + 1):
                dotted = ".".join(parts[:n])
                if dotted.startswith(f"{_OURS}."):
                    self._keep(self.ours, dotted, PACKAGE_FOLDER.parent, parts[:n])
            return
        top = parts[0]
        if top not in self._homes:
            self._homes[top] = where(top, self._folder)
        home = self._homes[top]
        if home is not None:
            for n in range(1, len(parts) + 1):
                self._keep(self.local, ".".join(parts[:n]), home, parts[:n])
            return
        version = distribution_version(top)
        if version is not None:
            self.installed.add(version)
        elif importlib.util.find_spec(top) is None:
            self.missing.add(top)
        else:
            self.installed.add(f"{top} of no version")

    def _keep(self, kept: dict[str, Source], dotted: str, home: Path, parts: tuple[str, ...]) -> None:
        if dotted in kept:
            return
        source = _source_of(home, parts)
        if source is None:  # a name of the module before it, not a module
            return
        kept[dotted] = source
        self.follow(source, dotted)


def local_source(name: str, folder: Path) -> Source | None:
    """A user's module by its dotted name, as the file in `folder` that imports it sees it; None if there is none."""
    parts = tuple(name.split("."))
    home = where(parts[0], folder)
    return _source_of(folder if home is None else home, parts)


def _source_of(home: Path, parts: tuple[str, ...]) -> Source | None:
    place = home.joinpath(*parts)
    file = place / "__init__.py"
    if file.is_file():
        return Source(file, file.read_bytes(), is_package=True)
    file = place.with_name(place.name + ".py")
    if file.is_file():
        return Source(file, file.read_bytes())
    for suffix in EXTENSION_SUFFIXES:
        file = place.with_name(place.name + suffix)
        if file.is_file():
            return Source(file, file.read_bytes(), is_binary=True)
    # A folder without an __init__.py is a package only if it holds Python at all: any folder may bear a module's name.
    if place.is_dir() and next(place.glob("*.py"), None) is not None:
        return Source(place, b"", is_package=True)
    return None


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names that may be modules, each with the number of its leading dots."""
    for node in _run_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            for alias in node.names:
                yield ".".join(filter(None, (node.module, alias.name))), node.level


def _run_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that are for type checkers only."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        left += node.orelse if isinstance(node, ast.If) and _is_for_types(node.test) else ast.iter_child_nodes(node)


def _is_for_types(test: ast.expr) -> bool:
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"
