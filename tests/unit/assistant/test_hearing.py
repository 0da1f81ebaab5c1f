"""What is heard of a question."""

from __future__ import annotations

import pytest

from trading_ai.assistant.hearing import Names, hear
from trading_ai.assistant.tags import Heard

NAMES = Names(
    {"eurusd": ("symbol", "EURUSD"), "period": ("parameter", "period"), "night run": ("name", "Night run")},
    {"ab12cd34-0000-4000-8000-000000000000": "backtest"},
)


def _heard(question: str) -> Heard:
    return hear(question, NAMES)


def _slots(question: str) -> set[tuple[str, str]]:
    return {(tag.kind, tag.value) for tag in _heard(question).tags}


@pytest.mark.parametrize(
    ("question", "slot"),
    [
        ("whats my WR", ("metric", "win_rate")),
        ("PF?", ("metric", "profit_factor")),
        ("max dd", ("metric", "max_drawdown")),
        ("worst day", ("day", "worst")),
        ("average profit", ("agg", "avg")),
        ("mean profit of longs", ("agg", "avg")),
        ("what does sharpe mean", ("cue", "meaning")),
        ("best SL", ("parameter", "stop_loss")),
        ("on Fridays", ("weekday", "5")),
        ("trades at 14:00", ("hour", "14")),
        ("trades at 3pm", ("hour", "15")),
        ("trades after 4pm", ("hour", "16-24")),
        ("trades before 9 o'clock", ("hour", "0-9")),
        ("profit of trades between 8 and 12", ("hour", "8-12")),
        ("in 2017", ("year", "2017")),
        ("on eurusd", ("symbol", "EURUSD")),
        ("the night run", ("name", "Night run")),
        ("profit of ab12cd34", ("id_backtest", "ab12cd34-0000-4000-8000-000000000000")),
        ("profit of ffff9999", ("id_unknown", "ffff9999")),
        ("costs x3", ("cue", "triple")),
        ("is london better than new york", ("cue", "compare")),
        ("sharpe above 1", ("condition", "metric:sharpe_ratio")),
        ("more than 100 trades", ("condition", "metric:total_trades")),
        ("stop loss of 40", ("condition", "parameter:stop_loss")),
        ("trades held for more than 10 bars", ("condition", "metric:bars_held")),
    ],
)
def test_words_fill_slots(question: str, slot: tuple[str, str]) -> None:
    assert slot in _slots(question)


@pytest.mark.parametrize(
    ("question", "operator", "number"),
    [
        ("sharpe above 1.5", ">", 1.5),
        ("sharpe of at least 1", ">=", 1.0),
        ("drawdown under 10%", "<", 10.0),
        ("profit over 1,000", ">", 1000.0),
        ("profit over 2k", ">", 2000.0),
        ("at most 50 trades", "<=", 50.0),
    ],
)
def test_conditions_have_their_operator_and_number(question: str, operator: str, number: float) -> None:
    condition = _heard(question).first("condition")
    assert condition is not None
    assert (condition.operator, condition.number) == (operator, number)


def test_between_is_two_conditions() -> None:
    found = _heard("combinations with sharpe between 1 and 2").all("condition")
    assert [(tag.operator, tag.number) for tag in found] == [(">=", 1.0), ("<=", 2.0)]


@pytest.mark.parametrize(
    ("question", "limit"), [("top 5 trials", 5), ("last two backtests", 2), ("the 3 best days", 3)]
)
def test_limits(question: str, limit: int) -> None:
    found = _heard(question).first("limit")
    assert found is not None
    assert found.number == limit


@pytest.mark.parametrize("question", ["profit not on Fridays", "profit without the shorts", "all except Mondays"])
def test_a_filter_behind_not_is_turned_round(question: str) -> None:
    assert any(tag.negated for tag in _heard(question).tags)
    assert not _heard(question).has("neg")


def test_not_before_anything_else_stays() -> None:
    assert _heard("which criteria do not hold").has("neg")


@pytest.mark.parametrize(
    ("written", "read"), [("shapre", "sharpe"), ("avarage", "average"), ("drawdwon", "drawdown"), ("teh", "the")]
)
def test_typing_errors_are_read_as_the_nearest_word(written: str, read: str) -> None:
    assert (written, read) in _heard(f"the {written} profit").corrected


def test_what_nobody_knows_is_told() -> None:
    assert _heard("profit by moon phase").unknown == ("moon", "phase")


def test_control_characters_are_nothing() -> None:
    assert _slots("net\x00 profit\x1b by\u202e weekday") == _slots("net profit by weekday")
