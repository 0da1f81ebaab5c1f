"""Runs the cells of a notebook one after the other, as a kernel does: one namespace, the last expression shown.

A program of its own, so that each notebook has a fresh process: ``python tests/cells.py NOTEBOOK``. It prints one JSON
line a code cell: its number, and what a notebook would have shown of its last expression.
"""

from __future__ import annotations

import ast
import json
import linecache
import sys
from pathlib import Path
from typing import Any


def code_cells(path: Path) -> list[str]:
    """The source of every code cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run_cell(source: str, number: int, names: dict[str, Any]) -> Any:
    """Run one cell; returns the value of its last expression, or None."""
    name = f"<cell {number}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # as IPython does
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), names)


def shown(value: Any) -> str:
    """What a notebook shows of a value: its HTML, a figure's JSON, or its text."""
    if hasattr(value, "to_plotly_json"):
        return f"figure with {len(value.to_plotly_json()['data'])} traces"
    html = getattr(value, "_repr_html_", None)
    return html() if html is not None else repr(value)


def main(path: Path) -> None:
    """Run a notebook."""
    names: dict[str, Any] = vars(sys.modules["__main__"])  # classes of cells belong to __main__
    for number, source in enumerate(code_cells(path), 1):
        value = run_cell(source, number, names)
        sys.stdout.write(json.dumps({"cell": number, "shown": "" if value is None else shown(value)}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
