"""Alerts fire when they should, and dashboard and alerts ask for nothing that no process publishes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.deployment.whole import whole
from trading_ai.telemetry.measures import count_actions, exposition, observe_chunk
from trading_ai.telemetry.neighbours import PATHS

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"
DASHBOARD = json.loads((MONITORING / "grafana/dashboards/trading-ai.json").read_text())

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's package prometheus) is not installed")


def promtool(*arguments):
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_alerts_fire_when_they_should():
    promtool("check", "config", "monitoring/prometheus.yml")
    promtool("check", "rules", "monitoring/rules.yml")
    promtool("test", "rules", "monitoring/tests/rules_test.yml")


def test_every_alert_has_a_test():
    rules = yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"][0]["rules"]
    tests = yaml.safe_load((MONITORING / "tests/rules_test.yml").read_text())["tests"]
    fired = {t["alertname"] for case in tests for t in case["alert_rule_test"] if t.get("exp_alerts")}
    assert {rule["alert"] for rule in rules} == fired


def test_nothing_is_asked_for_that_is_not_published(tmp_path):
    observe_chunk(3, 1, 0.2)  # what a worker publishes
    count_actions({"lease_expired": 1})
    with whole(tmp_path, TRADING_AI_CHROMA_URL="http://127.0.0.1:1") as api:
        text = exposition().decode() + "".join(httpx.get(f"{url}/metrics").text for url in (api.url, api.assistant_url))
    published = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    names = published | {f"{n}_{part}" for n in published for part in ("total", "bucket", "count", "sum")}
    names |= {n.removesuffix("_total") for n in published}
    asked = [t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"]]
    asked += [r["expr"] for r in yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"][0]["rules"]]
    used = {name for expr in asked for name in re.findall(r"trading_ai_\w+", expr)}
    assert len(used) > 10
    assert used <= names, used - names


def test_compose_and_scrapes_agree():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    scrapes = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    worker = next(s for s in scrapes if s["job_name"] == "worker")["dns_sd_configs"][0]
    assert worker["names"] == ["worker"]
    assert compose["worker"]["environment"]["TRADING_AI_METRICS_PORT"] == str(worker["port"])
    for job in ("optimizer", "pipeline", "assistant"):
        target = next(s for s in scrapes if s["job_name"] == job)["static_configs"][0]["targets"][0]
        name, _, port = target.partition(":")
        assert any(p.endswith(f":{port}") for p in compose[name]["ports"])
    for service_name in ("prometheus", "grafana"):
        for volume in compose[service_name]["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).exists(), source


def test_an_alert_names_routes_and_services_that_there_are():
    from trading_ai.api.app import _TITLES

    expressions = [r["expr"] for r in yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"][0]["rules"]]
    expressions += [t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"]]
    text = "\n".join(expressions)
    assert set(re.findall(r'service="(\w+)"', text)) == {"assistant"} <= set(_TITLES)
    assert set(re.findall(r'route="([^"]+)"', text)) == {"/api/v1/ask"}
    assert set(re.findall(r'neighbour_up\{name="(\w+)"', text)) == set(PATHS)


def compose(*arguments: str) -> dict[str, Any]:
    """The Compose file as it is read, with what is asked for by profiles."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed: make test-deploy installs it")
    names = re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text())
    done = subprocess.run(
        [program, *arguments, "config"],
        cwd=ROOT, env=os.environ | dict.fromkeys(names, "secret"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(yaml.safe_load(done.stdout)["services"])


def test_compose_has_a_language_model_only_if_it_is_asked_for():
    file = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    optional = {name for name, found in file["services"].items() if found.get("profiles")}
    assert optional == {"ollama", "ollama-model"}
    networks = {name: set(found.get("networks", ["default"])) for name, found in file["services"].items()}
    assert {n for n, found in networks.items() if "assistant" in found} == {"assistant", "chroma", "ollama"}
    assert file["networks"]["assistant"]["internal"] is True
    assert networks["chroma"] == networks["ollama"] == {"assistant"}, "of nobody else's"
    assert networks["ollama-model"] == {"fetching"}
    assert not {"chroma", "ollama"} & set(file["services"]["assistant"]["depends_on"]), "answers come without them"
    assert "TRADING_AI_BROKER_URL" not in file["services"]["assistant"]["environment"]


def test_compose_reads_the_file():
    assert compose().keys() >= {"assistant", "chroma"}
    everything = compose("--profile", "ollama")
    assert everything.keys() >= {"ollama", "ollama-model"}
    probe = everything["chroma"]["healthcheck"]["test"]
    assert probe[:3] == ["CMD", "bash", "-c"]
    assert PATHS["chroma"] in probe[3]
