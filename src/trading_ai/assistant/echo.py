"""Whether what was heard stands in the queries that answer it.

A topic says beforehand which kinds of words it takes in. That is a promise about kinds: an answer may still leave out
this metric or that number, and would then be of another question. So the finished queries are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from trading_ai.assistant.tags import Heard, Tag

_UNCHECKED = frozenset({"howto", "meanings", "notes", "advice", "settings", "streaks"})
"""Topics that answer from texts, or with all that they have."""

_TOLD = {"walk_forward": frozenset({"net_profit", "total_trades"})}
"""Metrics that a topic's sentences hold, where its queries hold more."""

_OTHERWISE = {
    "commission_paid": ("commission",),
    "swap_paid": ("swap",),
    "max_drawdown": ("equity",),
    "max_drawdown_percent": ("equity",),
    "max_drawdown_days": ("equity",),
    "max_consecutive_wins": ("streak", "run"),
    "max_consecutive_losses": ("streak", "run"),
    "largest_win": ("net_profit",),
    "largest_loss": ("net_profit",),
    "average_win": ("net_profit",),
    "average_loss": ("net_profit",),
    "gross_profit": ("net_profit",),
    "gross_loss": ("net_profit",),
    "long_net_profit": ("direction",),
    "short_net_profit": ("direction",),
    "long_win_rate": ("direction",),
    "short_win_rate": ("direction",),
    "long_trades": ("direction",),
    "short_trades": ("direction",),
    "expectancy": ("net_profit",),
    "net_profit": ("profit",),
    "total_trades": ("count(", "trades"),
    "average_bars_held": ("bars_held",),
    "position_percent": ("units",),
    "ruined": ("ruined", "ruin"),
    "score": ("score", "rank"),
    "seconds": ("seconds", "_at"),
    "final_equity": ("equity", "balance"),
    "n_bars": ("bars", "dataset"),
    "sharpe_ratio": ("sharpe", "score", "robust"),
}
"""What stands for a metric in queries that work it out from trades, days or the equity."""


def unheard(heard: Heard, topic: str, queries: Sequence[str]) -> tuple[str, ...]:
    """Words of a question that no query of its answer takes in.

    Args:
        heard: the question as it was understood.
        topic: which topic answered.
        queries: SQL of the answer.
    """
    if topic in _UNCHECKED or not queries:
        return ()
    sql = " ".join(queries).lower()
    told = _TOLD.get(topic)
    return tuple(
        tag.text
        for tag in heard.tags
        if not _stands(tag, sql) or (tag.kind == "metric" and told is not None and tag.value not in told)
    )


def _stands(tag: Tag, sql: str) -> bool:
    if tag.kind == "metric":
        return any(word in sql for word in (tag.value, *_OTHERWISE.get(tag.value, ())))
    if tag.kind == "condition" and tag.number is not None:
        return re.search(rf"(?<![\w.]){re.escape(f'{tag.number:g}')}(?![\d.])", sql) is not None
    if tag.kind in {"year", "date"}:
        return tag.value in sql
    return True
