"""A cluster that is not there: scripts run against stubs that record what they are asked for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.deployment.rendered import ROOT

STUBS = Path(__file__).parent / "stubs"


@dataclass
class Cluster:
    """Runs a script of the repository in a cluster that is not there.

    What else this machine runs is hidden: there is no Compose, and `pgrep` finds processes of this folder only.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state, self.programs = self.folder / "state", self.folder / "bin"
        self.state.mkdir()
        self.programs.mkdir()
        for stub in STUBS.iterdir():
            # This interpreter and no site packages: a script calls kubectl forty times.
            body = stub.read_text().replace("#!/usr/bin/env python3", f"#!{sys.executable} -IS", 1)
            (self.programs / stub.name).write_text(body)
            (self.programs / stub.name).chmod(0o755)
        self.program("docker-compose", "exit 1")
        if found := shutil.which("pgrep"):
            is_ours = f'tr "\\0" " " < "/proc/$p/cmdline" | grep --quiet --fixed-strings "{self.folder}"'
            self.program("pgrep", f'exec {found} "$@" | while read -r p; do {is_ours} && echo "$p"; done')
        self.environment = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "STUB_STATE": str(self.state),
            "POLL_SECONDS": "0",
            "LC_ALL": "C.UTF-8",
        }

    def program(self, name: str, body: str) -> None:
        """Put a small program on the path."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script; calls of an earlier run are forgotten."""
        (self.state / "calls").unlink(missing_ok=True)
        for applied in self.state.glob("applied-*"):
            applied.unlink()
        return subprocess.run(
            [str(ROOT / script), *arguments],
            env=self.environment | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self, program: str = "kubectl") -> list[list[str]]:
        """What a program was asked for, without its name."""
        path = self.state / "calls"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [line[1:] for line in lines if line[0] == program]

    def position(self, pattern: str) -> int:
        """Where the first call is that a pattern finds, of all programs."""
        lines = [" ".join(json.loads(line)) for line in (self.state / "calls").read_text().splitlines()]
        return next(n for n, line in enumerate(lines) if re.search(pattern, line))

    def secrets(self) -> dict[tuple[str, str], dict[str, str]]:
        """Every Secret there is: namespace and name, keys and values."""
        found = [yaml.safe_load(path.read_text()) for path in sorted(self.state.glob("secret-*"))]
        return {(s["metadata"]["namespace"], s["metadata"]["name"]): s["stringData"] for s in found}

    def applied(self) -> list[set[str]]:
        """Kind and name of what each `apply` was given."""
        files = sorted(self.state.glob("applied-*"))
        return [{f"{d['kind']}/{d['metadata']['name']}" for d in yaml.safe_load_all(f.read_text())} for f in files]
