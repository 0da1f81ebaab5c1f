"""What can go wrong: each fault does its harm, and what an orchestrator would do about it."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.chaos.cluster import Cluster

PAUSE_SECONDS = 8.0
"""Longer than a chunk's lease."""


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.Error):
        process.kill()


def kill_worker(cluster: Cluster, rng: random.Random) -> None:
    name = rng.choice(cluster.workers())
    cluster.processes[name].kill()
    cluster.processes[name].wait()
    time.sleep(0.5)
    cluster.start(name)


def kill_pool_process(cluster: Cluster, rng: random.Random) -> None:
    pool = cluster.pool(rng.choice(cluster.workers()))
    if pool:
        _kill(rng.choice(pool))


def kill_companion(cluster: Cluster, rng: random.Random) -> None:
    for process in cluster.part(rng.choice(cluster.workers()), "companion"):
        _kill(process)


def kill_celery(cluster: Cluster, rng: random.Random) -> None:
    for process in cluster.part(rng.choice(cluster.workers()), "pool"):
        _kill(process)


def kill_api(cluster: Cluster, rng: random.Random) -> None:
    cluster.processes["api"].kill()
    cluster.processes["api"].wait()
    time.sleep(0.3)
    cluster.start("api")


def kill_redis(cluster: Cluster, rng: random.Random) -> None:
    cluster.redis.kill()
    time.sleep(rng.uniform(0.1, 1.5))
    cluster.redis.restart()


def empty_redis(cluster: Cluster, rng: random.Random) -> None:
    cluster.redis.empty()


def kill_postgres(cluster: Cluster, rng: random.Random) -> None:
    cluster.postgres.kill()
    time.sleep(rng.uniform(0.1, 1.5))
    cluster.postgres.restart()


def pause_pool_process(cluster: Cluster, rng: random.Random) -> None:
    pool = cluster.pool(rng.choice(cluster.workers()))
    if not pool:
        return
    paused = rng.choice(pool)
    with suppress(psutil.Error):
        paused.send_signal(signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)
        paused.send_signal(signal.SIGCONT)


def pause_worker(cluster: Cluster, rng: random.Random) -> None:
    name = rng.choice(cluster.workers())
    with suppress(psutil.Error):
        main = psutil.Process(cluster.processes[name].pid)
        members = [main, *main.children(recursive=True)]
        for member in members:
            with suppress(psutil.Error):
                member.send_signal(signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)
        for member in members:
            with suppress(psutil.Error):
                member.send_signal(signal.SIGCONT)


FAULTS: dict[str, Callable[[Cluster, random.Random], None]] = {
    "kill a worker": kill_worker,
    "kill a process of a pool": kill_pool_process,
    "kill Celery's main process": kill_celery,
    "kill a worker's companion": kill_companion,
    "kill the API": kill_api,
    "kill Redis, data kept": kill_redis,
    "kill Redis, data lost": empty_redis,
    "kill PostgreSQL": kill_postgres,
    "pause a process of a pool past its lease": pause_pool_process,
    "pause a worker past its lease": pause_worker,
}
