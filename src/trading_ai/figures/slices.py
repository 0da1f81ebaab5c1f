"""A metric against one parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.axes import cells, edge_note, edges
from trading_ai.figures.theme import Floats
from trading_ai.parameters import Value


def parameter_slices(
    name: str,
    values: Sequence[Value] | Floats,
    objective: Floats,
    *,
    metric: str,
    mark: Value | None = None,
    subtitle: str = "",
    currency: str = "",
) -> go.Figure:
    """The metric against one parameter, with the band of each value's neighbourhood (two values either side).

    Args:
        name: the parameter.
        values: its values, in the order to show.
        objective: the metric, shape (len(values),); non-finite ones leave a gap.
        metric: the metric's name.
        mark: the best value; that of the best result if None.
        subtitle: what else a reader must know.
        currency: account currency.
    """
    along = cells(name, values)
    z = np.where(np.isfinite(objective), objective, np.nan).astype(np.float64)
    title = f"{theme.label(metric)} over {name}"
    if not np.isfinite(z).any():
        return go.Figure(layout=theme.empty(title, "no trial has a result"))
    kind = theme.metric_of(metric)
    padded = np.pad(z, 2, constant_values=np.nan)
    stack = np.stack([padded[i : i + z.size] for i in range(5)])
    low = np.where(np.isfinite(stack), stack, np.inf).min(axis=0)
    high = np.where(np.isfinite(stack), stack, -np.inf).max(axis=0)
    inside = np.isfinite(low)
    x, low, high = along.positions[inside], low[inside], high[inside]
    figure = go.Figure()
    figure.add_scatter(
        x=np.r_[x, x[::-1]],
        y=np.r_[low, high[::-1]],
        fill="toself",
        fillcolor="rgba(0,114,178,0.14)",
        line={"width": 0},
        hoverinfo="skip",
        name="lowest to highest within two values either side",
    )
    figure.add_scatter(
        x=along.positions,
        y=z,
        text=list(along.labels),
        mode="lines+markers" if z.size <= 200 else "lines",
        line={"color": theme.BEST, "width": 2},
        marker={"size": 6},
        hovertemplate=f"{theme.plain(name)} %{{text}}<br>{theme.label(metric)} "
        f"<b>%{{y:{theme.d3_format(kind.unit)}}}</b><extra></extra>",
        name=theme.label(metric),
    )
    place = along.find(mark) if mark is not None else int(np.nanargmax(z * (1 if kind.better >= 0 else -1)))
    touched: list[str] = []
    if place is not None and np.isfinite(z[place]):
        figure.add_scatter(
            x=[along.positions[place]],
            y=[z[place]],
            mode="markers",
            marker={
                "symbol": "star",
                "size": 15,
                "color": theme.ACCENT,
                "line": {"color": theme.INK, "width": 1.5},
            },
            hoverinfo="skip",
            name=f"best {theme.plain(theme.number(float(z[place]), kind.unit, currency))}: "
            f"{theme.plain(name)} {theme.plain(along.labels[place])}",
        )
        touched = edges((place, along))
    figure.update_layout(
        theme.layout(title, "; ".join(part for part in (edge_note(touched) if touched else "", subtitle) if part)),
        xaxis=along.axis(),
        yaxis={
            "title": {"text": theme.plain(theme.axis_title(metric, currency))},
            "zeroline": True,
            "zerolinecolor": theme.MUTED,
        },
    )
    return figure
