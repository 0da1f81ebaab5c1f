"""The compiled twin of the simulator of events: it runs the same source of the user's class, compiled by Numba.

What cannot be compiled runs as plain Python, and `why_not` says which line it was. Both give the same trades.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import math
import sys
import textwrap
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trading_ai._jit import njit, njit_users
from trading_ai._syntax import expression_tree, module_tree
from trading_ai.engine.compiled import event_desk, event_fills, event_orders_placed, event_walk
from trading_ai.engine.compiled.carrying import ENTRY, ENTRY_BAR, SIDE, STOP, TARGET, UNITS
from trading_ai.engine.event_rewriting import (
    BUILT_IN,
    OWN,
    CannotCompileError,
    Rewriting,
    assigned_attributes,
)
from trading_ai.engine.event_series import Series
from trading_ai.strategies.event import EventStrategy, overrides

_PREFIX = "trading_ai_events_"
_CALLED = {
    name: vars(module)[name]
    for module, names in (
        (event_desk, ("equity_now", "margin_now", "profit_now", "finite_or_nan")),
        (
            event_orders_placed,
            (
                "at", "order", "exit_all", "exit_some", "close_oldest", "close_part", "cancel_all", "n_waiting",
                "move_stop",
                "move_target", "trail_oldest", "of_oldest", "of_last_trade", "round_to",
                "whole_number",
            ),
        ),
    )
    for name in names
}  # fmt: skip
_COLUMNS = {
    "ENTRY": ENTRY, "ENTRY_BAR": ENTRY_BAR, "SIDE": SIDE, "STOP": STOP, "TARGET": TARGET, "UNITS": UNITS,
}  # fmt: skip

_KERNEL = """
def run_bars(starts, first, {desk}, equity{arguments}{states}):
    d = Desk({desk})
    bar = first
    last = starts.shape[0] - 1
    for t in range(equity.shape[0]):
        account[NOW] = t
        while bar < last and starts[bar + 1] == t:
            if account[RUINED_BAR] < 0.0:
                if account[N_WAITING] > 0.0:
                    expire(d, bar)
                {kept}_ = on_bar(d, bar{arguments}{states})
            bar += 1
        n_open, n_others = account[N_OPEN], account[N_WAITING] + account[N_REQUESTS]
        if n_open + n_others == 0.0:
            equity[t] = account[BALANCE]
            continue
        if n_open == 1.0 and n_others == 0.0 and t < equity.shape[0] - 1:
            quiet = held_quietly(positions, config, prices, account[BALANCE], t)
            if quiet == quiet:
                account[EXPOSED] += 1.0
                equity[t] = quiet
                continue
        equity[t] = one_bar(d, t)
        if account[TROUBLE] != 0.0:
            break
    return ({kept})
"""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A strategy's code as one compiled loop over the bars.

    Attributes:
        run: the loop; takes starts, the first bar, the desk's arrays, equity, arguments and states.
        arguments: code of the expression, of `self` and `ctx`, that gives each argument.
        states: attributes that are handed from bar to bar.
    """

    run: Callable[..., Any]
    arguments: tuple[types.CodeType, ...]
    states: tuple[str, ...]


_MADE: dict[tuple[type, tuple[tuple[str, str], ...]], Compiled | CannotCompileError] = {}


def kind_of_value(value: object) -> str:
    """What an attribute of a strategy is for compiled code: see `Rewriting`; "" for what it cannot use."""
    if isinstance(value, Series):
        return "series"
    if isinstance(value, np.ndarray) and value.dtype.kind in "fib":
        return "array"
    return "number" if isinstance(value, bool | int | float | np.number) else ""


def compiled(strategy: EventStrategy) -> Compiled:
    """The compiled loop of a strategy whose `on_start` has been called; made once for a class and kinds of attributes.

    Raises:
        CannotCompileError: its code does something that only Python can do.
    """
    kinds = tuple(sorted((name, kind_of_value(value)) for name, value in vars(strategy).items()))
    key = (type(strategy), kinds)
    if key not in _MADE:
        try:
            _MADE[key] = _make(type(strategy), dict(kinds))
        except CannotCompileError as error:
            _MADE[key] = error
    found = _MADE[key]
    if isinstance(found, CannotCompileError):
        raise found
    return found


def refuse(strategy: EventStrategy, reason: CannotCompileError) -> None:
    """Note that a strategy's code turned out not to compile, so that it is not tried again."""
    kinds = tuple(sorted((name, kind_of_value(value)) for name, value in vars(strategy).items()))
    _MADE[(type(strategy), kinds)] = reason


