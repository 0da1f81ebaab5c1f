"""What is heard must stand in the queries of an answer; words that change what is asked are no fillers."""

from __future__ import annotations

import pytest

from trading_ai.assistant.echo import unheard
from trading_ai.assistant.fillers import FILLERS
from trading_ai.assistant.hearing import Names, hear
from trading_ai.assistant.planner import plans, sure
from trading_ai.assistant.tags import Heard, Tag


@pytest.mark.parametrize(
    ("tag", "topic", "sql", "lost"),
    [
        (Tag("metric", "buy_and_hold_percent", "buy and hold"), "trials", "select count(*) from trials('x')", True),
        (Tag("metric", "sharpe_ratio", "sharpe"), "trials", "select sharpe_ratio from trials('x')", False),
        (Tag("metric", "commission_paid", "fees"), "trades", "select sum(commission) from trades('x')", False),
        (Tag("condition", "metric:net_profit", "profit > 5", ">", 5.0), "trades", "select 15, 5.5, x5", True),
        (Tag("condition", "metric:net_profit", "profit > 5", ">", 5.0), "trades", "where net_profit > 5", False),
        (Tag("year", "2017", "2017"), "trades", "where year(exit_time) = 2016", True),
        (Tag("metric", "max_drawdown", "drawdown"), "walk_forward", "select max_drawdown", True),
        (Tag("metric", "max_drawdown", "drawdown"), "advice", "select 1", False),
        (Tag("noun", "trade", "trades"), "trades", "select 1 from bars('x')", True),
        (Tag("noun", "trade", "trades"), "trades", "select 1 from trades('x')", False),
        (Tag("weekday", "5", "fridays"), "trades", "where isodow(exit_time) in (5)", False),
        (Tag("weekday", "5", "fridays", negated=True), "trades", "where isodow(exit_time) in (5)", True),
        (Tag("weekday", "5", "fridays"), "trades", "select sum(net_profit) from trades('x')", True),
        (Tag("order", "worst", "worst"), "trades", "select sum(net_profit) from trades('x')", True),
        (Tag("agg", "median", "median"), "trades", "select avg(net_profit) from trades('x')", True),
        (Tag("limit", "", "3", number=3), "trades", "select 1 from trades('x') order by net_profit limit 30", True),
        (Tag("limit", "", "3", number=3), "trades", "select 1 from trades('x') order by net_profit limit 3", False),
        (Tag("cmp", ">", "more than", ">"), "figures", "select net_profit from backtests", True),
        (Tag("number", "", "7", number=7), "figures", "select net_profit from backtests", True),
        (Tag("symbol", "EURUSD", "eurusd"), "figures", "select net_profit from backtests", True),
    ],
)
def test_what_no_query_takes_in_is_told(tag: Tag, topic: str, sql: str, lost: bool) -> None:
    assert unheard(Heard("?", (tag,)), topic, [sql]) == ((tag.text,) if lost else ())


def test_an_answer_without_queries_is_not_looked_at() -> None:
    assert unheard(Heard("?", (Tag("metric", "sqn", "sqn"),)), "trials", []) == ()


def test_units_and_parts_of_the_time_are_no_fillers() -> None:
    assert not FILLERS & {"pips", "euros", "first", "later", "since", "until", "cumulative"}


NAMES = Names(
    {"eurusd": ("symbol", "EURUSD"), "gbpusd": ("symbol", "GBPUSD"), "dear": ("name", "dear")}, {}, {"going": "going"}
)


def topic_of(question: str) -> str:
    plan = sure(plans(hear(question, NAMES)))
    return plan.topic.name if plan is not None else ""


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("drawdown in euros", ""),
        ("profit since tuesday", ""),
        ("costs in percent of profit", ""),
        ("how many optimizations did i run this week", ""),
        ("is combo 2 ok", ""),
        ("what is my edge", ""),
        ("daily pnl std", ""),
        ("pnl before swap", ""),
        ("profit without the commission", "costs"),
        ("eurusd or gbpusd, which did better", "comparing"),
        ("sharpe of eurusd and gbpusd", ""),
        ("the two biggest losers", "trades"),
        ("list my three best trades", "trades"),
        ("how far is going", "progress"),
    ],
)
def test_what_would_be_answered_in_part_is_asked_back(question: str, topic: str) -> None:
    assert topic_of(question) == topic


@pytest.mark.parametrize(
    ("question", "kind", "value"),
    [
        ("max drawdown on dear in %", "metric", "max_drawdown_percent"),
        ("how deep was the drawdown on dear, in percent", "metric", "max_drawdown_percent"),
        ("which backtest made the least", "order", "worst"),
        ("which backtest lost the least", "order", "best"),
        ("how far is going", "name", "going"),
        ("profit before 10 am", "hour", "0-10"),
        ("how many trades with 3 or more bars", "condition", "metric:bars_held"),
        ("profit of trades held 2 bars or more", "condition", "metric:bars_held"),
    ],
)
def test_turns_of_phrase_are_heard(question: str, kind: str, value: str) -> None:
    assert hear(question, NAMES).has(kind, value), hear(question, NAMES).tags
