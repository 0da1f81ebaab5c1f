"""Parts of the time, and places in an order: since June, the last 3 months, after two losses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trading_ai.assistant.tags import Tag

Item = Tag | str

UNITS = ("day", "week", "month", "quarter", "year")
_SINCE = {"since": ">=", "from": ">=", "starting": ">=", "until": "<=", "till": "<=", "through": "<=", "to": "<="}
_AFTER = re.compile(r"after(loss|win)(\d+)$")
_EXITS = frozenset({"stop_loss", "take_profit", "trailing_stop"})
_COST_IN_PIPS = frozenset({"spread_paid", "slippage_paid"})
_HIT = frozenset({"hit", "hits", "hitting", "triggered", "touched", "taken", "reached", "reaches", "reach"})


def with_spans(items: Sequence[Item]) -> list[Item]:
    """The same items where those that say a part of the time, or what came before a trade, are one tag each."""
    items = _in_pips(items)
    found: list[Item] = []
    place = 0
    while place < len(items):
        length, tags = _one(items, place, found)
        found.extend(tags)
        place += length
    if any(is_tag(item, "exit") for item in found):
        return [item for item in found if not (isinstance(item, str) and item in _HIT)]  # they said which exit it is
    return found


def _in_pips(items: Sequence[Item]) -> list[Item]:
    """``a stop of 40 pips``: where they are the unit of a parameter or of a cost, and not what trades made."""
    bears = any(
        is_tag(item, "parameter") or (is_tag(item, "metric") and _value(item) in _COST_IN_PIPS) for item in items
    )
    meant = any(is_tag(item, "number") or item in {"in", "a", "one"} for item in items)
    return ["pips" if bears and meant and is_tag(i, "metric") and _value(i) == "pips" else i for i in items]


def _one(items: Sequence[Item], place: int, before: list[Item]) -> tuple[int, list[Item]]:
    item = items[place]
    if isinstance(item, str) and (after := _AFTER.match(item)):
        return 1, [Tag("after", f"{after[1]}:{after[2]}", f"after {after[2]} {after[1]}")]
    points = _points(items, place)
    if points is not None:
        return points
    months = _months(items, place)
    if months is not None:
        return months
    since = _since(items, place)
    if since is not None:
        return since
    return _last(items, place) or _hit(items, place, before) or (1, [item])


def is_tag(item: Item | None, *kinds: str) -> bool:
    """Whether an item is a tag of one of some kinds."""
    return isinstance(item, Tag) and item.kind in kinds


def item_at(items: Sequence[Item], place: int) -> Item | None:
    """The item at a place, None where there is none."""
    return items[place] if 0 <= place < len(items) else None


def _value(item: Item | None) -> str:
    return item.value if isinstance(item, Tag) else item or ""


def _text(item: Item | None) -> str:
    return item.text if isinstance(item, Tag) else item or ""


def _months(items: Sequence[Item], place: int) -> tuple[int, list[Item]] | None:
    """``from March to May``, ``between March and May``: each month of them."""
    begins = 1 if items[place] in {"from", "between"} else 0
    first, joint, last = (item_at(items, place + begins + n) for n in range(3))
    joints = {"to", "till", "until", "through"} | ({"and"} if begins else set())
    if not (is_tag(first, "month", "weekday") and joint in joints and is_tag(last, "month", "weekday")):
        return None
    assert isinstance(first, Tag)
    assert isinstance(last, Tag)
    if first.kind != last.kind:
        return None
    most = 12 if first.kind == "month" else 7
    low, high = int(first.value), int(last.value)
    every = [n % most + 1 for n in range(low - 1, low + (high - low) % most)]
    return begins + 3, [Tag(first.kind, str(n), f"{first.text} to {last.text}") for n in every]


_JOINTS = frozenset({"to", "till", "until", "through", "and", "-"})


def _points(items: Sequence[Item], place: int) -> tuple[int, list[Item]] | None:
    """``between 2017-01-01 and 2017-03-31``, ``from March 2016 to June 2018``: both ends belong to it."""
    if items[place] not in {"from", "between"}:
        return None
    first = _point(items, place + 1)
    joint = item_at(items, place + 1 + first[0]) if first else None
    last = _point(items, place + 2 + first[0]) if first and joint in _JOINTS else None
    if first is None or last is None:
        return None
    said = f"{first[2]} to {last[2]}"
    spans: list[Item] = [Tag("span", f">={first[1]}", said), Tag("span", f"<={last[1]}", said)]
    return 2 + first[0] + last[0], spans


def _point(items: Sequence[Item], place: int) -> tuple[int, str, str] | None:
    """A date, a year, or a month of a year: how many items it takes, as a span has it, and as it was written."""
    item = item_at(items, place)
    if is_tag(item, "date"):
        return 1, f"date:{_value(item)}", _text(item)
    if year := _year(item):
        return 1, f"year:{year}", year
    year = _year(item_at(items, place + 1))
    if is_tag(item, "month") and year:
        return 2, f"date:{year}-{int(_value(item)):02d}", f"{_text(item)} {year}"
    return None


def _since(items: Sequence[Item], place: int) -> tuple[int, list[Item]] | None:
    """``since June``, ``until 2017-05``, ``after March 2017``, ``before May``."""
    item, then = items[place], item_at(items, place + 1)
    word = _text(item)
    operator = _SINCE.get(word) if isinstance(item, str) else {"after": ">", "before": "<"}.get(word, "")
    skipped = 1
    if then in {"the", "start", "beginning", "end", "of"}:
        return None
    alone = _year(then)
    if not operator or not (alone or is_tag(then, "month", "date")):
        return None
    assert isinstance(then, Tag)
    year = _year(item_at(items, place + 2))
    value = f"year:{alone}" if alone else f"{then.kind}:{then.value}"
    if then.kind == "month" and year:
        value, skipped = f"date:{year}-{int(then.value):02d}", 2
    said = f"{word} {then.text} {year}" if skipped == 2 else f"{word} {then.text}"
    return skipped + 1, [Tag("span", f"{operator}{value}", said)]


def _year(item: Item | None) -> str:
    """A year, or ""."""
    number = item.number if isinstance(item, Tag) and item.kind == "number" else None
    return f"{int(number)}" if number is not None and number == int(number) and 1970 <= number <= 2100 else ""


def _last(items: Sequence[Item], place: int) -> tuple[int, list[Item]] | None:
    """``the last 3 months``, ``first two weeks``, ``last quarter``."""
    item = items[place]
    end = {"last": "last", "latest": "last", "most recent": "last", "first": "first", "past": "last"}.get(_text(item))
    if end is None:
        return None
    number, unit = item_at(items, place + 1), item_at(items, place + 2)
    n, length = 1.0, 2
    if isinstance(number, Tag) and number.kind == "number" and number.number is not None:
        n, length = number.number, 3
    else:
        unit = number
    named = "day" if is_tag(unit, "noun") and _value(unit) == "days" else _value(unit) if is_tag(unit, "dim") else ""
    if named not in UNITS or n != int(n) or not 0 < n <= 999 or _text(unit).startswith(("by ", "per ")):
        return None
    return length, [Tag("span", f"{end}:{int(n)}:{named}", f"{_text(item)} {int(n)} {named}")]


def _hit(items: Sequence[Item], place: int, before: list[Item]) -> tuple[int, list[Item]] | None:
    """``how often is the tp hit``: the exit, and no value of the parameter."""
    item = items[place]
    if not (is_tag(item, "parameter") and _value(item) in _EXITS):
        return None
    near = [_text(i) for i in [*before[-3:], *items[place + 1 : place + 4]]]
    return (1, [Tag("exit", _value(item), _text(item))]) if _HIT & set(near) else None


SPAN = re.compile(r"(>=|<=|>|<)(month|year|date):(\d[\d-]*)$|(first|last):(\d{1,3}):(day|week|month|quarter|year)$")
"""Values of a tag of the kind ``span``."""


def span_sql(value: str, time: str) -> tuple[str, str]:
    """A part of the time as a condition, and what is taken for granted.

    Args:
        value: of the tag.
        time: the column of the time that counts.

    Returns:
        SQL in which ``{trades}`` stands for the trades that are asked about, and a sentence or "".
    """
    made = SPAN.match(value)
    assert made is not None, value
    if made[4]:
        n, unit = int(made[5]), made[6]
        steps = (
            (f"interval '{(n - 1) * 3} months'" if unit == "quarter" else f"interval '{n - 1} {unit}s'")
            if n > 1
            else ""
        )
        shift = f" {'-' if made[4] == 'last' else '+'} {steps}" if steps else ""
        if made[4] == "last":
            sql = f"{time} >= (select date_trunc('{unit}', max({time})){shift} from {{trades}})"
        else:
            sql = f"date_trunc('{unit}', {time}) <= (select date_trunc('{unit}', min({time})){shift} from {{trades}})"
        several = f"{n} {unit}s are" if n > 1 else f"{unit} is"
        which = "to that of the last trade" if made[4] == "last" else "from that of the first trade on"
        return sql, f"The {made[4]} {several} counted as the calendar has them, {which}"
    operator, kind, at = made[1], made[2], made[3]
    if kind == "month":
        shape = f"(select strftime(max({time}), '%Y') from {{trades}}) || '-{int(at):02d}'"
        told = "A month without a year is that of the year of the last trade"
        return f"strftime({time}, '%Y-%m') {operator} {shape}", told
    width = {"year": "%Y", "date": "%Y-%m-%d" if len(at) == 10 else "%Y-%m"}[kind]
    return f"strftime({time}, '{width}') {operator} '{at}'", ""


def after_sql(value: str) -> tuple[str, int]:
    """Trades that came after others as a condition, and how many of these.

    The trades before one, in the order of closing, are in the columns that `trades_from` adds.
    """
    kind, _, n = value.partition(":")
    least = "previous_highest <= -" if kind == "loss" else "previous_lowest >= "
    return f"n_previous = {int(n)} and {least}", int(n)
