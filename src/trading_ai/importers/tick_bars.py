"""Minute bars out of ticks, piece by piece: what is kept between pieces is bars, never ticks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from trading_ai.errors import DataError
from trading_ai.importers.headings import ASK_PRICES, PRICES
from trading_ai.importers.raw import Floats, Ints, RawRows

MINUTE = 60 * 10**9
# An hour that the clock shows twice: the time steps back by about one.
_FOLD = (50 * MINUTE, 70 * MINUTE)


@dataclass
class MinuteBars:
    """Bars of one minute that grow by pieces of ticks.

    Attributes:
        source: the file, for messages.
        repair: whether ticks out of order are sorted rather than refused.
        aware: whether times are UTC, so that no hour comes twice.
        n_ticks: ticks taken.
        n_moved: ticks that stepped back and were sorted.
    """

    source: str
    repair: bool = False
    aware: bool = False
    n_ticks: int = 0
    n_moved: int = 0
    _last_ns: int | None = None
    _pass: int = 0
    _pieces: list[dict[str, npt.NDArray[np.generic]]] = field(default_factory=list)

    def add(
        self,
        time_ns: Ints,
        price: Floats,
        ask: Floats | None,
        size: Floats | None,
        line_of: Callable[[int], int | None],
    ) -> None:
        """Take the next ticks of the file.

        Args:
            time_ns: their times, shape (n,).
            price: bid prices, or prices of trades.
            ask: ask prices, or None for trades.
            size: sizes of trades, or None: then ticks are counted.
            line_of: line of each tick.

        Raises:
            DataError: a price that is not positive, or a tick that steps back in time.
        """
        n = len(time_ns)
        if not n:
            return
        for name, values in (("bid" if ask is not None else "price", price), ("ask", ask)):
            if values is None:
                continue
            bad = ~((values > 0) & (values < np.inf))
            if bad.any():
                row = int(np.flatnonzero(bad)[0])
                raise DataError(
                    "must be a positive number",
                    file=self.source,
                    line=line_of(row),
                    parameter=name,
                    value=float(values[row]),
                    remedy="Correct or remove the row",
                )
        passes = self._passes(time_ns, line_of)
        lines = np.arange(n)
        if bool((time_ns[1:] < time_ns[:-1]).any()):
            order = np.lexsort((time_ns, passes))
            time_ns, passes, price, lines = time_ns[order], passes[order], price[order], lines[order]
            ask = None if ask is None else ask[order]
            size = None if size is None else size[order]
        minute = time_ns // MINUTE
        first = np.flatnonzero(np.concatenate(([True], (minute[1:] != minute[:-1]) | (passes[1:] != passes[:-1]))))
        last = np.concatenate((first[1:], [n])) - 1
        piece: dict[str, npt.NDArray[np.generic]] = {
            "pass": passes[first],
            "minute": minute[first],
            "from": time_ns[first],
            "to": time_ns[last],
            "line": np.array([line_of(int(row)) or 0 for row in lines[first]], np.int64),
            "volume": np.diff(np.concatenate((first, [n]))).astype(np.float64)
            if size is None
            else np.add.reduceat(size, first),
        }
        for names, values in ((PRICES, price), (ASK_PRICES, ask)):
            if values is None:
                continue
            found = (values[first], np.maximum.reduceat(values, first), np.minimum.reduceat(values, first))
            piece |= dict(zip(names, (*found, values[last]), strict=True))
        self._pieces.append(piece)
        self.n_ticks += n

    def _passes(self, time_ns: Ints, line_of: Callable[[int], int | None]) -> Ints:
        """How often an hour came again before each tick; refuses other steps back unless they are sorted."""
        before = self._last_ns if self._last_ns is not None else int(time_ns[0])
        steps = np.diff(time_ns, prepend=before)
        folds = np.zeros(len(steps), np.bool_) if self.aware else (steps <= -_FOLD[0]) & (steps >= -_FOLD[1])
        back = (steps < 0) & ~folds
        if back.any() and not self.repair:
            row = int(np.flatnonzero(back)[0])
            raise DataError(
                "steps back in time",
                file=self.source,
                line=line_of(row),
                parameter="time",
                value=str(np.datetime64(int(time_ns[row]), "ns").astype("datetime64[ms]")).replace("T", " "),
                remedy="Import with repair (--repair) to sort the ticks",
            )
        self.n_moved += int(back.sum())
        passes: Ints = self._pass + np.cumsum(folds)
        self._pass = int(passes[-1])
        self._last_ns = int(time_ns[-1])
        return passes

    def bars(self) -> tuple[Ints, dict[str, Floats], Ints]:
        """The bars: opens on the clock of the ticks, columns, and the line of each bar's first tick."""
        names = list(self._pieces[0])
        table = {name: np.concatenate([piece[name] for piece in self._pieces]) for name in names}
        order = np.lexsort((table["from"], table["minute"], table["pass"]))
        if bool((np.diff(order) != 1).any()):
            table = {name: values[order] for name, values in table.items()}
        same = (np.diff(table["minute"]) == 0) & (np.diff(table["pass"]) == 0)
        first = np.flatnonzero(np.concatenate(([True], ~same)))
        last = np.concatenate((first[1:], [len(order)])) - 1
        columns: dict[str, Floats] = {"volume": np.add.reduceat(table["volume"], first)}
        for group in (PRICES, ASK_PRICES):
            if group[0] in table:
                open_, high, low, close = group
                columns[open_] = table[open_][first]
                columns[high] = np.maximum.reduceat(table[high], first)
                columns[low] = np.minimum.reduceat(table[low], first)
                columns[close] = table[close][last]
        opens: Ints = table["minute"][first].astype(np.int64) * MINUTE
        lines: Ints = table["line"][first].astype(np.int64)
        return opens, columns, lines


def one_bar_a_minute(rows: RawRows) -> RawRows:
    """Bars built out of several files, where one file ends and the next begins within a minute: that bar is one."""
    starts = np.concatenate(([True], np.diff(rows.time_ns) != 0))
    if starts.all():
        return rows
    first = np.flatnonzero(starts)
    last = np.concatenate((first[1:], [len(starts)])) - 1
    columns = {}
    for name, values in rows.columns.items():
        side = name.rpartition("_")[2]
        if side == "high":
            columns[name] = np.maximum.reduceat(values, first)
        elif side == "low":
            columns[name] = np.minimum.reduceat(values, first)
        elif side == "volume":
            columns[name] = np.add.reduceat(values, first)
        else:
            columns[name] = values[last if side == "close" else first]
    return replace(rows, time_ns=rows.time_ns[first], columns=columns, lines=lambda row: rows.lines(int(first[row])))
