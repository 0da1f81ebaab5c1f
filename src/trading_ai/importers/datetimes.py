"""Date and time texts: guessing their format from the values, and parsing a million of them quickly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]

_EPOCHS = {
    10: ("epoch_s", 1_000_000_000),
    13: ("epoch_ms", 1_000_000),
    16: ("epoch_us", 1_000),
    19: ("epoch_ns", 1),
}
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_ZONE = r"(?P<zone>\s*(?:Z|UTC|GMT)?(?:[+-]\d{2}:?\d{2})?)"
_TIME = re.compile(
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?P<s>:\d{2})?(?P<f>[.,]\d+)?(?P<ampm>\s*[AaPp][Mm])?" + _ZONE + r"$"
    r"|(?P<compact>\d{6}|\d{4})(?P<cf>\.?\d{3})?$"
)
_DATE = re.compile(
    r"(?P<iso>\d{4}(?P<s1>[-./])\d{1,2}(?P=s1)\d{1,2})"
    r"|(?P<dmy>\d{1,2}(?P<s2>[-./])\d{1,2}(?P=s2)\d{4})"
    r"|(?P<named>\d{1,2}(?P<s3>[-/ .])[A-Za-z]{3}(?P=s3)\d{4})"
    r"|(?P<short>\d{1,2}(?P<s4>[-./])\d{1,2}(?P=s4)\d{2}(?!\d))"
    r"|(?P<packed>\d{8})(?!\d)"
)


@dataclass(frozen=True)
class TimeFormat:
    """How a column of times is written.

    Attributes:
        date: strptime pattern of the date, ``epoch_s`` and the like, or ``ms_of_day``.
        clock: what follows the date, with its separator, or "" for dates alone.
        zoned: whether the values carry Z or an offset.
        day_first: False or True where the values decided; None where the pattern cannot be mistaken or is
            undecided.
        undecided: day and month could be exchanged; `day_first` is still to be decided.
    """

    date: str
    clock: str = ""
    zoned: bool = False
    day_first: bool | None = None
    undecided: bool = False

    @property
    def pattern(self) -> str:
        """The whole strptime pattern, for people."""
        return self.date + self.clock

    @property
    def has_clock(self) -> bool:
        """Whether the values tell the time of day."""
        return any(code in self.pattern for code in ("%H", "%I", "%T", "%R"))

    @property
    def is_epoch(self) -> bool:
        """Whether the values are counts since 1970, hence UTC."""
        return self.date.startswith("epoch")


def looks_like_clock(text: str) -> bool:
    """Whether the text is a time of day alone."""
    return ":" in text and _TIME.match(text.strip()) is not None


def clock_pattern(text: str) -> tuple[str, bool] | None:
    """Pattern of a time of day, and whether a zone follows it; None where it is no time of day."""
    match = _TIME.match(text)
    if match is None:
        return None
    if match["compact"]:
        fraction = "" if not match["cf"] else "%.3f" if match["cf"].startswith(".") else "%3f"
        return ("%H%M%S" if len(match["compact"]) == 6 else "%H%M") + fraction, False
    hour = "%I" if match["ampm"] else "%H"
    pattern = hour + ":%M" + (":%S" if match["s"] else "")
    if match["f"]:
        pattern += "%.f"
    if match["ampm"]:
        pattern += " %p" if match["ampm"][0] == " " else "%p"
    return pattern, bool(match["zone"].strip())


def guess_time_format(samples: Sequence[str]) -> TimeFormat | None:
    """The format of the texts, judged by the first that tells; None where they are no dates."""
    text = next((s.strip() for s in samples if s.strip()), "")
    if re.fullmatch(r"-?\d+(\.0+)?", text):
        digits = text.split(".")[0]
        if len(digits) in _EPOCHS:
            return TimeFormat(_EPOCHS[len(digits)][0])
        if len(digits) in _COMPACT and digits[:2] in {"19", "20"}:
            return TimeFormat(_COMPACT[len(digits)])
        if len(digits) == 9:
            return TimeFormat("epoch_s")
        return None
    if re.fullmatch(r"\d{10}\.\d+", text):
        return TimeFormat("epoch_s")
    match = _DATE.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    undecided = False
    if match["iso"]:
        date = "%Y{0}%m{0}%d".format(match["s1"])
    elif match["named"]:
        date = "%d{0}%b{0}%Y".format(match["s3"])
    elif match["packed"]:
        date = "%Y%m%d"
    else:
        undecided = True
        year, separator = ("%Y", match["s2"]) if match["dmy"] else ("%y", match["s4"])
        date = f"%d{separator}%m{separator}{year}"
    if not rest.strip():
        return TimeFormat(date, undecided=undecided)
    gap = re.match(r"\s*[T,;]?\s*", rest)
    separator = gap[0] if gap else ""
    clock = clock_pattern(rest[len(separator) :])
    if clock is None:
        return None
    return TimeFormat(date, separator + clock[0], zoned=clock[1], undecided=undecided)


def with_day_first(format_: TimeFormat, *, day_first: bool) -> TimeFormat:
    """The format with day and month in the given order."""
    separator = format_.date[2]
    year = format_.date[-2:]
    date = f"%d{separator}%m{separator}{year}" if day_first else f"%m{separator}%d{separator}{year}"
    return TimeFormat(date, format_.clock, format_.zoned, day_first)


def read_date_format(text: str, guessed: TimeFormat | None) -> TimeFormat:
    """A user's date format: a strptime pattern, or ``dd.mm.yyyy``; a clock left out is guessed."""
    if text == "ms_of_day":
        return TimeFormat(text)
    date = text
    if "%" not in text:
        for word, code in (
            ("yyyy", "%Y"),
            ("YYYY", "%Y"),
            ("dd", "%d"),
            ("DD", "%d"),
            ("mm", "%m"),
            ("MM", "%m"),
        ):
            date = date.replace(word, code, 1) if code not in date else date
    clock = "" if guessed is None or TimeFormat(date).has_clock else guessed.clock
    return TimeFormat(date, clock, guessed.zoned if guessed else False)


