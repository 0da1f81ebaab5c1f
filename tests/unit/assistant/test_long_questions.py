"""Words that are passed over, clauses, what is left out around a question, and pages by what users call things."""

from __future__ import annotations

import pytest

from trading_ai.assistant.clauses import answerable, clauses, differ, trimmed
from trading_ai.assistant.examples import RECIPE, nearest_recipes, slotted
from trading_ai.assistant.hearing import Names
from trading_ai.assistant.passing import HEAVY, LIGHT, says_nothing, weight
from trading_ai.assistant.ports import Passage
from trading_ai.assistant.recipes import covers, recipes

NAMES = Names({"cable trend": ("name", "cable trend")})


@pytest.mark.parametrize("word", ["attached", "separately", "contributed", "suffering", "applied"])
def test_verbs_and_adverbs_of_english_are_passed_over(word: str) -> None:
    assert says_nothing(word)


@pytest.mark.parametrize(
    "word",
    ["weekly", "daily", "only", "volume", "news", "moon", "excluded", "doubled", "predicted", "vix", "dave", "atr"],
)
def test_nouns_and_words_that_change_a_question_are_not(word: str) -> None:
    assert not says_nothing(word)


@pytest.mark.parametrize(
    ("word", "question", "costs"),
    [
        ("harbour", "profit on mondays in the harbour", HEAVY),
        ("falcon", "win rate of the falcon backtest", HEAVY),
        ("tiger", "how did tiger do in 2019", HEAVY),
        ("lunch", "how many trades did i make during lunch", HEAVY),
        ("grateful", "i would be grateful for the win rate", LIGHT),
        ("famous", "what did the famous winner make", LIGHT),
        ("harbour", "profit on mondays at Harbour", HEAVY),
        ("tom", "how much does Tom earn", HEAVY),
        ("vix", "profit when the vix is high", HEAVY),
        ("leave", "rank my backtests and leave the imported out", HEAVY),
    ],
)
def test_plain_words_cost_little_and_names_all(word: str, question: str, costs: float) -> None:
    assert weight(word, question) == costs


def test_a_run_that_is_named_behind_is_that_of_what_is_asked_before_it() -> None:
    found = clauses("how many longs in 2018, and how many in 2019 of cable trend?", NAMES, "", anew=True)
    assert len(found) == 2
    assert all(plan.heard.has("name", "cable trend") and plan.heard.has("direction", "long") for plan in found)
    assert [plan.heard.values("year") for plan in found] == [("2018",), ("2019",)]


def test_what_is_understood_of_a_question_is_told_from_what_is_not() -> None:
    some = answerable("win rate of cable trend, and how was the fed mood at headquarters?", NAMES, "")
    assert some is not None
    assert [plan.topic.name for plan in some[0]] == ["figures"]
    assert some[1] == ["how was the fed mood at headquarters"]


@pytest.mark.parametrize(
    "question",
    [
        "win rate of cable trend, and how was the mood at headquarters on fridays?",  # when: it may be meant for both
        "I would rather have the win rate of cable trend. Which flavour is the best dessert at headquarters?",
        "how was the fed mood at headquarters, and what is the win rate of cable trend?",
    ],
)
def test_nothing_is_answered_where_what_is_left_may_say_of_what(question: str) -> None:
    assert answerable(question, NAMES, "") is None


def test_clauses_share_the_run_and_what_is_said_before_them() -> None:
    found = clauses("Fridays only, cable trend: net profit, and how many trades hit the stop?", NAMES, "")
    assert [plan.topic.name for plan in found] == ["trades", "trades"]
    assert all(plan.heard.has("weekday", "5") and plan.heard.has("name", "cable trend") for plan in found)
    assert not found[0].heard.has("exit")
    assert found[1].heard.has("exit", "stop_loss")


def test_a_clause_that_speaks_of_what_the_one_before_found_is_none_of_its_own() -> None:
    assert clauses("which trial of cable trend is best, and what does each of them earn?", NAMES, "") == []


def test_clauses_about_different_trades_differ() -> None:
    assert differ(clauses("win rate of cable trend, and how many trades hit the target?", NAMES, "", anew=True))
    assert not differ(clauses("net profit of cable trend, and what is the win rate?", NAMES, "", anew=True))


def test_what_is_said_around_a_question_is_left_out() -> None:
    assert (
        "net profit of my last run" in trimmed("I am new here, could you please tell me net profit of my last run")[-1]
    )
    assert trimmed("win rate of my last run, because I read that it matters")[0] == "win rate of my last run"
    assert trimmed("win rate of my last run (the gold one)")[-1] == "win rate of my last run"
    assert trimmed("win rate of my last run") == []


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("how do i get the winner into mt5", "trading-ai-export"),
        ("how do i get a paused one going again", "trading-ai-resume"),
        ("how can i import a metatrader report", "import-a-backtest"),
        ("how do i add newer bars to a dataset", "trading-ai-data-append"),
        ("how do i convert my c# cbot", "recreate-a-csharp-robot"),
        ("how do i make a new api key", "trading-ai-keys-create"),
        ("how to run a walk forward", "trading-ai-walk-forward"),
    ],
)
def test_a_task_is_found_by_what_users_call_it(question: str, page: str) -> None:
    place = int(nearest_recipes(slotted(question, NAMES))[0].pattern.removeprefix(RECIPE))
    assert page in recipes()[place].page


def test_no_task_is_found_for_what_none_has() -> None:
    assert nearest_recipes(slotted("how do i cook rice", NAMES)) == []


def test_passages_must_have_most_of_the_words() -> None:
    passage = Passage("p", "docs", "docs/how-to/get-bars.md", "Get bars", "Import a file of bars with data import.")
    assert covers("how do i import bars", [passage])
    assert not covers("how do i use a gpu cluster", [passage])
