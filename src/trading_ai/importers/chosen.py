"""Which rows of a table with several symbols or timeframes were asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from trading_ai.errors import DataError, InputError
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_table import symbol as look_up
from trading_ai.market.timeframe import Timeframe
from trading_ai.market.timeframe import timeframe as parse_timeframe


def canonical(name: str) -> str:
    """The name of the symbol table that a text means, or ""."""
    try:
        return look_up(name).name
    except InputError:
        return ""


@dataclass(frozen=True)
class Asked:
    """What the caller asked for.

    Attributes:
        symbol: the instrument.
        spelling: its name as asked for.
        ticker: which of the file's names to take, or None.
        timeframe: the bars' length, or None.
    """

    symbol: Symbol
    spelling: str
    ticker: str | None = None
    timeframe: Timeframe | None = None

    def is_symbol(self, name: str) -> bool:
        """Whether a name in a file means the asked symbol."""
        spellings = {_letters(n) for n in (self.spelling, self.symbol.name, *self.symbol.aliases)}
        return _letters(name) in spellings or canonical(name) == self.symbol.name

    def rows_of_ticker(self, values: pl.Series, source: str) -> tuple[pl.Series | None, str]:
        """Which rows of a column of names to take (None for all), and that in words.

        Raises:
            DataError: none or several of the names can be meant.
        """
        names = [name for name in values.unique().sort().to_list() if name and name.strip()]
        shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        if self.ticker is not None:
            wanted = [n for n in names if n.strip() == self.ticker.strip()]
            wanted = wanted or [n for n in names if _letters(n) == _letters(self.ticker)]
            if len(wanted) != 1:
                raise DataError(
                    f"is not one of the names in the file: {shown}",
                    file=source,
                    parameter="ticker",
                    value=self.ticker,
                    remedy="Use one of them as it is written",
                )
        else:
            wanted = [n for n in names if self.is_symbol(n)]
            other = len(names) == 1 and not wanted and canonical(names[0])
            if other:
                raise DataError(
                    f"holds {names[0]}, not {self.symbol.name}",
                    file=source,
                    parameter="symbol",
                    value=self.spelling,
                    remedy=f"Ask for symbol={other}, or state ticker={names[0]} if that is meant all the same",
                )
            if len(names) <= 1:
                return None, ""
            if len(wanted) != 1:
                which = "none of them" if not wanted else "more than one of them"
                raise DataError(
                    f"holds several symbols, {which} {self.spelling}",
                    file=source,
                    parameter="ticker",
                    value=shown,
                    remedy="Ask for one of these as symbol, or choose by its name in the file, as in "
                    f"ticker={names[0]}",
                )
        if len(names) == 1:
            return None, ""
        return (values == wanted[0]).fill_null(value=False), f"{wanted[0]} of {len(names)} symbols"

    def rows_of_period(self, values: pl.Series, source: str) -> pl.Series | None:
        """Which rows of a column of timeframes to take, or None for all.

        Raises:
            DataError: several timeframes, and none or several of them are asked for.
        """
        names = [name for name in values.unique().sort().to_list() if name and name.strip()]
        if len(names) <= 1:
            return None
        wanted = [n for n in names if self.timeframe is not None and period(n) == self.timeframe]
        if len(wanted) != 1:
            raise DataError(
                "holds several timeframes",
                file=source,
                parameter="timeframe",
                value=", ".join(names[:10]),
                remedy="State which, as in timeframe=" + next((str(p) for p in map(period, names) if p), "H1"),
            )
        keep: pl.Series = (values == wanted[0]).fill_null(value=False)
        return keep


def period(text: str) -> Timeframe | None:
    """The timeframe that a text of a file means: ``60`` (minutes), ``H1``, ``1h``; or None."""
    word = text.strip()
    try:
        return parse_timeframe(f"M{int(word)}" if re.fullmatch(r"\d{1,5}", word) else word)
    except DataError:
        return {"1440": parse_timeframe("D1"), "10080": parse_timeframe("W1")}.get(word)


def _letters(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())
