"""The semantic layer of trials: columns of metrics and searched parameters, and conditions on them."""

from __future__ import annotations

import re
from itertools import pairwise

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.drafts import column
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.documents.sql_tables import TRIALS
from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS

_TAKEN = frozenset(TRIALS.names)
BETTER = {m.name: m.better for m in METRICS}
"""+1 where more of a metric is better, -1 where less is."""

UNITS = {c.name: c.unit for c in TRIALS.columns}
"""Unit of each column of trials."""

COSTS = "commission_paid + swap_paid + slippage_paid + spread_paid"
"""All that trading cost, as metrics have it; a swap that was credited lowers it."""


def parameter_column(name: str) -> str:
    """A searched parameter as a column of `trials`."""
    while name.lower() in _TAKEN:
        name = f"parameter_{name}"
    return name


def searched_columns(run: Run) -> list[str]:
    """Columns of everything that an optimization searches."""
    return [parameter_column(name) for name in run.searched]


def values_of(tag: Tag, run: Run) -> str | None:
    """The column that a condition is about; None where the optimization has none of that name."""
    kind, _, name = tag.value.partition(":")
    if kind == "parameter":
        return parameter_column(name) if name in run.searched else None
    if name == "score" or name in METRIC_COLUMN:
        return name
    return None


def conditions(heard: Heard, run: Run) -> tuple[list[str], list[str], list[str]]:
    """Conditions on trials in SQL and in words, and those that this optimization cannot answer."""
    sql, words, missing = [], [], []
    for tag in heard.all("condition"):
        name = values_of(tag, run)
        if name is None or tag.number is None:
            missing.append(tag.text)
            continue
        sql.append(f"{column(name)} {tag.operator} {tag.number:g}")
        words.append(f"{name.replace('_', ' ')} {tag.operator} {tag.number:g}")
    return sql, words, missing


def ranked_by(run: Run) -> str:
    """The metric that an optimization ranks by, ``score`` where it is none of them.

    A score is not always the metric: where that promises profit, a trial that lost money scores its return instead.
    """
    return run.objective if run.objective in METRIC_COLUMN else "score"


def ranked_after_by(heard: Heard) -> str:
    """The metric after "by" where an end of a ranking is asked for, as in "best trial by Sharpe", else ``""``.

    It says what is looked for: the figure of the trial that ranks first by something else is not its answer.
    """
    ends = heard.has("order", "best", "worst", "lowest") or heard.has("limit") or heard.has("noun", "winner")
    question = heard.question.lower()
    for tag in heard.all("metric") if ends else ():
        by = rf"\bby (?:the |its |their |highest |lowest |best )?{re.escape(tag.text.lower())}\b"
        if tag.value in METRIC_COLUMN and tag.text and re.search(by, question):
            return tag.value
    return ""


def ranking_metric(heard: Heard) -> str:
    """The metric that is to be ranked by where more is asked for than that, else ``""``.

    It is the one after "by" or behind the superlative: "win rate of the trial with the most trades" looks for the most
    trades, and tells the win rate.
    """
    behind = [
        after.value
        for before, after in pairwise(heard.tags)
        if before.kind == "order" and after.kind == "metric" and after.value in METRIC_COLUMN
    ]
    several = len(heard.values("metric")) > 1 or heard.cue("also")
    return ranked_after_by(heard) or (behind[0] if behind and several else "")


def direction(metric: str, heard: Heard) -> str:
    """``desc`` or ``asc``: which end of a metric is asked for; the good one unless said otherwise."""
    worst = heard.has("order", "worst", "loss")
    better = BETTER.get(metric, 1) or 1
    text = next((t.text for t in heard.all("order") if t.value == "best"), "")
    if heard.has("order", "lowest") or heard.has("agg", "min"):
        return "asc"
    if text in {"highest", "largest", "biggest", "greatest", "most"} or heard.has("agg", "max"):
        return "desc"
    good_is_high = better > 0
    return "desc" if good_is_high != worst else "asc"
