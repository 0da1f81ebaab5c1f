"""Figures of trials that a notebook asks for by name: those of the report, from the same functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.metrics.names import metric_named
from trading_ai.optimization.columns import values_at
from trading_ai.parameters import Axis, SearchSpace

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats: TypeAlias = npt.NDArray[np.float64]
TrialPlot: TypeAlias = Literal["parameters", "distribution", "risk", "parallel", "equity"]
"""Figures of many trials."""


def unknown_plot(kind: str, known: Sequence[str]) -> ParameterError:
    """The error of a figure that there is not."""
    return ParameterError(
        "is no figure of this", parameter="kind", value=kind,
        remedy=f"{did_you_mean(kind, known)}There are {', '.join(known)}.",
    )  # fmt: skip


_TITLE_HEIGHT = 138
"""Room for title, subtitle and legend, one below the other, pixels."""


def titled(figure: go.Figure) -> go.Figure:
    """A figure whose title stands inside of it, clear of the legend: in the report it stands above, in HTML."""
    layout = figure.layout
    grown = max(_TITLE_HEIGHT - int(layout.margin.t or 0), 0) if layout.showlegend is not False else 0
    title = {"y": 1, "yref": "container", "yanchor": "top", "pad": {"l": 16, "t": 16}}
    figure.update_layout(title=title, margin_t=int(layout.margin.t or 0) + grown, height=(layout.height or 450) + grown)
    return figure


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials of a search, in any order.

    Attributes:
        space: what was searched.
        indices: their combinations, shape (m,).
        metrics: columns as in `METRICS`, shape (m, n_metrics).
        objective: what they are ranked by.
        values: it, NaN where undefined, shape (m,).
        best: row of the best, or None.
        currency: account currency.
    """

    space: SearchSpace
    indices: npt.NDArray[np.int64]
    metrics: Floats
    objective: str
    values: Floats
    best: int | None
    currency: str

    @cached_property
    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """Each searched parameter's values, shape (m,)."""
        positions = self.space.positions(self.indices)
        return {a.name: values_at(a.values, place) for a, place in zip(self.space.axes, positions, strict=True)}

    def metric(self, name: str) -> Floats:
        """A metric, or the objective, of each trial, shape (m,).

        Raises:
            ParameterError: there is no such metric.
        """
        if name == self.objective:
            return np.where(np.isfinite(self.values), self.values, np.nan)
        return self.metrics[:, METRIC_COLUMN[metric_named(name, "metric").name]]

    def figure(self, kind: str, metric: str | None = None) -> go.Figure:
        """A figure by its name, see `TrialPlot`; the equity is for whoever can run a trial.

        Raises:
            ParameterError: there is no such figure or metric.
        """
        return titled(self._figure(kind, metric))

    def _figure(self, kind: str, metric: str | None) -> go.Figure:
        shown = metric or self.objective
        if kind == "parameters":
            return self._parameters(shown)
        if kind == "distribution":
            from trading_ai.figures.distribution import objective_distribution  # noqa: PLC0415 - plotly takes a third

            values = self.metric(shown)
            top = float(values[self.best]) if self.best is not None and shown == self.objective else None
            profit = self.metric("net_profit")
            return objective_distribution(values, metric=shown, best=top, net_profit=profit, currency=self.currency)
        if kind == "risk":
            from trading_ai.figures.scatter import profit_against_drawdown  # noqa: PLC0415

            three = (self.metric(name) for name in ("net_profit", "max_drawdown", "total_trades"))
            return profit_against_drawdown(*three, best=self.best, currency=self.currency)
        if kind == "parallel":
            from trading_ai.figures.parallel import parallel_coordinates  # noqa: PLC0415

            return parallel_coordinates(
                self.columns, self.metric(shown), metric=shown, best=self.best, currency=self.currency
            )
        raise unknown_plot(kind, get_args(TrialPlot))

    def heatmap(self, x: str, y: str, metric: str | None = None) -> go.Figure:
        """A metric over two searched parameters, the median over any others.

        Raises:
            ParameterError: `x` or `y` was not searched, or there is no such metric.
        """
        return titled(self._heatmap(x, y, metric))

    def _heatmap(self, x: str, y: str, metric: str | None) -> go.Figure:
        from trading_ai.figures.grid import aggregate  # noqa: PLC0415
        from trading_ai.figures.heatmap import parameter_heatmap  # noqa: PLC0415

        shown, values = metric or self.objective, {axis.name: axis.values for axis in self.space.axes}
        for name in (x, y):
            if name not in values:
                raise ParameterError(
                    "was not searched", parameter=name, own=True,
                    remedy=did_you_mean(name, values) + "Searched: " + ", ".join(values),
                )  # fmt: skip
        grid = aggregate(self.columns, self.metric(shown), x, y, x_values=values[x], y_values=values[y])
        alone = len(values) == 2 and not grid.grouped and shown == self.objective and self.best is not None
        best = self.space.combination(int(self.indices[self.best])) if alone and self.best is not None else {}
        return parameter_heatmap(
            x, grid.x_values, y, grid.y_values, grid.z,
            metric=shown, mark=(best[x], best[y]) if alone else None, subtitle=grid.subtitle, currency=self.currency,
        )  # fmt: skip

    def _parameters(self, shown: str) -> go.Figure:
        """The heat map of the two parameters that move the metric most, or the slice of the only one that varies."""
        from trading_ai.figures.grid import aggregate, influence  # noqa: PLC0415

        values = self.metric(shown)
        varied = [axis for axis in self.space.axes if len(axis) > 1]
        if not varied:
            raise ParameterError("needs a parameter with several values", parameter="kind", value="parameters")
        if len(varied) == 1:
            from trading_ai.figures.slices import parameter_slices  # noqa: PLC0415

            axis = varied[0]
            both = {axis.name: self.columns[axis.name], "": np.zeros(values.size, np.int64)}
            line = aggregate(both, values, axis.name, "", x_values=axis.values, max_values=2_000)
            return parameter_slices(axis.name, line.x_values, line.z[0], metric=shown, currency=self.currency)

        def moved(axis: Axis) -> float:
            return influence(self.columns[axis.name], values, axis)

        first, second = sorted(sorted(varied, key=moved, reverse=True)[:2], key=varied.index)
        return self._heatmap(first.name, second.name, shown)
