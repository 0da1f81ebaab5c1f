"""Is market data fit for a backtest? Structural faults are refused, oddities reported.

Checks run on raw columns, before `Bars` exist, and cost milliseconds for a million rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trading_ai.errors import DataError
from trading_ai.market.bad_ticks import spikes
from trading_ai.market.expected_bars import calendar_of
from trading_ai.market.grid import on_day_grid
from trading_ai.market.quality_report import Gap, Jump, QualityReport, Spike
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe
from trading_ai.market.trading_week import missing_bars, weekend_bars

__all__ = ["DataQualityWarning", "QualityReport", "check_rows", "check_values", "iso"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Columns = dict[str, Floats]
LineOf = Callable[[int], int | None]

_BID = ("open", "high", "low", "close")
_ASK = ("ask_open", "ask_high", "ask_low", "ask_close")
_NOISE = 1e-7  # relative; files made by floating point arithmetic are off by this, never by a tick
_LISTED = 10
_NOT_POSITIVE = (
    "Markets have been at zero and below (oil futures in April 2020), but returns, margin and sizes in percent have no "
    "meaning there: leave those rows out, or import a series that was shifted or adjusted above zero"
)
# A change from one bar to the next beyond this factor looks like a split, a wrong scale or a bad tick.
_JUMP = {"fx": 1.1, "metal": 1.15, "index": 1.2, "future": 1.25, "stock": 1.3, "crypto": 1.5}
_LONG_HOLE = 4 * 3600  # seconds
_SHARE_MISSING, _SHARE_OF_M1 = 0.005, 0.1  # of all expected bars
_SPLITS = (2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 1.5)


class DataQualityWarning(UserWarning):
    """Something to look at in bars that were read: nothing is refused for it, and results may depend on it."""


def iso(time_ns: int) -> str:
    """UTC ns as ``2018-01-01 22:00:00``."""
    return str(np.datetime64(int(time_ns), "ns").astype("datetime64[s]")).replace("T", " ")


def check_rows(
    time_ns: Ints,
    columns: Columns,
    *,
    symbol: Symbol,
    timeframe: Timeframe,
    source: str = "",
    line_of: LineOf = lambda row: row + 1,
    repair: bool = False,
) -> tuple[Ints, Columns, QualityReport]:
    """Check rows that are to become bars.

    Args:
        time_ns: opens, UTC ns, shape (n,), in file order.
        columns: `open`, `high`, `low`, `close`, and where present `volume`, `spread` and the four ask prices.
        symbol: the instrument.
        timeframe: the bars' length.
        source: the file's name, for messages.
        line_of: 1-based line in the file of a row index, or None.
        repair: drop rows that repeat another exactly, sort by time (stable) and drop flat filler bars in the
            weekend; the report says what was done. Rows that contradict each other are never repaired.

    Returns:
        Times and columns, checked and strictly ascending, and the report.

    Raises:
        DataError: a structural fault, with file, line, value and remedy.
    """
    report = QualityReport(source=source, n_rows=len(time_ns))
    columns = check_values(columns, source=source, line_of=line_of)
    time_ns, columns, line_of = _ordered(time_ns, columns, report, line_of, repair=repair)
    time_ns, columns, line_of = _without_filler(time_ns, columns, report, symbol, timeframe, line_of, repair=repair)
    if not len(time_ns):
        raise DataError("holds no bars", file=source, remedy="Check that it is the right file")
    report.n_bars = len(time_ns)
    report.first, report.last = iso(time_ns[0]), iso(time_ns[-1])
    report.lowest, report.highest = float(columns["low"].min()), float(columns["high"].max())
    _note_gaps(time_ns, report, symbol, timeframe)
    _note_jumps(time_ns, columns, report, symbol, line_of)
    _note_spikes(time_ns, columns, report, symbol, line_of)
    if "ask_open" in columns:
        below = (columns["ask_open"] < columns["open"]) | (columns["ask_close"] < columns["close"])
        report.n_ask_below_bid = int(below.sum())
        if report.n_ask_below_bid:
            row = int(np.flatnonzero(below)[0])
            report.warnings.append(
                f"the ask lies below the bid in {report.n_ask_below_bid:,} bars, first at "
                f"{iso(time_ns[row])} "
                f"{_at(line_of(row))}: bid {columns['open'][row]:g}, ask {columns['ask_open'][row]:g}"
            )
    return time_ns, columns, report


def _least(values: Floats) -> float:
    return float(values.min()) if len(values) else 1.0


def _at(line: int | None) -> str:
    return "" if line is None else f" (line {line})"


def check_values(columns: Columns, *, source: str, line_of: LineOf) -> Columns:
    """Refuse impossible numbers; widen high and low by float noise so that open and close lie within them.

    Raises:
        DataError: a price that is not finite or not positive, high below low, open or close outside of them,
            or a volume or spread that is negative or not finite.
    """

    def refuse(bad: npt.NDArray[np.bool_], name: str, rule: str, remedy: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            more = int(bad.sum()) - 1
            tail = f"{remedy}. {more:,} more rows are like it" if more else remedy
            value = float(columns[name][row])
            raise DataError(rule, file=source, line=line_of(row), parameter=name, value=value, remedy=tail)

    groups = [_BID] + ([_ASK] if "ask_open" in columns else [])
    names_of_prices = [n for group in groups for n in group]
    for name in names_of_prices:
        if not bool(np.isfinite(columns[name]).all()):
            refuse(~np.isfinite(columns[name]), name, "is not a number", "Correct or remove the row")
    # The first row of the file, whichever of its prices it is.
    rows = {n: int(np.flatnonzero(columns[n] <= 0)[0]) for n in names_of_prices if _least(columns[n]) <= 0}
    if rows:
        name = min(rows, key=lambda n: rows[n])
        refuse(columns[name] <= 0, name, "must be positive", _NOT_POSITIVE)
    for name in ("volume", "spread"):
        if name in columns:
            values = columns[name]
            refuse(~np.isfinite(values), name, "is not a number", "Correct or remove the row")
            refuse(values < 0, name, "must not be negative", "Correct or remove the row")
    fixed = dict(columns)
    for names in groups:
        open_, high, low, close = (columns[name] for name in names)
        top, bottom = np.maximum(open_, close), np.minimum(open_, close)
        if bool((high >= top).all() and (low <= bottom).all()):
            continue
        slack = np.abs(high) * _NOISE
        refuse(
            low > high + slack,
            names[1],
            "is below the low",
            "Check the order of the columns, or remove the row",
        )
        for name in (names[0], names[3]):
            values = columns[name]
            refuse(
                (values > high + slack) | (values < low - slack),
                name,
                "lies outside the bar's low and high",
                "Check the order of the columns, or correct the row",
            )
        fixed[names[1]], fixed[names[2]] = np.maximum(high, top), np.minimum(low, bottom)
    return fixed


def _ordered(
    time_ns: Ints, columns: Columns, report: QualityReport, line_of: LineOf, *, repair: bool
) -> tuple[Ints, Columns, LineOf]:
    steps = np.diff(time_ns)
    if not len(steps) or bool((steps > 0).all()):
        return time_ns, columns, line_of
    back = np.flatnonzero(steps < 0) + 1
    report.n_out_of_order = len(back)
    order = np.argsort(time_ns, kind="stable")
    sorted_times = time_ns[order]
    repeats = np.flatnonzero(sorted_times[1:] == sorted_times[:-1]) + 1
    differs = np.zeros(len(repeats), np.bool_)
    names = np.full(len(repeats), "", dtype=object)
    for name, values in columns.items():
        unlike = values[order[repeats]] != values[order[repeats - 1]]
        names[unlike & ~differs] = name
        differs |= unlike
    report.n_exact_duplicates = int((~differs).sum())
    if differs.any():
        k = int(np.flatnonzero(differs)[0])
        row, other, name = int(order[repeats[k]]), int(order[repeats[k] - 1]), str(names[k])
        raise DataError(
            f"has another {name} for {iso(time_ns[row])} UTC than an earlier row{_at(line_of(other))} "
            f"({float(columns[name][other])!r}); {int(differs.sum()):,} rows contradict each other",
            file=report.source,
            line=line_of(row),
            parameter=name,
            value=float(columns[name][row]),
            remedy="Remove the wrong row; repair never chooses between two prices",
        )
    if not repair:
        row = min([int(back[0])] if len(back) else [], default=len(time_ns))
        twin = int(order[repeats].min()) if len(repeats) else len(time_ns)
        rule = "opens before the row above it" if row <= twin else "repeats an earlier row"
        if len(back) == len(steps):
            rule = "opens before the row above it: the file runs from new to old"
        raise DataError(
            f"{rule}; {len(back):,} rows step back in time, {len(repeats):,} repeat another row exactly",
            file=report.source,
            line=line_of(min(row, twin)),
            parameter="time",
            value=iso(time_ns[min(row, twin)]) + " UTC",
            remedy="Import with repair (--repair) to sort the rows and drop exact repeats",
        )
    keep = np.ones(len(order), np.bool_)
    keep[repeats] = False
    kept = order[keep]
    if len(repeats):
        report.repairs.append(f"dropped {len(repeats):,} rows that repeat another row exactly")
    if len(back):
        report.repairs.append(f"sorted the rows by time: {len(back):,} stepped back")
    return time_ns[kept], {name: values[kept] for name, values in columns.items()}, _through(line_of, kept)


def _through(line_of: LineOf, kept: Ints) -> LineOf:
    return lambda row: line_of(int(kept[row]))


def _without_filler(
    time_ns: Ints,
    columns: Columns,
    report: QualityReport,
    symbol: Symbol,
    timeframe: Timeframe,
    line_of: LineOf,
    *,
    repair: bool,
) -> tuple[Ints, Columns, LineOf]:
    open_, high, low = columns["open"], columns["high"], columns["low"]
    flat = (high == low) & (open_ == low)
    volume = columns.get("volume")
    has_volume = volume is not None and bool(volume.any())
    if volume is not None:
        flat &= volume == 0
    report.n_flat = int(flat.sum())
    if timeframe.is_daily_or_longer or symbol.kind not in {"fx", "metal"}:
        return time_ns, columns, line_of
    closed = weekend_bars(symbol, time_ns, timeframe.ns)
    report.n_weekend = int(closed.sum())
    filler = closed & flat
    n_filler = int(filler.sum())
    if n_filler and repair:
        kept = np.flatnonzero(~filler)
        report.repairs.append(f"dropped {n_filler:,} flat bars without volume in the weekend (filler)")
        report.n_flat -= n_filler
        report.n_weekend -= n_filler
        return (
            time_ns[kept],
            {name: values[kept] for name, values in columns.items()},
            _through(line_of, kept),
        )
    if n_filler:
        report.warnings.append(
            f"{n_filler:,} flat bars without volume lie in the weekend (filler of the source); repair drops them"
        )
    elif report.n_flat and has_volume:
        report.warnings.append(f"{report.n_flat:,} bars have one price and no volume")
    if report.n_weekend - n_filler > max(10, len(time_ns) // 500):
        report.warnings.append(
            f"{report.n_weekend - n_filler:,} bars lie between Friday 17:00 and Sunday 17:00 New York, when "
            "the market "
            "is closed: the time zone may be wrong"
        )
    return time_ns, columns, line_of


def _note_gaps(time_ns: Ints, report: QualityReport, symbol: Symbol, timeframe: Timeframe) -> None:
    steps = np.diff(time_ns)
    wide = np.flatnonzero(steps > timeframe.ns)
    missing = missing_bars(symbol, timeframe, time_ns, time_ns[wide], time_ns[wide + 1])
    report.n_gaps = int((missing > 0).sum())
    report.n_missing_bars = int(missing.sum())
    for k in np.argsort(-missing, kind="stable")[:_LISTED]:
        if missing[k] > 0:
            report.gaps.append(Gap(iso(time_ns[wide[k]]), iso(time_ns[wide[k] + 1]), int(missing[k])))
    share = report.n_missing_bars / (report.n_missing_bars + len(time_ns))
    largest = report.gaps[0].n_missing * timeframe.seconds if report.gaps else 0
    # A minute without a tick has no bar at many sources; hours and days without one are holes.
    if largest >= _LONG_HOLE or share > (_SHARE_OF_M1 if timeframe.seconds < 300 else _SHARE_MISSING):
        worst = report.gaps[0]
        known = "" if calendar_of(symbol, time_ns) is not None else " (holidays included)"
        report.warnings.append(
            f"{report.n_missing_bars:,} bars are missing in {report.n_gaps:,} gaps{known}, {share:.1%} of the bars "
            f"expected; the largest: {worst.after} .. {worst.before}, {worst.n_missing:,} bars"
        )
    # Where a clock is put forward, a bar of some hours is an hour shorter.
    shortest = timeframe.ns - (3600 * NS_PER_SECOND if on_day_grid(timeframe) else 0)
    close = int((steps < shortest).sum())
    # Days of 23 hours (spring) and brokers' Sunday bars are no fault of a daily file.
    if close and not timeframe.is_daily_or_longer:
        report.warnings.append(f"{close:,} bars open less than {timeframe} after the bar before")


def _note_jumps(time_ns: Ints, columns: Columns, report: QualityReport, symbol: Symbol, line_of: LineOf) -> None:
    limit = _JUMP.get(symbol.kind, 1.5)
    before, open_, close = columns["close"][:-1], columns["open"][1:], columns["close"][1:]
    far = (open_ > before * limit) | (open_ * limit < before) | (close > before * limit) | (close * limit < before)
    rows = np.flatnonzero(far)
    report.n_jumps = len(rows)
    if not len(rows):
        return
    ratio = np.array([open_[rows] / before[rows], close[rows] / before[rows]])
    pick = np.abs(np.log(ratio)).argmax(axis=0)
    after = np.where(pick == 0, open_[rows], close[rows])
    factor = after / before[rows]
    for k in np.argsort(-np.abs(np.log(factor)), kind="stable")[:_LISTED]:
        row = int(rows[k]) + 1
        report.jumps.append(
            Jump(iso(time_ns[row]), line_of(row), float(before[rows[k]]), float(after[k]), float(factor[k]))
        )
    worst = report.jumps[0]
    report.warnings.append(
        f"{len(rows):,} jumps of price; the largest at {worst.time}{_at(worst.line)}: {worst.before:g} to "
        f"{worst.after:g}{_explained(worst.factor, symbol)}"
    )


def _note_spikes(time_ns: Ints, columns: Columns, report: QualityReport, symbol: Symbol, line_of: LineOf) -> None:
    found = spikes(columns, symbol)
    report.n_spikes = len(found.rows)
    for row, name, value, usual in zip(found.rows[:_LISTED], found.columns, found.values, found.usual, strict=False):
        report.spikes.append(Spike(iso(time_ns[row]), line_of(int(row)), name, float(value), float(usual)))
    if not report.spikes:
        return
    worst = report.spikes[0]
    count = "1 bar has a price" if report.n_spikes == 1 else f"{report.n_spikes:,} bars have prices"
    report.warnings.append(
        f"{count} far off the bars around (a bad tick, or a flash crash; stops and targets fill there; nothing was "
        f"dropped); the farthest at {worst.time}{_at(worst.line)}: {worst.column} {worst.value:g}, around it "
        f"{worst.usual:g}"
    )


def _explained(factor: float, symbol: Symbol) -> str:
    size = max(factor, 1 / factor)
    power = round(float(np.log10(size)))
    if size > 50 and abs(np.log10(size) - power) < 0.1:
        return f", about {10**power:,} times: part of the file seems to be in another scale"
    if symbol.kind == "stock":
        for split in _SPLITS:
            if abs(size / split - 1) < 0.08:
                kind = "split" if factor < 1 else "reverse split"
                return f", like a {split:g}:1 {kind}: adjust the prices first"
    return f", a factor of {factor:.3g}"
