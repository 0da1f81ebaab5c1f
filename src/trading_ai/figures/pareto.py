"""The Pareto front: what one objective costs in terms of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.sampling import best_and_even_sample, sample_note
from trading_ai.figures.theme import Floats

MAX_TRIALS = 3_000


def pareto_front(
    values: Sequence[Floats],
    names: Sequence[str],
    better: Sequence[int],
    front: npt.NDArray[np.bool_],
    *,
    best: int | None = None,
    currency: str = "",
    max_trials: int = MAX_TRIALS,
) -> go.Figure:
    """All trials by their first two objectives, those on the front joined by a line; a third one gives the colour.

    Args:
        values: the objectives, two or more, each of shape (m,); NaN where undefined.
        names: their names.
        better: +1 for each of which more is better, -1 of which less is.
        front: which trials are on the front of all objectives, shape (m,).
        best: position of the best by the first objective, marked.
        currency: account currency.
        max_trials: most other trials to draw.
    """
    title = "What one objective costs in terms of another"
    x, y = values[1], values[0]
    defined = np.logical_and.reduce([np.isfinite(column) for column in values])
    others = best_and_even_sample(np.where(defined & ~front, y * better[0], np.nan), 1, max_trials)
    on = np.flatnonzero(front & defined)
    if not on.size:
        return go.Figure(layout=theme.empty(title, "no trial has every objective"))
    on = on[np.lexsort((y[on], x[on]))]
    hover = f"{names[0]} <b>%{{y:,.4g}}</b><br>{names[1]} %{{x:,.4g}}"
    figure = go.Figure(
        go.Scatter(
            x=x[others], y=y[others], mode="markers", name="other trials", hovertemplate=hover + "<extra></extra>",
            marker={"size": 5, "opacity": 0.45, "color": theme.BLUES[2]},
        )
    )  # fmt: skip
    marker: dict[str, object] = {"size": 9, "color": theme.ACCENT, "line": {"color": theme.INK, "width": 1}}
    line = None
    if len(values) > 2 and bool((values[2][on] != values[2][on][0]).any()):
        marker |= {
            "color": values[2][on],
            "colorscale": theme.legible(theme.stops(theme.BLUES[1:])),
            "colorbar": theme.colorbar(names[2]),
        }
    elif len(values) == 2:
        # Between two trials of the front, the one that keeps to the limit on the horizontal axis is to be had.
        line = {"color": theme.ACCENT, "width": 1.5, "shape": "vh" if better[1] > 0 else "hv"}
    figure.add_scatter(
        x=x[on], y=y[on], mode="markers" if line is None else "lines+markers", line=line, marker=marker, name="front",
        hovertemplate=hover + "<extra>on the front</extra>",
    )  # fmt: skip
    if best is not None and defined[best]:
        figure.add_scatter(
            x=[x[best]], y=[y[best]], mode="markers", name="best", hoverinfo="skip",
            marker={"symbol": "star", "size": 15, "color": theme.ACCENT, "line": {"color": theme.INK, "width": 1.5}},
        )  # fmt: skip
    said = f"{on.size:,} of {int(defined.sum()):,} trials are on it: no other is as good in every objective"
    note = sample_note(others.size, int((defined & ~front).sum()))
    figure.update_layout(
        theme.layout(title, f"{said}. {note}" if note else said),
        xaxis={"title": {"text": theme.plain(theme.axis_title(names[1], currency))}},
        yaxis={"title": {"text": theme.plain(theme.axis_title(names[0], currency))}},
        height=420,
    )
    return figure
