"""What trades made by the hour, the weekday or the month in which they were opened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.errors import ParameterError
from trading_ai.figures import theme
from trading_ai.figures.monthly import MONTHS

_NS_PER_HOUR = 3_600_000_000_000
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "hour": ("hour of the day, UTC", tuple(f"{hour:02d}" for hour in range(24))),
    "weekday": ("weekday", _WEEKDAYS),
    "month": ("month of the year", MONTHS),
}


def profit_by(part: str, trades: npt.NDArray[np.void], *, currency: str = "") -> go.Figure:
    """Net profit of all trades by when they were opened, UTC, as bars; the hover says how many there were.

    Args:
        part: hour, weekday or month.
        trades: closed trades, dtype `TRADE`.
        currency: account currency.

    Raises:
        ParameterError: the part is unknown.
    """
    if part not in _PARTS:
        raise ParameterError("must be one of hour, weekday, month", parameter="part", value=part)
    words, labels = _PARTS[part]
    title = f"Net profit by {words}"
    if not trades.size:
        return go.Figure(layout=theme.empty(title, "no trades"))
    time_ns = np.asarray(trades["entry_time_ns"], dtype=np.int64)
    if part == "hour":
        place = time_ns // _NS_PER_HOUR % 24
    elif part == "weekday":
        place = (time_ns // (24 * _NS_PER_HOUR) + 3) % 7  # 1970-01-01 was a Thursday
    else:
        place = time_ns.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64) % 12
    total = np.bincount(place, weights=trades["net_profit"], minlength=len(labels))
    count = np.bincount(place, minlength=len(labels))
    unit = theme.plain(currency)
    shown = np.arange(len(labels)) if part != "weekday" or count[5:].any() else np.arange(5)
    figure = go.Figure(
        go.Bar(
            x=[labels[i] for i in shown], y=total[shown], customdata=count[shown],
            marker={"color": [theme.WIN if value >= 0 else theme.LOSS for value in total[shown]]},
            hovertemplate=f"%{{x}}: <b>%{{y:,.2f}}</b> {unit}, %{{customdata:,}} trades<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(theme.layout(title, "by the time of the entry"), height=340, showlegend=False)
    figure.update_xaxes(type="category", tickangle=0)
    figure.update_yaxes(title_text=theme.plain(theme.axis_title("net_profit", currency)), zeroline=True)
    return figure
