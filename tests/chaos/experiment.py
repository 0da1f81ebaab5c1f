"""Break things while optimizations run whose exact result is known, and compare every trial to the last bit."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import trading_ai as ta
from tests.chaos.cluster import Cluster
from tests.chaos.faults import FAULTS
from tests.chaos.places import other_version
from trading_ai.errors import TradingAIError
from trading_ai.store.sql import SqlStore

FIXED = {"fast": 10, "slow": 30}
RECOVERY_SECONDS = 15.0
_GIVE_UP_SECONDS = 120.0


@dataclass
class Outcome:
    """What came of it; `recoveries` are seconds from each fault's end to the next stored trial."""

    n_faults: int = 0
    n_optimizations: int = 0
    n_trials: int = 0
    n_lost: int = 0
    n_different: int = 0
    n_failed: int = 0
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def slowest(self) -> float:
        return max((max(seconds) for seconds in self.recoveries.values()), default=0.0)

    def table(self) -> str:
        rows = ["| fault | times | slowest recovery, s |", "| --- | ---: | ---: |"]
        rows += [f"| {name} | {len(times)} | {max(times):.1f} |" for name, times in sorted(self.recoveries.items())]
        return "\n".join(rows)


class Experiment:
    """One cluster, one search space, any number of faults.

    Args:
        cluster: the cluster, ready.
        size: values of each of the two exit parameters.
        seed: of the faults' order and moments.
        published: whether the strategy is published, instead of a file that every machine has.
    """

    def __init__(self, cluster: Cluster, size: int, seed: int, *, published: bool = False) -> None:
        self.cluster, self.rng = cluster, random.Random(seed)
        cluster.run("data", "import", "--sample", "EURUSD", "--json")
        name = f"{cluster.strategy}:Mine"
        settings = [f"--set={name}={value}" for name, value in FIXED.items()]
        if published:
            cluster.run("strategy", "publish", name, "--name", "mine", "--json")
        named = "bundle:mine" if published else name
        run = ("backtest", "run", "--dataset", "latest", "--strategy", named, *settings, "--json")
        self.backtest_id = cluster.run(*run)["id"]
        self.ranges = [
            {"name": name, "min_value": 1, "max_value": size, "step": 1} for name in ("stop_loss", "take_profit")
        ]
        values = range(1, size + 1)
        sweep = ta.sweep(ta.load_sample("EURUSD"), name, **FIXED, stop_loss=values, take_profit=values)
        self.expected = sweep.metrics
        self.store = SqlStore(cluster.postgres.url)
        self.outcome = Outcome()

    def start(self) -> str:
        # What an earlier optimization found must be found again.
        body = {"backtest_id": self.backtest_id, "parameters": self.ranges, "keep_daily_profit": False, "reuse": False}
        key = str(self.rng.random())
        limit = time.monotonic() + _GIVE_UP_SECONDS
        while True:
            try:
                return str(self.cluster.call("POST", "/api/v1/optimize", body)["optimization_id"])
            except OSError:
                assert time.monotonic() < limit, key
                time.sleep(0.3)

    def record(self, optimization_id: str) -> Any:
        while True:
            try:
                return self.store.optimization(optimization_id)
            except TradingAIError:
                time.sleep(0.1)

    def run(self, n_faults: int, kinds: Sequence[str] = tuple(FAULTS)) -> Outcome:
        """Run optimizations until so many faults have struck; every one is finished and compared."""
        other_version(self.cluster.folder)  # made before anything runs that it would slow down
        order: list[str] = []
        while self.outcome.n_faults < n_faults:
            key = self.start()
            self._until_begun(key)
            while self.outcome.n_faults < n_faults and self.record(key).status == "running":
                time.sleep(self.rng.uniform(0.1, 0.8))
                if not order:
                    order = self.rng.sample(list(kinds), len(kinds))
                self._strike(key, order.pop())
            self._finish(key)
            self.compare(key)
        return self.outcome

    def _until_begun(self, key: str) -> None:
        limit = time.monotonic() + _GIVE_UP_SECONDS
        while self.record(key).n_completed == 0:
            assert time.monotonic() < limit, "nothing begins"
            time.sleep(0.05)

    def _strike(self, key: str, kind: str) -> None:
        FAULTS[kind](self.cluster, self.rng)
        self.outcome.n_faults += 1
        ended = time.monotonic()
        before = self.record(key).n_completed
        while True:
            record = self.record(key)
            if record.n_completed > before or record.status != "running":
                break
            assert time.monotonic() - ended < _GIVE_UP_SECONDS, f"no progress after: {kind}"
            time.sleep(0.05)
        self.outcome.recoveries[kind].append(time.monotonic() - ended)

    def _finish(self, key: str) -> None:
        limit = time.monotonic() + _GIVE_UP_SECONDS
        while self.record(key).status == "running":
            assert time.monotonic() < limit, "it does not end"
            time.sleep(0.1)

    def compare(self, key: str) -> None:
        """Count trials that are missing, or differ from the sweep in this process in any bit."""
        record = self.record(key)
        seen = np.zeros(self.expected.shape[0], dtype=np.int64)
        for page in self.store.trials(key):
            seen[page.indices] += 1
            same = (page.metrics == self.expected[page.indices]) | (
                np.isnan(page.metrics) & np.isnan(self.expected[page.indices])
            )
            self.outcome.n_different += int((~same.all(axis=1)).sum())
        assert record.status == "completed", record
        assert record.n_completed == seen.sum() == self.expected.shape[0]
        self.outcome.n_optimizations += 1
        self.outcome.n_trials += int(seen.sum())
        self.outcome.n_lost += int((seen != 1).sum())
        self.outcome.n_failed += record.n_failed


def strike_each(folder: Path, kinds: Sequence[str]) -> None:
    """The short form: each of these kinds once, on real processes; nothing is lost, and all of it goes on in time."""
    with Cluster(folder) as cluster:
        cluster.wait_ready()
        outcome = Experiment(cluster, size=400, seed=7).run(len(kinds), kinds)
    assert outcome.n_faults == len(kinds), outcome.table()
    assert (outcome.n_lost, outcome.n_different, outcome.n_failed) == (0, 0, 0), outcome.table()
    assert outcome.slowest < RECOVERY_SECONDS, outcome.table()
