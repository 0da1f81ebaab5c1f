"""Which files of an archive or folder belong to the series that was asked for, told by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from trading_ai.errors import DataError
from trading_ai.importers.chosen import Asked, canonical, period
from trading_ai.importers.containers import Member
from trading_ai.market.symbol_table import symbol as look_up
from trading_ai.market.timeframe import Timeframe

_SIDES = {"BID": "bid", "ASK": "ask", "QUOTE": "quote", "QUOTES": "quote", "TRADE": "trade", "TRADES": "trade"}
_WORDS = {"MINUTE": "M1", "MINUTES": "M1", "HOUR": "H1", "HOURLY": "H1", "DAILY": "D1", "DAY": "D1", "WEEKLY": "W1"}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "SEPT", "OCT", "NOV", "DEC"]
_MONTHS += [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
]
_MINUTES = "1|5|15|30|60|240|1440|10080"


@dataclass(frozen=True)
class Named:
    """What a file's name says.

    Attributes:
        symbol: canonical name of the symbol table, or "".
        timeframe: or None.
        side: ``bid``, ``ask``, ``quote``, ``trade`` or "".
        words: what else it says, without dates and numbers.
    """

    symbol: str = ""
    timeframe: Timeframe | None = None
    side: str = ""
    words: tuple[str, ...] = ()


def read_name(name: str) -> Named:
    """Read a file's name: ``DAT_ASCII_EURUSD_M1_2018.csv``, ``EURUSD60.csv``, ``BTCUSDT-1m-2021-01.zip``."""
    stem = re.sub(r"(?i)(\.(csv|txt|tsv|gz|zip|parquet|prn|dat))+(?=$|[ !])", "", Path(name).name).upper()
    tokens = [token for token in re.split(r"[^A-Z0-9]+", stem) if token]
    symbol, side = "", ""
    length: Timeframe | None = None
    words: list[str] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        pair = token + tokens[i + 1] if i + 1 < len(tokens) else ""
        glued = re.fullmatch(rf"([A-Z]{{6,7}}|XA[UG][A-Z]{{3}})([MHDW]\d{{1,2}}|{_MINUTES})", token)
        histdata = re.fullmatch(r"(M1|T)((?:19|20)\d\d)(\d\d)?", token)
        if re.fullmatch(r"[A-Z]{3,4}", token) and re.fullmatch(r"[A-Z]{3,4}[A-Z]{3}", pair) and _known(pair):
            symbol, i = symbol or _known(pair), i + 1
        elif token.isdigit() or token in _MONTHS or re.fullmatch(r"(PART|P|V|Q|W)\d+|PART", token):
            pass
        elif token in _SIDES:
            side = side or _SIDES[token]
        elif histdata:
            length = period("M1") if histdata[1] == "M1" else length
        elif glued and _known(glued[1]):
            symbol, length = symbol or _known(glued[1]), length or period(glued[2])
        elif token in _WORDS:
            length = length or period(_WORDS[token])
        elif re.fullmatch(r"[MHDW]\d{1,3}|\d{1,3}(M|MIN|H|D|W)", token) and period(token):
            length = length or period(token)
        elif _known(token, first=i == 0):
            symbol = symbol or _known(token, first=i == 0)
        else:
            words.append(token)
        i += 1
    return Named(symbol, length, side, tuple(words))


def _known(token: str, *, first: bool = False) -> str:
    if len(token) < 3:
        return ""
    name = canonical(token)
    # A share's ticker is a word like any other, unless the name begins with it.
    return name if name and (first or look_up(name).kind != "stock") else ""


def of_member(member: Member) -> Named:
    """What the names of a member and of the archive around it say."""
    inner, outer = read_name(member.name), read_name(member.outer) if member.outer else Named()
    return Named(
        inner.symbol or outer.symbol,
        inner.timeframe or outer.timeframe,
        inner.side or outer.side,
        (*outer.words, *inner.words),
    )


