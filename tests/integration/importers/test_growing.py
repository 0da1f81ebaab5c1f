"""A dataset that grows by files: from the command line."""

from __future__ import annotations

import json

import pytest

from trading_ai.cli.main import run

HEAD = "time,open,high,low,close,volume\n"


def lines(first: int, last: int) -> str:
    """Hours of 2017-01-03, UTC."""
    return "".join(
        f"2017-01-03T{h:02d}:00:00Z,1.05{h:02d},1.06{h:02d},1.04{h:02d},1.05{h:02d},{h}\n" for h in range(first, last)
    )


@pytest.fixture
def first(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))
    file = tmp_path / "first.csv"
    file.write_text(HEAD + lines(0, 10))
    assert run(["data", "import", str(file), "--symbol", "EURUSD", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["id"]


def append(capsys, *words):
    code = run(["data", "append", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_dataset_grows_and_the_old_one_stays(first, tmp_path, capsys) -> None:
    more = tmp_path / "more.csv"
    more.write_text(HEAD + lines(8, 14))
    code, found = append(capsys, first, more)
    assert (code, found["n_bars"], found["already_known"]) == (0, 14, False)
    assert found["detected"]["continues"] == first
    assert (found["detected"]["n_appended"], found["detected"]["n_known"]) == (4, 2)
    assert found["quality"]["n_bars"] == 14
    assert run(["data", "show", first, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_bars"] == 10
    code, again = append(capsys, "latest", more)
    assert (code, again["id"], again["already_known"]) == (0, found["id"], True)


def test_what_is_new_in_a_folder_is_appended(first, tmp_path, capsys) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "EURUSD_2016.csv").write_text(HEAD + lines(0, 12))
    assert append(capsys, first, folder)[1]["n_bars"] == 12
    (folder / "EURUSD_2017.csv").write_text(HEAD + lines(12, 16))
    code, found = append(capsys, "latest", folder)
    assert (code, found.get("n_bars")) == (0, 16), found


def test_a_file_that_contradicts_is_refused_and_nothing_is_kept(first, tmp_path, capsys) -> None:
    other = tmp_path / "other.csv"
    other.write_text(HEAD + lines(5, 14).replace("1.0506", "1.0505"))
    code, found = append(capsys, first, other)
    assert code == 2
    assert "contradicts the dataset" in found["error"]["message"]
    assert run(["data", "list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1
