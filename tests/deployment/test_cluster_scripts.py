"""The scripts of the cluster, run against stubs that record what they are asked for."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.deployment.rendered import documents, secret_keys, text_of, workloads
from tests.deployment.stubbed import Cluster

OVERLAY = "overlays/default"
WORKERS = ["--namespace", "trading-system"]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """A cluster without anything in it."""
    return Cluster(tmp_path)


@pytest.fixture
def deployable(cluster: Cluster) -> Cluster:
    """A cluster that knows the real manifests."""
    rendered = cluster.folder / "rendered.yaml"
    rendered.write_text(text_of(OVERLAY))
    cluster.environment["STUB_RENDERED"] = str(rendered)
    return cluster


def deploy(cluster: Cluster, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return cluster.run("scripts/deploy-optimizer.sh", *arguments, **environment)


# --- deploy-optimizer.sh ------------------------------------------------------------------------------------------


def test_deploying_tells_its_steps_and_the_addresses(deployable: Cluster) -> None:
    done = deploy(deployable)
    assert done.returncode == 0, done.stderr
    told = [
        "Step 1: Creating database tables", "✓ Database tables created",
        "Step 2: Building Docker image", "✓ Docker image built successfully",
        "Step 3: Deploying to Kubernetes", "Step 4: Waiting for deployments...", "✓ Optimizer deployed successfully",
        "http://localhost:30802", "http://localhost:30800", "http://localhost:30555", "✅ Deployment Complete!",
    ]  # fmt: skip
    places = [done.stdout.index(text) for text in told]
    assert places == sorted(places)


def test_things_are_made_in_the_order_in_which_they_need_each_other(deployable: Cluster) -> None:
    assert deploy(deployable).returncode == 0
    order = [
        "^docker build .*--tag trading-ai/optimizer:latest",
        "^kubectl apply --filename",
        "^kubectl create --filename -",
        "rollout status statefulset postgres",
        "get job migrate",
        "apply --kustomize kubernetes/overlays/default",
        "rollout status deployment optimizer-api",
    ]
    places = [deployable.position(pattern) for pattern in order]
    assert places == sorted(places)
    spaces, before, job, everything = deployable.applied()
    assert spaces == {"Namespace/trading-system", "Namespace/databases"}
    kinds = {entry.partition("/")[0] for entry in before}
    assert {"StatefulSet", "Service", "NetworkPolicy", "ConfigMap"} <= kinds
    assert not kinds & {"Deployment", "Job", "HorizontalPodAutoscaler"}, "it would use tables that are not there"
    assert {"StatefulSet/postgres", "StatefulSet/redis"} <= before
    assert job == {"Job/migrate"}
    assert everything == {f"{d['kind']}/{d['metadata']['name']}" for d in documents(OVERLAY)}


def test_every_secret_that_a_pod_asks_for_is_made(deployable: Cluster) -> None:
    assert deploy(deployable).returncode == 0
    secrets = deployable.secrets()
    for workload in workloads(OVERLAY):
        for namespace, name, key in secret_keys(workload):
            assert len(secrets[namespace, name][key]) > 20
    database = secrets["trading-system", "trading-ai-database"]["database-url"]
    password = secrets["databases", "postgres"]["password"]
    assert database == f"postgresql://trading:{password}@postgres.databases.svc.cluster.local:5432/trading"
    broker = secrets["trading-system", "trading-ai-broker"]["broker-url"]
    password = secrets["databases", "redis"]["password"]
    assert broker == f"redis://:{password}@redis.databases.svc.cluster.local:6379/0"
    spoken = json.dumps(deployable.calls() + deployable.calls("docker"))
    for values in secrets.values():
        for value in values.values():
            assert value not in spoken, "every user of the machine can read command lines"


def test_deploying_twice_changes_nothing(deployable: Cluster) -> None:
    assert deploy(deployable).returncode == 0
    secrets = deployable.secrets()
    again = deploy(deployable)
    assert again.returncode == 0, again.stderr
    assert deployable.secrets() == secrets
    verbs = [[w for w in call if w in {"create", "restart"}] for call in deployable.calls()]
    assert not any(verbs), "no Secret is made anew, and pods of the same image go on"


def test_a_new_image_restarts_the_pods(deployable: Cluster) -> None:
    assert deploy(deployable).returncode == 0
    assert deploy(deployable, STUB_IMAGE="sha256:two").returncode == 0
    restarted = {call[-1] for call in deployable.calls() if "restart" in call}
    assert restarted == {"optimizer-api", "pipeline-api", "assistant-api", "celery-worker", "flower"}


@pytest.mark.parametrize(("nodes", "told"), [("1", False), ("3", True)])
def test_other_nodes_need_a_new_image_too(deployable: Cluster, nodes: str, told: bool) -> None:
    done = deploy(deployable, STUB_NODES=nodes)
    assert ("2 other nodes keep the one they have" in done.stdout) == told
    assert "keep the one they have" not in deploy(deployable, STUB_NODES=nodes).stdout, "it is known there by now"


def test_databases_of_an_early_version_keep_pod_and_data(deployable: Cluster) -> None:
    (deployable.state / "statefulset-databases").write_text("OrderedReady")
    assert deploy(deployable).returncode == 0
    gone = [call[2:] for call in deployable.calls() if "delete" in call and "statefulset" in call]
    assert gone == [["delete", "statefulset", name, "--cascade", "orphan"] for name in ("postgres", "redis")]


def test_secrets_that_were_lost_halfway_are_completed(deployable: Cluster) -> None:
    assert deploy(deployable).returncode == 0
    secrets = deployable.secrets()
    for name in ("secret-trading-system-trading-ai-database", "secret-databases-redis"):
        (deployable.state / name).unlink()
    assert deploy(deployable).returncode == 0
    assert deployable.secrets() == secrets


def test_a_lost_password_is_not_replaced_while_there_is_data(deployable: Cluster) -> None:
    (deployable.state / "persistentvolumeclaims-databases").write_text("persistentvolumeclaim/data-postgres-0\n")
    done = deploy(deployable)
    assert done.returncode == 1
    assert "there is data of postgres, but the Secret postgres with its password is gone" in done.stderr
    assert not deployable.secrets()


@pytest.mark.parametrize(
    ("broken", "step", "next_command"),
    [
        ("^get nodes", "Before step 1", "kubectl cluster-info"),
        ("^kustomize", "Before step 1", "kubectl kustomize kubernetes/overlays/default"),
        ("^create", "Step 1: Creating database tables", "kubectl --namespace databases get secrets"),
        ("status statefulset redis", "Step 1: Creating database tables", "describe statefulset redis"),
        ("get job migrate", "Step 1: Creating database tables", "logs job/migrate"),
        ("^apply --kustomize", "Step 3: Deploying to Kubernetes", "kubectl diff --kustomize"),
        ("status deployment flower", "Step 4: Waiting for deployments...", "logs deployment/flower"),
    ],
)
def test_a_step_that_fails_says_which_why_and_what_next(
    deployable: Cluster, broken: str, step: str, next_command: str
) -> None:
    done = deploy(deployable, STUB_FAIL=broken, STUB_REASON="the moon is in the way")
    assert done.returncode == 1
    assert f"✗ {step} failed" in done.stderr
    assert re.search(r"^  Why:  .*the moon is in the way$", done.stderr, re.MULTILINE)
    (advice,) = re.findall(r"^  Next: (.*)$", done.stderr, re.MULTILINE)
    assert next_command in advice
    assert "Deployment Complete" not in done.stdout


NO_ROOM = "0/1 nodes are available: 1 Insufficient cpu."


def roll_outs(cluster: Cluster, **stuck: dict[str, list[object]]) -> None:
    """Deployments of these names (with - for _) do not roll out."""
    (cluster.state / "rollouts").write_text(json.dumps({name.replace("_", "-"): how for name, how in stuck.items()}))


DEADLINE = 'error: deployment "celery-worker" exceeded its progress deadline'


@pytest.mark.parametrize("says", ["error: timed out waiting for the condition", DEADLINE])
def test_workers_that_have_no_room_yet_do_not_fail_the_deployment(deployable: Cluster, says: str) -> None:
    roll_outs(deployable, celery_worker={"room": [NO_ROOM], "counts": [3, 3, 2], "says": says})
    done = deploy(deployable)
    assert done.returncode == 0, done.stderr
    assert f"! 2 of 3 workers run, the others start when there is room: no node takes a pod: {NO_ROOM}" in done.stdout
    assert "Deployment Complete" in done.stdout


@pytest.mark.parametrize(
    ("name", "how", "why"),
    [
        # An API, or an update of which nothing runs yet, is not good enough with a part of its pods.
        ("flower", {"room": [NO_ROOM], "counts": [1, 1, 0]}, f"flower does not run: no node takes a pod: {NO_ROOM}"),
        ("optimizer_api", {"room": [NO_ROOM], "counts": [2, 2, 1]}, "optimizer-api does not run: no node takes a pod"),
        ("celery_worker", {"room": [NO_ROOM], "counts": [3, 0, 3]}, "celery-worker does not run: no node takes a pod"),
        # No room would mend this.
        (
            "celery_worker",
            {"room": ["node(s) had untolerated taint"], "counts": [3, 3, 2]},
            "celery-worker does not run",
        ),
        (
            "celery_worker",
            {"waiting": ["CrashLoopBackOff back-off 40s restarting"], "counts": [3, 3, 2]},
            "celery-worker does not run: a pod is waiting: CrashLoopBackOff back-off 40s restarting",
        ),
        ("flower", {"counts": [1, 1, 0]}, "flower does not run: error: timed out waiting for the condition"),
        ("redis", {"room": [NO_ROOM], "counts": [1, 1, 0]}, f"redis does not run: no node takes a pod: {NO_ROOM}"),
    ],
)
def test_what_does_not_roll_out_says_what_keeps_it(
    deployable: Cluster, name: str, how: dict[str, list[object]], why: str
) -> None:
    roll_outs(deployable, **{name: how})
    done = deploy(deployable, TIMEOUT="0")
    assert done.returncode == 1
    assert (
        f"✗ Step {'1: Creating database tables' if name == 'redis' else '4: Waiting for deployments...'} failed"
        in done.stderr
    )
    assert f"  Why:  {why}" in done.stderr
    assert f"describe pods --selector app={name.replace('_', '-')}" in done.stderr


def test_deploying_takes_seconds_only(cluster: Cluster) -> None:
    done = deploy(cluster, TIMEOUT="5m")
    assert done.returncode == 2
    assert "TIMEOUT is a number of seconds" in done.stderr
    assert not cluster.calls()


def test_a_migration_that_fails_stops_the_deployment(deployable: Cluster) -> None:
    (deployable.state / "job-conditions").write_text("FailureTarget Failed")
    (deployable.state / "logs").write_text("the database is of a newer version\n")
    done = deploy(deployable)
    assert done.returncode == 1
    assert "the migration failed: the database is of a newer version" in done.stderr
    assert not any("--kustomize" in call for call in deployable.calls())


def test_an_image_that_cannot_be_built_or_is_missing(deployable: Cluster) -> None:
    done = deploy(deployable, STUB_DOCKER_FAIL="build")
    assert done.returncode == 1
    assert "ERROR: build does not work today" in done.stderr
    assert "Next: scripts/build-optimizer.sh" in done.stderr
    done = deploy(deployable, "--skip-build", STUB_IMAGE="")
    assert done.returncode == 1
    assert "there is no image trading-ai/optimizer:latest on this machine" in done.stderr


def test_k3s_is_given_the_image(deployable: Cluster) -> None:
    deployable.program("sudo", 'exec "$@"')
    deployable.program("k3s", 'echo "$@" >> "$STUB_STATE/k3s"')
    done = deploy(deployable, "--skip-build", STUB_KUBELET="v1.32.4+k3s1")
    assert done.returncode == 0, done.stderr
    assert "✓ Docker image taken as it is" in done.stdout
    assert (deployable.state / "k3s").read_text().startswith("ctr images import ")
    assert [call[0] for call in deployable.calls("docker")].count("build") == 0


# --- scale-workers.sh ---------------------------------------------------------------------------------------------


def scale(cluster: Cluster, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return cluster.run("scripts/scale-workers.sh", *arguments, **environment)


def changes(cluster: Cluster) -> list[list[str]]:
    """Calls that change something."""
    return [call for call in cluster.calls() if {"patch", "scale"} & set(call)]


@pytest.mark.parametrize("arguments", [(), ("many",), ("-1",), ("3", "4"), ("1.5",), ("007",), ("10000",)])
def test_what_is_no_number_of_workers_is_refused(cluster: Cluster, arguments: tuple[str, ...]) -> None:
    done = scale(cluster, *arguments)
    assert done.returncode == 2
    assert "Usage: scripts/scale-workers.sh N" in done.stderr
    assert not cluster.calls()


def test_what_is_no_time_is_refused_before_anything_is_scaled(cluster: Cluster) -> None:
    done = scale(cluster, "3", TIMEOUT="5m")
    assert done.returncode == 2
    assert "TIMEOUT is a number of seconds" in done.stderr
    assert not cluster.calls()


def test_workers_are_scaled(cluster: Cluster) -> None:
    (cluster.state / "deployment-trading-system").write_text("3")
    done = scale(cluster, "6")
    assert done.returncode == 0, done.stderr
    assert "Scaling celery-worker from 3 to 6" in done.stdout
    assert "✓ 6 workers" in done.stdout
    assert changes(cluster) == [[*WORKERS, "scale", "deployment", "celery-worker", "--replicas", "6"]]
    assert cluster.calls()[-1][:6] == [*WORKERS, "rollout", "status", "deployment", "celery-worker"]


@pytest.mark.parametrize(("wanted", "upper"), [(6, 10), (12, 12)])
def test_an_autoscaler_is_told(cluster: Cluster, wanted: int, upper: int) -> None:
    (cluster.state / "horizontalpodautoscalers.autoscaling-trading-system").write_text("celery-worker 3 10\n")
    assert scale(cluster, str(wanted)).returncode == 0
    patch, _ = changes(cluster)
    assert patch[2:5] == ["patch", "horizontalpodautoscalers.autoscaling", "celery-worker"]
    assert json.loads(patch[-1]) == {"spec": {"minReplicas": wanted, "maxReplicas": upper}}


def test_with_keda_its_object_is_told_and_not_the_autoscaler_it_made(cluster: Cluster) -> None:
    (cluster.state / "scaledobjects.keda.sh-trading-system").write_text("celery-worker 3 10\n")
    (cluster.state / "horizontalpodautoscalers.autoscaling-trading-system").write_text("celery-worker 3 10\n")
    assert scale(cluster, "4").returncode == 0
    patch, _ = changes(cluster)
    assert patch[2:5] == ["patch", "scaledobjects.keda.sh", "celery-worker"]
    assert json.loads(patch[-1]) == {"spec": {"minReplicaCount": 4, "maxReplicaCount": 10}}


def test_no_workers_at_all_only_without_an_autoscaler(cluster: Cluster) -> None:
    assert scale(cluster, "0").returncode == 0
    (cluster.state / "horizontalpodautoscalers.autoscaling-trading-system").write_text("celery-worker 3 10\n")
    done = scale(cluster, "0")
    assert done.returncode == 1
    assert "keeps at least one worker" in done.stderr
    assert not changes(cluster)


@pytest.mark.parametrize(
    ("broken", "what"),
    [("get deployment", "Nothing was scaled"), (" scale ", "Nothing was scaled"), ("rollout", "did not all start")],
)
def test_scaling_that_fails_says_why_and_what_next(cluster: Cluster, broken: str, what: str) -> None:
    done = scale(cluster, "4", STUB_FAIL=broken, STUB_REASON="no room")
    assert done.returncode == 1
    assert what in done.stderr
    assert "Why:  Error from server: no room" in done.stderr
    assert "Next: kubectl" in done.stderr


def test_workers_without_room_are_counted(cluster: Cluster) -> None:
    roll_outs(cluster, celery_worker={"room": [NO_ROOM] * 2, "counts": [6, 6, 4]})
    done = scale(cluster, "6")
    assert done.returncode == 1
    assert "✗ 4 of 6 workers run, the others start when there is room" in done.stderr
    assert f"Why:  no node takes a pod: {NO_ROOM}" in done.stderr
    assert "add-worker.sh" in done.stderr
