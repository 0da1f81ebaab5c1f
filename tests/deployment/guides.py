"""The step-by-step guides as scripts: what they tell to type, run in its order, and what it prints.

The APIs and the command line are real; the cluster, the engine and k3s are stubs that record what they are asked for.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deployment.rendered import ROOT, text_of
from tests.deployment.stubbed import Cluster

ANY = "…"
TOKEN = "K10topsecret"
KEY = "tai_of_the_first_deployment"


@dataclass(frozen=True)
class Block:
    """What a guide tells to type, and what it says is printed."""

    language: str
    text: str
    output: str


def blocks(guide: str) -> list[Block]:
    """All of a guide of `docs/phase-guides`."""
    text = (ROOT / "docs/phase-guides" / guide).read_text()
    found = re.findall(r"```(bash|python)\n(.*?)```(?:\n\n```output\n(.*?)```)?", text, re.DOTALL)
    return [Block(*one) for one in found]


def kubectl_commands(told: Sequence[Block]) -> list[str]:
    """What is asked of `kubectl`, each once."""
    return sorted(set(re.findall(r"^kubectl .*?(?= \||$)", "\n".join(b.text for b in told), re.MULTILINE)))


def surroundings(folder: Path) -> Cluster:
    """Everything that the guides speak to but the APIs, and a checkout to stand in."""
    made = Cluster(folder)
    rendered = folder / "rendered.yaml"
    rendered.write_text(text_of("overlays/default"))
    (made.state / "rendered-ollama").write_text(text_of("services/ollama"))
    (made.state / "rendered-monitoring").write_text(text_of("monitoring"))
    made.environment |= {"STUB_RENDERED": str(rendered), "MINIMUM_MEMORY_MB": "1"}
    (made.state / "deployment-trading-system").write_text("3")
    (made.state / "secret-trading-system-trading-ai-api").write_text(
        "kind: Secret\nmetadata:\n  name: trading-ai-api\n  namespace: trading-system\n"
        f'stringData:\n  admin-key: "{KEY}"\n'
    )
    (made.state / "horizontalpodautoscalers.autoscaling-trading-system").write_text("celery-worker 3 10\n")
    made.program("id", "echo 0")
    made.program("systemctl", 'case "$1" in status) ;; *) exit 3 ;; esac')
    made.program("k3s", 'echo "$@" >> "$STUB_STATE/k3s"')
    made.program("sudo", f'if [ "$1" = cat ]; then echo {TOKEN}; else exec "$@"; fi')
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in (
        "scripts",
        "infrastructure",
        "kubernetes",
        "monitoring",
        "src",
        "docker",
        "docker-compose.yml",
        "examples",
    ):
        (checkout / name).symlink_to(ROOT / name)
    (checkout / "token").write_text(f"{TOKEN}\n")
    (checkout / "optimizer.tar").touch()
    return made


def bare_machine(cluster: Cluster) -> None:
    """Let a machine look as one does that becomes a server."""
    (cluster.folder / "net").mkdir()
    (cluster.folder / "k3s.yaml").touch()
    cluster.environment |= {
        "MINIMUM_CORES": "1",
        "MINIMUM_DISK_GB": "0",
        "PROC_NET": str(cluster.folder / "net"),
        "K3S_KUBECONFIG": str(cluster.folder / "k3s.yaml"),
    }
    says = 'case "$*" in *nodes*) echo True ;; *storageclass*) echo local-path ;; esac'
    cluster.program("k3s", f'echo "$@" >> "$STUB_STATE/k3s"\n{says}')
    for name in ("journalctl", "ss"):
        cluster.program(name, "exit 0")


def command_line(cluster: Cluster, home: Path) -> None:
    """Put `trading-ai` on the path, with data in `home`."""
    kept = {**os.environ, "TRADING_AI_HOME": str(home), "COLUMNS": "200"}
    words = [f"{name}={value}" for name, value in kept.items() if name.isidentifier()]
    program = shlex.join(["env", "-i", *words, sys.executable, "-m", "trading_ai.cli.main"])
    cluster.program("trading-ai", f'exec {program} "$@"')


def lead_to(cluster: Cluster, ports: Mapping[int, int]) -> None:
    """Let curl find the APIs at other ports than the guides', and k3s's server and installer nowhere."""
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


def script_of(cluster: Cluster, told: Sequence[Block], ports: Mapping[int, int]) -> str:
    """All blocks as one script that marks where each begins."""
    lines = ["set -euo pipefail"]
    for n, block in enumerate(told):
        lines.append(f"printf '\\n\\036{n}\\n'")
        if block.language == "bash":
            lines.append(block.text)
            continue
        text = block.text
        for port, real in ports.items():
            text = text.replace(f"localhost:{port}", f"127.0.0.1:{real}")
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


def run_guide(cluster: Cluster, told: Sequence[Block], ports: Mapping[int, int], left_out: Collection[int] = ()) -> str:
    """Run a guide's blocks in their order, compare what each prints, and return all of it.

    Args:
        cluster: what it speaks to.
        told: the blocks.
        ports: which port stands for which of the guide's.
        left_out: blocks that are not run.
    """
    run = [block for n, block in enumerate(told) if n not in left_out]
    lead_to(cluster, ports)
    done = subprocess.run(
        ["bash", "-c", script_of(cluster, run, ports)],
        cwd=cluster.folder / "checkout",
        env=cluster.environment,
        input="yes\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    printed = dict(part.split("\n", 1) for part in done.stdout.split("\036")[1:])
    for n, block in enumerate(run):
        missing = in_order(block.output, printed[str(n)])
        assert missing is None, f"not printed by\n{block.text}\n{missing!r} in\n{printed[str(n)]}"
    return done.stdout