def _make(kind: type[EventStrategy], values: dict[str, str]) -> Compiled:
    made = kind.__new__(kind)
    for method in ("on_trade", "on_stop"):
        if overrides(made, method):
            raise CannotCompileError(_line_of(getattr(kind, method)), f"it has {method}")
    function, first_line = _tree_of(kind.on_bar)
    names = tuple(argument.arg for argument in function.args.args)
    if len(names) != 2:
        raise CannotCompileError(first_line, "on_bar takes other arguments than self and ctx")
    states = assigned_attributes(function, names[0])
    for name in states:
        if values.get(name) != "number":
            raise CannotCompileError(first_line, f"self.{name} is set by on_bar, but is no number that on_start sets")
    rewriting = Rewriting((names[0], names[1]), values, states)
    rewriting.look_at(function)
    body = [rewriting.visit(statement) for statement in function.body]
    known = ["d", "bar", *rewriting.arguments, *(f"v_{name}" for name in states)]
    rewritten = ast.FunctionDef(
        "on_bar", ast.arguments([], [ast.arg(name) for name in known], None, [], [], None, []),
        [*body, rewriting.final()], [],
    )  # fmt: skip
    rewritten.lineno, rewritten.col_offset = first_line, 0
    tree = ast.fix_missing_locations(ast.Module([rewritten], []))
    for node in ast.walk(tree):
        if isinstance(
            node, ast.stmt | ast.expr | ast.arg | ast.keyword
        ):  # what was put in for a call of several lines has one of them
            node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
    outside = _outside(kind, rewritten)
    loop = _KERNEL.format(
        desk=", ".join(event_desk.Desk._fields),
        arguments="".join(f", {name}" for name in rewriting.arguments),
        states="".join(f", v_{name}" for name in states),
        kept="".join(f"v_{name}, " for name in states),
    )
    # The name of the module says what was compiled: code of another text can never be taken for it.
    numbers = sorted(f"{key} {value!r}" for key, value in outside.items() if isinstance(value, bool | int | float))
    text = "\0".join((ast.unparse(tree), loop, kind.__module__, *numbers))
    name = _PREFIX + hashlib.sha256(text.encode()).hexdigest()[:16]
    module = types.ModuleType(name)
    sys.modules[name] = module
    space = vars(module)
    space |= {**_CALLED, **_COLUMNS, "np": np, "e": event_desk, **outside}
    file = inspect.getsourcefile(kind) or f"<{name}>"
    exec(compile(tree, file, "exec", dont_inherit=True), space)
    space["on_bar"] = njit_users(space["on_bar"])
    space |= {
        "Desk": event_desk.Desk, "expire": event_fills.expire, "one_bar": event_walk.one_bar,
        "held_quietly": event_walk.held_quietly,
        **{n: vars(event_desk)[n] for n in
           ("NOW", "RUINED_BAR", "N_WAITING", "N_OPEN", "N_REQUESTS", "BALANCE", "TROUBLE", "EXPOSED")},
    }  # fmt: skip
    exec(compile(loop, f"<{name}>", "exec"), space)
    codes = tuple(
        compile(ast.fix_missing_locations(ast.Expression(_plain(source, names))), file, "eval")
        for source in rewriting.arguments.values()
    )
    return Compiled(njit(space["run_bars"]), codes, states)


def _plain(source: ast.expr, names: tuple[str, ...]) -> ast.expr:
    """An expression of the user's with `self` and `ctx` under these names."""
    text = expression_tree(ast.unparse(source))
    for node in ast.walk(text):
        if isinstance(node, ast.Name):
            node.id = {names[0]: "self", names[1]: "ctx"}.get(node.id, node.id)
    return text


def _tree_of(method: Any) -> tuple[ast.FunctionDef, int]:
    try:
        lines, first = inspect.getsourcelines(method)
    except (OSError, TypeError):
        raise CannotCompileError(0, "its source cannot be read") from None
    tree = module_tree(textwrap.dedent("".join(lines)), "on_bar").body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        raise CannotCompileError(first, "on_bar is no plain method")
    ast.increment_lineno(tree, first - 1)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.Global | ast.Nonlocal)
            and node is not tree
        ):
            raise CannotCompileError(node.lineno, "a function, class or global name inside on_bar")
    return tree, first


def _top(module: str) -> str:
    return module.partition(".")[0]


def _line_of(method: Any) -> int:
    return int(method.__code__.co_firstlineno)


def _outside(kind: type, function: ast.FunctionDef) -> dict[str, Any]:
    """What the code uses of its module: numbers, NumPy and `math`, and functions, which are compiled too."""
    own = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id.startswith(OWN)]
    local = {node.id for node in own if isinstance(node.ctx, ast.Store)}
    module = vars(sys.modules[kind.__module__])
    found: dict[str, Any] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in BUILT_IN and node.id in module:
            raise CannotCompileError(node.lineno, f"{node.id} is another one in this file than Python's")
    for node in own:
        if node.id in local:
            continue
        name = node.id.removeprefix(OWN)
        value = module.get(name)
        if isinstance(value, bool | int | float) or value is np or value is math:
            found[node.id] = value
        elif isinstance(value, types.FunctionType) and _top(value.__module__) == _top(kind.__module__):
            if "round" in value.__code__.co_names:
                raise CannotCompileError(_line_of(value), f"{name} rounds, which compiled code of it does otherwise")
            found[node.id] = njit_users(value)
        else:
            raise CannotCompileError(node.lineno, f"{name} is no number or function of the strategy's file")
    return found
