"""`trading-ai data list`, `show`, `delete`: datasets that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, DATASET_ID
from trading_ai.cli.output import moment, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.datasets import dataset_json
from trading_ai.documents.forms import iso_ns
from trading_ai.documents.words import number, short

if TYPE_CHECKING:
    from trading_ai.optimization.records import DatasetRecord


def show_dataset(record: DatasetRecord) -> None:
    """Print what is known of a dataset: where it comes from, what was detected, its quality."""
    say(f"dataset   {record.dataset_id}")
    say(f"bars      {record.n_bars:,} of {record.symbol} {record.timeframe}")
    say(f"period    {iso_ns(record.first_ns)} .. {iso_ns(record.last_ns)}")
    say(f"source    {record.source}")
    detected = record.detected
    if detected:
        say("detected")
        for key, value in detected.items():
            if key in {"notes", "stated", "timezone_decided_by", "day_start_decided_by"} or value in (None, "", [], {}):
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


def list_datasets(*, as_json: bool = AS_JSON) -> None:
    """List datasets, newest first."""
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
    table(
        "Datasets",
        ("id", "symbol", "timeframe", "first", "last", "imported", "source", "bars"),
        rows,
        left=7,
        spare=("imported", "source"),
    )


def show(
    *,
    dataset_id: str = DATASET_ID,
    as_json: bool = AS_JSON,
) -> None:
    """Show a dataset: what was detected, and its quality report."""
    record = Application().store.dataset(dataset_id)
    if as_json:
        print_json(dataset_json(record))
    else:
        show_dataset(record)


def delete(
    *,
    dataset_id: str = DATASET_ID,
    as_json: bool = AS_JSON,
) -> None:
    """Delete a dataset that no backtest uses."""
    found = Application().backtests.delete_dataset(dataset_id)
    if as_json:
        print_json({"id": found, "deleted": True})
    else:
        say(f"deleted dataset {short(found)}")
