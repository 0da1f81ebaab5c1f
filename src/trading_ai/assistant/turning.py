"""Words that turn what others say: percentages and factors, negations, orders, comparisons with what has no number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trading_ai.assistant.spans import Item, is_tag, item_at
from trading_ai.assistant.tags import Operator, Tag

_FILTERS = ("weekday", "month", "session", "direction", "outcome", "exit", "hour", "symbol", "strategy", "year", "part",
            "date", "span", "after")  # fmt: skip


def turned(items: Sequence[Item]) -> list[Item]:
    """The same items, those that others turn round or make more exact changed."""
    items = _levels(_made(list(items)))
    items = _turned_orders(_in_percent(_negated(_exits(_percents(items)))))
    items = _compared(items)
    if any(is_tag(item, "factor") and "%" in item.text for item in items):  # type: ignore[union-attr]
        items = [i for i in items if not (is_tag(i, "order") and i.text in _MORE)]  # type: ignore[union-attr]
    return items


_LEVELS = {"spread_paid": "spread", "slippage_paid": "slippage", "commission_paid": "commission"}
_ON_TOP = frozenset({"more", "extra", "higher", "wider", "additional", "larger", "on top", "worse", "dearer"})

_OFF_IT = frozenset({"less", "lower", "tighter", "narrower", "smaller", "cheaper", "better", "below", "under"})


def _levels(items: list[Item]) -> list[Item]:
    """``with a 3 pip spread``, ``half a pip more slippage``: a cost at another level than it was charged at."""
    costs = [place for place, item in enumerate(items) if is_tag(item, "metric") and item.value in _LEVELS]  # type: ignore[union-attr]
    numbers = [place for place, item in enumerate(items) if _number(item) is not None]
    if len(costs) != 1 or len(numbers) != 1 or abs(costs[0] - numbers[0]) > _NEAR_COST:
        return items
    cost, number, unit = items[costs[0]], items[numbers[0]], item_at(items, numbers[0] + 1)
    assert isinstance(cost, Tag)
    assert isinstance(number, Tag)
    lots = any((i.text if isinstance(i, Tag) else i) in {"per lot", "a lot", "lot"} for i in items)
    if unit not in {"pips", "pip"} and not (cost.value == "commission_paid" and lots):
        return items
    near = items[min(costs[0], numbers[0]) : max(costs[0], numbers[0]) + 3]
    words = {i.text if isinstance(i, Tag) else i for i in near}
    operator: Operator = ">" if words & _ON_TOP else "<" if words & _OFF_IT else "="
    text = f"{_LEVELS[cost.value]} {dict(zip('><=', '+-=', strict=True))[operator]} {number.number:g}"
    level = Tag("level", _LEVELS[cost.value], text, operator, number.number)
    gone = {costs[0], numbers[0], *([numbers[0] + 1] if unit in {"pips", "pip"} else [])}
    kept = [
        item
        for place, item in enumerate(items)
        if place not in gone and not (isinstance(item, Tag) and item.kind == "cmp" and item.text in _OFF_IT | _ON_TOP)
    ]
    said = {"per lot", "a lot", *_ON_TOP, *_OFF_IT}
    return [*(i for i in kept if not (isinstance(i, Tag) and i.kind in {"cue", "order"} and i.text in said)), level]


_NEAR_COST = 5


def _made(items: list[Item]) -> list[Item]:
    """``how many trades does it make``, ``how many pips did it make``: none of them needs to have won."""
    if any(is_tag(i, "metric") and i.value == "pips" for i in items):  # type: ignore[union-attr]
        items = ["the" if is_tag(i, "order") and i.value in {"gain", "loss"} else i for i in items]  # type: ignore[union-attr]
    counted = any(is_tag(i, "agg") and i.value == "count" for i in items)  # type: ignore[union-attr]
    if any(is_tag(i, "cue") and i.text == "how much" for i in items):  # type: ignore[union-attr]
        return items  # "how much did it make, and over how many trades"
    of_trades = any((is_tag(i, "noun") and i.value == "trade") or is_tag(i, "direction") for i in items)  # type: ignore[union-attr]
    if not counted or not of_trades:
        return items
    return ["the" if is_tag(i, "order") and i.text in {"make", "makes", "made"} else i for i in items]  # type: ignore[union-attr]


def _number(item: Item | None) -> float | None:
    return item.number if isinstance(item, Tag) and item.kind == "number" else None


def _percents(items: list[Item]) -> list[Item]:
    """``50 % higher`` as a factor; ``rank 3`` as a place."""
    found: list[Item] = []
    for place, item in enumerate(items):
        number = _number(item)
        if isinstance(item, Tag) and item.kind == "limit":
            number = item.number
        before = found[-1] if found else None
        if number is not None and is_tag(before, "cue", "metric") and before.value in {"rank_by", "rank"}:  # type: ignore[union-attr]
            found[-1] = Tag("place", f"{int(number)}", f"rank {number:g}")
            continue
        behind = [t.text if isinstance(t, Tag) else t for t in items[place + 1 : place + 4]]
        if number is not None and behind[:1] and behind[0] in {"%", "percent"}:
            if {"higher", "more", "dearer", "increase", "larger"} & set(behind[1:]):
                found.append(Tag("factor", "", f"{number:g} % more", number=1 + number / 100))
                continue
            if {"lower", "less", "cheaper", "decrease", "smaller"} & set(behind[1:]):
                found.append(Tag("factor", "", f"{number:g} % less", number=1 - number / 100))
                continue
        found.append(item)
    return found


def _compared(items: list[Item]) -> list[Item]:
    """``beat buy and hold``: a comparison with what is named, and with no number; ``before it loses`` is none."""
    eaten = any(is_tag(item, "cue") and item.value in {"breakeven", "double"} for item in items)  # type: ignore[union-attr]
    found: list[Item] = []
    for item in items:
        if isinstance(item, Tag) and item.kind == "cmp" and item.text in {"beat", "beats"}:
            found.append(Tag("cue", "compare", item.text))
        elif isinstance(item, Tag) and item.kind == "cmp" and item.text == "before" and eaten:
            found.append("the")
        else:
            found.append(item)
    return found


_MORE = frozenset({"higher", "more", "larger", "lower", "less", "smaller"})
"""Words of a percentage that is a factor: "50 % higher"."""

PERCENT_OF = {
    "max_drawdown": "max_drawdown_percent",
    "max_balance_drawdown": "max_balance_drawdown_percent",
    "net_profit": "return_percent",
}


def _in_percent(items: list[Item]) -> list[Item]:
    """``drawdown in %``: another metric than the drawdown in money."""
    found: list[Item] = list(items)
    for place, item in enumerate(items):
        if item not in {"%", "percent", "percentage"}:
            continue
        for at in sorted(range(len(found)), key=lambda i: abs(i - place)):  # the nearest one
            metric = found[at]
            if isinstance(metric, Tag) and metric.kind == "metric" and metric.value in PERCENT_OF:
                found[at] = replace(metric, value=PERCENT_OF[metric.value])
                break
    return found


def _turned_orders(items: list[Item]) -> list[Item]:
    """``made the least`` is the worst, and ``lost the least`` the best: not the least of those that made something."""
    found: list[Item] = []
    for item in items:
        before = next(
            (place for place in range(len(found) - 1, len(found) - 4, -1) if is_tag(item_at(found, place), "order")),
            None,
        )
        least = isinstance(item, Tag) and (item.kind, item.value) == ("order", "lowest")
        verb = found[before] if before is not None else None
        if (
            least
            and isinstance(item, Tag)
            and isinstance(verb, Tag)
            and verb.value in {"gain", "loss"}
            and before is not None
        ):
            between = found[before + 1 :]
            if all(word in {"the", "money", "profit"} for word in between):
                worst = verb.value == "gain"
                found[before:] = [Tag("order", "worst" if worst else "best", f"{verb.text} {item.text}")]
                continue
        found.append(item)
    return found


def _exits(items: list[Item]) -> list[Item]:
    """``hit take profit vs stop loss``: the second one is an exit as the first."""
    if not any(is_tag(item, "exit") for item in items):
        return items
    ends = {"stop_loss", "take_profit", "trailing_stop"}
    return [
        Tag("exit", item.value, item.text)
        if isinstance(item, Tag) and item.kind == "parameter" and item.value in ends
        else item
        for item in items
    ]


def _negated(items: list[Item]) -> list[Item]:
    """``not on Fridays``, ``without the shorts``: the filter that follows is turned round."""
    found: list[Item] = list(items)
    for place, item in enumerate(found):
        if is_tag(item, "neg"):
            near = (i for i in range(place + 1, min(place + 5, len(found))) if is_tag(found[i], *_FILTERS))
            at = next(near, None)
            between = found[place + 1 : at] if at is not None else []
            if at is not None and all(isinstance(t, str) or t.kind == "time_of" for t in between):
                target = found[at]
                assert isinstance(target, Tag)
                found[at] = replace(target, negated=True)
                found[place] = "the"
                while item_at(found, at + 1) in {"and", "or", "nor"} and is_tag(item_at(found, at + 2), *_FILTERS):
                    at += 2  # "without Thursdays and shorts"
                    also = found[at]
                    assert isinstance(also, Tag)
                    found[at] = replace(also, negated=True)
    return found
