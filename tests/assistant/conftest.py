"""These tests need a gigabyte of packages, which `make test-assistant` installs; otherwise they are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("TRADING_AI_TEST_ASSISTANT") == "1":
        return
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="make test-assistant runs it"))
