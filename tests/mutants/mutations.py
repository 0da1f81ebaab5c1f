"""The mutants of a source file: cosmic-ray's operators, without those that cannot tell anything.

Left out are places that compute nothing (annotations, aliases of types; decorators, which only freeze a record or do
nothing when Python runs the kernels itself), and replacements that no test could miss (a float shifted or negated bit
by bit) or that mean the same to a reader (`is` for `==`): they would only flatter the score.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

_ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"}
_BITWISE = {"BitOr", "BitAnd", "BitXor", "RShift", "LShift"}
_LEFT_OUT = ("core/VariableReplacer", "core/VariableInserter", "core/RemoveDecorator")

Position = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """One change of one place.

    Attributes:
        module: the source file.
        operator: cosmic-ray's name of the change.
        occurrence: which of the places that the operator could change.
        start: line (from 1) and column of the place.
    """

    module: Path
    operator: str
    occurrence: int
    start: Position

    def source(self, code: str) -> str:
        """The mutated code."""
        mutated: str | None = mutate_code(code, cosmic_ray.plugins.get_operator(self.operator)(), self.occurrence)
        if mutated is None:
            raise ValueError(f"{self.operator} has no occurrence {self.occurrence} in {self.module}")
        return mutated

    def key(self, code: str) -> str:
        """Names the mutant as long as its module stays the same."""
        digest = hashlib.sha256(code.encode()).hexdigest()[:12]
        return f"{self.module.stem}:{digest}:{self.operator}:{self.occurrence}"


def _is_telling(operator: str) -> bool:
    if operator in _LEFT_OUT:
        return False
    kind, *change = operator.removeprefix("core/").split("_")
    if kind == "ReplaceBinaryOperator":
        return {*change} <= _ARITHMETIC or {*change} <= _BITWISE
    if kind == "ReplaceComparisonOperator":
        either = {"Is", "IsNot"} & {*change}
        return not either or {*change} == {"Is", "IsNot"}
    return kind != "ReplaceUnaryOperator" or "Invert" not in change[1:]


def _span(node: ast.AST) -> tuple[Position, Position]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def _never_computed(code: str) -> list[tuple[Position, Position]]:
    """Where annotations, aliases of types and decorators stand."""
    found = []
    for node in ast.walk(ast.parse(code)):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            parts = [*node.decorator_list, node.returns, *(each.annotation for each in every if each is not None)]
        elif isinstance(node, ast.ClassDef):
            parts = [*node.decorator_list]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp | ast.Subscript):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            is_alias = any(name.strip("_")[:1].isupper() and not name.isupper() for name in names)
            parts = [node.value] if is_alias else []
        found += [_span(part) for part in parts if part is not None]
    return found


def mutants_of(module: Path, code: str) -> Iterator[Mutant]:
    """Every telling mutant of a source file."""
    tree = get_ast(code)
    nodes = list(ast_nodes(tree))
    passed_over = _never_computed(code)
    for name in cosmic_ray.plugins.operator_names():
        if not _is_telling(name):
            continue
        operator = cosmic_ray.plugins.get_operator(name)()
        places = (start for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, start in enumerate(places):
            if not any(begin <= start < end for begin, end in passed_over):
                yield Mutant(module, name, occurrence, (int(start[0]), int(start[1])))


def by_place(mutants: list[Mutant]) -> list[list[Mutant]]:
    """Mutants of the same place together: a sample takes one of each, or operators with many forms would crowd it."""
    places: defaultdict[tuple[Path, Position], list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        places[mutant.module, mutant.start].append(mutant)
    return list(places.values())
