"""The long form: `python -m tests.chaos --faults 200`; prints a table, and fails if anything was lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.cluster import Cluster
from tests.chaos.experiment import RECOVERY_SECONDS, Experiment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--size", type=int, default=700, help="values of each of the two parameters")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", default="redis", choices=("redis", "valkey"))
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="trading-ai-chaos-"))
    with Cluster(folder, broker_kind=given.broker) as cluster:
        cluster.wait_ready()
        experiment = Experiment(cluster, given.size, given.seed)
        try:
            outcome = experiment.run(given.faults)
        finally:
            outcome = experiment.outcome
            print(outcome.table())  # noqa: T201
            print(  # noqa: T201
                f"\n{outcome.n_faults} faults in {outcome.n_optimizations} optimizations of "
                f"{given.size**2:,} trials, {outcome.n_trials:,} trials compared: {outcome.n_lost} lost or doubled, "
                f"{outcome.n_different} different, {outcome.n_failed} failed; slowest recovery {outcome.slowest:.1f} s"
            )
    broken = outcome.n_lost + outcome.n_different + outcome.n_failed
    return int(broken > 0 or outcome.n_faults < given.faults or outcome.slowest > RECOVERY_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
