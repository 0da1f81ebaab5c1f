"""The first of the cases that ``make fuzz`` runs a million of."""

from __future__ import annotations

import pytest

from tests.fuzz.running import run


def test_the_first_imports_end_in_bars_or_a_refusal():
    outcomes, failures, _ = run("imports", 0, 600)
    assert failures == []
    assert outcomes["read"] > 15


def test_the_first_reports_end_in_trades_or_a_refusal():
    outcomes, failures, _ = run("reports", 0, 200)
    assert failures == []
    assert outcomes["read"] > 10


@pytest.mark.slow
def test_imports_end_in_bars_or_a_refusal():
    outcomes, failures, memory = run("imports", 0, 13_000)
    assert failures == []
    assert outcomes["read"] > 400  # or the cases are too wild to find anything behind the first check
    assert memory < 2_000  # of this process with all that earlier tests have loaded


@pytest.mark.slow
def test_reports_end_in_trades_or_a_refusal():
    outcomes, failures, memory = run("reports", 0, 3_000)
    assert failures == []
    assert outcomes["read"] > 200
    assert memory < 2_000
