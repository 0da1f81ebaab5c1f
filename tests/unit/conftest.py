"""A unit test touches no file, no database, no socket and no other process, and never sleeps: this makes it fail.

Files of Python, of installed packages and of this repository's sources may be read, because importing them is no
doing of the test; what Numba keeps of compiled kernels may be read and written.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numba
import pytest

_ROOT = Path(__file__).parents[2]
_READABLE = tuple(
    f"{folder}{os.sep}"
    for folder in {
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(_ROOT / "src"),
        str(_ROOT / "tests"),
        "/dev",
        "/proc",
        "/sys",
        "/usr/share/zoneinfo",
    }
)
_WRITABLE = tuple(
    str(folder) for folder in (_ROOT / ".hypothesis", numba.config.CACHE_DIR or None, "/dev/null") if folder
)
_REFUSED = {
    "sqlite3.connect": "a database",
    "socket.connect": "a socket",
    "socket.bind": "a socket",
    "subprocess.Popen": "another process",
    "os.system": "another process",
    "os.posix_spawn": "another process",
    "os.fork": "another process",
    "os.mkdir": "a folder",
}
_is_guarded = False


class NotAUnitTest(Exception):  # noqa: N818 - a sentence of its own
    """A unit test did what belongs to `tests/integration`."""


def _refuse(what: str) -> NoReturn:
    global _is_guarded  # noqa: PLW0603
    _is_guarded = False  # telling about it opens files
    raise NotAUnitTest(
        f"{what}: a unit test touches no file, database, socket or process; move it to tests/integration"
    )


def _is_numbas(path: str) -> bool:
    return f"{os.sep}__pycache__{os.sep}" in path or path.endswith((".nbi", ".nbc", ".pyc", "__pycache__"))


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _is_guarded:
        return
    if event == "open":
        path, mode, flags = arguments
        if not isinstance(path, str | os.PathLike):
            return  # an open descriptor
        path = os.path.abspath(os.fspath(path))  # noqa: PTH100
        if not isinstance(path, str) or _is_numbas(path) or path.startswith(_WRITABLE):
            return
        if path == tempfile.gettempdir():
            return  # a file without a name, where pytest keeps what a test prints
        writes = any(c in (mode or "") for c in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if writes or not (path.startswith(_READABLE) or f"{os.sep}site-packages{os.sep}" in path):
            _refuse(f"{'writes' if writes else 'reads'} {path}")
    elif event in _REFUSED and not (event == "os.mkdir" and _is_numbas(str(arguments[0]))):
        if event == "os.mkdir" and str(arguments[0]) == numba.config.CACHE_DIR:
            return  # the folder that NUMBA_CACHE_DIR names
        _refuse(f"{event}{arguments[:1]!r} needs {_REFUSED[event]}")


def _no_sleep(seconds: float) -> NoReturn:
    raise NotAUnitTest(f"sleeps {seconds} s: pass a clock in, or wait for an event")


def _guarded() -> Iterator[None]:
    global _is_guarded  # noqa: PLW0603
    slept = time.sleep
    time.sleep = _no_sleep
    _is_guarded = True
    try:
        return (yield)
    finally:
        _is_guarded = False
        time.sleep = slept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    """Watch what fixtures do."""
    return (yield from _guarded())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Watch what the test does."""
    return (yield from _guarded())


sys.addaudithook(_watch)
