"""A metric over two parameters as a surface in space; needs WebGL, and shows what the heat map shows without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from trading_ai.figures import theme
from trading_ai.figures.axes import Cells, cells
from trading_ai.figures.theme import Floats
from trading_ai.parameters import Value

_SCENE_AXIS = {
    "gridcolor": theme.GRID, "linecolor": theme.NEIGHBOUR, "zeroline": False, "showbackground": False,
    "color": theme.MUTED, "tickfont": {"size": 11, "color": theme.MUTED},
}  # fmt: skip


def parameter_surface(
    x_name: str,
    x_values: Sequence[Value] | Floats,
    y_name: str,
    y_values: Sequence[Value] | Floats,
    z: Floats,
    *,
    metric: str,
    mark: tuple[Value, Value] | None = None,
    subtitle: str = "",
    currency: str = "",
) -> go.Figure:
    """The metric as height and colour over two parameters, with lines of equal height on the ground.

    Args:
        x_name: parameter along x.
        x_values: its values, in the order to show.
        y_name: parameter along y.
        y_values: its values.
        z: the metric, shape (len(y_values), len(x_values)); cells that are not finite are holes.
        metric: the metric's name.
        mark: (x, y) of the best combination; the best cell of `z` if None.
        subtitle: what else a reader must know, such as `Grid.subtitle`.
        currency: account currency.
    """
    across, down = cells(x_name, x_values), cells(y_name, y_values)
    title = f"{theme.label(metric)} over {x_name} and {y_name}"
    z = np.where(np.isfinite(z), z, np.nan).astype(np.float64)
    known = np.isfinite(z)
    if not known.any():
        return go.Figure(layout=theme.empty(title, "no trial has a result"))
    kind = theme.metric_of(metric)
    scale, low, high, cut = theme.colour_scale(z, kind.better)
    texts = [
        [f"{theme.plain(x_name)} {theme.plain(x)}, {theme.plain(y_name)} {theme.plain(y)}" for x in across.labels]
        for y in down.labels
    ]
    hover = f"%{{text}}<br>{theme.label(metric)} <b>%{{z:{theme.d3_format(kind.unit)}}}</b><extra></extra>"
    figure = go.Figure(
        go.Surface(
            x=across.positions,
            y=down.positions,
            z=z.astype(np.float32) if z.size > 10_000 else z,
            text=np.array(texts, dtype=object),  # lists of lists would be written as one text each
            colorscale=scale,
            cmin=low,
            cmax=high,
            connectgaps=False,
            lighting={"ambient": 0.9, "diffuse": 0.25, "specular": 0.02},  # colours must be those of the scale
            contours={"z": {"show": True, "usecolormap": True, "project": {"z": True}, "width": 1}},
            colorbar=theme.colorbar(theme.axis_title(metric, currency)),
            hovertemplate=hover,
        )
    )
    place = _best(z, across, down, mark, kind.better)
    if place is not None and np.isfinite(z[place]):
        best = theme.number(float(z[place]), kind.unit, currency)
        figure.add_scatter3d(
            x=[across.positions[place[1]]],
            y=[down.positions[place[0]]],
            z=[z[place]],
            mode="markers",
            marker={"size": 5, "symbol": "diamond", "color": theme.ACCENT, "line": {"color": theme.INK, "width": 1}},
            name=theme.plain(f"best {best}: {x_name} {across.labels[place[1]]}, {y_name} {down.labels[place[0]]}"),
            hoverinfo="skip",
        )
    said = [subtitle, "colours end at the 1st and 99th percentile" if cut else "", "drag to turn, wheel to come near"]
    figure.update_layout(
        theme.layout(title, "; ".join(part for part in said if part)),
        scene={
            "xaxis": _axis(across),
            "yaxis": _axis(down),
            "zaxis": _SCENE_AXIS | {"title": {"text": theme.axis_title(metric, currency)}},
            "aspectmode": "manual",
            "aspectratio": {"x": 1.2, "y": 1.2, "z": 0.7},
            "camera": {"eye": {"x": -1.55, "y": -1.55, "z": 0.95}, "center": {"x": 0, "y": 0, "z": -0.18}},
        },
        height=560,
    )
    return figure


def _axis(axis: Cells) -> dict[str, object]:
    named: dict[str, object] = {k: v for k, v in axis.axis(8).items() if k != "showgrid"}
    return _SCENE_AXIS | named


def _best(
    z: Floats, across: Cells, down: Cells, mark: tuple[Value, Value] | None, better: int
) -> tuple[int, int] | None:
    if mark is not None:
        column, row = across.find(mark[0]), down.find(mark[1])
        return None if row is None or column is None else (row, column)
    ranked = np.where(np.isfinite(z), z * (1 if better >= 0 else -1), -np.inf)
    row, column = divmod(int(ranked.argmax()), z.shape[1])
    return row, column
