"""Compiled code on disk is named by what it was compiled from: what is stale can never be loaded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import trading_ai
from tests.fakes.bars import random_bars
from trading_ai.strategies.registry import strategy

PACKAGE = Path(trading_ai.__file__).parent

TOP = """
    import limits
    from inner import cost
    from limits import WIDTH
    from trading_ai._jit import njit


    @njit
    def total(x):
        return cost(x) + WIDTH + limits.HEIGHT[1]
"""
FILES = {
    "top.py": TOP,
    "inner.py": (
        "from deeper import half\nfrom trading_ai._jit import njit\n\n\n@njit\ndef cost(x):\n    return half(x)\n"
    ),
    "deeper.py": "from trading_ai._jit import njit\n\n\n@njit\ndef half(x, by=2.0):\n    return x / by\n",
    "limits.py": "WIDTH = 100.0\nHEIGHT = (0.0, 1000.0)\n",
}
RUN = "import sys; sys.path.insert(0, sys.argv[1]); from top import total; print(total(float(sys.argv[2])))"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the code of all tests: what is compiled is kept under the path of its file, too."""
    return tmp_path_factory.mktemp("code")


def write_files(folder: Path) -> Path:
    """The code as it is before anything is changed, and nothing else."""
    for old in folder.iterdir():
        old.unlink()
    for name, text in FILES.items():
        (folder / name).write_text(textwrap.dedent(text))
    return folder


@pytest.fixture
def code(place: Path) -> Path:
    return write_files(place)


