"""Every survivor that docs/explanation/mutants.md explains is a change of a line that is still there."""

from __future__ import annotations

from tests.mutants.areas import AREAS, PACKAGE
from tests.mutants.session import explained


def test_explained_survivors_are_of_lines_that_are_there() -> None:
    entries = explained()
    assert entries
    for module, change in entries:
        lines = {line.strip() for line in (PACKAGE / module).read_text("utf-8").splitlines()}
        before = [row[2:] for row in change.splitlines() if row.startswith("- ")]
        assert before, f"{module}: {change}"
        gone = [row for row in before if row not in lines]
        assert not gone, f"{module} has changed, run its mutants again and mend docs/explanation/mutants.md: {gone}"


def test_every_area_has_modules_and_tests() -> None:
    for area in AREAS:
        assert area.modules(), area.name
        assert all((PACKAGE.parents[1] / test.split("::")[0]).exists() for test in area.tests), area.name
