"""The equity of a backtest: its highest and lowest, and what it was at some time."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trade_sql import in_time
from trading_ai.documents.words import short


class Equity(Topic):
    """Points of an equity curve."""

    name = "equity"
    accounts = ALWAYS | {
        "noun:equity", "metric", "order", "agg", "cue:when", "year", "month", "date", "noun:backtest", "noun:run",
        "noun:strategy", "cue:imported", "cue:edge",
    }  # fmt: skip
    offers = ("when was the equity highest?",)

    @override
    def fit(self, heard: Heard) -> float:
        about = heard.has("noun", "equity") or heard.has("metric", "final_equity")
        if not about or heard.has("noun", "trial", "winner", "trade", "optimization") or heard.has("dim"):
            return 0.0
        if any(m not in {"final_equity", "capital"} for m in heard.values("metric")):
            return 0.0
        if any(heard.has(kind) for kind in ("year", "month", "date")):
            return 0.95
        ends = heard.has("order", "best", "worst", "lowest") or heard.has("agg", "max", "min") or _peak(heard)
        return 0.95 if ends and not heard.has("metric") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "when was the equity highest?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.backtest(heard, draft)
        source = f"equity({quoted(run.run_id)})"
        draft.assume("Equity at each bar's close, open trades valued, UTC")
        draft.offer(f"trading-ai backtest show {short(run.run_id)}")
        if where := in_time(heard):
            found = draft.query(
                "select min(time) as first_time, arg_min(equity, time) as first_equity, max(time) as last_time, "
                "arg_max(equity, time) as last_equity, max(equity) as highest, min(equity) as lowest from "
                f"{source} where {' and '.join(where)}",
                dict.fromkeys(("first_equity", "last_equity", "highest", "lowest"), "account currency"), run.currency,
            )  # fmt: skip
            if found.value(0, "last_time") is None:
                raise Unanswerable("No equity is stored of that time.", ["when was the equity highest?"])
            cells = {name: found.cell(0, name) for name in found.rows.columns}
            draft.say("At the end of that time ({last_time}) the equity was {last_equity}.", **cells)
            draft.say("At its beginning ({first_time}) it was {first_equity}.", **cells)
            draft.say("In between, the highest was {highest} and the lowest {lowest}.", **cells)
            return
        found = draft.query(
            "select max(equity) as highest, arg_max(time, equity) as highest_at, min(equity) as lowest, "
            f"arg_min(time, equity) as lowest_at from {source}",
            dict.fromkeys(("highest", "lowest"), "account currency"), run.currency,
        )  # fmt: skip
        if found.value(0, "highest") is None:
            raise Unanswerable("No equity is stored of it.", ["net profit by month"])
        cells = {name: found.cell(0, name) for name in found.rows.columns}
        draft.say("The equity was highest at {highest_at}: {highest}.", **cells)
        draft.say("It was lowest at {lowest_at}: {lowest}.", **cells)


def _peak(heard: Heard) -> bool:
    """Whether a peak is asked for; the word is one of plateaus too."""
    return any(tag.text in {"peak", "highs", "high"} for tag in heard.all("cue"))


EQUITY = Equity()
