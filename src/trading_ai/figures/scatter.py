"""What trials earn against what they risk."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.sampling import best_and_even_sample, sample_note
from trading_ai.figures.theme import Floats

MAX_TRIALS = 3_000


def profit_against_drawdown(
    net_profit: Floats,
    max_drawdown: Floats,
    total_trades: Floats,
    *,
    best: int | None = None,
    currency: str = "",
    max_trials: int = MAX_TRIALS,
) -> go.Figure:
    """Net profit against maximum drawdown, one point a trial, coloured by the number of trades.

    Args:
        net_profit: account currency, shape (m,).
        max_drawdown: account currency, shape (m,).
        total_trades: shape (m,).
        best: position of the winner, marked.
        currency: account currency.
        max_trials: most trials to draw.
    """
    title = "Net profit against max drawdown"
    both = np.where(np.isfinite(max_drawdown) & np.isfinite(total_trades), net_profit, np.nan)
    drawn = best_and_even_sample(both, 1, max_trials)
    if drawn.size == 0:
        return go.Figure(layout=theme.empty(title, "no trial has a result"))
    counts = total_trades[drawn]
    alike = bool((counts == counts[0]).all())
    marker: dict[str, object] = {"size": 6, "opacity": 0.75}
    if alike:  # a scale of one value would invent others beside it
        marker |= {"color": theme.LONG}
    else:
        marker |= {
            "color": counts,
            "colorscale": theme.legible(theme.stops(theme.BLUES[1:])),
            "colorbar": theme.colorbar("trades"),
        }
    figure = go.Figure(
        go.Scatter(
            x=max_drawdown[drawn],
            y=net_profit[drawn],
            mode="markers",
            customdata=counts,
            marker=marker,
            hovertemplate="net profit <b>%{y:,.2f}</b><br>max drawdown %{x:,.2f}<br>%{customdata:,.0f} trades"
            "<extra></extra>",
            showlegend=False,
        )
    )
    if best is not None and np.isfinite(both[best]):
        figure.add_scatter(
            x=[max_drawdown[best]],
            y=[net_profit[best]],
            mode="markers",
            marker={
                "symbol": "star",
                "size": 15,
                "color": theme.ACCENT,
                "line": {"color": theme.INK, "width": 1.5},
            },
            name="best",
            hoverinfo="skip",
        )
    n_known = int(np.isfinite(both).sum())
    said = f"{counts[0]:,.0f} trades in every one" if alike and drawn.size > 1 else ""
    figure.update_layout(
        theme.layout(title, "; ".join(part for part in (said, sample_note(drawn.size, n_known)) if part)),
        xaxis={
            "title": {"text": theme.plain(theme.axis_title("max_drawdown", currency))},
            "rangemode": "tozero",
        },
        yaxis={
            "title": {"text": theme.plain(theme.axis_title("net_profit", currency))},
            "zeroline": True,
            "zerolinecolor": theme.INK,
        },
        height=420,
    )
    return figure
