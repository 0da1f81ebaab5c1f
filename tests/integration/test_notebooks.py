"""The notebooks of `examples/`: every cell runs, in a process of its own, and none is kept with what it once showed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cells import code_cells

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["first_optimization", "own_strategy", "walk_forward_and_compare"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_what_changes(path):
    found = json.loads(path.read_text("utf-8"))
    assert (found["nbformat"], found["metadata"]["kernelspec"]["name"]) == (4, "python3")
    ids = [cell["id"] for cell in found["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in found["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert path.read_text("utf-8") == json.dumps(found, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(path, tmp_path):
    environment = os.environ | {
        "TRADING_AI_HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }  # fmt: skip
    program = [sys.executable, str(ROOT / "tests" / "cells.py"), str(path)]
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    cells = code_cells(path)
    assert [each["cell"] for each in shown] == list(range(1, len(cells) + 1))
    for cell, each in zip(cells, shown, strict=True):
        last = cell.rstrip().splitlines()[-1]
        if ".plot(" in last:
            assert each["shown"].startswith("figure with "), last
    assert any("<table" in each["shown"] for each in shown)
