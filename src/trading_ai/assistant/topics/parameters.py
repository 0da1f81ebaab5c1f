"""Searched parameters: which values do best, how firmly, which matter, and whether the best lies at an edge."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, column, quoted
from trading_ai.assistant.neighbours import neighbours
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.assistant.topics.parameter_sizes import size_asked, tell_size
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.assistant.trial_sql import direction, parameter_column, ranked_by
from trading_ai.documents.words import short
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.robustness.verdict import Thresholds

_SHOWN = 5
_LISTED = 12
"""Values of a parameter that are told where each is asked for."""


class Parameters(Topic):
    """Values of searched parameters and what they do."""

    name = "parameters"
    accounts = ALWAYS | {
        "parameter", "metric", "order", "agg", "limit", "noun:param", "noun:winner", "noun:run", "noun:optimization",
        "noun:trial",
        "cue:robust", "cue:plateau", "cue:edge", "cue:importance", "cue:quality", "cue:method", "cue:compare",
        "cue:trend", "cue:next", "cue:correlated", "cue:rank_by",
        "cue:survive",
        "noun:backtest", "condition",
        "noun:strategy",
    }  # fmt: skip
    offers = ("which stop is most robust?", "which parameter matters most?", "is the winner at the edge of its range?")

    @override
    def fit(self, heard: Heard) -> float:
        if size_asked(heard) and not heard.has("noun", "trade") and not heard.has("dim"):
            return 0.97
        if heard.has("agg", "count", "share") and not heard.has("noun", "param"):
            return 0.1
        if heard.has("noun", "trade") or heard.has("dim") or heard.has("exit") or heard.has("direction"):
            return 0.1
        if len(_set_beside(heard)) > 1 and not heard.has("noun", "trade"):
            return 0.97
        named = heard.has("parameter")
        about = named or heard.has("noun", "param")
        if heard.cue("edge") and (about or heard.has("noun", "winner") or heard.has("order", "best")):
            return 0.95
        mine = any(tag.text == "edge" for tag in heard.all("cue")) and heard.has("subject", "mine")
        if (
            heard.cue("edge")
            and not mine  # "what is my edge": not that of a range
            and not heard.has("noun", "dataset")
            and not heard.has("symbol")
            and not heard.cue("period")
        ):
            return 0.89
        ranged = heard.cue("method") and any(t.text == "searched" for t in heard.all("cue"))
        if (
            ranged
            and (heard.has("name") or heard.has("noun", "optimization", "param") or named)
            and not heard.has("order")
        ):
            return 0.97
        if heard.cue("trend") and named:
            return 0.9
        if heard.cue("correlated") and named and not heard.has("noun", "trade"):
            return 0.93
        if heard.cue("plateau") and not heard.cue("meaning"):
            return 0.9
        if heard.has("place"):
            return 0.2
        if heard.cue("importance") and about:
            return 0.95
        several = len(heard.values("parameter")) > 1 or heard.has("noun", "trial")
        if several and heard.has("order") and not heard.cue("robust", "survive"):
            return 0.4
        if named and (heard.cue("robust", "survive") or heard.has("order") or heard.has("agg") or heard.has("metric")):
            return 0.95 if heard.has("order") or heard.cue("robust", "survive") else 0.75
        if named and heard.has("noun", "winner"):
            return 0.92
        if heard.has("noun", "param") and heard.cue("robust"):
            return 0.9
        if named and heard.cue("list", "exists"):
            return 0.62
        return 0.0

    @override
    def reading(self, heard: Heard) -> str:
        name = (heard.values("parameter") or ("parameter",))[0].replace("_", " ")
        if heard.cue("edge"):
            return "is the winner at the edge of its range?"
        if heard.cue("importance"):
            return "which parameter matters most?"
        if heard.cue("plateau"):
            return "do the neighbours of the winner hold up?"
        return f"which {name} is most robust?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        run = desk.optimization(heard, draft)
        if not run.searched:
            raise Unanswerable(f"{run.label} searches no parameter.", ["list my optimizations"])
        beside = _set_beside(heard)
        asked = [p for p in heard.values("parameter") if p in run.searched]
        if len(beside) > 1 and beside[0].value.removeprefix("parameter:") in run.searched:
            _beside(heard, run, draft, beside)
            return
        if (heard.has("parameter") or len(beside) > 1) and not asked:
            raise Unanswerable(
                f"{run.label[0].upper()}{run.label[1:]} does not search {', '.join(heard.values('parameter'))}; it "
                f"searches "
                f"{', '.join(run.searched)}.",
                [f"which {name.replace('_', ' ')} is most robust?" for name in run.searched],
            )
        size = size_asked(heard)
        if size is not None and not heard.cue("robust", "edge", "plateau"):
            tell_size(heard, run, draft, *size)
        elif heard.cue("method") and not heard.has("order") and not heard.cue("edge"):
            _ranges(run, draft)
        elif heard.cue("edge"):
            edges(run, draft, asked or list(run.searched))
        elif heard.cue("importance") and (heard.has("noun", "param") or len(asked) != 1):
            importance(run, draft)
        elif heard.cue("plateau") and not asked:
            plateau(run, draft)
        elif heard.has("noun", "winner") and asked and not heard.cue("robust", "plateau"):
            _of_winner(run, draft, asked)
        else:
            if heard.cue("trend", "importance", "correlated"):
                _trend(heard, run, draft, asked)
            by_value(heard, run, draft, asked or list(run.searched))
        draft.offer(f"trading-ai report {short(run.run_id)}   (heat maps and slices)")


def _set_beside(heard: Heard) -> list[Tag]:
    """Values of one parameter that are compared: "is a stop of 40 better than 60"."""
    found = [t for t in heard.all("condition") if t.operator == "=" and t.value.startswith("parameter:")]
    return [t for t in found if t.value == found[0].value]


def _middle(heard: Heard) -> tuple[str, str]:
    """What values are judged by: the median, or the average where it is asked for; in SQL and in words."""
    return ("avg", "average") if heard.has("agg", "avg") else ("median", "median")


def _beside(heard: Heard, run: Run, draft: Draft, tags: list[Tag]) -> None:
    """Some values of a parameter, each by all trials that have it."""
    name = parameter_column(tags[0].value.removeprefix("parameter:"))
    metric = next((m for m in heard.values("metric") if m in METRIC_COLUMN), ranked_by(run))
    values = ", ".join(f"{t.number:g}" for t in tags)
    p, m = column(name), column(metric)
    middle, called = _middle(heard)
    found = draft.query(
        f"select {p}, count(*) as n_trials, {middle}({m}) as median_value, max({m}) as highest_value from "
        f"trials({quoted(run.run_id)}) where error is null and {p} in ({values}) group by {p} "
        f"order by median_value {direction(metric, heard)} nulls last, {p}",
        {name: "plain", "n_trials": "trials", "median_value": "ratio", "highest_value": "ratio"},
    )  # fmt: skip
    of = run.objective.replace("_", " ") if metric == "score" else metric.replace("_", " ")
    there = {found.value(row, name) for row in range(len(found))}
    draft.assume(f"A value is judged by the {called} {of} of all trials that have it")
    for row in range(len(found)):
        draft.say(
            f"{name.replace('_', ' ')} {{value}}: {called} {of} {{median}} over {{n}} combinations, at best {{best}}.",
            value=found.cell(row, name), median=found.cell(row, "median_value"), n=found.cell(row, "n_trials"),
            best=found.cell(row, "highest_value"),
        )  # fmt: skip
    missing = [f"{t.number:g}" for t in tags if t.number not in there]
    if missing:
        draft.say(f"No trial has a {name.replace('_', ' ')} of {' or '.join(missing)}.")
    elif len(found) > 1 and found.value(0, "median_value") is not None:
        draft.say(f"{name.replace('_', ' ')} {{value}} does better.", value=found.cell(0, name))


def _ranges(run: Run, draft: Draft) -> None:
    """What is searched: the values that trials have."""
    columns = {name: column(parameter_column(name)) for name in run.searched}
    selected = ", ".join(
        f"min({c}) as lowest_{i}, max({c}) as highest_{i}, count(distinct {c}) as n_values_{i}"
        for i, c in enumerate(columns.values())
    )
    units = {f"{end}_{i}": "plain" for i in range(len(columns)) for end in ("lowest", "highest")}
    found = draft.query(f"select {selected} from trials({quoted(run.run_id)})", units)
    draft.assume("The values that its trials have")
    for i, name in enumerate(columns):
        draft.say(
            f"It searches {name.replace('_', ' ')} from {{a}} to {{b}}: {{n}} values.",
            a=found.cell(0, f"lowest_{i}"), b=found.cell(0, f"highest_{i}"), n=found.cell(0, f"n_values_{i}"),
        )  # fmt: skip


def _of_winner(run: Run, draft: Draft, asked: list[str]) -> None:
    columns = [parameter_column(name) for name in asked]
    selected = ", ".join(column(c) for c in columns)
    found = draft.query(
        f"select rank, {selected} from trials({quoted(run.run_id)}) where rank = 1", dict.fromkeys(columns, "plain")
    )
    if not len(found):
        raise Unanswerable("No trial ranks, so there is no winner.")
    for name in columns:
        draft.say(f"The best trial has {name.replace('_', ' ')} {{a}}.", a=found.cell(0, name))


def _trend(heard: Heard, run: Run, draft: Draft, asked: list[str]) -> None:
    """Whether more of a parameter goes with more of a metric, or with a better score."""
    metric = next((m for m in heard.values("metric") if m in METRIC_COLUMN), "score")
    of = "score" if metric == "score" else metric.replace("_", " ")
    for name in asked:
        p = column(parameter_column(name))
        found = draft.query(
            f"select corr({p}, {column(metric)}) as correlation, count(*) as n_trials from "
            f"trials({quoted(run.run_id)}) where "
            f"score is not null",
            {"correlation": "ratio", "n_trials": "trials"},
        )
        value = found.value(0, "correlation")
        better = "better scores" if metric == "score" else f"a higher {of}"
        worse = "worse scores" if metric == "score" else f"a lower {of}"
        way = "undefined" if value is None else f"with {better}" if value > 0 else f"with {worse}"
        draft.say(
            f"Over {{n}} trials, {name.replace('_', ' ')} and the {of} have the correlation {{c}}: larger values go "
            f"{way}.",
            n=found.cell(0, "n_trials"), c=found.cell(0, "correlation"),
        )  # fmt: skip


def by_value(heard: Heard, run: Run, draft: Draft, asked: list[str]) -> None:
    """Each value of a parameter by the trials that have it: the median says what it does whatever the others are."""
    metric = next((m for m in heard.values("metric") if m in METRIC_COLUMN), ranked_by(run))
    worst = heard.has("order", "worst")
    lowest = heard.has("order", "lowest")
    way = direction(metric, heard) if metric != "score" else "asc" if worst or lowest else "desc"
    middle, called = _middle(heard)
    for name in asked:
        p = column(parameter_column(name))
        m = column(metric)
        found = draft.query(
            f"select {p}, count(*) as n_trials, {middle}({m}) as median_value, min({m}) as lowest_value, max({m}) as "
            f"highest_value, "
            f"100.0 * count(*) filter (where net_profit > 0) / count(*) as profitable_percent from "
            f"trials({quoted(run.run_id)}) "
            f"where error is null group by {p} order by median_value {way} nulls last, {p}",
            {
                parameter_column(name): "plain", "n_trials": "trials", "median_value": "ratio", "lowest_value": "ratio",
                "highest_value": "ratio", "profitable_percent": "%",
            },
        )  # fmt: skip
        if not len(found):
            raise Unanswerable("No trial of it is stored yet.")
        of = run.objective.replace("_", " ") if metric == "score" else metric.replace("_", " ")
        draft.assume(
            f"A value is judged by the {called} {of} of all trials that have it, not by its best trial: "
            "that is what it does whatever the other parameters are"
        )
        if heard.has("order", "best") and heard.has("order", "worst", "lowest"):
            for row, end in ((0, "first"), (len(found) - 1, "last")):
                draft.say(
                    f"In the order of its {called} {of}, the {end} {name.replace('_', ' ')} is {{value}}: {{median}} "
                    "over {n} combinations.",
                    value=found.cell(row, parameter_column(name)), median=found.cell(row, "median_value"),
                    n=found.cell(row, "n_trials"),
                )  # fmt: skip
            continue
        for row in range(min(len(found), _LISTED if heard.has("agg") or heard.has("subject", "all") else 3)):
            first = "The lowest" if lowest else "The worst" if worst else "The most robust"
            what = first if row == 0 else "Then"
            draft.say(
                f"{what} {f'{called} {of} has the ' if lowest and row == 0 else ''}{name.replace('_', ' ')} "
                f"{'' if lowest and row == 0 else 'is '}{{value}}: {called} {of} {{median}} over {{n}} combinations, "
                f"{{share}} of them "
                "with a profit.",
                value=found.cell(row, parameter_column(name)), median=found.cell(row, "median_value"),
                n=found.cell(row, "n_trials"), share=found.cell(row, "profitable_percent"),
            )  # fmt: skip
        best = draft.query(
            f"select rank, {p}, score from trials({quoted(run.run_id)}) where rank = 1",
            {parameter_column(name): "plain", "score": "ratio"},
        )
        if len(best):
            draft.say(
                f"The single best trial has {name.replace('_', ' ')} {{value}}.",
                value=best.cell(0, parameter_column(name)),
            )


def edges(run: Run, draft: Draft, asked: list[str]) -> None:
    """Whether the best trial lies at an end of what was searched."""
    columns = {name: column(parameter_column(name)) for name in asked}
    selected = ", ".join(
        f"arg_min({c}, rank) as best_{i}, min({c}) as lowest_{i}, max({c}) as highest_{i}"
        for i, c in enumerate(columns.values())
    )
    units = {f"{end}_{i}": "plain" for i in range(len(columns)) for end in ("best", "lowest", "highest")}
    found = draft.query(f"select {selected} from trials({quoted(run.run_id)})", units)
    for i, name in enumerate(columns):
        best, low, high = (found.value(0, f"{end}_{i}") for end in ("best", "lowest", "highest"))
        cells = {end: found.cell(0, f"{end}_{i}") for end in ("best", "lowest", "highest")}
        if best is None:
            raise Unanswerable("No trial ranks, so there is no winner.")
        label = name.replace("_", " ")
        if low == high:
            draft.say(f"{label} has one value, {{best}}.", best=cells["best"])
        elif best in {low, high}:
            end = "lower" if best == low else "upper"
            draft.say(
                f"Yes for {label}: the best trial has {{best}}, the {end} end of the range {{lowest}} to {{highest}}; "
                f"better values may "
                "lie beyond it.", **cells,
            )  # fmt: skip
            draft.offer(
                f"search {label} beyond {cells['best'].text}: trading-ai optimize {short(run.backtest_id)} --param "
                f"{name}=MIN:MAX:STEP"
            )
        else:
            draft.say(
                f"No for {label}: the best trial has {{best}}, inside of the range {{lowest}} to {{highest}}.", **cells
            )


def importance(run: Run, draft: Draft) -> None:
    """How much of the differences between trials each parameter explains alone."""
    parts = []
    for name in run.searched:
        p = column(parameter_column(name))
        parts.append(
            f"select {quoted(name)} as parameter, (select var_pop(m) from (select avg(score) as m from "
            f"trials({quoted(run.run_id)}) "
            f"where score is not null group by {p})) / nullif((select var_pop(score) from "
            f"trials({quoted(run.run_id)})), 0) * 100.0 "
            "as explained_percent"
        )
    sql = " union all ".join(parts) + " order by explained_percent desc nulls last, parameter"
    found = draft.query(sql, {"explained_percent": "%"})
    draft.assume(
        "A parameter matters as much as the averages over its values vary, in percent of the variance of the score "
        "over all ranked trials"
    )
    for row in range(len(found)):
        what = "matters most" if row == 0 and len(found) > 1 else "is searched"
        if row == 0:
            draft.say(
                f"{{name}} {what}: it explains {{part}} of the variance of the score by itself.",
                name=found.cell(row, "parameter"),
                part=found.cell(row, "explained_percent"),
            )
        else:
            draft.say(
                "{name} explains {part}.", name=found.cell(row, "parameter"), part=found.cell(row, "explained_percent")
            )


def plateau(run: Run, draft: Draft) -> None:
    """Whether the winner stands on a plateau."""
    found = neighbours(run, draft)
    n = found.value(0, "n_neighbours") if len(found) else 0
    if not n:
        raise Unanswerable("The best trial has no neighbours within two steps, so nothing can be said of a plateau.")
    draft.assume("Neighbours are trials whose every parameter is at most two steps from the best trial's")
    cells = {
        name: found.cell(0, name)
        for name in ("n_neighbours", "median_score", "best_score", "share_kept", "profitable_percent")
    }
    draft.say(
        "The best trial scores {best_score}; the median of its {n_neighbours} neighbours is {median_score}, "
        "{share_kept} of it, and "
        "{profitable_percent} of them make a profit.", **cells,
    )  # fmt: skip
    kept = found.value(0, "share_kept")
    if kept is not None and found.value(0, "best_score") > 0:
        draft.say(
            "It stands on a plateau."
            if kept >= Thresholds().plateau
            else "It is a peak whose neighbours do much worse."
        )
    judged = draft.query(
        f"select value, threshold, holds from verdicts where optimization_id = {quoted(run.run_id)} and criterion = "
        "'plateau' order by rank, combination_index limit 1",
        {"value": "ratio", "threshold": "ratio"},
    )
    if len(judged) and judged.value(0, "value") is not None:
        draft.say(
            f"The verdict's own measure of it is {{v}}, where at least {{t}} is asked: it "
            f"{'holds' if judged.value(0, 'holds') else 'fails'}.",
            v=judged.cell(0, "value"), t=judged.cell(0, "threshold"),
        )  # fmt: skip


PARAMETERS = Parameters()
