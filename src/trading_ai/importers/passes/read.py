"""`read_passes`: files of an optimization, of any supported format, into its passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from trading_ai.errors import DataError
from trading_ai.importers.passes import ctrader_passes, hyperopt, mt5_cache, mt5_passes, table_passes
from trading_ai.importers.trades import cbotset, ctrader_events, ctrader_pairs, ctrader_report
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.opening import open_documents
from trading_ai.optimization.passes import PassList

FORMATS: tuple[tuple[str, Callable[[Document], bool], Callable[[Document], PassList]], ...] = (
    ("cTrader optimization result (JSON)", ctrader_passes.recognises, ctrader_passes.read),
    ("freqtrade hyperopt (.fthypt)", hyperopt.recognises, hyperopt.read),
    ("MetaTrader 5 optimization cache (.opt)", mt5_cache.recognises, mt5_cache.read),
    ("MetaTrader 5 optimization (XML)", mt5_passes.recognises, mt5_passes.read),
    ("a list of passes (csv, parquet, xlsx)", table_passes.recognises, table_passes.read),
)
"""Every format of optimizations but the folder of cTrader's passes, the most particular first."""


def read_passes(paths: Sequence[str | Path]) -> list[PassList]:
    """Read optimizations of other platforms; formats are recognised by content.

    Several cTrader reports are the passes of one optimization, each with the ``.cbotset`` beside it.

    Args:
        paths: files, gzipped files, zips, folders.

    Returns:
        One for each file, and one for all reports of passes together.

    Raises:
        DataError: a file is damaged or of no known format, or a report stands alone.
    """
    found: list[PassList] = []
    reports, parameters = [], []
    seen: set[str] = set()
    for document in open_documents([Path(path) for path in paths]):
        if document.digest in seen:
            continue
        seen.add(document.digest)
        if ctrader_report.recognises(document):
            reports.append(ctrader_report.read(document))
        elif cbotset.recognises(document):
            parameters.append(cbotset.read(document))
        elif not ctrader_events.recognises(document):
            found.append(_read(document))
    if reports:
        if len(reports) == 1:
            raise reports[0].document.refuse(
                "is the report of one backtest, not of an optimization", remedy="Import it with backtest import"
            )
        ctrader_pairs.give_parameters(reports, parameters)
        found.append(ctrader_passes.of_reports(reports, Path(paths[0]).name))
    if not found:
        raise DataError("holds no passes", file=str(paths[0]) if paths else "", remedy="Export the optimization")
    return found


def _read(document: Document) -> PassList:
    for _, recognises, read in FORMATS:
        if recognises(document):
            return read(document)
    raise DataError(
        "is no optimization that is known", file=document.source,
        remedy="Known: " + "; ".join(title for title, *_ in FORMATS) + "; a folder of cTrader's passes",
    )  # fmt: skip
