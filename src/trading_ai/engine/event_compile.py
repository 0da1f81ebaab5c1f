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
from typing_extensions import override

from trading_ai._jit import borrowed, njit, njit_users, unowned
from trading_ai._syntax import expression_tree, module_tree
from trading_ai.engine.compiled import event_desk, event_far, event_fills, event_orders_placed, event_ticks, event_walk
from trading_ai.engine.compiled.carrying import ENTRY, ENTRY_BAR, SIDE, STOP, TARGET, UNITS
from trading_ai.engine.event_reading import CannotCompileError, assigned_attributes
from trading_ai.engine.event_rewriting import BUILT_IN, OWN, Rewriting
from trading_ai.engine.event_series import OtherBars, Series
from trading_ai.strategies.event import EventStrategy, overrides

_METHODS = ("on_bar", "on_tick")
_PREFIX = "trading_ai_events_"
_CALLED = {
    name: vars(module)[name]
    for module, names in (
        (event_desk, ("equity_now", "margin_now", "profit_now", "finite_or_nan", "bid_now", "ask_now")),
        (event_far, ("order", "exit_all", "exit_some", "close_oldest", "close_part")),
        (
            event_orders_placed,
            (
                "at", "at_known", "cancel_all", "n_waiting", "move_stop", "move_target", "trail_oldest", "of_oldest",
                "reserve", "of_last_trade", "round_to", "whole_number",
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
    equity = borrowed(equity)
{borrowed}
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
{bar}
        if account[TROUBLE] != 0.0:
            break
    return ({kept})
"""
_BAR = """
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
"""
_BAR_OF_TICKS = """
        if bar == first or account[RUINED_BAR] >= 0.0:
            equity[t] = one_bar(d, t)
            continue
        n_open, n_others = account[N_OPEN], account[N_WAITING] + account[N_REQUESTS]
        quiet = np.nan
        if n_open + n_others == 0.0:
            quiet = account[BALANCE]
        elif n_open == 1.0 and n_others == 0.0 and t < equity.shape[0] - 1:
            quiet = held_quietly(positions, config, prices, account[BALANCE], t)
        calm = quiet == quiet
        if calm:
            account[HELD], account[OPENED_BEFORE] = n_open, account[N_OPENED]
        for k in range(4):
            if not calm:
                to_tick(d, t, k)
            elif k == 1:
                account[UP_FIRST] = 1.0 if goes_up_first(d, t) else 0.0
            if account[RUINED_BAR] < 0.0:
                show(d, t, k)
                {kept}_ = on_tick(d, bar - 1{arguments}{states})
                if account[TOUCHED] > 0.0:
                    carry_out(d, t)
                    calm = False
                account[TICK] = -1.0
        if calm:
            account[EXPOSED] += n_open
            equity[t] = quiet
        else:
            equity[t] = end_of_ticks(d, t)
"""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A strategy's code as one compiled loop over the bars.

    Attributes:
        run: the loop; takes starts, the first bar, the desk's arrays, equity, arguments and states.
        arguments: code of the expression, of `self` and `ctx`, that gives each argument.
        written: whether each argument is an array that the strategy's own code may write into.
        states: attributes that are handed from bar to bar.
    """

    run: Callable[..., Any]
    arguments: tuple[types.CodeType, ...]
    written: tuple[bool, ...]
    states: tuple[str, ...]


_MADE: dict[tuple[type, tuple[tuple[str, str], ...]], Compiled | CannotCompileError] = {}


def kind_of_value(value: object) -> str:
    """What an attribute of a strategy is for compiled code: see `Rewriting`; "" for what it cannot use."""
    if isinstance(value, Series):
        return "other series" if value.known is not None else "series"
    if isinstance(value, OtherBars):
        return "other bars"
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
    methods = {name: _tree_of(getattr(kind, name)) for name in _METHODS if name == "on_bar" or overrides(made, name)}
    names = ("", "")
    found: dict[str, None] = {}
    for method, (function, line) in methods.items():
        given = tuple(argument.arg for argument in function.args.args)
        if len(given) != 2:
            raise CannotCompileError(line, f"{method} takes other arguments than self and ctx")
        if method != "on_bar" and given != names:
            raise CannotCompileError(line, f"{method} calls its arguments otherwise than on_bar does")
        names = (given[0], given[1])
        for name in assigned_attributes(function, names[0]):
            if values.get(name) != "number":
                raise CannotCompileError(line, f"self.{name} is set by {method}, but is no number that on_start sets")
            found[name] = None
    states = tuple(found)
    rewriting = Rewriting(names, values, states)
    bodies = {}
    for method, (function, _) in methods.items():
        rewriting.look_at(function, method)
        bodies[method] = [*map(rewriting.visit, function.body), rewriting.final()]
    known = ["d", "bar", *rewriting.arguments, *(f"v_{name}" for name in states)]
    tree = ast.Module([_function(method, known, body, methods[method][1]) for method, body in bodies.items()], [])
    ast.fix_missing_locations(tree)
    for node in ast.walk(tree):
        if isinstance(
            node, ast.stmt | ast.expr | ast.arg | ast.keyword
        ):  # what was put in for a call of several lines has one of them
            node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
    outside: dict[str, Any] = {}
    for each in tree.body:
        outside |= _outside(kind, each)
    parts = {
        "arguments": "".join(f", {name}" for name in rewriting.arguments),
        "states": "".join(f", v_{name}" for name in states),
        "kept": "".join(f"v_{name}, " for name in states),
    }
    bar = (_BAR_OF_TICKS if "on_tick" in methods else _BAR).strip("\n").format(**parts)
    kept = (*event_desk.Desk._fields, *rewriting.arguments)
    parts["borrowed"] = "\n".join(f"    {name} = {'unowned' if _is_own(name) else 'borrowed'}({name})" for name in kept)
    loop = _KERNEL.format(desk=", ".join(event_desk.Desk._fields), bar=bar, **parts)
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
    space |= {method: njit_users(space[method], within=True) for method in methods}
    space |= {
        "Desk": event_desk.Desk, "borrowed": borrowed, "unowned": unowned,
        "expire": event_fills.expire, "one_bar": event_far.one_bar,
        "held_quietly": event_walk.held_quietly, "goes_up_first": event_walk.goes_up_first, "show": event_ticks.show,
        "to_tick": event_far.to_tick, "carry_out": event_far.carry_out, "end_of_ticks": event_far.end_of_ticks,
        **{n: vars(event_desk)[n] for n in
           ("NOW", "RUINED_BAR", "N_WAITING", "N_OPEN", "N_REQUESTS", "BALANCE", "TROUBLE", "EXPOSED", "TICK",
            "TOUCHED", "HELD", "OPENED_BEFORE", "N_OPENED", "UP_FIRST")},
    }  # fmt: skip
    exec(compile(loop, f"<{name}>", "exec"), space)
    codes = tuple(
        compile(ast.fix_missing_locations(ast.Expression(_plain(source, names))), file, "eval")
        for source in rewriting.arguments.values()
    )
    written = tuple(map(_is_own, rewriting.arguments))
    return Compiled(njit(space["run_bars"]), codes, written, states)


def _is_own(argument: str) -> bool:
    """Whether an argument is an attribute of the strategy's as it stands, with which its code may do anything."""
    return argument.startswith("p_")


def _function(method: str, arguments: list[str], body: list[ast.stmt], line: int) -> ast.FunctionDef:
    made = ast.FunctionDef(
        method, ast.arguments([], [ast.arg(name) for name in arguments], None, [], [], None, []), body, []
    )
    made.lineno, made.col_offset = line, 0
    return made


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
    name = method.__name__
    tree = module_tree(textwrap.dedent("".join(lines)), name).body[0]
    if not isinstance(tree, ast.FunctionDef) or not all(_says_override(one, method) for one in tree.decorator_list):
        raise CannotCompileError(first, f"{name} is no plain method")
    tree.decorator_list = []
    ast.increment_lineno(tree, first - 1)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.Global | ast.Nonlocal)
            and node is not tree
        ):
            raise CannotCompileError(node.lineno, f"a function, class or global name inside {name}")
    return tree, first


def _says_override(decorator: ast.expr, method: Any) -> bool:
    """Whether a decorator is `@override`, which gives the method back as it was: it is for readers."""
    match decorator:
        case ast.Name(id=name):
            return method.__globals__.get(name) is override
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return getattr(method.__globals__.get(module), name, None) is override
    return False


def _top(module: str) -> str:
    return module.partition(".")[0]


def _line_of(method: Any) -> int:
    return int(method.__code__.co_firstlineno)


def _outside(kind: type, function: ast.AST) -> dict[str, Any]:
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
