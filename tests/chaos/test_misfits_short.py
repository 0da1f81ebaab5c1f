"""The short form: every kind of worker that does not fit once, on real processes; `make chaos` runs the long one."""

from __future__ import annotations

import pytest

from tests.chaos.experiment import strike_each
from tests.chaos.faults import MISFITS


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_nothing_is_lost_whoever_works(tmp_path):
    strike_each(tmp_path, MISFITS)
