"""Parallel coordinates: every trial a line through its parameters, coloured by the objective.

Drawn as plain lines and not as Plotly's own parallel coordinates, because those need WebGL: a report must
also show on machines without it, and print.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.axes import Cells, cells
from trading_ai.figures.grid import Column
from trading_ai.figures.sampling import best_and_even_sample, sample_note
from trading_ai.figures.theme import Floats

MAX_TRIALS = 400
"""More lines than this are a block in which nothing is seen."""

N_COLOURS = 16


def parallel_coordinates(
    columns: Mapping[str, Column],
    objective: Floats,
    *,
    metric: str,
    best: int | None = None,
    max_trials: int = MAX_TRIALS,
    currency: str = "",
) -> go.Figure:
    """Trials as lines through one axis a parameter and a last one for the objective; better ones on top.

    Args:
        columns: parameter columns by name, each of shape (m,); those with one value only are left out.
        objective: the metric, shape (m,); trials without a finite value are left out.
        metric: the metric's name.
        best: position of the winner, drawn bold; the best drawn trial if None.
        max_trials: most trials to draw.
        currency: account currency.
    """
    title = f"Parameters and {theme.label(metric)}"
    kind = theme.metric_of(metric)
    drawn = best_and_even_sample(objective, kind.better, max_trials)
    axes = {name: _axis(name, np.asarray(column)) for name, column in columns.items()}
    axes = {name: axis for name, axis in axes.items() if len(axis[0].labels) > 1}
    if drawn.size == 0 or not axes:
        reason = "no trial has a result" if drawn.size == 0 else "no parameter was varied"
        return go.Figure(layout=theme.empty(title, reason))
    known = objective[np.isfinite(objective)]
    bottom, top = float(known.min()), float(known.max())
    # A few ruinous trials must not paint all others in one colour.
    low, high = (float(v) for v in np.percentile(known, [2, 100] if kind.better >= 0 else [0, 98]))
    scale = theme.stops(theme.LINES if kind.better >= 0 else theme.LINES[::-1])
    span = top - bottom or 1.0
    heights = np.column_stack(
        [_height(cell, place[drawn]) for cell, place in axes.values()] + [(objective[drawn] - bottom) / span]
    )
    n_axes = heights.shape[1]
    figure = go.Figure()
    shade = np.clip((objective[drawn] - low) / ((high - low) or 1.0), 0, 1)
    group = np.minimum((shade * N_COLOURS).astype(np.int64), N_COLOURS - 1)
    # Lines of one colour are one trace; better colours are drawn later and so lie on top.
    for colour in range(N_COLOURS) if kind.better >= 0 else reversed(range(N_COLOURS)):
        rows = heights[group == colour]
        if not rows.size:
            continue
        broken = np.full((rows.shape[0], n_axes + 1), np.nan)
        broken[:, :n_axes] = rows
        figure.add_scatter(
            x=np.tile(np.r_[np.arange(n_axes, dtype=np.float32), np.float32("nan")], rows.shape[0]),
            y=broken.ravel().astype(np.float32),
            mode="lines",
            line={"color": theme.colour_at(scale, (colour + 0.5) / N_COLOURS), "width": 1},
            opacity=0.45 if drawn.size > 100 else 0.9,
            hoverinfo="skip",
            showlegend=False,
        )
    winner = int(drawn[-1]) if best is None else best
    if np.isfinite(objective[winner]):
        texts = [f"{theme.plain(name)} {theme.plain(c.labels[int(p[winner])])}" for name, (c, p) in axes.items()]
        reached = theme.number(float(objective[winner]), kind.unit, currency)
        texts.append(f"{theme.label(metric)} {theme.plain(reached)}")
        figure.add_scatter(
            x=list(range(n_axes)),
            y=[
                *(float(_height(c, p[[winner]])[0]) for c, p in axes.values()),
                float(objective[winner] - bottom) / span,
            ],
            mode="lines+markers",
            line={"color": theme.INK, "width": 3},
            marker={"size": 9, "color": theme.ACCENT, "line": {"color": theme.INK, "width": 1.5}},
            text=texts,
            hovertemplate="%{text}<extra>best</extra>",
            name="best",
        )
    ends = [_ends(cell) for cell, _ in axes.values()]
    ends.append((theme.number(bottom, kind.unit), theme.number(top, kind.unit)))
    small = {"showarrow": False, "xref": "x", "yref": "y", "font": {"size": 11, "color": theme.MUTED}}
    notes = [
        small | {"x": i, "y": y, "text": theme.plain(text), "yanchor": anchor}
        for i, pair in enumerate(ends)
        for y, text, anchor in ((-0.015, pair[0], "top"), (1.015, pair[1], "bottom"))
    ]
    names = [theme.plain(name) for name in axes] + [theme.plain(theme.axis_title(metric, currency))]
    note = f"colour follows the last axis: blue is better; {sample_note(drawn.size, known.size)}".removesuffix("; ")
    figure.update_layout(
        theme.layout(title, note),
        annotations=notes,
        shapes=[
            {"type": "line", "x0": i, "x1": i, "y0": 0, "y1": 1, "line": {"color": theme.INK, "width": 1.2}}
            for i in range(n_axes)
        ],
        xaxis={
            "range": [-0.3, n_axes - 0.7],
            "tickmode": "array",
            "tickvals": list(range(n_axes)),
            "ticktext": names,
            "showgrid": False,
            "showline": False,
            "ticks": "",
            "tickfont": {"size": 13},
        },
        yaxis={"visible": False, "range": [-0.09, 1.09]},
        height=460,
    )
    return figure


def _axis(name: str, column: Column) -> tuple[Cells, npt.NDArray[np.int64]]:
    text = column.astype(str) if column.dtype == object else column
    values, place = np.unique(text, return_inverse=True)
    return cells(name, values.tolist()), place


def _height(axis: Cells, place: npt.NDArray[np.int64]) -> Floats:
    """Heights 0..1 of those values along their axis."""
    low, high = axis.positions[0], axis.positions[-1]
    result: Floats = (axis.positions[place] - low) / (high - low or 1.0)
    return result


def _ends(axis: Cells) -> tuple[str, str]:
    return axis.labels[0], axis.labels[-1]
