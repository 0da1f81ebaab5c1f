"""A small language for formulas over named columns: arithmetic, comparisons and a few functions, nothing else.

What a user or a request writes is parsed by Python's own parser and walked node by node; only what is listed here is
carried out, so a formula cannot reach anything but the columns it names. Each part is a number, a text or a condition,
and what does not fit together is refused when the formula is read: one that was accepted can be computed.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai._syntax import expression_tree
from trading_ai.errors import ParameterError, did_you_mean

Column = npt.NDArray[Any]

Kind = Literal["number", "text", "condition", "flag", "mixed", "any"]
"""What a part of a formula, or a column, is. A flag is true or false and counts as 1 or 0; a mixed column holds numbers
and texts; any is that of a name before its values are known."""

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

    def require(self, known: Mapping[str, Kind], parameter: str) -> None:
        """Refuse names that are not among the known ones, and what cannot be computed of columns of their kinds.

        Args:
            known: kind of each column, see `kind_of`.
            parameter: what errors call the formula.

        Raises:
            ParameterError: it names another one, or, say, compares a text with a number.
        """
        for name in self.names:
            if name not in known:
                raise _unknown(name, list(known), parameter, self.text)
        if isinstance(self._tree, ParameterError):
            raise self._tree
        try:
            _kind(self._tree, known)
        except _MisfitError as error:
            raise ParameterError(
                str(error),
                parameter=parameter,
                value=self.text,
                remedy="Compare texts with texts, numbers with numbers",
            ) from None

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


def kind_of(values: Iterable[object]) -> Kind:
    """The kind of a column that holds these values, each a number, a truth value or a text."""
    listed = list(values)
    if all(isinstance(value, bool) for value in listed):
        return "flag"
    if all(isinstance(value, int | float) for value in listed):
        return "number"
    return "text" if all(isinstance(value, str) for value in listed) else "mixed"


def parse_expression(text: str, known: Sequence[str] | None, *, parameter: str, condition: bool) -> Expression:
    """Read a formula.

    Args:
        text: the formula, such as ``net_profit / (1 + max_drawdown)`` or ``fast * 2 < slow``.
        known: names that it may use, all of numbers; None for any, see `Expression.require`.
        parameter: what errors call it.
        condition: whether a condition is asked for, or a number.

    Raises:
        ParameterError: it cannot be read, uses something else than `GRAMMAR`, names an unknown column, or does with a
            number, a text or a condition what cannot be done with it.
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
        shown = text if len(text) <= MAX_LENGTH else f"{text[:60]}..."
        return ParameterError(message, parameter=parameter, value=shown, remedy=remedy)

    if len(text) > MAX_LENGTH:
        raise refuse(f"has {len(text):,} characters, more than {MAX_LENGTH}", "Shorten it")
    try:
        tree = expression_tree(text.strip())
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
        elif why := _fault(node):
            raise refuse(why)
    try:
        found = _kind(tree, dict.fromkeys(names, "any" if known is None else "number"))
    except _MisfitError as error:
        raise refuse(str(error)) from None
    if found == "text":
        raise refuse(f"{ast.unparse(tree)} is a text, not a number")
    if (found == "condition") != condition:
        what = ("a condition, such as fast < slow", "a number")
        raise refuse(f"must be {what[0] if condition else what[1]}")
    return Expression(text, tuple(names), condition, tree)


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
        if not isinstance(node.value, int | float):
            return f"{node.value!r} is not a number"
        try:
            is_finite = math.isfinite(float(node.value))
        except OverflowError:
            is_finite = False
        return "" if is_finite else "too large, and so not a number: above 1.8e308"
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


class _MisfitError(Exception):
    """What does not fit together, in words."""


def _kind(node: ast.expr, columns: Mapping[str, Kind]) -> Kind:
    """The kind of a part of a formula.

    Args:
        node: the part, of which `_fault` has nothing to say.
        columns: kind of each column.

    Raises:
        _MisfitError: its own parts do not fit together.
    """
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.Constant):
        return kind_of([node.value])
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        kinds = [_kind(side, columns) for side in sides]
        for i, op in enumerate(node.ops):
            _check_compared(sides[i : i + 2], kinds[i : i + 2], op)
        return "condition"
    if isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        for part in node.values if isinstance(node, ast.BoolOp) else [node.operand]:
            _check_part(part, _kind(part, columns), ("condition", "flag", "any"), "where a condition belongs")
        return "condition"
    parts: Sequence[ast.expr]
    if isinstance(node, ast.BinOp):
        parts = (node.left, node.right)
    elif isinstance(node, ast.UnaryOp):
        parts = (node.operand,)
    else:
        assert isinstance(node, ast.Call)
        parts = node.args
    for part in parts:
        if isinstance(part, ast.Starred):
            raise _MisfitError("Starred is not part of a formula")
        _check_part(part, _kind(part, columns), ("number", "flag", "any"), "where a number belongs")
    return "number"


_COMPARABLE = (
    {"number", "flag"},
    {"text"},
    {"condition", "flag"},
    {"mixed", "number", "flag"},
    {"mixed", "text"},
)


def _check_compared(sides: Sequence[ast.expr], kinds: Sequence[Kind], op: ast.cmpop) -> None:
    """Refuse sides of a comparison of which one is, say, a text and the other a number."""
    given = set(kinds) - {"any"}
    if not any(given <= pair for pair in _COMPARABLE):
        words = [f"{_said(side)} ({_WORDS[kind]})" for side, kind in zip(sides, kinds, strict=True)]
        raise _MisfitError(f"{words[0]} cannot be compared with {words[1]}: they are of two kinds")
    if given & {"condition", "mixed"} and not isinstance(op, ast.Eq | ast.NotEq):
        raise _MisfitError(f"{_said(sides[0])} and {_said(sides[1])} can only be compared by == and !=")


def _check_part(part: ast.expr, kind: Kind, wanted: Sequence[Kind], where: str) -> None:
    if kind not in wanted:
        only = "; a text can only be compared" if kind == "text" else ""
        raise _MisfitError(f"{_said(part)} is {_WORDS[kind]} {where}{only}")


_WORDS: dict[Kind, str] = {
    "number": "a number",
    "text": "a text",
    "condition": "a condition",
    "flag": "true or false",
    "mixed": "numbers and texts",
    "any": "a parameter",
}


def _said(node: ast.expr) -> str:
    return ast.unparse(node)


def _value(node: ast.expr, columns: Mapping[str, Column]) -> Any:
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.Constant):
        return float(node.value) if isinstance(node.value, int | float) else node.value
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
