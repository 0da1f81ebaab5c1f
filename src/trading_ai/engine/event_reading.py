"""What the code of an event strategy is found to do before it is rewritten, and what is said of code that cannot be."""

from __future__ import annotations

import ast
from collections.abc import Callable

from trading_ai.engine.event_ordering import Ordering


class CannotCompileError(Exception):
    """A strategy's code does something that only Python can do.

    Attributes:
        line: the line of the user's file; 0 where none can be named.
        why: what it does, in words.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line, self.why = line, why


def assigned_attributes(tree: ast.AST, name: str) -> tuple[str, ...]:
    """Attributes of `name` that a function's body sets, in order of the first."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            if isinstance(node.value, ast.Name) and node.value.id == name:
                found[node.attr] = None
            else:
                raise CannotCompileError(node.lineno, f"{ast.unparse(node)} is set")
    return tuple(found)


def asked_for_truth(tree: ast.AST) -> set[int]:
    """Nodes of which only the truth is asked, by identity: conditions, and the parts of ``not``, ``and``, ``or``."""
    found: set[int] = set()

    def ask(node: ast.expr) -> None:
        found.add(id(node))
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                ask(value)

    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            ask(node.test)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            ask(node.operand)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "bool":
            for argument in node.args:
                ask(argument)
    return found


def check_only_looked_at(node: ast.expr, kind_of: Callable[[ast.expr], str]) -> None:
    """Check that an expression does not use the orders or positions of another symbol.

    Args:
        node: the expression, such as ``self.yen.position.close``.
        kind_of: what an attribute of the strategy is, see `Rewriting`.

    Raises:
        CannotCompileError: it does, which only Python can do.
    """
    while isinstance(node, ast.Attribute):
        if kind_of(node.value) == "other bars" and hasattr(Ordering, node.attr):
            raise CannotCompileError(node.lineno, f"{ast.unparse(node)}: another symbol is traded, as Python only")
        node = node.value
