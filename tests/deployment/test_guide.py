"""The step-by-step guides: all that they tell to type is run in its order, and prints what they show.

What is asked of `kubectl` is put to the real program too, which reads it and then finds no cluster.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.guides import (
    KEY,
    TOKEN,
    bare_machine,
    blocks,
    command_line,
    in_order,
    kubectl_commands,
    run_guide,
    surroundings,
)
from tests.deployment.rendered import EVERYTHING, ROOT, find, kubectl, namespace, of_kind
from tests.deployment.stubbed import Cluster
from tests.deployment.whole import whole
from tests.integration.test_scripts import stub

pytestmark = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="needs jq and curl")

GUIDES = (
    "PHASE-1-infrastructure.md",
    "PHASE-2-data-pipeline.md",
    "PHASE-3-rag-system.md",
    "PHASE-4-distributed-computing.md",
    "PHASE-5-custom-backtesting.md",
)

QUICK_GUIDE = "PHASE-4-distributed-computing.md"

AWAITED: tuple[str, ...] = ()
"""Commands and routes that the guides name before the program has them: blocks with them are not run yet."""

TESTED_ELSEWHERE = ("plugins/backtrader",)
"""Blocks that need packages of another licence: `make test-plugins` runs such strategies."""

KUBECTL = sorted({command for guide in GUIDES for command in kubectl_commands(blocks(guide))})


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """Everything that the guides speak to but the APIs."""
    return surroundings(tmp_path)


@pytest.mark.parametrize(
    "guide",
    # Each starts a service, and a process for each of its commands.
    [pytest.param(guide, marks=[] if guide == QUICK_GUIDE else pytest.mark.slow) for guide in GUIDES],
)
def test_a_guide_runs_from_its_beginning_to_its_end(cluster: Cluster, guide: str) -> None:
    told = blocks(guide)
    left_out = {n for n, block in enumerate(told) if any(words in block.text for words in AWAITED + TESTED_ELSEWHERE)}
    if guide.startswith("PHASE-1"):
        bare_machine(cluster)
    pages: dict[str, list[tuple[int, Any]]] = {"/healthcheck": [(200, "OK")], "/api/health": [(200, {})]}
    with (
        stub(pages) as url,
        whole(cluster.folder, TRADING_AI_ADMIN_KEY=KEY, TRADING_AI_REQUIRE_KEYS="1") as api,
    ):
        page = int(url.rpartition(":")[2])
        command_line(cluster, api.home)
        printed = run_guide(cluster, told, api.ports | {30555: page, 30300: page}, left_out)
    assert TOKEN not in printed.replace(f"\n{TOKEN}\n", "", 1), "shown where it is asked for, and never again"
    if guide.startswith("PHASE-4"):
        assert (cluster.state / "joined").read_text().startswith("agent --node-name ")
        assert (cluster.state / "k3s").read_text() == "ctr images import optimizer.tar\n"
        assert re.search(r"^admin:[0-9a-f]{48}$", printed, re.MULTILINE), "Flower's password"
        (started,) = (call for call in cluster.calls("docker") if call[0] == "run")
        assert started[-3:] == ["trading-ai/optimizer:latest", "trading-ai", "worker"]
        assert ["compose", "up", "-d", "--scale", "worker=4"] in cluster.calls("docker")
    if guide.startswith("PHASE-1"):
        assert (cluster.state / "joined").read_text().startswith("server --node-name ")


def test_what_is_awaited_is_awaited_still() -> None:
    from typer.main import get_command

    from trading_ai.cli.main import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    for words in AWAITED:
        if words.startswith("trading-ai "):
            assert words.split()[1] not in known, f"{words} is there: take it out of AWAITED"


def test_lines_are_looked_for_in_their_order() -> None:
    assert in_order("a\nb …\n", "x\na\n\nb 12  \n") is None
    assert in_order("a\nb\n", "b\na\n") == "b"
    assert in_order("b …\n", "b\n") == "b …"


def test_the_guides_have_all_of_the_scripts() -> None:
    told = "\n".join(block.text for guide in GUIDES for block in blocks(guide))
    for script in (ROOT / "scripts").glob("*-*.sh"):
        if not script.name.startswith("install-"):
            assert f"scripts/{script.name}" in told, script.name
    for script in (ROOT / "infrastructure/scripts").glob("*.sh"):
        assert f"infrastructure/scripts/{script.name}" in told, script.name
    for guide in GUIDES:
        assert sum(bool(block.output) for block in blocks(guide)) >= 5, guide


@pytest.mark.parametrize("command", KUBECTL)
def test_what_kubectl_is_told_it_understands(command: str) -> None:
    _, *arguments = shlex.split(command)
    done = subprocess.run(
        [kubectl(), *arguments, "--server", "http://127.0.0.1:1"],
        cwd=ROOT,
        env=os.environ | {"KUBECONFIG": os.devnull},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "127.0.0.1:1" in done.stderr, done.stderr
    assert not re.search("unknown|Usage|invalid", done.stderr), done.stderr


@pytest.mark.parametrize("command", KUBECTL)
def test_what_kubectl_is_asked_for_is_deployed(command: str) -> None:
    words = shlex.split(command)
    if "--namespace" not in words:
        assert words[1:3] in (["get", "nodes"], ["get", "storageclass"], ["delete", "--kustomize"]), "of the cluster"
        return
    space = words[words.index("--namespace") + 1]
    assert space in {namespace(d) for d in of_kind(EVERYTHING, "StatefulSet", "Deployment")}
    kinds: dict[str, tuple[str, ...]] = {
        "deployment": ("Deployment",),
        "statefulset": ("StatefulSet",),
        "job": ("Job",),
    }
    kinds["app"] = (*kinds["deployment"], *kinds["statefulset"])
    for kind, name in re.findall(r"\b(deployment|statefulset|job|app)[ /=]([\w-]+)", command):
        (found,) = (d for d in of_kind(EVERYTHING, *kinds[kind]) if d["metadata"]["name"] == name)
        assert namespace(found) == space
    assert find(EVERYTHING, "Namespace", space)
