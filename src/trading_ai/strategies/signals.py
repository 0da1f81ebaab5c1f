"""What a strategy decides: entries and exits at the close of each bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.errors import StrategyError
from trading_ai.strategies.levels import Level, Numbers, Size

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def kind_of(value: object) -> str:
    """What a value is, for a message."""
    if value is None:
        return "None (is there a return?)"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    shape = getattr(value, "shape", None)
    return f"a {type(value).__name__}" + (f" of shape {shape}" if shape is not None else "")


@dataclass(frozen=True, eq=False)
class Signals:
    """Entry and exit decisions, one value a bar, each taken at that bar's close.

    A bar with both entries set gives no entry, unless each waits at a price of its own side. Arrays have shape
    (n_bars,) and become boolean.

    Attributes:
        long_entry: open a long position at the next bar's open.
        short_entry: open a short position at the next bar's open, or None for never.
        long_exit: close a long position at the next bar's open, or None for never.
        short_exit: close a short position at the next bar's open, or None for never.
        stop: stop-loss of the entry that is decided at the same bar; where it says nothing (NaN, or None for no bar),
            the parameter `stop_loss` counts. The same holds for the other two.
        target: take-profit likewise, in place of `take_profit`.
        trail: distance of a trailing stop likewise, in place of `trailing_stop`; pips, percent or ATR.
        size: size of the entry; where it says nothing, the account's.
        entry_limit: price at which the entry waits as a limit order, from the next bar on; NaN for an entry at the next
            open. The next entry decision replaces it, an exit of its side removes it.
        entry_stop: the same for a stop order; with both, a limit order once the stop price is reached.
        long_entry_limit: as `entry_limit` for entries to buy only, in its place where it is not NaN. Where a bar has
            both entries, and each has a price of its own side, both orders wait, and the first that is filled cancels
            the other. The same holds for the three that follow.
        long_entry_stop: as `entry_stop` likewise.
        short_entry_limit: as `entry_limit` for entries to sell.
        short_entry_stop: as `entry_stop` likewise.
        expiry: bars that a waiting order lives, a whole number of 1 or more; NaN or None for until it is replaced.
        long_exit_stop: price at or below which an open long is closed during the next bar; NaN for none.
        long_exit_limit: price at or above which an open long is closed during the next bar likewise.
        short_exit_stop: price at or above which an open short is closed likewise.
        short_exit_limit: price at or below which an open short is closed likewise.
    """

    long_entry: Bools | None = None
    short_entry: Bools | None = None
    long_exit: Bools | None = None
    short_exit: Bools | None = None
    stop: Level | None = None
    target: Level | None = None
    trail: Level | None = None
    size: Size | None = None
    entry_limit: Numbers | None = None
    entry_stop: Numbers | None = None
    expiry: Numbers | None = None
    long_exit_stop: Numbers | None = None
    long_exit_limit: Numbers | None = None
    short_exit_stop: Numbers | None = None
    short_exit_limit: Numbers | None = None
    long_entry_limit: Numbers | None = None
    long_entry_stop: Numbers | None = None
    short_entry_limit: Numbers | None = None
    short_entry_stop: Numbers | None = None

    @property
    def is_planned(self) -> bool:
        """Whether entries say more than their side, or open positions have levels by the bar."""
        # Written out, because it is asked of every combination.
        return not (
            self.stop is None
            and self.target is None
            and self.trail is None
            and self.size is None
            and self.entry_limit is None
            and self.entry_stop is None
            and self.long_entry_limit is None
            and self.long_entry_stop is None
            and self.short_entry_limit is None
            and self.short_entry_stop is None
            and self.long_exit_stop is None
            and self.long_exit_limit is None
            and self.short_exit_stop is None
            and self.short_exit_limit is None
        )

    def arrays(self, n_bars: int, source: str = "signals") -> tuple[Bools, Bools, Bools | None, Bools | None]:
        """The four arrays, checked; missing entries become all-false arrays, missing exits stay None.

        Raises:
            StrategyError: an array has another length, more dimensions, or is not boolean.
        """
        checked: list[Bools | None] = []
        for name in ("long_entry", "short_entry", "long_exit", "short_exit"):
            values = getattr(self, name)
            if values is None:
                checked.append(None)
                continue
            if is_decision(values, n_bars):
                checked.append(values)
                continue
            try:
                array = np.ascontiguousarray(values)
            except Exception as error:  # rows of different lengths, an object that is no array
                raise StrategyError(
                    f"must be an array of one value a bar ({n_bars}), not {kind_of(values)}",
                    parameter=f"{source}.{name}", remedy=str(error),
                ) from error  # fmt: skip
            if array.shape != (n_bars,):
                raise StrategyError(
                    f"must have one value a bar ({n_bars})", parameter=f"{source}.{name}", value=array.shape
                )
            if array.dtype != np.bool_:
                raise StrategyError(
                    "must be boolean",
                    parameter=f"{source}.{name}",
                    value=str(array.dtype),
                    remedy="Compare with something, such as `x > 0`.",
                )
            checked.append(array)
        nothing = np.zeros(n_bars, dtype=np.bool_) if checked[0] is None or checked[1] is None else None
        long_entry = checked[0] if checked[0] is not None else nothing
        short_entry = checked[1] if checked[1] is not None else nothing
        assert long_entry is not None
        assert short_entry is not None
        return long_entry, short_entry, checked[2], checked[3]


_NUMBERS = (float, int)


def is_series(values: Any, n_bars: int) -> bool:
    """Whether compiled code can read the values as float64, in one piece, one a bar."""
    return (
        isinstance(values, np.ndarray)
        and values.shape == (n_bars,)
        and values.dtype == np.float64
        and values.flags.c_contiguous
    )


def is_decision(values: Any, n_bars: int) -> bool:
    """The same for booleans."""
    return (
        isinstance(values, np.ndarray)
        and values.shape == (n_bars,)
        and values.dtype == np.bool_
        and values.flags.c_contiguous
    )


class Crossing(Signals):
    """Entries where a series crosses others: long where it comes above one, short where it falls below one.

    The same as `indicators.crossed_above` and `crossed_below` give, worked out when the arrays are asked for; a sweep
    that needs no arrays does without them.

    Args:
        series: the series that crosses, float64, shape (n_bars,).
        above: what it must cross above to buy: a series or a number.
        below: what it must cross below to sell; None for the same as `above`.
        long_exit: as in `Signals`.
        short_exit: as in `Signals`.
        is_exact: whether values are compared as they are; otherwise those that are equal but for rounding are equal.
    """

    series: npt.NDArray[np.float64]
    above: npt.NDArray[np.float64] | float
    below: npt.NDArray[np.float64] | float
    is_exact: bool

    def __init__(
        self,
        series: npt.NDArray[np.float64],
        above: npt.NDArray[np.float64] | float,
        below: npt.NDArray[np.float64] | float | None = None,
        *,
        long_exit: Bools | None = None,
        short_exit: Bools | None = None,
        is_exact: bool = False,
    ) -> None:
        # Not by `object.__setattr__`, which takes longer: one of these is made for every combination.
        vars(self).update(
            series=series,
            above=above,
            below=above if below is None else below,
            long_exit=long_exit,
            short_exit=short_exit,
            is_exact=is_exact,
        )

    def is_plain(self, n_bars: int) -> bool:
        """Whether compiled code can read the series, float64 in one piece, and the exits as they are.

        If not, `arrays` says what is wrong, or makes arrays of them all the same.
        """
        series = is_series(self.series, n_bars)
        others = (type(each) in _NUMBERS or is_series(each, n_bars) for each in (self.above, self.below))
        exits = (each is None or is_decision(each, n_bars) for each in (self.long_exit, self.short_exit))
        return series and all(others) and all(exits)

    @cached_property
    def long_entry(self) -> Bools:
        """Where the series crosses above what it must, shape (n_bars,)."""
        from trading_ai.strategies.indicators import crossed_above  # noqa: PLC0415 - loads TA-Lib

        return crossed_above(self.series, self.above, tolerance=0.0 if self.is_exact else None)

    @cached_property
    def short_entry(self) -> Bools:
        """Where the series crosses below what it must, shape (n_bars,)."""
        from trading_ai.strategies.indicators import crossed_below  # noqa: PLC0415 - loads TA-Lib

        return crossed_below(self.series, self.below, tolerance=0.0 if self.is_exact else None)


@dataclass(frozen=True, eq=False)
class Each:
    """One array for each of some combinations, of which many share theirs.

    Attributes:
        arrays: the different ones.
        of: which of them each combination has, int64, shape (m,).
    """

    arrays: Sequence[npt.NDArray[Any]]
    of: npt.NDArray[np.int64]

    @classmethod
    def made(cls, function: Callable[..., npt.NDArray[Any]], *columns: npt.NDArray[Any]) -> Each:
        """Call a function once for each combination of values that occurs.

        Args:
            function: from one value of each column to an array.
            columns: values in each combination, each of shape (m,).
        """
        if len(columns) == 1:
            values, of = np.unique(columns[0], return_inverse=True)
            return cls([function(value) for value in values.tolist()], of)
        rows, of = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        return cls([function(*row) for row in rows.tolist()], of.reshape(-1))

    def at(self, i: int) -> npt.NDArray[Any]:
        """The array of combination `i`."""
        return self.arrays[int(self.of[i])]


@dataclass(frozen=True, eq=False)
class Crossings:
    """The signals of many combinations, each a `Crossing`.

    Attributes:
        series: what crosses: one array for all, or one for each.
        above: what it must cross above to buy: arrays, or numbers of shape (m,).
        below: what it must cross below to sell likewise; None for the same as `above`.
        long_exit: decisions to close longs, or None.
        short_exit: decisions to close shorts, or None.
        is_exact: as in `Crossing`.
    """

    series: Floats | Each
    above: Each | Floats
    below: Each | Floats | None = None
    long_exit: Each | None = None
    short_exit: Each | None = None
    is_exact: bool = False

    def is_plain(self, n_bars: int, n: int) -> bool:
        """Whether compiled code can read the arrays of `n` combinations as they are, see `Crossing.is_plain`."""

        def are(each: Each, kind: Callable[[Any, int], bool]) -> bool:
            return each.of.shape == (n,) and all(kind(array, n_bars) for array in each.arrays)

        series = are(self.series, is_series) if isinstance(self.series, Each) else is_series(self.series, n_bars)
        others = (
            are(each, is_series) if isinstance(each, Each) else each is None or np.shape(each) == (n,)
            for each in (self.above, self.below)
        )
        exits = (each is None or are(each, is_decision) for each in (self.long_exit, self.short_exit))
        return series and all(others) and all(exits)

    def at(self, i: int) -> Crossing:
        """The signals of combination `i`."""

        def other(value: Each | Floats) -> Floats | float:
            return value.at(i) if isinstance(value, Each) else float(value[i])

        return Crossing(
            self.series.at(i) if isinstance(self.series, Each) else self.series,
            other(self.above),
            None if self.below is None else other(self.below),
            long_exit=None if self.long_exit is None else self.long_exit.at(i),
            short_exit=None if self.short_exit is None else self.short_exit.at(i),
            is_exact=self.is_exact,
        )
