"""Prices of the data itself: the highest and the lowest, where it began and ended, its widest bar and its clock."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trade_sql import in_time
from trading_ai.documents.words import short

_PRICES = ("highest", "lowest", "highest_close", "lowest_close", "average_close", "first_open", "last_close")


class Market(Topic):
    """Bars of a dataset, and how its file was read."""

    name = "market"
    accounts = ALWAYS | {
        "cue:price", "cue:wide_bar", "cue:clock", "noun:dataset", "noun:bar", "noun:symbol", "order", "agg", "year",
        "month", "date", "cue:when", "cue:imported", "cue:quality", "noun:trade", "id_dataset", "cue:source",
        "cue:why",
    }  # fmt: skip
    offers = ("what is the highest price of the EURUSD data?", "which time zone is the data in?")

    @override
    def fit(self, heard: Heard) -> float:
        if heard.cue("clock") and heard.has("noun", "trade") and not heard.has("metric"):
            return 0.95
        if heard.has("noun", "trade", "trial", "backtest", "optimization", "winner") or heard.has("metric"):
            return 0.1
        if heard.has("name") or heard.has("id_backtest") or heard.has("id_optimization"):
            return 0.1
        data = heard.has("noun", "dataset", "bar") or heard.has("symbol") or heard.has("id_dataset")
        if heard.cue("clock"):
            return 0.95 if data or heard.cue("imported") else 0.3
        if heard.cue("wide_bar"):
            return 0.95 if data else 0.3
        if heard.cue("price") and data:
            ends = heard.has("order", "best", "worst", "lowest") or heard.has("agg", "max", "min", "avg")
            return 0.95 if ends or heard.has("subject", "latest", "oldest") else 0.5
        return 0.0

    @override
    def reading(self, heard: Heard) -> str:
        if heard.cue("clock"):
            return "which time zone is the data in?"
        return f"what is the highest price of the {(heard.values('symbol') or ('latest',))[0]} data?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        found = [
            d for d in desk.stored.datasets
            if (not heard.values("symbol") or d[1] in heard.values("symbol"))
            and (not heard.values("timeframe") or d[2] in heard.values("timeframe"))
            and (not heard.values("id_dataset") or d[0] in heard.values("id_dataset"))
        ]  # fmt: skip
        if not found:
            raise Unanswerable("No dataset is like that.", ["which datasets are there?"])
        if heard.cue("clock"):
            _clock([d[0] for d in found], draft)
            return
        newest = "Several datasets are like that: asked of the newest, " if len(found) > 1 else "Asked of the data of "
        draft.assume(f"{newest}{found[0][1]} {found[0][2]}")
        _bars(heard, found[0][0], draft)


def _clock(datasets: list[str], draft: Draft) -> None:
    rows = draft.query(
        "select symbol, timeframe, detected->>'timezone' as timezone, detected->>'timezone_decided_by' as decided_by, "
        "detected->>'side' as side "
        f"from datasets where dataset_id in ({', '.join(map(quoted, datasets))}) order by created_at desc, dataset_id"
    )
    for row in range(min(len(rows), 8)):
        cells = {name: rows.cell(row, name) for name in rows.rows.columns}
        draft.say(
            "{symbol} {timeframe}: the file's times were read as {timezone} ({decided_by}); side of its prices: "
            "{side}.",
            **cells,
        )
    warned = draft.query(
        "select symbol, timeframe, warning from (select symbol, timeframe, created_at, dataset_id, unnest(from_json("
        "quality->'warnings', '[\"varchar\"]')) as warning from datasets where dataset_id in "
        f"({', '.join(map(quoted, datasets))})) where regexp_matches(warning, '(?i)time zone|side=|\\bask\\b') "
        "order by created_at desc, dataset_id limit 8",
        {"warning": "name"},
    )
    for row in range(len(warned)):
        cells = {name: warned.cell(row, name) for name in warned.rows.columns}
        draft.say("Of {symbol} {timeframe} the import warned: {warning}.", **cells)
    draft.say("Times are kept in UTC.")


def _bars(heard: Heard, dataset: str, draft: Draft) -> None:
    where = in_time(heard)
    condition = f" where {' and '.join(where)}" if where else ""
    source = f"from bars({quoted(dataset)}){condition}"
    draft.assume("Bid prices, times in UTC")
    if heard.cue("wide_bar"):
        wide = draft.query(
            f"select time, open, high, low, close, high - low as span {source} order by span desc, time limit 1",
            {"span": "plain", **dict.fromkeys(("open", "high", "low", "close"), "plain")},
        )
        if len(wide):
            cells = {name: wide.cell(0, name) for name in wide.rows.columns}
            draft.say("The widest bar opens at {time}: from {low} to {high}, {span} wide.", **cells)
        return
    found = draft.query(
        "select count(*) as n_bars, max(high) as highest, arg_max(time, high) as highest_at, min(low) as lowest, "
        "arg_min(time, low) as lowest_at, "
        "max(close) as highest_close, arg_max(time, close) as highest_close_at, "
        "min(close) as lowest_close, arg_min(time, close) as lowest_close_at, "
        "avg(close) as average_close, arg_min(open, time) as first_open, "
        f"arg_max(close, time) as last_close, min(time) as first_time, max(time) as last_time {source}",
        dict.fromkeys(_PRICES, "plain"),
    )
    if not found.value(0, "n_bars"):
        draft.say("{n} bars are like that.", n=found.cell(0, "n_bars"))
        return
    cells = {name: found.cell(0, name) for name in found.rows.columns}
    draft.say(
        "The highest price is {highest} (in the bar of {highest_at}), the lowest {lowest} ({lowest_at}).", **cells
    )
    draft.say(
        "The highest close is {highest_close} ({highest_close_at}), the lowest {lowest_close} ({lowest_close_at}).",
        **cells,
    )
    draft.say("The first open is {first_open} ({first_time}), the last close {last_close} ({last_time}).", **cells)
    if heard.has("agg", "avg"):
        draft.say("The average close is {average_close}.", **cells)
    draft.offer(f"trading-ai data show {short(dataset)}")


MARKET = Market()
