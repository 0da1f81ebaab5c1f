"""Numbers of a question joined with what they belong to: conditions, limits, hours, years, values of parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trading_ai.assistant.fillers import FILLERS
from trading_ai.assistant.spans import Item, is_tag, item_at, with_spans
from trading_ai.assistant.tags import Operator, Tag
from trading_ai.assistant.turning import PERCENT_OF, turned

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twenty": 20, "eleven": 11,
    "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "thirty": 30, "forty": 40,
    "fifty": 50, "hundred": 100, "thousand": 1000, "zero": 0, "dozen": 12,
}  # fmt: skip
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)(am|pm|k|x|h)?$")
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?$")
_TURNED: dict[Operator, Operator] = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "="}
_UNDECIDED = frozenset({"over", "reach", "reaches", "reached", "="})
"""Comparisons that may mean something else where no number stands by them."""

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})$")
_SMALL = frozenset({"is", "was", "are", "were", "of", "be", "with", "a", "an", "the", "%", "percent"})
_BEARERS = ("metric", "parameter")
_FAR = 5


def combined(items: Sequence[Item]) -> tuple[tuple[Tag, ...], tuple[str, ...]]:
    """Tags with their numbers, and the words that are left.

    Args:
        items: tags and words in the order of the question.
    """
    items = _hours(with_spans([_as_number(item) for item in items]))
    items = _conditions(_between(items))
    items = _limits(items)
    items = turned(items)
    tags, unknown = [], []
    for item in items:
        if isinstance(item, Tag):
            if item.kind != "cmp":
                tags.append(item)
            elif item.text in {"better than", "worse than", "more than", "less than", "higher than", "lower than"}:
                tags.append(Tag("cue", "compare", item.text))
            elif item.text not in _UNDECIDED:
                tags.append(item)  # a condition that is not understood
        elif item not in FILLERS and len(item) > 1:
            unknown.append(item)
    return tuple(tags), tuple(unknown)


def _as_number(item: Item) -> Item:
    if isinstance(item, Tag):
        return item
    if _DATE.match(item):
        return Tag("date", item, item)
    if item in _WORDS and item != "one":
        return Tag("number", "", item, number=float(_WORDS[item]))
    if _CLOCK.match(item):
        return Tag("number", "clock", item, number=float(item.partition(":")[0]))
    found = _NUMBER.match(item)
    if found is None:
        return item
    value, unit = float(found[1].replace(",", "")), found[2] or ""
    if unit in {"am", "pm"}:
        return Tag("number", "clock", item, number=value % 12 + (12 if unit == "pm" else 0))
    if unit == "x":
        return Tag("factor", "", item, number=value)
    return Tag("number", "clock" if unit == "h" else "", item, number=value * (1000 if unit == "k" else 1))


def _number(item: Item | None) -> float | None:
    return item.number if isinstance(item, Tag) and item.kind == "number" else None


def _hours(items: list[Item]) -> list[Item]:
    """``at 14``, ``14:00``, ``between 8 and 12 o'clock``, ``after 4pm``; and ``in 2017``."""
    found: list[Item] = []
    place = 0
    while place < len(items):
        item, after = items[place], item_at(items, place + 1)
        low, high = _number(after), _number(item_at(items, place + 3))
        if item in {"between", "from"} and low is not None and high is not None:
            clock = any(isinstance(t, Tag) and t.value == "clock" for t in (after, items[place + 3]))
            behind = item_at(items, place + 4)
            told = behind in {"o'clock", "oclock", "utc", "gmt"} or (is_tag(behind, "dim") and behind.value == "hour")  # type: ignore[union-attr]
            bearer = is_tag(item_at(items, place - 1), *_BEARERS)
            measured = is_tag(behind, "metric") or behind in {"%", "percent", "pips"}
            if (
                clock
                or told
                or (not bearer and not measured and low == int(low) and high == int(high) and max(low, high) <= 24)
            ):
                found.append(Tag("hour", f"{int(low)}-{int(high)}", f"{low:g} to {high:g}"))
                place += 5 if told else 4
                continue
        number = _number(item)
        if number is not None:
            clock = isinstance(item, Tag) and item.value == "clock"
            before = found[-1] if found else None
            told = after in {"o'clock", "oclock"} or (before == "at" and after in {"utc", "gmt"})
            at = (
                before == "at"
                and number == int(number) <= 24
                and not is_tag(after, "metric", "number")
                and after != "%"
            )
            hour_before = is_tag(before, "dim") and before.value == "hour"  # type: ignore[union-attr]
            if clock or told or at or hour_before:
                hours = f"{int(number) % 24}"
                if is_tag(before, "cmp"):
                    later = before.value in {">", ">="}  # type: ignore[union-attr]
                    hours = f"{int(number)}-24" if later else f"0-{int(number)}"
                    found.pop()
                if hour_before:
                    found.pop()
                found.append(Tag("hour", hours, str(getattr(item, "text", ""))))
                place += 2 if told else 1
                continue
            if number == int(number) and 1970 <= number <= 2100 and not is_tag(before, "cmp"):
                found.append(Tag("year", f"{int(number)}", f"{int(number)}"))
                place += 1
                continue
        found.append(item)
        place += 1
    return found


