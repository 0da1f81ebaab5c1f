"""`read_trades`: files of reports, of any supported format, into lists of trades with all that is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from trading_ai.engine.trade_list import TradeList
from trading_ai.errors import DataError
from trading_ai.importers.trades import cbotset, ctrader_pairs
from trading_ai.importers.trades.clock import TradeClock, decide_clock
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.formats import FORMATS, TradeFormat, format_of, is_parameters
from trading_ai.importers.trades.found import FoundTrades
from trading_ai.importers.trades.opening import open_documents
from trading_ai.importers.trades.settle import Stated, settle
from trading_ai.importers.trades.tables import read_table
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.metrics.listed import Figure, compare

__all__ = ["ImportedTrades", "read_trades"]


@dataclass(frozen=True, eq=False)
class ImportedTrades:
    """One report's trades of one symbol.

    Attributes:
        trades: the trades, with clock, notes, parameters and the report's summary.
        source: the file, with the member after ``!`` for archives.
        digest: SHA-256 of the file's unpacked bytes, hex.
        format: name of its format.
        title: the format for people.
        strategy: name of the strategy, or "".
        timeframe: the strategy's, or "".
        figures: the report's summary beside the figures of its trades.
        costs: what the report says of costs, a text each.
        deposits: later deposits (+) and withdrawals (-): time on the report's clock (ns) and amount.
        clock: the clock that was taken and why.
    """

    trades: TradeList
    source: str
    digest: str
    format: str
    title: str
    strategy: str
    timeframe: str
    figures: tuple[Figure, ...]
    costs: Mapping[str, str] = field(default_factory=dict)
    deposits: tuple[tuple[int, float], ...] = ()
    clock: TradeClock | None = None

    @property
    def n_unexplained(self) -> int:
        """Figures that differ and are not explained."""
        return sum(figure.status == "differs" for figure in self.figures)


def read_trades(
    paths: str | Path | Sequence[str | Path],
    *,
    bars: Bars | None = None,
    symbol: str | None = None,
    timezone: str | None = None,
    columns: Mapping[str, str | int] | Iterable[str] | None = None,
    lot_size: float | None = None,
    capital: float | None = None,
    account_currency: str | None = None,
) -> list[ImportedTrades]:
    """Read reports of backtests and lists of trades; formats are recognised by content.

    Nothing is kept of anything if one file cannot be read. A file that comes twice is read once. A ``.cbotset`` gives
    its parameters to the report beside it, a cTrader ``events.json`` its stops and targets.

    Args:
        paths: files, gzipped files, zips, folders.
        bars: bars of the symbol: they tell the clock where the report does not.
        symbol: name of the instrument, where a report names none or several.
        timezone: clock of the times, such as NY+7; detected or as the format says if left out.
        columns: for a list of trades of no known format: column by role, or texts ``ROLE=NAME``; see `tables.ROLES`.
        lot_size: units in a lot, where they cannot be told.
        capital: first deposit, where the report names none.
        account_currency: where the report names none.

    Returns:
        One for each report and symbol, in order of the files.

    Raises:
        DataError: a file is damaged or of no known format; it says where and what to do.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    mapping = _mapping(columns)
    stated = Stated(symbol, timezone, lot_size, capital, account_currency)
    read: list[tuple[TradeFormat, FoundTrades]] = []
    parameters: list[cbotset.ParameterFile] = []
    seen: set[str] = set()
    for document in open_documents([Path(path) for path in given]):
        if document.digest in seen:
            continue
        seen.add(document.digest)
        if is_parameters(document):
            parameters.append(cbotset.read(document))
        else:
            read += _read(document, mapping)
    if not read:
        raise DataError(
            "holds parameters and no trades" if parameters else "holds no report",
            file=parameters[0].source if parameters else str(given[0]) if given else "",
            remedy="Import the report of the backtest beside it",
        )
    ctrader_pairs.give_parameters([found for _, found in read], parameters)
    read = ctrader_pairs.join_events(read)
    known = None if bars is None else bars.symbol
    imported = [item for format_, found in read for item in _settled(format_, found, stated, bars, known)]
    if not imported:
        raise DataError("holds no trade", file=read[0][1].document.source, remedy="Export a backtest that traded")
    return imported


def _read(document: Document, mapping: Mapping[str, str | int]) -> list[tuple[TradeFormat, FoundTrades]]:
    if mapping:
        if document.kind not in {"text", "sheet", "html"}:
            raise document.refuse("is no table, so its columns cannot be named", parameter="columns")
        return [(next(f for f in FORMATS if f.name == "table"), read_table(document, mapping))]
    format_ = format_of(document)
    found = format_.read(document)
    return [(format_, item) for item in ([found] if isinstance(found, FoundTrades) else found)]


def _settled(
    format_: TradeFormat, found: FoundTrades, stated: Stated, bars: Bars | None, known: Symbol | None
) -> list[ImportedTrades]:
    clock = decide_clock(found, stated.timezone, bars)
    lists = [one for one in settle(found, format_.name, clock, stated, known) if len(one.trades)]
    together = np.concatenate([one.trades for one in lists]) if lists else None
    capital = lists[0].capital if lists else None
    figures = (
        ()
        if together is None or len(together) != len(found.trades)
        else compare(found.summary, found.decimals, together, capital, n_deposits=len(found.deposits))
    )
    return [
        ImportedTrades(
            one, found.document.source, found.document.digest, format_.name, format_.title, found.strategy,
            found.timeframe, figures, dict(found.costs), tuple(found.deposits), clock,
        )
        for one in lists
    ]  # fmt: skip


def _mapping(columns: Mapping[str, str | int] | Iterable[str] | None) -> dict[str, str | int]:
    if columns is None:
        return {}
    if isinstance(columns, Mapping):
        return dict(columns)
    found: dict[str, str | int] = {}
    for text in columns:
        role, sign, name = (part.strip() for part in text.partition("="))
        if not sign or not role or not name:
            raise DataError("must look like ROLE=NAME", parameter="columns", value=text, remedy="entry_time=Opened")
        if role in found:
            raise DataError("is given twice", parameter="columns", value=role)
        found[role] = name
    return found
