"""A container engine, and the images that the Compose file needs where no image registry can be reached."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).parent / "stand_in"
STAND_IN_CHROMA = Path(__file__).parent / "stand_in_chroma"
BASE, SERVICES, IMAGE = "trading-ai-test/python", "trading-ai-test/services", "trading-ai-test/optimizer"
CHROMA = "trading-ai-test/chroma"
_START_SECONDS = 60.0


def run(*command: str, seconds: float = 300, env: dict[str, str] | None = None, check: bool = True) -> str:
    """What a command prints; its failure is one of the test, with all that it said."""
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | (env or {}), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


def _engine_answers() -> bool:
    return subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=60).returncode == 0


@contextmanager
def engine(log: Path) -> Iterator[None]:
    """The engine of this machine; one that did not run is started, and stopped at the end."""
    if _engine_answers():
        yield
        return
    with log.open("wb") as output:
        daemon = subprocess.Popen(["dockerd"], stdout=output, stderr=output, start_new_session=True)
    try:
        limit = time.monotonic() + _START_SECONDS
        while not _engine_answers():
            assert daemon.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < limit, log.read_text()[-3000:]
            time.sleep(0.5)
        yield
    finally:
        daemon.terminate()
        daemon.wait(60)


def has_image(name: str) -> bool:
    """Whether the engine has an image of that name."""
    return bool(run("docker", "images", "--quiet", name).strip())


def _apt(folder: Path) -> str:
    """Copy this machine's settings of apt, which know where packages are to be had; returns the mirror."""
    (folder / "sources.list.d").mkdir()
    (folder / "apt.conf.d").mkdir()
    etc = Path("/etc/apt")
    lists = [file for file in (etc / "sources.list", *(etc / "sources.list.d").iterdir()) if file.is_file()]
    for file in lists:
        name = "main.list" if file.name == "sources.list" else file.name
        shutil.copy(file, folder / "sources.list.d" / name)
    for file in (etc / "apt.conf.d").iterdir():
        if "Acquire" in file.read_text():
            shutil.copy(file, folder / "apt.conf.d" / file.name)
    mirrors = re.findall(r"^(?:URIs:|deb) (?:\[.*\] )?(\S+)", "\n".join(f.read_text() for f in lists), re.MULTILINE)
    # Other vendors' packages may come from other places; Debian's own lie in a folder of that name.
    found = [mirror for mirror in mirrors if mirror.rstrip("/").endswith("/debian")]
    assert found, f"no mirror of Debian among {mirrors} in /etc/apt"
    return found[0]


def make_base(folder: Path) -> None:
    """An image like the Dockerfile's base: Debian with Python and venv. It stays for the next run."""
    if has_image(BASE):
        return
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    settings = folder / "apt"
    settings.mkdir()
    tree = folder / "base"
    include = "--include=python3,python3-venv,ca-certificates"
    run("debootstrap", "--variant=minbase", include, release["VERSION_CODENAME"].strip('"'), str(tree), _apt(settings),
        seconds=900)  # fmt: skip
    for waste in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(tree / waste)
        (tree / waste).mkdir()
    with subprocess.Popen(["tar", "-C", str(tree), "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run(["docker", "import", "-", BASE], stdin=tar.stdout, check=True, capture_output=True)
    shutil.rmtree(tree)


def make_services(folder: Path) -> None:
    """The image that stands in for those of PostgreSQL, Redis and Prometheus."""
    context = folder / "services"
    shutil.copytree(STAND_IN, context)
    _apt(context)
    run("docker", "build", "--network", "host", "--build-arg", f"BASE_IMAGE={BASE}", "--tag", SERVICES, str(context),
        seconds=900, env={"DOCKER_BUILDKIT": "0"})  # fmt: skip


def make_chroma(folder: Path) -> None:
    """The image that stands in for ChromaDB's, with the server of the version that the Compose file names."""
    (version,) = re.findall(r"chromadb/chroma:([\d.]+)", (ROOT / "docker-compose.yml").read_text())
    wheels = folder / "chroma"
    wheels.mkdir()
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(wheels)]
    run(*pip, "--python-version", _python()["python_version"], f"chromadb=={version}", seconds=900)
    with _served(wheels) as url:
        given = {"BASE_IMAGE": BASE, "PIP_FIND_LINKS": url, "CHROMA_VERSION": version}
        arguments = [word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")]
        run("docker", "build", "--network", "host", *arguments, "--tag", CHROMA, str(STAND_IN_CHROMA),
            seconds=900, env={"DOCKER_BUILDKIT": "0"})  # fmt: skip


def _python() -> dict[str, str]:
    """The version of the base's Python, as markers of requirements name it."""
    version = run("docker", "run", "--rm", BASE, "python3", "-c", "import platform; print(platform.python_version())")
    return {"python_full_version": version.strip(), "python_version": ".".join(version.split(".")[:2])}


def _wheels(folder: Path) -> None:
    """Download what the image installs, as its lock says, for the base's Python."""
    python = _python()
    wanted = []
    for block in re.split(r"\n(?=\S)", (ROOT / "docker/requirements.lock").read_text()):
        marker = re.match(r"\S+ ; ([^\\\n]+)", block)
        if marker is None or Marker(marker[1].strip()).evaluate(python):
            wanted.append(re.sub(r" ; [^\\\n]+", " ", block, count=1))
    lock = folder / "wanted.lock"
    lock.write_text("\n".join(wanted))
    target = ["--python-version", python["python_version"], "--only-binary", ":all:", "--dest", str(folder)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet"]
    run(*pip, "--no-deps", "--require-hashes", "--requirement", str(lock), *target, seconds=900)
    run(*pip, "--no-deps", "--require-hashes", "--requirement", "docker/build.lock", *target, seconds=300)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """A folder behind a URL, for builds on the host's network."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def build_image(folder: Path) -> str:
    """Build the image with the script that users call; returns what it printed."""
    wheels = folder / "wheels"
    wheels.mkdir()
    _wheels(wheels)
    with _served(wheels) as url:
        env = {"IMAGE": IMAGE, "BASE_IMAGE": BASE, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": url, "DOCKER_BUILDKIT": "0"}
        return run("scripts/build-optimizer.sh", "--", "--network", "host", seconds=1800, env=env)


def inspect(container: str) -> dict[str, object]:
    """What the engine knows of a container."""
    found: list[dict[str, object]] = json.loads(run("docker", "inspect", container))
    return found[0]
