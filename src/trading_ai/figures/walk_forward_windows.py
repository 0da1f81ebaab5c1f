"""Walk-forward and bootstrap: what was earned on days that had no part in the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.theme import Floats
from trading_ai.parameters import Value

Ints = npt.NDArray[np.int64]


def _dates(day_numbers: Ints) -> list[str]:
    return [str(day) for day in day_numbers.astype("datetime64[D]")]


def stitched_equity(
    day_numbers: Ints, daily_profit: Floats, test_starts: Ints, *, size: str, currency: str = ""
) -> go.Figure:
    """Profit of the tests of a walk-forward, one after the other.

    Args:
        day_numbers: dates of the stitched tests, days since 1970-01-01, shape (n,).
        daily_profit: their profit, account currency, shape (n,).
        test_starts: date of each test's beginning, shape (n_windows,).
        size: lengths of training and test.
        currency: account currency.
    """
    total = np.cumsum(daily_profit)
    figure = go.Figure(
        go.Scatter(
            x=_dates(day_numbers), y=total, mode="lines", line={"color": "#1f6fb2", "width": 2}, showlegend=False,
            hovertemplate="%{x}<br><b>%{y:,.2f}</b><extra></extra>",
        )
    )  # fmt: skip
    for start in _dates(test_starts):
        figure.add_vline(x=start, line={"color": "#ccc", "width": 1, "dash": "dot"})
    figure.add_hline(y=0, line={"color": "#888", "width": 1})
    subtitle = "at each dotted line the best trial of the days before was chosen anew"
    title = f"Out-of-sample profit, walk-forward {size}"
    figure.update_layout(theme.layout(title, subtitle), height=380)
    figure.update_yaxes(title=f"profit, {currency}" if currency else "profit")
    return figure


def in_and_out_of_sample(in_sample: Floats, out_of_sample: Floats, labels: list[str]) -> go.Figure:
    """Score of each window's choice where it was chosen against where it was traded.

    Args:
        in_sample: score in training, shape (n_windows,).
        out_of_sample: score in the test, shape (n_windows,).
        labels: a name for each window.
    """
    figure = go.Figure(
        go.Scatter(
            x=in_sample, y=out_of_sample, mode="markers", text=labels, showlegend=False,
            marker={"size": 11, "color": np.where(out_of_sample > 0, "#1f6fb2", "#e07b39").tolist()},
            hovertemplate="%{text}<br>chosen at %{x:.3f}, gave <b>%{y:.3f}</b><extra></extra>",
        )
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": "#888", "width": 1})
    subtitle = "a dot for each walk-forward window"
    figure.update_layout(theme.layout("In sample against out of sample", subtitle), height=380)
    figure.update_xaxes(title="score where it was chosen")
    figure.update_yaxes(title="score where it was traded")
    return figure


def parameter_drift(
    day_numbers: Ints,
    values: Mapping[str, Sequence[Value | None]],
    places: Mapping[str, Floats],
    *,
    size: str,
    end: int | None = None,
) -> go.Figure:
    """The parameters that a walk-forward chose, window by window: flat lines are stable, jumps are not.

    Args:
        day_numbers: date of each test's beginning, days since 1970-01-01, shape (n_windows,).
        values: value of each parameter in each window, None where nothing was chosen.
        places: its place between the smallest (0) and the largest value searched (1), NaN where nothing was chosen,
            shape (n_windows,) for each parameter.
        size: lengths of training and test.
        end: last day of the last test: its choice is drawn up to there.
    """
    figure = go.Figure()
    dates = _dates(day_numbers if end is None else np.append(day_numbers, end))
    for name, chosen in values.items():
        texts, heights = [str(value) for value in chosen], places[name]
        symbols = ["circle"] * len(texts)
        if end is not None:
            texts, heights, symbols = [*texts, texts[-1]], np.append(heights, heights[-1]), [*symbols, "line-ns"]
        figure.add_scatter(
            x=dates, y=heights, text=texts, mode="lines+markers", marker={"symbol": symbols},
            name=theme.plain(name), line={"shape": "hv", "width": 2},
            hovertemplate="%{x}<br>" + theme.plain(name) + " <b>%{text}</b><extra></extra>",
        )  # fmt: skip
    subtitle = "where each choice lies in the range searched; a parameter that wanders was fitted to its window"
    figure.update_layout(theme.layout(f"Parameters chosen, walk-forward {size}", subtitle), height=380)
    figure.update_yaxes(title="place in its range", range=[-0.05, 1.05], tickformat=".0%")
    return figure


def bootstrap_fan(
    day_numbers: Ints, quantiles: tuple[float, ...], bands: Floats, actual: Floats, *, currency: str = ""
) -> go.Figure:
    """What the same days might have given in other draws, as bands around what they gave.

    Args:
        day_numbers: dates, shape (n_days,).
        quantiles: ascending, 0..1.
        bands: quantiles of the profit so far, shape (n_quantiles, n_days).
        actual: profit so far as it was, shape (n_days,).
        currency: account currency.
    """
    dates = _dates(day_numbers)
    figure = go.Figure()
    for i in range(len(quantiles) // 2):
        low, high = bands[i], bands[-1 - i]
        name = f"{100 * (quantiles[-1 - i] - quantiles[i]):.0f} % of draws"
        figure.add_scatter(x=dates, y=high, mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip")
        figure.add_scatter(
            x=dates, y=low, mode="lines", line={"width": 0}, fill="tonexty", name=name, hoverinfo="skip",
            fillcolor=f"rgba(31,111,178,{0.14 + 0.12 * i})",
        )  # fmt: skip
    figure.add_scatter(x=dates, y=actual, mode="lines", name="as it was", line={"color": theme.INK, "width": 2})
    figure.add_hline(y=0, line={"color": "#888", "width": 1})
    title = "Profit of the best in other draws of its days"
    figure.update_layout(theme.layout(title, "stationary bootstrap"), height=380)
    figure.update_yaxes(title=f"profit, {currency}" if currency else "profit")
    return figure
