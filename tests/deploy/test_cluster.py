"""The manifests and scripts on a real cluster: deployed, used, hurt, updated. `make test-cluster`.

It takes whatever cluster kubectl speaks to, with NodePorts that 127.0.0.1 reaches (k3s on this machine), whose nodes
have the image already; what it deploys stays there.
"""

from __future__ import annotations

import base64
import os
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.deploy.driving import AXES, KEYS, OPTIMIZER, add_backtest, assert_complete_and_right, optimize, status
from tests.deploy.engine import run

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not os.environ.get("TRADING_AI_TEST_CLUSTER"), reason="needs a cluster: make test-cluster"),
]
DEPLOYMENTS = {"optimizer-api", "pipeline-api", "celery-worker", "flower"}
WIDE = AXES | {"stop_loss": range(11, 411), "take_profit": range(11, 411)}


def services(*arguments: str, check: bool = True) -> str:
    return run("kubectl", "--namespace", "trading-system", *arguments, check=check)


def kill(namespace: str, *what: str) -> None:
    """Take pods away at once, as when their node dies."""
    run("kubectl", "--namespace", namespace, "delete", "pods", *what, "--force", "--grace-period", "0")


def wait(what: str, done: Any, seconds: float = 180) -> None:
    limit = time.monotonic() + seconds
    while True:
        with suppress(httpx.HTTPError):
            if done():
                return
        assert time.monotonic() < limit, f"{what}: not within {seconds} s\n{services('get', 'pods')}"
        time.sleep(0.3)


def pods(app: str) -> list[str]:
    """Names of an app's pods that run."""
    names = 'jsonpath={range .items[?(@.status.phase=="Running")]}{.metadata.name}{"\\n"}{end}'
    return services("get", "pods", "--selector", f"app={app}", "--output", names).split()


def asked(path: str) -> dict[str, Any]:
    """An answer of the optimizer API."""
    found: dict[str, Any] = httpx.get(f"{OPTIMIZER}/api/v1/{path}", headers=KEYS).json()
    return found


@pytest.fixture(scope="module")
def deployed() -> str:
    """What the deploy script printed."""
    told = run("scripts/deploy-optimizer.sh", "--skip-build", seconds=900)
    packed = services("get", "secret", "trading-ai-api", "--output", "jsonpath={.data.admin-key}")
    key = base64.b64decode(packed).decode()
    KEYS["X-API-Key"] = os.environ["TRADING_AI_API_KEY"] = key  # the scripts read it there
    return told


def test_everything_is_deployed_and_allowed_to_run(deployed: str) -> None:
    assert "✅ Deployment Complete!" in deployed
    for name in DEPLOYMENTS:
        assert pods(name), name
    # Pods that the cluster's security profile does not allow are events, and nothing that a roll-out would tell.
    for space in ("trading-system", "databases"):
        assert "violates PodSecurity" not in run("kubectl", "--namespace", space, "get", "events")


def test_the_smoke_test_of_users(deployed: str) -> None:
    assert "✅ All" in run("scripts/test-optimizer.sh")


def test_deploying_again_starts_nothing_anew(deployed: str) -> None:
    before = {name: set(pods(name)) for name in DEPLOYMENTS - {"celery-worker"}}
    run("scripts/deploy-optimizer.sh", "--skip-build", seconds=900)
    assert {name: set(pods(name)) for name in before} == before


def test_whatever_is_killed_nothing_is_lost(deployed: str) -> None:
    key = optimize(add_backtest(), WIDE)

    def reached(percent: float) -> bool:
        now = status(key)
        assert now["status"] == "running"
        return bool(now["progress_percent"] >= percent)

    wait("a twentieth", lambda: reached(5))
    kill("trading-system", pods("celery-worker")[0])
    wait("a fifth", lambda: reached(20))
    kill("databases", "redis-0")
    wait("two fifths", lambda: reached(40))
    kill("databases", "postgres-0")
    wait("three fifths", lambda: reached(60))
    kill("trading-system", "--selector", "app=optimizer-api")
    wait("it is complete", lambda: status(key)["status"] == "completed", 300)
    assert_complete_and_right(key, WIDE)


def test_an_update_goes_on_where_the_machine_is_full(deployed: str) -> None:
    run("scripts/scale-workers.sh", "10", check=False)  # the autoscaler's upper bound; there may be room for fewer
    before = set(pods("celery-worker"))
    assert before
    services("rollout", "restart", "deployment/celery-worker")

    def updated() -> bool:
        now = set(pods("celery-worker"))
        return bool(now) and not before & now

    wait("every worker is a new one", updated, 300)
    run("scripts/scale-workers.sh", "1")


def test_the_apis_answer_without_a_worker(deployed: str) -> None:
    try:
        services("delete", "hpa", "celery-worker", check=False)
        run("scripts/scale-workers.sh", "0")
        wait("no worker", lambda: asked("workers/status")["workers_online"] == 0)
        time.sleep(20)  # three looks of the readiness probe, and more
        assert httpx.get(f"{OPTIMIZER}/ready").json()["missing"] == ["workers"]
    finally:
        run("kubectl", "apply", "--kustomize", "kubernetes/overlays/default")
        run("scripts/scale-workers.sh", "3", check=False)  # an autoscaler leaves alone what has none
