"""`data append --watch`: a folder that others write into, move in and remove from, while it is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading_ai.bootstrap import Application
from trading_ai.cli import appending
from trading_ai.cli.main import run

HEAD = "time,open,high,low,close\n"


def day(number: int) -> str:
    return "".join(f"2024-01-{number:02d} {hour:02d}:00:00,1.1,1.2,1.0,1.1\n" for hour in range(24))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))
    first = tmp_path / "first.csv"
    first.write_text(HEAD + day(2))
    assert run(["data", "import", str(first), "--symbol", "EURUSD", "--timezone", "UTC"]) == 0
    made = tmp_path / "new"
    made.mkdir()
    return made


def test_a_file_that_vanishes_while_it_is_looked_at_ends_nothing(folder, monkeypatch, capsys):
    (folder / "3.csv").write_text(HEAD + day(3))
    (folder / "gone.csv").write_text(HEAD + day(4))
    looks, found = iter(range(4)), Path.stat

    def stat(self, **how):
        if self.name == "gone.csv":
            raise FileNotFoundError(2, "No such file or directory", str(self))
        return found(self, **how)

    def sleep(_):
        look = next(looks)
        if look == 0:
            (folder / "4.csv").write_text(HEAD + day(4))
        if look == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", stat)
        patched.setattr(appending.time, "sleep", sleep)
        assert run(["data", "append", "latest", str(folder), "--watch", "0.1"]) == 130
    newest = Application().store.datasets()[0]
    assert newest.n_bars == 72
    assert capsys.readouterr().out.count("bars were added to dataset") == 2


def test_a_file_that_cannot_be_opened_waits_for_the_next_look(folder, monkeypatch, capsys):
    (folder / "3.csv").write_text(HEAD + day(3))
    tries, grown = iter(range(9)), appending.grown

    def at_second(*arguments):
        if next(tries) == 0:
            raise PermissionError(13, "Permission denied", "3.csv")
        return grown(*arguments)

    def sleep(_):
        if next(tries) > 4:
            raise KeyboardInterrupt
        (folder / "3.csv").touch()

    monkeypatch.setattr(appending, "grown", at_second)
    monkeypatch.setattr(appending.time, "sleep", sleep)
    assert run(["data", "append", "latest", str(folder), "--watch", "0.1"]) == 130
    assert "not appended" in capsys.readouterr().err
    assert Application().store.datasets()[0].n_bars == 48


def test_without_watching_the_error_is_the_commands(folder, capsys):
    (folder / "3.csv").write_text("nothing\n")
    assert run(["data", "append", "latest", str(folder)]) == 2
    assert "error:" in capsys.readouterr().err
