"""How the objective is spread over all trials."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.theme import Floats

MAX_BINS = 80


def objective_distribution(
    values: Floats,
    *,
    metric: str,
    best: float | None = None,
    net_profit: Floats | None = None,
    currency: str = "",
) -> go.Figure:
    """Histogram of a metric over all trials with the best, the median and zero marked.

    Bins never straddle zero, so that their colour can say on which side of it they lie.

    Args:
        values: the metric of every trial, shape (m,); non-finite ones are counted in the subtitle.
        metric: the metric's name.
        best: the winner's value; the best of `values` if None.
        net_profit: net profit of every trial, shape (m,), for the share of profitable trials in the title.
        currency: account currency.
    """
    kind = theme.metric_of(metric)
    known = values[np.isfinite(values)]
    title = f"{theme.label(metric)} of {values.size:,} trials"
    if net_profit is not None and net_profit.size:
        # A trial without a result did not make a profit: it stays in the denominator.
        title += f", {100 * float((net_profit > 0).mean()):.1f} % of them profitable"
    if known.size == 0:
        return go.Figure(layout=theme.empty(title, "no trial has a defined result"))
    top = float(known.max() if kind.better >= 0 else known.min()) if best is None else best
    edges, outside = bin_edges(known, top)
    count, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    centre = (edges[1:] + edges[:-1]) / 2
    good = centre * kind.better >= 0 if kind.better and known.min() < 0 < known.max() else np.ones(centre.size, bool)
    spec = theme.d3_format(kind.unit)
    figure = go.Figure(
        go.Bar(
            x=centre,
            y=count,
            width=np.diff(edges),
            marker={
                "color": np.where(good, "#7fb5d8", "#f0a468").tolist(),
                "line": {"color": "#fff", "width": 0.5},
            },
            customdata=np.column_stack([edges[:-1], edges[1:]]),
            hovertemplate=f"%{{customdata[0]:{spec}}} to %{{customdata[1]:{spec}}}<br>"
            "<b>%{y:,}</b> trials<extra></extra>",
            showlegend=False,
        )
    )
    peak = float(count.max()) * 1.06
    median = float(np.median(known))
    lines = [("median", median, theme.MUTED, "dash"), ("best", top, theme.BEST, "solid")]
    if edges[0] <= 0 <= edges[-1]:
        lines.insert(0, ("zero", 0.0, theme.INK, "dot"))
    for name, at, colour, dash in lines:
        if not np.isfinite(at):
            continue
        figure.add_scatter(
            x=[at, at],
            y=[0, peak],
            mode="lines",
            line={"color": colour, "width": 2.5, "dash": dash},
            name=name if name == "zero" else f"{name} {theme.plain(theme.number(at, kind.unit, currency))}",
            hoverinfo="name",
        )
    said = []
    if known.size < values.size:
        said.append(f"{values.size - known.size:,} trials without a defined result are left out")
    if outside:
        said.append(f"{outside:,} outliers are counted in the first and the last bar")
    figure.update_layout(
        theme.layout(title, "; ".join(said)),
        bargap=0,
        height=420,
        xaxis={"title": {"text": theme.plain(theme.axis_title(metric, currency))}, "showgrid": False},
        yaxis={"title": {"text": "trials"}, "range": [0, peak], "rangemode": "tozero"},
    )
    return figure


def bin_edges(known: Floats, top: float) -> tuple[Floats, int]:
    """Bin edges with zero among them where it lies inside, and how many values lie outside of them."""
    low, high = float(known.min()), float(known.max())
    inner_low, inner_high = (float(v) for v in np.percentile(known, [0.5, 99.5]))
    if known.size >= 100 and high - low > 4 * (inner_high - inner_low) > 0:
        low, high = inner_low, inner_high
        if np.isfinite(top) and abs(top - inner_low) <= 8 * (inner_high - inner_low):
            low, high = min(low, top), max(high, top)
    if low == high:
        margin = max(abs(low) * 0.05, 0.5)
        return np.array([low - margin, low + margin]), 0
    lower, upper = np.percentile(known, [25, 75])
    # Freedman and Diaconis' width, within sensible bounds.
    ideal = 2 * (upper - lower) / known.size ** (1 / 3)
    n_bins = int(np.clip((high - low) / ideal if ideal > 0 else MAX_BINS, 12, MAX_BINS))
    width = (high - low) / n_bins
    if low < 0 < high:
        edges = np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width
    else:
        edges = np.linspace(low, high, n_bins + 1)
    return edges, int(((known < edges[0]) | (known > edges[-1])).sum())
