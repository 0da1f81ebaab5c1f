"""Make a bundle of a strategy's file or folder: all that it consists of, and proof that this is all.

A bundle is opened once in a folder that holds nothing else before it is kept: its strategies must have the identity
that they have where they were written. What was forgotten shows here, and not on a worker.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from trading_ai.errors import StrategyError
from trading_ai.strategies.base import Declared
from trading_ai.strategies.bundle import FILES, Bundle
from trading_ai.strategies.hosted import Hosted, find_hosted
from trading_ai.strategies.identity import identity_parts, strategy_identity
from trading_ai.strategies.manifest import MOST_BYTES, MOST_FILES, Declaration, refused
from trading_ai.strategies.registry import classes_of, strategy_at
from trading_ai.strategies.requirements import checked_requirement, missing, requirements_of
from trading_ai.strategies.sources import Source, Sources, read_sources
from trading_ai.strategies.user_file import data_files

_LEFT_OUT = {"__pycache__", "node_modules", "bin", "obj"}
"""Folders that hold what is made anew; so do all whose name begins with a dot."""


def bundle_of(path: Path, class_name: str = "", *, requires: Iterable[str] = (), also: Iterable[str] = ()) -> Bundle:
    """A bundle of a strategy.

    Of a Python file, it holds the file, every module that it imports which is neither installed nor of the standard
    library, and the data files that its classes declare. Of a folder, or of a file of another kind, it holds the whole
    folder without caches and hidden files.

    Args:
        path: a file or a folder, of any kind that ``--strategy`` takes.
        class_name: one of its classes; "" for all of them.
        requires: more distributions that it needs, see `checked_requirement`.
        also: patterns of more files, relative to the file's folder, such as ``data/*.csv``.

    Raises:
        StrategyError: it cannot be run here, is too large, or does not run from its own files alone.
    """
    if not path.exists():
        raise StrategyError("no such file or folder", parameter="strategy", value=str(path), remedy="Give its path.")
    chosen = _strategies(path, class_name)
    explicit = tuple(map(checked_requirement, requires))
    lacks = missing(explicit)
    if lacks:
        raise refused("needs what is not here: " + "; ".join(lacks), None, "Publish it where it runs.")
    found = {name: strategy_identity(each) for name, each in chosen.items()}
    declared = tuple(Declaration.of(each, name, found[name]) for name, each in chosen.items())
    folder, entry = (path, ".") if path.is_dir() else (path.parent, path.name)
    more = dict(_matching(folder, also))
    ways: list[Callable[[], dict[str, bytes]]] = []
    if path.suffix == ".py":
        ways.append(lambda: _imported(path, chosen.values()))
    if path.suffix != ".py" or any(isinstance(each, Hosted) for each in chosen.values()):
        ways.append(lambda: _read_all(folder))  # a runner may read files that no import names
    trouble = ""
    for way in ways:
        needs = _requirements(chosen.values(), folder, scripts=entry == ".") | set(explicit)
        pinned = {each.partition("==")[0] for each in needs if "==" in each}
        exact = tuple(each for each in needs if "==" in each or each not in pinned)
        made = Bundle.of(entry, way() | more, exact, declared)
        trouble = _difference(made)
        if not trouble:
            return made
    raise refused(
        f"does not run as it does here from its own files: {trouble}", str(path),
        "Declare what it reads in data_files, name it with --file, or keep everything it needs in one folder.",
    )  # fmt: skip


def _strategies(path: Path, class_name: str) -> dict[str, Declared]:
    """The strategies to publish, by what stands behind the colon."""
    if class_name or path.suffix != ".py" or find_hosted(path, "") is not None:
        return {class_name: strategy_at(path, class_name)}
    classes = classes_of(path)
    return {"": strategy_at(path)} if len(classes) < 2 else {name: kind() for name, kind in classes.items()}


def _imported(path: Path, chosen: Iterable[Declared]) -> dict[str, bytes]:
    """A file with its modules and data files, by their paths in the bundle."""
    sources = read_sources(path)
    contents = {path.name: sources.main.text}
    places = {path.resolve(): PurePosixPath(path.name)}
    for place, source in _modules(sources):
        contents[str(place)], places[source.path.resolve()] = source.text, place
    for kind in {base for each in chosen for base in type(each).__mro__}:
        for name, file in data_files(kind):
            home = places.get(Path(inspect.getfile(kind)).resolve())
            if home is not None and file.is_file():
                contents[str(home.parent / PurePosixPath(name))] = _read(file)
    return contents


def _modules(sources: Sources) -> Iterator[tuple[PurePosixPath, Source]]:
    for dotted, source in sources.local.items():
        if source.path.is_dir():
            continue  # a folder without an __init__.py is there as soon as a file in it is
        parts = dotted.split(".")
        yield PurePosixPath(*(parts if source.is_package else parts[:-1]), source.path.name), source


def _read_all(folder: Path) -> dict[str, bytes]:
    """Every file of a folder that is neither hidden nor made anew.

    Raises:
        StrategyError: they are too many or too large; looking ends there.
    """
    found: dict[str, bytes] = {}
    n_bytes = 0
    for file in sorted(folder.rglob("*")):
        relative = file.relative_to(folder)
        if any(part in _LEFT_OUT or part.startswith(".") for part in relative.parts) or not file.is_file():
            continue
        n_bytes += file.stat().st_size
        if len(found) == MOST_FILES or n_bytes > MOST_BYTES:
            raise refused(
                f"is of a folder with more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MB", str(folder),
                "Give the strategy a folder of its own.",
            )  # fmt: skip
        found[relative.as_posix()] = _read(file)
    return found


def _matching(folder: Path, patterns: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for pattern in patterns:
        climbs = PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts
        files = [] if climbs or not pattern else sorted(file for file in folder.glob(pattern) if file.is_file())
        if not files:
            raise StrategyError(
                "finds no file beside the strategy", parameter="file", value=pattern,
                remedy="Patterns are relative to the strategy's folder.",
            )  # fmt: skip
        for file in files:
            yield file.relative_to(folder).as_posix(), _read(file)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise refused(f"has a file that cannot be read ({error.strerror})", str(file), "Make it readable.") from None


def _requirements(chosen: Iterable[Declared], folder: Path, *, scripts: bool) -> set[str]:
    """Installed packages that the strategies import; `scripts` also looks into every Python file of their folder."""
    found: set[str] = set()
    for each in chosen:
        found |= requirements_of(identity_parts(each))
    for file in folder.glob("*.py") if scripts else ():
        try:
            installed = read_sources(file).installed
        except (SyntaxError, ValueError, OSError):  # a file for another Python, say; nobody may ever run it
            continue
        found |= requirements_of(f"package {text}" for text in installed)
    return found


def _difference(made: Bundle) -> str:
    """What is otherwise with a bundle's strategies where nothing but the bundle is; "" if nothing is."""
    with tempfile.TemporaryDirectory(prefix="trading-ai-publish-") as folder:
        made.write(Path(folder))
        home = Path(folder) / FILES
        path = home if made.manifest.entry == "." else home / made.manifest.entry
        for declared in made.manifest.declared:
            try:
                found = strategy_identity(strategy_at(path, declared.class_name))
            except StrategyError as error:
                return str(error).replace(folder, "")
            if found != declared.strategy_hash:
                return f"{declared.name} would be {found[:12]} instead of {declared.strategy_hash[:12]}"
    return ""
