"""Equity with the drawdown beneath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from trading_ai.figures import theme
from trading_ai.figures.theme import Floats

Times = npt.NDArray[np.int64]

BEST_POINTS, NEIGHBOUR_POINTS = 2_000, 600
SEVERAL_SHOWN = 3


class Curve(NamedTuple):
    """An equity curve.

    Attributes:
        label: what the legend says.
        time_ns: nanoseconds since 1970 in UTC, ascending, int64, shape (n,).
        equity: account currency, float64, shape (n,).
    """

    label: str
    time_ns: Times
    equity: Floats


def downsample_extremes(time_ns: Times, values: Floats, n: int) -> tuple[Times, Floats]:
    """At most `n` points of a series that keep its first, last, lowest and highest value.

    The points between the ends are cut into equal buckets, and each bucket keeps its lowest and its highest
    point, in time order: a spike survives, which plain thinning or averaging would hide.

    Args:
        time_ns: times, ascending, shape (m,).
        values: values, shape (m,); non-finite ones are dropped.
        n: most points to keep; at least 4 are.

    Returns:
        Times and values of the points kept.
    """
    known = np.isfinite(values)
    time_ns, values = np.asarray(time_ns)[known], np.asarray(values, dtype=np.float64)[known]
    if values.size <= max(n, 4):
        return time_ns, values
    edges = np.linspace(1, values.size - 1, (max(n, 4) - 2) // 2 + 1).astype(np.int64)
    keep = {0, values.size - 1}
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        bucket = values[start:stop]
        keep.update((start + int(bucket.argmin()), start + int(bucket.argmax())))
    chosen = np.array(sorted(keep))
    return time_ns[chosen], values[chosen]


def drawdown_percent(equity: Floats) -> Floats:
    """Distance from the highest equity so far, percent, at most 0; NaN where that is not positive."""
    peak = np.maximum.accumulate(np.where(np.isfinite(equity), equity, -np.inf))
    positive = peak > 0
    result: Floats = np.where(positive, 100 * (equity / np.where(positive, peak, 1.0) - 1), np.nan)
    return result


def equity_with_drawdown(
    curves: Sequence[Curve | tuple[str, Times, Floats]],
    *,
    benchmark: Curve | None = None,
    currency: str = "",
    max_points: int = BEST_POINTS,
) -> go.Figure:
    """Equity on top, drawdown in percent beneath, over one time axis.

    Args:
        curves: the first one is drawn bold, the others thin and behind it.
        benchmark: what it is to be held against, drawn dashed.
        currency: account currency.
        max_points: most points of the first curve; the others have at most 600.
    """
    title = "Equity and drawdown"
    listed = [Curve(*curve) for curve in curves]
    if not listed or not any(np.isfinite(curve.equity).any() for curve in listed):
        return go.Figure(layout=theme.empty(title, "no equity to show"))
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06)
    reduced = False
    for i, curve in reversed(list(enumerate(listed))):
        best = i == 0
        limit = max_points if best else min(max_points, NEIGHBOUR_POINTS)
        reduced |= curve.equity.size > limit
        name = theme.plain(curve.label)
        line = {"color": theme.BEST, "width": 2.4} if best else {"color": theme.NEIGHBOUR, "width": 1}
        time, equity = downsample_extremes(curve.time_ns, curve.equity, limit)
        figure.add_scatter(
            x=theme.milliseconds(time),
            y=equity,
            mode="lines",
            name=name,
            legendgroup=name,
            # One entry stands for all neighbours: a legend of eight grey lines tells nothing.
            showlegend=best,
            line=line,
            opacity=1 if best else 0.75,
            hovertemplate=f"%{{x|%d %b %Y %H:%M}}<br><b>%{{y:,.2f}}</b> {theme.plain(currency)}<extra>{name}</extra>",
            row=1,
            col=1,
        )
        time, fall = downsample_extremes(curve.time_ns, drawdown_percent(curve.equity), limit)
        figure.add_scatter(
            x=theme.milliseconds(time),
            y=fall,
            mode="lines",
            name=name,
            legendgroup=name,
            showlegend=False,
            line=line | {"color": theme.LOSS, "width": 1.4} if best else line,
            fill="tozeroy" if best else None,
            fillcolor="rgba(213,94,0,0.18)" if best else None,
            opacity=1 if best else 0.75,
            hovertemplate=f"%{{x|%d %b %Y %H:%M}}<br><b>%{{y:.2f}} %</b><extra>{name}</extra>",
            row=2,
            col=1,
        )
    if benchmark is not None and np.isfinite(benchmark.equity).any():
        _add_benchmark(figure, benchmark, currency)
    if len(listed) > 1:
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="lines",
            line={"color": theme.NEIGHBOUR, "width": 1},
            name=f"{len(listed) - 1} neighbouring combinations" if len(listed) > 2 else theme.plain(listed[1].label),
        )
    subtitle = "time in UTC"
    if reduced:
        subtitle += f"; at most {max_points:,} points a curve, lowest and highest of each stretch: no extreme is lost"
    figure.update_layout(theme.layout(title, subtitle), height=560, hovermode="closest")
    figure.update_xaxes(type="date")
    figure.update_yaxes(title_text=f"Equity ({theme.plain(currency)})" if currency else "Equity", row=1, col=1)
    figure.update_yaxes(title_text="Drawdown (%)", row=2, col=1)
    return figure


def _add_benchmark(figure: go.Figure, curve: Curve, currency: str) -> None:
    name = theme.plain(curve.label)
    for row, values, unit in ((1, curve.equity, theme.plain(currency)), (2, drawdown_percent(curve.equity), "%")):
        time, shown = downsample_extremes(curve.time_ns, values, NEIGHBOUR_POINTS)
        figure.add_scatter(
            x=theme.milliseconds(time), y=shown, mode="lines", name=name, legendgroup=name, showlegend=row == 1,
            line={"color": theme.SHORT, "width": 1.4, "dash": "dash"}, row=row, col=1,
            hovertemplate=f"%{{x|%d %b %Y %H:%M}}<br><b>%{{y:,.2f}}</b> {unit}<extra>{name}</extra>",
        )  # fmt: skip


def equity_of_several(curves: Sequence[Curve], *, currency: str = "", shown: int | None = None) -> go.Figure:
    """The equity of ranked trials: the first is shown, a click in the legend adds another one.

    Args:
        curves: best first.
        currency: account currency.
        shown: how many are drawn at once; None for `SEVERAL_SHOWN` of the best.
    """
    title = f"Equity of the best {len(curves)} trials" if len(curves) > 1 else "Equity of the best trial"
    if shown is not None:
        title = f"Equity of {len(curves)} trials" if len(curves) > 1 else "Equity of the trial"
    if not any(np.isfinite(curve.equity).any() for curve in curves):
        return go.Figure(layout=theme.empty(title, "no equity to show"))
    figure = go.Figure()
    for i, curve in enumerate(curves):
        time, equity = downsample_extremes(curve.time_ns, curve.equity, NEIGHBOUR_POINTS)
        name = theme.plain(curve.label)
        figure.add_scatter(
            x=theme.milliseconds(time), y=equity, mode="lines", name=name,
            visible=True if i < (SEVERAL_SHOWN if shown is None else shown) else "legendonly",
            line={"width": 2.4 if i == 0 else 1.4, "dash": "solid" if i == 0 else ("dash", "dot")[i % 2]},
            hovertemplate=f"%{{x|%d %b %Y %H:%M}}<br><b>%{{y:,.2f}}</b> {theme.plain(currency)}<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_layout(
        theme.layout(title, "time in UTC; click a name to show or hide it, twice to show it alone"), height=520,
        legend={"orientation": "h", "x": 0, "y": -0.14, "yanchor": "top", "font": {"size": 11}},
    )  # fmt: skip
    figure.update_xaxes(type="date")
    figure.update_yaxes(title_text=f"Equity ({theme.plain(currency)})" if currency else "Equity")
    return figure
