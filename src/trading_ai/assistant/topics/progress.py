"""How far an optimization is, how fast, how much is left, what failed."""

from __future__ import annotations

import re

from typing_extensions import override

from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import ALWAYS, Topic
from trading_ai.documents.words import short

_CUES = ("far", "progress", "eta", "speed", "took", "failed")


class Progress(Topic):
    """Progress of an optimization."""

    name = "progress"
    accounts = ALWAYS | {
        "noun:optimization", "noun:run", "noun:trial", "noun:worker", "agg", "cue:why", "cue:when", "cue:cause",
        "cue:method", "cue:seed",
        "cue:rank_by", *(f"cue:{c}" for c in _CUES),
    }  # fmt: skip
    offers = ("how far is the running optimization?", "how many trials failed, and why?")

    @override
    def fit(self, heard: Heard) -> float:
        if (
            heard.has("metric")
            or heard.has("dim")
            or heard.has("noun", "trade", "backtest", "dataset", "winner", "param")
        ):
            return 0.1
        if heard.has("noun", "worker"):
            return 0.9
        about = (
            heard.has("noun", "optimization", "run", "trial") or heard.has("subject", "running") or bool(heard.context)
        )
        about = about or heard.has("id_optimization") or heard.has("name")
        if heard.cue("failed") and (
            heard.has("noun", "trial") or _one(heard) or (heard.cue("exists") and not heard.has("noun"))
        ):
            return 0.95
        if heard.has("subject", "running") and (
            heard.cue("far", "progress", "eta", "speed", "took", "how_much", "exists") or not heard.has("noun")
        ):
            return 0.95
        if heard.cue("why") and heard.has("status") and (heard.has("name") or heard.has("id_optimization")):
            return 0.93
        if heard.cue("far") or (heard.cue("eta") and heard.has("subject", "this")):
            return 0.85
        if heard.cue("eta", "speed", "took") and about:
            return 0.92
        every = heard.plural("optimization") and not _named(heard)
        if every and heard.cue("progress"):
            return 0.3  # a list of them is asked for
        if heard.cue("progress") and heard.has("noun", "optimization"):
            return 0.93
        if heard.cue("method", "seed", "rank_by") and (heard.has("noun", "optimization", "run") or heard.has("name")):
            return 0.85
        if heard.cue("progress") and (heard.has("noun", "run") or heard.has("id_optimization")):
            return 0.6
        if heard.has("subject", "running"):
            return 0.8 if heard.has("noun", "optimization", "run") or heard.cue("list", "exists") else 0.2
        return 0.3 if heard.cue("progress", "eta") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "how many trials failed, and why?" if heard.cue("failed") else "how far is the latest optimization?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        if heard.has("noun", "worker"):
            _workers(draft)
            return
        if (
            heard.has("subject", "running")
            and not _named(heard)
            and not any(o.status == "running" for o in desk.stored.optimizations)
        ):
            none = draft.query(
                "select count(*) filter (where status = 'running') as n_running, count(*) filter (where status = "
                "'paused') as n_paused "
                "from optimizations", {"n_running": "optimizations", "n_paused": "optimizations"},
            )  # fmt: skip
            draft.say(
                "{n} optimizations are running right now, and {p} are paused.",
                n=none.cell(0, "n_running"),
                p=none.cell(0, "n_paused"),
            )
            draft.offer("trading-ai list")
            return
        if (
            heard.cue("failed")
            and not _named(heard)
            and re.search(r"\b(?:any|all|every|whatever)\b", heard.question.lower())
        ):
            every = draft.query(
                "select sum(n_failed) as n_failed, count(*) as n_optimizations from optimizations where part_of = ''",
                {"n_failed": "trials", "n_optimizations": "optimizations"},
            )
            draft.say(
                "{a} trials failed in {n} optimizations.",
                a=every.cell(0, "n_failed"), n=every.cell(0, "n_optimizations"),
            )  # fmt: skip
            if every.value(0, "n_failed") == 0:
                return
        run = desk.optimization(heard, draft)
        found = draft.query(
            "select status, method, objective, seed, n_total, n_completed, n_failed, n_reused, 100.0 * n_completed / "
            "nullif(n_total, 0) as "
            "done_percent, n_total - n_completed as n_left, seconds, n_completed / nullif(seconds, 0) as "
            "trials_per_second, "
            "(n_total - n_completed) * seconds / nullif(n_completed, 0) as seconds_left, created_at, started_at, "
            "finished_at, message "
            f"from optimizations where optimization_id = {quoted(run.run_id)}",
            {"done_percent": "%", "n_left": "trials", "trials_per_second": "ratio", "seconds_left": "ratio",
            "seconds": "ratio", "seed": "plain"},
        )  # fmt: skip
        cells = {name: found.cell(0, name) for name in found.rows.columns}
        draft.say("It is {status}: {n_completed} of {n_total} trials are done ({done_percent}).", **cells)
        if heard.cue("method", "seed", "rank_by"):
            draft.say("It searches by {method}, seed {seed}, and ranks by {objective}.", **cells)
        if found.value(0, "status") == "paused" and found.value(0, "n_left"):
            draft.say("{n_left} are left.", **cells)
        if found.value(0, "status") == "running":
            draft.say(
                "{n_left} are left: about {seconds_left} s at the {trials_per_second} trials a second so far.", **cells
            )
        elif heard.cue("took", "speed", "eta"):
            draft.say("It ran for {seconds} s, {trials_per_second} trials a second.", **cells)
        if heard.cue("when") and found.value(0, "finished_at") is not None:
            draft.say("It was started at {started_at} and ended at {finished_at}.", **cells)
        if found.value(0, "message"):
            draft.say("Its message: {message}.", **cells)
        if heard.cue("failed"):
            draft.say("{n_failed} trials failed.", **cells)
            if found.value(0, "n_failed"):
                _errors(run.run_id, draft)
        draft.offer(f"trading-ai status {short(run.run_id)}")


