"""What a strategy is made of, as one hash: results belong to exactly this code.

The hash covers the class's name, every module that its file imports which is neither of the standard library nor
installed (installed packages by name and version), its base classes wherever they stand, of this package the modules
of `trading_ai.strategies` that it uses (the indicators, say), and the data files that it declares. Where files lie,
and how their lines end, does not count: the same code has the same identity on every machine.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from trading_ai._origin import PACKAGE_FOLDER, distribution_version, is_installed
from trading_ai.errors import StrategyError
from trading_ai.strategies.base import Declared
from trading_ai.strategies.bundled import Unopened
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.one_of import OneOf
from trading_ai.strategies.replay import Replay
from trading_ai.strategies.sources import read_sources
from trading_ai.strategies.user_file import data_files, user_code


def strategy_identity(chosen: Declared) -> str:
    """SHA-256 (hex) of all the code and data that decide a strategy's signals.

    Raises:
        StrategyError: a data file that the strategy declares cannot be read.
    """
    if isinstance(chosen, Unopened):
        return chosen.strategy_hash  # as it was read when it was published; whoever runs it works it out anew
    return hashlib.sha256("\n".join(identity_parts(chosen)).encode()).hexdigest()


def identity_parts(chosen: Declared) -> tuple[str, ...]:
    """What the identity is made of, a line for each part: class, file, modules, packages, data files."""
    if isinstance(chosen, Hosted):
        return tuple(sorted(chosen.identity_parts()))
    if isinstance(chosen, OneOf):
        return tuple(f"{name}: {part}" for name, each in chosen.members.items() for part in identity_parts(each))
    kind = type(chosen)
    parts = {f"class {kind.__qualname__}"}
    for base in kind.__mro__:
        if base.__module__ in sys.stdlib_module_names or base is object:
            continue
        parts.update(_code_parts(base))
        parts.update(_data_parts(base))
    if isinstance(chosen, Replay):
        parts.add(f"trades {chosen.trades_id}")  # they decide the entries, as code does elsewhere
    return tuple(sorted(parts))


def _code_parts(kind: type) -> tuple[str, ...]:
    code = user_code(kind.__module__)
    if code is not None:
        return code.parts()
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    if file is None or not Path(file).is_file():
        try:
            source = inspect.getsource(kind)
        except (OSError, TypeError):  # typed into an interactive session: nothing to read
            source = repr(kind)
        return (f"source {hashlib.sha256(source.encode()).hexdigest()}",)
    if is_installed(file):
        return (f"package {distribution_version(kind.__module__) or kind.__module__}",)
    path = Path(file)
    # Of this package, what was imported at the start of the process is what runs.
    read = _read_once if path.resolve().is_relative_to(PACKAGE_FOLDER) else read_sources
    return read(path, "" if kind.__module__ == "__main__" else kind.__module__).parts()


_read_once = cache(read_sources)


def _data_parts(kind: type) -> Iterator[str]:
    for name, file in data_files(kind):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise StrategyError(
                f"declares a data file that cannot be read ({error.strerror})", parameter=f"{kind.__name__}.data_files",
                value=name, remedy="Paths are relative to the strategy's file.",
            ) from None  # fmt: skip
        yield f"data {name} {hashlib.sha256(content).hexdigest()}"
