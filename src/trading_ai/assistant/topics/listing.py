"""Lists of datasets, symbols and strategies, and what all lists of records share."""

from __future__ import annotations

import re

from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.documents.words import short

_SHOWN = 10
_TRIED = re.compile(r"\b(?:tested|backtested|traded|tried)\b")
"""What is asked of backtests, and not of the data that is there."""


def limit_of(heard: Heard, default: int) -> int:
    """How many rows are wanted."""
    found = heard.first("limit")
    one = heard.has("subject", "latest") and not any(tag.text.endswith("s") for tag in heard.all("noun"))
    return int(found.number) if found is not None and found.number else 1 if one else default


def where_of(heard: Heard, slots: tuple[str, ...]) -> list[str]:
    """Conditions on a table of records, of the slots that a question fills."""
    found = ["part_of = ''"] if "strategy" in slots else []
    for slot in slots:
        values = heard.values(slot)
        if values:
            found.append(f"{slot} in ({', '.join(map(quoted, values))})")
    return found


def datasets(heard: Heard, draft: Draft) -> None:
    """Datasets, or their symbols, counted or listed."""
    where = where_of(heard, ("symbol", "timeframe"))
    condition = f" where {' and '.join(where)}" if where else ""
    if heard.has("noun", "symbol") and not heard.has("noun", "dataset") and not heard.has("agg", "count"):
        if _TRIED.search(heard.question.lower()):
            _of_backtests(heard, draft)
            return
        found = draft.query(
            f"select symbol, count(*) as n_datasets, sum(n_bars) as n_bars from datasets{condition} group by symbol "
            f"order by symbol",
            {"n_datasets": "datasets"},
        )
        for row in range(len(found)):
            draft.say(
                "{s}: {n} datasets, {b} bars.",
                s=found.cell(row, "symbol"),
                n=found.cell(row, "n_datasets"),
                b=found.cell(row, "n_bars"),
            )
        return
    if heard.has("agg", "count") and heard.has("noun", "symbol") and _TRIED.search(heard.question.lower()):
        found = draft.query(
            "select count(distinct symbol) as n_symbols from backtests where part_of = ''", {"n_symbols": "symbols"}
        )
        draft.say("{n} symbols have been backtested.", n=found.cell(0, "n_symbols"))
        return
    if heard.has("agg", "count") and not heard.has("noun", "bar"):
        what, named = (
            ("count(distinct symbol) as n_symbols", "n_symbols")
            if heard.has("noun", "symbol") and not heard.has("noun", "dataset")
            else ("count(*) as n_datasets", "n_datasets")
        )
        found = draft.query(f"select {what} from datasets{condition}", {named: named})
        draft.say(f"{{n}} {named.removeprefix('n_')} are stored.", n=found.cell(0, named))
        if not heard.cue("list"):
            return
    order = "created_at desc"
    if heard.has("order", "best", "worst", "lowest"):
        by = "n_bars" if heard.has("noun", "bar") else "last_time - first_time"
        order = f"{by} {'asc' if heard.has('order', 'lowest', 'worst') else 'desc'}"
        draft.assume("By the number of bars" if by == "n_bars" else "By the time from the first bar to the last")
    shown = limit_of(heard, 1 if heard.has("order") else _SHOWN)
    found = draft.query(
        f"select dataset_id, symbol, timeframe, n_bars, first_time, last_time, source, created_at from "
        f"datasets{condition} order "
        f"by {order}, "
        f"dataset_id limit {shown}", {"source": "name"},
    )  # fmt: skip
    if not len(found):
        draft.say("No dataset is like that.")
        return
    for row in range(len(found)):
        cells = {
            c: found.cell(row, c) for c in ("symbol", "timeframe", "n_bars", "first_time", "last_time", "created_at")
        }
        draft.say(
            "{symbol} {timeframe}: {n_bars} bars, {first_time} to {last_time}, from {source}, imported {created_at}.",
            source=found.cell(row, "source"),
            **cells,
        )
    draft.offer("trading-ai data list", f"trading-ai data show {short(str(found.value(0, 'dataset_id')))}")


def _of_backtests(heard: Heard, draft: Draft) -> None:
    """Symbols by the backtests that traded them."""
    where = " and ".join(where_of(heard, ("symbol", "strategy", "timeframe")))
    found = draft.query(
        f"select symbol, count(*) as n_backtests from backtests where {where} group by symbol order by symbol",
        {"n_backtests": "backtests"},
    )
    for row in range(len(found)):
        draft.say("{s}: {n} backtests.", s=found.cell(row, "symbol"), n=found.cell(row, "n_backtests"))


def strategies(draft: Draft) -> None:
    """Strategies that were run, by the number of backtests."""
    found = draft.query(
        "select strategy, count(*) as n_backtests from backtests where part_of = '' group by strategy order by "
        "n_backtests desc, strategy",
        {"n_backtests": "backtests"},
    )
    for row in range(min(len(found), _SHOWN)):
        draft.say("{s}: {n} backtests.", s=found.cell(row, "strategy"), n=found.cell(row, "n_backtests"))
    draft.offer("trading-ai strategies   (all that can be run)")
