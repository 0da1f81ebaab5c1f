"""The short form: every kind of death once, on real processes; `make chaos` runs the long one."""

from __future__ import annotations

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.experiment import RECOVERY_SECONDS, Experiment
from tests.chaos.faults import DEATHS


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_nothing_is_lost_whatever_is_killed(tmp_path):
    with Cluster(tmp_path) as cluster:
        cluster.wait_ready()
        outcome = Experiment(cluster, size=400, seed=7).run(len(DEATHS), DEATHS)
    assert outcome.n_faults == len(DEATHS)
    assert (outcome.n_lost, outcome.n_different, outcome.n_failed) == (0, 0, 0)
    assert outcome.slowest < RECOVERY_SECONDS, outcome.table()
