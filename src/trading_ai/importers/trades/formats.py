"""The one list of formats: what each is called, how it is recognised, what it holds and does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trading_ai.errors import DataError
from trading_ai.importers.trades import (
    cbotset,
    ctrader_events,
    ctrader_history,
    ctrader_report,
    freqtrade,
    mt4,
    mt5,
    tables,
    tradingview,
)
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades


@dataclass(frozen=True)
class TradeFormat:
    """One format of reports.

    Attributes:
        name: as results name it.
        title: for people.
        files: what such files are.
        recognises: whether a document is of this format; by its content, never by its name.
        read: reads it; a file may hold the trades of several strategies.
        holds: what it holds, for people.
        lacks: what it does not hold.
    """

    name: str
    title: str
    files: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], FoundTrades | Sequence[FoundTrades]]
    holds: str
    lacks: str


FORMATS: tuple[TradeFormat, ...] = (
    TradeFormat(
        "ctrader_report", "cTrader backtest report", "report.html, report JSON", ctrader_report.recognises,
        ctrader_report.read, "trades to the millisecond with gross, commission, swap and net; deposit, currency, "
        "costs, parameters, summary", "stops and targets (events.json beside it has them)",
    ),
    TradeFormat(
        "ctrader_events", "cTrader events", "events.json", ctrader_events.recognises, ctrader_events.read,
        "trades to the millisecond with stops, targets and reasons of exits; the first equity; event names in any "
        "language", "symbol, currency, costs, parameters",
    ),
    TradeFormat(
        "mt5_report", "MetaTrader 5 tester report or account history", "html (UTF-16), xlsx, csv", mt5.recognises,
        mt5.read, "deals to the second with commission, swap and profit; orders' stops and targets; deposit, currency, "
        "leverage, inputs, summary; any language", "the clock; which exit closes which entry (found by the profit)",
    ),
    TradeFormat(
        "mt4_report", "MetaTrader 4 tester report", "htm", mt4.recognises, mt4.read,
        "orders to the minute with stops, targets and reasons of exits; deposit, inputs, summary; any language",
        "the clock, the account's currency, commission and swap apart from the profit",
    ),
    TradeFormat(
        "tradingview", "TradingView list of trades", "csv, xlsx", tradingview.recognises, tradingview.read,
        "two rows a trade: time, price, size, profit after commission", "stops, targets, commission, the "
        "clock, parameters",
    ),
    TradeFormat(
        "freqtrade", "freqtrade backtest result", "zip, JSON", freqtrade.recognises, freqtrade.read,
        "trades to the second with fees' rates, first stops and reasons of exits; balance, currency, settings, "
        "summary, several strategies and pairs", "values of the strategy's own parameters",
    ),
    TradeFormat(
        "backtesting_py", "backtesting.py trades", 'stats["_trades"] as csv, parquet or xlsx', tables.is_backtesting,
        tables.read_backtesting, "trades with stops, targets and commission", "symbol, currency, capital, reasons of "
        "exits, parameters, the clock",
    ),
    TradeFormat(
        "vectorbt", "vectorbt trades", "trades.records_readable as csv, parquet or xlsx", tables.is_vectorbt,
        tables.read_vectorbt, "trades with fees", "currency, capital, stops, targets, reasons of exits, parameters, "
        "the clock",
    ),
    TradeFormat(
        "quantconnect", "QuantConnect trades", "csv", tables.is_quantconnect, tables.read_quantconnect,
        "trades with fees, several symbols", "currency, capital, stops, targets, reasons of exits, parameters",
    ),
    TradeFormat(
        "ctrader_history", "cTrader history", "xml, csv, xlsx", ctrader_history.recognises, ctrader_history.read,
        "trades with gross, commission and net; the clock and the currency by the headings", "stops, targets, reasons "
        "of exits, parameters, often the capital",
    ),
    TradeFormat(
        "table", "a list of trades", "csv, parquet, xlsx", tables.is_table, tables.read_table,
        "whatever its columns are named for", "what it has no column of",
    ),
)  # fmt: skip
"""Every format of trades, the most particular first."""


def is_parameters(document: Document) -> bool:
    """Whether a document holds the parameters of a report beside it (``.cbotset``)."""
    return cbotset.recognises(document)


def format_of(document: Document) -> TradeFormat:
    """The format of a document, by its content.

    Raises:
        DataError: it is of none.
    """
    found = next((format_ for format_ in FORMATS if format_.recognises(document)), None)
    if found is not None:
        return found
    head = next((row for row in document.rows if len(row) > 1), None)
    raise DataError(
        "is no report or list of trades that is known", file=document.source,
        value=None if head is None else ", ".join(head)[:200],
        remedy="Known: " + "; ".join(f"{f.title} ({f.files})" for f in FORMATS)
        + ". For another list of trades name its columns, as in columns entry_time=NAME",
    )  # fmt: skip
