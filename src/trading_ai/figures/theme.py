"""One look for all figures: colours, fonts, axis styles and number formats.

The palette is Okabe and Ito's, which the common kinds of colour blindness can tell apart. A meaning has one
colour everywhere, and never colour alone: markers and dashes differ as well. Blue is good, orange is bad.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS, Metric

Floats = npt.NDArray[np.float64]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK, MUTED, GRID, PAPER, NO_RESULT = "#1f2933", "#5b6773", "#e6e9ee", "#ffffff", "#c3c9d1"
LONG, SHORT = "#0072B2", "#AA4499"
WIN, LOSS = "#009E73", "#D55E00"
BEST, NEIGHBOUR, ACCENT = "#0b559f", "#9aa5b1", "#E69F00"

DARK_PAPER = "#14181d"
DARK = {
    INK: "#e3e8ee", MUTED: "#9fabb7", GRID: "#2c343d", PAPER: DARK_PAPER, NO_RESULT: "#3b434c", NEIGHBOUR: "#66717d",
    BEST: "#6db3f2", LONG: "#4aa3df", SHORT: "#d17fd1", "#fff": DARK_PAPER, "#ccc": "#56606b", "#888": "#8a95a1",
    "#1f6fb2": "#5ea9e6", "#f7f8fa": "#1b2026",
    "rgba(255,255,255,0.92)": "rgba(20,24,29,0.92)",
}  # fmt: skip
"""What stands for a colour of inks, papers and thin lines on a dark page, in lower case; colours of data stay."""

BLUES = ("#e4eef8", "#c3daee", "#89bedc", "#539dcc", "#2b7bba", "#0b559f", "#08306b")
ORANGES = ("#fbeee2", "#f9d5b4", "#f4b27c", "#ea8a46", "#d55e00", "#a84a00", "#6f3000")
DIVERGING = (
    "#8f3f00",
    "#d55e00",
    "#f0a468",
    "#fae0c8",
    "#f6f6f4",
    "#d0e2f1",
    "#7fb5d8",
    "#2b7bba",
    "#08407e",
)
# For thin lines on white: no colour is pale.
LINES = ("#f0a468", "#cfc3ba", "#93bfdd", "#3d88c2", "#0b559f", "#08306b")

_LABELS = {"sqn": "SQN", "max_drawdown_percent": "Max drawdown", "max_drawdown_days": "Longest drawdown"}

_AXIS: dict[str, object] = {
    "gridcolor": GRID,
    "linecolor": NEIGHBOUR,
    "zeroline": False,
    "showline": True,
    "ticks": "outside",
    "tickcolor": NEIGHBOUR,
    "ticklen": 4,
    "separatethousands": True,
    "exponentformat": "SI",
    "minexponent": 7,
    "automargin": True,
    "title": {"standoff": 10, "font": {"size": 13, "color": MUTED}},
}
TEMPLATE: dict[str, object] = {
    "layout": {
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "colorway": [LONG, ACCENT, WIN, SHORT, LOSS, "#56B4E9", MUTED],
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hoverlabel": {
            "bgcolor": PAPER,
            "bordercolor": NEIGHBOUR,
            "font": {"family": FONT, "size": 13, "color": INK},
        },
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 12},
        },
        "title": {"x": 0, "xref": "container", "xanchor": "left", "pad": {"l": 16}, "font": {"size": 17}},
    }
}


def layout(title: str, subtitle: str = "", **more: object) -> dict[str, object]:
    """A figure's layout: the theme, a title and what is particular to the figure.

    Args:
        title: plain text; characters special to Plotly are escaped here.
        subtitle: plain text: what a reader must know to read the figure honestly.
        **more: further layout attributes.
    """
    return {
        "template": TEMPLATE,
        "title": {
            "text": plain(title),
            "subtitle": {"text": plain(subtitle), "font": {"size": 13, "color": MUTED}},
        },
        "margin": {"l": 64, "r": 24, "t": 110, "b": 56},
        "height": 480,
        **more,
    }


def empty(title: str, reason: str) -> dict[str, object]:
    """The layout of a figure that has nothing to show, and says why."""
    note = {"text": plain(reason), "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
    hidden = {"visible": False}
    return layout(title, annotations=[note | {"font": {"size": 15, "color": MUTED}}], xaxis=hidden, yaxis=hidden) | {
        "height": 240
    }


def plain(text: object) -> str:
    """Text as Plotly shows it literally: no markup, no template variables."""
    return html.escape(str(text), quote=False).replace("%{", "% {")


def metric_of(name: str) -> Metric:
    """The metric of that name; an unknown name is taken as a ratio of which more is better."""
    column = METRIC_COLUMN.get(name)
    return METRICS[column] if column is not None else Metric(name, "ratio", 1, "")


def label(name: str) -> str:
    """A metric's name as a heading: ``sharpe_ratio`` is "Sharpe ratio"; of a function, its file without folders."""
    if ".py:" in name:
        return re.sub(r"[^(]*[/\\]", "", name)
    words = _LABELS.get(name, name.removesuffix("_percent").replace("_", " "))
    return words[:1].upper() + words[1:]


