"""The semantic layer of trades: measures, dimensions and filters, each with its SQL over the table `trades`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.drafts import quoted
from trading_ai.assistant.showing import MONTHS, WEEKDAYS, harmless
from trading_ai.assistant.spans import after_sql, span_sql
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.metrics.listed import HALF_A_CENT

SESSIONS = {"asia": (22, 7), "london": (7, 13), "new_york": (13, 22)}
"""Hours in UTC, first and the one after the last. They cut the day into three without overlap; the places overlap."""

SESSION_NAMES = {"asia": "Asia", "london": "London", "new_york": "New York"}
_WON = f"net_profit >= {HALF_A_CENT}"
_LOST = f"net_profit <= -{HALF_A_CENT}"
HELD_HOURS = "epoch(exit_time - entry_time) / 3600.0"


@dataclass(frozen=True)
class Measure:
    """What can be worked out of some trades.

    Attributes:
        sql: the aggregate.
        unit: of the result.
        words: how sentences name it.
        column: what an average, a sum or an extreme is taken of; "" where that makes no sense.
        better: +1 if more is better, -1 if less is.
        singular: whether it is one figure of many trades already, and not a sum of them.
    """

    sql: str
    unit: str
    words: str
    column: str = ""
    better: int = 1
    singular: bool = False


_MONEY = "account currency"
COUNT = Measure("count(*)", "trades", "number of trades")
MEASURES: dict[str, Measure] = {
    "net_profit": Measure("sum(net_profit)", _MONEY, "net profit", "net_profit"),
    "gross_profit": Measure(f"coalesce(sum(net_profit) filter (where {_WON}), "
        f"0)", _MONEY, "gross profit", singular=True),
    "gross_loss": Measure(f"coalesce(sum(net_profit) filter (where {_LOST}), 0)", _MONEY, "gross loss", singular=True),
    "profit_factor": Measure(
        f"sum(net_profit) filter (where {_WON}) / nullif(-sum(net_profit) filter (where {_LOST}), 0)", "ratio",
        "profit factor", singular=True,
    ),
    "total_trades": COUNT,
    "win_rate": Measure(f"100.0 * count(*) filter (where {_WON}) / count(*)", "%", "win rate", singular=True),
    "expectancy": Measure("avg(net_profit)", _MONEY, "average net profit a trade", singular=True),
    "average_win": Measure(f"avg(net_profit) filter (where {_WON})", _MONEY, "average win", singular=True),
    "average_loss": Measure(f"avg(net_profit) filter (where {_LOST})", _MONEY, "average loss", singular=True),
    "largest_win": Measure(f"max(net_profit) filter (where {_WON})", _MONEY, "largest win", singular=True),
    "largest_loss": Measure(f"min(net_profit) filter (where {_LOST})", _MONEY, "largest loss", singular=True),
    "payoff_ratio": Measure(
        f"avg(net_profit) filter (where {_WON}) / nullif(-avg(net_profit) filter (where {_LOST}), 0)", "ratio",
        "payoff ratio (average win over average loss)", singular=True,
    ),
    "commission_paid": Measure("sum(commission)", _MONEY, "commission", "commission", -1),
    "swap_paid": Measure("-sum(swap)", _MONEY, "swap paid", "-swap", -1),
    "average_bars_held": Measure("avg(bars_held)", "plain", "average length in bars", singular=True),
    "bars_held": Measure("avg(bars_held)", "plain", "average length in bars", "bars_held"),
    "mae": Measure("avg(mae)", _MONEY, "average of the worst open profit (MAE)", "mae"),
    "mfe": Measure("avg(mfe)", _MONEY, "average of the best open profit (MFE)", "mfe"),
    "pips": Measure("sum(pips)", "pips", "number of pips", "pips"),
    "units": Measure("avg(units)", "plain", "average size in units", "units"),
    "ambiguous_exits": Measure("count(*) filter (where ambiguous)", "trades", "number of ambiguous "
        "exits", "", -1, True),
}  # fmt: skip
"""Measures by the metric that they are called by."""

_AGGREGATES = {"avg": ("avg", "average"), "median": ("median", "median"), "sum": ("sum", "total"), "max": ("max",
"largest"),
               "min": ("min", "smallest"), "std": ("stddev_samp", "standard deviation of")}  # fmt: skip


@dataclass(frozen=True)
class Dimension:
    """What trades can be grouped by.

    Attributes:
        sql: the group; ``{time}`` stands for the time that counts.
        unit: of its value, for people.
        words: how sentences name it.
        timed: whether it depends on the time that counts.
    """

    sql: str
    unit: str
    words: str
    timed: bool = True


DIMENSIONS: dict[str, Dimension] = {
    "hour": Dimension("extract(hour from {time})", "hour", "hour"),
    "weekday": Dimension("isodow({time})", "weekday", "weekday"),
    "day": Dimension("cast({time} as date)", "", "day"),
    "week": Dimension("cast(date_trunc('week', {time}) as date)", "", "week"),
    "month": Dimension("strftime({time}, '%Y-%m')", "", "month"),
    "month_of_year": Dimension("extract(month from {time})", "month", "month of the year"),
    "quarter": Dimension("strftime({time}, '%Y') || '-Q' || quarter({time})", "", "quarter"),
    "half_year": Dimension(
        "strftime({time}, '%Y') || '-H' || case when extract(month from {time}) < 7 then '1' else '2' "
            "end", "", "half-year"
    ),
    "year": Dimension("extract(year from {time})", "plain", "year"),
    "session": Dimension(
        "case when extract(hour from {time}) >= 22 or extract(hour from {time}) < 7 then 'Asia' "
        "when extract(hour from {time}) < 13 then 'London' else 'New York' end", "", "session",
    ),
    "half": Dimension(
        "case when {time} < (select min({time}) + (max({time}) - min({time})) / 2 from {trades}) "
        "then '1: first half' else '2: second half' end", "", "half of the time",
    ),
    "direction": Dimension("direction", "", "direction", timed=False),
    "exit_reason": Dimension("exit_reason", "", "exit reason", timed=False),
    "outcome": Dimension(
        f"case when {_WON} then 'won' when {_LOST} then 'lost' else 'neither' end", "", "outcome", timed=False
    ),
    "duration": Dimension(
        f"case when {HELD_HOURS} < 1 then '1: under 1 h' when {HELD_HOURS} < 4 then '2: 1 to 4 h' "
        f"when {HELD_HOURS} < 24 then '3: 4 to 24 h' when {HELD_HOURS} < 72 then '4: 1 to 3 days' "
        "else '5: 3 days or more' end", "", "time held", timed=False,
    ),
}  # fmt: skip
"""Dimensions by what the lexicon calls them."""


def measure_of(metric: str, aggregate: str) -> Measure | None:
    """A measure with the aggregate that a question asks for; None where that makes no sense."""
    measure = MEASURES.get(metric)
    if measure is None:
        return None
    if (
        aggregate in {"", "count", "share"}
        or measure is COUNT
        or (aggregate == "sum" and measure.sql.startswith("sum"))
    ):
        return measure
    if measure.singular:
        return measure if aggregate in {"avg", "sum", "max", "min"} else None
    if not measure.column:
        return None
    function, words = _AGGREGATES[aggregate]
    named = {"bars_held": "length in bars", "mae": "worst open profit (MAE)", "mfe": "best open profit (MFE)",
             "units": "size in units", "pips": "pips"}.get(metric, measure.words)  # fmt: skip
    return Measure(f"{function}({measure.column})", measure.unit, f"{words} {named}", measure.column, measure.better)


def in_time(heard: Heard) -> list[str]:
    """Conditions on the column ``time`` of bars and of the equity, of the years, months and dates of a question."""
    found = [f"extract(year from time) = {value}" for value in heard.values("year")]
    found += [f"extract(month from time) = {value}" for value in heard.values("month")]
    return found + [f"strftime(time, '%Y-%m-%d') like '{value}%'" for value in heard.values("date")]


def time_column(heard: Heard) -> str:
    """The time that counts: of the exit unless the entry is asked for."""
    return "entry_time" if heard.has("time_of", "entry") and not heard.has("time_of", "exit") else "exit_time"


def condition_sql(tag: Tag) -> str | None:
    """A condition of a question on single trades, or None where it is about something else."""
    operator, number = tag.operator, tag.number
    columns = {
        "metric:net_profit": "net_profit", "metric:mae": "mae", "metric:mfe": "mfe", "metric:bars_held": "bars_held",
        "metric:average_bars_held": "bars_held", "metric:commission_paid": "commission", "metric:swap_paid": "-swap",
        "metric:units": "units", "metric:pips": "pips", "held:hour": HELD_HOURS, "held:day": f"{HELD_HOURS} / 24.0",
        "metric:expectancy": "net_profit", "metric:largest_win": "net_profit",
    }  # fmt: skip
    column = columns.get(tag.value)
    return None if column is None or operator is None or number is None else f"{column} {operator} {number:g}"


def filters(heard: Heard, time: str, *, dimensions: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Conditions in SQL and in words, of all that a question asks of single trades.

    Args:
        heard: the question.
        time: the column of the time that counts.
        dimensions: what is grouped by: values of a direction, named to be compared, do not filter it.
    """
    sql: list[str] = []
    words: list[str] = []

    def add(tags: Sequence[Tag], make: str, named: str) -> None:
        values = ", ".join(make_value for make_value in (t.value for t in tags))
        turned = "not " if tags[0].negated else ""
        sql.append(f"{make} {turned}in ({values})")
        words.append(f"{turned}{named}")

    if tags := heard.all("weekday"):
        add(tags, f"isodow({time})", "on " + _listed([WEEKDAYS[int(t.value) - 1] for t in tags]))
    if tags := heard.all("month"):
        add(tags, f"extract(month from {time})", "in " + _listed([MONTHS[int(t.value) - 1] for t in tags]))
    if tags := heard.all("year"):
        add(tags, f"extract(year from {time})", "in " + _listed([t.value for t in tags]))
    for tag in heard.all("date"):
        shape = "%Y-%m-%d" if len(tag.value) == 10 else "%Y-%m"
        sql.append(f"strftime({time}, '{shape}') {'<>' if tag.negated else '='} '{tag.value}'")
        words.append(f"{'not ' if tag.negated else ''}on {tag.value}")
    for tag in heard.all("hour"):
        low, _, high = tag.value.partition("-")
        hour = f"extract(hour from {time})"
        made = f"{hour} = {int(low)}" if not high else _range(hour, int(low), int(high))
        sql.append(f"not ({made})" if tag.negated else made)
        words.append(
            ("not " if tag.negated else "") + (f"at hour {int(low)}" if not high else f"from {low} to {high} h")
        )
    for tag in heard.all("part"):
        if "half" in dimensions and tag.value in HALVES:
            continue
        made = _part(tag.value, time)
        sql.append(f"not ({made})" if tag.negated else made)
        words.append(("not " if tag.negated else "") + tag.value.replace("_", " "))
    for tag in heard.all("span"):
        sql.append(span_sql(tag.value, time)[0])
        if harmless(tag.text) not in words:
            words.append(harmless(tag.text))
    for tag in heard.all("after"):
        made, n = after_sql(tag.value)
        sql.append(f"{made}{HALF_A_CENT}")
        kind = "losing" if tag.value.startswith("loss") else "winning"
        words.append(f"right after {n} {kind} trades" if n > 1 else f"right after a {kind} trade")
    if tags := heard.all("session"):
        hour = f"extract(hour from {time})"
        made = " or ".join(_range(hour, *SESSIONS[t.value]) for t in tags)
        sql.append(f"not ({made})" if tags[0].negated else f"({made})")
        named = _listed([SESSION_NAMES[t.value] for t in tags])
        words.append(("not " if tags[0].negated else "") + f"in the session of {named}")
    if (values := heard.values("direction")) and len(values) == 1 and "direction" not in dimensions:
        negated = heard.all("direction")[0].negated
        sql.append(f"direction {'<>' if negated else '='} '{values[0]}'")
        words.append(f"{'not ' if negated else ''}{values[0]}")
    if (values := heard.values("outcome")) and len(values) == 1 and "outcome" not in dimensions:
        sql.append(_WON if values[0] == "win" else _LOST)
        words.append("won" if values[0] == "win" else "lost")
    if tags := heard.all("exit"):
        turned = "not " if tags[0].negated else ""
        sql.append(f"exit_reason {turned}in (" + ", ".join(f"'{t.value}'" for t in tags) + ")")
        words.append(f"{turned}ended by " + _listed([t.value.replace("_", " ") for t in tags]))
    for tag in heard.all("condition"):
        made_of = condition_sql(tag)
        if made_of is not None:
            sql.append(made_of)
            words.append(("held " if tag.value.startswith("held") else "with ") + harmless(tag.text))
    return sql, words


