"""`trading-ai data append`: a dataset grows by the bars of a file, or of what is new in a folder."""

from __future__ import annotations

import time
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, DATASET_ID
from trading_ai.cli.data import show_dataset
from trading_ai.cli.flags import FROM_FLAGS, with_flags
from trading_ai.cli.output import note, print_json, say
from trading_ai.documents.datasets import imported_json
from trading_ai.documents.words import short
from trading_ai.errors import DataError
from trading_ai.importers.growing import grown
from trading_ai.option import READING_OPTIONS
from trading_ai.options import Given, rows_of

if TYPE_CHECKING:
    from trading_ai.importers.read import ImportedBars
    from trading_ai.market.appending import Appended
    from trading_ai.optimization.records import DatasetRecord


def keep_grown(
    application: Application, record: DatasetRecord, found: ImportedBars, made: Appended, source: str
) -> tuple[DatasetRecord, bool]:
    """Keep what a dataset has grown to; the old one stays as it is, and is returned where nothing is new."""
    if not made.n_new and not made.last_replaced:
        return record, False
    quality = found.report.to_dict() | {"lines": found.report.lines()}
    return application.backtests.keep_bars(found.bars, source, found.detected, quality)


def _state(path: Path) -> object:
    """What changes when a file, or a file of a folder, does."""
    seen = []
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        try:
            found = file.stat()
        except OSError:  # it was renamed or removed while we looked: the next look tells
            continue
        if S_ISREG(found.st_mode):
            seen.append((str(file), found.st_mtime_ns, found.st_size))
    return seen


@with_flags([row for row in rows_of("import") if row.field in READING_OPTIONS])
def append(
    *,
    dataset_id: str = DATASET_ID,
    path: Path = typer.Argument(..., metavar="FILE", help="A file, or a folder of files, of the same series."),
    watch: float | None = typer.Option(
        None, min=0.1, help="Look again every so many seconds, and append what is new, until stopped."
    ),
    given: Given = FROM_FLAGS,
    as_json: bool = AS_JSON,
) -> None:
    """Add the bars of a file behind a dataset: a new dataset, which names the old one."""
    application = Application()
    record = application.store.dataset(dataset_id)
    stated = {k: v for k, v in given["import"].items() if v is not None and v is not False and v != ()}
    seen: object = None
    while True:
        state = _state(path)
        if state != seen:
            seen = state
            try:
                old = application.artifacts.load_bars(record.dataset_id)
                found, made = grown(old, record.detected, path, stated, record.dataset_id)
            except (DataError, OSError) as error:
                if watch is None:
                    raise
                note(f"not appended: {error}")  # a file that is being written, or moved, is complete next time
            else:
                before = record
                record, added = keep_grown(application, record, found, made, str(path.resolve()))
                _tell(before, record, made, added=added, as_json=as_json)
        if watch is None:
            return
        time.sleep(watch)


def _tell(before: DatasetRecord, record: DatasetRecord, made: Appended, *, added: bool, as_json: bool) -> None:
    if as_json:
        print_json(imported_json(record, added=added))
        return
    if record is before:
        note(f"Nothing is new: all {made.n_same:,} bars are in dataset {short(record.dataset_id)} already.")
        return
    show_dataset(record)
    say(f"{made.n_new:,} bars were added to dataset {short(before.dataset_id)}, which stays as it is.")
