"""A small language for formulas over named columns: arithmetic, comparisons and a few functions, nothing else.

What a user or a request writes is parsed by Python's own parser and walked node by node; only what is listed here is
carried out, so a formula cannot reach anything but the columns it names.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import ParameterError, did_you_mean

Column = npt.NDArray[Any]

MAX_LENGTH = 500
_MAX_DEPTH = 40

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.true_divide,
    ast.Mod: np.mod,
    ast.Pow: np.float_power,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "abs": (1, np.abs),
    "sqrt": (1, np.sqrt),
    "log": (1, np.log),
    "log1p": (1, np.log1p),
    "exp": (1, np.exp),
    "round": (1, np.rint),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
}
GRAMMAR = "numbers, + - * / % **, comparisons, and, or, not, " + ", ".join(_FUNCTIONS)


@dataclass(frozen=True)
class Expression:
    """A formula that was found sound; made by `parse_expression`.

    Attributes:
        text: as the user wrote it.
        names: columns that it uses, in order of appearance.
        is_condition: whether it is true or false rather than a number.
    """

    text: str
    names: tuple[str, ...]
    is_condition: bool
    _tree: ast.expr | ParameterError = field(repr=False, compare=False)

    @override
    def __str__(self) -> str:
        return self.text

    @classmethod
    def kept(cls, text: str, *, parameter: str) -> Expression:
        """A condition that was stored: where it can no longer be read, that is said when it is used."""
        try:
            return parse_expression(text, None, parameter=parameter, condition=True)
        except ParameterError as error:
            return cls(text, (), True, error)

    def require(self, known: Sequence[str], parameter: str) -> None:
        """Refuse names that are not among the known ones.

        Raises:
            ParameterError: it names another one.
        """
        for name in self.names:
            if name not in known:
                raise _unknown(name, known, parameter, self.text)

    def evaluate(self, columns: Mapping[str, Column]) -> Column:
        """The formula of every row.

        Args:
            columns: at least those of `names`, of shape (m,) or of shapes that broadcast.

        Returns:
            Float64, or bool for a condition, shape (m,) or what the shapes broadcast to (() where it uses no
            column). Undefined is NaN; a comparison with NaN is false.
        """
        if isinstance(self._tree, ParameterError):
            raise self._tree
        with np.errstate(all="ignore"):
            value = _value(self._tree, columns)
        return np.asarray(value, dtype=np.bool_ if self.is_condition else np.float64)


def parse_expression(text: str, known: Sequence[str] | None, *, parameter: str, condition: bool) -> Expression:
    """Read a formula.

    Args:
        text: the formula, such as ``net_profit / (1 + max_drawdown)`` or ``fast * 2 < slow``.
        known: names that it may use; None for any, see `Expression.require`.
        parameter: what errors call it.
        condition: whether a condition is asked for, or a number.

    Raises:
        ParameterError: it cannot be read, uses something else than `GRAMMAR`, or names an unknown column.
    """
    return _parsed(text, None if known is None else tuple(known), parameter, condition)


def _unknown(name: str, known: Sequence[str], parameter: str, text: str) -> ParameterError:
    return ParameterError(
        f"{name} is not known", parameter=parameter, value=text,
        remedy=did_you_mean(name, known) + "Known: " + ", ".join(known),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _parsed(text: str, known: tuple[str, ...] | None, parameter: str, condition: bool) -> Expression:
    def refuse(message: str, remedy: str = f"Use {GRAMMAR}") -> ParameterError:
        return ParameterError(message, parameter=parameter, value=text, remedy=remedy)

    if len(text) > MAX_LENGTH:
        raise refuse(f"has {len(text):,} characters, more than {MAX_LENGTH}", "Shorten it")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise refuse("is not a formula") from error
    names: dict[str, None] = {}
    for node, depth in _nodes(tree):
        if depth > _MAX_DEPTH:
            raise refuse("is nested too deeply", "Simplify it")
        if isinstance(node, ast.Name):
            if known is not None and node.id not in known:
                raise _unknown(node.id, known, parameter, text)
            names[node.id] = None
        elif why := _fault(node) or _misplaced_text(node):
            raise refuse(why)
    if _is_text(tree):
        raise refuse(f"{ast.unparse(tree)} is a text, not a number")
    is_condition = _is_condition(tree)
    if is_condition != condition:
        what = ("a condition, such as fast < slow", "a number")
        raise refuse(f"must be {what[0] if condition else what[1]}")
    return Expression(text, tuple(names), is_condition, tree)


def _nodes(node: ast.AST, depth: int = 0) -> Iterator[tuple[ast.AST, int]]:
    if depth > _MAX_DEPTH:
        yield node, depth
        return
    yield node, depth
    called = node.func if isinstance(node, ast.Call) else None
    for child in ast.iter_child_nodes(node):
        if child is not called and not isinstance(child, ast.expr_context | ast.operator | ast.unaryop | ast.cmpop):
            yield from _nodes(child, depth + 1)


def _fault(node: ast.AST) -> str:
    """Why a node is not part of the language; empty if it is."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str | bool):
            return ""
        if isinstance(node.value, int | float) and math.isfinite(node.value):
            return ""
        return f"{node.value!r} is not a number"
    if isinstance(node, ast.BinOp):
        return "" if type(node.op) in _BINARY else f"the operator {type(node.op).__name__} is not offered"
    if isinstance(node, ast.UnaryOp):
        return "" if isinstance(node.op, ast.USub | ast.UAdd | ast.Not) else "that operator is not offered"
    if isinstance(node, ast.Compare):
        return "" if all(type(op) in _COMPARE for op in node.ops) else "that comparison is not offered"
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS or node.keywords:
            return "that function is not offered"
        wanted = _FUNCTIONS[node.func.id][0]
        if len(node.args) < wanted or (wanted == 1 and len(node.args) > 1):
            return f"{node.func.id} takes {wanted} number{'s' if wanted > 1 else ''}"
        return ""
    if isinstance(node, ast.BoolOp | ast.And | ast.Or):
        return ""
    return f"{type(node).__name__} is not part of a formula"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _misplaced_text(node: ast.AST) -> str:
    """Why a text stands where nothing can be done with it; empty if it does not. It can be compared, no more."""
    if isinstance(node, ast.Compare):
        return ""
    found = next((child for child in ast.iter_child_nodes(node) if _is_text(child)), None)
    return "" if found is None else f"the text {ast.unparse(found)} can only be compared"


def _is_condition(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    return isinstance(node, ast.Compare | ast.BoolOp)


def _value(node: ast.expr, columns: Mapping[str, Column]) -> Any:
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.Constant):
        number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        return float(node.value) if number else node.value  # type: ignore[arg-type]
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, columns)
        if isinstance(node.op, ast.Not):
            return np.logical_not(operand)
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.Compare):
        sides = [_value(side, columns) for side in (node.left, *node.comparators)]
        held: Any = True
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
            held = np.logical_and(held, _COMPARE[type(op)](left, right))
        return held
    if isinstance(node, ast.BoolOp):
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        parts = [_value(part, columns) for part in node.values]
        held = parts[0]
        for part in parts[1:]:
            held = join(held, part)
        return held
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    function, values = _FUNCTIONS[node.func.id][1], [_value(arg, columns) for arg in node.args]
    result = function(*values[:2])
    for value in values[2:]:
        result = function(result, value)
    return result