HALVES = ("first_half", "second_half")
_DAY_PARTS = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 22), "night": (22, 6)}


def _part(value: str, time: str) -> str:
    """A part of the day, the week or the whole time as a condition."""
    if value == "weekend":
        return f"isodow({time}) in (6, 7)"
    if value == "over_weekend":
        return "date_trunc('week', entry_time) <> date_trunc('week', exit_time)"
    if value == "overnight":
        return "cast(entry_time as date) <> cast(exit_time as date)"
    if value in HALVES:
        half = DIMENSIONS["half"].sql.replace("{time}", time)
        return f"{half} = '{'1: first half' if value == 'first_half' else '2: second half'}'"
    return _range(f"extract(hour from {time})", *_DAY_PARTS[value])


def told_of(heard: Heard) -> list[str]:
    """What the filters of a question take for granted."""
    found = [span_sql(tag.value, "exit_time")[1] for tag in heard.all("span")]
    parts = heard.values("part")
    found += [
        f"The {part} is from {_DAY_PARTS[part][0]:02d} to {_DAY_PARTS[part][1]:02d} h"
        for part in parts
        if part in _DAY_PARTS
    ]
    if any(part in HALVES for part in parts):
        found.append("The halves are those of the time from the first to the last trade")
    if heard.has("after"):
        found.append("Trades in the order of closing")
    return [text for text in found if text]


_AFTER = re.compile(r"n_previous = (\d+)")


def trades_from(run: Run, where: Sequence[str], *, only: bool = True) -> str:
    """The trades of a backtest as the end of a SELECT.

    Args:
        run: the backtest.
        where: conditions, as `filters` gives them.
        only: whether those are left out that do not meet them.
    """
    trades = source = f"trades({quoted(run.run_id)})"
    text = " and ".join(where)
    if found := _AFTER.search(text):
        before = f"over (order by number rows between {found[1]} preceding and 1 preceding)"
        source = (
            f"(select *, count(*) {before} as n_previous, max(net_profit) {before} as previous_highest, "
            f"min(net_profit) {before} as previous_lowest from {trades})"
        )
    return f"from {source}" + (f" where {text.replace('{trades}', trades)}" if where and only else "")


def _range(hour: str, low: int, high: int) -> str:
    """Hours from one on, until before another; over midnight where the second is not the later one."""
    if low < high:
        return f"({hour} >= {low} and {hour} < {high})"
    return f"({hour} >= {low} or {hour} < {high})"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))
