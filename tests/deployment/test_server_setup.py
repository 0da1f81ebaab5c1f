"""A bare machine becomes the server of a cluster: checked first, then set up, once."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.deployment.rendered import ROOT, find, of_kind
from tests.deployment.stubbed import Cluster

SCRIPT = "infrastructure/scripts/setup-server.sh"
KUBECTL = """
echo "$@" >> "$STUB_STATE/k3s"
case "$*" in
    *nodes*) cat "$STUB_STATE/nodes" ;;
    *storageclass*) cat "$STUB_STATE/storage" ;;
    *apply*) [ ! -e "$STUB_STATE/refused" ] || { echo "Error: refused" >&2; exit 1; } ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Cluster:
    """A machine that has everything but k3s."""
    made = Cluster(tmp_path)
    (tmp_path / "net").mkdir()
    (tmp_path / "k3s.yaml").write_text("of this server\n")
    (made.state / "nodes").write_text("True\n")
    (made.state / "storage").write_text("local-path\n")
    installer = 'echo "$@" > "$STUB_STATE/arguments"\n'
    (tmp_path / "install.sh").write_text(installer)
    made.environment |= {
        "MINIMUM_MEMORY_MB": "1",
        "MINIMUM_CORES": "1",
        "MINIMUM_DISK_GB": "0",
        "TIMEOUT": "0",
        "PROC_NET": str(tmp_path / "net"),
        "K3S_KUBECONFIG": str(tmp_path / "k3s.yaml"),
    }
    made.program("id", '[ $# -gt 0 ] && [ "$1" = nobody-here ] && exit 1; echo 0')
    made.program("systemctl", "exit 3")
    made.program("k3s", KUBECTL)
    made.program("getent", f'echo "$2:x:1000:1000::{tmp_path}/home:/bin/sh"')
    made.program("chown", 'echo "$@" >> "$STUB_STATE/given"')
    for name in ("curl", "jq"):
        made.program(name, "exit 0")
    return made


