"""The first of the statements that ``python -m tests.fuzz sql`` asks thousands of."""

from __future__ import annotations

import collections
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.fuzz.sql import check

N_STATEMENTS = 200


def test_every_statement_is_answered_or_refused(tmp_path: Path) -> None:
    outcomes = collections.Counter(check(number, tmp_path) for number in range(N_STATEMENTS))
    assert outcomes["answered"] > N_STATEMENTS / 20  # or they are too wild to get behind the parser
    assert outcomes["refused"] > N_STATEMENTS / 4
