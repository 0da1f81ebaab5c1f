"""The image, really built; the Compose file, really up: used, scaled, hurt, and watched by a real Prometheus.

Images of PostgreSQL, Redis and Prometheus are made of Debian's packages. Grafana is not among those, so it is left
out: the queries of its dashboard are put to Prometheus instead.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.deploy.driving import AXES, LONG, OPTIMIZER, add_backtest, assert_complete_and_right, optimize, status
from tests.deploy.engine import (
    CHROMA,
    IMAGE,
    ROOT,
    SERVICES,
    build_image,
    engine,
    inspect,
    make_base,
    make_chroma,
    make_services,
    run,
)

# From nothing, the images are made first: a base from packages, three services, the product.
pytestmark = pytest.mark.timeout(2400)

GUIDE = (ROOT / "docs/phase-guides/PHASE-4-distributed-computing.md").read_text()
PROMETHEUS = "http://127.0.0.1:30090"
STARTED = [
    "postgres",
    "redis",
    "chroma",
    "migrate",
    "pipeline",
    "assistant",
    "optimizer",
    "worker",
    "flower",
    "prometheus",
]
LONG_RUNNING = [name for name in STARTED if name != "migrate"]
SETTINGS = {
    "COMPOSE_PROJECT_NAME": "trading-ai-test",
    "OPTIMIZER_IMAGE": IMAGE,
    "POSTGRES_IMAGE": SERVICES,
    "REDIS_IMAGE": SERVICES,
    "PROMETHEUS_IMAGE": SERVICES,
    "CHROMA_IMAGE": CHROMA,
    "POSTGRES_PASSWORD": "onlyForTheTest1",
    "REDIS_PASSWORD": "onlyForTheTest2",
    "FLOWER_BASIC_AUTH": "admin:onlyForTheTest3",
    "GRAFANA_PASSWORD": "onlyForTheTest4",
    "WORKER_CONCURRENCY": "1",
}


def compose_command() -> list[str]:
    """Compose of version 2 where it is there, as scripts/scale-workers.sh takes it; else of version 1."""
    second = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    return ["docker", "compose"] if second else ["docker-compose"]


@dataclass
class System:
    """The system in containers; `built` is what the build script printed, `began` when it came up."""

    built: str
    began: float

    def compose(self, *arguments: str, seconds: float = 300, check: bool = True) -> str:
        """What Compose prints."""
        return run(*compose_command(), *arguments, seconds=seconds, env=SETTINGS, check=check)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).split()

    def workers_online(self) -> int:
        return int(httpx.get(f"{OPTIMIZER}/api/v1/workers/status").json()["workers_online"])

    def wait(self, what: str, done: Any, seconds: float = 120) -> None:
        limit = time.monotonic() + seconds
        while True:
            with suppress(httpx.TransportError):
                if done():
                    return
            if time.monotonic() > limit:
                raise AssertionError(
                    f"{what}: not within {seconds} s\n{self.compose('logs', '--tail', '40', check=False)}"
                )
            time.sleep(0.5)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Everything but Grafana, with two workers."""
    folder = tmp_path_factory.mktemp("deploy")
    with engine(folder / "engine.log"):
        make_base(folder)
        make_services(folder)
        make_chroma(folder)
        made = System(build_image(folder), time.time())
        made.compose("down", "--volumes", check=False)
        try:
            made.compose("up", "--detach", "--scale", "worker=2", *STARTED, seconds=600)
            made.wait("two workers online", lambda: made.workers_online() == 2)
            yield made
        finally:
            made.compose("down", "--volumes", "--timeout", "20", check=False)


@pytest.fixture(scope="module")
def backtest_id(system: System) -> str:
    """A backtest on the bars that come with the package."""
    return add_backtest()


