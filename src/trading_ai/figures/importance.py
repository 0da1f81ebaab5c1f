"""How much each parameter matters, as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.theme import Floats


def parameter_bars(names: Sequence[str], share: Floats, interaction: float, *, metric: str, exact: bool) -> go.Figure:
    """The share of the differences between trials that each parameter explains alone, largest on top.

    Args:
        names: the parameters.
        share: their shares, 0..1, NaN where the results do not differ, shape (len(names),).
        interaction: what no parameter explains alone, 0..1.
        metric: the metric's name.
        exact: whether every combination of the grid is among the trials.
    """
    title = f"What moves {theme.label(metric)}"
    if not len(names) or not np.isfinite(share).any():
        return go.Figure(layout=theme.empty(title, "the results do not differ yet"))
    order = np.argsort(np.where(np.isfinite(share), share, -1.0), kind="stable")
    labels = ["only together", *(theme.plain(names[i]) for i in order)]
    values = 100.0 * np.r_[interaction, share[order]]
    colours = [theme.NEIGHBOUR] + [theme.BEST] * len(names)
    figure = go.Figure(
        go.Bar(
            x=values, y=labels, orientation="h", marker={"color": colours}, text=[f"{v:.0f} %" for v in values],
            textposition="outside", cliponaxis=False, hovertemplate="%{y}: <b>%{x:.1f} %</b><extra></extra>",
        )
    )  # fmt: skip
    how = "shares of the variance; " + ("exact, of the whole grid" if exact else "estimated from part of the grid")
    figure.update_layout(theme.layout(title, how), height=150 + 34 * len(labels), showlegend=False)
    figure.update_xaxes(title_text="Share (%)", range=[0.0, max(10.0, 1.15 * float(np.nanmax(values)))])
    return figure
