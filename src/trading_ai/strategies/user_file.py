"""Run a user's own Python file, with the helpers it imports, as code of its own.

What is run is what was read: the file and every module of the user that it imports are read once, told apart by a
digest of all of them, and executed from those very bytes. So an edited helper is seen in a process that lives for
days, two strategies may each have a ``helpers.py``, and an identity never speaks of other code than the code that ran.
"""

from __future__ import annotations

import builtins
import hashlib
import inspect
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from trading_ai._origin import is_installed
from trading_ai.errors import StrategyError
from trading_ai.strategies.sources import Source, Sources, local_source, read_sources, where
from trading_ai.strategies.talib_series import accept_series

_PREFIX = "trading_ai_user_strategy_"
_LOCK = threading.RLock()


@dataclass(eq=False)
class UserCode:
    """A user's file that was run.

    Attributes:
        module: the module made of it.
        sources: what it consists of, as it was read.
        elsewhere: modules of the user that it made Python import by other ways than an import statement, by name.
        data: digest of each data file that its classes declare, None where it cannot be read.
    """

    module: ModuleType
    sources: Sources
    elsewhere: Mapping[str, Source] = field(default_factory=dict)
    data: Mapping[Path, str | None] = field(default_factory=dict)

    def parts(self) -> tuple[str, ...]:
        """What its identity is made of."""
        others = sorted(f"module {name} {source.digest}" for name, source in self.elsewhere.items())
        return (*self.sources.parts(), *others)

    def is_current(self) -> bool:
        """Whether what is not found by reading imports is still as it was when the file was run."""
        modules = all(_digest(source.path) == source.digest for source in self.elsewhere.values())
        return modules and all(_digest(file) == digest for file, digest in self.data.items())


_RUN: dict[str, UserCode] = {}
"""What was run, by the name of its module."""


def load_file(path: Path, parameter: str) -> ModuleType:
    """The module made of a file; what is unchanged, helpers included, is run once.

    Args:
        path: a Python file.
        parameter: what errors call it.

    Raises:
        StrategyError: there is no such file, or it or a helper of its cannot be run.
    """
    if not path.is_file():
        raise StrategyError("no such file", parameter=parameter, value=str(path), remedy="Give path/to/file.py:NAME")
    try:
        sources = read_sources(path)
    except (OSError, SyntaxError, ValueError) as error:
        raise _cannot_run(path, parameter, error) from error
    described = "\0".join((str(path.resolve()), *sources.parts()))
    name = _PREFIX + hashlib.sha256(described.encode()).hexdigest()[:16]
    with _LOCK:
        code = _RUN.get(name)
        if code is None or not code.is_current():
            for other in {name for earlier in _RUN.values() for name in earlier.elsewhere}:
                sys.modules.pop(other, None)  # it may be another file's module of that name, or older code
            code = _RUN[name] = _run(name, sources, parameter)
        return code.module


