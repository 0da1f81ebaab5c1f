"""The page on signals that say more: its examples run as they stand, and trade."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "say-more-in-signals.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(number, capsys, monkeypatch):
    module = ModuleType(f"page_example_{number}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(EXAMPLES[number], str(PAGE), "exec"), vars(module))
    said = capsys.readouterr().out
    found = re.match(r"(\d+) (trials|trades)", said)
    assert found, said
    assert int(found[1]) >= 10
