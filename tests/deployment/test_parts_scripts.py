"""`deploy-rag.sh` and `deploy-all.sh`: the system part by part, against stubs that record what they are asked for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.deployment.rendered import documents, secret_keys, text_of, workloads
from tests.deployment.stubbed import Cluster

OVERLAY = "overlays/default"
PARTS = ("databases", "pipeline", "optimizer", "assistant", "monitoring")
BOTH = pytest.mark.parametrize("script", ["scripts/deploy-rag.sh", "scripts/deploy-all.sh"])


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """A cluster that knows the real manifests, and has nothing of them yet."""
    made = Cluster(tmp_path)
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(text_of(OVERLAY))
    (made.state / "rendered-ollama").write_text(text_of("services/ollama"))
    (made.state / "rendered-monitoring").write_text(text_of("monitoring"))
    made.environment["STUB_RENDERED"] = str(rendered)
    return made


def in_order(cluster: Cluster, *patterns: str) -> None:
    places = [cluster.position(pattern) for pattern in patterns]
    assert places == sorted(places), dict(zip(patterns, places, strict=True))


def restarted(cluster: Cluster) -> set[str]:
    return {call[-1] for call in cluster.calls() if "restart" in call}


def names(applied: list[set[str]]) -> set[str]:
    return set().union(*applied)


# --- deploy-rag.sh ------------------------------------------------------------------------------------------------


def rag(cluster: Cluster, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return cluster.run("scripts/deploy-rag.sh", *arguments, **environment)


def test_the_assistant_comes_with_what_it_needs_and_nothing_else(cluster: Cluster) -> None:
    done = rag(cluster)
    assert done.returncode == 0, done.stderr
    in_order(
        cluster,
        "^docker build",
        "status statefulset postgres",
        "get job migrate",
        "status statefulset chroma",
        "status deployment assistant-api",
    )
    found = names(cluster.applied())
    assert {"StatefulSet/chroma", "Service/assistant-api", "PodDisruptionBudget/assistant-api", "Job/migrate"} <= found
    assert {n for n in found if n.startswith("Deployment/")} == {"Deployment/assistant-api"}
    assert not {n for n in found if "ollama" in n}
    assert not cluster.secrets().keys() & {("monitoring", "grafana")}
    wanted = [w for w in workloads(OVERLAY) if w["metadata"]["name"] in {"assistant-api", "chroma", "postgres"}]
    for entry in (entry for workload in wanted for entry in secret_keys(workload)):
        assert len(cluster.secrets()[entry[0], entry[1]][entry[2]]) > 20
    assert "Assistant API: http://localhost:30801" in done.stdout
    assert "✅ Deployment Complete!" in done.stdout


def test_deploying_it_again_starts_nothing_anew(cluster: Cluster) -> None:
    assert rag(cluster, "--ollama").returncode == 0
    secrets = cluster.secrets()
    done = rag(cluster, "--ollama")
    assert done.returncode == 0, done.stderr
    assert cluster.secrets() == secrets
    assert not restarted(cluster)


def test_a_new_image_is_noticed_for_all_that_is_there(cluster: Cluster) -> None:
    assert cluster.run("scripts/deploy-optimizer.sh").returncode == 0
    assert rag(cluster, STUB_IMAGE="sha256:two").returncode == 0
    assert restarted(cluster) == {"optimizer-api", "pipeline-api", "celery-worker", "flower", "assistant-api"}
    assert cluster.run("scripts/deploy-optimizer.sh", STUB_IMAGE="sha256:two").returncode == 0
    assert not restarted(cluster), "they have it by now"


def test_a_new_image_restarts_nothing_that_is_not_there(cluster: Cluster) -> None:
    assert rag(cluster).returncode == 0
    assert rag(cluster, STUB_IMAGE="sha256:two").returncode == 0
    assert restarted(cluster) == {"assistant-api"}


def test_a_language_model_is_asked_for(cluster: Cluster) -> None:
    assert rag(cluster).returncode == 0
    done = rag(cluster, "--ollama")
    assert done.returncode == 0, done.stderr
    in_order(
        cluster,
        "delete job ollama-model",
        "apply --kustomize kubernetes/services/ollama",
        "rollout restart deployment assistant-api",
        "status deployment assistant-api",
        "status statefulset ollama",
    )
    assert "logs --follow job/ollama-model" in done.stdout
    assert restarted(cluster) == {"assistant-api"}, "it reads its settings when it starts"


def test_without_asking_the_language_model_stays_as_it_is(cluster: Cluster) -> None:
    assert rag(cluster, "--ollama").returncode == 0
    assert rag(cluster).returncode == 0
    assert not any("ollama" in " ".join(call) for call in cluster.calls())
    # The assistant's Deployment does not say whether there is one: applying it changes nothing.
    inside = re.findall(r"(?ms)^kind: Deployment\n.*?^---", text_of(OVERLAY))
    (assistant,) = (text for text in inside if "name: assistant-api" in text)
    assert re.search(r"name: trading-ai-ollama\n +optional: true", assistant)


# --- deploy-all.sh ------------------------------------------------------------------------------------------------


def everything(cluster: Cluster, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return cluster.run("scripts/deploy-all.sh", *arguments, **environment)


def test_everything_comes_in_its_order(cluster: Cluster) -> None:
    done = everything(cluster)
    assert done.returncode == 0, done.stderr
    told = [f"Step {n}/5: {part}" for n, part in enumerate(PARTS, 1)]
    places = [done.stdout.index(text) for text in told]
    assert places == sorted(places)
    in_order(
        cluster,
        "^docker build",
        "status statefulset postgres",
        "status statefulset redis",
        "get job migrate",
        "status statefulset chroma",
        "status deployment pipeline-api",
        "status deployment optimizer-api",
        "status deployment celery-worker",
        "status deployment assistant-api",
        "status statefulset prometheus",
        "status statefulset grafana",
    )
    applied = names(cluster.applied())
    for folder in (OVERLAY, "monitoring"):
        assert {f"{d['kind']}/{d['metadata']['name']}" for d in documents(folder)} <= applied
    for folder in (OVERLAY, "monitoring"):
        for workload in workloads(folder):
            for space, name, key in secret_keys(workload):
                assert len(cluster.secrets()[space, name][key]) > 20
    for port in (30800, 30801, 30802, 30555, 30300):
        assert f"http://localhost:{port}" in done.stdout


def test_nothing_of_a_part_is_applied_before_the_part_before_it_runs(cluster: Cluster) -> None:
    assert everything(cluster).returncode == 0
    spaces, before, job, pipeline, optimizer, assistant, space, monitoring = cluster.applied()
    assert space == {"Namespace/monitoring"}
    assert not any(name.startswith("Deployment/") for name in spaces | before | job)
    deployments = [{n for n in part if n.startswith("Deployment/")} for part in (pipeline, optimizer, assistant)]
    assert deployments == [
        {"Deployment/pipeline-api"},
        {"Deployment/optimizer-api", "Deployment/celery-worker", "Deployment/flower"},
        {"Deployment/assistant-api"},
    ]
    assert {"StatefulSet/prometheus", "StatefulSet/grafana"} <= monitoring


def test_everything_again_changes_nothing(cluster: Cluster) -> None:
    assert everything(cluster, "--ollama").returncode == 0
    secrets = cluster.secrets()
    done = everything(cluster, "--ollama")
    assert done.returncode == 0, done.stderr
    assert cluster.secrets() == secrets
    assert not restarted(cluster)
    assert everything(cluster, STUB_IMAGE="sha256:two").returncode == 0
    assert restarted(cluster) == {"optimizer-api", "pipeline-api", "celery-worker", "flower", "assistant-api"}


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--only", "databases,monitoring"), ("databases", "monitoring")),
        (("--only", "pipeline"), ("pipeline",)),
        (("--without-monitoring",), PARTS[:-1]),
    ],
)
def test_parts_alone(cluster: Cluster, arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    done = everything(cluster, *arguments)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^Step \d/\d: (\w+)$", done.stdout, re.MULTILINE) == list(parts)
    waited = {call[-2] if call[-1].startswith("--") else call[-1] for call in cluster.calls() if "status" in call}
    own = {
        "databases": {"postgres", "redis", "chroma"},
        "pipeline": {"pipeline-api"},
        "optimizer": {"optimizer-api", "flower", "celery-worker"},
        "assistant": {"assistant-api"},
        "monitoring": {"prometheus", "grafana"},
    }
    assert {
        name for call in cluster.calls() if "status" in call for name in call if name in set().union(*own.values())
    } == (set().union(*(own[part] for part in parts))), waited


def test_a_new_image_of_one_part_is_noticed_for_the_others(cluster: Cluster) -> None:
    assert everything(cluster).returncode == 0
    assert everything(cluster, "--only", "pipeline", STUB_IMAGE="sha256:two").returncode == 0
    assert restarted(cluster) == {"optimizer-api", "pipeline-api", "celery-worker", "flower", "assistant-api"}


@pytest.mark.parametrize(
    ("broken", "step", "next_command"),
    [
        ("^get nodes", "Before step 1", "kubectl cluster-info"),
        ("^kustomize kubernetes/overlays", "Before step 1", "kubectl kustomize kubernetes/overlays/default"),
        ("status statefulset chroma", "Step 1/5: databases", "describe statefulset chroma"),
        ("get job migrate", "Step 1/5: databases", "logs job/migrate"),
        ("status deployment pipeline", "Step 2/5: pipeline", "logs deployment/pipeline-api"),
        ("status deployment flower", "Step 3/5: optimizer", "logs deployment/flower"),
        ("status deployment assistant", "Step 4/5: assistant", "logs deployment/assistant-api"),
        ("apply --kustomize kubernetes/services/ollama", "Step 4/5: assistant", "get events"),
        ("status statefulset ollama", "Step 4/5: assistant", "describe statefulset ollama"),
        ("^kustomize kubernetes/monitoring", "Step 5/5: monitoring", "kubectl kustomize kubernetes/monitoring"),
        ("status statefulset grafana", "Step 5/5: monitoring", "kubectl --namespace monitoring"),
    ],
)
def test_a_part_that_fails_says_which_why_and_what_next(
    cluster: Cluster, broken: str, step: str, next_command: str
) -> None:
    done = everything(cluster, "--ollama", STUB_FAIL=broken, STUB_REASON="the moon is in the way")
    assert done.returncode == 1
    assert f"✗ {step} failed" in done.stderr
    assert re.search(r"^  Why:  .*the moon is in the way$", done.stderr, re.MULTILINE)
    (advice,) = re.findall(r"^  Next: (.*)$", done.stderr, re.MULTILINE)
    assert next_command in advice
    assert "Deployment Complete" not in done.stdout
    later = PARTS[int(step[5]) :] if step.startswith("Step") else PARTS
    assert not [part for part in later if re.search(rf"^Step \d/5: {part}", done.stdout, re.MULTILINE)]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--fast",), "unknown option: --fast"),
        (("--only",), "--only needs a value"),
        (("--only", ""), "--only names no part"),
        (("--only", "pipeline,moon"), "there is no part moon"),
        (("--only", "pipeline", "--ollama"), "--ollama is of the part assistant"),
    ],
)
def test_wrong_arguments_change_nothing(cluster: Cluster, arguments: tuple[str, ...], complaint: str) -> None:
    done = everything(cluster, *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Usage: scripts/deploy-all.sh" in done.stderr
    assert not (cluster.state / "calls").exists()


@BOTH
def test_times_are_seconds(cluster: Cluster, script: str) -> None:
    done = cluster.run(script, TIMEOUT="5m")
    assert done.returncode == 2
    assert "TIMEOUT is a number of seconds" in done.stderr
    assert not (cluster.state / "calls").exists()


@BOTH
def test_no_secret_is_told_to_other_users_of_the_machine(cluster: Cluster, script: str) -> None:
    assert cluster.run(script).returncode == 0
    spoken = (cluster.state / "calls").read_text()
    for values in cluster.secrets().values():
        for value in values.values():
            assert value not in spoken
