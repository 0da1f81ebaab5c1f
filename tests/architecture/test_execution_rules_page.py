"""Every rule of docs/explanation/execution-rules.md has a test of its name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.engine import test_event_rules, test_event_symbols, test_execution_rules

DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "execution-rules.md"


def test_every_documented_rule_has_its_test() -> None:
    headings = re.findall(r"^## (.+)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    names = {"test_" + re.sub(r"[^a-z]+", "_", h.lower()).strip("_") for h in headings}
    tested = {name for module in (test_execution_rules, test_event_rules, test_event_symbols) for name in vars(module)}
    assert names <= tested, names - tested
