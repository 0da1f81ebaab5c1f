"""Two machines of Celery with folders of their own run a strategy whose file they never saw, whatever becomes of it."""

from __future__ import annotations

import random

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.experiment import Experiment
from tests.chaos.faults import damage_bundles, kill_while_fetching, lose_bundles
from trading_ai.store.sql import SqlStore
from trading_ai.strategies.bundle import check_folder


def whole(cluster: Cluster, name: str, bundle_hash: str) -> bool:
    """Whether a machine has the bundle as it was published."""
    return check_folder(cluster.home(name) / "cache" / "bundles" / bundle_hash, bundle_hash) is not None


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_what_becomes_of_a_published_strategy_on_a_machine_changes_no_number(tmp_path):
    with Cluster(tmp_path, concurrency=1) as cluster:
        cluster.wait_ready()
        experiment = Experiment(cluster, size=100, seed=3, published=True)
        spec = SqlStore(cluster.postgres.url).backtest(experiment.backtest_id).spec
        assert spec.strategy.startswith("bundle:")
        bundle_hash = spec.strategy.removeprefix("bundle:")
        cluster.strategy.unlink()  # nobody needs it any more

        def evaluated() -> None:
            key = experiment.start()
            experiment._finish(key)
            experiment.compare(key)

        evaluated()
        first, second = cluster.workers()
        assert whole(cluster, first, bundle_hash) or whole(cluster, second, bundle_hash)
        for harm in (
            lambda: lose_bundles(cluster, first),
            lambda: damage_bundles(cluster, second),
            lambda: kill_while_fetching(cluster, first, random.Random(3)),
        ):
            key = experiment.start()
            harm()
            experiment._finish(key)
            experiment.compare(key)
        outcome = experiment.outcome
        assert (outcome.n_lost, outcome.n_different, outcome.n_failed) == (0, 0, 0)
        # Each alone: the other takes nothing from it.
        for name, other in ((first, second), (second, first)):
            cluster.kill(other)
            evaluated()
            assert whole(cluster, name, bundle_hash)
            cluster.start(other)
