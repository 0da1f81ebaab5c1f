"""A strategy's identity covers every file that decides its signals, and what runs is what was read."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.bars import random_bars
from trading_ai.errors import StrategyError
from trading_ai.strategies.identity import identity_parts, strategy_identity
from trading_ai.strategies.registry import strategy

BARS = random_bars(60, 3)

STRATEGY = """
    import numpy as np
    from trading_ai import Int, Signals, Strategy
    {imports}

    class Mine(Strategy):
        period = Int(5, 2, 50)
        {body}

        def signals(self, bars, period):
            {local}
            return Signals(long_entry=np.arange(len(bars)) % period == {value})
"""


def write(folder: Path, *, imports: str = "", body: str = "", local: str = "", value: str = "0", name="mine.py") -> str:
    text = textwrap.dedent(STRATEGY).format(imports=imports, body=body or "pass", local=local or "pass", value=value)
    (folder / name).write_text(text)
    return str(folder / name)


def first_entry(name: str) -> int:
    return int(np.flatnonzero(strategy(name).signals(BARS, period=5).long_entry)[0])


CASES = {
    "import": ({"imports": "import helper", "value": "helper.PLACE"}, "helper.py"),
    "from import": ({"imports": "from helper import PLACE", "value": "PLACE"}, "helper.py"),
    "import inside a function": ({"local": "from helper import PLACE", "value": "PLACE"}, "helper.py"),
    "relative import": ({"imports": "from . import helper", "value": "helper.PLACE"}, "helper.py"),
    "relative name": ({"imports": "from .helper import PLACE", "value": "PLACE"}, "helper.py"),
    "package": ({"imports": "import lib.inner", "value": "lib.inner.PLACE"}, "lib/inner.py"),
    "package without init": ({"imports": "from bare.inner import PLACE", "value": "PLACE"}, "bare/inner.py"),
    "as": ({"imports": "import lib.inner as x", "value": "x.PLACE"}, "lib/inner.py"),
    "through another helper": ({"imports": "from middle import PLACE", "value": "PLACE"}, "helper.py"),
    "relative within a package": ({"imports": "from lib import PLACE", "value": "PLACE"}, "lib/inner.py"),
    "optional": (
        {
            "imports": "try:\n    import helper\nexcept ImportError:\n    helper = None",
            "value": "helper.PLACE",
        },
        "helper.py",
    ),
    "import_module": (
        {
            "imports": "import importlib, os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n"
            "helper = importlib.import_module('helper')\ndel sys.path[0]",
            "value": "helper.PLACE",
        },
        "helper.py",
    ),
    "path insertion": (
        {
            "imports": "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nimport helper\ndel sys.path[0]",
            "value": "helper.PLACE",
        },
        "helper.py",
    ),
    "data file": (
        {
            "imports": "from pathlib import Path\nPLACE = int((Path(__file__).parent / 'place.txt').read_text())",
            "body": "data_files = ('place.txt',)",
            "value": "PLACE",
        },
        "place.txt",
    ),
}


@pytest.fixture
def folder(tmp_path):
    for place in (".", "lib", "bare"):
        (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / "helper.py").write_text("PLACE = 1\n")
    (tmp_path / "middle.py").write_text("from helper import PLACE\n")
    (tmp_path / "lib" / "__init__.py").write_text("from .inner import PLACE\n")
    (tmp_path / "lib" / "inner.py").write_text("PLACE = 1\n")
    (tmp_path / "bare" / "inner.py").write_text("PLACE = 1\n")
    (tmp_path / "place.txt").write_text("1")
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_an_edit_of_what_a_strategy_uses_is_seen_and_run(folder, case):
    how, file = CASES[case]
    name = write(folder, **how)
    before = strategy_identity(strategy(name))
    assert first_entry(name) == 1
    assert strategy_identity(strategy(name)) == before
    edited = folder / file
    edited.write_text(edited.read_text().replace("1", "3"))
    assert first_entry(name) == 3, "the edit must run, in this very process"
    after = strategy_identity(strategy(name))
    assert after != before
    edited.write_text(edited.read_text().replace("3", "1"))
    assert first_entry(name) == 1
    assert strategy_identity(strategy(name)) == before


@pytest.mark.parametrize("case", CASES)
def test_the_identity_is_the_same_in_another_process_and_another_folder(folder, case, tmp_path_factory):
    name = write(folder, **CASES[case][0])
    here = strategy_identity(strategy(name))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for file in folder.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            copy = elsewhere / file.relative_to(folder)
            copy.parent.mkdir(exist_ok=True, parents=True)
            copy.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (elsewhere / "place.txt").write_bytes((folder / "place.txt").read_bytes())
    code = (
        "import sys\n"
        "from trading_ai.strategies.identity import strategy_identity\n"
        "from trading_ai.strategies.registry import strategy\n"
        "print(strategy_identity(strategy(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(elsewhere / "mine.py")], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.strip() == here


def test_a_base_class_in_another_file_counts(folder):
    (folder / "base.py").write_text(
        "import numpy as np\nfrom trading_ai import Int, Signals, Strategy\n\n"
        "class Base(Strategy):\n    period = Int(5, 2, 50)\n\n    def signals(self, bars, period):\n"
        "        return Signals(long_entry=np.arange(len(bars)) % period == 1)\n"
    )
    (folder / "mine.py").write_text("from base import Base\n\nclass Mine(Base):\n    pass\n")
    name = f"{folder / 'mine.py'}:Mine"
    before = strategy_identity(strategy(name))
    assert first_entry(name) == 1
    (folder / "base.py").write_text((folder / "base.py").read_text().replace("== 1", "== 2"))
    assert first_entry(name) == 2
    assert strategy_identity(strategy(name)) != before


def test_helpers_of_one_name_in_two_folders_are_two(tmp_path):
    names = []
    for place in (1, 2):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "helper.py").write_text(f"PLACE = {place}\n")
        names.append(write(folder, local="import helper", value="helper.PLACE"))
    made = [strategy(name) for name in names]
    found = [int(np.flatnonzero(each.signals(BARS, period=5).long_entry)[0]) for each in (*made, *made)]
    assert found == [1, 2, 1, 2]
    assert strategy_identity(made[0]) != strategy_identity(made[1])


def test_a_helper_elsewhere_on_the_path_counts(folder, tmp_path_factory, monkeypatch):
    library = tmp_path_factory.mktemp("library")
    (library / "my_library.py").write_text("PLACE = 1\n")
    monkeypatch.syspath_prepend(str(library))
    name = write(folder, imports="import my_library", value="my_library.PLACE")
    before = strategy_identity(strategy(name))
    assert first_entry(name) == 1
    (library / "my_library.py").write_text("PLACE = 2\n")
    assert first_entry(name) == 2
    assert strategy_identity(strategy(name)) != before


def test_what_is_not_used_does_not_count(folder):
    name = write(folder, imports="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import helper")
    before = strategy_identity(strategy(name))
    (folder / "helper.py").write_text("PLACE = 7\n")
    (folder / "lib" / "inner.py").write_text("PLACE = 7\n")
    assert strategy_identity(strategy(name)) == before


def test_installed_packages_count_by_name_and_version(folder):
    parts = identity_parts(strategy(write(folder, imports="import talib\nimport json")))
    packages = [part for part in parts if part.startswith("package ")]
    assert [p.split()[1] for p in packages] == ["numpy", "ta-lib"]
    assert all(len(p.split()) == 3 for p in packages)
    assert not any("json" in part for part in parts)


def test_built_in_strategies_cover_our_indicators():
    for name in ("sma_crossover", "supertrend", "macd"):
        parts = identity_parts(strategy(name))
        assert any(part.startswith("module trading_ai.strategies.indicators ") for part in parts)
        assert any(part.startswith("module trading_ai.strategies.base ") for part in parts)


def test_a_users_own_class_on_top_of_a_built_in_one_covers_it(folder):
    (folder / "mine.py").write_text(
        "from trading_ai.strategies.sma_crossover import SmaCrossover\n\nclass Mine(SmaCrossover):\n    pass\n"
    )
    parts = identity_parts(strategy(str(folder / "mine.py")))
    assert any(part.startswith("module trading_ai.strategies.sma_crossover ") for part in parts)
    assert any(part.startswith("module trading_ai.strategies.indicators ") for part in parts)


def test_a_data_file_that_is_missing_is_named(folder):
    name = write(folder, body="data_files = ('levels.csv',)")
    with pytest.raises(StrategyError, match=r"levels\.csv.*relative to the strategy's file"):
        strategy_identity(strategy(name))


def test_a_helper_that_cannot_be_run_is_reported_as_the_file_s(folder):
    name = write(folder, imports="import helper")
    (folder / "helper.py").write_text("PLACE = = 1\n")
    with pytest.raises(StrategyError, match=r"mine\.py.*helper\.py|helper\.py.*mine\.py"):
        strategy(name)
    (folder / "helper.py").write_text("1 / 0\n")
    with pytest.raises(StrategyError, match="ZeroDivisionError"):
        strategy(name)
    (folder / "helper.py").write_text("PLACE = 2\n")
    assert strategy(name).name == "mine"


def test_data_of_a_base_class_in_a_helper_counts_and_is_read_again(folder):
    (folder / "base.py").write_text(
        "from pathlib import Path\nimport numpy as np\nfrom trading_ai import Int, Signals, Strategy\n"
        "PLACE = int((Path(__file__).parent / 'place.txt').read_text())\n\n"
        "class Base(Strategy):\n    data_files = ('place.txt',)\n    period = Int(5, 2, 50)\n\n"
        "    def signals(self, bars, period):\n"
        "        return Signals(long_entry=np.arange(len(bars)) % period == PLACE)\n"
    )
    (folder / "mine.py").write_text("from base import Base\n\nclass Mine(Base):\n    pass\n")
    name = f"{folder / 'mine.py'}:Mine"
    before = strategy_identity(strategy(name))
    assert first_entry(name) == 1
    (folder / "place.txt").write_text("3")
    assert first_entry(name) == 3
    assert strategy_identity(strategy(name)) != before


def test_a_helper_named_like_a_standard_module_is_one_s_own_where_it_is_named_by_a_dot(folder):
    (folder / "statistics.py").write_text("PLACE = 1\n")
    name = write(folder, imports="from . import statistics", value="statistics.PLACE")
    before = strategy_identity(strategy(name))
    assert first_entry(name) == 1
    (folder / "statistics.py").write_text("PLACE = 3\n")
    assert first_entry(name) == 3
    assert strategy_identity(strategy(name)) != before


def test_a_folder_of_scripts_does_not_hide_an_installed_package(folder):
    (folder / "scipy").mkdir()
    (folder / "scipy" / "scratch.py").write_text("x = 1\n")
    parts = identity_parts(strategy(write(folder, imports="import scipy.stats")))
    assert any(part.startswith("package scipy ") for part in parts)


def test_instances_of_a_user_s_classes_can_be_pickled(folder):
    name = write(
        folder,
        imports="import pickle\nfrom dataclasses import dataclass\n\n@dataclass\nclass Level:\n    at: int = 1\n",
        value="pickle.loads(pickle.dumps(Level())).at",
    )
    assert first_entry(name) == 1


def test_packages_that_an_installer_put_elsewhere_count_as_installed(folder, tmp_path_factory, monkeypatch):
    target = tmp_path_factory.mktemp("target")
    (target / "rates").mkdir()
    (target / "rates" / "__init__.py").write_text("PLACE = 1\n")
    (target / "rates-2.5.dist-info").mkdir()
    (target / "rates-2.5.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: rates\nVersion: 2.5\n")
    monkeypatch.syspath_prepend(str(target))
    name = write(folder, imports="import rates", value="rates.PLACE")
    assert "package rates 2.5" in identity_parts(strategy(name))
    assert first_entry(name) == 1


def test_relative_imports_of_a_class_imported_as_usual_count(tmp_path, monkeypatch):
    package = tmp_path / "own_package"
    (package / "strategies").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "strategies" / "__init__.py").touch()
    (package / "common.py").write_text("PLACE = 1\n")
    (package / "strategies" / "mine.py").write_text(
        "from trading_ai import Signals, Strategy\nfrom ..common import PLACE\n\n"
        "class Mine(Strategy):\n    def signals(self, bars):\n        return Signals()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from importlib import import_module

    chosen = import_module("own_package.strategies.mine").Mine()
    parts = identity_parts(chosen)
    assert any(part.startswith("module own_package.common ") for part in parts)
    assert not any(part.startswith("missing ") for part in parts)
    before = strategy_identity(chosen)
    (package / "common.py").write_text("PLACE = 2\n")
    assert strategy_identity(chosen) != before