def test_the_image_is_lean(system: System) -> None:
    assert "✓ Docker image built successfully" in system.built
    megabytes = int(system.built.rsplit("Size:", 1)[1].split()[0])
    assert 100 < megabytes < 1100
    inside = (
        "id -u; for p in gcc cc pip make; do command -v $p; done; find /opt/trading-ai/kernels -name '*.nbc' | wc -l"
    )
    user, kernels = run("docker", "run", "--rm", "--read-only", "--entrypoint", "sh", IMAGE, "-c", inside).split()
    assert user == "10001"
    assert int(kernels) > 20
    compiled = "import os, trading_ai.worker as w; print(os.path.exists(w.__cached__), w.__cached__)"
    answer = run("docker", "run", "--rm", "--read-only", "--entrypoint", "python", IMAGE, "-c", compiled).split()
    assert answer[0] == "True"
    assert answer[1].startswith("/opt/trading-ai/bytecode/")


def test_every_container_is_well_and_ours_are_locked_down(system: System) -> None:
    for name in LONG_RUNNING:
        for container in system.containers(name):
            system.wait(f"{name} is healthy", lambda c=container: inspect(c)["State"]["Health"]["Status"] == "healthy")  # type: ignore[index]
            if name in {"pipeline", "assistant", "optimizer", "worker", "flower"}:
                host, config = inspect(container)["HostConfig"], inspect(container)["Config"]
                assert isinstance(host, dict) and isinstance(config, dict)  # noqa: PT018
                assert (host["ReadonlyRootfs"], host["CapDrop"], config["User"]) == (True, ["ALL"], "10001:10001")


def test_the_smoke_test_of_users(system: System) -> None:
    assert "✅ All" in run("scripts/test-optimizer.sh")


def test_the_smoke_test_of_the_assistant(system: System) -> None:
    assert "✅ All" in run("scripts/test-rag.sh")


def test_chroma_keeps_its_data_and_only_the_assistant_reaches_it(system: System) -> None:
    (chroma,) = system.containers("chroma")
    url = "http://chroma:8000/api/v2/tenants/default_tenant/databases/default_database/collections"
    ask = f"""
import json, urllib.request
def call(method, path="", body=None):
    request = urllib.request.Request({url!r} + path, json.dumps(body).encode() if body else None, method=method,
                                     headers={{"Content-Type": "application/json"}})
    return json.load(urllib.request.urlopen(request, timeout=10))
"""
    (assistant,) = system.containers("assistant")
    write = ask + (
        "made = call('POST', body={'name': 'kept', 'get_or_create': True})\n"
        "call('POST', f\"/{made['id']}/upsert\", {'ids': ['a'], 'embeddings': [[1.0, 2.0]]})"
    )
    run("docker", "exec", assistant, "python", "-c", write)
    os.kill(int(inspect(chroma)["State"]["Pid"]), signal.SIGKILL)  # type: ignore[index]
    count = ask + "print(call('GET', '/' + call('GET', '/kept')['id'] + '/count'))"
    system.wait(
        "it is back with its data",
        lambda: run("docker", "exec", assistant, "python", "-c", count, check=False).strip() == "1",
    )
    (pipeline,) = system.containers("pipeline")
    assert run("docker", "exec", pipeline, "python", "-c", count, check=False) == "", "on a network of its own"


def test_the_assistant_answers_without_chroma(system: System) -> None:
    system.compose("stop", "chroma")
    try:
        assert "✅ All" in run("scripts/test-rag.sh")
    finally:
        system.compose("start", "chroma")


def test_first_chunks_find_their_kernels_compiled(system: System, backtest_id: str) -> None:
    key = optimize(backtest_id)
    system.wait("it is complete", lambda: status(key)["status"] == "completed", 300)
    delivered = run("docker", "run", "--rm", "--entrypoint", "sh", IMAGE, "-c", "find /opt -name '*.nbc' | wc -l")
    for worker in system.containers("worker"):
        held = run("docker", "exec", worker, "sh", "-c", "find /tmp -name '*.nbc' | wc -l")
        assert int(held) == int(delivered)


