"""The short form: every kind of death once, on real processes; `make chaos` runs the long one."""

from __future__ import annotations

import pytest

from tests.chaos.experiment import strike_each
from tests.chaos.faults import DEATHS


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_nothing_is_lost_whatever_is_killed(tmp_path):
    strike_each(tmp_path, DEATHS)
