"""Is the order of a file's times believable? Sorting cannot mend dates that were read or written wrongly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trading_ai.errors import DataError
from trading_ai.importers.raw import Ints, RawRows

_DAY = 86_400 * 10**9
_REMEDY = "Correct the dates, or export the file with one date format; repair only sorts rows whose dates are right"


def refuse_jumping_dates(rows: RawRows, source: str) -> None:
    """Refuse dates that jump to and fro: day and month exchanged in some rows, or a row of another year.

    A file from new to old, rows out of place within days, or parts in the wrong order are not meant; `repair` sorts
    those.

    Args:
        rows: of one file, in file order.
        source: the file, for messages.

    Raises:
        DataError: with the row where it begins.
    """
    times = rows.time_ns
    if len(times) < 3:
        return
    steps = np.diff(times)
    if bool((steps < 0).sum() > len(steps) / 2):  # from new to old
        n = len(times)
        _refuse(times[::-1], lambda row: rows.lines(n - 1 - row), source)
    else:
        _refuse(times, rows.lines, source)


def _refuse(times: Ints, line_of: Callable[[int], int | None], source: str) -> None:
    steps = np.diff(times)
    apart = np.abs(steps[steps != 0])
    usual = int(apart.min()) if len(apart) else 0  # the median is a month where most days are exchanged
    far = max(4 * _DAY, 5 * usual)
    odd = (steps < 0) | (steps > far)
    if not odd.any():
        return
    back = bool((steps < 0).any())
    exchanged = _exchanged(times)
    fits = odd & (exchanged[1:] != times[1:])
    fits &= _near(exchanged[1:] - times[:-1], far) | _near(exchanged[1:] - exchanged[:-1], far)
    if fits.any() and (back or int(fits.sum()) >= 3):
        row = int(np.flatnonzero(fits)[0]) + 1
        raise DataError(
            f"jumps from {_day(times[row - 1])}; with day and month exchanged it would be {_day(exchanged[row])}: some "
            "dates seem to have the day first, others the month",
            file=source,
            line=line_of(row),
            parameter="time",
            value=_day(times[row]),
            remedy=_REMEDY,
        )
    if not back:
        return
    order = np.argsort(times, kind="stable")
    rank = np.empty(len(times), np.int64)
    rank[order] = np.arange(len(times))
    hole = max(7 * _DAY, 200 * usual)
    sorted_holes = np.flatnonzero(np.diff(times[order]) > hole)
    strange = [k for k in sorted_holes if abs(int(order[k]) - int(order[k + 1])) != 1]
    if not strange:
        return
    leaps = np.flatnonzero((np.abs(steps) > hole) & (np.abs(np.diff(rank)) != 1))
    row = int(leaps[0]) + 1 if len(leaps) else int(max(order[strange[0]], order[strange[0] + 1]))
    raise DataError(
        f"jumps from {_day(times[row - 1])}, and the rows around it do not follow",
        file=source,
        line=line_of(row),
        parameter="time",
        value=_day(times[row]),
        remedy=_REMEDY,
    )


def _near(steps: Ints, far: int) -> npt.NDArray[np.bool_]:
    return (steps > 0) & (steps <= far)


def _exchanged(times: Ints) -> Ints:
    """The times with day and month exchanged, where the day can be a month; else as they are."""
    stamps = times.astype("datetime64[ns]")
    months = stamps.astype("datetime64[M]")
    years = stamps.astype("datetime64[Y]")
    day = (stamps.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    month = (months - years.astype("datetime64[M]")).astype(np.int64) + 1
    within = times - stamps.astype("datetime64[D]").astype("datetime64[ns]").astype(np.int64)
    swapped = (years.astype("datetime64[M]") + (day - 1)).astype("datetime64[D]") + (month - 1)
    moved: Ints = swapped.astype("datetime64[ns]").astype(np.int64) + within
    return np.where(day <= 12, moved, times)


def _day(time_ns: int) -> str:
    return str(np.datetime64(int(time_ns), "ns").astype("datetime64[m]")).replace("T", " ")
