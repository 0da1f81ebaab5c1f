"""`scale-workers.sh` where there is no Kubernetes: Compose services and processes of this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.deployment.stubbed import Cluster

pytestmark = pytest.mark.skipif(not shutil.which("pgrep"), reason="pgrep (Debian's package procps) is not installed")

SCRIPT = "scripts/scale-workers.sh"
WORKER = 'echo "started for $TRADING_AI_BROKER_URL"; trap "exit 0" TERM; while :; do sleep 0.05; done'
NO_COMPOSE = 'case "$1" in compose) exit 1 ;; esac'


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Cluster]:
    """A machine without Kubernetes, and with a `trading-ai` of its own."""
    made = Cluster(tmp_path)
    made.program("kubectl", "exit 1")
    made.program("docker", "exit 1")
    made.program("trading-ai", WORKER)
    yield made
    for process in processes(made):
        process.kill()


def processes(machine: Cluster) -> list[psutil.Process]:
    """Workers of this test that run."""
    program = str(machine.programs / "trading-ai")
    found = [p for p in psutil.process_iter(["cmdline"]) if program in (p.info["cmdline"] or [])]
    return [p for p in found if p.status() != psutil.STATUS_ZOMBIE]


def scale(machine: Cluster, n: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return machine.run(SCRIPT, str(n), **environment)


def test_processes_of_this_machine(machine: Cluster) -> None:
    log = machine.folder / "worker.log"
    done = scale(machine, 3, TRADING_AI_BROKER_URL="redis://one")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Scaling processes from 0 to 3\n✓ 3 workers\n"
    assert len(processes(machine)) == 3
    assert log.read_text() == "started for redis://one\n" * 3
    kept = min(processes(machine), key=lambda p: p.pid)
    assert scale(machine, 1).returncode == 0
    assert [p.pid for p in processes(machine)] == [kept.pid]
    assert scale(machine, 1).stdout == "Scaling processes from 1 to 1\n✓ 1 workers\n"
    assert scale(machine, 0).returncode == 0
    assert processes(machine) == []


def test_a_worker_that_does_not_start_is_told_with_its_reason(machine: Cluster) -> None:
    machine.program("trading-ai", 'echo "the broker does not answer" >&2; exit 1')
    done = scale(machine, 2, TRADING_AI_BROKER_URL="redis://one")
    assert done.returncode == 1
    assert "Only 0 of 2 workers run" in done.stderr
    assert "the broker does not answer" in done.stderr


def test_a_worker_that_does_not_end_is_told(machine: Cluster) -> None:
    machine.program("trading-ai", 'trap "" TERM; while :; do sleep 0.05; done')
    assert scale(machine, 1, TRADING_AI_BROKER_URL="redis://one").returncode == 0
    done = scale(machine, 0, TIMEOUT="1s")
    assert done.returncode == 1
    assert "still finishes its chunk" in done.stderr


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_compose(machine: Cluster, version: str) -> None:
    calls = machine.folder / "composed"
    stub = f'echo "$*" >> {calls}; case "$*" in *"ps --quiet worker"*) echo one; echo two ;; esac'
    machine.program("docker", stub if version == "v2" else NO_COMPOSE)
    machine.program("docker-compose", "exit 9" if version == "v2" else stub)
    done = scale(machine, 4)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Scaling worker from 2 to 4\n✓ 4 workers\n"
    assert calls.read_text().splitlines()[-1].endswith("up --detach --no-deps --no-recreate --scale worker=4 worker")


def test_what_is_asked_for_is_scaled(machine: Cluster) -> None:
    done = scale(machine, 1, WHERE="moon")
    assert done.returncode == 2
    assert "not moon" in done.stderr
    done = scale(machine, 1, WHERE="kubernetes", TRADING_AI_BROKER_URL="redis://one")
    assert done.returncode == 1
    assert "Nothing was scaled" in done.stderr
    assert processes(machine) == []


def test_nothing_that_runs_workers(machine: Cluster) -> None:
    done = scale(machine, 1)
    assert done.returncode == 1
    assert "Nothing was scaled" in done.stderr
