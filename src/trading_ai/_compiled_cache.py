"""Compiled code on disk, each file named by a digest of everything that was compiled into it.

Numba's own cache knows a function by its file alone: it does not see that a function called from another file, or a
constant of another module, has changed, and goes on with the old machine code. Here the digest covers the byte code of
the function and of every function that it calls, with the values of all names that the compiler freezes, however many
files they stand in, and the versions of the compiler. What is stale has another name, so it can never be loaded.

Each signature is a file of its own, written beside and renamed: processes that compile the same at once write the
same, and none reads half a file. (Numba's index file loses entries, and mixes them up, when two processes write it.)
"""

from __future__ import annotations

import enum
import hashlib
import inspect
import os
import pickle
import re
import sys
import tempfile
import time
import types as python_types
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import llvmlite
import numba
import numpy as np
import platformdirs
from numba.core import compiler, types
from numba.core import config as numba_config
from numba.core.caching import _Cache
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from numba.core.serialize import dumps as numba_dumps
from typing_extensions import override

from trading_ai._origin import PACKAGE_FOLDER, distribution_version, is_installed

config: Any = numba_config  # its attributes are made of environment variables
dumps: Any = numba_dumps

_NAMED = re.compile(r"-[0-9a-f]{8}-[0-9a-f]{16}-[0-9a-f]{16}\.nbc$")
_CHECKSUM_BYTES = 32
_UNUSED_SECONDS = 60 * 86_400.0
_COMPILERS = f"{sys.implementation.cache_tag} numba {numba.__version__} llvmlite {llvmlite.__version__}"
_BY_NAME = (python_types.BuiltinFunctionType, np.ufunc, types.Type, np.dtype)
_BY_VALUE = (type(None), bool, int, float, complex, str, bytes, np.generic, type(...))


class _UnknownError(Exception):
    """A value whose meaning for compiled code is not known: what uses it is not kept on disk."""


class _Code(NamedTuple):
    """Byte code, with what its names stand for."""

    code: python_types.CodeType
    names: dict[str, Any]


class _Reader:
    """Feeds all that a function is compiled from into a digest; each function once."""

    def __init__(self, function: Any) -> None:
        self.hash = hashlib.sha256(f"{_COMPILERS} numpy {np.__version__}".encode())
        self._seen: set[int] = set()
        self._left: list[Any] = [function]
        while self._left:
            self._read(self._left.pop())

    def _put(self, *parts: object) -> None:
        for part in parts:
            text = repr(part).encode()
            self.hash.update(len(text).to_bytes(8, "little") + text)

    def _read(self, value: Any) -> None:
        """Anything that a name can stand for; what it consists of is left for later."""
        if isinstance(value, _Code):
            self._code(value)
        elif isinstance(value, Dispatcher):
            self._put("compiled", sorted(value.targetoptions.items(), key=str))
            self._left.append(value.py_func)
        elif isinstance(value, _Intrinsic):
            self._put("intrinsic")
            self._left.append(value._defn)
        elif isinstance(value, enum.Enum):
            self._put("enum", type(value).__qualname__, value.name)
            self._left.append(value.value)
        elif isinstance(value, _BY_VALUE):
            self._put(type(value).__name__, value)
        elif isinstance(value, tuple | list):
            self._put(type(value).__name__, len(value))
            self._left += value
        elif isinstance(value, dict):
            self._put("dict", len(value))
            self._left += value.items()
        elif isinstance(value, frozenset | set):
            self._put("set", *sorted(map(repr, value)))
        elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
            self._put("array", value.dtype, value.shape, hashlib.sha256(value.tobytes()).hexdigest())
        elif isinstance(value, _BY_NAME):
            self._put(type(value).__name__, str(value))
        elif isinstance(value, python_types.ModuleType):
            self._put("module", value.__name__, _version_of(value.__name__) if _is_foreign(value.__name__) else "")
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, python_types.FunctionType):
            self._function(value)
        else:
            raise _UnknownError(f"{type(value).__module__}.{type(value).__qualname__}")

    def _class(self, value: type) -> None:
        self._put("class", value.__module__, value.__qualname__)
        if _is_foreign(value.__module__):
            self._put(_version_of(value.__module__))
        elif issubclass(value, tuple):  # a named tuple: compiled code knows its fields by their order
            self._put(getattr(value, "_fields", ()))
        elif issubclass(value, types.Type):  # how it is laid out stands in its module
            self._put(inspect.getsource(sys.modules[value.__module__]))
        else:
            raise _UnknownError(value.__qualname__)

    def _function(self, function: python_types.FunctionType) -> None:
        """A Python function: its code, defaults and closure, and what its names stand for."""
        if _is_foreign(function.__module__):
            self._put("function", function.__module__, function.__qualname__, _version_of(function.__module__))
            return
        if id(function) in self._seen:
            self._put("again", function.__qualname__)
            return
        self._seen.add(id(function))
        defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items())
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        # Compiled code asks for its module by name when it is loaded.
        self._put("function", function.__module__, function.__qualname__, len(defaults), len(cells))
        self._left += [*defaults, *cells, _Code(function.__code__, function.__globals__)]

    def _code(self, value: _Code) -> None:
        code, names = value
        self._put("code", code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_flags)
        self._put(len(code.co_consts))
        self._left += [_Code(c, names) if isinstance(c, python_types.CodeType) else c for c in code.co_consts]
        for found in [names[name] for name in code.co_names if name in names]:
            self._left.append(found)
            if isinstance(found, python_types.ModuleType) and not _is_foreign(found.__name__):
                self._left += [vars(found)[name] for name in code.co_names if name in vars(found)]


