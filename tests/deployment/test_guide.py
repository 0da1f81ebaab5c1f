"""The step-by-step guide: all that it tells to type is run in its order, and prints what it shows.

The APIs are real; the cluster, the engine and k3s are stubs that record what they are asked for. What is asked of
`kubectl` is put to the real program too, which reads it and then finds no cluster.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deployment.rendered import ROOT, find, kubectl, text_of
from tests.deployment.stubbed import Cluster
from tests.integration.api.served import service

GUIDE = (ROOT / "docs/phase-guides/PHASE-4-distributed-computing.md").read_text()
ANY = "…"
TOKEN = "K10topsecret"
KEY = "tai_of_the_first_deployment"

pytestmark = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="needs jq and curl")


@dataclass(frozen=True)
class Block:
    """What the guide tells to type, and what it says is printed."""

    language: str
    text: str
    output: str


BLOCKS = [
    Block(*found) for found in re.findall(r"```(bash|python)\n(.*?)```(?:\n\n```output\n(.*?)```)?", GUIDE, re.DOTALL)
]
KUBECTL = sorted(set(re.findall(r"^kubectl .*?(?= \||$)", "\n".join(b.text for b in BLOCKS), re.MULTILINE)))


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """Everything that the guide speaks to but the APIs, and a checkout to stand in."""
    made = Cluster(tmp_path)
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(text_of("overlays/default"))
    made.environment |= {"STUB_RENDERED": str(rendered), "MINIMUM_MEMORY_MB": "1"}
    (made.state / "deployment-trading-system").write_text("3")
    (made.state / "secret-trading-system-trading-ai-api").write_text(
        "kind: Secret\nmetadata:\n  name: trading-ai-api\n  namespace: trading-system\n"
        f'stringData:\n  admin-key: "{KEY}"\n'
    )
    (made.state / "horizontalpodautoscalers.autoscaling-trading-system").write_text("celery-worker 3 10\n")
    made.program("id", "echo 0")
    made.program("systemctl", "exit 3")
    made.program("k3s", 'echo "$@" >> "$STUB_STATE/k3s"')
    made.program("sudo", f'if [ "$1" = cat ]; then echo {TOKEN}; else exec "$@"; fi')
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("scripts", "infrastructure", "kubernetes", "src", "docker", "docker-compose.yml"):
        (checkout / name).symlink_to(ROOT / name)
    (checkout / "token").write_text(f"{TOKEN}\n")
    (checkout / "optimizer.tar").touch()
    return made


def lead_to(cluster: Cluster, ports: dict[int, int]) -> None:
    """Let curl find the APIs at other ports than the guide's, and k3s's server and installer nowhere."""
    swap = "".join(f"a=${{a//localhost:{told}/127.0.0.1:{real}}}; " for told, real in ports.items())
    installer = 'printf \'echo "$@" > "$STUB_STATE/joined"\\n\' > "$file"; exit 0'
    body = f"""
file= next= words=()
for a in "$@"; do
    [ "$next" != --output ] || file=$a
    next=$a
    {swap}
    words+=("$a")
done
case "$*" in
    *https://get.k3s.io*) {installer} ;;
    *:6443/ping*) exit 0 ;;
esac
exec {shutil.which("curl")} "${{words[@]}}"
"""
    path = cluster.programs / "curl"
    path.write_text(f"#!/bin/bash\n{body}")
    path.chmod(0o755)


def script_of(cluster: Cluster, ports: dict[int, int]) -> str:
    """All blocks as one script that marks where each begins."""
    lines = ["set -euo pipefail"]
    for n, block in enumerate(BLOCKS):
        lines.append(f"printf '\\n\\036{n}\\n'")
        if block.language == "bash":
            lines.append(block.text)
            continue
        text = block.text
        for told, real in ports.items():
            text = text.replace(f"localhost:{told}", f"127.0.0.1:{real}")
        program = cluster.folder / f"block-{n}.py"
        program.write_text(text)
        lines.append(shlex.join([sys.executable, str(program)]))
    return "\n".join(lines)


def in_order(expected: str, printed: str) -> str | None:
    """The first expected line that is not printed after those before it; None if all are."""
    lines = iter(line.rstrip() for line in printed.splitlines())
    for line in filter(str.strip, expected.splitlines()):
        pattern = re.compile(re.escape(line.rstrip()).replace(re.escape(ANY), ".+"))
        if not any(pattern.fullmatch(found) for found in lines):
            return line
    return None


def test_the_guide_runs_from_its_beginning_to_its_end(cluster: Cluster) -> None:
    with service(cluster.folder, TRADING_AI_ADMIN_KEY=KEY, TRADING_AI_REQUIRE_KEYS="1") as api:
        ports = {30802: api.port, 30800: int(api.pipeline_url.rpartition(":")[2])}
        lead_to(cluster, ports)
        done = subprocess.run(
            ["bash", "-c", script_of(cluster, ports)],
            cwd=cluster.folder / "checkout",
            env=cluster.environment,
            input="yes\n",
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    printed = dict(part.split("\n", 1) for part in done.stdout.split("\036")[1:])
    for n, block in enumerate(BLOCKS):
        missing = in_order(block.output, printed[str(n)])
        assert missing is None, f"not printed by\n{block.text}\n{missing!r} in\n{printed[str(n)]}"
    assert (cluster.state / "joined").read_text().startswith("agent --node-name ")
    assert (cluster.state / "k3s").read_text() == "ctr images import optimizer.tar\n"
    assert re.search(r"^admin:[0-9a-f]{48}$", done.stdout, re.MULTILINE), "Flower's password"
    (started,) = (call for call in cluster.calls("docker") if call[0] == "run")
    assert started[-3:] == ["trading-ai/optimizer:latest", "trading-ai", "worker"]
    assert ["compose", "up", "-d", "--scale", "worker=4"] in cluster.calls("docker")
    assert TOKEN not in done.stdout.replace(f"\n{TOKEN}\n", "", 1), "shown where it is asked for, and never again"


def test_lines_are_looked_for_in_their_order() -> None:
    assert in_order("a\nb …\n", "x\na\n\nb 12  \n") is None
    assert in_order("a\nb\n", "b\na\n") == "b"
    assert in_order("b …\n", "b\n") == "b …"


def test_the_guide_has_all_of_its_steps() -> None:
    told = "\n".join(block.text for block in BLOCKS)
    for script in (ROOT / "scripts").glob("*-*.sh"):
        if not script.name.startswith("install-"):
            assert f"scripts/{script.name}" in told, script.name
    assert "infrastructure/scripts/add-worker.sh" in told
    assert sum(bool(block.output) for block in BLOCKS) >= 10


@pytest.mark.parametrize("command", KUBECTL)
def test_what_kubectl_is_told_it_understands(command: str) -> None:
    _, *arguments = shlex.split(command)
    done = subprocess.run(
        [kubectl(), *arguments, "--server", "http://127.0.0.1:1"],
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
    space = words[words.index("--namespace") + 1]
    kinds = {"deployment": "Deployment", "app": "Deployment" if space == "trading-system" else "StatefulSet"}
    for kind, name in re.findall(r"(deployment|app)[ /=]([\w-]+)", command):
        assert find("overlays/default", kinds[kind], name)["metadata"]["namespace"] == space
    assert space in {"trading-system", "databases"}
