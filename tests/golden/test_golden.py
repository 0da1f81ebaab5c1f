"""Numbers that may not change unless the engine's version does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.table import compute, differences, read
from trading_ai.engine.version import ENGINE_VERSION

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found() -> dict:
    return compute()


def test_numbers_change_only_with_the_engine_s_version(found):
    version, kept = read()
    changed = differences(found, kept)
    assert version == ENGINE_VERSION or changed, (
        f"the table is of engine version {version}, this is {ENGINE_VERSION}, and no number has changed: take the "
        "version back, or add the case that shows the change"
    )
    assert not changed, (
        f"{len(changed)} numbers have changed and the engine's version is "
        + ("still " if version == ENGINE_VERSION else "now ")
        + f"{ENGINE_VERSION} (the table is of {version}). If that is meant: raise ENGINE_VERSION in engine/version.py, "
        "say why under 'Engine versions' in CHANGELOG.md, then run `python -m tests.golden`.\n" + "\n".join(changed[:9])
    )


def test_the_version_stands_with_its_reason_in_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    line = next((row for row in text.splitlines() if row.startswith(f"- Engine version {ENGINE_VERSION}: ")), "")
    assert len(line) > 40, f"CHANGELOG.md says nowhere why there is an engine version {ENGINE_VERSION}"


def test_a_changed_number_is_told(found):
    name = next(iter(found))
    column = next(iter(found[name]))
    changed = {**found, name: {**found[name], column: 1e9}}
    assert differences(changed, found) == [f"{name}: {column} is 1000000000.0, was {found[name][column]!r}"]


def test_the_table_covers_every_simulator_cost_rule_and_exit(found):
    from tests.golden.cases import COSTS, EXITS, RULES, SIZINGS
    from trading_ai.engine.costs import Costs
    from trading_ai.engine.rules import EXIT_PARAMETERS, ExecutionRules
    from trading_ai.engine.sizing import Sizing

    for cases, kind in ((COSTS, Costs), (RULES, ExecutionRules), (SIZINGS, Sizing)):
        plain = vars(kind())
        touched = {name for case in cases.values() for name, value in vars(case).items() if value != plain[name]}
        assert touched >= plain.keys(), f"{kind.__name__} has a field that no case uses"
    assert {n for case in EXITS.values() for n, value in vars(case).items() if value} == set(EXIT_PARAMETERS)
    traded = [row["trades"] for name, row in found.items() if name.startswith("plain: ")]
    assert min(traded) > 3
