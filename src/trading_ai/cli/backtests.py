"""`trading-ai backtest`: run, list, show, export trades, delete."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, BACKTEST_ID, CBOTSET, WINDOWS
from trading_ai.cli.flags import FROM_FLAGS, with_flags
from trading_ai.cli.notes import say_notes
from trading_ai.cli.output import moment, note, print_json, say
from trading_ai.cli.tables import say_folded, table
from trading_ai.documents.backtests import BacktestInFull, backtest_in_full_json, backtest_json, trades_json
from trading_ai.documents.words import number, short, strategy_label, values_text
from trading_ai.errors import ParameterError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.metrics.catalog import metric
from trading_ai.options import Given, rows_of
from trading_ai.parameters import parse_value
from trading_ai.strategies.registry import strategy as strategy_named

if TYPE_CHECKING:
    from trading_ai.optimization.records import BacktestRecord
    from trading_ai.parameters import Value

SET_HELP = "A parameter; may be repeated. A text that reads as a number or as true stands in quotes: NAME='\"10\"'."

SHOWN = (
    "net_profit", "return_percent", "annual_return_percent", "buy_and_hold_percent", "sharpe_ratio", "sortino_ratio",
    "calmar_ratio", "max_drawdown", "max_drawdown_percent", "buy_and_hold_drawdown_percent", "profit_factor",
    "total_trades", "long_trades", "short_trades", "win_rate", "expectancy", "average_win", "average_loss", "sqn",
    "exposure_percent", "commission_paid", "swap_paid", "slippage_paid", "spread_paid", "ambiguous_exits",
    "stop_outs", "final_equity",
)  # fmt: skip


_SIDE_UNITS = {
    "n_trades": "count", "net_profit": "money", "win_rate": "percent", "profit_factor": "ratio", "expectancy": "money",
    "largest_win": "money", "largest_loss": "money",
}  # fmt: skip
_SIDE_HEADS = {name: "win_%" if name == "win_rate" else name.removeprefix("n_") for name in _SIDE_UNITS}


def parse_settings(pairs: Sequence[str]) -> dict[str, Value]:
    """Read ``NAME=VALUE`` pairs.

    Raises:
        ParameterError: a pair has another shape, or a name comes twice.
    """
    result: dict[str, Value] = {}
    for pair in pairs:
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not (name and sign and value):
            raise ParameterError("must look like NAME=VALUE", parameter="--set", value=pair, remedy="Example: fast=10")
        if name in result:
            raise ParameterError("is given twice", parameter=name)
        result[name] = parse_value(value)
    return result


def print_metrics(title: str, metrics: Mapping[str, float]) -> None:
    """The main metrics as a table."""
    rows = ([name, number(metrics[name], metric(name).unit), metric(name).unit] for name in SHOWN if name in metrics)
    table(title, ("metric", "value", "unit"), rows)


@with_flags(rows_of("backtest", "sizing", "costs", "rules"))
def run(
    *,
    dataset: str = typer.Option(..., help="Dataset id, a unique prefix, or latest."),
    strategy: str = typer.Option(..., help="Name, path/to/file.py:ClassName, or bundle:NAME of a published one."),
    set_: list[str] = typer.Option([], "--set", metavar="NAME=VALUE", help=SET_HELP),
    cbotset: Path | None = CBOTSET,
    given: Given = FROM_FLAGS,
    name: str = typer.Option("", help="A name for it."),
    as_json: bool = AS_JSON,
) -> None:
    """Run a strategy with one set of parameters and keep the result."""
    application = Application()  # first: it says where published strategies are found
    parameters = parse_settings(set_)
    if cbotset is not None:
        from trading_ai.runners.cbot.cbotset import read_cbotset, values_for  # noqa: PLC0415 - SciPy takes 0.3 s

        parameters = values_for(strategy_named(strategy).parameters, read_cbotset(cbotset)) | parameters
    spec = BacktestSpec.of(strategy, parameters, dataset, given)
    record, result = application.backtests.run(spec, name)
    found = backtest_in_full_json(record, {"trades": result.trades, "equity": result.equity})
    if as_json:
        print_json(found)
        return
    _show(record, found, float(result.trades["units"][0]) if result.trades.size else None)
    own = "stop_loss" not in result.parameters  # a strategy that places its own orders
    ranges = "--param NAME=LOW:HIGH:STEP" if own else "--param stop_loss=20:80:2 --param take_profit=40:200:10"
    say(f"Next: trading-ai optimize {short(record.backtest_id)} {ranges}")


def _show(record: BacktestRecord, found: BacktestInFull, units: float | None = None) -> None:
    spec = record.spec
    say(f"backtest   {record.backtest_id}" + (f"  {record.name}" if record.name else ""))
    say(f"strategy   {strategy_label(spec.strategy)}: {values_text(spec.parameters)}")
    say(f"data       {record.symbol} {record.timeframe}, dataset {short(spec.dataset_id)}")
    if spec.start or spec.end:
        say(f"range      {spec.start or 'the first bar'} to {spec.end or 'the last bar'}")
    if spec.day_start:
        say(f"day starts {spec.day_start}")
    say(f"account    {spec.capital:,.2f} {spec.account_currency}, {size_text(record, units)}")
    say(f"costs      {found['costs_stated']}")
    if record.metrics.get("ruined", 0.0) > 0.0:
        say(f"RUINED     after {record.metrics['ruined_after_days']:,.1f} days: the equity reached zero")
    print_metrics("Metrics", record.metrics)
    sides: list[Mapping[str, object]] = [{**side} for side in found["sides"]]
    rows = ([str(side["side"]), *(number(side[name], unit) for name, unit in _SIDE_UNITS.items())] for side in sides)
    table("By side", ("side", *_SIDE_HEADS.values()), rows)
    exposure = found["money_exposure_percent"]
    if exposure is not None:
        say(f"Exposure in money: open positions were worth {number(exposure, 'percent')} % of the capital on average.")
    for line in found["warnings"]:
        note(f"Warning: {line}")


def size_text(record: BacktestRecord, units: float | None = None) -> str:
    """The size of positions, and what one is worth; `units` is that of the first trade, where it is known."""
    sizing, percent = record.spec.sizing, record.metrics.get("position_percent", math.nan)
    if sizing.value is None:
        size = "size by capital" if units is None else f"{units:,g} units by capital"
    else:
        size = f"{sizing.mode} {sizing.value:,g}"
    return size if math.isnan(percent) else f"{size}, worth {percent / 100:,.2f} times the capital"


def list_backtests(*, windows: bool = WINDOWS, as_json: bool = AS_JSON) -> None:
    """List backtests, newest first."""
    every = Application().store.backtests()
    records = every if windows else [record for record in every if not record.part_of]
    if as_json:
        print_json([backtest_json(record) for record in records])
        return
    rows = (
        [
            short(r.backtest_id), r.name, strategy_label(r.spec.strategy), f"{r.symbol} {r.timeframe}",
            moment(r.created_at), number(r.metrics.get("net_profit"), "money"),
            number(r.metrics.get("sharpe_ratio"), "ratio"), number(r.metrics.get("total_trades"), "count"),
        ]
        for r in records
    )  # fmt: skip
    heads = ("id", "name", "strategy", "data", "created", "net_profit", "sharpe_ratio", "total_trades")
    table("Backtests", heads, rows, left=5, spare=("created", "sharpe_ratio", "data"))
    say_folded(every, records, "backtests")


def show(
    *,
    backtest_id: str = BACKTEST_ID,
    as_json: bool = AS_JSON,
) -> None:
    """Show a backtest's settings and metrics."""
    application = Application()
    record = application.store.backtest(backtest_id)
    found = backtest_in_full_json(record, application.artifacts.load_backtest(record.backtest_id))
    if as_json:
        print_json(found)
    else:
        _show(record, found)
        say_notes(application.notes.of(record.backtest_id))


