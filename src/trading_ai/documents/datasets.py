"""A dataset as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, cast

from typing_extensions import TypedDict

from trading_ai.documents.forms import Moment, Number, finite_values, form, iso, iso_ns
from trading_ai.market import quality_report
from trading_ai.optimization.records import DatasetRecord


@form()
class Gap(TypedDict):
    """A hole between two neighbouring bars.

    Attributes:
        after: open of the bar before the hole, UTC.
        before: open of the bar after it, UTC.
        n_missing: bars missing between.
    """

    after: str
    before: str
    n_missing: int


@form()
class Jump(TypedDict):
    """A suspicious change of price from one bar to the next.

    Attributes:
        time: open of the second bar, UTC.
        line: its line in the file, if that is known.
        before: price before, quote currency.
        after: price after, quote currency.
        factor: the one over the other.
    """

    time: str
    line: int | None
    before: float
    after: float
    factor: float


@form()
class Spike(TypedDict):
    """A price far off the bars around it: a bad tick, or a flash crash.

    Attributes:
        time: open of the bar, UTC.
        line: its line in the file, if that is known.
        column: which of its prices, such as low.
        value: that price, quote currency.
        usual: the nearest open or close around it, quote currency.
    """

    time: str
    line: int | None
    column: str
    value: float
    usual: float


@form(of=quality_report.QualityReport)
class Quality(TypedDict, total=False):
    """What the checks of an import saw; empty for bars that were not read from a file.

    Attributes:
        lines: the report as lines for people.
        lowest: lowest price, quote currency.
        highest: highest price, quote currency.
    """

    source: str
    n_rows: int
    n_bars: int
    first: str
    last: str
    n_gaps: int
    n_missing_bars: int
    gaps: list[Gap]
    n_exact_duplicates: int
    n_out_of_order: int
    n_jumps: int
    jumps: list[Jump]
    n_spikes: int
    spikes: list[Spike]
    n_flat: int
    n_weekend: int
    n_ask_below_bid: int
    weekly_opens: dict[str, int]
    lowest: Number
    highest: Number
    warnings: list[str]
    repairs: list[str]
    lines: list[str]


@form()
class Detected(TypedDict, total=False):
    """How a file was read; empty for bars that were not read from a file.

    Attributes:
        format: csv, mt4, mt5, histdata, dukascopy, lean, parquet or sample; of ticks with that word.
        container: what the rows were packed in.
        delimiter: the character between fields, in words.
        header: names of the columns, as the file has them.
        columns: the file's column of each role.
        decimal_comma: whether numbers have a comma for a point.
        date_format: pattern of the times.
        timezone: clock of the times.
        timezone_decided_by: how that was decided, in words.
        timeframe: length of a bar, such as H1.
        timeframe_decided_by: how that was decided, in words.
        day_start: when the symbol's trading day starts.
        day_start_decided_by: how that was decided, in words.
        grid: the day start that bars of H2 to H12 lie on the grid of, in words; null for other timeframes.
        stamped: what the file's times are: open, or end of bars, which became opens.
        side: whose prices the file holds: bid, ask, mid, trade, bid+ask or not stated.
        price_scale: factor on every price.
        point: price distance of a point of the file's spread, if it has one.
        rows_of: which of the file's rows were taken, where it holds several symbols.
        stated: what the caller said of the file, by the name of the option.
        files: which of the files of an archive or folder were taken, or "" for all.
        notes: remarks on the reading.
        continues: the dataset that these bars continue, where bars were appended.
        n_appended: bars that were added to it.
        n_known: bars that it had already.
    """

    format: str
    container: str
    delimiter: str
    header: list[str]
    columns: dict[str, Any]
    decimal_comma: bool
    date_format: str | None
    timezone: str
    timezone_decided_by: str
    stated: dict[str, Any]
    timeframe: str
    timeframe_decided_by: str
    day_start: str
    day_start_decided_by: str
    grid: str | None
    stamped: str
    side: str
    price_scale: Number
    point: Number
    rows_of: str | None
    files: str
    notes: list[str]
    continues: str
    n_appended: int
    n_known: int


@form()
class Dataset(TypedDict):
    """A dataset: bars that were imported, checked, and are never changed.

    Attributes:
        id: the content hash of its bars.
        symbol: name of the instrument.
        timeframe: length of a bar, such as H1.
        n_bars: number of bars.
        first: open of the first bar, UTC.
        last: open of the last bar, UTC.
        source: where they come from, for people.
        created_at: when it was imported, UTC.
        detected: how the file was read.
        quality: what the checks saw.
    """

    id: str
    symbol: str
    timeframe: str
    n_bars: int
    first: Moment
    last: Moment
    source: str
    created_at: Moment
    detected: Detected
    quality: Quality


@form()
class ImportedDataset(Dataset):
    """A dataset that was just imported.

    Attributes:
        already_known: whether the same bars were there before; nothing was added then.
    """

    already_known: bool


def without_folder(value: Any, folder: str) -> Any:
    """A JSON value in whose texts, however deep, files of a folder are named without that folder."""
    if isinstance(value, str):
        return value.replace(folder.rstrip("/") + "/", "")
    if isinstance(value, Mapping):
        return {key: without_folder(item, folder) for key, item in value.items()}
    return [without_folder(item, folder) for item in value] if isinstance(value, list | tuple) else value


def dataset_json(record: DatasetRecord, *, with_folder: bool = True) -> Dataset:
    """A dataset.

    Args:
        record: the dataset.
        with_folder: whether texts may name the folder of its file, which is nobody's business but its machine's.
    """
    document = _document(record)
    sources = (record.source, str(record.quality.get("source", "")))
    for path in () if with_folder else map(PurePath, sources):
        if path.is_absolute():
            document = without_folder(document, str(path.parent))
    return document


def _document(record: DatasetRecord) -> Dataset:
    return {
        "id": record.dataset_id,
        "symbol": record.symbol,
        "timeframe": record.timeframe,
        "n_bars": record.n_bars,
        "first": iso_ns(record.first_ns),
        "last": iso_ns(record.last_ns),
        "source": record.source,
        "created_at": iso(record.created_at),
        "detected": cast("Detected", finite_values(record.detected)),
        "quality": cast("Quality", finite_values(record.quality)),
    }


def imported_json(record: DatasetRecord, *, added: bool, with_folder: bool = True) -> ImportedDataset:
    """A dataset that was just imported, for the first time or again; `with_folder` as in `dataset_json`."""
    return {**dataset_json(record, with_folder=with_folder), "already_known": not added}
