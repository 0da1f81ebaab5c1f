"""Verdicts: whether a winner survives, which criteria hold, and what each of them says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from typing_extensions import override

from trading_ai.assistant.catalogue import Run
from trading_ai.assistant.criteria import CRITERIA, OF_CUES
from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Citation, Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

_ANY_OF_THEM = re.compile(
    r"\b(?:any|some|one|none) (?:of )?(?:my |the )?(?:optimi[sz]ation|run|sweep|search|grid|winner)"
)
"""Words by which all optimizations are asked for, one of them alone in the singular."""

_PASSED = re.compile(
    r"\b(?:which|what|how many|list|all)\b.*\b(?:pass|passes|passed|hold|holds|held|met|meets|satisf\w+|clears?)\b"
)
"""Words by which the criteria that hold are asked for."""

_ASKS = ("luck", "survive", "verdict", "criteria", "overfit", "robust")


class Robustness(Topic):
    """The verdict on a winner."""

    name = "robustness"
    accounts = ALWAYS | {
        "noun:run", "noun:optimization", "noun:winner", "noun:criterion", "noun:param", "noun:trial", "noun:strategy",
        "cue:luck",
        "cue:survive", "cue:verdict", "cue:criteria", "cue:overfit", "cue:why", "cue:robust", "cue:failed", "order",
        "agg",
        "cue:cause", "neg", "cue:meaning", *(f"cue:{name}" for name in OF_CUES), "noun:backtest", "limit",
        "cue:compare", "cue:also",
    }  # fmt: skip
    offers = ("does the winner survive?", "which criteria failed, and why?", "what is the probability of overfitting?")

    @override
    def fit(self, heard: Heard) -> float:
        if heard.has("limit") and heard.has("noun", "trial"):
            return 0.3
        if heard.has("dim") or heard.has("noun", "trade", "worker", "dataset") or heard.has("parameter"):
            return 0.1
        if heard.cue("double", "triple", "walk", "howto", "drift"):
            return 0.15
        one = heard.cue(*OF_CUES)
        of_one = heard.has("name") and heard.cue("why", "criteria")
        if heard.cue("meaning") and one and (heard.has("name") or heard.has("id_optimization")):
            return 0.95  # its value is told with what it is
        if heard.cue("meaning") and (one or heard.cue("luck", "overfit")) and not of_one:
            return 0.3
        if len(heard.values("name")) > 1:
            return 0.97 if one or heard.cue("verdict", "criteria", "survive") else 0.2
        if heard.cue("survive", "verdict", "criteria") or heard.has("noun", "criterion"):
            return 0.95
        if heard.cue("luck", "overfit"):
            return 0.9
        if one:
            return 0.85
        return 0.8 if heard.cue("robust") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "which criteria failed?" if heard.cue("criteria", "why") else "does the winner survive?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        named = any(heard.has(kind) for kind in ("name", "id_optimization", "id_backtest")) or heard.context
        plural = heard.plural("run", "optimization")
        of_runs = heard.has("subject", "all") or heard.has("noun", "run", "optimization")
        if of_runs and heard.has("agg", "count") and not named and not heard.has("noun", "criterion"):
            _counted(draft)
            return
        plural = plural or _ANY_OF_THEM.search(heard.question.lower()) is not None
        each = plural or heard.has("subject", "all") or heard.asks_which() or heard.plural("winner")
        verdicts = any(tag.text.endswith("verdicts") for tag in heard.all("cue"))
        several = [run for run in desk.named_runs(heard) if run.kind == "optimization"] if named else []
        if len(several) > 1:
            _every(heard, draft, several)
            return
        if not named and each and (verdicts or heard.has("noun", "run", "optimization", "winner")):
            _every(heard, draft)
            return
        run = _judged(heard, desk, draft)
        found = verdict_of(run, draft)
        if not len(found):
            raise Unanswerable(
                f"No verdict on {run.label} is stored: it has not been judged. `trading-ai robustness "
                f"{short(run.run_id)}` judges it "
                "and keeps the verdict.",
                ["which stop is most robust?", "do the neighbours of the winner hold up?"],
            )
        if len({row for row in range(len(found)) if found.value(row, "rank") == found.value(0, "rank")}) < len(found):
            draft.assume("Several trials were judged: this is the verdict on the best ranked of them")
        one = [name for cue, name in OF_CUES.items() if heard.cue(cue)]
        rows = [r for r in range(len(found)) if found.value(r, "rank") == found.value(0, "rank")]
        if one and not heard.cue("verdict"):
            _one(found, rows, draft, one)
        else:
            _whole(heard, found, rows, draft)
        draft.offer(f"trading-ai robustness {short(run.run_id)}   (judges anew, with every explanation)")


def _judged(heard: Heard, desk: Desk, draft: Draft) -> Run:
    """The optimization that is asked about: the latest that was judged, unless the question says which."""
    said = Draft(desk.sql)
    run = desk.optimization(heard, said)
    named = heard.context or any(heard.has(kind) for kind in ("subject", "name", "id_optimization", "id_backtest"))
    if not named or (not heard.has("subject", "latest", "previous", "oldest", "running") and not heard.context):
        every = desk.sql.ask("select optimization_id from verdicts group by optimization_id", 5_000).rows
        judged = {row[0] for row in every}
        own = [o for o in desk.stored.optimizations if o.run_id in judged and not o.part_of]
        explicit = any(
            heard.has(kind) for kind in ("name", "id_optimization", "id_backtest", "symbol", "strategy", "timeframe")
        )
        if run.run_id not in judged and own and not explicit:
            draft.assume(f"Asked of the latest one that was judged, {own[0].label}; {run.label} was not")
            return own[0]
    for text in said.assumptions:
        draft.assume(text)
    return run


def verdict_of(run: Run, draft: Draft) -> Citation:
    """The criteria of the verdict on the best ranked trial that was judged, the required ones first."""
    return draft.query(
        "select rank, verdict, parameters, criterion, value, comparison, threshold, holds, required, judged_at from "
        "verdicts "
        f"where optimization_id = {quoted(run.run_id)} order by rank, combination_index, required desc, criterion",
        {"value": "plain", "threshold": "plain"},
    )


def _one(found: Citation, rows: list[int], draft: Draft, names: list[str]) -> None:
    for name in names:
        row = next((r for r in rows if found.value(r, "criterion") == name), None)
        if row is None:
            draft.say(f"The verdict holds no criterion {name.replace('_', ' ')}: it was not measured.")
            continue
        holds = "holds" if found.value(row, "holds") else "fails"
        asked = {">=": "at least", "<=": "at most", ">": "more than"}.get(found.value(row, "comparison"), "")
        if found.value(row, "value") is None:
            draft.say(f"{name.replace('_', ' ')} is {{v}}, which never holds.", v=found.cell(row, "value"))
        else:
            draft.say(
                f"{name.replace('_', ' ')} is {{v}}; {asked} {{t}} is asked, so it {holds}.",
                v=found.cell(row, "value"), t=found.cell(row, "threshold"),
            )  # fmt: skip
        draft.say(f"That is {CRITERIA[name]}.")


def _whole(heard: Heard, found: Citation, rows: list[int], draft: Draft) -> None:
    failed = [r for r in rows if not found.value(r, "holds")]
    first = rows[0]
    draft.say(
        "The verdict on the trial of rank {r} is: {v}.", r=found.cell(first, "rank"), v=found.cell(first, "verdict")
    )
    counted = draft.query(
        "select count(*) filter (where holds) as n_hold, count(*) as n_criteria, count(*) filter (where required and "
        "not holds) "
        f"as n_required_failed from ({found.sql.partition(' order by ')[0]}) where rank = "
        f"{int(found.value(first, 'rank'))}",
        {"n_hold": "criteria", "n_criteria": "criteria", "n_required_failed": "criteria"},
    )
    draft.say(
        "{n} of {all} criteria hold; of the required ones {f} fail.",
        n=counted.cell(0, "n_hold"), all=counted.cell(0, "n_criteria"), f=counted.cell(0, "n_required_failed"),
    )  # fmt: skip
    for row in failed:
        name = str(found.value(row, "criterion"))
        required = " (required)" if found.value(row, "required") else ""
        asked = {">=": "at least", "<=": "at most", ">": "more than"}.get(found.value(row, "comparison"), "")
        what = CRITERIA.get(name, "")
        draft.say(
            f"Fails{required}: {name.replace('_', ' ')} is {{v}}, {asked} {{t}} is "
            f"asked{'; that is ' + what if what else ''}.",
            v=found.cell(row, "value"), t=found.cell(row, "threshold"),
        )  # fmt: skip
    if not failed:
        draft.say("Every criterion holds.")
    if _PASSED.search(heard.question.lower()):
        for row in (r for r in rows if r not in failed):
            draft.say(
                f"Holds: {str(found.value(row, 'criterion')).replace('_', ' ')} is {{v}}, {{t}} is asked.",
                v=found.cell(row, "value"), t=found.cell(row, "threshold"),
            )  # fmt: skip
    pbo = next((r for r in rows if found.value(r, "criterion") == OF_CUES["pbo"] and r not in failed), None)
    if pbo is not None and heard.cue("overfit"):
        draft.say(
            f"{OF_CUES['pbo'].replace('_', ' ')} is {{v}}, which holds; that is {CRITERIA[OF_CUES['pbo']]}.",
            v=found.cell(pbo, "value"),
        )  # fmt: skip
    if heard.cue("why", "luck", "overfit"):
        draft.say(
            "It is called likely luck where most of the three criteria about luck fail (deflated Sharpe ratio, "
            "reality check, "
            "probability of overfitting), and it survives where every required criterion holds and few of the "
            "others fail."
        )


def _every(heard: Heard, draft: Draft, runs: Sequence[Run] = ()) -> None:
    """The verdict of each optimization that was judged, or of some, on its best ranked trial that was."""
    among = ", ".join(quoted(run.run_id) for run in runs)
    of_runs = f" and o.optimization_id in ({among})" if runs else ""
    said = "survives" if heard.cue("survive") else "likely luck" if heard.cue("luck", "overfit") else ""
    said = "" if runs else said
    said = "fragile" if any(tag.text == "fragile" for tag in heard.all("cue")) else said
    turned = "<>" if heard.has("neg") else "="
    only = f" where v.verdict {turned} {quoted(said)}" if said else ""
    found = draft.query(
        "with v as (select optimization_id, rank, verdict, count(*) filter (where holds) as n_hold, count(*) as "
        "n_criteria, row_number() "
        "over (partition by optimization_id order by rank) as place from verdicts group by optimization_id, rank, "
        "verdict) select "
        "v.optimization_id, o.name, v.rank, v.verdict, v.n_hold, v.n_criteria from v join optimizations o on "
        "o.optimization_id = "
        f"v.optimization_id and v.place = 1{of_runs}{only} order by o.created_at desc, v.optimization_id",
        {"name": "name", "n_hold": "criteria", "n_criteria": "criteria"},
    )  # fmt: skip
    if heard.has("neg") and not said:
        _unjudged(draft)
        return
    draft.assume("Optimizations that were judged; the others have no verdict")
    criteria = [name for cue, name in OF_CUES.items() if heard.cue(cue)]
    if heard.cue("overfit") and heard.has("order") and not criteria:
        criteria = [OF_CUES["pbo"]]
    for criterion in criteria:
        _of_each(heard, draft, criterion, of_runs)
    if len(draft.citations) > 1:
        return
    if not len(found):
        draft.say(f"No optimization that was judged has the verdict {said}." if said else "No optimization was judged.")
    for row in range(min(len(found), 10)):
        cells = {name: found.cell(row, name) for name in found.rows.columns}
        draft.say(
            "Optimization {optimization_id} {name}: {verdict}, {n_hold} of {n_criteria} criteria hold (rank {rank}).",
            **cells,
        )


def _unjudged(draft: Draft) -> None:
    """Optimizations that nobody judged."""
    found = draft.query(
        "select optimization_id, name, status from optimizations where part_of = '' and optimization_id not in (select "
        "optimization_id from verdicts) order by created_at desc, optimization_id",
        {"name": "name"},
    )
    if not len(found):
        draft.say("Every optimization was judged.")
    for row in range(min(len(found), 10)):
        cells = {name: found.cell(row, name) for name in found.rows.columns}
        draft.say("Optimization {optimization_id} {name} ({status}) was not judged.", **cells)
    draft.offer("trading-ai robustness ID")


def _of_each(heard: Heard, draft: Draft, criterion: str, of_runs: str) -> None:
    """One criterion of every optimization that was judged."""
    order = "asc" if heard.has("order", "lowest") else "desc"
    by = f"v.value {order} nulls last, " if heard.has("order") else ""
    found = draft.query(
        "select o.optimization_id, o.name, v.value, v.threshold, v.holds from verdicts v join optimizations o on "
        f"o.optimization_id = v.optimization_id where v.criterion = {quoted(criterion)} and v.rank = (select min(rank) "
        f"from verdicts w where w.optimization_id = v.optimization_id){of_runs} order by {by}o.created_at desc, "
        "o.optimization_id",
        {"name": "name", "value": "plain", "threshold": "plain"},
    )
    for row in range(min(len(found), 10)):
        cells = {name: found.cell(row, name) for name in found.rows.columns}
        holds = "holds" if found.value(row, "holds") else "fails"
        draft.say(
            f"Optimization {{optimization_id}} {{name}}: {criterion.replace('_', ' ')} is {{value}}, {{threshold}} is "
            f"asked, so it {holds}.",
            **cells,
        )


def _counted(draft: Draft) -> None:
    found = draft.query(
        "select verdict, count(distinct optimization_id || ':' || combination_index) as n_trials from verdicts group "
        "by verdict "
        "order by verdict", {"n_trials": "trials"},
    )  # fmt: skip
    if not len(found):
        raise Unanswerable("No verdict is stored: `trading-ai robustness ID` judges a winner and keeps the verdict.")
    for row in range(len(found)):
        draft.say("{n} judged trials: {v}.", n=found.cell(row, "n_trials"), v=found.cell(row, "verdict"))


ROBUSTNESS = Robustness()
