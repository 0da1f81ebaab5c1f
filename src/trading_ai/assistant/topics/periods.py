"""Groups of trades as wholes: how many months lost, the average month, hours that meet a condition."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trade_sql import DIMENSIONS, MEASURES, Measure, filters, time_column, told_of, trades_from
from trading_ai.documents.words import short

_GROUPS = frozenset({"month", "week", "quarter", "year", "hour", "weekday", "session"})
_AGGREGATES = {"avg": ("avg", "average"), "median": ("median", "median"), "std": ("stddev_samp", "standard deviation")}
_LISTED = 40
_ADDED = frozenset({"net_profit", "total_trades", "commission_paid", "swap_paid", "gross_profit", "gross_loss"})
"""Measures whose average over months is of sums."""


class Periods(Topic):
    """Months, weeks, hours and the like as wholes."""

    name = "periods"
    accounts = ALWAYS | {
        "metric", "agg", "order", "dim", "outcome", "condition", "cue:of_groups", "noun:run", "noun:backtest",
        "noun:trade",
        "noun:strategy", "direction", "weekday", "month", "year", "date", "session", "hour", "part", "span",
        "after", "exit",
        "time_of", "cue:imported",
    }  # fmt: skip
    offers = ("how many months lost money?", "what is the average profit per month?")

    @override
    def fit(self, heard: Heard) -> float:
        groups = [value for value in heard.values("dim") if value in _GROUPS]
        if len(groups) != 1 or heard.has("noun", "trial", "winner", "param", "optimization", "window"):
            return 0.0
        if any(_measure(t.value) is None for t in heard.all("condition")):
            return 0.0
        metrics = heard.values("metric")
        if any(m not in _ADDED for m in metrics) and not heard.all("condition"):
            return 0.0
        if heard.cue("of_groups"):
            return 0.96
        if heard.has("order", "best", "worst", "lowest"):
            return 0.0
        if _of_groups(heard):
            return 0.97
        return 0.96 if heard.all("condition") and not heard.has("noun", "trade") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        group = next((value for value in heard.values("dim") if value in _GROUPS), "month")
        if heard.cue("of_groups"):
            return f"what is the average profit per {group}?"
        return f"how many {group}s lost money?" if _lost(heard) else f"how many {group}s made money?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        group = next(value for value in heard.values("dim") if value in _GROUPS)
        of_groups = _of_groups(heard)
        run = desk.backtest(heard, draft)
        time = time_column(heard)
        # what is won or lost is the group, and so are the conditions its own
        where, words = filters(heard.without(["condition", *(["outcome"] if of_groups else [])]), time)
        for told in told_of(heard):
            draft.assume(told)
        draft.assume(f"By {'entry' if time == 'entry_time' else 'exit'} time, UTC")
        draft.assume(f"Of each {DIMENSIONS[group].words} that has any trade")
        key = DIMENSIONS[group].sql.replace("{time}", time).replace("{trades}", f"trades({quoted(run.run_id)})")
        wanted = list(heard.values("metric")) or ["net_profit"]
        having, said = _having(heard, of_groups)
        measures = {m: _measure(f"metric:{m}") for m in dict.fromkeys(["net_profit", *wanted, *having_metrics(heard)])}
        chosen = {m: made for m, made in measures.items() if made is not None}
        columns = "".join(f", {made.sql} as {m}" for m, made in chosen.items() if m != "total_trades")
        every = f"select {key} as {group}, count(*) as n_trades{columns} {trades_from(run, where)} group by 1"
        of = f" (trades {', '.join(words)})" if words else ""
        if heard.cue("of_groups"):
            aggregate = next((a for a in heard.values("agg") if a in _AGGREGATES), "avg")
            function, named = _AGGREGATES[aggregate]
            for m in wanted:
                column = "n_trades" if m == "total_trades" else m
                unit = chosen[m].unit if m in chosen else "ratio"
                found = draft.query(
                    f"select {function}({column}) as value, count(*) as n_groups from ({every})",
                    {"value": "ratio" if unit == "trades" else unit, "n_groups": f"{group}s"}, run.currency,
                )  # fmt: skip
                what = chosen[m].words if m in chosen else "number of trades"
                draft.say(
                    f"The {named} {what} of a {DIMENSIONS[group].words} is {{v}}, over {{n}} {group}s{of}.",
                    v=found.cell(0, "value"), n=found.cell(0, "n_groups"),
                )  # fmt: skip
            return
        if not having:
            raise Unanswerable("Which of them are asked for is not said.", [f"net profit by {group}"], clarify=True)
        test = " and ".join(having)
        counted = draft.query(
            f"select count(*) filter (where {test}) as n_groups, count(*) as n_all, "
            f"100.0 * count(*) filter (where {test}) / nullif(count(*), 0) as share from ({every})",
            {"n_groups": f"{group}s", "n_all": f"{group}s", "share": "%"},
        )
        draft.say(
            f"{{n}} of {{all}} {group}s {' and '.join(said)}{of}: {{s}}.",
            n=counted.cell(0, "n_groups"), all=counted.cell(0, "n_all"), s=counted.cell(0, "share"),
        )  # fmt: skip
        if not counted.value(0, "n_groups"):
            return
        units = {group: DIMENSIONS[group].unit, "n_trades": "trades"} | {m: made.unit for m, made in chosen.items()}
        found = draft.query(
            f"select * from ({every}) where {test} order by {group} limit {_LISTED}", units, run.currency
        )
        shown = [m for m in chosen if m != "total_trades"]
        for row in range(len(found)):
            cells = {f"m{i}": found.cell(row, m) for i, m in enumerate(shown)}
            told_so = ", ".join(f"{chosen[m].words} {{m{i}}}" for i, m in enumerate(shown))
            draft.say(f"{{k}}: {told_so} ({{n}}).", k=found.cell(row, group), n=found.cell(row, "n_trades"), **cells)
        draft.offer(f"trading-ai backtest trades {short(run.run_id)}")


def _measure(condition: str) -> Measure | None:
    return MEASURES.get(condition.removeprefix("metric:"))


def _of_groups(heard: Heard) -> bool:
    """Whether it is the group that won or lost, and not its trades: "losing months", "how many weeks lost money"."""
    if heard.has("noun", "trade"):
        return False
    won_or_lost = [*heard.all("outcome"), *(t for t in heard.all("order") if t.value in {"gain", "loss"})]
    if not won_or_lost or any(_names_trades(tag.text) for tag in won_or_lost):
        return False
    return heard.has("agg", "count", "share") or heard.asks_which() or heard.cue("list", "exists")


def _names_trades(text: str) -> bool:
    return "trade" in text or text in {"winners", "losers", "wins", "losses", "loss"}


def _lost(heard: Heard) -> bool:
    return heard.has("outcome", "loss") or heard.has("order", "loss")


def having_metrics(heard: Heard) -> list[str]:
    """Metrics that conditions are about."""
    return [t.value.removeprefix("metric:") for t in heard.all("condition")]


def _having(heard: Heard, of_groups: bool) -> tuple[list[str], list[str]]:
    sql, words = [], []
    if of_groups:
        sql.append("net_profit < 0" if _lost(heard) else "net_profit > 0")
        words.append("made a loss" if _lost(heard) else "made a profit")
    for tag in heard.all("condition"):
        name = tag.value.removeprefix("metric:")
        column = "n_trades" if name == "total_trades" else name
        sql.append(f"{column} {tag.operator} {tag.number:g}")
        words.append(f"have {harmless(tag.text)}")
    return sql, words


PERIODS = Periods()