@cache
def _is_foreign(module: str) -> bool:
    """Whether a module's code is known by its package's version: neither ours nor a user's."""
    found = sys.modules.get(module)
    if found is None:
        return False
    file = getattr(found, "__file__", None)
    # A module without a file is one of Python's own, or was made at run time and is known by its code alone.
    return module.partition(".")[0] in sys.stdlib_module_names if file is None else is_installed(file)


def _version_of(module: str) -> str:
    top = module.partition(".")[0]
    return "" if top in sys.stdlib_module_names else distribution_version(top) or top


def digest_of(function: Any) -> str | None:
    """Digest (16 hex digits) of all that a compiled function is made of; None if some of it cannot be told.

    Args:
        function: a Numba dispatcher, which need not have been compiled.
    """
    try:
        return _Reader(function).hash.hexdigest()[:16]
    except _UnknownError:
        return None


def cache_folder() -> Path | None:
    """Where compiled code is kept: ``NUMBA_CACHE_DIR``, else beside the package, else the user's cache folder.

    None where no folder can be written.
    """
    if config.CACHE_DIR:
        folders = [Path(config.CACHE_DIR)]
    else:
        folders = [PACKAGE_FOLDER / "__pycache__", platformdirs.user_cache_path("trading-ai") / "compiled"]
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


@cache
def _clear(kept: Path) -> None:
    """Remove what nobody has used for long, and what versions before left in the package: code named by its file."""
    for file in kept.glob("*.nbc"):
        if _NAMED.search(file.name) and file.stat().st_mtime < time.time() - _UNUSED_SECONDS:
            file.unlink(missing_ok=True)
    for folder in PACKAGE_FOLDER.rglob("__pycache__"):
        for file in (*folder.glob("*.nbi"), *folder.glob("*.nbc")):
            if not _NAMED.search(file.name):
                file.unlink(missing_ok=True)


