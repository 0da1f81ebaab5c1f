"""The step-by-step guide: its deploy and scale commands are run, the others must exist as they are written."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.deployment.rendered import ROOT, find, text_of
from tests.deployment.stubbed import Cluster
from tests.unit.api.served import service

GUIDE = (ROOT / "docs/phase-guides/PHASE-4-distributed-computing.md").read_text()
BLOCKS = re.findall(r"```bash\n(.*?)```(?:\n\n```output\n(.*?)```)?", GUIDE, re.DOTALL)
COMMANDS = [line for block, _ in BLOCKS for line in block.strip().splitlines()]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    made = Cluster(tmp_path)
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(text_of("overlays/default"))
    made.environment["STUB_RENDERED"] = str(rendered)
    return made


def test_the_guide_has_its_steps() -> None:
    assert len(COMMANDS) >= 10
    assert sum(bool(output) for _, output in BLOCKS) == 2


@pytest.mark.parametrize(("block", "output"), [(b, o) for b, o in BLOCKS if o])
def test_outputs_are_what_the_commands_print(cluster: Cluster, block: str, output: str) -> None:
    (cluster.state / "deployment-trading-system").write_text("3")
    script, *arguments = shlex.split(block)
    done = cluster.run(script, *arguments)
    assert done.returncode == 0, done.stderr
    places = [done.stdout.index(line) for line in output.strip().splitlines()]
    assert places == sorted(places)


@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.startswith(("kubectl", "curl"))])
def test_scripts_are_there(command: str) -> None:
    script = ROOT / shlex.split(command)[0]
    assert os.access(script, os.X_OK), script


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("kubectl")])
def test_what_kubectl_is_asked_for_is_deployed(command: str) -> None:
    words = shlex.split(command)
    assert words[words.index("--namespace") + 1] == "trading-system"
    name = re.search(r"deployment[ /]([\w-]+)", command)
    if name:
        assert find("overlays/default", "Deployment", name[1])


def test_the_smoke_test_and_the_backtests_address(tmp_path: Path) -> None:
    with service(tmp_path) as api:
        backtest_id = api.add_backtest()
        urls = {"OPTIMIZER_URL": api.url, "PIPELINE_URL": api.pipeline_url}
        made = Cluster(tmp_path / "plain") if (tmp_path / "plain").mkdir() is None else None
        assert made is not None
        made.environment["PATH"] = os.environ["PATH"]
        smoke = made.run("scripts/test-optimizer.sh", **urls)
        assert smoke.returncode == 0, smoke.stdout + smoke.stderr
        started = made.run("scripts/run-optimization.sh", backtest_id, "stop_loss", "20", "80", "2", "--yes", **urls)
        assert started.returncode == 0, started.stderr
        assert "31" in started.stdout
