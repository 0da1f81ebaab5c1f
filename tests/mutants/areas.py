"""What is mutated, and which tests have to notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "trading_ai"

_SIMULATORS = (
    "tests/unit/engine",
    "tests/unit/metrics",
    "tests/property/test_simulators_agree.py",
    "tests/property/test_lanes_agree.py",
    "tests/property/test_date_range.py",
    "tests/golden/test_golden.py",
)


@dataclass(frozen=True)
class Area:
    """A part of the package whose score is told on its own.

    Attributes:
        name: such as ``engine``.
        sources: globs below the package; those that match nothing are passed over.
        tests: files and folders that are run on each mutant, the quickest to notice first.
        left_out: names of modules that no mutant can be noticed in, with the reason in `docs/explanation/mutants.md`.
    """

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def modules(self) -> list[Path]:
        """The source files, in order."""
        found = {path for pattern in self.sources for path in PACKAGE.glob(pattern)}
        return sorted(path for path in found if path.name not in {"__init__.py", *self.left_out})

    def tests_of(self, module: Path) -> list[str]:
        """The tests of a module: those in the file of its name first, then all of the area."""
        own = sorted((ROOT / "tests" / "unit").glob(f"*/test_{module.stem}.py"))
        return [*(str(path.relative_to(ROOT)) for path in own), *self.tests]


AREAS = (
    Area("engine", ("engine/**/*.py",), _SIMULATORS),
    Area("metrics", ("metrics/*.py",), ("tests/unit/metrics", "tests/unit/engine")),
    Area("robustness", ("robustness/*.py",), ("tests/unit/robustness",)),
    Area(
        "ranking",
        ("optimization/ranking.py",),
        ("tests/unit/optimization/test_ranking.py", "tests/unit/optimization/test_plateau_objective.py"),
    ),
)


def module_name(path: Path) -> str:
    """The dotted name that a source file is imported by."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts)