def _between(items: list[Item]) -> list[Item]:
    """``sharpe between 1 and 2`` as two conditions."""
    found: list[Item] = []
    place = 0
    while place < len(items):
        low, high = _number(item_at(items, place + 1)), _number(item_at(items, place + 3))
        if items[place] in {"between", "from"} and low is not None and high is not None:
            bearer = next((t for t in reversed(found[-_FAR:]) if is_tag(t, *_BEARERS)), None)
            verb = next((t for t in reversed(found[-2:]) if is_tag(t, "order", "outcome") and _won_or_lost(t)), None)
            measured = item_at(items, place + 4)
            in_pips = is_tag(measured, "metric") and measured.value == "pips"  # type: ignore[union-attr]
            if (
                isinstance(verb, Tag) and not is_tag(measured, "metric") and measured not in {"%", "percent"}
            ) or in_pips:
                lost = isinstance(verb, Tag) and verb.value == "loss"  # "lost between 50 and 100" is -100 to -50
                least, most = (-high, -low) if lost else (low, high)
                of, named = ("metric:pips", "pips") if in_pips else ("metric:net_profit", "profit")
                for operator, number in ((">=", least), ("<=", most)):
                    found.append(Tag("condition", of, f"{named} {operator} {number:g}", operator, number))  # type: ignore[arg-type]
                if isinstance(verb, Tag):
                    found[found.index(verb)] = Tag("outcome", "loss" if lost else "win", verb.text)
                place += 5 if in_pips else 4
                continue
            if isinstance(bearer, Tag):
                for operator, number in ((">=", low), ("<=", high)):
                    text = f"{bearer.text} {operator} {number:g}"
                    found.append(
                        Tag("condition", f"{bearer.kind}:{bearer.value}", text, operator, number)  # type: ignore[arg-type]
                    )
                found.remove(bearer)
                place += 4
                continue
        found.append(items[place])
        place += 1
    return found


