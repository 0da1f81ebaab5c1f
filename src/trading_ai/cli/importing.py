"""`trading-ai data import`: bars of a file, or those that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.data import show_dataset
from trading_ai.cli.output import note, print_json, say
from trading_ai.documents.datasets import imported_json
from trading_ai.documents.words import short
from trading_ai.errors import InputError
from trading_ai.importers.read import read_bars
from trading_ai.importers.samples import load_sample
from trading_ai.market.quality import check_rows

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


def import_file(
    *,
    file: Path | None = typer.Argument(None, help="csv, csv.gz, zip, parquet, or a folder of day files."),
    sample: str | None = typer.Option(None, help="Import bars that come with the package instead: EURUSD."),
    symbol: str | None = typer.Option(None, help="Symbol, such as EURUSD."),
    timeframe: str | None = typer.Option(None, help="M1, H1, ...; detected if left out."),
    timezone: str | None = typer.Option(None, help="Clock of the times: UTC, EST, NY+7, ...; detected if left out."),
    repair: bool = typer.Option(False, "--repair", help="Drop exact duplicates, sort, and say what was done."),
    price_scale: float | None = typer.Option(None, help="Factor on every price, such as 1e-5."),
    side: str | None = typer.Option(None, help="Whose prices: bid, ask, mid or trade."),
    format: str | None = typer.Option(None, help="csv, mt4, mt5, histdata, dukascopy, lean, parquet."),  # noqa: A002
    date_format: str | None = typer.Option(None, help="strptime pattern, or dd.mm.yyyy."),
    delimiter: str | None = typer.Option(None, help="A character, or tab, comma, semicolon, space."),
    stamped: str | None = typer.Option(
        None, help="What the times are: open, or end of a bar; taken for open if left out, and doubts are said."
    ),
    kind: str | None = typer.Option(
        None,
        help="Kind of a symbol outside the table: share, index, crypto, fx, metal, future or other; pip, lot, currency "
        "and hours follow from it.",
    ),
    exchange: str | None = typer.Option(
        None, help="Exchange whose sessions it keeps: XNYS, XLON, XETR, XTKS, ...; by ticker or currency if left out."
    ),
    pip_size: float | None = typer.Option(None, help="Price distance of a pip, for symbols outside the table."),
    digits: int | None = typer.Option(None, help="Decimals in a price."),
    lot_size: float | None = typer.Option(None, help="Units in a lot."),
    quote_currency: str | None = typer.Option(None, help="Currency of the prices."),
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

        overrides: dict[str, Any] = {
            "kind": kind, "exchange": exchange, "pip_size": pip_size, "digits": digits, "lot_size": lot_size,
            "quote_currency": quote_currency,
        }  # fmt: skip
        found = read_bars(
            file,
            symbol=symbol,
            timeframe=timeframe,
            timezone=timezone,
            repair=repair,
            price_scale=price_scale,
            side=side,
            format=format,
            date_format=date_format,
            delimiter=delimiter,
            stamped=stamped,
            **{key: value for key, value in overrides.items() if value is not None},
        )
        quality = found.report.to_dict() | {"lines": found.report.lines()}
        record, added = keep(application, found.bars, str(file.resolve()), found.detected, quality)
    if as_json:
        print_json(imported_json(record, added=added))
        return
    show_dataset(record)
    if not added:
        note("These bars were imported before; nothing was added.")
    say(f"Next: trading-ai backtest run --dataset {short(record.dataset_id)} --strategy sma_crossover")
