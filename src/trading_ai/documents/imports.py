"""An imported backtest as JSON: what was read, and the report's summary beside our figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from typing_extensions import TypedDict

from trading_ai.documents.backtests import Backtest, backtest_json
from trading_ai.documents.differences import Agreement, agreement_json
from trading_ai.documents.forms import Number, finite, form
from trading_ai.engine.trade_list import TradeList
from trading_ai.metrics import listed
from trading_ai.optimization.imports import KeptImport
from trading_ai.parameters import Combination, Value


@form(of=listed.Figure)
class Figure(TypedDict):
    """One figure of a report's summary beside ours."""

    name: str
    reported: Number
    computed: Number
    status: listed.Status
    explanation: str


@form()
class ImportedBacktest(TypedDict):
    """A report that became a backtest.

    Attributes:
        backtest: the backtest.
        added: false where the same trades were imported before: it is that backtest then.
        source: the file, with the member after ! for archives.
        format: name of the format that it was recognised as.
        title: the format for people.
        strategy_name: what the report calls the strategy, or "".
        strategy_timeframe: timeframe that the report names, or "".
        strategy_parameters: parameters as the report has them.
        clock: the clock of the report's times, and how it is known.
        costs: what the report says of costs, a text each.
        n_trades: trades read.
        n_unexplained: figures that differ and are not explained.
        figures: the report's summary beside the figures of its trades.
        bars: how far the bars at hand bear it out, trade by trade; null without bars.
        notes: what the format does not hold, what was taken instead, and what is in doubt, a sentence each.
    """

    backtest: Backtest
    added: bool
    source: str
    format: str
    title: str
    strategy_name: str
    strategy_timeframe: str
    strategy_parameters: Combination
    clock: str
    costs: dict[str, str]
    n_trades: int
    n_unexplained: int
    figures: list[Figure]
    bars: Agreement | None
    notes: list[str]


@form()
class ImportedBacktests(TypedDict):
    """Every report of an import.

    Attributes:
        imported: one for each report and symbol, in order of the files.
    """

    imported: list[ImportedBacktest]


class Read(Protocol):
    """What an importer read of one report."""

    @property
    def trades(self) -> TradeList:
        """The trades."""
        ...

    @property
    def source(self) -> str:
        """The file."""
        ...

    @property
    def format(self) -> str:
        """Name of its format."""
        ...

    @property
    def title(self) -> str:
        """The format for people."""
        ...

    @property
    def strategy(self) -> str:
        """Name of the strategy."""
        ...

    @property
    def timeframe(self) -> str:
        """Its timeframe."""
        ...

    @property
    def figures(self) -> tuple[listed.Figure, ...]:
        """The report's summary beside ours."""
        ...

    @property
    def costs(self) -> Mapping[str, str]:
        """What it says of costs."""
        ...


def figures_json(figures: Iterable[listed.Figure]) -> list[Figure]:
    """Figures with nulls for what is undefined."""
    return [
        {
            "name": f.name,
            "reported": finite(f.reported),
            "computed": finite(f.computed),
            "status": f.status,
            "explanation": f.explanation,
        }
        for f in figures
    ]


def imported_backtest_json(read: Read, kept: KeptImport) -> ImportedBacktest:
    """A report that became a backtest.

    Args:
        read: what the importer read.
        kept: what became of it.
    """
    trades = read.trades
    return {
        "backtest": backtest_json(kept.record),
        "added": kept.added,
        "source": read.source,
        "format": read.format,
        "title": read.title,
        "strategy_name": read.strategy,
        "strategy_timeframe": read.timeframe,
        "strategy_parameters": _shown(trades.parameters),
        "clock": trades.clock,
        "costs": dict(read.costs),
        "n_trades": len(trades.trades),
        "n_unexplained": sum(f.status == "differs" for f in read.figures),
        "figures": figures_json(read.figures),
        "bars": None if kept.on_bars is None else agreement_json(*kept.on_bars),
        "notes": [*trades.notes, *kept.notes],
    }


def imported_backtests_json(every: Sequence[tuple[Read, KeptImport]]) -> ImportedBacktests:
    """Every report of an import."""
    return {"imported": [imported_backtest_json(read, kept) for read, kept in every]}


def _shown(parameters: Mapping[str, Value]) -> Combination:
    """Parameters without numbers that JSON has no word for, as texts."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in parameters.items()
    }
