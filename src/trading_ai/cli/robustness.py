"""`trading-ai robustness` and `verify`: is it luck, and is it reproducible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import note, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.robustness import assessment_json
from trading_ai.documents.trials import verification_json
from trading_ai.documents.words import number, values_text
from trading_ai.errors import EvaluationError
from trading_ai.robustness.study import StudySettings
from trading_ai.robustness.verdict import Thresholds
from trading_ai.studies.assessment import assess_optimization, verify_trial
from trading_ai.studies.keeping import verdict_of

if TYPE_CHECKING:
    from trading_ai.studies.assessment import Assessment


def robustness(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    rank: int = typer.Option(1, min=1, help="Rank of the trial to judge."),
    windows: str | None = typer.Option(None, help="Walk-forward lengths, such as 12M/3M; else suited to the data."),
    threshold: list[str] = typer.Option(
        [], help="What the verdict asks, as NAME=NUMBER: deflated_sharpe=0.9. Repeatable."
    ),
    seed: int = typer.Option(0, min=0, help="Seed of samples and bootstraps."),
    as_json: bool = AS_JSON,
) -> None:
    """Judge the best trial: survives, fragile or likely luck, with every criterion."""
    application, asked = Application(), Thresholds.parse(threshold)
    settings = StudySettings(windows=windows, n_threads=application.n_cores())
    found = assess_optimization(
        application.service, optimization_id, rank=rank, settings=settings, thresholds=asked, seed=seed
    )
    application.verdicts.keep(verdict_of(found, time.time()))
    if as_json:
        print_json(assessment_json(found))
    else:
        show(found)


def show(found: Assessment) -> None:
    """Print the verdict with what it rests on."""
    study, verdict = found.study, found.study.verdict
    say(f"{values_text(found.parameters)} (rank {found.rank} of {found.n_trials:,} trials)")
    say(f"Verdict: {verdict.words} ({verdict.summary})")
    rows = [
        [
            c.name.replace("_", " "),
            number(c.value),
            f"{c.comparison} {c.threshold:g}",
            "holds" if c.holds else "fails",
            c.explanation.partition(":")[0],
        ]
        for c in verdict.criteria
    ]
    table("Criteria", ("criterion", "found", "asked", "", "what it is"), rows, left=5)
    if study.walk_forward is not None:
        walk = study.walk_forward
        say(
            f"Walk-forward {walk.size}: {number(walk.net_profit, 'money')} out of sample in "
            f"{len(walk.windows)} windows, efficiency {number(walk.efficiency)}, {walk.n_distinct} different winners"
        )
    for line in found.reruns.in_words():
        say(line)
    say(study.trials_in_words())
    say(f"Counted were {found.tried.counted}.")
    say(f"Costs: {found.said.costs_stated}.")
    for line in found.said.warnings:
        say(f"Warning: {line}")
    if found.n_recomputed:
        say(f"Daily profits of {found.n_recomputed:,} trials were not kept and were computed again.")
    for line in study.notes:
        note(line)


def verify(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    rank: int = typer.Option(1, min=1, help="Rank of the trial."),
    as_json: bool = AS_JSON,
) -> None:
    """Run a stored trial again and compare every metric to the last bit."""
    service = Application().service
    found = verify_trial(service, optimization_id, rank)
    if as_json:
        key = service.store.optimization(optimization_id).optimization_id
        print_json(verification_json(key, rank, found))
    elif not found.different:
        say(f"rank {rank} ({values_text(found.parameters)}): all {len(found.stored)} metrics are equal to the last bit")
    if found.different:
        differences = ", ".join(f"{n}: {found.stored[n]!r} stored, {found.again[n]!r} now" for n in found.different)
        raise EvaluationError(f"the trial of rank {rank} gives other numbers now: {differences}")
