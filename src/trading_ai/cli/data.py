"""`trading-ai data`: import, list, show and delete datasets."""

# ruff: noqa: B008 - typer reads a command's options from its defaults

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from trading_ai.cli.arguments import AS_JSON, DATASET_ID
from trading_ai.cli.output import moment, note, print_json, say, table
from trading_ai.documents.forms import iso_ns
from trading_ai.documents.words import number, short
from trading_ai.errors import InputError

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.market.bars import Bars
    from trading_ai.optimization.records import DatasetRecord

app = typer.Typer(help="Import, list, show and delete market data.", no_args_is_help=True, rich_markup_mode=None)


def keep(
    application: Application, bars: Bars, source: str, detected: dict[str, Any], quality: dict[str, Any]
) -> tuple[DatasetRecord, bool]:
    """Store bars and their record; False if they were there already."""
    return application.backtests.keep_bars(bars, source, detected, quality)


def import_sample(application: Application, name: str) -> tuple[DatasetRecord, bool]:
    """Store the bars that come with the package."""
    from trading_ai.importers.samples import load_sample  # noqa: PLC0415
    from trading_ai.market.quality import check_rows  # noqa: PLC0415

    bars = load_sample(name)
    columns = {column: getattr(bars, column) for column in ("open", "high", "low", "close", "volume")}
    *_, report = check_rows(
        bars.open_time_ns, columns, symbol=bars.symbol, timeframe=bars.timeframe, source=f"sample {name.upper()}"
    )
    detected = {"format": "sample", "timezone": "UTC", "timeframe": str(bars.timeframe), "side": "ask"}
    return keep(application, bars, f"sample {name.upper()}", detected, report.to_dict() | {"lines": report.lines()})


@app.command("import")
def import_file(
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
    pip_size: float | None = typer.Option(None, help="Price distance of a pip, for symbols outside the table."),
    digits: int | None = typer.Option(None, help="Decimals in a price."),
    lot_size: float | None = typer.Option(None, help="Units in a lot."),
    quote_currency: str | None = typer.Option(None, help="Currency of the prices."),
    as_json: bool = AS_JSON,
) -> None:
    """Read, check and keep a file of bars; a file with a structural fault is refused."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415 - commands import what they need

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
        from trading_ai.importers.read import read_bars  # noqa: PLC0415

        overrides: dict[str, Any] = {
            "pip_size": pip_size, "digits": digits, "lot_size": lot_size, "quote_currency": quote_currency,
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
            **{key: value for key, value in overrides.items() if value is not None},
        )
        quality = found.report.to_dict() | {"lines": found.report.lines()}
        record, added = keep(application, found.bars, str(file.resolve()), found.detected, quality)
    if as_json:
        from trading_ai.documents.datasets import imported_json  # noqa: PLC0415

        print_json(imported_json(record, added=added))
        return
    _show(record)
    if not added:
        note("These bars were imported before; nothing was added.")
    say(f"Next: trading-ai backtest run --dataset {short(record.dataset_id)} --strategy sma_crossover")


def _show(record: DatasetRecord) -> None:
    say(f"dataset   {record.dataset_id}")
    say(f"bars      {record.n_bars:,} of {record.symbol} {record.timeframe}")
    say(f"period    {iso_ns(record.first_ns)} .. {iso_ns(record.last_ns)}")
    say(f"source    {record.source}")
    detected = record.detected
    if detected:
        say("detected")
        for key, value in detected.items():
            if key in {"notes", "timezone_decided_by"} or value in (None, "", [], {}):
                continue
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            if isinstance(value, dict):
                text = ", ".join(f"{role}={column}" for role, column in value.items())
            if key == "timezone" and detected.get("timezone_decided_by"):
                text += f" ({detected['timezone_decided_by']})"
            say(f"  {key.replace('_', ' '):<22} {text}")
        for line in detected.get("notes") or ():
            say(f"  note: {line}")
    lines = record.quality.get("lines")
    if lines:
        say("quality")
        for line in lines:
            say(f"  {line}")


@app.command("list")
def list_datasets(as_json: bool = AS_JSON) -> None:
    """List datasets, newest first."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415
    from trading_ai.documents.datasets import dataset_json  # noqa: PLC0415

    records = Application().store.datasets()
    if as_json:
        print_json([dataset_json(record) for record in records])
        return
    rows = (
        [
            short(r.dataset_id), r.symbol, r.timeframe, iso_ns(r.first_ns)[:10], iso_ns(r.last_ns)[:10],
            moment(r.created_at), r.source, number(r.n_bars),
        ]
        for r in records
    )  # fmt: skip
    table("Datasets", ("id", "symbol", "timeframe", "first", "last", "imported", "source", "bars"), rows, left=7)


@app.command("show")
def show(
    dataset_id: str = DATASET_ID,
    as_json: bool = AS_JSON,
) -> None:
    """Show a dataset: what was detected, and its quality report."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415
    from trading_ai.documents.datasets import dataset_json  # noqa: PLC0415

    record = Application().store.dataset(dataset_id)
    if as_json:
        print_json(dataset_json(record))
    else:
        _show(record)


@app.command("delete")
def delete(
    dataset_id: str = DATASET_ID,
    as_json: bool = AS_JSON,
) -> None:
    """Delete a dataset that no backtest uses."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    found = Application().backtests.delete_dataset(dataset_id)
    if as_json:
        print_json({"id": found, "deleted": True})
    else:
        say(f"deleted dataset {short(found)}")
