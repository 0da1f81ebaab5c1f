"""What is known of each mutant: one JSON line each, appended as it becomes known, so that a run can go on later."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutants.areas import ROOT

if TYPE_CHECKING:
    from tests.mutants.mutations import Mutant  # needs the mutation tester

PAGE = ROOT / "docs" / "explanation" / "mutants.md"


@dataclass(frozen=True)
class Line:
    """What is known of one mutant.

    Attributes:
        key: `Mutant.key`.
        area: name of its area.
        module: source file below the package.
        line: line of the place, from 1.
        operator: cosmic-ray's name of the change.
        change: the lines that changed, each with ``-`` or ``+`` in front, without indentation.
        is_killed: whether a test noticed.
        how: the first test that did, ``time``, or empty.
        seconds: it took.
    """

    key: str
    area: str
    module: str
    line: int
    operator: str
    change: str
    is_killed: bool
    how: str
    seconds: float


def change_of(code: str, mutated: str) -> str:
    """The lines in which two sources differ."""
    both = difflib.ndiff(code.splitlines(), mutated.splitlines())
    return "\n".join(f"{row[0]} {row[2:].strip()}" for row in both if row[0] in "-+")


class Session:
    """Results in a file.

    Args:
        path: made if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.lines = {line.key: line for line in (Line(**json.loads(row)) for row in text.splitlines())}

    def add(self, line: Line) -> None:
        """Keep a result, in place of an earlier one of the same mutant."""
        self.lines[line.key] = line
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")

    def of(self, mutants: list[tuple[str, Mutant]]) -> Iterator[Line]:
        """The results of mutants, given with their keys, that have one."""
        return (self.lines[key] for key, _ in mutants if key in self.lines)


def explained() -> set[tuple[str, str]]:
    """Module and change of every survivor that the documentation gives a reason for."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    found = re.findall(r"^`([\w/]+\.py)`.*?^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return {(module, change) for module, changes in found for change in changes.strip().split("\n\n")}
