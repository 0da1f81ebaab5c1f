"""Headings of columns as vendors write them, in several languages, and the clock that a heading may name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from trading_ai.errors import DataError
from trading_ai.importers.datetimes import guess_time_format, looks_like_clock

PRICES = ("open", "high", "low", "close")
ASK_PRICES = tuple(f"ask_{name}" for name in PRICES)

# Words as `plain` leaves them or not, by the role of their column; where several columns have words of one role, the
# word that stands first here wins.
_WORDS: dict[str, str] = {
    "time": "datetime time date timestamp opentime bartime starttime datetimeutc dtyyyymmdd dateymd yyyymmdd unix "
    "unixtime unixtimestamp epoch ts dt t indexlevel0 index start begin period_start datum zeit uhrzeit datumzeit "
    "datumuhrzeit zeitstempel zeitpunkt data czas godzina dataczas dataigodzina heure horodatage dateheure dateetheure "
    "fecha hora fechahora fechayhora tiempo ora dataora orario tijd datumtijd cas дата время датавремя датаивремя",
    "open": "open openprice priceopen bidopen openbid o first eröffnung eröffn eröffnungskurs erster erstkurs otwarcie "
    "kursotwarcia otw ouverture ouv premier apertura abertura aperto abre opening openingskoers открытие откр "
    "ценаоткрытия",
    "high": "high highprice pricehigh bidhigh highbid h max maximum highest hoch höchst höchstkurs tageshoch "
    "najwyższy najwyższa maksimum maks kursmaksymalny haut plushaut máximo máx alto massimo máxima hoog hoogste "
    "максимум макс высшая",
    "low": "low lowprice pricelow bidlow lowbid l min minimum lowest tief tiefst tiefstkurs tagestief najniższy "
    "najniższa kursminimalny bas plusbas mínimo mín bajo minimo basso mínima laag laagste минимум мин низшая",
    "close": "close closeprice priceclose bidclose closebid c last lastprice price schluss schlusskurs zuletzt letzter "
    "zamknięcie kurszamknięcia ostatni clôture clôt dernier fermeture cierre último chiusura ultimo fechamento slot "
    "slotkoers sluiting закрытие закр ценазакрытия цена kurs",
    "ask_open": "askopen openask",
    "ask_high": "askhigh highask",
    "ask_low": "asklow lowask",
    "ask_close": "askclose closeask",
    "volume": "volume vol v realvolume realvol qty quantity volumen wolumen menge umsatz stück volumi volumes объём "
    "объем тиковыйобъем",
    "tick_volume": "tickvol tickvolume ticks tickcount",
    "spread": "spread",
    "ticker": "ticker symbol instrument pair asset code symbole símbolo simbolo тикер символ инструмент papier",
    "period": "per period timeframe interval resolution tf",
}  # fmt: skip
_TICK_WORDS: dict[str, str] = {
    "time": _WORDS["time"],
    "bid": "bid bidprice pricebid bidrate geld geldkurs",
    "ask": "ask askprice priceask askrate offer offerprice brief briefkurs",
    "price": "price last lastprice tradeprice trade kurs",
    "size": "volume vol qty quantity size amount tradesize lastsize",
    "ticker": _WORDS["ticker"],
}
BAR_ROLES = (*[role for role in _WORDS if role not in {"time", "period"}], "time", "clock", "period")
TICK_ROLES = (*_TICK_WORDS, "clock")

_CLOCKS = ["UTC", "GMT", "EST", "EDT", "EET", "EEST", "CET", "CEST", "ET", "NY", "MSK", "JST", "HKT"]
# What a heading calls a clock, where that is another name than `parse_timezone` knows.
_MEANT = {"EDT": "America/New_York", "EEST": "EET", "CEST": "CET", "MSK": "Europe/Moscow", "HKT": "Asia/Hong_Kong"}
_CLOCK_IN_HEADING = re.compile(
    r"(?<![A-Za-z])(?:(?P<iana>(?:Etc|Europe|America|Asia|Africa|Australia|Pacific|Atlantic)/[A-Za-z_]+(?:[+-]\d+)?)"
    rf"|(?P<short>{'|'.join(_CLOCKS)})\s*(?P<shift>[+-]\s*\d{{1,2}}(?::?\d\d)?)?"
    r"|(?P<bare>[+-]\d{1,2}:?\d\d))(?![A-Za-z])",
    re.IGNORECASE,
)


def plain(word: str) -> str:
    """A heading without case, accents, blanks, signs and leading numbers: ``<TIME>``, ``1. open``, ``Eröffn.``."""
    spread = unicodedata.normalize("NFKD", word.casefold().replace("ł", "l"))
    letters = "".join(c for c in spread if c.isalnum())
    return letters.lstrip("0123456789")


def _ranks(words: dict[str, str]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for role, text in words.items():
        for rank, word in enumerate(text.split()):
            found.setdefault(plain(word), (role, rank))
    return found


_RANKS = {"bars": _ranks(_WORDS), "ticks": _ranks(_TICK_WORDS)}
_RANKS["ticks"].pop("t", None)


def clock_in_heading(heading: str) -> str:
    """The clock that a heading of times names, as `parse_timezone` reads it, or ""."""
    match = _CLOCK_IN_HEADING.search(heading.replace("_", " "))
    if match is None:
        return ""
    if match["iana"]:
        name = match["iana"].replace(" ", "_")
        return "UTC" if name.lower() in {"etc/utc", "etc/gmt"} else name
    if match["bare"]:
        return f"UTC{match['bare']}"
    short = match["short"].upper()
    return _MEANT.get(short, short) + (match["shift"] or "").replace(" ", "")


def _without_clock(heading: str) -> str:
    text = _CLOCK_IN_HEADING.sub(" ", heading.replace("_", " "))
    return re.sub(r"(?i)\blocal\b", " ", text)


def n_known(row: Sequence[str]) -> int:
    """How many fields of a row are known headings; a row of data has none."""
    return sum(_role(field, "bars") is not None or _role(field, "ticks") is not None for field in row)


def _role(heading: str, kind: str) -> tuple[str, int] | None:
    if not re.search(r"[^\W\d_]", heading):
        return None
    word = plain(heading)
    ranks = _RANKS[kind]
    if word in ranks:
        return ranks[word]
    rest = plain(_without_clock(heading))
    if ranks.get(rest, ("", 0))[0] == "time" or not rest:
        return ranks.get(rest, ("time", 90))
    if word.startswith("volume") and kind == "bars":
        return "volume", 90
    return None


def roles_of(
    header: Sequence[str],
    first_row: Sequence[str],
    *,
    source: str,
    line: int | None,
    kind: str = "bars",
    is_time: Callable[[str], bool] = lambda text: guess_time_format([text]) is not None,
    given: Sequence[str] = (),
) -> dict[str, int]:
    """Column numbers by role, read from a header and checked against the first row's values.

    Args:
        header: the headings.
        first_row: the first row of data.
        source: the file, for messages.
        line: the header's line, for messages.
        kind: ``bars`` or ``ticks``: whose headings.
        is_time: whether a text is a time.
        given: roles that are stated by other means, and therefore not in doubt.

    Raises:
        DataError: two columns claim to be the same price.
    """
    claims: dict[str, list[tuple[int, int]]] = {}
    times: list[int] = []
    for i, heading in enumerate(header):
        found = _role(heading, kind)
        if found is None:
            if not plain(heading):
                times.append(i)  # an index without a name
            continue
        role, rank = found
        if role == "time":
            times.append(i)
        else:
            claims.setdefault(role, []).append((rank, i))
    roles: dict[str, int] = {}
    for role, columns in claims.items():
        best, i = min(columns)
        roles[role] = i
        twins = [k for rank, k in columns if rank == best and k != i and plain(header[k]) == plain(header[i])]
        if twins and role in {*PRICES, *ASK_PRICES, "bid", "ask"} and role not in given:
            raise DataError(
                f"has two columns called {header[i]!r}: which is the {role.replace('_', ' ')}?",
                file=source,
                line=line,
                parameter="columns",
                value=", ".join(header),
                remedy=f"Say it by number from 0, as in columns {role}={i}",
            )
    for i in times:
        value = first_row[i] if i < len(first_row) else ""
        bare = plain(header[i]) in {"time", "zeit", "uhrzeit", "czas", "godzina", "heure", "hora", "ora", "время"}
        if looks_like_clock(value) or (bare and re.fullmatch(r"\d{1,6}", value)):
            roles.setdefault("clock", i)
        elif is_time(value):
            roles.setdefault("time", i)
    if kind == "bars":
        _one_side(roles)
    if "time" not in roles and all(name in roles for name in (PRICES if kind == "bars" else ("bid", "ask"))):
        # A heading that is no word of ours, over what can be nothing but times: one such column is the time.
        dated = [i for i, text in enumerate(first_row[: len(header)]) if re.search(r"\D", text) and is_time(text)]
        if len(dated) == 1 and dated[0] not in roles.values():
            roles["time"] = dated[0]
    stamp = guess_time_format([first_row[roles["time"]]]) if "time" in roles else None
    if "clock" in roles and stamp is not None and (stamp.clock or stamp.is_epoch):
        del roles["clock"]
    if "clock" in roles and "time" not in roles and "time" not in given:
        del roles["clock"]
    return roles


def _one_side(roles: dict[str, int]) -> None:
    """Ask prices are kept all four; where only they are there, they are the prices."""
    asks = [name for name in ASK_PRICES if name in roles]
    if "open" not in roles and asks:
        for name in PRICES:
            if f"ask_{name}" in roles:
                roles[name] = roles.pop(f"ask_{name}")
    elif len(asks) < len(ASK_PRICES):
        for name in asks:
            del roles[name]


def read_columns(given: Mapping[str, str | int] | Iterable[str] | None) -> dict[str, str | int]:
    """Columns by role as users type them: ``time=Stamp``, ``open=3``, ``spread=-``, or several joined by commas.

    Raises:
        DataError: a text without ``=``.
    """
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    found: dict[str, str | int] = {}
    for text in [given] if isinstance(given, str) else given:
        parts = re.split(r"[,;]\s*(?=[a-z_]+\s*=)", text.strip())
        for part in filter(None, parts):
            role, sign, where = part.partition("=")
            if not sign or not where.strip():
                raise DataError(
                    "must be ROLE=NAME, with a header name or a number from 0",
                    parameter="columns",
                    value=part,
                    remedy="Example: columns time=stamp, or columns open=3",
                )
            name = where.strip()
            found[role.strip().lower()] = int(name) if re.fullmatch(r"\d{1,4}", name) else name
    return found
