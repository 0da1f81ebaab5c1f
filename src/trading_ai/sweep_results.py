"""What a sweep found, ranked: trials in memory, as tables, as figures, and in short."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.documents.words import strategy_label
from trading_ai.errors import ParameterError
from trading_ai.evaluation.ports import BarsEvaluator
from trading_ai.evaluation.settings import SettingsEvaluator
from trading_ai.frames import as_pandas
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, METRICS
from trading_ai.metrics.names import metric_named
from trading_ai.metrics.tables import SHOWN, unit_of, values_line
from trading_ai.optimization.cautions import cautions, costs_stated
from trading_ai.optimization.objective import Objective, feasible, ruined
from trading_ai.optimization.ranking import valid_indices
from trading_ai.optimization.shape import plateau_scores
from trading_ai.parameters import Combination, Value
from trading_ai.results import Backtest, backtest_of
from trading_ai.shown import amount, card, table
from trading_ai.trial_figures import TrialPlot, Trials

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import polars as pl

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_TOP = 5
"""Trials that the short form lists."""


class Sweep:
    """Results of a sweep, ranked; made by `sweep`.

    Attributes:
        evaluator: what evaluated the combinations.
        objective: name of what is ranked by.
        min_trades: trades below which a trial does not rank.
        indices: indices of the combinations that were evaluated, ascending, int64, shape (n,).
        metrics: columns as in `METRICS`, float64, shape (n, n_metrics).
        failures: error text of combinations whose strategy raised, by index.
        daily_profit: float32, shape (n, n_days), or None.
    """

    def __init__(
        self, evaluator: BarsEvaluator, ranked_by: Objective, keep_daily_profit: bool, min_trades: int = 0
    ) -> None:
        self.evaluator, self.objective, self._ranked_by = evaluator, str(ranked_by), ranked_by
        self.min_trades = min_trades
        self.indices = valid_indices(evaluator.strategy, evaluator.space, evaluator.fixed)
        chunk = evaluator.evaluate(self.indices, keep_daily_profit)
        self.metrics, self.failures, self.daily_profit = chunk.metrics, chunk.failures, chunk.daily_profit

    def __len__(self) -> int:
        return int(self.indices.shape[0])

    @override
    def __repr__(self) -> str:
        best = ", ".join(f"{k}={v}" for k, v in self.best.items()) if self.has_best else "none"
        return f"Sweep({len(self):,} trials of {self.evaluator.strategy.name}, best by {self.objective}: {best})"

    def _repr_html_(self) -> str:
        return html_of(self)

    @cached_property
    def order(self) -> Indices:
        """Rows of `metrics` from best to worst, ties in the order of the combinations.

        Trials that do not rank come last: first those with too few trades, then those without a score, then ruined
        accounts.
        """
        scores = self._scores
        group = np.where(ruined(self.metrics), 4, ~self._ranks + 2 * np.isnan(scores))
        order: Indices = np.lexsort((np.where(np.isfinite(scores), -scores, 0.0), group))
        return order

    @cached_property
    def _enough(self) -> npt.NDArray[np.bool_]:
        floor: npt.NDArray[np.bool_] = self.metrics[:, METRIC_COLUMN["total_trades"]] >= self.min_trades
        return floor & feasible((), self.metrics)

    @cached_property
    def _ranks(self) -> npt.NDArray[np.bool_]:
        return self._enough & ~np.isnan(self._scores)

    @cached_property
    def _scores(self) -> Floats:
        scores = self._ranked_by.scores(self.metrics)
        if not self._ranked_by.plateau_of:
            return scores
        return plateau_scores(self.evaluator.space, self.indices, np.where(self._enough, scores, np.nan))

    @property
    def has_best(self) -> bool:
        """Whether any trial ranks."""
        return bool(self._ranks.any())

    @property
    def costs_stated(self) -> str:
        """The costs that the best trial was charged, in words; begins with "without costs" where there were none."""
        evaluator = self.evaluator
        account = evaluator.account
        if isinstance(evaluator, SettingsEvaluator) and self.has_best:
            account = evaluator.member(self.best).account
        return costs_stated(account.costs, evaluator.account_currency, evaluator.data.has_spread)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against the best trial, as commands and reports say it."""
        best = dict(zip(METRIC_NAMES, self.metrics[self.order[0]].tolist(), strict=True)) if self.has_best else {}
        money = f"{self.evaluator.account.capital:,.2f} {self.evaluator.account_currency}"
        return cautions(self.costs_stated, best, money, "The best trial", self._ranked_by)

    @cached_property
    def best(self) -> Combination:
        """The searched parameters of the best trial.

        Raises:
            ParameterError: no trial ranks: none has enough trades, or the objective is undefined for all.
        """
        if not self.has_best:
            trades = self.metrics[:, METRIC_COLUMN["total_trades"]]
            most = int(np.nanmax(trades, initial=0.0))
            if 0 < most < self.min_trades:
                raise ParameterError(
                    f"is reached by no trial: the most trades of one are {most}", parameter="min_trades",
                    value=self.min_trades, remedy="0 lifts the floor.",
                )  # fmt: skip
            raise ParameterError(
                "is undefined for every trial", parameter="objective", value=self.objective,
                remedy="Most often no trial traded: look at total_trades.",
            )  # fmt: skip
        return self.evaluator.space.combination(int(self.indices[self.order[0]]))

    @property
    def n_trials(self) -> int:
        """Number of trials that the best was picked from: the more, the luckier it may be."""
        return len(self)

    def to_pandas(self) -> pd.DataFrame:
        """The same in pandas."""
        return as_pandas(self.to_polars())

    def to_polars(self) -> pl.DataFrame:
        """One row a trial, best first: rank, searched parameters, metrics."""
        import polars as pl  # noqa: PLC0415 - an import of 0.2 s that a sweep itself does not need

        space, rows = self.evaluator.space, self.order
        positions = space.positions(self.indices[rows])
        data: dict[str, Any] = {"rank": np.arange(1, len(self) + 1)}
        for axis, position in zip(space.axes, positions, strict=True):
            values = list(axis.values)
            data[axis.name] = [values[i] for i in position.tolist()]
        for name, column in METRIC_COLUMN.items():
            data[name] = self.metrics[rows, column]
        counts = [pl.col(m.name).cast(pl.Int64) for m in METRICS if m.unit == "count"]
        failed = ~np.isnan(data["total_trades"])
        frame = pl.DataFrame(data)
        return frame.with_columns(counts) if failed.all() else frame

    def column(self, name: str) -> Floats:
        """One metric of every trial, or the objective, in the order of `indices`, shape (n,)."""
        if name == self.objective:
            objective = self._ranked_by
            return self._scores * objective.better if objective.plateau_of else objective.values(self.metrics)
        return self.metrics[:, METRIC_COLUMN[metric_named(name, "name").name]]

    def backtest(self, combination: Mapping[str, Value] | None = None) -> Backtest:
        """Run one combination in full (the best if none is given): trades, equity, daily profits."""
        chosen = self.best if combination is None else combination
        return backtest_of(self.evaluator, chosen, self.evaluator.account_currency)

    @cached_property
    def _trials(self) -> Trials:
        best = int(self.order[0]) if self.has_best else None
        return Trials(
            self.evaluator.space, self.indices, self.metrics, self.objective, self.column(self.objective), best,
            self.evaluator.account_currency,
        )  # fmt: skip

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
        return self.backtest().plot("equity") if kind == "equity" else self._trials.figure(kind, metric)

    def heatmap(self, x: str, y: str, metric: str | None = None) -> go.Figure:
        """Heat map of a metric over two searched parameters, the median over any others.

        Raises:
            ParameterError: `x` or `y` was not searched.
        """
        return self._trials.heatmap(x, y, metric)

    def metrics_of(self, combination: Mapping[str, Value]) -> dict[str, float]:
        """Metrics of one trial by name.

        Raises:
            ParameterError: the combination was not part of the sweep.
        """
        index = self.evaluator.space.index_of(combination)
        row = int(np.searchsorted(self.indices, index))
        if row >= len(self) or self.indices[row] != index:
            raise ParameterError("breaks a rule of the strategy and was left out", value=dict(combination))
        return dict(zip(METRIC_NAMES, self.metrics[row].tolist(), strict=True))


