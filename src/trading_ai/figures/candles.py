"""Trades on candles.

The time axis has one slot a candle, so weekends, holidays and gaps in the data take no room whatever the
market's hours are; a calendar of breaks would have to know them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.engine.records import EXIT_REASONS, symbols_of
from trading_ai.figures import theme
from trading_ai.figures.theme import Floats
from trading_ai.market.bars import Bars
from trading_ai.market.timeframe import NS_PER_SECOND, timeframe_of_seconds

Ints = npt.NDArray[np.int64]

MAX_CANDLES, MAX_TRADES, WINDOW = 1_650, 4_000, 160
_SECONDS = (60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 604_800)
_WEEK = 604_800
_MONDAY_NS = 4 * 86_400 * NS_PER_SECOND  # 1970-01-05: weeks are counted from a Monday


def candle_starts(bars: Bars, max_candles: int = MAX_CANDLES) -> tuple[Ints, str]:
    """Where each candle starts, with bars joined into the shortest timeframe that gives few enough candles.

    Args:
        bars: the bars; at least one.
        max_candles: most candles.

    Returns:
        Position of each candle's first bar, shape (n,), and the candles' timeframe in words.
    """
    if len(bars) <= max_candles:
        return np.arange(len(bars)), str(bars.timeframe)
    longer = [s for s in _SECONDS if s > bars.timeframe.seconds and s % bars.timeframe.seconds == 0]
    seconds = [*longer, *(_WEEK * 2**k for k in range(1, 12))]
    starts = np.arange(len(bars))
    for length in seconds:
        bucket = (bars.open_time_ns - _MONDAY_NS) // (length * NS_PER_SECOND)
        starts = np.flatnonzero(np.r_[True, bucket[1:] != bucket[:-1]])
        if starts.size <= max_candles:
            known = timeframe_of_seconds(length)
            return starts, str(known) if known else f"{length // _WEEK} weeks"
    return starts, "many weeks"


def trades_on_candles(
    bars: Bars,
    trades: npt.NDArray[np.void],
    *,
    currency: str = "",
    max_candles: int = MAX_CANDLES,
    max_trades: int = MAX_TRADES,
    window: int = WINDOW,
    side: str = "bid",
) -> go.Figure:
    """Candles with each trade's entry, exit and the line between them; opens on the latest trades.

    Args:
        bars: the bars.
        trades: closed trades, dtype `TRADE`; those of other symbols are not drawn, which the title says.
        currency: account currency.
        max_candles: most candles; more bars are joined, which the title says.
        max_trades: most trades drawn; of more, the largest wins and losses and an even sample.
        window: candles in view at first; the slider beneath reaches the others.
        side: which prices the bars hold, ``bid``, ``ask`` or ``mid``, as they were imported.
    """
    title = f"Trades on {bars.symbol.name} candles"
    if not len(bars):
        return go.Figure(layout=theme.empty(title, "no bars"))
    starts, length = candle_starts(bars, max_candles)
    joined = starts.size < len(bars)
    title += f", each candle {length} joined from {bars.timeframe} bars" if joined else f", {bars.timeframe}"
    times = [_label(t, daily=_is_daily(bars, starts)) for t in bars.open_time_ns[starts].tolist()]
    figure = go.Figure(
        go.Candlestick(
            x=times,
            open=bars.open[starts],
            high=np.maximum.reduceat(bars.high, starts),
            low=np.minimum.reduceat(bars.low, starts),
            close=bars.close[np.r_[starts[1:], len(bars)] - 1],
            # Candles stay neutral: colour belongs to the trades.
            increasing={"line": {"color": theme.MUTED, "width": 1}, "fillcolor": theme.PAPER},
            decreasing={"line": {"color": theme.MUTED, "width": 1}, "fillcolor": theme.NEIGHBOUR},
            name=f"{side} price",
            showlegend=False,
        )
    )
    own = trades[symbols_of(trades, bars.symbol.name) == bars.symbol.name]
    n_elsewhere, trades = len(trades) - len(own), own
    shown = _choose(trades, max_trades)
    slots = bars.open_time_ns[starts]
    entry = np.clip(np.searchsorted(slots, shown["entry_time_ns"], "right") - 1, 0, starts.size - 1)
    exit_ = np.clip(np.searchsorted(slots, shown["exit_time_ns"], "right") - 1, 0, starts.size - 1)
    _add_lines(figure, shown, entry, exit_, times)
    _add_markers(figure, shown, entry, exit_, times, bars.symbol.digits, currency)
    end = min(starts.size - 1, int(exit_.max()) + window // 20) if shown.size else starts.size - 1
    start = max(0, end - window + 1)
    end = min(starts.size - 1, max(end, start + window - 1))
    parts = [f"{side} prices, times in UTC; drag or use the slider to reach every trade"]
    if shown.size < trades.size:
        parts.append(f"{shown.size:,} of {trades.size:,} trades: the largest wins and losses and an even sample")
    if not trades.size:
        parts = ["no trades"]
    if n_elsewhere:
        parts.append(f"trades of other symbols, {n_elsewhere:,}, are not drawn")
    figure.update_layout(
        theme.layout(title, "; ".join(parts)),
        height=560,
        hovermode="closest",
        dragmode="pan",
        xaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": times,
            "range": [start - 0.5, end + 0.5],
            "nticks": 8,
            "tickangle": 0,
            "showgrid": False,
            "rangeslider": {
                "visible": True,
                "thickness": 0.09,
                "bgcolor": "#f7f8fa",
                "yaxis": {"rangemode": "auto"},
            },
        },
        yaxis={
            "title": {"text": "Price"},
            "tickformat": f".{bars.symbol.digits}f",
            "range": _price_range(bars, starts, start, end),
            "fixedrange": False,
        },
    )
    return figure


def _label(time_ns: int, *, daily: bool) -> str:
    moment = datetime.fromtimestamp(time_ns / NS_PER_SECOND, UTC)
    return moment.strftime("%d %b %Y" if daily else "%H:%M<br>%d %b %Y" if not moment.second else "%X<br>%d %b %Y")


def _is_daily(bars: Bars, starts: Ints) -> bool:
    """Whether no two candles share a calendar day, so that the date alone names them."""
    days = bars.open_time_ns[starts] // (86_400 * NS_PER_SECOND)
    return bool((days[1:] != days[:-1]).all())


def _price_range(bars: Bars, starts: Ints, start: int, end: int) -> list[float]:
    first, stop = starts[start], starts[end + 1] if end + 1 < starts.size else len(bars)
    low, high = float(bars.low[first:stop].min()), float(bars.high[first:stop].max())
    margin = (high - low) * 0.06 or abs(high) * 0.001 or 1.0
    return [low - margin, high + margin]


def _choose(trades: npt.NDArray[np.void], limit: int) -> npt.NDArray[np.void]:
    if trades.size <= limit:
        return trades
    order = np.argsort(trades["net_profit"], kind="stable")
    tail = max(limit // 10, 1)
    even = np.linspace(0, trades.size - 1, max(limit - 2 * tail, 1)).astype(np.int64)
    chosen: npt.NDArray[np.void] = trades[np.unique(np.r_[order[:tail], order[-tail:], even])]
    return chosen


def _add_lines(figure: go.Figure, trades: npt.NDArray[np.void], entry: Ints, exit_: Ints, times: list[str]) -> None:
    won = trades["net_profit"] > 0
    for mask, name, colour, dash in ((won, "win", theme.WIN, "solid"), (~won, "loss", theme.LOSS, "dot")):
        chosen = np.flatnonzero(mask)
        if not chosen.size:
            continue
        x: list[str | None] = []
        y: list[float | None] = []
        for i in chosen.tolist():
            x += [times[entry[i]], times[exit_[i]], None]
            y += [float(trades["entry_price"][i]), float(trades["exit_price"][i]), None]
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
            name=name,
            hoverinfo="skip",
        )


def _add_markers(
    figure: go.Figure,
    trades: npt.NDArray[np.void],
    entry: Ints,
    exit_: Ints,
    times: list[str],
    digits: int,
    currency: str,
) -> None:
    long = trades["direction"] > 0
    for mask, name, colour, symbol in (
        (long, "long entry", theme.LONG, "triangle-up"),
        (~long, "short entry", theme.SHORT, "triangle-down"),
    ):
        chosen = np.flatnonzero(mask)
        if chosen.size:
            _markers(
                figure,
                name,
                colour,
                symbol,
                (times[entry[i]] for i in chosen),
                trades["entry_price"][chosen],
                [
                    f"{name}<br>{_moment(t)} at {p:.{digits}f}"
                    for t, p in zip(
                        trades["entry_time_ns"][chosen].tolist(),
                        trades["entry_price"][chosen].tolist(),
                        strict=True,
                    )
                ],
            )
    won = trades["net_profit"] > 0
    for mask, name, colour, symbol in (
        (won, "exit, win", theme.WIN, "circle"),
        (~won, "exit, loss", theme.LOSS, "x"),
    ):
        chosen = np.flatnonzero(mask)
        if chosen.size:
            _markers(
                figure,
                name,
                colour,
                symbol,
                (times[exit_[i]] for i in chosen),
                trades["exit_price"][chosen],
                [_exit_text(trades[i], digits, currency) for i in chosen],
            )


def _markers(
    figure: go.Figure, name: str, colour: str, symbol: str, x: Iterable[str], y: Floats, text: list[str]
) -> None:
    figure.add_scatter(
        x=list(x),
        y=y,
        text=text,
        mode="markers",
        name=name,
        marker={
            "symbol": symbol,
            "size": 10 if "entry" in name else 8,
            "color": colour,
            "line": {"color": theme.PAPER, "width": 1},
        },
        hovertemplate="%{text}<extra></extra>",
    )


def _moment(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_SECOND, UTC).strftime("%d %b %Y %H:%M")


def _exit_text(trade: np.void, digits: int, currency: str) -> str:
    side = "long" if trade["direction"] > 0 else "short"
    reason = EXIT_REASONS.get(int(trade["exit_reason"]), "unknown").replace("_", " ")
    return (
        f"<b>{theme.number(float(trade['net_profit']), 'money', theme.plain(currency))}</b><br>"
        f"{side} {trade['units']:,.10g} units, {reason}<br>"
        f"{_moment(int(trade['entry_time_ns']))} at {trade['entry_price']:.{digits}f}<br>"
        f"{_moment(int(trade['exit_time_ns']))} at {trade['exit_price']:.{digits}f}"
    )
