"""One optimization as a single HTML file that needs nothing else: no server, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import plotly.graph_objects as go

from trading_ai.figures.candles import trades_on_candles
from trading_ai.figures.distribution import objective_distribution
from trading_ai.figures.equity import Curve, equity_of_several, equity_with_drawdown
from trading_ai.figures.grid import Column, aggregate, influence
from trading_ai.figures.heatmap import parameter_heatmap
from trading_ai.figures.parallel import parallel_coordinates
from trading_ai.figures.pareto import pareto_front
from trading_ai.figures.rolling import rolling_sharpe
from trading_ai.figures.scatter import profit_against_drawdown
from trading_ai.figures.slices import parameter_slices
from trading_ai.figures.trades import excursions, profit_of_trades
from trading_ai.optimization.pareto import on_front
from trading_ai.parameters import Axis, Value
from trading_ai.reports import robustness, tables
from trading_ai.reports.data import Floats, ReportData
from trading_ai.reports.page import Page

MOST_AXES = 6
"""Parameters of which every pair has a heat map; of more, those that move the objective most."""


def render_report(data: ReportData, *, short: bool = False) -> str:
    """Render the report.

    Args:
        data: what to show; texts may hold anything, they are escaped.
        short: only what one would show to somebody: result, verdict, equity, settings, how to reproduce.

    Returns:
        A whole HTML document with styles, data and plotly.js inside.
    """
    page = Page()
    notes = "".join(f"<li>{tables.text(note)}</li>" for note in data.notes)
    page.add(
        "best",
        "Best",
        tables.headline(data) + tables.luck(data) + (f'<ul class="notes">{notes}</ul>' if notes else ""),
    )
    if data.assessment is not None:
        judged = robustness.verdict(data.assessment)
        if not short:
            judged += "".join(map(page.figure, robustness.figures(data.assessment, data.currency)))
        page.add("verdict", "Would it survive?", judged, "Verdict")
    if short:
        page.add("equity", "Equity", _equity(page, data))
    else:
        _add_figures(page, data)
        page.add("monthly", "Monthly returns", tables.monthly(data), "Monthly")
        page.add("trades", "Trades of the best", _trades(page, data), "Trades")
    page.add("search", "Search", f'<div class="search">{tables.search_summary(data)}</div>')
    page.add("settings", "Settings and data", tables.settings(data), "Settings")
    page.add("reproduce", "How to reproduce", tables.reproduce(data), "Reproduce")
    return page.rendered(data.title, _facts(data), data.generated_at)


def _equity(page: Page, data: ReportData) -> str:
    curves = [Curve("best", data.equity_time_ns, data.equity), *data.neighbours]
    return page.figure(equity_with_drawdown(curves, benchmark=data.benchmark, currency=data.currency))


def _trades(page: Page, data: ReportData) -> str:
    summary = tables.trades_summary(data)
    if not data.trades.size:
        return summary
    made = profit_of_trades(data.trades["net_profit"], currency=data.currency)
    went = excursions(data.trades, currency=data.currency)
    return f'{summary}<div class="pair">{page.figure(made)}{page.figure(went)}</div>'


def _facts(data: ReportData) -> str:
    facts = (
        f"{tables.text(data.strategy)} on {tables.text(data.symbol)} {tables.text(data.timeframe)}, "
        f"{tables.text(data.period[0])} to {tables.text(data.period[1])} ({data.n_bars:,} bars), "
        f"{tables.text(data.method)}, {data.n_completed:,} trials"
    )
    return facts + (f", {data.n_failed:,} failed" if data.n_failed else "")


def _add_figures(page: Page, data: ReportData) -> None:
    """The sections made of figures, in reading order, with the ranked table among them."""
    objective = data_objective(data)
    surfaces = _surfaces(data, objective)
    if surfaces:
        page.add("parameters", "Parameters", page.one_of(surfaces, "Parameters on the axes"))
    equity = _equity(page, data)
    if len(data.ranked_curves) > 1:
        equity += page.figure(equity_of_several(data.ranked_curves, currency=data.currency))
    equity += tables.drawdowns(data)
    if data.day_numbers.size:
        equity += page.figure(
            rolling_sharpe(data.day_numbers, data.daily_profit, capital=data.capital, days_per_year=data.days_per_year)
        )
    page.add("equity", "Equity", equity)
    distribution = objective_distribution(
        objective,
        metric=data.objective,
        best=data.best_metric(data.objective) if data.winner is not None else None,
        net_profit=data.metric("net_profit"),
        currency=data.currency,
    )
    risk = profit_against_drawdown(
        data.metric("net_profit"),
        data.metric("max_drawdown"),
        data.metric("total_trades"),
        best=data.winner,
        currency=data.currency,
    )
    if len(data.objectives) > 1 and data.ranking.size:
        page.add("pareto", "Pareto front", page.figure(_front(data)), "Pareto")
    page.add("trials", "All trials", f'<div class="pair">{page.figure(distribution)}{page.figure(risk)}</div>')
    if data.space.axes:
        varied = {axis.name: data.parameters[axis.name] for axis in data.space.axes}
        parallel = parallel_coordinates(
            varied, objective, metric=data.objective, best=data.winner, currency=data.currency
        )
        page.add("parallel", "Parallel coordinates", page.figure(parallel), "Parallel")
    page.add(
        "top",
        f"Top {min(tables.TOP, data.ranking.size)}",
        f'<div class="ranked">{tables.top_trials(data)}</div>',
    )
    if data.bars is not None:
        candles = trades_on_candles(data.bars, data.trades, currency=data.currency, side=data.price_side)
        page.add("candles", "Trades on candles", page.figure(candles), "Candles")


def _front(data: ReportData) -> go.Figure:
    """The front of the objectives among the trials that rank."""
    names = tuple(map(str, data.objectives))
    scores = np.stack([objective.scores(data.metrics) for objective in data.objectives], axis=1)
    ranks = np.zeros(scores.shape[0], dtype=np.bool_)
    ranks[data.ranking] = True
    values = [np.where(ranks, data.metric(name), np.nan) for name in names]
    front = on_front(np.where(ranks[:, None], scores, np.nan))
    return pareto_front(
        values,
        names,
        [objective.better for objective in data.objectives],
        front,
        best=data.winner,
        currency=data.currency,
    )


def data_objective(data: ReportData) -> Floats:
    """The objective of every trial; infinities count as undefined, shape (m,)."""
    values = data.metric(data.objective)
    return np.where(np.isfinite(values), values, np.nan)


def _surfaces(data: ReportData, objective: Floats) -> list[tuple[str, go.Figure]]:
    """Heat maps of the objective by pair of parameters, or a slice for one; none without a parameter that varies.

    The pair that moves the objective most comes first.
    """
    varied = [axis for axis in data.space.axes if len(axis.values) > 1]
    if not varied or not objective.size:
        return []
    if len(varied) == 1:
        axis = varied[0]
        columns = {axis.name: data.parameters[axis.name], "": np.zeros(objective.size, np.int64)}
        line = aggregate(columns, objective, axis.name, "", x_values=axis.values, max_values=2_000)
        only = _shown(axis, line.x_values, data.best.get(axis.name))
        slices = parameter_slices(
            axis.name, line.x_values, line.z[0], metric=data.objective, mark=only, currency=data.currency
        )
        return [(axis.name, slices)]
    moved = {axis.name: influence(data.parameters[axis.name], objective, axis) for axis in varied}
    chosen = sorted(varied, key=lambda axis: -moved[axis.name])[:MOST_AXES]
    chosen.sort(key=varied.index)
    pairs = sorted(combinations(chosen, 2), key=lambda pair: -(moved[pair[0].name] + moved[pair[1].name]))
    why = f"the two of {len(varied)} parameters that move the objective most" if len(varied) > 2 else ""
    columns = {axis.name: data.parameters[axis.name] for axis in varied}
    return [
        (f"{x.name} and {y.name}", _surface(data, objective, columns, x, y, "" if k else why))
        for k, (x, y) in enumerate(pairs)
    ]


def _surface(
    data: ReportData, objective: Floats, columns: Mapping[str, Column], x: Axis, y: Axis, why: str
) -> go.Figure:
    grid = aggregate(columns, objective, x.name, y.name, x_values=x.values, y_values=y.values)
    across = _shown(x, grid.x_values, data.best.get(x.name))
    down = _shown(y, grid.y_values, data.best.get(y.name))
    return parameter_heatmap(
        x.name,
        grid.x_values,
        y.name,
        grid.y_values,
        grid.z,
        metric=data.objective,
        mark=None if across is None or down is None else (across, down),
        best_value=data.best_metric(data.objective) if data.winner is not None else None,
        subtitle="; ".join(part for part in (why, grid.subtitle) if part),
        currency=data.currency,
    )


def _shown(axis: Axis, shown: Sequence[Value], value: Value | None) -> Value | None:
    """The value that labels the cell holding `value`, where neighbouring values may share a cell."""
    if value is None or value not in axis.values:
        return None
    return shown[axis.values.index(value) // -(-len(axis.values) // len(shown))]
