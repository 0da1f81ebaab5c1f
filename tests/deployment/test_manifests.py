"""The manifests are valid, safe, and fit the program and the scripts."""

from __future__ import annotations

import os
import re
from typing import Any

import kubernetes_validate
import pytest
import typer

from tests.deployment.rendered import (
    EVERYTHING,
    FOLDERS,
    OF_THE_CLUSTER,
    ROOT,
    container,
    documents,
    find,
    label,
    matches,
    namespace,
    of_kind,
    pod,
    pod_labels,
    secret_keys,
    workloads,
)
from trading_ai.bootstrap import read_settings
from trading_ai.cli.main import app
from trading_ai.settings import Settings

KUBERNETES = ("1.30", "1.33", "1.36")
OWN_IMAGE = "trading-ai/optimizer:latest"
OWN = ("optimizer-api", "pipeline-api", "assistant-api", "celery-worker", "flower", "migrate")
NODE_PORTS = {"pipeline-api": 30800, "assistant-api": 30801, "optimizer-api": 30802, "flower": 30555}
DATABASE_PORTS = {"postgres": 5432, "redis": 6379}
KEPT = {
    "postgres": "/var/lib/postgresql/data",
    "redis": "/data",
    "chroma": "/data",
    "ollama": "/models",
    "prometheus": "/prometheus",
    "grafana": "/var/lib/grafana",
}
AWAITED: tuple[str, ...] = ()
"""Settings that the manifests name before the program knows them."""

OPTIONAL = ("ollama", "ollama-model")
"""What is off unless asked for, and asks for room of its own."""

pytestmark = pytest.mark.parametrize("overlay", FOLDERS)


def scripts_that_deploy() -> str:
    """Text of all that makes Secrets and waits."""
    names = ("deploy-optimizer.sh", "deploy-rag.sh", "deploy-all.sh", "lib/deploying.sh")
    return "\n".join((ROOT / "scripts" / name).read_text() for name in names)


# --- the schemas of Kubernetes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_document_is_valid(overlay: str, version: str) -> None:
    for document in documents(overlay):
        if document["apiVersion"].startswith("keda.sh/"):
            continue
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{label(document)} for Kubernetes {version}: {error.message} at {list(error.path)}")


def test_names_are_unique_and_namespaces_are_ours(overlay: str) -> None:
    known = {d["metadata"]["name"] for d in of_kind(overlay, "Namespace")}
    assert known == {"trading-system", "databases"} | ({"monitoring"} if overlay == EVERYTHING else set())
    rest = [d for d in documents(overlay) if d["kind"] not in OF_THE_CLUSTER]
    assert {namespace(d) for d in rest} == known
    names = [(d["kind"], namespace(d), d["metadata"]["name"]) for d in rest]
    assert len(names) == len(set(names))
    more = {*OPTIONAL, "prometheus", "grafana"} if overlay == EVERYTHING else set()
    assert {d["metadata"]["name"] for d in workloads(overlay)} == {*OWN, "postgres", "redis", "chroma"} | more


def test_no_secret_is_in_the_manifests(overlay: str) -> None:
    assert not of_kind(overlay, "Secret")
    for workload in workloads(overlay):
        for variable in container(workload).get("env", []):
            if re.search(r"PASSWORD|AUTH|_KEY$", variable["name"]):
                assert "value" not in variable, f"{label(workload)}: {variable['name']}"
            if variable["name"].endswith("_URL"):
                assert "@" not in variable.get("value", ""), f"{label(workload)}: {variable['name']}"


# --- pods: who they are, what they may do and take ----------------------------------------------------------------