def classes_in(module: ModuleType, *bases: type[Any]) -> dict[str, type[Any]]:
    """The classes that a user's module defines itself and that derive from one of these, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, bases) and value.__module__ == module.__name__
    }


def imports_package(path: Path, name: str) -> bool:
    """Whether a file, or a module of the user that it imports, imports an installed package; False if it is no Python.

    Args:
        path: the file; it is read, not run.
        name: name of the package's distribution.
    """
    try:
        sources = read_sources(path)
    except (OSError, SyntaxError, ValueError):
        return False  # whoever runs it says what is wrong
    return any(text.partition(" ")[0] == name for text in sources.installed)


def data_files(kind: type) -> Iterator[tuple[str, Path]]:
    """The data files that a class itself declares, by name, with their places: relative to the file of the class."""
    for name in vars(kind).get("data_files", ()):
        yield name, Path(inspect.getfile(kind)).parent / name


def user_code(module: str) -> UserCode | None:
    """What a module made by `load_file`, or imported by such a one, belongs to; None for any other module."""
    return _RUN.get(module.partition(".")[0])


def _run(name: str, sources: Sources, parameter: str) -> UserCode:
    for stale in [other for other in sys.modules if other == name or other.startswith(f"{name}.")]:
        del sys.modules[stale]
    own = _FINDER.of[name] = _OwnModules(name, sources)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    before = set(sys.modules)
    try:
        module = import_module(name)
    except Exception as error:  # whatever a user's file raises is reported as theirs
        raise _cannot_run(sources.main.path, parameter, error) from error
    modules = [part for other, part in list(sys.modules.items()) if other == name or other.startswith(f"{name}.")]
    kinds = {value for part in modules for value in vars(part).values() if isinstance(value, type)}
    kinds = {kind for kind in kinds if kind.__module__.startswith(name)}
    data = {file: _digest(file) for kind in kinds for _, file in data_files(kind)}
    return UserCode(module, sources, {**own.later, **_others(before)}, data)


def _cannot_run(path: Path, parameter: str, error: Exception) -> StrategyError:
    return StrategyError(
        f"the file could not be run: {type(error).__name__}: {error}", parameter=parameter, value=str(path)
    )


def _others(before: set[str]) -> dict[str, Source]:
    """Modules of a user that appeared in the interpreter outside of the finder below, by ``sys.path`` say."""
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in before or name.startswith((_PREFIX, "trading_ai.")) or file is None or is_installed(file):
            continue
        if file.endswith(".py") and Path(file).is_file():
            found[name] = Source(Path(file), Path(file).read_bytes())
    return found


def _digest(file: Path) -> str | None:
    return Source(file, file.read_bytes()).digest if file.is_file() else None


class _OwnModules:
    """The modules of one file, which stand below the file's own module name: two files may have helpers of one name."""

    def __init__(self, name: str, sources: Sources) -> None:
        self.name, self.sources = name, sources
        self.later: dict[str, Source] = {}
        self._folder = sources.main.path.resolve().parent
        self._known: dict[str, bool] = {}

    def source(self, dotted: str) -> Source | None:
        """A module's source; "" is the file itself."""
        if not dotted:
            return self.sources.main
        found = self.sources.local.get(dotted) or local_source(dotted, self._folder)
        if found is not None and dotted not in self.sources.local:  # a name that was made up while running
            self.later[dotted] = found
        return found

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that Python gives them
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """``import`` as the file and its helpers see it: their own modules first, then all others."""
        top = name.partition(".")[0]
        if level or not self._owns(top):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        found = builtins.__import__(f"{self.name}.{name}", globals, locals, fromlist or (), 0)
        return found if fromlist else sys.modules[f"{self.name}.{top}"]

    def _owns(self, top: str) -> bool:
        if top.startswith(_PREFIX):
            return False
        if top not in self._known:
            self._known[top] = top in self.sources.local or where(top, self._folder) is not None
        return self._known[top]


class _Finder(MetaPathFinder):
    """Finds the files that `load_file` runs and their helpers."""

    def __init__(self) -> None:
        self.of: dict[str, _OwnModules] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - as finders are called
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The spec of such a module; None for any other."""
        name, _, dotted = fullname.partition(".")
        own = self.of.get(name)
        source = None if own is None else own.source(dotted)
        if own is None or source is None or source.is_binary:
            return None  # compiled extensions are found by Python's own finder, in the folder of their package
        is_package = source.is_package or not dotted  # the file itself holds its helpers
        spec = spec_from_loader(
            fullname, _SourceLoader(source, own), origin=str(source.path.resolve()), is_package=is_package
        )
        if spec is not None and is_package:
            spec.submodule_search_locations = [str(source.folder)]
        return spec


_FINDER = _Finder()


class _SourceLoader(Loader):
    """Runs a module from the bytes that were read."""

    def __init__(self, source: Source, own: _OwnModules) -> None:
        self._source, self._own = source, own

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        _keep_compiled()
        path, names = str(self._source.path.resolve()), vars(module)
        names["__file__"] = path
        names["__builtins__"] = {**vars(builtins), "__import__": self._own.import_}
        code = compile(self._source.text, path, "exec", dont_inherit=True)
        exec(code, names)
        accept_series()


@cache
def _keep_compiled() -> None:
    from trading_ai._compiled_cache import keep_users_code  # noqa: PLC0415 - Numba takes a third of a second

    keep_users_code(_PREFIX)
