"""Who may talk to whom in the cluster, and how the number of workers follows the work."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.deployment.rendered import (
    EVERYTHING,
    FOLDERS,
    ROOT,
    Document,
    container,
    find,
    label,
    matches,
    namespace,
    of_kind,
    pod_labels,
    workloads,
)
from trading_ai.driving.round_trip import _WAITING_PER_SLOT

every = pytest.mark.parametrize("overlay", FOLDERS)
DEFAULT, KEDA = "overlays/default", "overlays/keda"
REACHES = {
    "postgres": {"optimizer-api", "pipeline-api", "assistant-api", "celery-worker", "migrate"},
    "redis": {"optimizer-api", "pipeline-api", "celery-worker", "flower"},
    "chroma": {"assistant-api"},
    "ollama": {"assistant-api"},
    "prometheus": {"grafana"},
}
"""Who may speak to what asks for no more than that, or for one password that all of them have."""

PORT = {"postgres": 5432, "redis": 6379, "chroma": 8000, "ollama": 11434, "prometheus": 9090}
MEASURED = {"optimizer-api": 30802, "pipeline-api": 30800, "assistant-api": 30801, "celery-worker": 9464}
PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
STRANGER = {"app": "stranger"}
OPEN = {"optimizer-api", "pipeline-api", "assistant-api", "flower", "grafana"}


# --- network policies, read as a cluster reads them ---------------------------------------------------------------


def permitted(overlay: str, kind: str, workload: Document, other: tuple[str, dict[str, str]], port: int) -> bool:
    """Whether policies let a pod talk to (Egress) or be talked to by (Ingress) a pod of another namespace."""
    policies = [
        p["spec"]
        for p in of_kind(overlay, "NetworkPolicy")
        if namespace(p) == namespace(workload)
        and kind in p["spec"]["policyTypes"]
        and matches(p["spec"]["podSelector"], pod_labels(workload))
    ]
    assert policies, f"{label(workload)}: nothing is denied"
    side = "from" if kind == "Ingress" else "to"
    space, labels = other
    for rule in itertools.chain.from_iterable(policy.get(kind.lower(), []) for policy in policies):
        if not any(entry["port"] == port and entry["protocol"] == "TCP" for entry in rule["ports"]):
            continue
        if side not in rule:
            return True
        for peer in rule[side]:
            if "ipBlock" not in peer:
                inside = {"matchLabels": {"kubernetes.io/metadata.name": namespace(workload)}}
                spaces = matches(peer.get("namespaceSelector", inside), {"kubernetes.io/metadata.name": space})
                if spaces and matches(peer["podSelector"], labels):
                    return True
    return False


def servers(overlay: str) -> list[Document]:
    """What answers others of the system and nobody else."""
    return [w for w in of_kind(overlay, "StatefulSet") if w["metadata"]["name"] in REACHES]


@every
def test_only_those_who_need_a_database_reach_it(overlay: str) -> None:
    assert len(servers(overlay)) == (5 if overlay == EVERYTHING else 3)
    for server in servers(overlay):
        name, space = server["metadata"]["name"], namespace(server)
        clients, port = REACHES[name], PORT[name]
        for workload in workloads(overlay):
            if workload is server:
                continue
            leaves = permitted(overlay, "Egress", workload, (space, pod_labels(server)), port)
            enters = permitted(overlay, "Ingress", server, (namespace(workload), pod_labels(workload)), port)
            assert leaves == enters == (workload["metadata"]["name"] in clients), f"{label(workload)} to {name}"
        for other in ("default", "databases", "monitoring"):
            assert not permitted(overlay, "Ingress", server, (other, {"app": "celery-worker"}), port)
        for other in ("trading-system", space):
            assert not permitted(overlay, "Ingress", server, (other, STRANGER), port)


def test_prometheus_reaches_all_that_it_measures_and_nothing_else() -> None:
    prometheus = find(EVERYTHING, "StatefulSet", "prometheus")
    for workload in workloads(EVERYTHING):
        for port in container(workload).get("ports", []):
            name, number = workload["metadata"]["name"], port["containerPort"]
            leaves = permitted(EVERYTHING, "Egress", prometheus, (namespace(workload), pod_labels(workload)), number)
            assert leaves == (MEASURED.get(name) == number), name
            if leaves:
                whence = (namespace(prometheus), pod_labels(prometheus))
                assert permitted(EVERYTHING, "Ingress", workload, whence, number), name
    (settings,) = (
        d["data"] for d in of_kind(EVERYTHING, "ConfigMap") if "prometheus.yml" in d["data"] and "scrape" in str(d)
    )
    scraped = {}
    for job in yaml.safe_load(settings["prometheus.yml"])["scrape_configs"]:
        (lookup,) = job["dns_sd_configs"]
        service = find(EVERYTHING, "Service", lookup["names"][0].split(".")[0])
        assert lookup["names"] == [f"{service['metadata']['name']}.{namespace(service)}.svc.cluster.local"]
        assert service["spec"]["clusterIP"] == "None", "one address for each pod"
        scraped[service["spec"]["selector"]["app"]] = lookup["port"]
    assert scraped == MEASURED


def test_only_what_fetches_the_model_reaches_the_internet() -> None:
    for workload in workloads(EVERYTHING):
        blocks = [
            (peer["ipBlock"], {entry["port"] for entry in rule["ports"]})
            for policy in of_kind(EVERYTHING, "NetworkPolicy")
            if namespace(policy) == namespace(workload) and matches(policy["spec"]["podSelector"], pod_labels(workload))
            for rule in policy["spec"].get("egress", [])
            for peer in rule.get("to", [])
            if "ipBlock" in peer and not peer["ipBlock"]["cidr"].endswith("/32")
        ]
        assert bool(blocks) == (workload["metadata"]["name"] == "ollama-model"), label(workload)
        for block, ports in blocks:
            assert ports == {443}
            if block["cidr"] == "0.0.0.0/0":
                assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(block["except"]), "a neighbour"


@every
def test_those_who_have_a_url_reach_what_it_names(overlay: str) -> None:
    for workload in workloads(overlay):
        variables = {v["name"] for v in container(workload).get("env", [])}
        name = workload["metadata"]["name"]
        assert ("TRADING_AI_DATABASE_URL" in variables) == (name in REACHES["postgres"]), name
        assert ("TRADING_AI_BROKER_URL" in variables) == (name in REACHES["redis"]), name
        assert ("TRADING_AI_CHROMA_URL" in variables) == (name in REACHES["chroma"]), name
        read = {source["configMapRef"]["name"] for source in container(workload).get("envFrom", [])}
        reads_model = name in REACHES["ollama"] or name == "ollama-model"
        assert ("trading-ai-ollama" in read) == reads_model, name


@every
def test_pages_are_open_and_workers_to_prometheus_only(overlay: str) -> None:
    for workload in workloads(overlay):
        for port in container(workload).get("ports", []):
            number, name = port["containerPort"], workload["metadata"]["name"]
            if name in PORT and number == PORT[name]:
                continue
            stranger = permitted(overlay, "Ingress", workload, ("elsewhere", STRANGER), number)
            prometheus = permitted(overlay, "Ingress", workload, ("monitoring", PROMETHEUS), number)
            assert stranger == (name in OPEN), name
            assert prometheus == (name in OPEN or name == "celery-worker"), name


@every
def test_names_are_resolved_and_nothing_else_is_called(overlay: str) -> None:
    dns = ("kube-system", {"k8s-app": "kube-dns"})
    for workload in workloads(overlay):
        ours = namespace(workload) in {"trading-system", "monitoring"}
        assert permitted(overlay, "Egress", workload, dns, 53) == ours, label(workload)
        assert not permitted(overlay, "Egress", workload, ("default", STRANGER), 443), label(workload)
    for policy in (p for p in of_kind(overlay, "NetworkPolicy") if p["metadata"]["name"] == "dns"):
        assert {p["protocol"] for p in policy["spec"]["egress"][0]["ports"]} == {"UDP", "TCP"}


@every
def test_policies_name_pods_that_exist(overlay: str) -> None:
    names = {w["metadata"]["name"] for w in workloads(overlay)}
    for policy in of_kind(overlay, "NetworkPolicy"):
        mentioned = set(re.findall(r"'app': '([\w-]+)'", str(policy)))
        for values in re.findall(r"'key': 'app', 'operator': 'In', 'values': \[([^]]*)\]", str(policy)):
            mentioned |= set(re.findall(r"[\w-]+", values))
        assert mentioned <= names, label(policy)


# --- the number of workers ----------------------------------------------------------------------------------------


def check_target(overlay: str, reference: Document) -> None:
    assert (reference["apiVersion"], reference["kind"]) == ("apps/v1", "Deployment")
    target = find(overlay, "Deployment", reference["name"])
    assert target["metadata"]["name"] == "celery-worker"
    assert "replicas" not in target["spec"], "each deployment would undo what the autoscaler chose"


def check_behaviour(behaviour: Document) -> None:
    assert behaviour["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] >= 300
    assert behaviour["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


def test_workers_by_cpu() -> None:
    (scaler,) = of_kind(DEFAULT, "HorizontalPodAutoscaler")
    spec = scaler["spec"]
    check_target(DEFAULT, spec["scaleTargetRef"])
    check_behaviour(spec["behavior"])
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 10)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "1400m"}}
    limit = container(find(DEFAULT, "Deployment", "celery-worker"))["resources"]["limits"]["cpu"]
    assert float(limit) > 1.4, "a worker that is held below the target would never be given company"


def test_workers_by_the_queue() -> None:
    assert not of_kind(KEDA, "HorizontalPodAutoscaler"), "two autoscalers would fight"
    (scaled,) = of_kind(KEDA, "ScaledObject")
    spec = scaled["spec"]
    check_target(KEDA, spec["scaleTargetRef"])
    check_behaviour(spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"])
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (3, 10)
    (trigger,) = spec["triggers"]
    assert trigger["type"] == "metrics-api"
    assert all(isinstance(value, str) for value in trigger["metadata"].values()), "KEDA takes strings only"
    # It is read without a key, so that it works where keys are asked for too.
    assert "authenticationRef" not in trigger
    where = re.fullmatch(r"http://([\w-]+)\.([\w-]+)\.svc\.cluster\.local:(\d+)/metrics", trigger["metadata"]["url"])
    assert where
    service = find(KEDA, "Service", where[1])
    assert namespace(service) == where[2]
    assert [p["port"] for p in service["spec"]["ports"]] == [int(where[3])]
    assert service["spec"]["publishNotReadyAddresses"] is True, "scaling does not wait for an API to be ready"
    assert matches({"matchLabels": service["spec"]["selector"]}, pod_labels(find(KEDA, "Deployment", "optimizer-api")))
    assert permitted(KEDA, "Ingress", find(KEDA, "Deployment", "optimizer-api"), ("keda", STRANGER), int(where[3]))


def test_the_target_is_below_what_the_coordinator_keeps_waiting() -> None:
    (scaled,) = of_kind(KEDA, "ScaledObject")
    target = float(scaled["spec"]["triggers"][0]["metadata"]["targetValue"])
    arguments = container(find(KEDA, "Deployment", "celery-worker"))["args"]
    processes = int(arguments[arguments.index("--concurrency") + 1])
    assert target < _WAITING_PER_SLOT * processes


def test_the_metric_is_one_that_the_api_publishes(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient
    from prometheus_client.parser import text_string_to_metric_families

    from trading_ai.api.app import make_app
    from trading_ai.api.context import Context
    from trading_ai.bootstrap import Application
    from trading_ai.settings import Settings

    (scaled,) = of_kind(KEDA, "ScaledObject")
    name = scaled["spec"]["triggers"][0]["metadata"]["valueLocation"]
    application = Application(Settings(home=tmp_path))
    with TestClient(make_app("optimizer", Context(application), keys_required=True)) as client:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        families = {family.name: family for family in text_string_to_metric_families(answer.text)}
        assert [sample.value for sample in families[name].samples] == [0.0]
    application.database.close()


# --- the README ---------------------------------------------------------------------------------------------------


def test_the_overlay_of_the_readme_does_what_it_says(tmp_path: Path) -> None:
    readme = (ROOT / "kubernetes" / "README.md").read_text()
    example, _ = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    shutil.copytree(ROOT / "kubernetes", tmp_path / "kubernetes")
    mine = tmp_path / "kubernetes" / "overlays" / "mine"
    mine.mkdir()
    (mine / "kustomization.yaml").write_text(example)
    (settings,) = of_kind(str(mine), "ConfigMap")
    assert of_kind(DEFAULT, "ConfigMap")[0]["data"]["TRADING_AI_INSECURE"] == "0"
    assert settings["data"]["TRADING_AI_INSECURE"] == "1"
    assert settings["data"]["TRADING_AI_LOG_LEVEL"] == "INFO"
    assert settings["data"].keys() == of_kind(DEFAULT, "ConfigMap")[0]["data"].keys()
    assert settings["metadata"]["name"] != of_kind(DEFAULT, "ConfigMap")[0]["metadata"]["name"]
    (scaler,) = of_kind(str(mine), "HorizontalPodAutoscaler")
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 20)
    (claim,) = find(str(mine), "StatefulSet", "postgres")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "100Gi"


def test_the_language_model_of_the_readme_is_another_one(tmp_path: Path) -> None:
    _, example = re.findall(r"```yaml\n(.*?)```", (ROOT / "kubernetes" / "README.md").read_text(), re.DOTALL)
    shutil.copytree(ROOT / "kubernetes", tmp_path / "kubernetes")
    mine = tmp_path / "kubernetes" / "overlays" / "mine"
    mine.mkdir()
    (mine / "kustomization.yaml").write_text(example)
    assert find(str(mine), "ConfigMap", "trading-ai-ollama")["data"]["TRADING_AI_OLLAMA_MODEL"] == "qwen2.5:7b"
    assert container(find(str(mine), "StatefulSet", "ollama"))["resources"]["limits"]["memory"] == "12Gi"


def test_the_readme_names_every_folder_and_secret() -> None:
    readme = (ROOT / "kubernetes" / "README.md").read_text()
    for folder in ROOT.glob("kubernetes/**/kustomization.yaml"):
        name = folder.parent.relative_to(ROOT / "kubernetes")
        assert f"`{name}`" in readme
    for name in (
        "postgres",
        "redis",
        "grafana",
        "trading-ai-database",
        "trading-ai-broker",
        "trading-ai-flower",
        "trading-ai-api",
    ):
        assert f"`{name}`" in readme