def test_pods_are_restricted(overlay: str) -> None:
    for space in of_kind(overlay, "Namespace"):
        for mode in ("enforce", "audit", "warn"):
            assert space["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"
    for workload in workloads(overlay):
        spec, name = pod(workload), label(workload)
        assert spec["automountServiceAccountToken"] is False, name
        # A Service named flower would otherwise set FLOWER_PORT, and Flower would not start.
        assert spec["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert security["runAsUser"] > 0, name
        assert security["runAsGroup"] > 0, name
        if workload["metadata"]["name"] in OWN:
            assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (10001, 10001, 10001), name
        inner = container(workload)["securityContext"]
        assert inner["allowPrivilegeEscalation"] is False, name
        assert inner["readOnlyRootFilesystem"] is True, name
        assert inner["capabilities"] == {"drop": ["ALL"]}, name


def test_the_user_is_that_of_the_image(overlay: str) -> None:
    users = re.findall(r"^USER (\d+):\d+$", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    own = {pod(w)["securityContext"]["runAsUser"] for w in workloads(overlay) if w["metadata"]["name"] in OWN}
    assert own == {int(users[-1])}


def test_what_is_written_has_a_volume(overlay: str) -> None:
    for workload in workloads(overlay):
        mounts = {m["mountPath"]: m["name"] for m in container(workload)["volumeMounts"]}
        volumes = {v["name"]: v for v in pod(workload)["volumes"]}
        claims = {c["metadata"]["name"] for c in workload["spec"].get("volumeClaimTemplates", [])}
        assert set(mounts.values()) == volumes.keys() | claims, label(workload)
        assert "/tmp" in mounts, label(workload)
        if workload["metadata"]["name"] in OWN:
            assert "/data" in mounts, label(workload)
        for volume in volumes.values():
            if "configMap" in volume or "persistentVolumeClaim" in volume:
                continue
            assert "sizeLimit" in volume["emptyDir"], f"{label(workload)}: a pod could fill its node"


def test_what_is_mounted_exists(overlay: str) -> None:
    maps = {(namespace(d), d["metadata"]["name"]) for d in of_kind(overlay, "ConfigMap")}
    claims = {
        (namespace(w), f"{c['metadata']['name']}-{w['metadata']['name']}-0")
        for w in of_kind(overlay, "StatefulSet")
        for c in w["spec"]["volumeClaimTemplates"]
    }
    for workload in workloads(overlay):
        for volume in pod(workload)["volumes"]:
            if "configMap" in volume:
                assert (namespace(workload), volume["configMap"]["name"]) in maps, label(workload)
            if "persistentVolumeClaim" in volume:
                assert (namespace(workload), volume["persistentVolumeClaim"]["claimName"]) in claims, label(workload)
        for source in container(workload).get("envFrom", []):
            name, optional = source["configMapRef"]["name"], source["configMapRef"].get("optional")
            assert optional or (namespace(workload), name) in maps, label(workload)


def test_databases_keep_their_data(overlay: str) -> None:
    found = of_kind(overlay, "StatefulSet")
    assert {w["metadata"]["name"] for w in found} <= KEPT.keys()
    for workload in found:
        (claim,) = workload["spec"]["volumeClaimTemplates"]
        mount = {"name": claim["metadata"]["name"], "mountPath": KEPT[workload["metadata"]["name"]]}
        assert mount in container(workload)["volumeMounts"]
        # By this name scripts/lib/deploying.sh finds data before it makes a new password.
        assert namespace(workload) != "databases" or claim["metadata"]["name"] == "data"


def test_requests_and_limits(overlay: str) -> None:
    for workload in workloads(overlay):
        resources = container(workload)["resources"]
        for part in ("requests", "limits"):
            assert resources[part].keys() >= {"cpu", "memory"}, label(workload)
        for what in ("cpu", "memory"):
            assert quantity(resources["requests"][what]) <= quantity(resources["limits"][what]), label(workload)
    assert container(find(overlay, "Deployment", "celery-worker"))["resources"]["limits"]["memory"] == "4Gi"


def test_everything_starts_on_a_machine_of_two_cores(overlay: str) -> None:
    asked = {"cpu": 0.2, "memory": 0.25 * 2**30}  # of k3s itself: names and metrics
    for workload in workloads(overlay):
        if workload["kind"] == "Job" or workload["metadata"]["name"] in OPTIONAL:
            continue
        n = workload["spec"].get("replicas", 3)  # workers: the autoscaler's lower bound
        surges = workload["kind"] == "Deployment"
        n += workload["spec"].get("strategy", {}).get("rollingUpdate", {}).get("maxSurge", 1) if surges else 0
        for what in asked:
            asked[what] += n * quantity(container(workload)["resources"]["requests"][what])
    assert asked["cpu"] <= 2
    assert asked["memory"] <= 6 * 2**30


def test_workers_make_room_for_everything_else(overlay: str) -> None:
    known = {c["metadata"]["name"]: c["value"] for c in of_kind(overlay, "PriorityClass")}
    assert not any(c.get("globalDefault") for c in of_kind(overlay, "PriorityClass"))
    values = {w["metadata"]["name"]: known.get(pod(w).get("priorityClassName"), 0) for w in workloads(overlay)}
    lower = {name: value for name, value in values.items() if value}
    assert lower.keys() == {"celery-worker"} | ({*OPTIONAL} if overlay == EVERYTHING else set())
    assert max(lower.values()) < 0, "nobody else's pods are pushed aside"
    assert min(lower, key=lower.__getitem__) == "celery-worker", "workers go first"
    assert set(known) == {pod(w)["priorityClassName"] for w in workloads(overlay) if "priorityClassName" in pod(w)}


def test_an_update_of_the_workers_waits_for_no_room(overlay: str) -> None:
    update = find(overlay, "Deployment", "celery-worker")["spec"]["strategy"]["rollingUpdate"]
    assert update["maxSurge"] == 0
    share = int(update["maxUnavailable"].removesuffix("%")) / 100
    # However many are wanted and run: an old one goes only while more are there than must be.
    for wanted in range(1, 11):
        assert wanted - int(wanted * share) < 1


def test_bars_that_a_pod_keeps_fit_its_volume(overlay: str) -> None:
    settings = shared_settings(overlay)
    kept = int(settings["data"]["TRADING_AI_CACHE_BYTES"])
    for name in ("optimizer-api", "pipeline-api", "assistant-api", "celery-worker"):
        (data,) = (v for v in pod(find(overlay, "Deployment", name))["volumes"] if v["name"] == "data")
        assert kept < quantity(data["emptyDir"]["sizeLimit"])


def test_uploads_fit_memory_and_temporary_folder(overlay: str) -> None:
    settings = shared_settings(overlay)
    accepted = int(settings["data"]["TRADING_AI_MAX_UPLOAD_BYTES"])
    workload = find(overlay, "Deployment", "pipeline-api")
    (folder,) = (v for v in pod(workload)["volumes"] if v["name"] == "tmp")
    # Twice as it came, once what was packed in it.
    assert 3 * accepted < quantity(folder["emptyDir"]["sizeLimit"])
    assert 6 * accepted < quantity(container(workload)["resources"]["limits"]["memory"])
    compose = (ROOT / "docker-compose.yml").read_text()
    (room,) = re.findall(r"/tmp:size=\$\{TMP_SIZE:-(\d+)g\}", compose)
    assert 3 * accepted < int(room) * 2**30
    assert f"TRADING_AI_MAX_UPLOAD_BYTES:-{accepted}" in compose


def test_queries_of_the_assistant_fit_its_memory(overlay: str) -> None:
    inner = container(find(overlay, "Deployment", "assistant-api"))
    variables = {v["name"]: v.get("value") for v in inner["env"]}
    queries = Settings.model_fields["sql_at_once"].default * int(variables["TRADING_AI_SQL_MEMORY_BYTES"])
    own = quantity(inner["resources"]["requests"]["memory"])
    assert queries + own < quantity(inner["resources"]["limits"]["memory"])


def shared_settings(overlay: str) -> Any:
    """The settings that every process of the image reads."""
    (found,) = (d for d in of_kind(overlay, "ConfigMap") if re.fullmatch(r"trading-ai-\w{10}", d["metadata"]["name"]))
    return found


def quantity(text: str) -> float:
    """A number with one of Kubernetes' suffixes."""
    found = re.fullmatch(r"([0-9.]+)(m|Ki|Mi|Gi)?", str(text))
    assert found, text
    return float(found[1]) * {None: 1, "m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[found[2]]


# --- probes, disruptions, spreading -------------------------------------------------------------------------------


def test_probes(overlay: str) -> None:
    for workload in workloads(overlay):
        probes = {k: v for k, v in container(workload).items() if k.endswith("Probe")}
        if workload["kind"] == "Job":
            assert not probes
            continue
        assert probes.keys() == {"startupProbe", "readinessProbe", "livenessProbe"}, label(workload)
        ports = {p["name"] for p in container(workload)["ports"]}
        for probe in probes.values():
            assert probe["timeoutSeconds"] > 1, f"{label(workload)}: a busy machine is not a dead process"
            if "httpGet" in probe:
                assert probe["httpGet"]["port"] in ports
        liveness = probes["livenessProbe"]
        assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 60, label(workload)


def test_a_database_that_is_away_restarts_nothing(overlay: str) -> None:
    for name in ("optimizer-api", "pipeline-api", "assistant-api"):
        probes = container(find(overlay, "Deployment", name))
        assert probes["readinessProbe"]["httpGet"]["path"] == "/ready?only=database"
        assert probes["livenessProbe"]["httpGet"]["path"] == probes["startupProbe"]["httpGet"]["path"] == "/health"
    assert container(find(overlay, "Deployment", "celery-worker"))["livenessProbe"]["httpGet"]["path"] == "/metrics"


def test_what_ends_may_finish(overlay: str) -> None:
    from trading_ai.worker import _GRACE_SECONDS

    assert pod(find(overlay, "Deployment", "celery-worker"))["terminationGracePeriodSeconds"] == 120 > _GRACE_SECONDS
    for workload in workloads(overlay):
        assert pod(workload)["terminationGracePeriodSeconds"] >= 30, label(workload)


def test_disruption_budgets_and_spreading(overlay: str) -> None:
    budgets = of_kind(overlay, "PodDisruptionBudget")
    for workload in workloads(overlay):
        if workload["kind"] == "Job":
            continue
        own = [
            b
            for b in budgets
            if namespace(b) == namespace(workload) and matches(b["spec"]["selector"], pod_labels(workload))
        ]
        assert len(own) == 1, label(workload)
        (spread,) = pod(workload)["topologySpreadConstraints"]
        assert spread["topologyKey"] == "kubernetes.io/hostname"
        assert matches(spread["labelSelector"], pod_labels(workload))
    assert len(budgets) == sum(w["kind"] != "Job" for w in workloads(overlay)), "a budget has no pods"


# --- what refers to what ------------------------------------------------------------------------------------------


def test_selectors_match_labels(overlay: str) -> None:
    for workload in workloads(overlay):
        assert pod_labels(workload)["app"] == workload["metadata"]["name"]
        if workload["kind"] != "Job":
            assert matches(workload["spec"]["selector"], pod_labels(workload)), label(workload)
            assert len([w for w in workloads(overlay) if matches(workload["spec"]["selector"], pod_labels(w))]) == 1


def test_services_lead_to_containers(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        behind = [
            w
            for w in workloads(overlay)
            if namespace(w) == namespace(service)
            and matches({"matchLabels": service["spec"]["selector"]}, pod_labels(w))
        ]
        assert len(behind) == 1, label(service)
        ports = {p["name"]: p["containerPort"] for p in container(behind[0])["ports"]}
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"], label(service)
    for workload in of_kind(overlay, "StatefulSet"):
        headless = find(overlay, "Service", workload["spec"]["serviceName"])
        assert headless["spec"]["clusterIP"] == "None"


def test_node_ports(overlay: str) -> None:
    found = {
        s["metadata"]["name"]: p["nodePort"]
        for s in of_kind(overlay, "Service")
        if s["spec"].get("type") == "NodePort"
        for p in s["spec"]["ports"]
    }
    everything = overlay == EVERYTHING
    assert found == NODE_PORTS | ({"grafana": 30300} if everything else {})
    script = (ROOT / "scripts" / ("deploy-all.sh" if everything else "deploy-optimizer.sh")).read_text()
    assert set(re.findall(r"http://localhost:(\d+)", script)) == {str(port) for port in found.values()}


def test_the_image_is_the_one_that_is_built(overlay: str) -> None:
    for name in ("build-optimizer.sh", "deploy-optimizer.sh", "deploy-rag.sh", "deploy-all.sh"):
        assert f"image=${{IMAGE:-{OWN_IMAGE}}}" in (ROOT / "scripts" / name).read_text()
    compose = (ROOT / "docker-compose.yml").read_text()
    for workload in workloads(overlay):
        image = container(workload)["image"]
        if workload["metadata"]["name"] in OWN:
            assert image == OWN_IMAGE
            # Otherwise :latest is looked for in a registry, and none holds it.
            assert container(workload)["imagePullPolicy"] == "IfNotPresent"
        else:
            assert f":-{image}}}" in compose, "Compose and the cluster run the same databases"


def test_secrets_are_those_that_the_deploy_scripts_make(overlay: str) -> None:
    script = scripts_that_deploy().replace("\\\n", " ")
    spaces = {"$namespace": "trading-system", "$databases": "databases", "monitoring": "monitoring"}
    made = set()
    for space, name, rest in re.findall(r'^ +secret "?(\$?\w+)"? ([\w-]+) (.+)$', script, re.MULTILINE):
        words = re.findall(r'"[^"]*"|\S+', re.sub(r"\$\([^)]*\)", "", rest))
        made |= {(spaces[space], name, key) for key in words[::2]}
    wanted = {entry for workload in workloads(overlay) for entry in secret_keys(workload)}
    assert wanted
    assert wanted <= made


def test_urls_in_the_secrets_lead_to_the_services(overlay: str) -> None:
    script = scripts_that_deploy()
    found = re.findall(r"@(\w+)\.\$databases\.svc\.cluster\.local:(\d+)/(\w+)", script)
    assert {name: int(port) for name, port, _ in found} == DATABASE_PORTS
    for name, port in DATABASE_PORTS.items():
        assert [p["port"] for p in find(overlay, "Service", name)["spec"]["ports"]] == [port]
    (database,) = (what for name, _, what in found if name == "postgres")
    variables = {v["name"]: v.get("value") for v in container(find(overlay, "StatefulSet", "postgres"))["env"]}
    assert variables["POSTGRES_DB"] == database
    assert f"postgresql://{variables['POSTGRES_USER']}:" in script


def test_urls_in_the_manifests_lead_to_the_services(overlay: str) -> None:
    told = [v.get("value", "") for w in workloads(overlay) for v in container(w).get("env", [])]
    told += [str(value) for d in of_kind(overlay, "ConfigMap") for value in d["data"].values()]
    urls = re.findall(r"http://([a-z0-9.-]+):(\d+)", "\n".join(told))
    assert {name.partition(".")[0] for name, _ in urls} == (
        {"chroma", "ollama", "prometheus"} if overlay == EVERYTHING else {"chroma"}
    )
    for name, port in urls:
        service, _, space = name.partition(".")
        found = find(overlay, "Service", service)
        assert not space or space == f"{namespace(found)}.svc.cluster.local"
        assert [p["port"] for p in found["spec"]["ports"]] == [int(port)]


def test_deployments_are_those_that_the_deploy_script_waits_for(overlay: str) -> None:
    script = (ROOT / "scripts" / "deploy-optimizer.sh").read_text()
    (names,) = re.findall(r"^deployments=\((.*)\)$", script, re.MULTILINE)
    assert set(names.split()) == {d["metadata"]["name"] for d in of_kind(overlay, "Deployment")}


def test_workers_prefer_the_nodes_that_join_as_workers(overlay: str) -> None:
    script = (ROOT / "infrastructure" / "scripts" / "add-worker.sh").read_text()
    (key, value) = re.findall(r"--node-label (\S+)=(\w+)", script)[0]
    affinity = pod(find(overlay, "Deployment", "celery-worker"))["affinity"]["nodeAffinity"]
    assert affinity.keys() == {"preferredDuringSchedulingIgnoredDuringExecution"}
    (term,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["preference"]["matchExpressions"] == [{"key": key, "operator": "In", "values": [value]}]


# --- the program --------------------------------------------------------------------------------------------------


def parsed(arguments: list[str]) -> dict[str, Any]:
    """The parameters that a command of ours takes from a command line; the command does not run."""
    group = typer.main.get_command(app)
    assert arguments[0] == "trading-ai"
    command = group.commands[arguments[1]]  # type: ignore[attr-defined]
    return dict(command.make_context(arguments[1], arguments[2:]).params)


def test_commands_are_understood(overlay: str) -> None:
    for name in OWN:
        kind = "Job" if name == "migrate" else "Deployment"
        inner = container(find(overlay, kind, name))
        assert "command" not in inner, "the image's entry point hands out the compiled kernels"
        parameters = parsed(inner["args"])
        if name.endswith("-api"):
            service = name.removesuffix("-api")
            assert parameters["services"] == service
            assert [p["containerPort"] for p in inner["ports"]] == [parameters[f"{service}_port"]]
        if name == "flower":
            assert [p["containerPort"] for p in inner["ports"]] == [parameters["port"]]
        if name.endswith("-api") or name == "flower":
            assert parameters["host"] == "0.0.0.0"
        if name == "celery-worker":
            # Unless told, a worker takes every core of the machine and not its share.
            assert parameters["concurrency"] == quantity(inner["resources"]["limits"]["cpu"])


def test_settings_are_understood(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = shared_settings(overlay)
    model = {d["metadata"]["name"]: d["data"] for d in of_kind(overlay, "ConfigMap")}.get("trading-ai-ollama", {})
    for name in OWN:
        inner = container(find(overlay, "Job" if name == "migrate" else "Deployment", name))
        optional = [{"configMapRef": {"name": "trading-ai-ollama", "optional": True}}]
        assert inner["envFrom"] == [
            {"configMapRef": {"name": shared["metadata"]["name"]}},
            *(optional if name == "assistant-api" else []),
        ]
        secrets = {"TRADING_AI_BROKER_URL": "redis://:secret@redis:6379/0"}
        values = shared["data"] | {v["name"]: v.get("value", secrets.get(v["name"], "secret")) for v in inner["env"]}
        values |= model if name == "assistant-api" else {}
        for variable, value in values.items():
            assert variable.removeprefix("TRADING_AI_").lower() in {*Settings.model_fields, *AWAITED}, variable
            monkeypatch.setenv(variable, value)
        settings = read_settings()
        assert not settings.insecure
        if name.endswith("-api"):
            assert settings.admin_key, "without a key, the APIs would not start on the first deployment"
            monkeypatch.delenv("TRADING_AI_ADMIN_KEY")
        assert "TRADING_AI_ADMIN_KEY" not in os.environ, "of those that answer requests only"
        if name == "celery-worker":
            assert [p["containerPort"] for p in inner["ports"]] == [settings.metrics_port]


def test_scraping_finds_the_metrics(overlay: str) -> None:
    for name in ("optimizer-api", "pipeline-api", "assistant-api", "celery-worker"):
        workload = find(overlay, "Deployment", name)
        notes = workload["spec"]["template"]["metadata"]["annotations"]
        assert notes["prometheus.io/scrape"] == "true"
        assert [p["containerPort"] for p in container(workload)["ports"]] == [int(notes["prometheus.io/port"])]
