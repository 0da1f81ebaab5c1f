"""`ta.verdict`: would the winner of a stored optimization survive? What ``trading-ai robustness`` says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from typing_extensions import override

from trading_ai.bootstrap import Application
from trading_ai.documents.words import short
from trading_ai.errors import ParameterError
from trading_ai.frames import as_pandas
from trading_ai.metrics.tables import values_line
from trading_ai.notebook.optimization import Optimization
from trading_ai.parameters import Combination
from trading_ai.robustness.study import StudySettings
from trading_ai.robustness.verdict import Thresholds
from trading_ai.shown import card, table
from trading_ai.stored import application as stored_application
from trading_ai.studies.assessment import Assessment, assess_optimization
from trading_ai.studies.keeping import verdict_of
from trading_ai.sweep_results import Sweep
from trading_ai.trial_figures import titled, unknown_plot

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import polars as pl

VerdictPlot: TypeAlias = Literal["walk_forward", "windows", "drift", "bootstrap"]
"""Figures of a verdict."""


class Verdict:
    """A judged trial; made by `ta.verdict`.

    Attributes:
        words: ``survives``, ``fragile`` or ``likely luck``.
        summary: which criteria hold, in words.
        parameters: the judged trial's searched parameters.
        rank: its rank.
        n_trials: trials of its optimization.
    """

    def __init__(self, application: Application, found: Assessment) -> None:
        self._found = found
        self._currency = application.store.backtest(found.record.spec.backtest_id).spec.account_currency
        judged = found.study.verdict
        self.words, self.summary = judged.words, judged.summary
        self.parameters: Combination = found.parameters
        self.rank, self.n_trials = found.rank, found.n_trials

    @property
    def survives(self) -> bool:
        """Whether it holds what was asked."""
        return self.words == "survives"

    def to_polars(self) -> pl.DataFrame:
        """One row a criterion: its name, whether it holds, what was found, what was asked, and what it means."""
        import polars as pl  # noqa: PLC0415 - a fifth of a second that the verdict itself does not need

        every = self._found.study.verdict.criteria
        return pl.DataFrame(
            {
                "criterion": [c.name for c in every],
                "holds": [c.holds for c in every],
                "found": [c.value for c in every],
                "comparison": [c.comparison for c in every],
                "asked": [c.threshold for c in every],
                "required": [c.required for c in every],
                "meaning": [c.explanation.partition(":")[0] for c in every],
            }
        )

    def to_pandas(self) -> pd.DataFrame:
        """The same in pandas."""
        return as_pandas(self.to_polars())

    def plot(self, kind: VerdictPlot = "walk_forward") -> go.Figure:
        """A figure of the report, as Plotly has them; a notebook shows it, offline too.

        Args:
            kind: ``walk_forward`` (what the instant form would have earned), ``windows`` (in and out of sample),
                ``drift`` (of the choice), ``bootstrap`` (bands of other orders of the days).

        Raises:
            ParameterError: there is no such figure, or the days are too few for it.
        """
        from trading_ai.reports.robustness import named_figures  # noqa: PLC0415 - plotly takes a third of a second

        made = named_figures(self._found, self._currency)
        if kind not in made:
            raise unknown_plot(kind, [*made] or ["none, the days are too few"])
        return titled(made[kind])

    @override
    def __repr__(self) -> str:
        judged = f"{values_line(self.parameters)}, rank {self.rank} of {self.n_trials:,}"
        return f"Verdict({self.words}: {judged}; {self.summary})"

    def _repr_html_(self) -> str:
        from trading_ai.reports.robustness import ledger_of, meaning_of  # noqa: PLC0415 - plotly, as above

        found = self._found
        rows = [
            [
                c.name.replace("_", " "), "holds" if c.holds else "fails", c.explanation.partition(":")[0],
                "undefined" if c.value != c.value else f"{c.value:,.4g}",
                f"{c.comparison} {c.threshold:g}",
            ]
            for c in found.study.verdict.criteria
        ]  # fmt: skip
        facts = [
            ("trial", f"{values_line(self.parameters)} (rank {self.rank} of {self.n_trials:,})"),
            ("optimization", short(found.record.optimization_id)),
            ("meaning", f"{meaning_of(found)} {self.summary[:1].upper()}{self.summary[1:]}."),
        ]
        listed = table(["criterion", "", "what it is", "found", "asked"], rows, left=3)
        notes = [ledger_of(found), *(f"{line}." for line in found.reruns.in_words()), *found.study.notes]
        return card(f"Verdict: {self.words}", facts, [listed], notes)


def verdict(
    optimization: Optimization | str = "latest",
    *,
    rank: int = 1,
    windows: str | None = None,
    thresholds: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Verdict:
    """Judge a trial of an optimization: is it luck, is it a plateau, does it last? The verdict is kept.

    Args:
        optimization: what `ta.optimize` gave, or an id or name of the store.
        rank: rank of the trial to judge, 1 for the best.
        windows: lengths of training and test of the walk-forward, such as ``"12M/3M"``; else suited to the data.
        thresholds: what is asked, by criterion, where it is not the usual.
        seed: seed of samples and bootstraps.

    Raises:
        NoWinnerError: the trial does not rank, or none does.
        ParameterError: there is no trial of that rank, or no such threshold.
        StateError: code has changed since.
    """
    application = stored_application()
    if isinstance(optimization, Sweep):
        raise ParameterError(
            "must be an Optimization: a verdict counts every trial ever run on these bars, which a sweep in memory "
            "does not keep", parameter="optimization", value=repr(optimization),
            remedy="Search with ta.optimize(), which takes the same arguments.",
        )  # fmt: skip
    if not isinstance(optimization, Optimization | str):
        raise ParameterError(
            f"must be an Optimization, an id or a name, and not of {type(optimization).__name__}",
            parameter="optimization", value=str(optimization)[:60],
        )  # fmt: skip
    key = optimization.id if isinstance(optimization, Optimization) else optimization
    settings = StudySettings(windows=windows, n_threads=application.n_cores())
    asked = Thresholds.parse([f"{name}={value}" for name, value in (thresholds or {}).items()])
    found = assess_optimization(
        application.service, key, rank=rank, settings=settings, thresholds=asked, seed=seed
    )  # fmt: skip
    application.verdicts.keep(verdict_of(found, time.time()))
    return Verdict(application, found)
