"""Trades in groups: a measure of each weekday, hour, direction, exit or month, and which of them is at an end."""

from __future__ import annotations

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.trade_reading import measured
from trading_ai.assistant.trade_sql import (
    COUNT,
    DIMENSIONS,
    HELD_HOURS,
    MEASURES,
    Measure,
    measure_of,
    time_column,
    trades_from,
)

_SHOWN = 5
_LARGE = frozenset({"most", "highest", "largest", "biggest", "greatest"})


def grouped_trades(
    heard: Heard, run: Run, draft: Draft, grouped: list[str], where: list[str], words: list[str]
) -> None:
    """The measure that is asked for, of each group of some trades.

    Args:
        heard: the question.
        run: the backtest.
        draft: the answer.
        grouped: names of dimensions, one or two.
        where: conditions in SQL that the trades meet.
        words: these in words.
    """
    measure, metric = measured(heard)
    if measure is None:
        raise Unanswerable("That cannot be worked out of single trades.", ["net profit by weekday", "win rate by hour"])
    time = time_column(heard)
    keys = [DIMENSIONS[g] for g in grouped[:2]]
    names = grouped[:2]
    trades = f"trades({quoted(run.run_id)})"
    selected = ", ".join(
        f"{key.sql.replace('{time}', time).replace('{trades}', trades)} as {name}"
        for key, name in zip(keys, names, strict=True)
    )
    order = _order(heard, measure)
    more_columns = "" if measure is COUNT else f", {measure.sql} as {metric}"
    others = _others(heard, metric)
    more_columns += "".join(f", {other.sql} as {name}" for name, other in others.items())
    column = "n_trades" if measure is COUNT else metric
    by = f"{column} {order} nulls last, " if order else ""
    limit = heard.first("limit")
    cut = f" limit {int(limit.number)}" if limit is not None and limit.number and order else ""
    sql = (
        f"select {selected}, count(*) as n_trades{more_columns} {trades_from(run, where)} "
        f"group by {', '.join(names)} order by {by}{', '.join(names)}{cut}"
    )
    units = {name: key.unit for key, name in zip(keys, names, strict=True)} | {
        column: measure.unit,
        "n_trades": "trades",
        **{name: other.unit for name, other in others.items()},
    }
    found = draft.query(sql, units, run.currency)
    if not len(found):
        draft.say("No trade is like that.")
        return
    if measure is COUNT and not order and len(found) > 1:
        mean = draft.query(f"select avg(n_trades) as average_trades from ({sql})", {"average_trades": "ratio"})
        draft.say(f"On average {{a}} trades for each {keys[0].words} that has any.", a=mean.cell(0, "average_trades"))
    what = f"{measure.words}{' of trades' + _said(words) if words else ''}"
    if order and _both_ends(heard):
        last = len(found) - 1
        for row, superlative in ((0, "lowest" if order == "asc" else "highest"),
                                 (last, "highest" if order == "asc" else "lowest")):  # fmt: skip
            draft.say(
                f"The {superlative} {what} has the {keys[0].words} {{key}}: {{value}} ({{n}} trades).",
                key=found.cell(row, names[0]), value=found.cell(row, column), n=found.cell(row, "n_trades"),
            )  # fmt: skip
        return
    if order:
        superlative = "lowest" if order == "asc" else "highest"
        draft.say(
            f"The {superlative} {what} has the {keys[0].words} {{key}}: {{value}} ({{n}} trades).",
            key=found.cell(0, names[0]), value=found.cell(0, column), n=found.cell(0, "n_trades"),
        )  # fmt: skip
        first = found.value(0, column)
        if heard.has("order", "worst", "loss") and metric == "net_profit" and first is not None and first >= 0:
            draft.say("None of them loses money.")
    rows = range(1 if order else 0, min(len(found), 32 if not order else _SHOWN))
    for row in rows:
        shown = {f"k{i}": found.cell(row, name) for i, name in enumerate(names)}
        key = ", ".join("{" + name + "}" for name in shown)
        shown |= {f"o{i}": found.cell(row, name) for i, name in enumerate(others)}
        more = "".join(f", {other.words} {{o{i}}}" for i, other in enumerate(others.values()))
        told = f"{measure.words} {{value}}{more} ({{n}} trades)" if measure is not COUNT else f"{{value}} trades{more}"
        draft.say(
            f"{key}: {told}.",
            value=found.cell(row, column), n=found.cell(row, "n_trades"), **shown,
        )  # fmt: skip
    if rows and rows[-1] + 1 < len(found):
        draft.say("The cited rows hold the others.")
    if not order and not measure.singular and measure is not COUNT and len(found) > 1:
        whole = draft.query(
            f"select {measure.sql} as {metric}, count(*) as n_trades {trades_from(run, where)}",
            {metric: measure.unit, "n_trades": "trades"}, run.currency,
        )  # fmt: skip
        draft.say(
            f"All together: {measure.words} {{a}} ({{n}} trades).", a=whole.cell(0, metric), n=whole.cell(0, "n_trades")
        )


def _both_ends(heard: Heard) -> bool:
    """Whether the best and the worst are asked for."""
    return heard.has("order", "best") and heard.has("order", "worst", "lowest")


def _others(heard: Heard, metric: str) -> dict[str, Measure]:
    """Further measures that a question names beside the first, by metric."""
    aggregate = next((a for a in heard.values("agg") if a not in {"count", "share"}), "")
    found = {
        name: measure_of(name, aggregate) for name in heard.values("metric") if name not in {metric, "total_trades"}
    }
    if any(other is None for other in found.values()):
        raise Unanswerable("That cannot be worked out of single trades.", ["net profit by weekday", "win rate by hour"])
    if heard.has("agg", "share"):
        found["share_of_trades"] = Measure("100.0 * count(*) / sum(count(*)) over ()", "%", "share of the trades")
        if metric != "net_profit":  # which is told already
            found.setdefault("net_profit", MEASURES["net_profit"])
    if metric in {"bars_held", "average_bars_held"}:
        found["hours_held"] = Measure(f"avg({HELD_HOURS})", "ratio", "average time held in hours")
    return {name: other for name, other in found.items() if other is not None}


def _order(heard: Heard, measure: Measure) -> str:
    """Direction of the order, "" for that of the groups."""
    if heard.has("order", "lowest"):
        return "asc"
    if heard.has("order", "worst", "loss"):
        return "asc" if measure.better > 0 and measure is not COUNT else "desc"
    lost = heard.values("outcome") == ("loss",) and measure.column == "net_profit"
    if lost and heard.has("order", "best") and any(t.text in _LARGE for t in heard.all("order")):
        return "asc"  # the largest loss is the lowest profit
    if heard.has("order", "best"):
        text = next(t.text for t in heard.all("order") if t.value == "best")
        high = measure.better > 0 or text in {"most", "highest", "largest", "biggest", "greatest"}
        return "desc" if high else "asc"
    if heard.has("agg", "max"):
        return "desc"
    if heard.has("agg", "min"):
        return "asc"
    return ""


def _said(words: list[str]) -> str:
    return f" {', '.join(words)}" if words else ""
