"""Optimizations as a whole: counted, listed, or the one that is at an end of something."""

from __future__ import annotations

from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.listing import limit_of
from trading_ai.documents.words import short

_SHOWN = 10


def of_trials(heard: Heard) -> bool:
    """Whether the number of trials is asked for: "which optimization has the most trials"."""
    return any(t.text in {"trials", "combinations", "combos"} for t in heard.all("noun"))


def optimizations(heard: Heard, draft: Draft) -> None:
    """Optimizations counted, listed, or the one at an end of their scores, trials or times."""
    where = ["part_of = ''"]
    states = list(heard.values("status")) + (["running"] if heard.has("subject", "running") else [])
    if heard.cue("failed") and not states and not heard.has("agg", "sum"):
        states = ["failed"]
    if states:
        where.append(f"status in ({', '.join(map(quoted, states))})")
    for slot in ("symbol", "strategy", "timeframe"):
        values = heard.values(slot)
        if values:
            where.append(
                f"backtest_id in (select backtest_id from backtests where {slot} in ({', '.join(map(quoted, values))}))"
            )
    condition = " and ".join(where)
    if heard.has("agg", "count"):
        found = draft.query(
            f"select count(*) as n_optimizations from optimizations where {condition}",
            {"n_optimizations": "optimizations"},
        )
        draft.say(
            "{n} optimizations are like that." if len(where) > 1 else "{n} optimizations are stored.",
            n=found.cell(0, "n_optimizations"),
        )
        return
    if heard.has("order") and (heard.cue("took", "speed") or heard.has("metric", "seconds")):
        order = f"seconds {'asc' if heard.has('order', 'lowest') else 'desc'} nulls last, optimization_id"
        n = limit_of(heard, 1)
    elif heard.has("order") and of_trials(heard):
        order = f"n_completed {'asc' if heard.has('order', 'lowest', 'worst') else 'desc'}, optimization_id"
        n = limit_of(heard, 1)
    elif heard.has("order", "best", "worst") and not heard.has("metric"):
        order = f"best_score {'asc' if heard.has('order', 'worst') else 'desc'} nulls last, optimization_id"
        draft.assume("By the score of the best trial; scores of different objectives are not comparable")
        n = limit_of(heard, 1)
    else:
        oldest = heard.has("subject", "oldest")
        if oldest:
            draft.assume("The oldest first")
        order = f"created_at {'asc' if oldest else 'desc'}, optimization_id"
        n = 1 if oldest and not heard.has("limit") else limit_of(heard, _SHOWN)
    found = draft.query(
        f"select optimization_id, name, status, method, objective, n_total, n_completed, n_failed, best_score, "
        f"seconds, created_at, finished_at, message from optimizations where {condition} order by {order} limit "
        f"{n}", {"name": "name", "best_score": "ratio"},
    )  # fmt: skip
    if not len(found):
        draft.say("No optimization is like that.")
        return
    for row in range(min(len(found), _SHOWN)):
        cells = {
            c: found.cell(row, c)
            for c in (
                "optimization_id",
                "name",
                "status",
                "method",
                "objective",
                "n_completed",
                "n_total",
                "best_score",
                "created_at",
            )
        }
        draft.say(
            "Optimization {optimization_id} {name}, {created_at}: {status}, {n_completed} of {n_total} trials by "
            "{method}, ranked by {objective}; the best score is "
            "{best_score}.", **cells,
        )  # fmt: skip
        if found.value(row, "message"):
            draft.say("It says: {m}.", m=found.cell(row, "message"))
    draft.offer(f"trading-ai status {short(str(found.value(0, 'optimization_id')))}", "trading-ai list")
