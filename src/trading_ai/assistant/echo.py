"""Whether what was heard stands in the queries that answer it.

A topic says beforehand which kinds of words it takes in. That is a promise about kinds: an answer may still leave out
this metric, that filter or the order, and would then be of another question. So the finished queries are looked at:
every kind of tag has something that must stand in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.documents.words import strategy_label

_UNCHECKED = frozenset({"howto", "meanings", "notes", "advice"})
"""Topics that answer from texts, or with all that they have."""

_TOLD = {"walk_forward": frozenset({"net_profit", "total_trades", "sharpe_ratio"})}
"""Metrics that a topic's sentences hold, where its queries hold more."""

_OTHERWISE = {
    "commission_paid": ("commission",),
    "swap_paid": ("swap",),
    "max_drawdown": ("equity",),
    "max_drawdown_percent": ("equity",),
    "max_drawdown_days": ("equity",),
    "max_consecutive_wins": ("hit",),
    "max_consecutive_losses": ("hit",),
    "largest_win": ("net_profit",),
    "largest_loss": ("net_profit",),
    "average_win": ("net_profit",),
    "average_loss": ("net_profit",),
    "payoff_ratio": ("net_profit",),
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

_ORDERED = ("order by", "max(", "min(", "arg_m", "rank", "row_number")
_MONEY = ("profit",)
_NEEDED: dict[str, tuple[str, ...]] = {
    "weekday": ("isodow(",),
    "month": ("extract(month", "strftime"),
    "hour": ("extract(hour",),
    "session": ("extract(hour",),
    "direction": ("direction", "long_", "short_"),
    "outcome": ("profit >", "profit <", "hit"),
    "exit": ("exit_reason",),
    "day": ("daily_profits",),
    "after": ("preceding",),
    "span": ("strftime", "date_trunc"),
    "ends": ("order by number", "number <="),
    "part:over_weekend": ("'week'",),
    "part:overnight": ("as date) <>",),
    "cue:of_groups": ("as n_groups",),
    "part:evening": ("extract(hour",),
    "place": ("rank = ",),
    "dim:hour": ("extract(hour", "_hours"),
    "dim:weekday": ("isodow(",),
    "dim:day": ("as day", "daily_profits", "as date)"),
    "dim:week": ("'week'",),
    "dim:month": ("%y-%m", "extract(month", "'month'"),
    "dim:quarter": ("quarter(",),
    "dim:half_year": ("'-h'",),
    "dim:year": ("extract(year", "annual"),
    "dim:session": ("'asia'",),
    "dim:direction": ("direction",),
    "dim:exit_reason": ("exit_reason",),
    "dim:duration": ("under 1 h",),
    "dim:half": ("'first half'",),
    "part:first_half": ("first half", "/ 2"),
    "part:second_half": ("second half", "/ 2"),
    "part:weekend": ("isodow(",),
    "part:morning": ("extract(hour",),
    "part:afternoon": ("extract(hour",),
    "part:night": ("extract(hour",),
    "agg:avg": ("avg(", "average", "expectancy", "/ nullif(", "mean"),
    "agg:median": ("median(",),
    "agg:std": ("stddev",),
    "agg:share": ("100.0 *", "share", "percent", "rate"),
    "agg:sum": ("sum(", "_trades", "_paid", "costs", "profit", "count(distinct", "ledger", "over ("),
    "cue:cost": ("commission", "costs", "spread", "_paid"),
    "cue:took": ("seconds", "_at", "time"),
    "cue:assumed": ("costs->>",),
    "cue:sizing": ("sizing->>", "units"),
    "cue:rules": ("rules->>",),
    "agg:count": ("count(", "total_trades", "_trades", "n_", "max_consecutive", "hit", "stop_outs", "exits", "skipped"),
    "agg:max": (*_ORDERED, "max_", "hit", "largest_", "highest"),
    "agg:min": (*_ORDERED, "lowest"),
    "order:best": (*_ORDERED, "largest_", "max_", "long_", "order"),
    "order:worst": (*_ORDERED, "largest_", "max_"),
    "order:lowest": (*_ORDERED, "largest_", "max_"),
    "order:gain": _MONEY,
    "order:loss": _MONEY,
    "noun:trade": ("trade", "sizing->>", "rules->>", "costs->>", "timezone"),
    "noun:trial": ("trials(", "n_total", "n_completed", "verdict", "parameters", "ledger"),
    "noun:winner": ("rank", "trials(", "verdict"),
    "noun:window": ("walk_forward",),
    "noun:dataset": ("dataset", "bars"),
    "noun:bar": ("bar",),
    "noun:equity": ("equity", "daily_profits", "max_drawdown"),
    "noun:days": ("day", "held", "date"),
    "noun:timeframe": ("timeframe",),
    "noun:criterion": ("verdict",),
    "noun:param": ("parameter", "trials(", "verdict"),
    "cue:when": ("time", "_at", "day", "date", "start"),
    "cue:compare": ("group by", " as a_", "buy_and_hold", "out_of_sample", "corr(", "over (", "explained"),
    "cue:streak": ("part", "streak", "consecutive"),
    "cue:walk": ("walk_forward",),
}
"""What must stand in the queries for a kind of tag, or a kind and its value: one of some texts."""

_NEVER = frozenset({"number", "cmp", "neg"})
"""Kinds that are left only where nothing took them in."""

_BY_CHOICE = frozenset({"id_backtest", "id_optimization", "id_dataset"})
"""Kinds that say which run is meant: the desk takes them in or says what it does not find."""

_UNORDERED = frozenset({"quality", "progress", "settings", "costs"})
"""Topics whose queries are ordered for themselves, and not as a question says."""

_WHICH = {"previous": ("the one before", "a is"), "oldest": ("oldest", "the first")}
"""What an answer says, or asks for, where another run than the latest is meant."""

_OF_ONE = frozenset({"trades", "figures", "streaks", "drawdowns", "days", "concentration", "costs", "periods"})
"""Topics whose answers are of one run."""


def unheard(heard: Heard, topic: str, queries: Sequence[str], said: Sequence[str] = ()) -> tuple[str, ...]:
    """Words of a question that no query of its answer takes in.

    Args:
        heard: the question as it was understood.
        topic: which topic answered.
        queries: SQL of the answer.
        said: its sentences and what it took for granted.
    """
    if topic in _UNCHECKED or not queries:
        return ()
    sql = " ".join(queries).lower()
    told = _TOLD.get(topic)
    texts = " ".join((sql, *said)).lower()
    return tuple(
        tag.text or tag.value
        for tag in heard.tags
        if not (tag.kind == "subject" and heard.has("name"))  # "across the run that is called so"
        if not (topic == "figures" and tag.key == "cue:compare" and len(heard.values("metric")) > 1)  # both are told
        if not _stands(tag, sql, texts, topic)
        or (tag.kind == "metric" and told is not None and tag.value not in told)
        or (tag.negated and tag.kind in _NEEDED and not re.search(r"not in|<>|not \(", sql))
    )


def _stands(tag: Tag, sql: str, texts: str, topic: str) -> bool:
    if tag.kind == "metric":
        return any(word in sql for word in (tag.value, *_OTHERWISE.get(tag.value, ())))
    if tag.kind == "condition" and tag.number is not None:
        return re.search(rf"(?<![\w.]){re.escape(f'{tag.number:g}')}(?![\d.])", sql) is not None
    if tag.kind in {"year", "date"}:
        return tag.value in sql
    if tag.kind == "limit" and tag.number is not None and topic not in {"comparing", "robustness"}:
        return re.search(rf"(?:limit|<=|interval|rank =|-) '?{tag.number:g}\b", sql) is not None
    if tag.kind == "level" and tag.number is not None:
        return re.search(rf"\b{re.escape(f'{tag.number:g}')}(?:, 0\))? as new_level", sql) is not None
    if tag.kind == "factor" and tag.number is not None:
        return f"{tag.number:g} as factor" in sql
    if tag.kind in {"symbol", "strategy"}:
        return tag.value.lower() in texts or strategy_label(tag.value).lower() in texts
    if tag.kind == "parameter":
        return tag.value.lower() in sql or (topic == "walk_forward" and "parameters" in sql)
    if tag.kind in _NEVER:
        return tag.kind == "neg" and topic in {"costs", "robustness", "figures"}
    if tag.kind in _BY_CHOICE:
        return True
    if tag.kind == "name":
        return topic in {"comparing", "records"} or harmless(tag.value).lower() in texts
    if tag.kind == "timeframe":
        return tag.value.lower() in texts
    if tag.kind == "subject":
        if tag.value == "all" and tag.text.startswith("across"):
            return topic not in _OF_ONE
        return tag.value not in _WHICH or any(text in texts for text in _WHICH[tag.value])
    if tag.kind == "order" and tag.value in {"best", "worst", "lowest"} and topic in _UNORDERED:
        return "'gaps'->0" in sql
    if topic == "comparing" and tag.kind == "order":
        return True  # it says which of both is better
    needed = _NEEDED.get(f"{tag.kind}:{tag.value}") or _NEEDED.get(tag.kind)
    return needed is None or any(text in sql for text in needed)