class DigestCache(_Cache):
    """The cache of one compiled function; everything is decided when its first signature is needed.

    By then every name that its code uses has its value.

    Args:
        dispatcher: the compiled function.
    """

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher
        self._stem: str | None = None
        self._folder: Path | None = None
        self._is_open = False

    @property
    @override
    def cache_path(self) -> str | None:
        """Folder of its files."""
        return None if not self._open() else str(self._folder)

    @override
    def enable(self) -> None:
        """Caching is on where a digest can be made."""

    @override
    def disable(self) -> None:
        """Keep nothing."""
        self._is_open, self._stem = True, None

    @override
    def flush(self) -> None:
        """Remove its files."""
        if self._open():
            assert self._folder is not None
            for file in self._folder.glob(f"{self._place()}-*.nbc"):
                file.unlink(missing_ok=True)

    @override
    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature, or None."""
        if not self._open():
            return None
        target_context.refresh()
        key = self._key(sig, target_context.codegen())
        file = self._file(key)
        try:
            content = file.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(file)
        payload = content[_CHECKSUM_BYTES:]
        if hashlib.sha256(payload).digest() != content[:_CHECKSUM_BYTES]:  # cut short by a full disk or a power failure
            return None
        rebuild: Any = compiler.CompileResult._rebuild
        try:
            kept_key, data = pickle.loads(payload)
            return rebuild(target_context, *data) if kept_key == key else None
        except Exception:  # noqa: BLE001 - what cannot be loaded, whatever the reason, is compiled again
            return None

    @override
    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled code for a signature, and remove what older code of this function left."""
        if not self._open() or any(not lifted.can_cache for lifted in data.lifted) or data.library.has_dynamic_globals:
            return
        assert self._folder is not None
        assert self._stem is not None
        key = self._key(sig, data.codegen)
        payload = dumps((key, data._reduce()))
        file = self._file(key)
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".tmp", delete=False) as part:
                part.write(hashlib.sha256(payload).digest() + payload)
            Path(part.name).chmod(0o644)
            Path(part.name).replace(file)
            # Closures of one function stand at one place, and none of them is older than the others.
            if self._dispatcher.py_func.__closure__ is None:
                for other in self._folder.glob(f"{self._place()}-*.nbc"):
                    if not other.name.startswith(self._stem):
                        other.unlink(missing_ok=True)
            _clear(self._folder)
        except OSError:  # a full disk costs the next process a compilation, nothing else
            return

    # --- inside --------------------------------------------------------------------------------------

    def _open(self) -> bool:
        if not self._is_open:
            self._is_open = True
            digest = digest_of(self._dispatcher)
            self._folder = cache_folder() if digest is not None else None
            self._stem = None if self._folder is None else f"{self._place()}-{digest}"
        return self._stem is not None

    def _place(self) -> str:
        """Name of the function and of the file it stands in: older code of the same place is what gets removed."""
        function = self._dispatcher.py_func
        file = inspect.getfile(function)
        name = re.sub(r"[^\w.]", "", f"{Path(file).stem}.{function.__qualname__}")[:80]
        return f"{name}-{hashlib.sha256(file.encode()).hexdigest()[:8]}"

    def _key(self, sig: Any, codegen: Any) -> tuple[str, str]:
        return f"{sig}{[*map(_fields_of, getattr(sig, 'args', sig))]}", str(codegen.magic_tuple())

    def _file(self, key: tuple[str, str]) -> Path:
        assert self._folder is not None
        return self._folder / f"{self._stem}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"


def _fields_of(kind: Any) -> tuple[Any, ...]:
    """Names of the fields of a type's named tuples, which its text lacks: compiled code knows them by their place."""
    within = getattr(kind, "types", ())
    return (*getattr(kind, "fields", ()), *(found for each in within if (found := _fields_of(each))))


def keep_compiled(dispatcher: Any) -> Any:
    """Let a compiled function keep its machine code on disk, named by what it was made of; returns the function."""
    if isinstance(dispatcher, Dispatcher):  # not so where compiling is switched off
        cast("Any", dispatcher)._cache = DigestCache(dispatcher)
    return dispatcher


def keep_users_code(prefix: str) -> None:
    """Let the compiled functions of modules whose names begin so keep their code here, whenever they are decorated.

    Numba's own cache sits beside the user's file, does not see what other files have changed, and holds the name of the
    module, which here says what the module consists of. Numba offers no other place to put a cache of one's own.
    """
    usual = Dispatcher.enable_caching

    def enable_caching(dispatcher: Any) -> None:
        if dispatcher.py_func.__module__.startswith(prefix):
            keep_compiled(dispatcher)
        else:
            usual(dispatcher)

    cast("Any", Dispatcher).enable_caching = enable_caching
