"""Typing errors and words that are none, short names, other languages, parts of the time."""

from __future__ import annotations

import pytest

from trading_ai.assistant.foreign import in_english
from trading_ai.assistant.hearing import Names, hear
from trading_ai.assistant.nicknames import shortened
from trading_ai.assistant.spans import span_sql
from trading_ai.assistant.spelling import corrected_word

KNOWN = frozenset({"profit", "plateau", "drawdown", "shorts", "report", "losing", "wednesdays"})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("profitt", "profit"), ("drawdwn", "drawdown"), ("wendsdays", "wednesdays"), ("loosing", "losing"),
        ("reports", "report"), ("plate", "plate"), ("shirts", "shirts"), ("payoff", "payoff"), ("xyz", "xyz"),
    ],
)  # fmt: skip
def test_a_typing_error_is_corrected_and_a_word_of_english_is_not(written: str, read: str) -> None:
    assert corrected_word(written, KNOWN, KNOWN) == read


def test_short_names_stand_for_one_thing_only() -> None:
    found = shortened(
        ["cable rsi", "cable channel", "gold trend", "gold genes"], ["rsi_reversal", "macd"], ["GBPUSD", "XAUUSD"]
    )
    assert found["cable"] == ("symbol", "GBPUSD")
    assert found["gold"] == ("symbol", "XAUUSD")
    assert found["genes"] == ("name", "gold genes")
    assert found["rsi"] == ("strategy", "rsi_reversal")
    assert "profit" not in shortened(["profit run"], [], [])


def test_words_of_other_languages_are_read_and_told() -> None:
    assert in_english("wie hoch ist der gewinn") == (
        "how high is is the profit",
        (("wie", "how"), ("hoch", "high is"), ("ist", "is"), ("der", "the"), ("gewinn", "profit")),
    )
    assert in_english("what was the total") == ("what was the total", ())


@pytest.mark.parametrize(
    ("question", "kind", "value"),
    [
        ("profit since june", "span", ">=month:6"),
        ("profit before 2017-03-01", "span", "<date:2017-03-01"),
        ("profit after march 2017", "span", ">date:2017-03"),
        ("the last 3 months", "span", "last:3:month"),
        ("last week", "span", "last:1:week"),
        ("win rate after a losing trade", "after", "loss:1"),
        ("profit after three wins in a row", "after", "win:3"),
        ("how often does the tp get hit", "exit", "take_profit"),
        ("held over the weekend", "part", "over_weekend"),
    ],
)
def test_parts_of_the_time_are_heard(question: str, kind: str, value: str) -> None:
    heard = hear(question, Names())
    assert heard.values(kind) == (value,)
    assert not heard.unknown


def test_months_from_one_to_another_are_each_of_them() -> None:
    assert hear("profit from november to february", Names()).values("month") == ("11", "12", "1", "2")


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (">=month:6", "strftime(exit_time, '%Y-%m') >= (select strftime(max(exit_time), '%Y') from {trades}) || '-06'"),
        ("<date:2017-03-01", "strftime(exit_time, '%Y-%m-%d') < '2017-03-01'"),
        ("last:3:month", "date_trunc('month', max(exit_time)) - interval '2 months'"),
        ("last:2:quarter", "interval '3 months'"),
    ],
)
def test_a_part_of_the_time_is_a_condition(value: str, held: str) -> None:
    assert held in span_sql(value, "exit_time")[0]
