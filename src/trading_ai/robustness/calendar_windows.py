"""Training and test windows by the calendar: "12M/3M" learns on twelve months and trades the next three."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import ParameterError
from trading_ai.robustness.trials import Bools, check_day_numbers

_SPAN = re.compile(r"\s*([1-9]\d*)\s*([MWD])\s*", re.IGNORECASE)
_DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class Span:
    """A stretch of calendar time.

    Attributes:
        count: how many, at least 1.
        unit: "M" months, "W" weeks or "D" calendar days.
    """

    count: int
    unit: str

    @override
    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    def after(self, day: int, times: int = 1) -> int:
        """The day this span, `times` over, after `day` (days since 1970-01-01).

        Months keep the day of the month, or take the month's last: 31 January and 1M is 28 or 29 February.
        """
        if self.unit == "D":
            return day + self.count * times
        if self.unit == "W":
            return day + self.count * times * _DAYS_PER_WEEK
        date = np.datetime64(day, "D")
        month = date.astype("datetime64[M]")
        into = int((date - month.astype("datetime64[D]")).astype(np.int64))
        first = (month + self.count * times).astype("datetime64[D]")
        last = (month + self.count * times + 1).astype("datetime64[D]") - 1
        return int(min(first + into, last).astype(np.int64))


@dataclass(frozen=True)
class WindowSize:
    """Length of the training and of the test that follows it."""

    train: Span
    test: Span

    @override
    def __str__(self) -> str:
        return f"{self.train}/{self.test}"


@dataclass(frozen=True)
class Window:
    """One training and the test after it; days since 1970-01-01, ends excluded.

    Attributes:
        train_first: first calendar day learnt from.
        test_first: first calendar day traded, and the end of the training.
        test_end: day after the last one traded.
        n_train: trading days learnt from.
        n_test: trading days traded.
        complete: whether the data reaches the end of the test.
    """

    train_first: int
    test_first: int
    test_end: int
    n_train: int
    n_test: int
    complete: bool


def parse_span(text: str) -> Span:
    """Read a span such as ``"3M"``, ``"2W"`` or ``"10D"``.

    Raises:
        ParameterError: anything else.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ParameterError(
            "must be a number and M, W or D", parameter="span", value=text, remedy='For example "12M", "2W", "10D".'
        )
    return Span(int(match[1]), match[2].upper())


def parse_window_size(text: str) -> WindowSize:
    """Read training and test length such as ``"12M/3M"``.

    Raises:
        ParameterError: anything else.
    """
    parts = text.split("/")
    if len(parts) != 2:
        raise ParameterError(
            "must be two spans with a / between", parameter="windows", value=text, remedy='For example "12M/3M".'
        )
    return WindowSize(parse_span(parts[0]), parse_span(parts[1]))


def calendar_windows(
    day_numbers: npt.NDArray[np.integer], size: WindowSize | str, *, anchored: bool = False
) -> tuple[Window, ...]:
    """Windows over some days; each test begins where the one before it ends, so that no day is traded twice.

    The last test may be cut short by the end of the data (`complete` is False then). A window without a trading
    day to learn from or to trade is left out.

    Args:
        day_numbers: date of each trading day, days since 1970-01-01, ascending, shape (n_days,).
        size: lengths, or their text.
        anchored: every training begins with the data instead of moving along.

    Returns:
        Windows in order of time; none if the data is not longer than one training.

    Raises:
        ParameterError: unreadable `size`, or days out of order.
    """
    days = check_day_numbers(day_numbers, day_numbers.shape[0])
    lengths = parse_window_size(size) if isinstance(size, str) else size
    result: list[Window] = []
    if days.shape[0] == 0:
        return ()
    first, last, k = int(days[0]), int(days[-1]), 0

    def count(begin: int, end: int) -> int:
        return int(np.searchsorted(days, end) - np.searchsorted(days, begin))

    def test_begin(k: int) -> int:
        return lengths.train.after(lengths.test.after(first, k))

    while test_begin(k) <= last:
        begin, end = test_begin(k), test_begin(k + 1)
        train_first = first if anchored else lengths.test.after(first, k)
        n_train, n_test = count(train_first, begin), count(begin, end)
        if n_train and n_test:
            result.append(Window(train_first, begin, end, n_train, n_test, end <= last + 1))
        k += 1
    return tuple(result)


def window_days(day_numbers: npt.NDArray[np.integer], windows: tuple[Window, ...]) -> tuple[Bools, Bools]:
    """Which days each window learns from, and which it trades; both of shape (n_windows, n_days)."""
    days = np.asarray(day_numbers)
    train = np.array([(days >= w.train_first) & (days < w.test_first) for w in windows], dtype=np.bool_)
    test = np.array([(days >= w.test_first) & (days < w.test_end) for w in windows], dtype=np.bool_)
    shape = (len(windows), days.shape[0])
    return train.reshape(shape), test.reshape(shape)
