"""All files of a path as one series: chosen, read, held against each other, joined."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trading_ai.errors import DataError
from trading_ai.importers.chosen import Asked
from trading_ai.importers.containers import Member, open_members
from trading_ai.importers.members import MemberRows, Reading, read_member
from trading_ai.importers.order import refuse_jumping_dates
from trading_ai.importers.raw import FormatFacts, Ints, RawRows, joined
from trading_ai.importers.series import of_member, of_one_series, read_name
from trading_ai.importers.sides import with_ask
from trading_ai.importers.tick_bars import one_bar_a_minute
from trading_ai.market.quality import check_values
from trading_ai.market.timeframe import NS_PER_SECOND

# From the last bar of one file to the first of the next, within a week, no market of this kind moves by this factor.
_ANOTHER_MARKET = {"fx": 1.1, "metal": 1.15, "index": 1.25}
_WEEK_NS = 7 * 86_400 * NS_PER_SECOND


@dataclass(frozen=True)
class Taken:
    """The rows of all files of a path.

    Attributes:
        rows: of all files, in order of time.
        facts: of the first file's format.
        shown: how the first file was laid out, JSON-able.
        of_ticks: whether they were built out of ticks.
        left_out: which files were taken of how many, or "".
        warnings: for the user.
    """

    rows: RawRows
    facts: FormatFacts
    shown: dict[str, Any]
    of_ticks: bool
    left_out: str
    warnings: tuple[str, ...]


def read_all(
    path: Path, asked: Asked, how: Reading, *, side: str | None, member: str | None, ask: Path | None,
    table: Member | None = None,
) -> Taken:  # fmt: skip
    """Read and join the files that are asked for.

    Args:
        path: file, archive or folder.
        asked: the wanted symbol and timeframe.
        how: what the caller says of the files.
        side: which side to take of several.
        member: pattern of names of the files to take.
        ask: a second path, with the ask prices.
        table: what is read in place of the path: a table that is in memory.

    Raises:
        DataError: a file cannot be read, or they are not of one series.
    """
    members, container = open_members(path) if table is None else ([table], "memory")
    members, left_out = of_one_series(members, asked, side=side, member=member, source=str(path))
    by_side: dict[str, list[Member]] = {"": members}
    if ask is not None:
        more, _ = open_members(ask)
        more, _ = of_one_series(more, asked, side="ask", member=None, source=str(ask))
        by_side = {"bid": members, "ask": more}
    elif len(members) > 1:
        sides = {m: of_member(m).side for m in members}
        if {"bid", "ask"} <= set(sides.values()):
            by_side = {name: [m for m in members if sides[m] == name] for name in ("bid", "ask")}
    found = {
        name: _joined([read_member(m, path.name, asked, how) for m in group], group, asked, str(path))
        for name, group in by_side.items()
    }
    rows, first = next(iter(found.values()))
    facts = first.facts
    if "ask" in found:
        rows = with_ask(found["bid"][0], found["ask"][0], str(path))
        facts = replace(facts, side="bid+ask")
    warnings: tuple[str, ...] = ()
    named = (of_member(members[0]).symbol or read_name(path.name).symbol) if member is None else ""
    if named and named != asked.symbol.name and not rows.filtered:
        warnings = (f"the file's name says {named}, but {asked.spelling} was asked for",)
    return Taken(rows, facts, {"container": container} | first.shown, first.of_ticks, left_out, warnings)


def _joined(parts: list[MemberRows], members: list[Member], asked: Asked, source: str) -> tuple[RawRows, MemberRows]:
    """The rows of files of one side, in order of time."""
    for part, member in zip(parts, members, strict=True):
        refuse_jumping_dates(part.rows, member.origin)
        if len(parts) > 1:
            check_values(part.rows.columns, source=member.origin, line_of=part.rows.lines)
    if len(parts) == 1:
        return parts[0].rows, parts[0]
    _refuse_mixture(parts, members, asked, source)
    order = sorted(range(len(parts)), key=lambda i: int(parts[i].rows.time_ns.min()))
    rows = joined([parts[i].rows for i in order], [members[i].origin for i in order])
    return one_bar_a_minute(rows) if parts[0].of_ticks else rows, parts[order[0]]


def _refuse_mixture(parts: list[MemberRows], members: list[Member], asked: Asked, source: str) -> None:
    """Refuse files that are not of one series: of other timeframes, clocks, kinds or prices, or interleaved."""

    def refuse(rule: str, one: int, other: int, remedy: str) -> DataError:
        names = f"{members[one].name} and {members[other].name}"
        return DataError(rule, file=source, parameter="member", value=names, remedy=remedy)

    choose = f"Choose files by name, as in member={members[0].name}"
    lengths = [_commonest_step(part.rows.time_ns) for part in parts]
    for i, part in enumerate(parts):
        if part.rows.aware != parts[0].rows.aware or part.rows.header_zone != parts[0].rows.header_zone:
            raise refuse("holds files on different clocks", 0, i, "Export all with the same settings")
        if part.of_ticks != parts[0].of_ticks:
            raise refuse("holds bars and ticks", 0, i, choose)
        known = next((k for k in range(i) if lengths[k]), None)
        if known is not None and lengths[i] and lengths[i] != lengths[known] and not part.of_ticks:
            lengths_shown = f"{span(lengths[known])} and {span(lengths[i])}"
            raise refuse(f"holds files of several timeframes ({lengths_shown} between rows)", known, i, choose)
    order = sorted(range(len(parts)), key=lambda i: int(parts[i].rows.time_ns.min()))
    for one, other in itertools.pairwise(order):
        earlier, later = parts[one].rows.time_ns, parts[other].rows.time_ns
        within = later[later <= earlier.max()]
        if len(within) > 1 and float(np.isin(within, earlier).mean()) < 0.5:
            raise refuse(
                f"holds files whose rows interleave ({len(within):,} of them), as those of several series do",
                one,
                other,
                choose,
            )
        if len(within) or later.min() - earlier.max() > _WEEK_NS:
            continue
        before = float(parts[one].rows.columns["close"][earlier.argmax()])
        after = float(parts[other].rows.columns["open"][later.argmin()])
        factor = max(before / after, after / before)
        if factor > _ANOTHER_MARKET.get(asked.symbol.kind, np.inf):
            rule = f"holds files of other prices: one ends at {before:g}, the next begins at {after:g}"
            raise refuse(rule, one, other, choose)


def _commonest_step(time_ns: Ints) -> int:
    steps = np.diff(np.sort(time_ns))
    steps = steps[steps > 0]
    if len(steps) < 10:
        return 0
    values, counts = np.unique(steps, return_counts=True)
    return int(values[counts.argmax()])


def span(ns: int) -> str:
    """A length of time in words: ``15 min``."""
    seconds = ns / NS_PER_SECOND
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
