"""Closed trades as figures: what they made, and how far they went before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.distribution import bin_edges
from trading_ai.figures.theme import Floats

MAX_TRADES = 3_000


def profit_of_trades(net_profit: Floats, *, currency: str = "") -> go.Figure:
    """Histogram of the trades' net profits; no bar straddles zero.

    Args:
        net_profit: account currency, shape (n,).
        currency: account currency.
    """
    title = f"Net profit of {net_profit.size:,} trades"
    if not net_profit.size:
        return go.Figure(layout=theme.empty(title, "no trades"))
    edges, outside = bin_edges(net_profit, float("nan"))
    count, _ = np.histogram(np.clip(net_profit, edges[0], edges[-1]), edges)
    centre = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure(
        go.Bar(
            x=centre, y=count, width=np.diff(edges), customdata=np.column_stack([edges[:-1], edges[1:]]),
            marker={"color": np.where(centre >= 0, "#7fb5d8", "#f0a468").tolist()}, showlegend=False,
            hovertemplate="%{customdata[0]:,.2f} to %{customdata[1]:,.2f}<br><b>%{y:,}</b> trades<extra></extra>",
        )
    )  # fmt: skip
    peak = float(count.max()) * 1.06
    for name, at, colour, dash in (
        ("median", float(np.median(net_profit)), theme.MUTED, "dash"),
        ("mean", float(net_profit.mean()), theme.BEST, "solid"),
    ):
        figure.add_scatter(
            x=[at, at], y=[0, peak], mode="lines", line={"color": colour, "width": 2.5, "dash": dash},
            name=f"{name} {theme.plain(theme.number(at, 'money', currency))}", hoverinfo="name",
        )  # fmt: skip
    said = f"{outside:,} outliers are counted in the first and the last bar" if outside else ""
    figure.update_layout(
        theme.layout(title, said),
        bargap=0,
        height=420,
        xaxis={"title": {"text": theme.plain(theme.axis_title("net_profit", currency))}, "showgrid": False},
        yaxis={"title": {"text": "trades"}, "range": [0, peak]},
    )
    return figure


def excursions(trades: npt.NDArray[np.void], *, currency: str = "") -> go.Figure:
    """What each trade made against how far it went against it, winners and losers apart (after John Sweeney, 1996).

    Winners that never went far into loss say that a nearer stop would have cost little; losers that were far in profit
    say that a target or a trailing stop is missing.

    Args:
        trades: closed trades, dtype `TRADE`; those without excursions (NaN) are left out.
        currency: account currency.
    """
    title = "Worst open loss of each trade against its net profit"
    known = trades[np.isfinite(trades["mae"]) & np.isfinite(trades["mfe"])] if trades.size else trades
    if not known.size:
        return go.Figure(layout=theme.empty(title, "no trades with excursions"))
    drawn = known if known.size <= MAX_TRADES else known[np.linspace(0, known.size - 1, MAX_TRADES).astype(np.int64)]
    figure = go.Figure()
    for name, mask, colour, symbol in (
        ("winners", drawn["net_profit"] > 0, theme.WIN, "circle"),
        ("losers", drawn["net_profit"] <= 0, theme.LOSS, "x"),
    ):
        chosen = drawn[mask]
        figure.add_scatter(
            x=-chosen["mae"], y=chosen["net_profit"], customdata=chosen["mfe"], mode="markers", name=name,
            marker={"size": 6, "opacity": 0.7, "color": colour, "symbol": symbol},
            hovertemplate="net profit <b>%{y:,.2f}</b><br>worst open loss %{x:,.2f}<br>best open profit "
            "%{customdata:,.2f}<extra></extra>",
        )  # fmt: skip
    notes = [f"{drawn.size:,} of {known.size:,} trades, evenly chosen"] if drawn.size < known.size else []
    wins, losses = known[known["net_profit"] > 0], known[known["net_profit"] <= 0]
    if wins.size:
        deep = theme.number(float(np.percentile(-wins["mae"], 90)), "money", currency)
        notes.insert(0, f"nine of ten winners were never more than {deep} in loss")
    if losses.size:
        high = theme.number(float(np.median(losses["mfe"])), "money", currency)
        notes.insert(1, f"half of the losers had been {high} or more in profit")
    unit = f" ({theme.plain(currency)})" if currency else ""
    figure.update_layout(
        theme.layout(title, "; ".join(notes)),
        height=420,
        xaxis={"title": {"text": f"Worst open loss{unit}"}, "rangemode": "tozero"},
        yaxis={
            "title": {"text": theme.plain(theme.axis_title("net_profit", currency))},
            "zeroline": True,
            "zerolinecolor": theme.INK,
        },
    )
    return figure
