"""`trading-ai data fetch`: bars of a source that the user names, and what is new since the last time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.appending import keep_grown
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.data import show_dataset
from trading_ai.cli.output import note, print_json, say
from trading_ai.documents.datasets import imported_json
from trading_ai.documents.words import short
from trading_ai.errors import InputError, StateError
from trading_ai.importers.exchange import Fetched, fetch, open_exchange
from trading_ai.importers.growing import checked
from trading_ai.importers.yahoo import open_source
from trading_ai.market.appending import Appended, appended
from trading_ai.market.date_range import moment_ns
from trading_ai.market.timeframe import timeframe

if TYPE_CHECKING:
    from trading_ai.optimization.records import DatasetRecord

_FILES = (
    "Known are ccxt:EXCHANGE, such as ccxt:binance, and yahoo. Files of Dukascopy or HistData are read from a folder: "
    "trading-ai data import, and data append for what is new"
)


def _earlier(application: Application, source: str, length: str) -> DatasetRecord | None:
    """The newest dataset of a source."""
    found = (r for r in application.store.datasets() if r.source == source and r.timeframe == length)
    return max(found, key=lambda record: (record.last_ns, record.n_bars), default=None)


def fetch_bars(
    *,
    source: str = typer.Argument(..., metavar="SOURCE", help="ccxt:EXCHANGE, such as ccxt:binance, or yahoo."),
    market: str = typer.Argument(..., metavar="MARKET", help="The market's name there, such as BTC/USDT, or AAPL."),
    length: str = typer.Argument(..., metavar="TIMEFRAME", help="M1, H1, D1, ..."),
    since: str | None = typer.Option(None, metavar="DATE", help="First day or moment, UTC; of later calls none."),
    until: str | None = typer.Option(None, metavar="DATE", help="The moment after the last one, UTC; now if left out."),
    as_json: bool = AS_JSON,
) -> None:
    """Fetch bars of an exchange or of Yahoo and keep them; called again, it goes on where it ended."""
    opened = open_source(source, open_exchange, _FILES)
    asked, now = timeframe(length), time.time_ns()
    end = min(now, moment_ns(until, "until")) if until is not None else now
    application, called = Application(), f"{source} {market}"
    before = _earlier(application, called, str(asked))
    if before is None and since is None:
        raise InputError("is needed the first time", parameter="--since", remedy="Example: --since 2024-01-01")
    begin = moment_ns(since, "since") if before is None else before.last_ns + asked.ns
    if before is not None and since is not None and moment_ns(since, "since") + asked.ns <= before.first_ns:
        raise InputError(
            f"lies before dataset {short(before.dataset_id)}, which begins {np.datetime64(before.first_ns, 'ns')}",
            parameter="--since", value=since, remedy="Delete that dataset to begin earlier, or leave --since out",
        )  # fmt: skip
    old = None if before is None else application.artifacts.load_bars(before.dataset_id)
    found = fetch(
        opened, market, asked, begin, end,
        instrument=None if old is None else old.symbol,
        told=lambda n, ns: note(f"{n:,} bars, to {np.datetime64(ns, 'ns').astype('datetime64[m]')}"),
    )  # fmt: skip
    record, added = _kept(application, before, old, found, called, {"since": since, "until": until})
    if as_json:
        print_json(imported_json(record, added=added))
    elif added:
        show_dataset(record)
    else:
        note("Nothing is new.")
    if not found.is_complete:
        note(f"Not everything came ({found.reason}): the same command goes on where it ended.")
    elif not as_json:
        say(f"Next: trading-ai backtest run --dataset {short(record.dataset_id)} --strategy sma_crossover")


def _kept(
    application: Application,
    before: DatasetRecord | None,
    old: Any,
    found: Fetched,
    source: str,
    asked: dict[str, str | None],
) -> tuple[DatasetRecord, bool]:
    """Keep what was fetched, behind what there was."""
    if found.bars is None:
        if before is None:
            raise StateError(f"{source} has no bars there: look at --since and --until")
        return before, False
    bars = found.bars
    detected = {
        "format": source.partition(":")[0].partition(" ")[0], "timezone": "UTC",
        "timezone_decided_by": "the source", "timeframe": str(bars.timeframe), "side": "trade",
        "stated": {name: value for name, value in asked.items() if value},
    }  # fmt: skip
    if before is None:
        made, _ = checked(Appended(bars, len(bars), 0, last_replaced=False), detected, source, "")
        first = {name: value for name, value in made.detected.items() if name != "continues"}
        made = replace(made, detected=first)
        quality = made.report.to_dict() | {"lines": made.report.lines()}
        return application.backtests.keep_bars(made.bars, source, made.detected, quality)
    made, joined = checked(appended(old, bars, source), detected, source, before.dataset_id)
    return keep_grown(application, before, made, joined, source)