def trades(
    *,
    backtest_id: str = BACKTEST_ID,
    as_csv: bool = typer.Option(False, "--csv", help="Print CSV on stdout."),
    as_json: bool = AS_JSON,
) -> None:
    """List a backtest's trades."""
    application = Application()
    record = application.store.backtest(backtest_id)
    found = trades_json(record, application.artifacts.load_backtest(record.backtest_id)["trades"])
    rows = found["trades"]
    if as_json:
        print_json(found)
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else ["entry_time"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        several = {r["symbol"] for r in rows} - {record.symbol}
        heads = (
            *(("symbol",) if several else ()), "entry_time", "exit_time", "direction", "exit_reason", "units",
            "entry_price", "exit_price", "net_profit", "balance",
        )  # fmt: skip
        shown = (
            [
                *([r["symbol"]] if several else []),
                r["entry_time"], r["exit_time"], r["direction"], r["exit_reason"], f"{r['units']:,g}",
                f"{r['entry_price']:.6g}", f"{r['exit_price']:.6g}", f"{r['net_profit']:,.2f}", f"{r['balance']:,.2f}",
            ]
            for r in rows
        )  # fmt: skip
        table(
            f"{len(rows):,} trades of backtest {short(record.backtest_id)}",
            heads,
            shown,
            left=4 + bool(several),
            spare=("balance", "units", "exit_reason"),
        )


def log(
    *,
    backtest_id: str = BACKTEST_ID,
    as_json: bool = AS_JSON,
) -> None:
    """Print what the strategy of a backtest wrote into its log."""
    application = Application()
    found = application.store.backtest(backtest_id).backtest_id
    kept = application.artifacts.load_backtest(found).get("log")
    text = "" if kept is None else kept.tobytes().decode()
    if as_json:
        print_json({"id": found, "log": text})
    elif text:
        say(text.rstrip("\n"))
    else:
        note(f"the strategy of backtest {short(found)} wrote nothing")


def delete(
    *,
    backtest_id: str = BACKTEST_ID,
    as_json: bool = AS_JSON,
) -> None:
    """Delete a backtest that no optimization uses."""
    found = Application().backtests.delete(backtest_id)
    if as_json:
        print_json({"id": found, "deleted": True})
    else:
        note(f"deleted backtest {short(found)}")
