"""One optimization as a single HTML file that needs nothing else: no server, no network."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import combinations
from string import Template

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from trading_ai.figures import theme
from trading_ai.figures.candles import trades_on_candles
from trading_ai.figures.distribution import objective_distribution
from trading_ai.figures.equity import Curve, equity_with_drawdown
from trading_ai.figures.grid import aggregate
from trading_ai.figures.heatmap import parameter_heatmap
from trading_ai.figures.parallel import parallel_coordinates
from trading_ai.figures.pareto import pareto_front
from trading_ai.figures.scatter import profit_against_drawdown
from trading_ai.figures.slices import parameter_slices
from trading_ai.optimization.pareto import on_front
from trading_ai.parameters import Axis, Value
from trading_ai.reports import robustness, tables
from trading_ai.reports.data import Floats, ReportData


@dataclass
class _Page:
    """Sections and figures collected for the template."""

    data: ReportData
    figures: dict[str, str] = field(default_factory=dict)
    sections: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, anchor: str, title: str, body: str, short: str = "") -> None:
        self.sections.append((anchor, title, body, short or title))

    def figure(self, figure: go.Figure) -> str:
        """Keep a figure for the script and return its place in the page, titled in HTML."""
        name = f"figure-{len(self.figures) + 1}"
        title = html.unescape(figure.layout.title.text or "")
        subtitle = html.unescape(figure.layout.title.subtitle.text or "")
        # Titles in HTML wrap on a phone and are read by screen readers; inside the plot they do neither.
        figure.update_layout(title=None, margin_t=28)
        self.figures[name] = figure.to_json()
        height = figure.layout.height or 450
        said = f"<span>{html.escape(subtitle)}</span>" if subtitle else ""
        label = html.escape(title, quote=True)
        return (
            f"<figure><figcaption><b>{html.escape(title)}</b>{said}</figcaption>"
            f'<div class="plot" id="{name}" role="img" aria-label="{label}" style="height:{height:.0f}px">'
            "</div></figure>"
        )


def render_report(data: ReportData) -> str:
    """Render the report.

    Args:
        data: what to show; texts may hold anything, they are escaped.

    Returns:
        A whole HTML document with styles, data and plotly.js inside.
    """
    page = _Page(data)
    notes = "".join(f"<li>{tables.text(note)}</li>" for note in data.notes)
    page.add(
        "best",
        "Best",
        tables.headline(data) + tables.luck(data) + (f'<ul class="notes">{notes}</ul>' if notes else ""),
    )
    if data.assessment is not None:
        shown = "".join(page.figure(figure) for figure in robustness.figures(data.assessment, data.currency))
        page.add("verdict", "Would it survive?", robustness.verdict(data.assessment) + shown, "Verdict")
    _add_figures(page)
    page.add("monthly", "Monthly returns", tables.monthly(data), "Monthly")
    page.add("trades", "Trades summary", tables.trades_summary(data), "Summary")
    page.add("search", "Search", f'<div class="search">{tables.search_summary(data)}</div>')
    page.add("settings", "Settings and data", tables.settings(data), "Settings")
    page.add("reproduce", "How to reproduce", tables.reproduce(data), "Reproduce")
    return _fill(page)


def _add_figures(page: _Page) -> None:
    """The sections made of figures, in reading order, with the ranked table among them."""
    data, objective = page.data, data_objective(page.data)
    surfaces = _surfaces(data, objective)
    if surfaces:
        page.add("parameters", "Parameters", "".join(page.figure(figure) for figure in surfaces))
    curves = [Curve("best", data.equity_time_ns, data.equity), *data.neighbours]
    page.add("equity", "Equity", page.figure(equity_with_drawdown(curves, currency=data.currency)))
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
        candles = trades_on_candles(data.bars, data.trades, currency=data.currency)
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


def _surfaces(data: ReportData, objective: Floats) -> list[go.Figure]:
    """Heat maps of the objective, or a slice for one parameter; none without a parameter that varies."""
    varied = [axis for axis in data.space.axes if len(axis.values) > 1]
    if not varied or not objective.size:
        return []
    if len(varied) == 1:
        axis = varied[0]
        columns = {axis.name: data.parameters[axis.name], "": np.zeros(objective.size, np.int64)}
        line = aggregate(columns, objective, axis.name, "", x_values=axis.values, max_values=2_000)
        only = _shown(axis, line.x_values, data.best.get(axis.name))
        return [
            parameter_slices(
                axis.name, line.x_values, line.z[0], metric=data.objective, mark=only, currency=data.currency
            )
        ]
    chosen, why = varied, ""
    if len(varied) > 3:
        influence = {axis.name: _influence(data, objective, axis) for axis in varied}
        chosen = sorted(varied, key=lambda axis: -influence[axis.name])[:2]
        chosen.sort(key=varied.index)
        why = f"the two of {len(varied)} parameters that move the objective most"
    columns = {axis.name: data.parameters[axis.name] for axis in varied}
    result = []
    for x, y in combinations(chosen, 2):
        grid = aggregate(columns, objective, x.name, y.name, x_values=x.values, y_values=y.values)
        across = _shown(x, grid.x_values, data.best.get(x.name))
        down = _shown(y, grid.y_values, data.best.get(y.name))
        result.append(
            parameter_heatmap(
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
        )
    return result


def _shown(axis: Axis, shown: Sequence[Value], value: Value | None) -> Value | None:
    """The value that labels the cell holding `value`, where neighbouring values may share a cell."""
    if value is None or value not in axis.values:
        return None
    return shown[axis.values.index(value) // -(-len(axis.values) // len(shown))]


def _influence(data: ReportData, objective: Floats, axis: Axis) -> float:
    """How far the objective's median moves along an axis: the standard deviation of its values' medians."""
    columns = {axis.name: data.parameters[axis.name], "": np.zeros(objective.size, np.int64)}
    line = aggregate(columns, objective, axis.name, "", x_values=axis.values).z[0]
    known = line[np.isfinite(line)]
    return float(known.std()) if known.size else 0.0


def _fill(page: _Page) -> str:
    data, folder = page.data, files("trading_ai.reports")
    sections = "\n".join(
        f'<section id="{anchor}" aria-labelledby="{anchor}-title"><h2 id="{anchor}-title">{title}</h2>{body}</section>'
        for anchor, title, body, _ in page.sections
    )
    facts = (
        f"{tables.text(data.strategy)} on {tables.text(data.symbol)} {tables.text(data.timeframe)}, "
        f"{tables.text(data.period[0])} to {tables.text(data.period[1])} ({data.n_bars:,} bars), "
        f"{tables.text(data.method)}, {data.n_completed:,} trials"
    )
    if data.n_failed:
        facts += f", {data.n_failed:,} failed"
    moment = data.generated_at.isoformat(sep=" ", timespec="seconds")
    return Template(folder.joinpath("template.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(data.title),
        font=theme.FONT,
        facts=facts,
        nav="".join(f'<li><a href="#{anchor}">{short}</a></li>' for anchor, _, _, short in page.sections),
        sections=sections,
        footer=f"Made {html.escape(moment)}. Results of the past say nothing certain about the future.",
        plotly=get_plotlyjs(),
        figures="{" + ",".join(f"{json.dumps(name)}:{figure}" for name, figure in page.figures.items()) + "}",
        script=folder.joinpath("report.js").read_text(encoding="utf-8"),
    )
