"""The tutorial's commands, run as they stand, print what the tutorial says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorials" / "first-optimization.md"
STEPS = re.findall(r"```bash\n(.*?)```(?:\n\n```output\n(.*?)```)?", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)


def words(text: str) -> str:
    return " ".join(text.split())


# The first three: bars, a backtest and an optimization.
@pytest.mark.parametrize("n_steps", [3, pytest.param(len(STEPS), marks=pytest.mark.slow)])
def test_every_step_prints_what_it_says(tmp_path, n_steps):
    programs = Path(sys.executable).parent
    own = {"TRADING_AI_HOME": str(tmp_path / "home"), "PATH": f"{programs}:{os.environ['PATH']}", "COLUMNS": "200"}
    environment = {**os.environ, **own}
    assert len(STEPS) == 7
    for command, output in STEPS[:n_steps]:
        done = subprocess.run(
            ["bash", "-euc", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        said = words(done.stdout + done.stderr)
        for line in output.splitlines():
            assert words(line) in said, f"{command} does not print: {line}"
    if n_steps == len(STEPS):
        assert (tmp_path / "report.html").stat().st_size > 100_000