def setup(machine: Cluster, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    installer = str(machine.folder / "install.sh")
    return machine.run(SCRIPT, "--installer", installer, *arguments, **environment)


def installed(machine: Cluster) -> bool:
    return (machine.state / "arguments").exists()


def listens(machine: Cluster, port: int) -> None:
    """The kernel's list has a listening socket, and one of another state."""
    head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
    rows = f"   0: 00000000:{port:04X} 00000000:0000 0A 00000000\n   1: 0100007F:7852 0100007F:1F90 01 00000000\n"
    (machine.folder / "net" / "tcp").write_text(head + rows)


def test_a_bare_machine_becomes_the_server(machine: Cluster) -> None:
    done = setup(machine, "--name", "desk-1", "--user", "trader")
    assert done.returncode == 0, done.stderr
    told = [
        "✓ This machine can be the server", "✓ curl, jq and docker are installed", "✓ The node desk-1 is ready",
        "✓ kubectl of trader speaks to the cluster", "✓ Namespaces: trading-system, databases, monitoring",
        "✓ Storage for volumes: local-path", "✅ The server is ready", "scripts/deploy-all.sh",
    ]  # fmt: skip
    places = [done.stdout.index(text) for text in told]
    assert places == sorted(places)
    arguments = (machine.state / "arguments").read_text().split()
    assert arguments[:3] == ["server", "--node-name", "desk-1"]
    assert arguments[arguments.index("--disable") + 1] == "traefik"
    given = machine.folder / "home/.kube/config"
    assert given.read_text() == "of this server\n"
    assert given.stat().st_mode & 0o777 == 0o600, "whoever reads it is master of the cluster"
    assert str(given) in (machine.state / "given").read_text()


def test_it_makes_the_namespaces_of_the_manifests(machine: Cluster) -> None:
    assert setup(machine).returncode == 0
    files = re.findall(r"apply --filename (\S+)", (machine.state / "k3s").read_text())
    assert [Path(f).resolve().relative_to(ROOT).as_posix() for f in files] == [
        "kubernetes/base/namespaces.yaml",
        "kubernetes/monitoring/namespace.yaml",
    ]
    assert {d["metadata"]["name"] for d in of_kind("overlays/default", "Namespace")} == {"trading-system", "databases"}
    assert find("monitoring", "Namespace", "monitoring")


def test_doing_it_again_installs_nothing(machine: Cluster) -> None:
    assert setup(machine, "--user", "trader").returncode == 0
    (machine.state / "arguments").unlink()
    machine.program("systemctl", '[ "$3" = k3s ]')
    listens(machine, 6443)  # that is k3s itself
    done = setup(machine, "--user", "trader")
    assert (done.returncode, installed(machine)) == (0, False)
    assert "✓ k3s runs here already; nothing to install" in done.stdout
    assert "is of another cluster" not in done.stdout


def test_checking_changes_nothing(machine: Cluster) -> None:
    (machine.programs / "docker").unlink()
    machine.program("apt-get", 'echo "$@" > "$STUB_STATE/apt"')
    machine.environment["PATH"] = f"{machine.programs}:/usr/bin:/bin"
    done = setup(machine, "--check")
    assert (done.returncode, installed(machine)) == (0, False)
    assert "✓ This machine can be the server" in done.stdout
    assert not (machine.state / "apt").exists()
    assert not (machine.state / "k3s").exists()


def test_everything_that_is_missing_is_told_at_once(machine: Cluster) -> None:
    machine.program("id", '[ $# -eq 1 ] && [ "$1" = nobody-here ] && exit 1; echo 1000')
    listens(machine, 30801)
    enough = {"MINIMUM_MEMORY_MB": "99999999", "MINIMUM_CORES": "9999", "MINIMUM_DISK_GB": "99999999"}
    done = setup(machine, "--installer", "nowhere.sh", "--user", "nobody-here", **enough)
    assert (done.returncode, installed(machine)) == (1, False)
    for reason in (
        "this needs root",
        "the installer nowhere.sh cannot be read",
        "there is no user nobody-here",
        "cores; the system asks for 9999",
        "MB of memory",
        "/var/lib has",
        "port 30801 is taken",
    ):
        assert reason in done.stderr, reason
    assert "port 30802" not in done.stderr
    assert "Next:" in done.stderr


def test_ports_of_the_proxy_are_looked_at_where_it_is_kept(machine: Cluster) -> None:
    listens(machine, 443)
    assert setup(machine).returncode == 0
    done = setup(machine, "--ingress")
    assert done.returncode == 1
    assert "port 443 is taken" in done.stderr


def test_what_is_missing_is_installed(machine: Cluster) -> None:
    # A machine that has the programs of this list, and no others.
    names = "awk bash cat cmp cut df dirname getconf grep head hostname install mkdir mktemp rm sh sleep tail tr uname"
    for name in names.split():
        machine.program(name, f'exec /usr/bin/{name} "$@"')
    (machine.programs / "docker").unlink()
    (machine.programs / "docker-compose").unlink()
    machine.program("apt-get", 'echo "$@" >> "$STUB_STATE/apt"')
    machine.environment["PATH"] = str(machine.programs)
    done = setup(machine)
    assert done.returncode == 0, done.stderr
    assert (machine.state / "apt").read_text().splitlines() == ["update -qq", "install -y -qq docker.io"]
    machine.program("apt-get", "echo 'E: no such package' >&2; exit 100")
    done = setup(machine)
    assert done.returncode == 1
    assert "E: no such package" in done.stderr
    assert "Next: sudo apt-get update && sudo apt-get install docker.io" in done.stderr


def test_a_file_of_another_cluster_stays(machine: Cluster) -> None:
    other = machine.folder / "home/.kube/config"
    other.parent.mkdir(parents=True)
    other.write_text("of another cluster\n")
    done = setup(machine, "--user", "trader")
    assert done.returncode == 0, done.stderr
    assert other.read_text() == "of another cluster\n"
    assert (other.parent / "trading-ai").read_text() == "of this server\n"
    assert f"export KUBECONFIG={other.parent / 'trading-ai'}" in done.stdout


@pytest.mark.parametrize(
    ("broken", "why", "advice"),
    [
        ("install.sh", "k3s's installer failed", "journalctl -u k3s"),
        ("nodes", "the node was not ready within 0 s: none says that it is", "describe nodes"),
        ("refused", "the namespaces could not be made: Error: refused", "apply --filename"),
        ("storage", "there was no storage for volumes within 0 s: no storage class is the default", "get storageclass"),
    ],
)
def test_a_step_that_fails_says_why_and_what_to_look_at(machine: Cluster, broken: str, why: str, advice: str) -> None:
    if broken == "install.sh":
        (machine.folder / broken).write_text("exit 1\n")
    else:
        (machine.state / broken).write_text("")
    done = setup(machine)
    assert done.returncode == 1
    assert f"  Why:  {why}" in done.stderr
    assert advice in done.stderr
    assert "The server is ready" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--fast",), "unknown option: --fast"),
        (("--name", "Desk_1"), "A node cannot be called Desk_1"),
        (("--user",), "--user needs a value"),
    ],
)
def test_wrong_arguments_change_nothing(machine: Cluster, arguments: tuple[str, ...], complaint: str) -> None:
    done = machine.run(SCRIPT, *arguments)
    assert (done.returncode, installed(machine)) == (2, False)
    assert complaint in done.stderr
    assert "Usage:" in done.stderr


def test_limits_are_numbers(machine: Cluster) -> None:
    done = setup(machine, MINIMUM_CORES="two")
    assert (done.returncode, installed(machine)) == (2, False)
    assert "MINIMUM_CORES is a whole number, not two" in done.stderr
