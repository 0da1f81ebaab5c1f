"""Runs of winning or losing trades."""

from __future__ import annotations

import re

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trade_sql import filters, told_of, trades_from
from trading_ai.documents.words import short
from trading_ai.metrics.listed import HALF_A_CENT


class Streaks(Topic):
    """The longest run of losing or winning trades, when it was and what it cost."""

    name = "streaks"
    accounts = ALWAYS | {
        "metric", "order", "agg", "outcome", "cue:streak", "cue:when", "cue:cause", "noun:trade", "noun:run",
        "noun:backtest",
        "noun:optimization", "direction", "cue:imported", "noun:days", "noun:strategy", "cue:period",
        "weekday", "month", "year", "date", "session", "hour", "part", "span", "exit",
    }  # fmt: skip
    offers = ("what is my longest losing streak?",)

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("noun", "trial", "winner", "param") or heard.has("dim"):
            return 0.1
        if heard.cue("streak"):
            return 0.95
        return 0.93 if heard.has("metric", "max_consecutive_losses", "max_consecutive_wins") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "what is the longest winning streak?" if _wins(heard) else "what is the longest losing streak?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        both = re.search(r"\bwin.*\blos|\blos.*\bwin", heard.question.lower()) is not None
        for wins in (True, False) if both else (_wins(heard),):
            if _of_all(heard):
                _across(draft, wins=wins)
            else:
                self._longest(heard, desk, draft, wins=wins)

    def _longest(self, heard: Heard, desk: Desk, draft: Draft, *, wins: bool) -> None:
        """The longest run of one backtest."""
        run = desk.backtest(heard, draft)
        where, words = filters(heard.without(["outcome"]), "exit_time")
        won = f"net_profit >= {HALF_A_CENT}"
        test = won if wins else f"not ({won})"
        found = draft.query(
            f"with t as (select row_number() over (order by number) as n, entry_time, exit_time, net_profit, {test} "
            f"as hit "
            f"{trades_from(run, where)}), g as (select *, n - row_number() over (partition by hit order "
            f"by n) as part "
            "from t), s as (select count(*) as n_trades, min(entry_time) as first_entry, max(exit_time) as last_exit, "
            "sum(net_profit) as net_profit from g where hit group by part) select * from s order by n_trades desc, "
            "first_entry limit 1",
            {"n_trades": "trades"}, run.currency,
        )  # fmt: skip
        for told in told_of(heard):
            draft.assume(told)
        kind = "winning" if wins else "losing"
        if not len(found):
            raise Unanswerable(f"There is no {kind} trade.", ["net profit by month"])
        draft.say(
            f"The longest run of {kind} trades{' (' + ', '.join(words) + ')' if words else ''} is {{n}}, from {{a}} "
            f"to {{b}}: {{p}} together.",
            n=found.cell(0, "n_trades"), a=found.cell(0, "first_entry"), b=found.cell(0, "last_exit"), p=found.cell(0,
            "net_profit"),
        )  # fmt: skip
        if not wins:
            draft.assume(f"A trade that nets less than {2 * HALF_A_CENT / 2:g} of the account's currency does not win")
        draft.offer(f"trading-ai backtest trades {short(run.run_id)}")


def _of_all(heard: Heard) -> bool:
    """Whether it is asked which backtest has the longest."""
    one = heard.has("name") or heard.has("id_backtest") or heard.has("subject", "latest", "this", "previous", "oldest")
    return heard.asks_which() and heard.has("noun", "backtest", "run", "strategy") and not one


def _across(draft: Draft, *, wins: bool) -> None:
    """The backtests with the longest runs."""
    column = f"max_consecutive_{'wins' if wins else 'losses'}"
    found = draft.query(
        f"select backtest_id, name, strategy, symbol, timeframe, {column} from backtests where part_of = '' "
        f"order by {column} desc nulls last, created_at desc, backtest_id limit 5",
        {"name": "name"},
    )
    if not len(found):
        raise Unanswerable("No backtest is stored.", ["how do I run a backtest?"])
    draft.assume("Backtests that a walk-forward or another study made are left out")
    for row in range(len(found)):
        cells = {name: found.cell(row, name) for name in found.rows.columns}
        draft.say(
            f"Backtest {{backtest_id}} {{name}}, {{strategy}} on {{symbol}} {{timeframe}}: {{{column}}} "
            f"{'winning' if wins else 'losing'} trades in a row.",
            **cells,
        )


def _wins(heard: Heard) -> bool:
    if heard.has("metric", "max_consecutive_wins") or heard.has("outcome", "win"):
        return True
    text = heard.question.lower()
    return "win" in text and "los" not in text


STREAKS = Streaks()