def of_one_series(
    members: Sequence[Member], asked: Asked, *, side: str | None, member: str | None, source: str
) -> tuple[list[Member], str]:
    """The files of the series that was asked for.

    Args:
        members: all there are.
        asked: the symbol, and the timeframe if stated.
        side: where bid and ask, or quotes and trades, lie side by side: which.
        member: pattern of names (``*2021*``), or None; what it matches is one series, whatever else the names say.
        source: the path, for messages.

    Returns:
        The members, of which some may be bid and others ask; and in words what was left out, or "".

    Raises:
        DataError: the files are of several series, and nothing says which is meant.
    """
    every = list(members)
    if member is not None:
        chosen = [m for m in every if _matches(m, member)]
        if not chosen:
            raise DataError(
                "matches no file", file=source, parameter="member", value=member, remedy="There are " + _list(every)
            )
    else:
        chosen = every
    if len(chosen) > 1:
        chosen = _of_symbol(chosen, asked, source)
        chosen = _of_timeframe(chosen, asked, source)
        chosen = _of_side(chosen, side, source)
        if member is None:
            _same_words(chosen, source)
    left_out = "" if len(chosen) == len(every) else f"{_list(chosen)} of {len(every)} files"
    return chosen, left_out


def _matches(member: Member, pattern: str) -> bool:
    inner = member.origin.rpartition("!")[2] if "!" in member.origin else Path(member.origin).name
    spellings = (member.name, inner, member.outer)
    return any(fnmatchcase(text.lower(), pattern.lower()) for text in spellings if text)


def _list(members: Sequence[Member]) -> str:
    names = [f"{m.outer}!{m.name}" if m.outer else m.name for m in members]
    return ", ".join(names[:8]) + (f", ... ({len(names)} files)" if len(names) > 8 else "")


def _of_symbol(members: list[Member], asked: Asked, source: str) -> list[Member]:
    symbols = {m: of_member(m).symbol for m in members}
    names = sorted({name for name in symbols.values() if name})
    if len(names) < 2:
        return members
    wanted = [m for m in members if symbols[m] == asked.symbol.name]
    if wanted:
        return wanted
    raise DataError(
        f"holds files of several symbols, none of them {asked.spelling}: {_list(members)}",
        file=source,
        parameter="symbol",
        value=", ".join(names),
        remedy="Ask for one of these symbols, or choose files by name, as in member=*" + members[0].name,
    )


def _of_timeframe(members: list[Member], asked: Asked, source: str) -> list[Member]:
    lengths = {m: of_member(m).timeframe for m in members}
    known = sorted({length for length in lengths.values() if length is not None})
    if len(known) < 2:
        return members
    wanted = [m for m in members if lengths[m] == asked.timeframe]
    if asked.timeframe is not None and wanted:
        return wanted
    raise DataError(
        f"holds files of several timeframes: {_list(members)}",
        file=source,
        parameter="timeframe",
        value=", ".join(map(str, known)),
        remedy=f"Ask for one, as in timeframe={known[0]}, or choose files by name, as in member={members[0].name}",
    )


def _of_side(members: list[Member], side: str | None, source: str) -> list[Member]:
    sides = {m: of_member(m).side for m in members}
    found = set(sides.values())
    if {"quote", "trade"} <= found:
        wanted = {"trade": "trade", "bid": "quote", "ask": "quote"}.get(side or "")
        if wanted is None:
            raise DataError(
                "holds quote files and trade files",
                file=source,
                parameter="side",
                value=side,
                remedy='Choose one: side="bid" reads the quotes (bid and ask), side="trade" the trades',
            )
        return [m for m in members if sides[m] == wanted]
    if {"bid", "ask"} <= found and side in {"bid", "ask"}:
        return [m for m in members if sides[m] == side]
    return members


def _same_words(members: list[Member], source: str) -> None:
    words = {of_member(m).words for m in members}
    if len(words) > 1:
        raise DataError(
            f"holds files whose names do not belong to one series: {_list(members)}",
            file=source,
            parameter="member",
            remedy=f"Choose by name, as in member={members[0].name}; a pattern such as member=* joins what it matches",
        )