def _errors(key: str, draft: Draft) -> None:
    found = draft.query(
        f"select error, count(*) as n_trials from trials({quoted(key)}) where error is not null group by error order "
        f"by n_trials desc, "
        "error limit 5", {"n_trials": "trials", "error": "name"},
    )  # fmt: skip
    for row in range(len(found)):
        draft.say("{n} of them with the error {e}.", n=found.cell(row, "n_trials"), e=found.cell(row, "error"))


def _workers(draft: Draft) -> None:
    found = draft.query(
        "select optimization_id, name, n_completed, n_total, busy_seconds / nullif(seconds, 0) as workers_busy from "
        "optimizations where "
        "status = 'running' order by created_at desc, optimization_id", {"workers_busy": "ratio", "name": "name"},
    )  # fmt: skip
    draft.offer("GET /api/v1/workers/status   (each worker: host, heartbeat, chunks)")
    if not len(found):
        none = draft.query(
            "select count(*) filter (where status = 'running') as n_running from optimizations",
            {"n_running": "optimizations"},
        )
        draft.say(
            "{n} optimizations are running, so no worker has anything to do. Which workers are online is not among "
            "what can be asked: GET /api/v1/workers/status of the optimizer API says so.",
            n=none.cell(0, "n_running"),
        )
        return
    for row in range(len(found)):
        draft.say(
            "On {name}, {n} of {t} trials are done; {w} workers were busy on average.", name=found.cell(row, "name"),
            n=found.cell(row, "n_completed"), t=found.cell(row, "n_total"), w=found.cell(row, "workers_busy"),
        )  # fmt: skip


def _named(heard: Heard) -> bool:
    return heard.has("name") or heard.has("id_optimization") or bool(heard.context)


def _one(heard: Heard) -> bool:
    """Whether a question says which optimization it means."""
    named = heard.has("name") or heard.has("id_optimization") or bool(heard.context)
    return named or heard.has("subject", "latest", "this", "previous")


PROGRESS = Progress()
