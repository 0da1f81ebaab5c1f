"""A stored optimization as a notebook has it: its trials as tables and figures, its report, and going on with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from trading_ai.bootstrap import Application
from trading_ai.documents.words import short, strategy_label
from trading_ai.driving.here import Progress
from trading_ai.errors import StateError
from trading_ai.frames import as_pandas
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.metrics.tables import SHOWN, unit_of, values_line
from trading_ai.notebook.progress import pausing, shown_progress
from trading_ai.optimization.cautions import said_of_optimization
from trading_ai.optimization.columns import objective_values
from trading_ai.optimization.ranking import trial_of_rank
from trading_ai.optimization.records import OptimizationRecord, TrialPage
from trading_ai.optimization.shape import shape_columns
from trading_ai.optimization.standing import why_nothing_ranks, winner_of_rank
from trading_ai.parameters import Combination
from trading_ai.results import Backtest, backtest_of
from trading_ai.shown import amount, card, table
from trading_ai.trial_figures import TrialPlot, Trials

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import polars as pl

_TOP = 5
"""Trials that the short form lists."""


class Optimization:
    """An optimization of the store; made by `ta.optimize` and `ta.open_optimization`.

    Commands, the dashboard and other processes see the same one. What is read of it is read anew each time, so that it
    is as far as whoever runs it.

    Attributes:
        id: its id.
    """

    def __init__(self, application: Application, optimization_id: str) -> None:
        self._application, self.id = application, optimization_id

    @property
    def _record(self) -> OptimizationRecord:
        return self._application.store.optimization(self.id)

    @property
    def name(self) -> str:
        """Its name, or ""."""
        return self._record.name

    @property
    def status(self) -> str:
        """``running``, ``paused``, ``completed``, ``failed`` or ``cancelled``."""
        return self._record.status

    @property
    def objective(self) -> str:
        """What trials are ranked by."""
        return str(self._record.spec.objective)

    @property
    def n_trials(self) -> int:
        """Trials so far."""
        return self._record.n_completed

    def __len__(self) -> int:
        return self.n_trials

    @property
    def has_best(self) -> bool:
        """Whether any trial ranks."""
        return self._record.best_index is not None

    @property
    def best(self) -> Combination:
        """The searched parameters of the best trial.

        Raises:
            NoWinnerError: none ranks; the message says why.
        """
        record = self._record
        page = winner_of_rank(self._application.store, record, 1)
        return record.spec.space.combination(int(page.indices[0]))

    @property
    def costs_stated(self) -> str:
        """The costs that the best trial was charged, in words."""
        return said_of_optimization(self._application.store, self._record).costs_stated

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against the best trial, as commands and reports say it."""
        return said_of_optimization(self._application.store, self._record).warnings

    def to_polars(self) -> pl.DataFrame:
        """One row a trial, best first: rank, searched parameters, metrics, whether it is feasible, its error."""
        from trading_ai.reports.trials import trial_frame  # noqa: PLC0415 - polars takes a fifth of a second

        record = self._record
        page = self._page(record, max(record.n_completed, 1))
        beside = shape_columns(self._application.store, record, page.indices)
        return trial_frame(record, page, range(1, page.indices.size + 1), beside)

    def to_pandas(self) -> pd.DataFrame:
        """The same in pandas."""
        return as_pandas(self.to_polars())

    def backtest(self, combination: Combination | None = None, *, rank: int = 1) -> Backtest:
        """Run one trial in full: trades, equity, daily profits.

        Args:
            combination: values of the searched parameters; None for the trial of a rank.
            rank: which, 1 for the best.

        Raises:
            ParameterError: there is no trial of that rank, or the values are none of the search.
            StateError: the strategy's code has changed since.
        """
        record, application = self._record, self._application
        space = record.spec.space
        if combination is None:
            index = int(trial_of_rank(application.store, record, rank).indices[0])
        else:
            index = space.index_of(combination)
        evaluator, (result,) = application.service.backtest_of(record, [index])
        return backtest_of(evaluator, space.combination(index), self._currency(record), result)

    def plot(self, kind: TrialPlot = "parameters", metric: str | None = None) -> go.Figure:
        """A figure of the report, as Plotly has them; a notebook shows it, offline too.

        Args:
            kind: ``parameters`` (the heat map of the two that move the result most, or the line of one),
                ``distribution``, ``risk`` (profit against drawdown), ``parallel`` (coordinates), ``equity`` (of the
                best).
            metric: what it shows; the objective if left out.

        Raises:
            ParameterError: there is no such figure or metric.
        """
        return self.backtest().plot("equity") if kind == "equity" else self._trials().figure(kind, metric)

    def heatmap(self, x: str, y: str, metric: str | None = None) -> go.Figure:
        """Heat map of a metric over two searched parameters, the median over any others.

        Raises:
            ParameterError: `x` or `y` was not searched.
        """
        return self._trials().heatmap(x, y, metric)

    def report(self, path: str | Path) -> Path:
        """Write the report, one HTML file that opens offline; returns its path.

        Raises:
            StateError: there is no trial yet, or the strategy's code has changed.
            StorageError: the file could not be written.
        """
        from trading_ai.reports.making import write_report  # noqa: PLC0415 - plotly takes a third of a second

        return write_report(self._application.service, self._record, Path(path))

    def resume(self, *, workers: int | None = None, progress: bool = True) -> Optimization:
        """Go on with a paused, failed or killed one: only what has no trial yet is run. Returns itself.

        Args:
            workers: worker processes; chosen by the expected time if left out.
            progress: show a bar.

        Raises:
            StateError: it was cancelled, another process runs it, or code has changed since its start.
        """
        record, service = self._record, self._application.service
        run_shown(
            record.name or short(self.id), record,
            lambda show, stop: service.resume(self.id, n_workers=workers, report=show, stop=stop), progress=progress,
        )  # fmt: skip
        return self

    def _page(self, record: OptimizationRecord, n: int) -> TrialPage:
        return self._application.store.ranked(record.optimization_id, n)

    def _currency(self, record: OptimizationRecord) -> str:
        return self._application.store.backtest(record.spec.backtest_id).spec.account_currency

    def _trials(self) -> Trials:
        record = self._record
        if not record.n_completed:
            raise StateError(f"optimization {short(self.id)} has no trial yet: there is nothing to show")
        page = self._page(record, record.n_completed)
        beside = shape_columns(self._application.store, record, page.indices)
        values = objective_values(record, page, beside)
        best = None if record.best_index is None else int(np.flatnonzero(page.indices == record.best_index)[0])
        name = str(record.spec.objective)
        return Trials(
            record.spec.space, page.indices, page.metrics, name, values, best, self._currency(record)
        )  # fmt: skip

    @override
    def __repr__(self) -> str:
        record = self._record
        best = (
            values_line(record.spec.space.combination(record.best_index)) if record.best_index is not None else "none"
        )
        named = f"{record.name!r}, " if record.name else ""
        return (
            f"Optimization({named}{short(self.id)}, {record.status}, {record.n_completed:,} of {record.n_total:,} "
            f"trials, best by {_shown(record)}: {best})"
        )

    def _repr_html_(self) -> str:
        record = self._record
        backtest = self._application.store.backtest(record.spec.backtest_id)
        said = said_of_optimization(self._application.store, record)
        facts = [
            ("id", short(self.id) + (f", {record.name}" if record.name else "")),
            ("status", f"{record.status}, {record.n_completed:,} of {record.n_total:,} trials"),
            ("strategy", f"{strategy_label(backtest.spec.strategy)} on {backtest.symbol} {backtest.timeframe}"),
            ("searched", f"{' x '.join(record.spec.space.names)} by {record.spec.method}"),
            ("ranked by", "; ".join([_shown(record), *map(str, record.spec.conditions)])),
            ("costs", said.costs_stated),
        ]
        notes = [f"Warning: {line}" for line in said.warnings]
        if record.spec.look_ahead:
            notes.insert(0, f"The strategy reads the future, nobody could have traded this: {record.spec.look_ahead}")
        if record.status == "paused":
            notes.insert(0, "Paused: resume() goes on; no trial is lost or repeated.")
        tables = [self._top(record)] if record.best_index is not None else []
        if not tables and record.n_completed:
            notes = [*why_nothing_ranks(self._application.store, record), *notes]
        return card("Optimization", facts, tables, notes)

    def _top(self, record: OptimizationRecord) -> str:
        page = self._page(record, _TOP)
        values = objective_values(record, page, shape_columns(self._application.store, record, page.indices)).tolist()
        own = str(record.spec.objective)
        names = [name for name in SHOWN if name != own]
        rows = [
            [
                str(rank),
                *(f"{v:.10g}" if isinstance(v, float) else str(v) for v in record.spec.space.combination(i).values()),
                amount(values[rank - 1], unit_of(own)),
                *(amount(float(page.metrics[rank - 1, METRIC_COLUMN[name]]), unit_of(name)) for name in names),
            ]
            for rank, i in enumerate(page.indices.tolist(), 1)
        ]
        heads = ["rank", *record.spec.space.names, own if own.isidentifier() else "objective", *names]
        return table([name.removesuffix("_percent").replace("_", " ") for name in heads], rows, left=0)


def _shown(record: OptimizationRecord) -> str:
    """The objective without the folders of its file."""
    return strategy_label(str(record.spec.objective))


def run_shown(
    title: str,
    record: OptimizationRecord | tuple[int, str],
    run: Callable[[Callable[[Progress], None], Callable[[], bool]], OptimizationRecord],
    *,
    progress: bool,
) -> OptimizationRecord:
    """Run something with its progress shown, until it ends or the user interrupts it.

    Args:
        title: what runs.
        record: what is known of it: its record, or how many trials there will be and what they are ranked by.
        run: takes what is told of progress, and what says stop.
        progress: whether it is shown.
    """
    if isinstance(record, tuple):
        n_done, (n_total, objective) = 0, record
    else:
        n_done, n_total, objective = record.n_completed, record.n_total, str(record.spec.objective.own)
    with pausing() as asked, shown_progress(title, n_total, n_done, strategy_label(objective), wanted=progress) as show:
        return run(show, asked.is_set)
