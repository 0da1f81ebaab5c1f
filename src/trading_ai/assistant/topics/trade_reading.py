"""What a question about trades asks for: the measure, the groups, which of them, whether they are to be listed."""

from __future__ import annotations

import re

from trading_ai.assistant.tags import Heard, Tag
from trading_ai.assistant.trade_sql import COUNT, DIMENSIONS, HALVES, Measure, measure_of

_MONEY = re.compile(r"profit|earn|money|pay|lost|lose|losing|made|make")
TIMES = ("date", "weekday", "month", "year", "hour", "session", "part", "span")
FILTERS = (*TIMES, "direction", "outcome", "exit", "after")


_LIST_WORDS = frozenset({"list", "show", "show me", "enumerate", "print", "display"})
"""Words by which single trades are asked for, and not what they made together."""


def plural_trades(heard: Heard) -> bool:
    """Whether trades are spoken of in the plural: "trades", "long trades", "losers"."""
    kinds = ("direction", "outcome", "exit")
    return heard.plural("trade") or any(
        "trades" in tag.text or tag.text.endswith("s") for kind in kinds for tag in heard.all(kind)
    )


def with_outcomes(heard: Heard) -> Heard:
    """``how many shorts made money``, ``percentage of shorts that won``: won and lost say which trades are counted."""
    if heard.has("agg", "share") and heard.has("outcome", "win") and len(heard.values("direction")) > 1:
        others = [
            t for t in heard.tags if t.kind not in {"agg", "outcome"}
        ]  # "what percent of longs and of shorts won"
        return heard.changed([*others, Tag("metric", "win_rate", "won")])
    verb = next((t for t in heard.all("order") if t.value in {"gain", "loss"}), None)
    if verb is not None and heard.cue("compare") and heard.has("outcome", "loss" if verb.value == "gain" else "win"):
        others = [t for t in heard.tags if t is not verb]  # "trades won vs lost"
        return heard.changed([*others, Tag("outcome", "win" if verb.value == "gain" else "loss", verb.text)])
    if verb is not None and heard.has("agg", "count") and any(t.text == "how much" for t in heard.all("cue")):
        return heard.changed([*(t for t in heard.tags if t is not verb), Tag("metric", "net_profit", verb.text)])
    if verb is None or not heard.has("agg", "count", "share") or heard.has("outcome") or heard.has("metric"):
        return heard
    others = [t for t in heard.tags if t is not verb]
    filtered = any(heard.has(kind) for kind in FILTERS)
    if dimensions_of(heard):
        return heard.changed([*others, Tag("metric", "net_profit", verb.text)])
    if heard.has("agg", "share") and filtered and verb.value == "gain":
        return heard.changed([*(t for t in others if t.kind != "agg"), Tag("metric", "win_rate", verb.text)])
    return heard.changed([*others, Tag("outcome", "win" if verb.value == "gain" else "loss", verb.text)])


def ends_of(heard: Heard) -> tuple[str, str] | None:
    """``total of the last 10 trades``: these alone, where they are not listed."""
    limit = heard.first("limit")
    if limit is None or limit.number is None or wants_list(heard) or not heard.has("noun", "trade"):
        return None
    n = int(limit.number)
    if heard.has("ends", "first"):
        return f"number <= {n}", f"among the first {n}"
    if heard.has("subject", "latest"):
        return f"number > (select max(number) - {n} from {{trades}})", f"among the last {n}"
    return None


def dimensions_of(heard: Heard) -> list[str]:
    """What trades are grouped by: what is named, and filters of which two are set side by side."""
    found = [value for value in heard.values("dim") if value in DIMENSIONS]
    if len(heard.values("part")) > 1 and set(heard.values("part")) == set(HALVES):
        found.append("half")
    if "month_of_year" in found:
        found = [value for value in found if value not in {"month", "year"}]
    for slot in ("direction", "session", "weekday", "month", "year", "outcome", "exit"):
        several = len(heard.values(slot)) > 1
        name = {"exit": "exit_reason"}.get(slot, slot)
        if (
            several
            and name not in found
            and (
                slot in {"direction", "outcome", "exit", "year"}
                or heard.cue("compare")
                or heard.has("order")
                or _apart(heard)
            )
        ):
            found.append(name)  # two of a kind are set side by side
    return found


_ONE_BY_ONE = re.compile(
    r"\b(?:each|separately|respectively|apart|individually)\b|\b(on|in|at) (?:the )?\w+ and \1 \w+"
    r"|\b(?:more|less|better|worse|higher|lower|longer|bigger)\b.*\bor\b"
)
"""Wordings that set two of a kind side by side."""


def _apart(heard: Heard) -> bool:
    """Whether those that are named are to be told one by one: "Mondays and Fridays, how much each"."""
    question = heard.question.lower()
    singular = heard.has(
        "metric", "win_rate", "profit_factor", "expectancy", "payoff_ratio", "average_win", "average_loss"
    )
    return singular or _ONE_BY_ONE.search(question) is not None


def _best_first(heard: Heard) -> bool:
    """Whether the best is asked for, and then how many trades it has."""
    kinds = [(tag.kind, tag.text) for tag in heard.tags if tag.kind in {"order", "agg"}]
    return len(kinds) > 1 and kinds[0][0] == "order" and kinds[0][1] in {"best", "worst"} and kinds[1][0] == "agg"


def measured(heard: Heard) -> tuple[Measure | None, str]:
    """The measure that is asked for, and the metric that names it."""
    metrics = heard.values("metric")
    aggregate = next((a for a in heard.values("agg") if a not in {"count", "share"}), "")
    ranked = heard.has("order", "worst", "best") or heard.has("order", "loss")
    of_money = ranked and any(_MONEY.search(tag.text) for tag in heard.all("order"))
    if (
        not metrics
        and heard.has("agg", "count", "share")
        and not ((of_money or _best_first(heard)) and heard.has("dim"))
    ):
        return COUNT, "total_trades"
    long = any(tag.text.startswith("how long") for tag in heard.all("cue"))
    money = any(_MONEY.search(tag.text) for tag in heard.all("order") if tag.value in {"best", "worst"})
    if money and set(metrics) == {"total_trades"}:
        return measure_of("net_profit", ""), "net_profit"  # "the hour that loses most, and how many trades"
    if money and metrics and not {"net_profit", "pips"} & set(metrics) and not aggregate:
        return measure_of("net_profit", ""), "net_profit"  # "the most profitable hour and its win rate"
    metric = metrics[0] if metrics else "bars_held" if long else "net_profit"
    return measure_of(metric, aggregate), metric


def wants_list(heard: Heard) -> bool:
    """Whether single trades are to be listed."""
    if heard.has("metric", "bars_held") and heard.has("order") and heard.has("noun", "trade"):
        return True
    if heard.cue("when") and heard.has("metric", "largest_win", "largest_loss"):
        return True
    if heard.has("agg") or heard.cue("how_much"):
        return False
    listed = any(t.text in _LIST_WORDS for t in heard.all("cue")) and plural_trades(heard)
    told_of = heard.has("noun", "trade") or any(heard.has(kind) for kind in FILTERS)
    if listed and told_of and not heard.has("metric") and not heard.has("dim"):
        return True
    extreme = heard.has("order", "best", "worst", "lowest") or heard.has("metric", "largest_win", "largest_loss")
    some = heard.has("noun", "trade") or heard.has("outcome") or heard.has("exit")
    return some and (extreme or heard.has("limit")) and not heard.has("metric", "win_rate")