def _conditions(items: list[Item]) -> list[Item]:
    """``sharpe above 1``, ``more than 100 trades``, ``stop loss of 40``."""
    found: list[Item] = list(items)
    place = 0
    while place < len(found):
        item = found[place]
        number = _number(item)
        if number is None:
            place += 1
            continue
        behind = 1 if item_at(found, place + 1) in {"%", "percent", "pips", "usd", "pip"} else 0
        operator_at = next((i for i in range(place - 1, max(-1, place - 3), -1) if is_tag(found[i], "cmp")), None)
        following = item_at(found, place + 1 + behind)
        if operator_at is None and is_tag(following, "cmp") and following.text in {"or more", "or less", "or fewer"}:  # type: ignore[union-attr]
            operator_at = place + 1 + behind
        behind_it = item_at(found, place + 2 + behind)
        bounds = is_tag(behind_it, "cmp") and behind_it.text in {"or more", "or less", "or fewer"}  # type: ignore[union-attr]
        if operator_at is None and bounds and is_tag(following, "noun", "dim", "metric"):
            operator_at = place + 2 + behind
        beaten_by = found[operator_at] if operator_at is not None else None
        if is_tag(beaten_by, "cmp") and beaten_by.text in {"better than", "worse than"}:  # type: ignore[union-attr]
            again = _same_parameter(found, place)
            if again is not None and operator_at is not None:
                text = f"{again.text.partition(' = ')[0]} = {number:g}"
                found[operator_at : place + 1 + behind] = [Tag("condition", again.value, text, "=", number)]
                place = operator_at + 1
                continue
        if operator_at is not None:
            operator: Operator = found[operator_at].value  # type: ignore[union-attr, assignment]
            follows = operator_at == place + 1 + behind  # "2 or more bars"
            bearer_at = _bearer(found, operator_at, operator_at if follows else place + behind)
            if bearer_at is not None:
                bearer = found[bearer_at]
                assert isinstance(bearer, Tag)
                value = _of_bearer(bearer)
                verb_at = _verb(found, operator_at) if bearer.value == "pips" else None
                verb = found[verb_at] if verb_at is not None else None
                if bearer.value == "loss" or (isinstance(verb, Tag) and verb.value == "loss"):
                    operator, number = _TURNED[operator], -number  # lost more than 100 is a profit below -100
                if verb_at is not None and isinstance(verb, Tag):
                    found[verb_at] = Tag("outcome", "loss" if verb.value == "loss" else "win", verb.text)
                if item_at(found, place + 1) in {"%", "percent"} and value.removeprefix("metric:") in PERCENT_OF:
                    value = f"metric:{PERCENT_OF[value.removeprefix('metric:')]}"
                text = f"{bearer.text} {operator} {number:g}"
                tag = Tag("condition", value, text, operator, number)
                gone = {operator_at, place, *([place + 1] if behind else [])}
                if bearer.value == "loss":
                    found[bearer_at] = Tag("outcome", "loss", bearer.text)
                else:
                    gone.add(bearer_at)
                found = [t for i, t in enumerate(found) if i not in gone]
                found.insert(min(gone), tag)
                place = min(gone) + 1
                continue
        else:
            before_at = next(
                (
                    i
                    for i in range(place - 1, max(-1, place - 4), -1)
                    if found[i] not in {"of", "is", "at", "=", "with", "was"}
                ),
                None,
            )
            before = item_at(found, before_at) if before_at is not None else None
            beaten = next(
                (i for i in range((before_at or 0) - 1, (before_at or 0) - 3, -1) if is_tag(item_at(found, i), "cmp")),
                None,
            )
            if is_tag(before, "metric") and beaten is not None and before_at is not None:  # beats a sharpe of 2
                compared = found[beaten]
                assert isinstance(before, Tag)
                assert isinstance(compared, Tag)
                operator = compared.value  # type: ignore[assignment]
                found[beaten : place + 1 + behind] = [
                    Tag("condition", _of_bearer(before), f"{before.text} {operator} {number:g}", operator, number)
                ]
                place = beaten + 1
                continue
            again = _same_parameter(found, place)
            if again is not None and before is not None and (is_tag(before, "cue", "cmp", "order") or before == "or"):
                found[place : place + 1 + behind] = [
                    Tag("condition", again.value, f"{again.text.partition(' = ')[0]} = {number:g}", "=", number)
                ]
                place += 1
                continue
            if is_tag(before, "parameter"):
                assert isinstance(before, Tag)
                tag = Tag("condition", _of_bearer(before), f"{before.text} = {number:g}", "=", number)
                assert before_at is not None
                found[before_at : place + 1 + behind] = [tag]
                place = before_at + 1
                continue
            if is_tag(following, "parameter") and not is_tag(item_at(found, place - 1), "order"):  # "top 3 stops"
                assert isinstance(following, Tag)
                found[place : place + 2 + behind] = [
                    Tag("condition", _of_bearer(following), f"{following.text} = {number:g}", "=", number)
                ]
        place += 1
    return found


