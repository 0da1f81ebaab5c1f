"""A metric over two parameters as a heat map: best cell marked, plateau outlined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from trading_ai.errors import ParameterError
from trading_ai.figures import theme
from trading_ai.figures.axes import Cells, cells, edge_note, edges
from trading_ai.figures.grid import Mask, plateau_mask
from trading_ai.figures.theme import Floats
from trading_ai.parameters import Value


def _outline(mask: Mask, across: Cells, down: Cells) -> tuple[Floats, Floats]:
    """Borders between marked and other cells as line segments separated by NaN."""
    padded = np.pad(mask, 1)
    half_x, half_y = across.step / 2, down.step / 2
    xs: list[float] = []
    ys: list[float] = []
    for row, column in np.argwhere(mask):
        x, y = across.positions[column], down.positions[row]
        left, right, low, high = x - half_x, x + half_x, y - half_y, y + half_y
        for (i, j), segment_x, segment_y in (
            ((row + 1, column), (left, left), (low, high)),
            ((row + 1, column + 2), (right, right), (low, high)),
            ((row, column + 1), (left, right), (low, low)),
            ((row + 2, column + 1), (left, right), (high, high)),
        ):
            if not padded[i, j]:
                xs += [*segment_x, np.nan]
                ys += [*segment_y, np.nan]
    return np.array(xs), np.array(ys)


def parameter_heatmap(
    x_name: str,
    x_values: Sequence[Value] | Floats,
    y_name: str,
    y_values: Sequence[Value] | Floats,
    z: Floats,
    *,
    metric: str,
    mark: tuple[Value, Value] | None = None,
    plateau: Mask | None = None,
    best_value: float | None = None,
    subtitle: str = "",
    currency: str = "",
) -> go.Figure:
    """The metric over two parameters: best cell marked, plateau outlined, missing results grey.

    Args:
        x_name: parameter along x.
        x_values: its values, ascending or in the order to show.
        y_name: parameter along y.
        y_values: its values.
        z: the metric, shape (len(y_values), len(x_values)); non-finite cells are shown as "no result".
        metric: the metric's name.
        mark: (x, y) of the best combination; the best cell of `z` if None.
        plateau: cells to outline; those of `plateau_mask` if None.
        best_value: the best combination's own value, where cells aggregate; the cell's if None.
        subtitle: what else a reader must know, such as `Grid.subtitle`.
        currency: account currency.

    Raises:
        ParameterError: z's shape does not fit the values.
    """
    across, down = cells(x_name, x_values), cells(y_name, y_values)
    z = np.where(np.isfinite(z), z, np.nan).astype(np.float64)
    if z.shape != (len(down.labels), len(across.labels)):
        raise ParameterError(
            f"must have shape ({len(down.labels)}, {len(across.labels)}): y values by x values",
            parameter="z",
            value=z.shape,
        )
    title = f"{theme.label(metric)} over {x_name} and {y_name}"
    known = np.isfinite(z)
    if not known.any():
        return go.Figure(layout=theme.empty(title, "no trial has a result"))
    kind = theme.metric_of(metric)
    scale, low, high, cut = theme.colour_scale(z, kind.better)
    constant = bool((z[known] == z[known][0]).all()) and int(known.sum()) > 1
    exact = across.numeric and down.numeric
    pairs = [[f"{x}, {y}" for x in across.labels] for y in down.labels] if not exact else None
    where = (
        f"{theme.plain(x_name)} %{{x}}, {theme.plain(y_name)} %{{y}}"
        if exact
        else (f"{theme.plain(x_name)}, {theme.plain(y_name)}: %{{text}}")
    )
    figure = go.Figure(
        go.Heatmap(
            x=across.positions,
            y=down.positions,
            z=z.astype(np.float32) if z.size > 10_000 else z,
            text=pairs,
            colorscale=scale,
            zmin=low,
            zmax=high,
            hoverongaps=False,
            xgap=1 if max(z.shape) <= 60 else 0,
            ygap=1 if max(z.shape) <= 60 else 0,
            colorbar=theme.colorbar(theme.axis_title(metric, currency)),
            showscale=not constant,  # a scale of one value would invent others beside it
            hovertemplate=f"{where}<br>{theme.label(metric)} <b>%{{z:{theme.d3_format(kind.unit)}}}</b><extra></extra>",
        )
    )
    ordered = {"x_ordered": across.ordered, "y_ordered": down.ordered}
    outlined = plateau_mask(z, kind.better, **ordered) if plateau is None else plateau & known
    shape = "3x3" if all(ordered.values()) else "three-cell"
    if outlined.any():
        x, y = _outline(outlined, across, down)
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": theme.INK, "width": 2.5},
            hoverinfo="skip",
            name=f"plateau: {shape} neighbourhood median in the top 10 %" if plateau is None else "plateau",
        )
    place = _best_cell(z, across, down, mark, kind.better)
    touched: list[str] = []
    if place is not None:
        row, column = place
        best = theme.number(float(z[row, column]) if best_value is None else best_value, kind.unit, currency)
        figure.add_scatter(
            x=[across.positions[column]],
            y=[down.positions[row]],
            mode="markers",
            marker={
                "symbol": "star",
                "size": 15,
                "color": theme.ACCENT,
                "line": {"color": theme.INK, "width": 1.5},
            },
            hoverinfo="skip",
            name=_best_label(across.name, across.labels[column], down.name, down.labels[row], best),
        )
        touched = edges((column, across), (row, down))
    if not known.all():
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"symbol": "square", "size": 12, "color": theme.NO_RESULT},
            name="no result",
        )
    alike = f"{theme.number(float(z[known][0]), kind.unit, currency)} everywhere" if constant else ""
    said = [alike, edge_note(touched) if touched and not constant else "", subtitle]
    said.append("colours end at the 1st and 99th percentile" if cut else "")
    figure.update_layout(
        theme.layout(title, "; ".join(part for part in said if part)),
        xaxis=across.axis() | {"range": _span(across)},
        yaxis=down.axis() | {"range": _span(down)},
        plot_bgcolor=theme.NO_RESULT,
        height=520,
    )
    return figure


def _best_label(x_name: str, x: str, y_name: str, y: str, best: str) -> str:
    first, second = theme.plain(f"best {best}: {x_name} {x},"), theme.plain(f"{y_name} {y}")
    # A legend entry does not wrap by itself: a long one would leave a narrow figure.
    return first + ("<br>" if len(first) + len(second) > 48 else " ") + second


def _span(axis: Cells) -> list[float]:
    return [float(axis.positions[0] - axis.step / 2), float(axis.positions[-1] + axis.step / 2)]


def _best_cell(
    z: Floats, across: Cells, down: Cells, mark: tuple[Value, Value] | None, better: int
) -> tuple[int, int] | None:
    if mark is not None:
        column, row = across.find(mark[0]), down.find(mark[1])
        return None if row is None or column is None else (row, column)
    ranked = np.where(np.isfinite(z), z * (1 if better >= 0 else -1), -np.inf)
    best_row, best_column = divmod(int(ranked.argmax()), z.shape[1])
    return best_row, best_column