@pytest.fixture(scope="module")
def compiled(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a process keeps that has compiled the code."""
    kept = tmp_path_factory.mktemp("compiled") / "kept"
    assert result(write_files(place), kept) == 1105.0
    return kept


@pytest.fixture
def kept(compiled: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return shutil.copytree(compiled, tmp_path / "kept")


def started(code: Path, kept: Path, argument: float = 10.0, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-B", "-c", RUN, str(code), str(argument)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(kept), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(code: Path, kept: Path, argument: float = 10.0) -> float:
    out, err = started(code, kept, argument).communicate()
    assert out, err
    return float(out)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        pytest.param("inner.py", "half(x)", "half(x) * 3.0", 1115.0, marks=pytest.mark.slow),
        ("deeper.py", "x / by", "x * by", 1120.0),
        pytest.param("deeper.py", "by=2.0", "by=1.0", 1110.0, marks=pytest.mark.slow),
        pytest.param("limits.py", "100.0\n", "200.0\n", 1205.0, marks=pytest.mark.slow),
        ("limits.py", "1000.0", "3000.0", 3105.0),
        pytest.param("top.py", "cost(x)", "-cost(x)", 1095.0, marks=pytest.mark.slow),
    ],
)
def test_a_change_in_any_file_that_is_compiled_is_seen_at_once(code, kept, file, old, new, expected):
    names = {f.name for f in kept.iterdir()}
    changed = code / file
    changed.write_text(changed.read_text().replace(old, new))
    assert result(code, kept) == expected
    after = {f.name for f in kept.iterdir()}
    gone = names - after
    assert gone, "what older code left is cleared away"
    assert all(name.split("-")[0] in {"top.total", "inner.cost", "deeper.half"} for name in gone)
    assert len(after) <= len(names)
    changed.write_text(changed.read_text().replace(new, old))
    assert result(code, kept) == 1105.0


def test_what_is_unchanged_is_loaded_and_a_comment_changes_nothing(code, kept):
    before = {f.name: f.stat().st_ino for f in kept.iterdir()}
    assert before
    (code / "inner.py").write_text("# A comment.\n" + (code / "inner.py").read_text())
    assert result(code, kept) == 1105.0
    assert {f.name: f.stat().st_ino for f in kept.iterdir()} == before


def test_what_nobody_has_used_for_long_is_removed(code, kept):
    for file in kept.iterdir():
        os.utime(file, (1e9, 1e9))
    (code / "deeper.py").unlink()
    (code / "inner.py").write_text("from trading_ai._jit import njit\n\n\n@njit\ndef cost(x):\n    return x * 7\n")
    assert result(code, kept) == 1170.0
    assert {f.name.split("-")[0] for f in kept.iterdir()} == {"top.total", "inner.cost"}


@pytest.mark.slow
def test_processes_that_compile_different_things_at_once_get_each_their_own(code, tmp_path):
    kept = tmp_path / "kept"
    other = tmp_path / "other"
    shutil.copytree(code, other)
    (other / "deeper.py").write_text((code / "deeper.py").read_text().replace("x / by", "x * by"))
    for _ in range(2):  # the second round loads what the first has left, whoever wrote last
        running = [(expected, started(where, kept)) for where, expected in ((code, 1105.0), (other, 1120.0))]
        running += [(1105.0, started(code, kept)), (1120.0, started(other, kept))]
        for expected, process in running:
            out, err = process.communicate()
            assert float(out or "nan") == expected, err
    assert not list(kept.glob("*.tmp"))


@pytest.mark.parametrize("damage", [b"", b"not what it was", None])
def test_damaged_files_are_compiled_again(code, kept, damage):
    for file in kept.iterdir():
        file.write_bytes(file.read_bytes()[:-7] if damage is None else damage)
    assert result(code, kept) == 1105.0


def test_a_folder_that_cannot_be_made_costs_time_only(code, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert result(code, blocked / "kept") == 1105.0


def digests(tree: Path) -> dict[str, str | None]:
    """Digest of every compiled function of a copy of the package, without compiling any."""
    code = (
        "import importlib, json, pkgutil, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import trading_ai\n"
        "from trading_ai._compiled_cache import digest_of\n"
        "from numba.core.dispatcher import Dispatcher\n"
        "assert trading_ai.__file__.startswith(sys.argv[1])\n"
        "found = {}\n"
        "for part in ('engine', 'metrics', 'strategies', 'robustness', 'search'):\n"
        "    package = importlib.import_module(f'trading_ai.{part}')\n"
        "    for info in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        for name, value in vars(importlib.import_module(info.name)).items():\n"
        "            if isinstance(value, Dispatcher):\n"
        "                found[f'{value.py_func.__module__}.{value.py_func.__qualname__}'] = digest_of(value)\n"
        "print(json.dumps(found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(tree)],
        capture_output=True,
        text=True,
        check=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def test_doubling_the_commission_renames_every_simulator(tmp_path):
    """It stands twice: where the rate may change from bar to bar, and where it does not."""
    tree = tmp_path / "tree"
    shutil.copytree(PACKAGE, tree / "trading_ai", ignore=shutil.ignore_patterns("__pycache__", "sample_data"))
    before = digests(tree)
    assert None not in before.values(), "each compiled function of the package can be kept"
    for name, charge in (("bookkeeping.py", "units * config[COMMISSION_PER_UNIT]"), ("money.py", "units * terms[4]")):
        file = tree / "trading_ai" / "engine" / "compiled" / name
        text = file.read_text()
        assert f"return {charge}" in text
        file.write_text(text.replace(f"return {charge}", f"return 2.0 * {charge}"))
    after = digests(tree)
    changed = {name.rpartition(".")[2] for name in before if before[name] != after[name]}
    simulators = {"simulate_bars", "simulate_chain", "simulate_grid", "simulate_lanes", "simulate_sets"}
    assert {"commission", "commission_of", "fill_money", *simulators} <= changed
    assert not changed & {"rounded", "mark", "book_trade", "_supertrend"}, "what does not call it keeps its name"


USER = """
import numba
import numpy as np
from kernel_helper import place
from trading_ai import Int, Signals, Strategy


@numba.njit({how})
def marks(n, period):
    out = np.zeros(n, np.bool_)
    for i in range(n):
        out[i] = i % period == place(period)
    return out


class Mine(Strategy):
    period = Int(5, 2, 50)

    def signals(self, bars, period):
        return Signals(long_entry=marks(len(bars), period))
"""


@pytest.mark.parametrize("how", ["cache=True", "'b1[:](i8, i8)', cache=True"])
def test_a_user_s_own_compiled_code_is_never_stale(tmp_path, monkeypatch, how):
    from numba.core import config

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "kept"))
    (tmp_path / "mine.py").write_text(USER.format(how=how))
    helper = tmp_path / "kernel_helper.py"
    bars = random_bars(60, 3)
    for value in (1, 3, 1):
        helper.write_text(f"import numba\n\n\n@numba.njit({how.replace('b1[:](i8, i8)', 'i8(i8)')})\n"
                          f"def place(period):\n    return {value} + 0 * period\n")  # fmt: skip
        entries = strategy(str(tmp_path / "mine.py")).signals(bars, period=5).long_entry
        assert np.flatnonzero(entries)[0] == value
    assert list((tmp_path / "kept").rglob("*.nbc"))


IN_ONE_FILE = """
import numba
import numpy as np
from shared import place
from trading_ai import Int, Signals, Strategy
{extra}


@numba.njit(cache=True)
def marks(n, period):
    out = np.zeros(n, np.bool_)
    for i in range(n):
        out[i] = i % period == place(period)
    return out


def made_later():
    return numba.njit(cache=True)(lambda period: place(period) + 0)


class Mine(Strategy):
    period = Int(5, 2, 50)

    def signals(self, bars, period):
        found = marks(len(bars), period)
        assert np.flatnonzero(found)[0] == made_later()(period)
        return Signals(long_entry=found)
"""
SHARED = "import numba\n\n\n@numba.njit(cache=True)\ndef place(period):\n    return {value} + 0 * period\n"
FIRST = (
    "import sys\nimport numpy as np\nfrom tests.fakes.bars import random_bars\n"
    "from trading_ai.strategies.registry import strategy\n"
    "entries = strategy(sys.argv[1]).signals(random_bars(60, 3), period=5).long_entry\n"
    "print(np.flatnonzero(entries)[0])"
)


def first_entry(file: Path, kept: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", FIRST, str(file)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(kept)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return int(done.stdout)


def test_a_user_s_compiled_code_outlives_its_process_and_an_edit(tmp_path):
    mine, kept, shared = tmp_path / "mine.py", tmp_path / "kept", tmp_path / "shared.py"
    shared.write_text(SHARED.format(value=1))
    mine.write_text(IN_ONE_FILE.format(extra=""))
    assert first_entry(mine, kept) == 1
    shared.write_text(SHARED.format(value=3))
    assert first_entry(mine, kept) == 3
    assert not list(tmp_path.glob("__pycache__/*.nb?")), "nothing beside the user's files"


@pytest.mark.slow
def test_a_user_s_compiled_code_outlives_its_process_and_no_edit_breaks_it(tmp_path):
    mine, other, kept = tmp_path / "mine.py", tmp_path / "other.py", tmp_path / "kept"
    shared = tmp_path / "shared.py"
    shared.write_text(SHARED.format(value=1))
    mine.write_text(IN_ONE_FILE.format(extra=""))
    assert first_entry(mine, kept) == 1
    assert first_entry(mine, kept) == 1
    mine.write_text(IN_ONE_FILE.format(extra="# A comment."))
    assert first_entry(mine, kept) == 1
    other.write_text(IN_ONE_FILE.format(extra="# Another strategy with the same helper."))
    assert first_entry(other, kept) == 1
    assert first_entry(mine, kept) == 1
    shared.write_text(SHARED.format(value=3))
    assert first_entry(mine, kept) == 3
    assert first_entry(other, kept) == 3
    assert not list(tmp_path.glob("__pycache__/*.nb?")), "nothing beside the user's files"