def test_workers_scale_and_one_is_killed_and_nothing_is_lost(system: System, backtest_id: str) -> None:
    scale = ["scripts/scale-workers.sh"]
    assert "✓ 4 workers" in run(*scale, "4", env=SETTINGS | {"WHERE": "compose"})
    system.wait("four workers online", lambda: system.workers_online() == 4)
    key = optimize(backtest_id)
    system.wait("it has begun", lambda: status(key)["completed_tasks"] > 0)
    victim = system.containers("worker")[0]
    before = status(key)
    os.kill(int(inspect(victim)["State"]["Pid"]), signal.SIGKILL)  # type: ignore[index] # as the system does to one out of memory
    assert before["status"] == "running"
    assert before["completed_tasks"] < before["total_tasks"]
    assert "✓ 2 workers" in run(*scale, "2", env=SETTINGS | {"WHERE": "compose"})
    system.wait("it is complete", lambda: status(key)["status"] == "completed", 300)
    assert_complete_and_right(key, AXES)
    system.wait("two workers online", lambda: system.workers_online() == 2, 90)


def test_a_machine_without_kubernetes_works_with_two_urls(system: System) -> None:
    told = re.search(r"^docker run .*?(?=```)", GUIDE, re.DOTALL | re.MULTILINE)
    assert told
    words = told[0].replace("trading:PASSWORD@SERVER", f"trading:{SETTINGS['POSTGRES_PASSWORD']}@postgres")
    words = words.replace(":PASSWORD@SERVER", f":{SETTINGS['REDIS_PASSWORD']}@redis")
    words = words.replace("trading-ai/optimizer:latest", IMAGE)
    docker, begin, *rest = shlex.split(words.replace("\\\n", " "))
    before = system.workers_online()
    made = run(docker, begin, "--network", f"{SETTINGS['COMPOSE_PROJECT_NAME']}_default", *rest).strip()
    try:
        system.wait("one worker more", lambda: system.workers_online() == before + 1)
    finally:
        run("docker", "stop", made)
        run("docker", "rm", made)
    system.wait("it has taken its leave", lambda: system.workers_online() == before, 5)


def test_prometheus_sees_everything_and_every_panel_has_data(system: System, backtest_id: str) -> None:
    def targets() -> list[str]:
        found = httpx.get(f"{PROMETHEUS}/api/v1/targets").json()["data"]["activeTargets"]
        return sorted(t["labels"]["job"] for t in found if t["health"] == "up")

    system.wait("every target is up", lambda: targets() == ["assistant", "optimizer", "pipeline", "worker", "worker"])
    assert len(httpx.get(f"{PROMETHEUS}/api/v1/rules").json()["data"]["groups"][0]["rules"]) >= 5
    panels = json.loads((ROOT / "monitoring/grafana/dashboards/trading-ai.json").read_text())["panels"]
    asked = [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]

    def empty() -> list[tuple[str, str]]:
        now = time.time()
        span = {"start": system.began, "end": now, "step": max((now - system.began) / 200, 5)}
        left = []
        for title, expression in asked:
            answer = httpx.get(f"{PROMETHEUS}/api/v1/query_range", params={"query": expression, **span}).json()
            if answer["status"] != "success" or not answer["data"]["result"]:
                left.append((title, expression))
        return left

    key = optimize(backtest_id, LONG)
    try:
        system.wait("every panel has data", lambda: not empty(), 60)
    except AssertionError as error:
        raise AssertionError(f"no data: {empty()}") from error
    finally:
        httpx.post(f"{OPTIMIZER}/api/v1/optimize/{key}/cancel", timeout=60)  # refused where it has completed by now


def test_flower_asks_for_its_password(system: System) -> None:
    url = "http://127.0.0.1:30555/"
    assert httpx.get(url).status_code == 401
    user, password = SETTINGS["FLOWER_BASIC_AUTH"].split(":")
    assert httpx.get(url, auth=(user, password), follow_redirects=True).status_code == 200


def test_a_second_start_changes_nothing(system: System) -> None:
    before = {name: system.containers(name) for name in LONG_RUNNING}
    system.compose("up", "--detach", "--scale", "worker=2", *STARTED, seconds=600)
    assert {name: system.containers(name) for name in LONG_RUNNING} == before