def colorbar(title: str) -> dict[str, object]:
    """A colour bar with that title."""
    font = {"size": 12, "color": MUTED}
    look = {"thickness": 14, "outlinewidth": 0, "ticks": "outside", "ticklen": 3, "tickfont": {"size": 12}}
    return look | {"title": {"text": plain(title), "side": "right", "font": font}}


def axis_title(name: str, currency: str = "") -> str:
    """A metric's label with its unit, for an axis."""
    unit = {"money": currency, "percent": "%", "days": "days", "bars": "bars"}.get(metric_of(name).unit, "")
    return f"{label(name)} ({unit})" if unit else label(name)


def number(value: float, unit: str = "ratio", currency: str = "") -> str:
    """A number as people read it, with its unit; "n/a" where it is undefined.

    Args:
        value: the number.
        unit: a unit of `trading_ai.metrics.catalog`.
        currency: account currency, appended to money.
    """
    if not math.isfinite(value):
        return "n/a"
    if unit == "money":
        return f"{value:z,.2f} {currency}".rstrip()
    if unit == "percent":
        return f"{value:z,.2f} %"
    if unit == "count":
        return f"{value:,.0f}"
    if unit in {"days", "bars"}:
        return f"{value:,.1f} {unit}"
    return f"{value:z,.3f}" if abs(value) < 1e6 else f"{value:.3e}"


def d3_format(unit: str) -> str:
    """The same format in Plotly's (d3's) notation, without the unit."""
    return {"money": ",.2f", "percent": ",.2f", "count": ",.0f", "days": ",.1f", "bars": ",.1f"}.get(unit, ",.3f")


def value_text(value: object) -> str:
    """A parameter's value as users type it: true, 20, 0.5, close."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def milliseconds(time_ns: npt.NDArray[np.int64]) -> Floats:
    """Times for a Plotly date axis: milliseconds since 1970, a fifth of the size of date strings."""
    return np.asarray(time_ns, dtype=np.int64) / 1e6


def colour_scale(values: Floats, better: int) -> tuple[list[list[float | str]], float, float, bool]:
    """A colour scale for results: blue is good, orange is bad, zero is neutral where values have both signs.

    Args:
        values: results, any shape; non-finite ones are ignored.
        better: +1 if more is better, -1 if less is.

    Returns:
        The scale as ``[[fraction, colour], …]``, its lowest and highest value, and whether outliers were cut
        off: with 100 values or more, the scale ends at the 1st and 99th percentile where the extremes would
        more than double it.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return stops(BLUES), 0.0, 1.0, False
    low, high = float(finite.min()), float(finite.max())
    cut = False
    if finite.size >= 100:
        inner_low, inner_high = (float(v) for v in np.percentile(finite, [1, 99]))
        if high - low > 2 * (inner_high - inner_low) > 0:
            low, high, cut = inner_low, inner_high, True
    if low == high:
        low, high = low - 0.5, high + 0.5
        return stops(BLUES), low, high, cut
    scale: tuple[str, ...]
    if low < 0 < high:
        limit = max(-low, high)
        whole = stops(DIVERGING if better >= 0 else DIVERGING[::-1])
        # Only the part of the scale that values reach, with zero still in its neutral middle.
        scale = tuple(colour_at(whole, 0.5 + (low + i / 16 * (high - low)) / limit / 2) for i in range(17))
    elif (low >= 0) == (better >= 0):
        scale = BLUES if better >= 0 else BLUES[::-1]
    else:
        scale = ORANGES[::-1] if better >= 0 else ORANGES
    return stops(scale), low, high, cut


def stops(colours: Sequence[str]) -> list[list[float | str]]:
    """Equally spaced colours as a Plotly colour scale."""
    return [[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)]


def colour_at(scale: Sequence[Sequence[float | str]], fraction: float) -> str:
    """The colour at `fraction` (0..1, clipped) of an equally spaced scale, as ``#rrggbb``."""
    position = min(max(fraction, 0.0), 1.0) * (len(scale) - 1)
    left = min(int(position), len(scale) - 2)
    weight = position - left
    first, second = ([int(str(scale[i][1])[digit : digit + 2], 16) for digit in (1, 3, 5)] for i in (left, left + 1))
    return "#" + "".join(f"{round(a + (b - a) * weight):02x}" for a, b in zip(first, second, strict=True))


def legible(scale: Sequence[Sequence[float | str]]) -> list[list[float | str]]:
    """The same scale with its pale colours darkened, for thin lines and small points on white."""
    result: list[list[float | str]] = []
    for fraction, colour in scale:
        channels = [int(str(colour)[digit : digit + 2], 16) for digit in (1, 3, 5)]
        brightness = sum(weight * c for weight, c in zip((0.299, 0.587, 0.114), channels, strict=True))
        factor = min(1.0, 200 / brightness) if brightness else 1.0
        result.append([fraction, "#" + "".join(f"{round(c * factor):02x}" for c in channels)])
    return result


def ink_on(colour: str) -> str:
    """Black or white, whichever is legible on `colour` (``#rrggbb``)."""
    red, green, blue = (int(colour[digit : digit + 2], 16) for digit in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else PAPER
