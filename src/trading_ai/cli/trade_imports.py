"""`trading-ai backtest import`: reports and lists of trades of other platforms."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, BACKTEST_ID
from trading_ai.cli.flags import FROM_FLAGS, with_flags
from trading_ai.cli.output import note, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.differences import differences_json
from trading_ai.documents.imports import imported_backtests_json
from trading_ai.documents.words import number, short
from trading_ai.importers.trades.importing import import_trades
from trading_ai.metrics.catalog import metric
from trading_ai.optimization.imports import differences_of
from trading_ai.options import Given, rows_of

if TYPE_CHECKING:
    from trading_ai.documents.differences import Agreement
    from trading_ai.documents.imports import ImportedBacktest

_STATUS = {
    "equal": "equal", "rounding": "rounding", "explained": "explained", "not_computed": "not computed",
    "differs": "DIFFERS",
}  # fmt: skip


@with_flags(rows_of("report"))
def import_backtests(
    *,
    files: list[Path] = typer.Argument(
        ..., metavar="FILE...", help="Reports, lists of trades, gzipped or zipped, or folders of them."
    ),
    given: Given = FROM_FLAGS,
    name: str = typer.Option("", help="A name for it; that of the strategy and the file if left out."),
    as_json: bool = AS_JSON,
) -> None:
    """Keep backtests that were made elsewhere: reports and lists of trades of other platforms.

    Nothing is kept if one file cannot be read.
    """
    application = Application()
    stated = {field: value for field, value in given["report"].items() if value not in (None, ())}
    every = import_trades(application.backtests, files, stated, name=name, now=time.time())
    found = imported_backtests_json(every)
    if as_json:
        print_json(found)
        return
    for item in found["imported"]:
        _show(item)
    first = found["imported"][0]["backtest"]["id"]
    say(f"Next: trading-ai backtest show {short(first)}")


def _show(item: ImportedBacktest) -> None:
    backtest = item["backtest"]
    say(f"backtest   {backtest['id']}" + (f"  {backtest['name']}" if backtest["name"] else ""))
    say(f"read from  {item['source']}: {item['title']}")
    say(f"trades     {item['n_trades']:,} of {backtest['symbol']}")
    say(f"clock      {item['clock']}")
    say(f"account    {backtest['capital']:,.2f} {backtest['account_currency']}")
    say(f"bars       {short(backtest['dataset_id']) if backtest['dataset_id'] else 'none'}")
    for what, text in item["costs"].items():
        say(f"{what:<10} {text}")
    if item["strategy_parameters"]:
        shown = ", ".join(f"{key}={value}" for key, value in [*item["strategy_parameters"].items()][:12])
        more = len(item["strategy_parameters"]) - 12
        say(f"parameters {shown}" + (f", and {more} more" if more > 0 else ""))
    rows = (
        [
            figure["name"], number(figure["reported"], metric(figure["name"]).unit),
            number(figure["computed"], metric(figure["name"]).unit), _STATUS[figure["status"]], figure["explanation"],
        ]
        for figure in item["figures"]
    )  # fmt: skip
    if item["figures"]:
        heads = ("figure", "reported", "from trades", "", "why")
        table("The report's summary and its trades", heads, rows, spare=("why",))
    if item["bars"] is not None:
        _show_bars(item["bars"], backtest["id"])
    for line in item["notes"]:
        note(f"Note: {line}")
    if item["n_unexplained"]:
        note(f"Warning: {item['n_unexplained']} figures of the report differ from its trades and are not explained.")
    if not item["added"]:
        note("These trades were imported before; nothing was added.")


def _show_bars(found: Agreement, backtest_id: str) -> None:
    """How far the bars at hand bear a report out."""
    if found["n_with_reason"]:
        n, same = found["n_with_reason"], found["n_same"]
        say(f"on bars    {same:,} of {n:,} trades end in the same bar for the same reason")
    net, on_bars = number(found["net_profit"], "money"), number(found["bar_net_profit"], "money")
    say(f"net        {net} as reported, {on_bars} by its own levels on the bars")
    if found["otherwise"]:
        say(f"           which trades end otherwise: trading-ai backtest differences {short(backtest_id)}")


def differences(
    *,
    backtest_id: str = BACKTEST_ID,
    every: bool = typer.Option(False, "--all", help="List the trades that end alike too."),
    as_json: bool = AS_JSON,
) -> None:
    """Set the trades that a backtest replays beside what its bars and their own levels alone make of them.

    Their own exits decide nothing here: it shows how far the bars bear the report out.
    """
    application = Application()
    record = application.store.backtest(backtest_id)
    found = differences_json(record.backtest_id, *differences_of(application.backtests, record))
    if as_json:
        print_json(found)
        return
    said, same = found["n_with_reason"], found["n_same"]
    say(f"trades     {found['n_trades']:,} begin on the bars; of {said:,} it is known why they ended")
    say(f"alike      {same:,} of {said:,} end in the same bar for the same reason")
    say(f"net        {number(found['net_profit'], 'money')} listed, {number(found['bar_net_profit'], 'money')} on bars")
    rows = [
        [
            str(row["trade"]), row["entry_time"][:16], row["direction"],
            row["exit_time"][:16], row["exit_reason"] or "",
            number(row["net_profit"], "money"), (row["bar_time"] or "")[:16], row["bar_reason"] or "never",
            number(row["bar_net_profit"], "money"),
        ]
        for row in found["trades"]
        if every or not row["same_exit"]
    ]  # fmt: skip
    if rows:
        heads = ("trade", "entry", "side", "exit listed", "why", "net", "exit on bars", "why", "net")
        table("Every trade" if every else "Trades that end otherwise", heads, rows)
