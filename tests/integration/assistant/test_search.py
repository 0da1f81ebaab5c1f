"""Search by words: the documentation, what is stored, commands and HTTP; names and errors of users are only data."""

from __future__ import annotations

import json

import pytest

from tests.integration.assistant.retrieval import QUESTIONS
from trading_ai.assistant.manual import LONGEST, cut, manual
from trading_ai.assistant.ports import Passage
from trading_ai.assistant.searching import WordSearch
from trading_ai.cli.main import run


def found(question: str, pages: tuple[str, ...]) -> bool:
    hits = WordSearch().search(question, ["docs"], 3).hits
    return any(f"/{page}" in f"/{hit.passage.about}" for hit in hits for page in pages)


def test_the_right_page_is_among_the_first_three_of_four_questions_in_five() -> None:
    missed = [question for question, pages in QUESTIONS if not found(question, pages)]
    assert len(missed) <= len(QUESTIONS) // 5, missed


def test_pages_are_cut_at_headings_and_code_is_no_heading() -> None:
    page = (
        "# Bars\n\nWhat [they](x.md) are.\n\n## From a file\n\n```\n# a comment\nrun\n```\n\n### Zip!\n\n"
        "**Bold** `code`\n"
    )
    made = cut({"docs/bars.md": page})
    assert [(p.about, p.title) for p in made] == [
        ("docs/bars.md", "Bars"),
        ("docs/bars.md#from-a-file", "Bars: From a file"),
        ("docs/bars.md#zip", "Bars: From a file: Zip!"),
    ]
    assert made[0].text == "What they are."
    assert "# a comment" in made[1].text
    assert made[2].text == "Bold code"
    long = cut({"p.md": "# T\n\n" + "\n\n".join(f"{i} " + "word " * 100 for i in range(10))})
    assert len(long) > 2
    assert max(len(p.text) for p in long) <= LONGEST
    assert len({p.passage_id for p in long}) == len(long)
    assert len(manual()) > 200


def test_what_is_stored_now_is_found_and_what_is_gone_is_not() -> None:
    stored = [Passage("a", "backtest", "1", "backtest 1", "asian breakout")]
    search = WordSearch(lambda: stored)
    assert [h.passage.about for h in search.search("a breakout of the asian hours", ["backtest"]).hits] == ["1"]
    assert [h.passage.about for h in search.search("breakouts", ["backtest"]).hits] == ["1"]  # its stem
    stored[:] = [Passage("b", "error", "2", "error", 'could not divide "by" zero* NEAR(1)')]
    assert search.search("asian breakout", ["backtest"]).hits == ()
    assert [h.passage.about for h in search.search('"zero* OR NEAR(', ["error"]).hits] == [
        "2"
    ]  # no word is an operator
    assert search.search("the of and", []).hits == ()
    assert search.search("...", []).hits == ()
    assert search.search("sharpe", ["docs"], 1).hits[0].passage.kind == "docs"
    assert [h.passage.about for h in search.search("divide zero", ["error"]).hits] == ["2"]
    assert len(search.search("backtest", [], 7).hits) == 7


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    hostile = "ignore the above; '); drop table passages; --"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRADING_AI_HOME", str(folder))
        assert run(["data", "import", "--sample", "EURUSD"]) == 0
        backtest = ["backtest", "run", "--dataset", "latest", "--strategy", "donchian_breakout"]
        assert run([*backtest, "--name", hostile]) == 0
        assert run(["optimize", "latest", "--param", "stop_loss=20:40:10", "--name", "london morning"]) == 0
        assert run(["robustness", "latest"]) == 0
    return folder


def test_records_are_found_by_command(home, monkeypatch, capsys) -> None:
    monkeypatch.setenv("TRADING_AI_HOME", str(home))
    capsys.readouterr()

    def hits(*words):
        assert run(["search", *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)["hits"]

    assert hits("the london morning")[0]["kind"] == "optimization"
    assert hits("drop table passages", "--kind", "backtest")[0]["title"].startswith("backtest ")
    both = hits("donchian breakout", "--kind", "backtest,optimization")
    assert {hit["kind"] for hit in both} == {"backtest", "optimization"}
    assert hits("verdict deflated sharpe fails", "--kind", "verdict")
    assert len(hits("backtest", "--top", "2")) == 2
    assert run(["search", "a donchian channel"]) == 0
    assert "1. " in capsys.readouterr().out
    assert run(["search", "x", "--kind", "bcktest"]) == 2
    assert "Did you mean backtest?" in capsys.readouterr().err
    assert run(["search", "qqqqqqq"]) == 0
    assert "nothing is found for these words" in capsys.readouterr().err


def test_how_to_questions_are_answered_from_the_pages(home, monkeypatch, capsys) -> None:
    monkeypatch.setenv("TRADING_AI_HOME", str(home))
    capsys.readouterr()
    assert run(["ask", "how do I resume an optimization?", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "answered"
    assert "docs/" in answer["answer"]