def order_of_day_and_month(values: pl.Series) -> bool | None:
    """Whether the day comes first, judged by values over 12 in the whole column; None where none tells.

    Raises:
        ValueError: values over 12 in both places.
    """
    heads = values.str.slice(0, 10).unique().drop_nulls()
    frame = pl.DataFrame({"v": heads}).select(
        a=pl.col("v").str.extract(r"^\s*(\d{1,2})", 1).cast(pl.Int32, strict=False),
        b=pl.col("v").str.extract(r"^\s*\d{1,2}\D(\d{1,2})", 1).cast(pl.Int32, strict=False),
    )
    first, second = frame["a"].max(), frame["b"].max()
    first_is_day = isinstance(first, int) and first > 12
    second_is_day = isinstance(second, int) and second > 12
    if first_is_day and second_is_day:
        raise ValueError
    return True if first_is_day else False if second_is_day else None


def parse_times(values: pl.Series, format_: TimeFormat) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Parse texts into ns since 1970: UTC where values carry a zone or are epochs, else on their own clock.

    Returns:
        The times (0 where unreadable) and which rows are unreadable, each of shape (n,).
    """
    if format_.is_epoch or format_.date == "ms_of_day":
        unit = dict(_EPOCHS.values()).get(format_.date, 1_000_000)
        numbers = values.cast(pl.Int64, strict=False)
        if numbers.null_count() > values.null_count():  # fractions of a second, or 1514764800.0
            seconds = values.cast(pl.Float64, strict=False)
            numbers = (seconds * (unit / 1000)).round().cast(pl.Int64) * 1000
        else:
            numbers = numbers * unit
        return numbers.fill_null(0).to_numpy(), numbers.is_null().to_numpy()
    frame = pl.DataFrame({"v": values})
    text = pl.col("v")
    if format_.zoned:
        frame = frame.with_columns(
            z=text.str.extract(r"([+-]\d{2}:?\d{2})\s*$", 1).fill_null("+0000").str.replace(":", "", literal=True)
        )
        text = text.str.replace(r"\s*(?:Z|UTC|GMT)?\s*(?:[+-]\d{2}:?\d{2})?\s*$", "")
    pattern = format_.pattern
    if format_.has_clock:
        parsed = text.str.to_datetime(pattern, time_unit="ns", strict=False)
    else:
        parsed = text.str.to_date(pattern, strict=False).cast(pl.Datetime("ns"))
    frame = frame.with_columns(t=parsed)
    times = frame["t"].to_physical()
    bad = times.is_null().to_numpy()
    ns = times.fill_null(0).to_numpy()
    if format_.zoned:
        ns = ns - _offsets(frame["z"])
    return ns, bad


def _offsets(texts: pl.Series) -> Ints:
    unique = texts.unique()
    seconds = [(1 if t[0] == "+" else -1) * (int(t[1:3]) * 3600 + int(t[3:5]) * 60) for t in unique]
    mapped = texts.replace_strict(unique, pl.Series(seconds, dtype=pl.Int64))
    offsets: Ints = mapped.to_numpy() * 1_000_000_000
    return offsets
