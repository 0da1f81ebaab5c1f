"""Trials of an optimization: counted, ranked and averaged, under conditions on metrics and parameters."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, column, quoted
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trial_sql import (
    conditions,
    direction,
    parameter_column,
    ranked_by,
    ranking_metric,
    searched_columns,
)
from trading_ai.documents.words import short
from trading_ai.metrics.catalog import METRIC_COLUMN

_SHOWN = 5
_AGGREGATES = {"avg": "avg", "median": "median", "max": "max", "min": "min", "sum": "sum", "std": "stddev_samp"}


class Trials(Topic):
    """Trials of an optimization."""

    name = "trials"
    accounts = ALWAYS | {
        "metric", "agg", "order", "limit", "condition", "noun:trial", "noun:winner", "noun:run", "noun:optimization",
        "noun:param", "cue:failed", "cue:rank_by", "cue:lead",
        "place", "cue:results", "outcome", "parameter", "noun:strategy",
    }  # fmt: skip
    offers = ("top 5 combinations by profit factor", "how many combinations had a sharpe above 1?")

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("dim") or heard.has("noun", "trade") or heard.has("direction") or heard.has("exit"):
            return 0.1
        metrics = heard.values("metric")
        if any(m not in METRIC_COLUMN and m not in {"score", "rank"} for m in metrics):
            return 0.1
        on_trials = [
            t
            for t in heard.all("condition")
            if t.value.partition(":")[2] in METRIC_COLUMN or t.value.startswith("parameter:")
        ]
        if len(on_trials) < len(heard.all("condition")):
            return 0.1
        which = heard.asks_which() and heard.has("noun", "optimization") and not heard.has("name")
        if which and heard.has("order") and not metrics and any(t.text == "trials" for t in heard.all("noun")):
            return 0.3  # the optimization that has most of them
        if heard.has("place") and metrics and heard.has("order"):
            return 0.3  # whether the best by one thing is that by another
        if heard.has("place") or heard.cue("lead"):
            return 0.96
        about = heard.has("noun", "trial", "winner")
        if (
            ranking_metric(heard)
            and not heard.has("parameter")
            and (about or heard.has("noun", "optimization"))
            and not heard.has("subject", "all")
        ):
            return 0.96 if about or heard.has("name") or heard.has("id_optimization") else 0.3
        if heard.cue("compare") and not heard.all("condition"):
            return 0.2
        if heard.has("noun", "backtest") or (
            heard.has("noun", "run", "optimization") and heard.has("subject", "all") and not heard.has("name")
        ):
            return 0.1
        asks = (
            (heard.cue("rank_by") and bool(metrics))
            or heard.has("agg")
            or heard.has("order")
            or heard.has("limit")
            or on_trials
        )
        named = any(t.text and t.text in heard.question.lower() for t in heard.all("name"))
        counted = heard.has("agg", "count", "share") and (heard.has("order", "gain", "loss") or heard.has("outcome"))
        if counted and named and heard.has("noun", "optimization"):
            return 0.96
        if heard.has("parameter") and heard.has("agg", "avg", "median") and not heard.has("noun", "trial"):
            return 0.3  # of each of its values
        if named and heard.has("noun", "optimization") and heard.has("agg", "avg", "median", "std") and metrics:
            return 0.94
        if about and asks:
            return 0.95
        if about and (heard.cue("list", "exists") or heard.cue("failed")):
            return 0.85
        if heard.has("noun", "winner") and (heard.has("name") or heard.has("id_optimization")):
            return 0.85
        placed = [t for t in on_trials if t.operator == "=" and t.value.startswith("parameter:")]
        if heard.cue("rank_by") and placed and not metrics:
            return 0.95
        if len(heard.values("parameter")) > 1 and heard.has("order", "best", "worst") and not heard.cue("robust"):
            return 0.93
        if heard.has("noun", "winner") and heard.has("noun", "param"):
            return 0.9
        if heard.has("noun", "param") and heard.has("order", "best", "worst"):
            return 0.9
        one = heard.has("subject", "latest", "this", "previous") or heard.has("name") or heard.has("id_optimization")
        if heard.has("noun", "optimization") and one and metrics and heard.has("order", "best", "worst", "lowest"):
            return 0.85
        if heard.has("order", "best") and heard.has("limit"):
            return 0.75
        if on_trials and (
            heard.has("agg", "count", "share", "max", "min", "avg", "median") or metrics or heard.has("order")
        ):
            return 0.8 if heard.has("noun", "optimization", "run") or heard.has("agg") else 0.7
        return 0.0

    @override
    def reading(self, heard: Heard) -> str:
        metric = (heard.values("metric") or ("score",))[0].replace("_", " ")
        if heard.has("agg", "count"):
            return "how many combinations are there" + "".join(f" with {t.text}" for t in heard.all("condition")) + "?"
        return f"top 5 combinations by {metric}" + "".join(f" with {t.text}" for t in heard.all("condition"))

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.optimization(heard, draft)
        where, words, missing = conditions(heard, run)
        if missing:
            raise Unanswerable(
                f"{run.label[0].upper()}{run.label[1:]} does not search or measure what is asked of: "
                f"{', '.join(missing)}.",
                [f"best values of {', '.join(run.searched)}"],
            )
        if heard.has("outcome", "win") or (heard.has("order", "gain") and not heard.has("order", "best")):
            where, words = [*where, "net_profit > 0"], [*words, "net profit above zero"]
        elif heard.has("outcome", "loss") or (heard.has("order", "loss") and not heard.has("order", "best", "worst")):
            where, words = [*where, "net_profit < 0"], [*words, "net profit below zero"]
        if heard.has("metric", "ruined"):
            where, words = [*where, "ruined = 1"], [*words, "a ruined account"]
        place = heard.first("place")
        if place is not None:
            where, words = [*where, f"rank = {int(place.value)}"], [*words, f"rank {int(place.value)}"]
        if heard.cue("failed"):
            where, words = [*where, "error is not null"], [*words, "an error"]
        aggregate = next((a for a in heard.values("agg") if a in _AGGREGATES), "")
        metrics = [m for m in heard.values("metric") if m in METRIC_COLUMN and m != "ruined"]
        if heard.cue("lead"):
            _lead(run, draft)
        elif heard.has("agg", "count", "share") and not heard.has("order", "best", "worst", "lowest"):
            _count(run, draft, where, words)
        elif (
            aggregate
            and metrics
            and not heard.has("noun", "winner")
            and not (heard.has("order") and aggregate in {"max", "min"})
        ):
            _aggregate(run, draft, where, words, metrics, aggregate)
        else:
            _ranked(heard, run, draft, where, metrics)
        draft.offer(
            f"trading-ai results {short(run.run_id)}",
            f"trading-ai robustness {short(run.run_id)}   (is the best one luck?)",
        )


def _and(where: list[str]) -> str:
    return f" where {' and '.join(where)}" if where else ""


def _count(run: Run, draft: Draft, where: list[str], words: list[str]) -> None:
    condition = " and ".join(where) or "true"
    found = draft.query(
        f"select count(*) filter (where {condition}) as n_trials, count(*) as n_all, "
        f"100.0 * count(*) filter (where {condition}) / nullif(count(*), 0) as share from trials({quoted(run.run_id)})",
        {"n_trials": "trials", "n_all": "trials", "share": "%"},
    )
    if words:
        draft.say(
            f"{{n}} of {{all}} combinations have {' and '.join(words)}: {{share}}.",
            n=found.cell(0, "n_trials"), all=found.cell(0, "n_all"), share=found.cell(0, "share"),
        )  # fmt: skip
    else:
        draft.say("{n} combinations have been tried.", n=found.cell(0, "n_trials"))


def _lead(run: Run, draft: Draft) -> None:
    """How far the best trial is ahead of the second."""
    parameters = searched_columns(run)
    by = column(ranked_by(run))
    found = draft.query(
        f"select rank, {by} as value, {', '.join(column(p) for p in parameters)}, first_value({by}) over (order by "
        f"rank) - {by} as behind from trials({quoted(run.run_id)}) where rank <= 2 order by rank",
        {"value": "ratio", "behind": "ratio", **dict.fromkeys(parameters, "plain")}, run.currency,
    )  # fmt: skip
    if len(found) < 2:
        raise Unanswerable("Fewer than two trials rank.", ["how many combinations are there?"])
    of = run.objective.replace("_", " ")
    for row in range(2):
        cells = {f"p{i}": found.cell(row, name) for i, name in enumerate(parameters)}
        values = ", ".join(f"{name.replace('_', ' ')} {{p{i}}}" for i, name in enumerate(parameters))
        draft.say(
            f"Rank {{rank}}: {values}; {of} {{value}}.", rank=found.cell(row, "rank"), value=found.cell(row, "value"),
            **cells,
        )  # fmt: skip
    draft.say("The second is {behind} behind.", behind=found.cell(1, "behind"))


def _aggregate(run: Run, draft: Draft, where: list[str], words: list[str], metrics: list[str], aggregate: str) -> None:
    selected = ", ".join(f"{_AGGREGATES[aggregate]}({column(m)}) as {column(m)}" for m in metrics)
    found = draft.query(
        f"select count(*) as n_trials, {selected} from trials({quoted(run.run_id)}){_and(where)}",
        {"n_trials": "trials"}, run.currency,
    )  # fmt: skip
    named = {
        "avg": "average",
        "median": "median",
        "max": "highest",
        "min": "lowest",
        "sum": "total",
        "std": "standard deviation of the",
    }
    for metric in metrics:
        draft.say(
            f"The {named[aggregate]} {metric.replace('_', ' ')} of {{n}} "
            f"combinations{' with ' + ' and '.join(words) if words else ''} is {{a}}.",
            n=found.cell(0, "n_trials"), a=found.cell(0, metric),
        )  # fmt: skip


def _ranked(heard: Heard, run: Run, draft: Draft, where: list[str], metrics: list[str]) -> None:
    limit = heard.first("limit")
    one = heard.has("order", "best", "worst", "lowest") or heard.has("noun", "winner") or heard.has("place")
    one = one or not (heard.all("condition") or heard.cue("rank_by") or heard.has("order") or heard.has("outcome"))
    n = min(int(limit.number) if limit is not None and limit.number else 1 if one else 200, 200)
    parameters = searched_columns(run)
    shown = metrics or [
        "net_profit",
        "sharpe_ratio",
        "total_trades",
        "win_rate",
        "profit_factor",
        "max_drawdown_percent",
    ]
    of_winner = heard.has("noun", "winner") and not heard.has("order", "best", "worst", "lowest")
    shown = [*(["score"] if heard.has("metric", "score") else []), *shown]
    wanted = ranking_metric(heard) or (metrics[0] if metrics and not heard.cue("also") and not of_winner else "")
    if wanted:
        by, order = wanted, direction(wanted, heard)
        draft.assume("Trials below the least number of trades, or that break a condition, are left out")
        where = ["rank is not null", *where]
    else:
        by, order = "rank", "desc" if heard.has("order", "worst", "lowest") else "asc"
        where = ["rank is not null", *where]
        draft.assume(f"Ranked by what the optimization ranks by, {run.objective.replace('_', ' ')}")
    if heard.has("metric", "ruined"):  # a ruined account ranks nowhere
        where = [test for test in where if test != "rank is not null"]
        by, order = "ruined_after_days", "desc" if heard.has("order", "best") else "asc"
        shown = list(dict.fromkeys(["ruined_after_days", *shown]))
    columns = ", ".join(dict.fromkeys(column(c) for c in ["rank", "combination_index", *parameters, *shown, "score"]))
    found = draft.query(
        f"select {columns} from trials({quoted(run.run_id)}){_and(where)} order by {column(by)} {order} nulls last, "
        f"rank limit {n}",
        {"score": "ratio", **dict.fromkeys(parameters, "plain")}, run.currency,
    )  # fmt: skip
    if heard.has("metric", "ruined"):
        _count(run, draft, ["ruined = 1"], ["a ruined account"])
    if not len(found):
        _untried(heard, run, draft)
        draft.say("No combination that ranks is like that.")
        return
    for row in range(min(len(found), _SHOWN)):
        cells = {f"p{i}": found.cell(row, name) for i, name in enumerate(parameters)}
        values = ", ".join(f"{name.replace('_', ' ')} {{p{i}}}" for i, name in enumerate(parameters))
        figures = {f"m{i}": found.cell(row, name) for i, name in enumerate(shown)}
        told = ", ".join(f"{name.replace('_', ' ')} {{m{i}}}" for i, name in enumerate(shown))
        head = "Rank {rank}" if found.value(row, "rank") is not None else "Without a rank"
        draft.say(f"{head}: {values}; {told}.", rank=found.cell(row, "rank"), **cells, **figures)
    if len(found) > _SHOWN:
        draft.say("The cited rows hold the others.")


def _untried(heard: Heard, run: Run, draft: Draft) -> None:
    """Say what was tried, where a question names a value that was not."""
    for tag in heard.all("condition"):
        name = parameter_column(tag.value.partition(":")[2])
        if tag.operator != "=" or not tag.value.startswith("parameter:"):
            continue
        c = column(name)
        near = draft.query(
            f"select count(*) filter (where {c} = {tag.number:g}) as n_with, min({c}) as lowest, max({c}) as highest, "
            f"arg_min({c}, abs({c} - {tag.number:g})) as nearest from trials({quoted(run.run_id)})",
            {"n_with": "trials", "lowest": "plain", "highest": "plain", "nearest": "plain"},
        )
        if not near.value(0, "n_with"):
            nearest = f"{name.replace('_', ' ')} of {near.cell(0, 'nearest').text}"
            raise Unanswerable(
                f"{harmless(tag.text)} was not tried: {name.replace('_', ' ')} went from {near.cell(0, 'lowest').text} "
                f"to {near.cell(0, 'highest').text}, and the nearest value is {near.cell(0, 'nearest').text}.",
                [f"best combination with a {nearest}"],
                clarify=True,
            )


TRIALS = Trials()
