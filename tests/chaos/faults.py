"""What can go wrong: each fault does its harm, and what an orchestrator would do about it."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.chaos.cluster import Cluster
from tests.chaos.places import few_cores, full_disk, other_version

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


SKEW_SECONDS = 6.0
_OFFERED_SECONDS = 3.0
_REFUSED_WITHIN_SECONDS = 60.0


def until_refused(cluster: Cluster, name: str) -> None:
    """Wait until a worker's pool is ready and was offered chunks for a while, or there are none left to offer."""
    pid, limit = cluster.processes[name].pid, time.monotonic() + _REFUSED_WITHIN_SECONDS
    while time.monotonic() < limit:
        with suppress(OSError, ValueError):
            state = cluster.call("GET", "/api/v1/workers/status")
            if not state["remaining_tasks"]:
                return
            if any(w["pid"] == pid and w["ready_at"] and w["refuses"] for w in state["workers"]):
                time.sleep(_OFFERED_SECONDS)
                return
        time.sleep(0.2)


def replace_worker(cluster: Cluster, rng: random.Random) -> None:
    """A worker of another engine, with other numbers, in the place of one of this; then this one again."""
    name = rng.choice(cluster.workers())
    cluster.kill(name)
    cluster.start(name, code=other_version(cluster.folder))
    until_refused(cluster, name)
    cluster.kill(name)
    cluster.start(name)


def roll_all(cluster: Cluster, rng: random.Random) -> None:
    """A rolling update that is rolled back: the API and one worker of another version, while the others work."""
    name, code = rng.choice(cluster.workers()), other_version(cluster.folder)
    for each in ("api", name):
        cluster.kill(each)
        cluster.start(each, code=code)
        time.sleep(SKEW_SECONDS / 2)
    until_refused(cluster, name)
    for each in ("api", name):
        cluster.kill(each)
        cluster.start(each)


def take_strategy(cluster: Cluster, rng: random.Random) -> None:
    """A worker starts on a machine that has not the strategy's file, which arrives later."""
    name, file = rng.choice(cluster.workers()), cluster.strategy
    cluster.kill(name)
    aside = file.with_suffix(".aside")
    file.rename(aside)
    try:
        cluster.start(name)
        until_refused(cluster, name)
    finally:
        aside.rename(file)


def starve_worker(cluster: Cluster, rng: random.Random) -> None:
    """A worker starts with an eighth of a core, and gets more of it later."""
    name = rng.choice(cluster.workers())
    cluster.kill(name)
    with few_cores(f"{cluster.folder.name}-{name}", 0.12) as within:
        cluster.start(name, within=within)
        time.sleep(SKEW_SECONDS)


def fill_disk(cluster: Cluster, rng: random.Random) -> None:
    """A worker's disk takes nothing while it starts, and for a while after."""
    name = rng.choice(cluster.workers())
    cluster.kill(name)
    with full_disk(cluster.home(name) / "cache"):
        cluster.start(name)
        until_refused(cluster, name)
        cluster.kill(name)
    cluster.start(name)


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
    "a worker of another engine": replace_worker,
    "a rolling update, rolled back": roll_all,
    "a worker without the strategy's file": take_strategy,
    "a worker with an eighth of a core": starve_worker,
    "a worker whose disk is full": fill_disk,
}

MISFITS = (
    "a worker of another engine",
    "a rolling update, rolled back",
    "a worker without the strategy's file",
    "a worker with an eighth of a core",
    "a worker whose disk is full",
)
"""Workers that are there and cannot do, or do too little."""
DEATHS = tuple(kind for kind in FAULTS if kind not in MISFITS)
"""Processes that are killed or stand still."""


def lose_bundles(cluster: Cluster, name: str) -> None:
    """A worker's machine is replaced: its cache of published strategies is gone with it."""
    cluster.kill(name)
    shutil.rmtree(cluster.home(name) / "cache" / "bundles", ignore_errors=True)
    cluster.start(name)


def damage_bundles(cluster: Cluster, name: str) -> None:
    """Files of published strategies are cut short on a worker's disk, and the worker is started anew."""
    cluster.kill(name)
    for file in (cluster.home(name) / "cache" / "bundles").rglob("*.py"):
        file.write_bytes(file.read_bytes()[:-10])
    cluster.start(name)


def kill_while_fetching(cluster: Cluster, name: str, rng: random.Random) -> None:
    """A worker without any published strategy is killed about when it fetches one, and started again."""
    lose_bundles(cluster, name)
    folder, limit = cluster.home(name) / "cache" / "bundles", time.monotonic() + 20.0
    while not folder.exists() and time.monotonic() < limit:
        time.sleep(0.002)
    time.sleep(rng.uniform(0.0, 0.02))
    cluster.kill(name)
    cluster.start(name)
