"""The one door to Python's parser of syntax trees.

Python before 3.13 counts the depth of all trees that are being made in one counter (python/cpython issue 106905):
where one thread pauses in the middle of a tree and another begins, both may end in "SystemError: AST constructor
recursion depth mismatch". Nothing but the garbage collector lets a thread pause there, by what it calls; it waits. A
lock alone would not do: `traceback` makes trees too, in whichever thread an error is logged.
"""

from __future__ import annotations

import ast
import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
if hasattr(os, "register_at_fork"):
    # A process that was forked while another thread parsed would wait for ever.
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


def module_tree(source: str | bytes, filename: str) -> ast.Module:
    """The tree of a module.

    Args:
        source: its text.
        filename: what a SyntaxError names.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it holds a NUL, or is not text in the encoding that it states.
        RecursionError, MemoryError: it is nested too deeply.
    """
    with _undisturbed():
        return ast.parse(source, filename)


def expression_tree(text: str) -> ast.expr:
    """The tree of one expression; raises as `module_tree` does."""
    with _undisturbed():
        return ast.parse(text, mode="eval").body


@contextmanager
def _undisturbed() -> Iterator[None]:
    with _LOCK:
        collects = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collects:
                gc.enable()
