"""Figures over all trials of an optimization, made by the functions that make the report's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.figures.distribution import objective_distribution
from trading_ai.figures.grid import aggregate
from trading_ai.figures.heatmap import parameter_heatmap
from trading_ai.figures.importance import parameter_bars
from trading_ai.figures.parallel import parallel_coordinates
from trading_ai.figures.pareto import pareto_front
from trading_ai.figures.scatter import profit_against_drawdown
from trading_ai.figures.slices import parameter_slices
from trading_ai.figures.surface import parameter_surface
from trading_ai.optimization.objective import Objective
from trading_ai.optimization.pareto import on_front
from trading_ai.parameters import Axis, SearchSpace, Value, value_text
from trading_ai.robustness.plateau import parameter_importance

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from trading_ai.dashboard.sweeps import Sweep

How = Literal["median", "max"]


def varied_of(space: SearchSpace) -> list[Axis]:
    """The axes with more than one value."""
    return [axis for axis in space.axes if len(axis.values) > 1]


def varied(sweep: Sweep) -> list[Axis]:
    """The axes with more than one value."""
    return varied_of(sweep.record.spec.space)


def importance(sweep: Sweep) -> npt.NDArray[np.float64]:
    """How much of the differences each varied parameter explains alone, NaN where nothing is known."""
    return _importance(sweep)[0]


def _importance(sweep: Sweep) -> tuple[npt.NDArray[np.float64], float, bool]:
    axes = varied(sweep)
    scores = np.where(sweep.feasible, sweep.scores, np.nan)
    if not axes or not np.isfinite(scores).any():
        return np.full(len(axes), np.nan), 0.0, False
    places = np.stack([sweep.positions[axis.name] for axis in axes], axis=1)
    found = parameter_importance(places, np.where(np.isfinite(scores), scores, np.nan))
    return found.main_effect, found.interaction, found.covers_grid


def chosen_axes(sweep: Sweep, x: str, y: str) -> tuple[str, str]:
    """The parameters to lie on the axes: those asked for, else the two that move the objective most."""
    names = [axis.name for axis in varied(sweep)]
    shares = np.nan_to_num(importance(sweep), nan=0.0)
    by_share = [names[i] for i in np.argsort(-shares, kind="stable")]
    first = x if x in names else next((n for n in sorted(by_share[:2], key=names.index) if n != y), "")
    second = y if y in names and y != first else next((n for n in by_share if n != first), "")
    return first, second


def value_map(
    sweep: Sweep,
    x: str,
    y: str,
    *,
    metric: str,
    how: str,
    fixed: Mapping[str, str],
    currency: str,
    in_space: bool = False,
) -> go.Figure:
    """The objective or a metric over two parameters; the others are held, or every value of them counts.

    Args:
        sweep: the trials, with that metric.
        x: parameter along x, or "" for the one that matters most.
        y: parameter along y, or "" likewise.
        metric: what is shown; "objective" for what is ranked by.
        how: median or max, of the trials that share a cell.
        fixed: the text of the value that a parameter is held at, by name.
        currency: account currency.
        in_space: as a surface in space and not as a map; of one parameter alone a line either way.

    Raises:
        ParameterError: a parameter does not have that value.
    """
    objective = str(sweep.record.spec.objective.own)
    shown = objective if metric in {"", "objective"} else metric
    values = sweep.objective if shown == objective else sweep.column(metric)
    values = np.where(sweep.feasible, values, np.nan)
    mask = np.ones(values.size, dtype=np.bool_)
    held: dict[str, str] = {}
    first, second = chosen_axes(sweep, x, y)
    for name, text in fixed.items():
        if text and name not in {first, second} and name in sweep.positions:
            mask &= sweep.positions[name] == _place(sweep.axis(name), text)
            held[name] = text
    best = sweep.record.best_index
    combination = {} if best is None else sweep.record.spec.space.combination(best)
    is_shown = all(value_text(combination[name]) == text for name, text in held.items() if name in combination)
    columns = {axis.name: sweep.parameter(axis.name)[mask] for axis in varied(sweep) if axis.name not in held}
    said = ", ".join(f"{name} {text}" for name, text in held.items())
    if not second:
        if not first:
            return parameter_bars([], np.empty(0), 0.0, metric=shown, exact=False)
        columns[""] = np.zeros(int(mask.sum()), np.int64)
        line = aggregate(columns, values[mask], first, "", x_values=sweep.axis(first).values, max_values=2_000)
        return parameter_slices(first, line.x_values, line.z[0], metric=shown, currency=currency)
    across, down = sweep.axis(first), sweep.axis(second)
    kind = cast("How", how if how in {"median", "max"} else "median")
    grid = aggregate(columns, values[mask], first, second, kind, x_values=across.values, y_values=down.values)
    mark = None
    if combination and is_shown and shown == objective:
        mark = (_label(across, grid.x_values, combination[first]), _label(down, grid.y_values, combination[second]))
    known = None if best is None or sweep.record.best_score is None else sweep.record.spec.objective
    where = (first, grid.x_values, second, grid.y_values, grid.z)
    subtitle = "; ".join(part for part in (f"at {said}" if said else "", grid.subtitle) if part)
    if in_space:
        made = parameter_surface(*where, metric=shown, mark=mark, subtitle=subtitle, currency=currency)
    else:
        value = known.value(sweep.record.best_score or 0.0) if known is not None and mark is not None else None
        made = parameter_heatmap(
            *where, metric=shown, mark=mark, best_value=value, subtitle=subtitle, currency=currency
        )
    return made.update_layout(meta={"axes": [first, second]})


def _label(axis: Axis, shown: tuple[Value, ...], value: Value) -> Value:
    """The value that labels the cell that holds one, where neighbours share a cell."""
    return shown[axis.values.index(value) // -(-len(axis.values) // len(shown))]


def _place(axis: Axis, text: str) -> int:
    for i, value in enumerate(axis.values):
        if value_text(value) == text:
            return i
    raise ParameterError("does not have that value", parameter=axis.name, value=text, own=True)


def importance_bars(sweep: Sweep) -> go.Figure:
    """What moves the objective."""
    share, interaction, exact = _importance(sweep)
    names = [axis.name for axis in varied(sweep)]
    return parameter_bars(names, share, interaction, metric=str(sweep.record.spec.objective.own), exact=exact)


def distribution(sweep: Sweep, currency: str) -> go.Figure:
    """How the objective is spread."""
    best = sweep.best
    return objective_distribution(
        sweep.objective,
        metric=str(sweep.record.spec.objective.own),
        best=None if best is None else float(sweep.objective[best]),
        net_profit=sweep.metrics["net_profit"],
        currency=currency,
    )


def risk(sweep: Sweep, currency: str) -> go.Figure:
    """Profit against drawdown."""
    columns = (sweep.metrics[name] for name in ("net_profit", "max_drawdown", "total_trades"))
    return profit_against_drawdown(*columns, best=sweep.best, currency=currency)


def lines(sweep: Sweep, currency: str, chosen: npt.NDArray[np.bool_] | None = None) -> go.Figure:
    """Trials as lines through the axes of their parameters; those that fulfil a condition before the others."""
    columns = {axis.name: sweep.parameter(axis.name) for axis in varied(sweep)}
    metric = str(sweep.record.spec.objective.own)
    best = sweep.best if chosen is None or (sweep.best is not None and chosen[sweep.best]) else None
    return parallel_coordinates(columns, sweep.objective, metric=metric, best=best, currency=currency, chosen=chosen)


def front(sweep: Sweep, currency: str) -> go.Figure:
    """The Pareto front.

    Raises:
        ParameterError: there is one objective.
    """
    objectives: tuple[Objective, ...] = (sweep.record.spec.objective.own, *sweep.record.spec.more_objectives)
    if len(objectives) < 2:
        raise ParameterError("needs several objectives", parameter="pareto")
    names = [str(objective) for objective in objectives]
    values = [sweep.objective, *(sweep.column(name) for name in names[1:])]
    values = [np.where(sweep.feasible, column, np.nan) for column in values]
    scores = np.stack([column * o.better for column, o in zip(values, objectives, strict=True)], axis=1)
    return pareto_front(
        values, names, [o.better for o in objectives], on_front(scores), best=sweep.best, currency=currency
    )
