"""Places that are not what a worker expects: other code, a sliver of a core, a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "trading_ai"
OTHER_ENGINE = "other"

_OTHER_NUMBERS = """

_as_it_is = evaluate_piece


def evaluate_piece(evaluator, job, indices):
    made = _as_it_is(evaluator, job, indices)
    return replace(made, metrics=made.metrics + 1.0)
"""


def other_version(folder: Path) -> Path:
    """A tree of this package whose engine has another version and other numbers; what `PYTHONPATH` must name."""
    tree = folder / "other-version"
    if not tree.exists():
        shutil.copytree(PACKAGE, tree / "trading_ai", ignore=shutil.ignore_patterns("__pycache__"))
        version = tree / "trading_ai" / "engine" / "version.py"
        lines = [
            f'ENGINE_VERSION = "{OTHER_ENGINE}"' if line.startswith("ENGINE_VERSION") else line
            for line in version.read_text().splitlines()
        ]
        version.write_text("\n".join(lines) + "\n")
        job = tree / "trading_ai" / "evaluation" / "job.py"
        job.write_text(job.read_text() + _OTHER_NUMBERS)
        # Compiled now: a worker that compiles for a minute is offered no chunk in that time.
        environment = {**os.environ, "PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": str(tree / "kernels")}
        command = [sys.executable, "-m", "trading_ai.warm"]
        subprocess.run(command, env=environment, capture_output=True, check=True, timeout=600)
    return tree


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """While the block lasts, a folder takes nothing: a full file system, or where none can be mounted, no folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    mounted = os.getuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    if not mounted:
        folder.rmdir()
        folder.write_bytes(b"")
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        else:
            folder.unlink()
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def few_cores(name: str, cores: float) -> Iterator[list[str]]:
    """A command that starts its arguments within a quota of the CPU; at the lowest priority where there is none."""
    group, quota = _group(name, cores)
    if group is None:
        yield ["nice", "-n", "19"]
        return
    try:
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "within"]
    finally:
        quota.write_text("-1" if quota.name.startswith("cpu.cfs") else "max 100000")


def _group(name: str, cores: float) -> tuple[Path | None, Path]:
    for root, file, value in (
        (Path("/sys/fs/cgroup/cpu"), "cpu.cfs_quota_us", f"{int(cores * 100_000)}"),
        (Path("/sys/fs/cgroup"), "cpu.max", f"{int(cores * 100_000)} 100000"),
    ):
        group = root / f"trading-ai-chaos-{name}"
        with suppress(OSError):
            if root.is_dir() and os.access(root, os.W_OK):
                group.mkdir(exist_ok=True)
                (group / file).write_text(value)
                return group, group / file
    return None, Path()


def forget_groups() -> None:
    """Remove the groups whose processes have ended."""
    for root in (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")):
        for group in root.glob("trading-ai-chaos-*"):
            with suppress(OSError):
                group.rmdir()
