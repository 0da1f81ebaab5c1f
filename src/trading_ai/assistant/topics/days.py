"""Single trading days: the best, the worst, how many earned."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short


class Days(Topic):
    """Profits of trading days."""

    name = "days"
    accounts = ALWAYS | {
        "day", "order", "agg", "limit", "noun:days", "noun:run", "noun:backtest", "noun:optimization", "metric",
        "outcome", "cue:when",
        "cue:imported", "noun:strategy", "date", "year", "month", "noun:trade", "time_of",
    }  # fmt: skip
    offers = ("what was my worst day?", "how many days made a profit?")

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("metric") and not heard.has("metric", "net_profit", "largest_loss", "largest_win"):
            return 0.1
        if heard.has("dim", "weekday", "month", "hour"):
            return 0.2
        if heard.has("day"):
            return 0.95
        if heard.has("noun", "days") and (heard.has("agg") or heard.has("order") or heard.has("outcome")):
            return 0.88
        return 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return (
            "how many days made a profit?"
            if heard.has("agg")
            else f"what was the {(heard.values('day') or ('worst',))[0]} day?"
        )

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.backtest(heard, draft)
        conditions = [f"extract(year from day) = {tag.value}" for tag in heard.all("year")]
        conditions += [f"extract(month from day) = {tag.value}" for tag in heard.all("month")]
        where = f" where {' and '.join(conditions)}" if conditions else ""
        source = f"daily_profits({quoted(run.run_id)}){where}"
        draft.assume(
            "Trading days as the market has them; the profit of a day is the change of the equity, open trades included"
        )
        if heard.has("agg", "count", "share", "avg", "median") and not heard.has("day"):
            found = draft.query(
                "select count(*) filter (where profit > 0) as n_profitable, count(*) filter (where profit < 0) as "
                "n_losing, "
                f"count(*) as n_days, avg(profit) as average_profit from {source}",
                {"n_profitable": "days", "n_losing": "days", "n_days": "days", "average_profit": "account currency"},
                run.currency,
            )  # fmt: skip
            cells = {n: found.cell(0, n) for n in ("n_profitable", "n_losing", "n_days", "average_profit")}
            draft.say(
                "{n_profitable} of {n_days} trading days made a profit and {n_losing} a loss; the average is "
                "{average_profit}.",
                **cells,
            )
            closed = draft.query(
                "select count(*) filter (where profit > 0) as n_profitable, count(*) filter (where profit < 0) as "
                f"n_losing, count(*) as n_days from ({_closed(heard, run)})",
                {"n_profitable": "days", "n_losing": "days", "n_days": "days"}, run.currency,
            )  # fmt: skip
            cells = {name: closed.cell(0, name) for name in closed.rows.columns}
            draft.say(
                "By the trades that were closed on a day (UTC), {n_profitable} of {n_days} days that have any "
                    "made a profit "
                "and {n_losing} a loss.", **cells,
            )  # fmt: skip
            return
        worst = (
            heard.has("day", "worst") or heard.has("order", "worst", "loss", "lowest") or heard.has("outcome", "loss")
        )
        limit = heard.first("limit")
        n = int(limit.number) if limit is not None and limit.number else 1
        found = draft.query(
            f"select day, profit from {source} order by profit {'asc' if worst else 'desc'}, day limit {n}",
            {"profit": "account currency"}, run.currency,
        )  # fmt: skip
        if not len(found):
            raise Unanswerable("No trading day is stored of it.")
        for row in range(len(found)):
            draft.say(
                f"The {'worst' if worst else 'best'} day{'' if row == 0 else ' after it'} is {{d}}: {{p}}.",
                d=found.cell(row, "day"),
                p=found.cell(row, "profit"),
            )
        _by_trades(heard, run, draft, worst, n)
        draft.offer(f"trading-ai backtest trades {short(run.run_id)}")


def _closed(heard: Heard, run: Run) -> str:
    """Days by the trades that were closed on them."""
    conditions = [f"extract(year from exit_time) = {tag.value}" for tag in heard.all("year")]
    conditions += [f"extract(month from exit_time) = {tag.value}" for tag in heard.all("month")]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return (
        f"select cast(exit_time as date) as day, sum(net_profit) as profit, count(*) as n_trades from "
        f"trades({quoted(run.run_id)}){where} group by 1"
    )


def _by_trades(heard: Heard, run: Run, draft: Draft, worst: bool, n: int) -> None:
    found = draft.query(
        f"select * from ({_closed(heard, run)}) order by profit {'asc' if worst else 'desc'}, day limit {n}",
        {"profit": "account currency", "n_trades": "trades"}, run.currency,
    )  # fmt: skip
    for row in range(len(found)):
        draft.say(
            f"By the trades that were closed on it (UTC), the {'worst' if worst else 'best'} "
            f"day{'' if row == 0 else ' after it'} is {{d}}: {{p}} ({{n}} trades).",
            d=found.cell(row, "day"), p=found.cell(row, "profit"), n=found.cell(row, "n_trades"),
        )  # fmt: skip


DAYS = Days()
