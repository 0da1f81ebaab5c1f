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
from trading_ai.figures.grid import Column, Mask
from trading_ai.figures.sampling import best_and_even_sample, sample_note
from trading_ai.figures.theme import Floats

MAX_TRIALS = 400
"""More lines than this are a block in which nothing is seen."""

_OTHERS, _STOPS = 150, 500
"""Most lines of trials that were left out, and most places at which an axis can be cut."""

N_COLOURS = 16


def parallel_coordinates(
    columns: Mapping[str, Column],
    objective: Floats,
    *,
    metric: str,
    best: int | None = None,
    max_trials: int = MAX_TRIALS,
    currency: str = "",
    chosen: Mask | None = None,
) -> go.Figure:
    """Trials as lines through one axis a parameter and a last one for the objective; better ones on top.

    Args:
        columns: parameter columns by name, each of shape (m,); those with one value only are left out.
        objective: the metric, shape (m,); trials without a finite value are left out.
        metric: the metric's name.
        best: position of the winner, drawn bold; the best drawn trial if None.
        max_trials: most trials to draw.
        currency: account currency.
        chosen: the trials that somebody narrowed it down to, shape (m,): some of the others stay as pale lines behind
            them. None for all.

    Returns:
        The figure; its ``meta`` says where each value lies along its axis.
    """
    title = f"Parameters and {theme.label(metric)}"
    kind = theme.metric_of(metric)
    seen = objective if chosen is None else np.where(chosen, objective, np.nan)
    drawn = best_and_even_sample(seen, kind.better, max_trials)
    left_out = np.empty(0, dtype=np.int64)
    if chosen is not None:
        left_out = best_and_even_sample(np.where(chosen, np.nan, objective), kind.better, _OTHERS)
    axes = {name: _axis(name, np.asarray(column)) for name, column in columns.items()}
    axes = {name: axis for name, axis in axes.items() if len(axis[0].labels) > 1}
    if drawn.size + left_out.size == 0 or not axes:
        reason = "no parameter was varied" if drawn.size else "no trial has a result"
        return go.Figure(layout=theme.empty(title, reason))
    known = objective[np.isfinite(objective)]
    bottom, top = float(known.min()), float(known.max())
    # A few ruinous trials must not paint all others in one colour.
    low, high = (float(v) for v in np.percentile(known, [2, 100] if kind.better >= 0 else [0, 98]))
    scale = theme.stops(theme.LINES if kind.better >= 0 else theme.LINES[::-1])
    span = top - bottom or 1.0

    def heights_of(rows: npt.NDArray[np.int64]) -> Floats:
        own = [_height(cell, place[rows]) for cell, place in axes.values()]
        made: Floats = np.column_stack([*own, (objective[rows] - bottom) / span])
        return made

    heights = heights_of(drawn)
    n_axes = heights.shape[1]
    figure = go.Figure()
    if left_out.size:
        look = {"color": theme.NO_RESULT, "width": 1}
        figure.add_scatter(**_lines(heights_of(left_out)), line=look, opacity=0.35)
    shade = np.clip((objective[drawn] - low) / ((high - low) or 1.0), 0, 1)
    group = np.minimum((shade * N_COLOURS).astype(np.int64), N_COLOURS - 1)
    # Lines of one colour are one trace; better colours are drawn later and so lie on top.
    for colour in range(N_COLOURS) if kind.better >= 0 else reversed(range(N_COLOURS)):
        rows = heights[group == colour]
        if not rows.size:
            continue
        look = {"color": theme.colour_at(scale, (colour + 0.5) / N_COLOURS), "width": 1}
        figure.add_scatter(**_lines(rows), line=look, opacity=0.45 if drawn.size > 100 else 0.9)
    winner = best if best is not None or not drawn.size else int(drawn[-1])
    if winner is not None and np.isfinite(seen[winner]):
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
    n_seen = int(np.isfinite(seen).sum())
    said = ["colour follows the last axis: blue is better"]
    said += [] if chosen is None else [f"{n_seen:,} of {known.size:,} trials chosen, others grey"]
    note = "; ".join(filter(None, [*said, sample_note(drawn.size, n_seen)]))
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
        meta={
            "axes": [_stops(cell) for cell, _ in axes.values()],
            "objective": {"low": bottom, "high": top, "text": list(ends[-1])},
        },
    )
    return figure


def _lines(heights: Floats) -> dict[str, object]:
    """Rows of heights, shape (n, n_axes), as one trace of lines."""
    n, n_axes = heights.shape
    broken = np.full((n, n_axes + 1), np.nan)
    broken[:, :n_axes] = heights
    return {
        "x": np.tile(np.r_[np.arange(n_axes, dtype=np.float32), np.float32("nan")], n),
        "y": broken.ravel().astype(np.float32),
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _stops(axis: Cells) -> dict[str, object]:
    """Where the values of a parameter lie along its axis, for whoever cuts it; of very many some."""
    places = np.unique(np.linspace(0, len(axis.labels) - 1, min(_STOPS, len(axis.labels))).round().astype(np.int64))
    return {
        "name": axis.name,
        "ordered": axis.ordered,
        "labels": [axis.labels[place] for place in places],
        "heights": _height(axis, places).tolist(),
    }


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
