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
    r"|(?P<compact>\d{6}|\d{4})(?P<cf>\.?\d{3})?(?P<czone>Z|[+-]\d{2}:?\d{2})?$"
)
_DATE = re.compile(
    r"(?P<iso>\d{4}(?P<s1>[-./])\d{1,2}(?P=s1)\d{1,2})"
    r"|(?P<dmy>\d{1,2}(?P<s2>[-./])\d{1,2}(?P=s2)\d{4})"
    r"|(?P<named>\d{1,2}(?P<s3>[-/ .])[A-Za-z]{3}(?P=s3)\d{4})"
    r"|(?P<short>\d{1,2}(?P<s4>[-./])\d{1,2}(?P=s4)\d{2}(?!\d))"
    r"|(?P<american>[A-Za-z]{3} \d{1,2}, \d{4})"
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
        return ("%H%M%S" if len(match["compact"]) == 6 else "%H%M") + fraction, bool(match["czone"])
    hour = "%I" if match["ampm"] else "%H"
    pattern = hour + ":%M" + (":%S" if match["s"] else "")
    if match["f"]:
        digits = len(match["f"]) - 1
        pattern += "%.f" if match["f"][0] == "." else f",%{digits}f" if digits in {3, 6, 9} else ",%f"
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
    elif match["american"]:
        date = "%b %d, %Y"
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


_TOKENS = re.compile(r"y{2,4}|m{1,3}|d{1,2}|h{1,2}|s{1,2}|f{1,6}|tt|.", re.IGNORECASE)


def read_date_format(text: str, guessed: TimeFormat | None) -> TimeFormat:
    """A user's date format: a strptime pattern, or ``dd.mm.yyyy hh:mm``; a clock left out is guessed.

    A ``Z`` or ``%z`` at the end says that the values carry their zone.
    """
    if text == "ms_of_day" or text in {name for name, _ in _EPOCHS.values()}:
        return TimeFormat(text)
    date = text if "%" in text else _of_letters(text)
    date = re.sub(r"(?<![%.])%f", "%6f", date.replace(".%f", "%.f"))
    zone = re.search(r"\s*(Z|%z|%:z|%#z|%Z)$", date)
    if zone:
        return TimeFormat(date[: zone.start()], zoned=True)
    if TimeFormat(date).has_clock:
        return TimeFormat(date)
    return TimeFormat(date, guessed.clock if guessed else "", guessed.zoned if guessed else False)


def is_date_format(text: str) -> bool:
    """Whether a date format tells year, month and day, so that it can be one."""
    pattern = read_date_format(text, None).date
    if TimeFormat(pattern).is_epoch or pattern == "ms_of_day":
        return True
    has = set(re.findall(r"%[-_0]?([A-Za-z])", pattern))
    year, day = has & {"Y", "y"}, has & {"d", "e"}
    return bool(
        has & {"F", "D", "s", "x", "c"} or (year and "j" in has) or (year and day and has & {"m", "b", "B", "h"})
    )


def _of_letters(text: str) -> str:
    """The strptime pattern of ``yyyy-mm-dd hh:mm:ss``; mm after an hour is minutes."""
    out, hours = "", False
    for token in _TOKENS.findall(text):
        word = token.lower()
        if word == "yyyy":
            out += "%Y"
        elif word in {"yy", "yyy"}:
            out += "%y"
        elif word == "mmm":
            out += "%b"
        elif word in {"m", "mm"}:
            out += "%M" if hours else "%m"
        elif word in {"d", "dd"}:
            out += "%d"
        elif word in {"h", "hh"}:
            out, hours = out + ("%I" if "tt" in text.lower() else "%H"), True
        elif word in {"s", "ss"}:
            out += "%S"
        elif word == "tt":
            out += "%p"
        elif re.fullmatch(r"f+", word):
            out = out.removesuffix(".") + "%.f" if out.endswith(".") else out + f"%{'369'[min(len(word) - 1, 6) // 3]}f"
        else:
            out += token
    return out


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


_FIRST_US, _LAST_US = (int(np.datetime64(day, "us").astype(np.int64)) for day in ("1678-01-01", "2262-01-01"))
"""Moments that nanoseconds since 1970 can hold in 64 bits, in whole years (the last one excluded)."""
# A count of seconds has at most ten digits, one of milliseconds eleven to thirteen, ...: no unit passes for another.
_COUNTS = {"epoch_s": (0, 10**10), "epoch_ms": (10**10, 10**13), "epoch_us": (10**13, 10**16)}


def parse_times(values: pl.Series, format_: TimeFormat) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Parse texts into ns since 1970: UTC where values carry a zone or are epochs, else on their own clock.

    Returns:
        The times (0 where unreadable) and which rows are unreadable, each of shape (n,): texts of another form, counts
        of another unit, years outside of 1678 to 2261.
    """
    if format_.is_epoch or format_.date == "ms_of_day":
        return _parse_counts(values, format_)
    frame = pl.DataFrame({"v": values})
    text = pl.col("v")
    if format_.zoned:
        frame = frame.with_columns(
            z=text.str.extract(r"([+-]\d{2}:?\d{2})\s*$", 1).fill_null("+0000").str.replace(":", "", literal=True)
        )
        text = text.str.replace(r"\s*(?:Z|UTC|GMT)?\s*(?:[+-]\d{2}:?\d{2})?\s*$", "")
    try:
        if format_.has_clock:
            parsed = text.str.to_datetime(format_.pattern, time_unit="us", strict=False)
        else:
            parsed = text.str.to_date(format_.pattern, strict=False).cast(pl.Datetime("us"))
        frame = frame.with_columns(t=parsed)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):  # a pattern that is none
        return np.zeros(len(values), np.int64), np.ones(len(values), np.bool_)
    times = frame["t"].to_physical()
    bad = times.is_null().to_numpy()
    us = times.fill_null(0).to_numpy()
    outside = (us < _FIRST_US) | (us >= _LAST_US)
    if outside.any():
        bad, us = bad | outside, np.where(outside, 0, us)
    ns = us * 1_000
    if format_.zoned:
        ns = ns - _offsets(frame["z"])
    return ns, bad


def _parse_counts(values: pl.Series, format_: TimeFormat) -> tuple[Ints, npt.NDArray[np.bool_]]:
    numbers = values.str.strip_chars().cast(pl.Int64, strict=False)
    unit = dict(_EPOCHS.values()).get(format_.date, 1_000_000)
    if numbers.null_count() > values.null_count():  # fractions of a second, or 1514764800.0
        counts = values.str.strip_chars().cast(pl.Float64, strict=False)
        counts = counts.set(~counts.is_finite().fill_null(value=False), None)
        size, known = counts.fill_null(0).to_numpy(), counts.is_not_null().to_numpy()
    else:
        counts = None
        size, known = numbers.fill_null(0).to_numpy(), numbers.is_not_null().to_numpy()
    low, high = _COUNTS.get(format_.date, (0, 86_400_001 if format_.date == "ms_of_day" else 2**63 - 1))
    if format_.date == "epoch_ns":
        low = 10**16
    size = np.where(known, size, low)
    good = known & (np.abs(size) >= low) & (np.abs(size) < high)
    last = _LAST_US // unit * 1_000
    good &= np.abs(size) < last if format_.is_epoch else size >= 0
    size = np.where(good, size, 0)
    ns: Ints = size * unit if counts is None else np.rint(size * (unit / 1000)).astype(np.int64) * 1000
    return ns, ~good


def why_no_time(text: str | None, format_: TimeFormat, first: str | None = None) -> tuple[str, str]:
    """What is wrong with a text that `parse_times` did not read, and what to do, in words."""
    text = (text or "").strip()
    if not text:
        return "is missing", "Correct or remove the row (the file may be cut off)"
    if format_.is_epoch and re.fullmatch(r"-?\d+(\.\d*)?", text):
        digits, usual = (len((t or "").partition(".")[0].lstrip("-")) for t in (text, first))
        if digits != usual:
            return (
                f"has {digits} digits where {usual} stand in the first row: another unit of time begins here",
                "Bring all rows to one unit (milliseconds, say), or import the parts as files of one folder",
            )
        return "lies outside the years 1678 to 2261", "Correct the row"
    if not format_.is_epoch and format_.date != "ms_of_day":
        year = re.search(r"\d{4}", text)
        try:
            seen = pl.Series([text]).str.to_datetime(format_.pattern, time_unit="ms", strict=False)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return f"does not match {format_.pattern}, which is no pattern of a time", "Give another date_format"
        if year and (seen.null_count() == 0 or not 1678 <= int(year[0]) <= 2261) and "%Y" in format_.pattern:
            return "lies outside the years 1678 to 2261", "Correct the row"
    return f"is not a time of the form {format_.pattern}", "Correct the row, or give another date_format"


def _offsets(texts: pl.Series) -> Ints:
    unique = texts.unique()
    seconds = [(1 if t[0] == "+" else -1) * (int(t[1:3]) * 3600 + int(t[3:5]) * 60) for t in unique]
    mapped = texts.replace_strict(unique, pl.Series(seconds, dtype=pl.Int64))
    offsets: Ints = mapped.to_numpy() * 1_000_000_000
    return offsets
