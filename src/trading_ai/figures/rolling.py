"""How a result came about over time: the Sharpe ratio of a window that moves."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.theme import Floats

WINDOW_SHARE, LEAST_WINDOW, MOST_WINDOW = 6, 20, 252
"""A window is a sixth of the days, 20 at least and a year at most."""


def rolling_sharpe(
    day_numbers: npt.NDArray[np.int64], daily_profit: Floats, *, capital: float, days_per_year: float
) -> go.Figure:
    """Annual Sharpe ratio of the days before each day, of daily returns on the equity at the day's start.

    Args:
        day_numbers: trading days, days since 1970-01-01, ascending, shape (n,).
        daily_profit: account currency, shape (n,).
        capital: equity at the first day's start, above 0.
        days_per_year: trading days of a year.
    """
    n = day_numbers.size
    window = min(MOST_WINDOW, max(LEAST_WINDOW, n // WINDOW_SHARE))
    title = f"Sharpe ratio of the last {window} trading days"
    equity = capital + np.r_[0.0, np.cumsum(daily_profit)[:-1]]
    if n <= window or not bool((equity > 0).all()):
        reason = "the account was ruined" if n > window else f"needs more than {window} trading days, there are {n}"
        return go.Figure(layout=theme.empty(title, reason))
    windows = np.lib.stride_tricks.sliding_window_view(daily_profit / equity, window)
    deviation = windows.std(axis=1, ddof=1)
    steady = deviation <= 1e-12
    ratio = np.where(steady, np.nan, windows.mean(axis=1) / np.where(steady, 1.0, deviation) * math.sqrt(days_per_year))
    dates = day_numbers[window - 1 :].astype("datetime64[D]").astype(str).tolist()
    figure = go.Figure(
        go.Scatter(
            x=dates, y=ratio, mode="lines", line={"color": theme.BEST, "width": 2}, showlegend=False,
            hovertemplate="%{x}<br>Sharpe ratio <b>%{y:.2f}</b><extra></extra>",
        )
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": theme.MUTED, "width": 1})
    known = ratio[np.isfinite(ratio)]
    said = f"below zero in {100 * float((known < 0).mean()):.0f} % of the windows" if known.size else ""
    figure.update_layout(theme.layout(title, said), height=340)
    figure.update_yaxes(title="Sharpe ratio")
    return figure
