"""Every command that prints a table, on screens of 80 and of 60 columns; and names and `latest` as users type them."""

from __future__ import annotations

import json
import re

import pytest

from trading_ai.cli.main import run

PARAM = ["--param", "stop_loss=20:40:20", "--param", "take_profit=40:80:20", "--param", "fast=5:15:5"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a dataset, a backtest, a search, a walk-forward and a key."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRADING_AI_HOME", str(folder))
        assert run(["data", "import", "--sample", "EURUSD"]) == 0
        base = ["backtest", "run", "--dataset", "latest", "--strategy", "sma_crossover", "--name", "a base"]
        assert run([*base, "--from", "2017-06-01", "--to", "2017-12-01"]) == 0
        assert run(["optimize", "a base", *PARAM, "--name", "the first search", "--workers", "1"]) == 0
        assert run(["walk-forward", "a base", *PARAM, "--windows", "3M/1M", "--workers", "1"]) == 0
        assert run(["keys", "create", "somebody", "--scope", "read"]) == 0
    return folder


@pytest.fixture
def ran(home, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(home))

    def call(*words: str, width: int = 0) -> str:
        monkeypatch.setenv("COLUMNS", str(width) if width else "")
        capsys.readouterr()
        code = run(list(words))
        shown = capsys.readouterr()
        assert code == 0, shown.err
        return shown.out

    return call


@pytest.fixture(scope="module")
def in_full():
    """What a command prints where the screen is wide; each is run once."""
    printed: dict[tuple[str, ...], str] = {}

    def call(ran, words: list[str]) -> str:
        if tuple(words) not in printed:
            printed[tuple(words)] = ran(*words)
        return printed[tuple(words)]

    return call


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize(
    "words",
    [
        ["strategies"], ["data", "list"], ["data", "show", "latest"], ["backtest", "list", "--windows"],
        ["backtest", "show", "latest"], ["backtest", "trades", "latest"], ["list", "--windows"], ["list"],
        ["status", "latest"], ["results", "latest"], ["robustness", "latest"], ["keys", "list"],
        ["walk-forward", "a base", *PARAM, "--windows", "3M/1M"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_number_and_no_word_is_broken(ran, in_full, words, width):
    wide, narrow = in_full(ran, words), ran(*words, width=width)
    for line in narrow.splitlines():
        assert len(line) <= width or "trading-ai " in line or len(line.split()) == 1, line
    # Whatever stands there stands in the wide form too, whole: heads alone are broken, between their words.
    known = set(wide.split()) | set(re.split(r"[\s_]", wide)) | {word + "_" for word in re.split(r"[\s_]", wide)}
    strange = [word for word in narrow.split() if word not in known and not set(word) <= set("─-")]
    spared = re.findall(r"Too narrow for .*", narrow, re.DOTALL)
    assert not [word for word in strange if not any(word in text for text in spared)], strange


def test_windows_are_folded_and_never_the_latest(ran):
    searches, backtests = json.loads(ran("list", "--json")), json.loads(ran("backtest", "list", "--json"))
    assert [(r["name"], r["part_of"]) for r in searches] == [("the first search", "")]
    assert [(r["name"], r["part_of"]) for r in backtests] == [("a base", "")]
    every = json.loads(ran("list", "--windows", "--json"))
    parts = [r for r in every if r["part_of"]]
    assert len(parts) == len(every) - 1 >= 3
    assert {r["part_of"] for r in parts} == {f"walk-forward 3M/1M of {backtests[0]['id'][:8]}"}
    assert f"{parts[0]['part_of']}: {len(parts)} optimizations, shown with --windows" in ran("list")
    for wanted in ("latest", "the first search", searches[0]["id"][:6]):
        assert json.loads(ran("status", wanted, "--json"))["id"] == searches[0]["id"]
    assert json.loads(ran("backtest", "show", "latest", "--json"))["id"] == backtests[0]["id"]
