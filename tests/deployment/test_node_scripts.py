"""Joining a machine to the cluster, and what holds for every script of the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment.rendered import ROOT
from tests.deployment.stubbed import Cluster

TOKEN = "K10topsecret"


@pytest.fixture
def machine(tmp_path: Path) -> Cluster:
    """A machine that can join: root, a server that answers, nothing of k3s yet."""
    machine = Cluster(tmp_path)
    machine.environment |= {"MINIMUM_MEMORY_MB": "1", "K3S_TOKEN": TOKEN}
    machine.program("id", "echo 0")
    machine.program("curl", 'echo "$@" >> "$STUB_STATE/curl"')
    machine.program("systemctl", "exit 3")
    machine.program("k3s", 'echo "$@" >> "$STUB_STATE/k3s"')
    installer = 'echo "$K3S_URL $K3S_TOKEN" > "$STUB_STATE/environment"\necho "$@" > "$STUB_STATE/arguments"\n'
    (tmp_path / "install.sh").write_text(installer)
    return machine


def join(machine: Cluster, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    installer = str(machine.folder / "install.sh")
    return machine.run("infrastructure/scripts/add-worker.sh", *arguments, "--installer", installer, **environment)


def installed(machine: Cluster) -> bool:
    return (machine.state / "arguments").exists()


def test_a_machine_joins_with_the_label(machine: Cluster) -> None:
    done = join(machine, "10.0.0.5", "--name", "desk-2")
    assert done.returncode == 0, done.stderr
    arguments = (machine.state / "arguments").read_text().split()
    assert arguments == ["agent", "--node-name", "desk-2", "--node-label", "trading-ai/worker=true"]
    # Arguments can be read by every user of the machine: the token is none.
    assert (machine.state / "environment").read_text() == f"https://10.0.0.5:6443 {TOKEN}\n"
    assert "desk-2 has joined https://10.0.0.5:6443 with the label trading-ai/worker=true" in done.stdout
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("10.0.0.5", "https://10.0.0.5:6443"),
        ("https://k3s.example.org", "https://k3s.example.org:6443"),
        ("https://10.0.0.5:7443/", "https://10.0.0.5:7443"),
        ("https://[fd00::5]:6443", "https://[fd00::5]:6443"),
    ],
)
def test_addresses(machine: Cluster, given: str, understood: str) -> None:
    assert join(machine, given).returncode == 0
    assert (machine.state / "environment").read_text().split()[0] == understood


def test_where_address_and_token_come_from(machine: Cluster) -> None:
    secret = machine.folder / "token"
    secret.write_text("fromfile\n")
    assert join(machine, "--token-file", str(secret), K3S_URL="https://10.0.0.9:6443").returncode == 0
    assert (machine.state / "environment").read_text() == "https://10.0.0.9:6443 fromfile\n"
    assert join(machine, "10.0.0.5", "asargument").returncode == 0
    assert (machine.state / "environment").read_text() == "https://10.0.0.5:6443 asargument\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "The address of the server is missing"),
        (("http://10.0.0.5",), "begins with https://, not with http://"),
        (("10.0.0.5; reboot",), "This is no address of a server"),
        (("10.0.0.5", "a", "b"), "one argument too many: b"),
        (("10.0.0.5", "--fast"), "unknown option: --fast"),
        (("10.0.0.5", "--name", "Desk_2"), "A node cannot be called Desk_2"),
    ],
)
def test_wrong_arguments_change_nothing(machine: Cluster, arguments: tuple[str, ...], complaint: str) -> None:
    done = join(machine, *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Usage:" in done.stderr
    assert not installed(machine)


def test_an_option_without_its_value_and_a_missing_token(machine: Cluster) -> None:
    done = machine.run("infrastructure/scripts/add-worker.sh", "10.0.0.5", "--name")
    assert (done.returncode, installed(machine)) == (2, False)
    assert "--name needs a value" in done.stderr
    done = join(machine, "10.0.0.5", K3S_TOKEN="")
    assert (done.returncode, installed(machine)) == (2, False)
    assert "The token is missing" in done.stderr


def test_everything_that_is_missing_is_told_at_once(machine: Cluster) -> None:
    machine.program("id", "echo 1000")
    machine.program("curl", "exit 7")
    done = join(machine, "10.0.0.5", "--image", "nowhere.tar", MINIMUM_MEMORY_MB="99999999")
    assert done.returncode == 1
    assert not installed(machine)
    for reason in (
        "this needs root",
        "the image file nowhere.tar cannot be read",
        "MB of memory",
        "https://10.0.0.5:6443 does not answer",
    ):
        assert reason in done.stderr
    assert "Next:" in done.stderr


def test_checking_changes_nothing(machine: Cluster) -> None:
    done = join(machine, "10.0.0.5", "--check")
    assert (done.returncode, installed(machine)) == (0, False)
    assert "can join https://10.0.0.5:6443" in done.stdout


def test_the_server_itself_is_no_worker_to_add(machine: Cluster) -> None:
    machine.program("systemctl", '[ "$3" = k3s ]')
    done = join(machine, "10.0.0.5")
    assert (done.returncode, installed(machine)) == (1, False)
    assert "this machine is the k3s server" in done.stderr


def test_joining_twice_installs_once(machine: Cluster) -> None:
    image = machine.folder / "image.tar"
    image.touch()
    machine.program("systemctl", '[ "$3" = k3s-agent ]')
    done = join(machine, "10.0.0.5", "--image", str(image))
    assert (done.returncode, installed(machine)) == (0, False)
    assert (machine.state / "k3s").read_text() == f"ctr images import {image}\n"


def test_an_installer_that_fails(machine: Cluster) -> None:
    (machine.folder / "install.sh").write_text("exit 1\n")
    done = join(machine, "10.0.0.5")
    assert done.returncode == 1
    assert "k3s's installer failed" in done.stderr
    assert "journalctl -u k3s-agent" in done.stderr


# --- every script -------------------------------------------------------------------------------------------------


def scripts() -> list[Path]:
    """Shell scripts of the repository, those of environments and caches left out."""
    found: list[Path] = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [n for n in inner if not n.startswith(".") and n not in {"build", "dist", "node_modules"}]
        found += [Path(folder, name) for name in names if name.endswith(".sh")]
    return sorted(found)


def test_shellcheck_finds_nothing() -> None:
    program = shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or shutil.which("shellcheck")
    assert program, "shellcheck comes with the development packages: make setup"
    assert len(scripts()) > 5
    done = subprocess.run([program, *map(str, scripts())], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_can_be_run_and_explain_themselves() -> None:
    for script in scripts():
        if script.parent.name == "scripts":
            assert os.access(script, os.X_OK), f"{script} is not executable"
    for name in ("scripts/deploy-optimizer.sh", "scripts/scale-workers.sh", "infrastructure/scripts/add-worker.sh"):
        done = subprocess.run([str(ROOT / name), "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert done.stdout.startswith("Usage:")