def _same_parameter(items: Sequence[Item], place: int) -> Tag | None:
    """The value of a parameter that another number is set beside: ``a stop of 40 or 60``."""
    for item in reversed(items[max(0, place - _FAR) : place]):
        if isinstance(item, Tag) and item.kind == "condition":
            return item if item.operator == "=" and item.value.startswith("parameter:") else None
    return None


def _of_bearer(bearer: Tag) -> str:
    if bearer.kind == "noun" and bearer.value == "trade":
        return "metric:total_trades"
    if bearer.kind == "noun" and bearer.value == "bar":
        return "metric:bars_held"
    if bearer.kind == "dim":
        return "held:hour" if bearer.value == "hour" else "held:day"
    if bearer.kind == "noun" and bearer.value == "days":
        return "held:day"
    if bearer.kind in {"order", "cue", "outcome"}:
        return "metric:net_profit"
    return f"{bearer.kind}:{bearer.value}"


def _won_or_lost(item: Item) -> bool:
    return isinstance(item, Tag) and item.value in {"gain", "loss", "win"}


def _verb(items: Sequence[Item], operator_at: int) -> int | None:
    """Where "made" or "lost" stands before a comparison, in "lost more than 30 pips"."""
    near = range(operator_at - 1, max(-1, operator_at - 1 - _FAR), -1)
    return next(
        (i for i in near if is_tag(items[i], "order", "outcome") and items[i].value in {"gain", "loss", "win"}),  # type: ignore[union-attr]
        None,
    )


def _bearer(items: Sequence[Item], operator_at: int, number_at: int) -> int | None:
    """Where that stands which a condition is about: behind its number, or before the comparison."""
    behind = item_at(items, number_at + 1)
    if is_tag(behind, "noun") and behind.value in {"trade", "bar", "days"}:  # type: ignore[union-attr]
        return number_at + 1
    if is_tag(behind, "dim") and behind.value in {"hour", "day"}:  # type: ignore[union-attr]
        return number_at + 1
    if is_tag(behind, "metric") and behind.value == "pips":  # type: ignore[union-attr]
        return number_at + 1
    before = next((i for i in range(operator_at - 1, -1, -1) if items[i] not in _SMALL), None)
    if before is not None and is_tag(items[before], *_BEARERS):
        return before  # "win rate above 60 %, drawdown below 4 %": what stands behind the number has one of its own
    if is_tag(behind, "metric"):
        return number_at + 1
    for place in range(operator_at - 1, max(-1, operator_at - 1 - _FAR), -1):
        if is_tag(items[place], *_BEARERS):
            return place
    for place in range(operator_at - 1, max(-1, operator_at - 1 - _FAR), -1):
        item = items[place]
        if isinstance(item, Tag) and (item.kind, item.value) in {
            ("order", "gain"),
            ("order", "loss"),
            ("outcome", "loss"),
        }:
            return place
    return None


def _limits(items: list[Item]) -> list[Item]:
    """``top 5``, ``last two backtests``, ``5 best``."""
    found: list[Item] = []
    for place, item in enumerate(items):
        number = _number(item)
        if item_at(items, place + 1) in {"%", "percent"}:
            number = None  # a part of them, and not how many
        if number is not None and number == int(number) and 0 < number <= 10_000:
            before = found[-1] if found else None
            if is_tag(before, "noun") and before.value == "trial" and not before.text.endswith("s"):  # type: ignore[union-attr]
                found.append(item)  # "combo 2": its rank, or its place in the search space?
                continue
            after = next((t for t in items[place + 1 : place + 3] if not (isinstance(t, str) and t in FILLERS)), None)
            if (
                is_tag(before, "order", "noun")
                or before in {"first", "the", "list", "show"}
                or is_tag(before, "subject", "cue")
                or is_tag(after, "order", "noun", "day", "dim", "outcome", "exit", "direction", "parameter")
            ):
                if before == "first":
                    found[-1] = Tag("ends", "first", "first")
                found.append(Tag("limit", "", f"{int(number)}", number=number))
                continue
        found.append(item)
    return found
