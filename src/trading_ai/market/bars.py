"""Bars: open, high, low, close and volume of one symbol and timeframe, as read-only arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import DataError
from trading_ai.frames import as_pandas
from trading_ai.market.bar_tables import frame_of, html_of
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import Timeframe

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from trading_ai.market.seen import SeenBars

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PRICE_FIELDS = ("open", "high", "low", "close")
_ASK_FIELDS = ("ask_open", "ask_high", "ask_low", "ask_close")


def _frozen(values: npt.ArrayLike, dtype: type) -> npt.NDArray[np.generic]:
    # Every market array is read-only: bars are immutable, and compiled code then meets one array type only.
    array: npt.NDArray[np.generic] = np.ascontiguousarray(values, dtype=dtype).view()
    array.flags.writeable = False
    return array


def _ns(moment: str | np.datetime64) -> int:
    exact = np.datetime64(moment) if isinstance(moment, str) else moment
    return int(exact.astype("datetime64[ns]").astype(np.int64))


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one symbol and timeframe, oldest first; prices are bid prices.

    All arrays have shape (n,), are C-contiguous and read-only. `spread` and the ask prices exclude each
    other; without either, bid and ask are the same unless the costs say otherwise.

    Attributes:
        symbol: the instrument.
        timeframe: the bars' length.
        open_time_ns: each bar's open, nanoseconds since 1970 in UTC, strictly ascending.
        open: bid price at the open.
        high: highest bid price.
        low: lowest bid price.
        close: bid price at the close.
        volume: traded or tick volume; zeros where the source has none.
        spread: ask minus bid in price units for the whole bar, or None.
        ask_open: ask prices likewise, or None (all four or none).
        ask_high: see `ask_open`.
        ask_low: see `ask_open`.
        ask_close: see `ask_open`.
    """

    symbol: Symbol
    timeframe: Timeframe
    open_time_ns: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats = field(default_factory=lambda: np.empty(0))
    spread: Floats | None = None
    ask_open: Floats | None = None
    ask_high: Floats | None = None
    ask_low: Floats | None = None
    ask_close: Floats | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "open_time_ns", _frozen(self.open_time_ns, np.int64))
        n = self.open_time_ns.shape[0]
        if np.shape(self.volume)[0] == 0 and n:
            set_(self, "volume", np.zeros(n))
        for name in (*_PRICE_FIELDS, "volume", "spread", *_ASK_FIELDS):
            values = getattr(self, name)
            if values is None:
                continue
            array = _frozen(values, np.float64)
            if array.shape != (n,):
                raise DataError(f"must have one value for each of the {n} bars", parameter=name, value=array.shape)
            set_(self, name, array)
        if self.spread is not None and self.ask_open is not None:
            raise DataError("bars carry either a spread or ask prices, not both", parameter="spread")
        if (self.ask_open is None) != (self.ask_close is None):
            raise DataError("ask prices come all four or not at all", parameter="ask_open")
        if n > 1 and not bool((self.open_time_ns[1:] > self.open_time_ns[:-1]).all()):
            i = int(np.flatnonzero(self.open_time_ns[1:] <= self.open_time_ns[:-1])[0]) + 1
            raise DataError(
                f"bar {i} does not open after bar {i - 1}",
                parameter="open_time_ns",
                value=int(self.open_time_ns[i]),
                remedy="Sort the bars and drop duplicates first.",
            )

    def __len__(self) -> int:
        return int(self.open_time_ns.shape[0])

    @override
    def __repr__(self) -> str:
        if not len(self):
            return f"Bars({self.symbol.name} {self.timeframe}, empty)"
        first, last = self.open_time_ns[[0, -1]].astype("datetime64[ns]").astype("datetime64[m]")
        return f"Bars({self.symbol.name} {self.timeframe}, {len(self):,} bars, {first}Z .. {last}Z)"

    def _repr_html_(self) -> str:
        return html_of(self)

    def to_polars(self) -> pl.DataFrame:
        """One row a bar: ``time`` (of the open, UTC), prices, volume, and spread or ask prices where there are any."""
        return frame_of(self)

    def to_pandas(self) -> pd.DataFrame:
        """The same in pandas, with ``time`` (UTC) as the index."""
        return as_pandas(self.to_polars(), "time")

    @cached_property
    def derived(self) -> dict[object, object]:
        """What others have computed from these bars alone, by what it is; kept because bars never change."""
        return {}

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) over symbol, timeframe and every array: the address of a dataset."""
        digest = hashlib.sha256()
        digest.update(f"bars:1:{self.symbol!r}:{self.timeframe.name}".encode())
        for name in ("open_time_ns", *_PRICE_FIELDS, "volume", "spread", *_ASK_FIELDS):
            values = getattr(self, name)
            if values is not None:
                digest.update(name.encode())
                digest.update(values.data)
        return digest.hexdigest()

    def slice(self, start: int, stop: int) -> Bars:
        """Bars `start` (inclusive) to `stop` (exclusive), by position; views, no copies."""

        def cut(values: Floats | None) -> Floats | None:
            return None if values is None else values[start:stop]

        return Bars(
            self.symbol,
            self.timeframe,
            self.open_time_ns[start:stop],
            self.open[start:stop],
            self.high[start:stop],
            self.low[start:stop],
            self.close[start:stop],
            self.volume[start:stop],
            spread=cut(self.spread),
            ask_open=cut(self.ask_open),
            ask_high=cut(self.ask_high),
            ask_low=cut(self.ask_low),
            ask_close=cut(self.ask_close),
        ).with_others(self.others.values())

    @cached_property
    def others(self) -> Mapping[str, Bars]:
        """Bars of other symbols that a strategy may look at, by the symbol's name; no part of the content."""
        return {}

    def with_others(self, others: Iterable[Bars]) -> Bars:
        """The same bars with those of other symbols to look at, see `other`; themselves where there are none.

        Raises:
            DataError: two are of one symbol, or one is of the symbol itself.
        """
        found = {self.symbol.name: self}
        for bars in others:
            if bars.symbol.name in found:
                raise DataError(
                    "has bars already", parameter="others", value=bars.symbol.name,
                    remedy="Give one set of bars for each other symbol; longer bars of the same are bars.at('H4').",
                )  # fmt: skip
            found[bars.symbol.name] = bars
        del found[self.symbol.name]
        if not found:
            return self
        same = replace(self)
        vars(same)["others"] = found
        return same

    def at(self, timeframe: str, day_start: str | None = None) -> SeenBars:
        """Longer bars made of these, as far as they are finished at each bar's close, see `market.seen.longer`."""
        from trading_ai.market.seen import longer  # noqa: PLC0415 - which imports this module

        return longer(self, timeframe, day_start)

    def other(self, name: str) -> SeenBars:
        """Bars of another symbol that came with these, as far as they are finished, see `market.seen.other`."""
        from trading_ai.market.seen import other  # noqa: PLC0415

        return other(self, name)

    def between(self, start: str, end: str, clock: str = "UTC") -> npt.NDArray[np.bool_]:
        """Bars that open within hours of a day by any clock or an exchange's, see `market.seen.between`."""
        from trading_ai.market.seen import between  # noqa: PLC0415

        return between(self, start, end, clock)

    def since(self, moment_ns: int) -> Bars:
        """Bars from the one that `moment_ns` (UTC) lies in, or that opens next; all of them if it lies before."""
        first = int(np.searchsorted(self.open_time_ns, moment_ns, side="right")) - 1
        return self if first <= 0 else self.slice(first, len(self))
