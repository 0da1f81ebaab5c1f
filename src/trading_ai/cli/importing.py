"""`trading-ai data import`: bars of a file, or those that come with the package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.data import show_dataset
from trading_ai.cli.flags import FROM_FLAGS, with_flags
from trading_ai.cli.output import note, print_json, say
from trading_ai.documents.datasets import imported_json
from trading_ai.documents.words import short
from trading_ai.errors import InputError
from trading_ai.importers.read import read_bars
from trading_ai.importers.samples import load_sample
from trading_ai.market.quality import check_rows
from trading_ai.options import Given, rows_of

if TYPE_CHECKING:
    from trading_ai.market.bars import Bars
    from trading_ai.optimization.records import DatasetRecord


def keep(
    application: Application, bars: Bars, source: str, detected: dict[str, Any], quality: dict[str, Any]
) -> tuple[DatasetRecord, bool]:
    """Store bars and their record; False if they were there already."""
    return application.backtests.keep_bars(bars, source, detected, quality)


def import_sample(application: Application, name: str) -> tuple[DatasetRecord, bool]:
    """Store the bars that come with the package."""
    bars = load_sample(name)
    columns = {column: getattr(bars, column) for column in ("open", "high", "low", "close", "volume")}
    *_, report = check_rows(
        bars.open_time_ns, columns, symbol=bars.symbol, timeframe=bars.timeframe, source=f"sample {name.upper()}"
    )
    detected = {"format": "sample", "timezone": "UTC", "timeframe": str(bars.timeframe), "side": "ask"}
    return keep(application, bars, f"sample {name.upper()}", detected, report.to_dict() | {"lines": report.lines()})


@with_flags(rows_of("import"))
def import_file(
    *,
    file: Path | None = typer.Argument(
        None, help="csv, csv.gz, zip, parquet, or a folder of files of one series; bars or ticks."
    ),
    sample: str | None = typer.Option(None, help="Import bars that come with the package instead: EURUSD."),
    symbol: str | None = typer.Option(None, help="Symbol, such as EURUSD."),
    given: Given = FROM_FLAGS,
    as_json: bool = AS_JSON,
) -> None:
    """Read, check and keep a file of bars; a file with a structural fault is refused."""
    application = Application()
    if sample is not None and file is None:
        record, added = import_sample(application, sample)
    elif file is None or sample is not None:
        raise InputError(
            "give either a file or --sample", parameter="FILE", remedy="Example: trading-ai data import --sample EURUSD"
        )
    else:
        if symbol is None:
            raise InputError("is needed", parameter="--symbol", remedy="Example: --symbol EURUSD")
        said = given["import"].items()
        stated = {name: value for name, value in said if value is not None and value is not False and value != ()}
        found = read_bars(file, symbol=symbol, **stated)
        quality = found.report.to_dict() | {"lines": found.report.lines()}
        detected, source = found.detected | {"stated": stated}, str(file.resolve())
        record, added = keep(application, found.bars, source, detected, quality)
        # Of bars that are known, what was seen in this file is shown, and not what the first one said.
        record = replace(record, source=source, detected=detected, quality=quality)
    if as_json:
        print_json(imported_json(record, added=added))
        return
    show_dataset(record)
    if not added:
        note("These bars were imported before; nothing was added.")
    say(f"Next: trading-ai backtest run --dataset {short(record.dataset_id)} --strategy sma_crossover")
