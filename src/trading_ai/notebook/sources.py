"""Classes and functions of a notebook's cells as files, so that a stored search can be run again by any process.

What is stored names code by its file. A cell has none: its text is written to one, with what it uses of other cells
(imports, functions, classes, plain values), under a name made of its content. The same cell is the same file.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import linecache
import math
import symtable
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trading_ai._syntax import module_tree
from trading_ai.errors import StorageError, StrategyError

_DEFINITIONS = ast.ClassDef | ast.FunctionDef


def code_name(thing: Any, folder: Path, parameter: str) -> str:
    """A class or function as ``path/to/file.py:NAME``.

    Args:
        thing: the class or function, of a module or of a notebook.
        folder: where files of cells are kept.
        parameter: what errors call it.

    Raises:
        StrategyError: its text cannot be had, or it uses what cannot be written down.
        StorageError: the file cannot be written.
    """
    module = sys.modules.get(thing.__module__)
    file = getattr(module, "__file__", None)
    name = thing.__qualname__
    if thing.__module__ != "__main__" and file and name.isidentifier() and getattr(module, name, None) is thing:
        return f"{file}:{name}"
    cells = _Cells(parameter)
    shown = cells.add(thing, "objective" if name == "<lambda>" else thing.__name__)
    text = cells.text()
    path = folder / hashlib.sha256(text.encode()).hexdigest()[:16] / f"{shown}.py"
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".partial")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(path)
        except OSError as error:
            raise StorageError(f"the code of {shown} could not be written to {path}: {error.strerror}") from error
    return f"{path}:{shown}"


class _Cells:
    """Collects definitions and what they use, the used before the users."""

    def __init__(self, parameter: str) -> None:
        self._parameter = parameter
        self._imports: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        self._begun: set[str] = set()

    def text(self) -> str:
        """All of it as one file."""
        return "\n".join([*sorted(self._imports.values()), "", *self._parts.values()]) + "\n"

    def add(self, thing: Any, name: str) -> str:
        """Collect a class or function under a name; returns the name."""
        self._begun.add(name)
        node, globals_, closed = _definition(thing, self._parameter)
        source = f"{name} = {ast.unparse(node)}" if isinstance(node, ast.Lambda) else ast.unparse(node)
        for used in sorted(_used(source)):
            if used != name and used not in self._begun:
                values = closed if used in closed else globals_
                if used in values:
                    self._use(used, values[used], name)
        self._parts[name] = f"\n{source}"
        return name

    def _use(self, name: str, value: Any, user: str) -> None:
        """Collect what a definition uses."""
        module, own = getattr(value, "__module__", None), getattr(value, "__name__", "")
        if isinstance(value, types.ModuleType):
            self._imports[name] = f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else "")
        elif module and module != "__main__" and getattr(sys.modules.get(module), own, None) is value:
            self._imports[name] = f"from {module} import {own}" + (f" as {name}" if own != name else "")
        elif module == "__main__" and (isinstance(value, type | types.FunctionType) or hasattr(value, "py_func")):
            found = self.add(value, own if own.isidentifier() else name)
            if found != name:
                self._parts[name] = f"\n{name} = {found}"
        else:
            text = _literal(value)
            if text is None:
                raise StrategyError(
                    f"uses {name}, a {type(value).__name__} of the notebook, which cannot be written down with it",
                    parameter=self._parameter, value=user,
                    remedy=f"Make {name} a plain value or a parameter, or put the code into a file and name it: "
                    f'"file.py:{user}".',
                )  # fmt: skip
            self._parts[name] = f"{name} = {text}"


def _definition(thing: Any, parameter: str) -> tuple[ast.AST, Mapping[str, Any], dict[str, Any]]:
    """The text of a definition, parsed; the globals that it sees, and what it has closed over."""
    function = getattr(inspect.unwrap(thing), "py_func", inspect.unwrap(thing))
    if isinstance(function, type):
        methods = [inspect.unwrap(m) for m in _methods(function)]
        if not methods:
            raise _unreadable(thing, parameter)
        code, globals_, closed = methods[0].__code__, methods[0].__globals__, {}
        closed = {k: v for method in methods for k, v in _closed(method).items() if k != "__class__"}
    else:
        code, globals_, closed = function.__code__, function.__globals__, _closed(function)
    lines = linecache.getlines(code.co_filename, globals_)
    try:
        tree = module_tree("".join(lines), code.co_filename)
    except SyntaxError as error:  # magics stand in the cell
        raise _unreadable(thing, parameter) from error
    at = code.co_firstlineno
    wanted: Any = ast.Lambda if code.co_name == "<lambda>" else _DEFINITIONS
    found = [node for node in ast.walk(tree) if isinstance(node, wanted) and _begin(node) <= at <= _end(node)]
    if isinstance(function, type):
        found = [node for node in found if isinstance(node, ast.ClassDef) and node.name == function.__name__]
    elif wanted is not ast.Lambda:
        found = [node for node in found if node.name == code.co_name]
    else:
        found = [node for node in found if _same_code(node, code)]
    if not found:
        raise _unreadable(thing, parameter)
    return found[-1], globals_, closed


def _methods(kind: type) -> Iterator[Any]:
    for value in vars(kind).values():
        function = getattr(value, "__func__", getattr(value, "fget", value))
        if isinstance(inspect.unwrap(function) if callable(function) else None, types.FunctionType):
            yield function


def _closed(function: Any) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: cell.cell_contents for name, cell in cells}


def _begin(node: Any) -> int:
    return min([int(node.lineno), *(int(d.lineno) for d in getattr(node, "decorator_list", ()))])


def _end(node: Any) -> int:
    return int(node.end_lineno or node.lineno)


def _same_code(node: ast.Lambda, code: types.CodeType) -> bool:
    """Whether a lambda of the text is the one whose code this is: several may stand in one line."""
    spans = [span for span in code.co_positions() if span[0] == node.body.lineno and span[2] is not None]
    body = node.body
    return any(
        span[2] == body.col_offset and span[3] == body.end_col_offset and span[1] == body.end_lineno for span in spans
    )


def _used(source: str) -> set[str]:
    """Names that a definition takes from outside of it."""
    names: set[str] = set()

    def look(table: symtable.SymbolTable, *, top: bool) -> None:
        for symbol in table.get_symbols():
            outside = symbol.is_global() or (top and not symbol.is_assigned()) or symbol.is_free()
            if outside and symbol.is_referenced() and not hasattr(builtins, symbol.get_name()):
                names.add(symbol.get_name())
        for child in table.get_children():
            look(child, top=False)

    look(symtable.symtable(source, "cell", "exec"), top=True)
    return names


def _literal(value: Any) -> str | None:
    """The text that Python reads as that value; None where there is none."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, bool | int | str | bytes | range):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if type(value) in {tuple, list, set}:
        parts = [_literal(each) for each in (sorted(value, key=repr) if type(value) is set else value)]
        if None in parts or (type(value) is set and not parts):
            return None
        inside = ", ".join(map(str, parts))
        comma = "," if len(parts) == 1 and type(value) is tuple else ""
        if type(value) is tuple:
            return f"({inside}{comma})"
        return f"[{inside}]" if type(value) is list else f"{{{inside}}}"
    if type(value) is dict:
        pairs = [(_literal(key), _literal(each)) for key, each in value.items()]
        if any(None in pair for pair in pairs):
            return None
        return "{" + ", ".join(f"{key}: {each}" for key, each in pairs) + "}"
    return None


def _unreadable(thing: Any, parameter: str) -> StrategyError:
    return StrategyError(
        "has no text that can be kept with a stored search", parameter=parameter, value=thing.__qualname__,
        remedy=f'Put it into a file and name it: "file.py:{thing.__name__}".',
    )  # fmt: skip