def html_of(swept: Sweep) -> str:
    """The short form of a sweep: how many, by what, and the best of them."""
    space, evaluator, n = swept.evaluator.space, swept.evaluator, len(swept)
    bars, top = evaluator.bars, swept.order[: _TOP if swept.has_best else 0]
    names = [name for name in SHOWN if name != swept.objective]
    values = swept.column(swept.objective)
    rows = [
        [
            str(rank),
            *(
                f"{value:.10g}" if isinstance(value, float) else str(value)
                for value in space.combination(index).values()
            ),
            amount(float(values[row]), unit_of(swept.objective)),
            *(amount(float(swept.metrics[row, METRIC_COLUMN[name]]), unit_of(name)) for name in names),
        ]
        for rank, (row, index) in enumerate(zip(top.tolist(), swept.indices[top].tolist(), strict=True), 1)
    ]
    heads = ["rank", *space.names, swept.objective, *names]
    facts = [
        ("strategy", f"{strategy_label(evaluator.strategy.name)} on {bars.symbol.name} {bars.timeframe}"),
        ("fixed", values_line(evaluator.fixed)),
        ("ranked by", f"{swept.objective}, of trials with {swept.min_trades} trades or more"),
        ("costs", swept.costs_stated),
    ]
    listed = [table([name.removesuffix("_percent").replace("_", " ") for name in heads], rows, left=0)] if rows else []
    notes = [f"Warning: {line}" for line in swept.warnings] if rows else ["No trial ranks."]
    failed = f", {len(swept.failures):,} failed" if swept.failures else ""
    return card(f"Sweep of {n:,} trials{failed}", facts, listed, notes)
