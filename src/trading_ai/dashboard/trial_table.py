"""The table of trials: sorted by the server, filtered by an expression, with chosen columns, any number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt

from trading_ai.documents.cursors import order_of
from trading_ai.errors import ParameterError
from trading_ai.expressions import Expression, Kind, kind_of, parse_expression
from trading_ai.figures import theme
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, METRICS
from trading_ai.metrics.names import metric_named
from trading_ai.optimization.columns import COLUMNS, Columns, objective_values
from trading_ai.optimization.paging import groups_of_metric, places_of
from trading_ai.optimization.shape import shape_columns
from trading_ai.parameters import value_text

if TYPE_CHECKING:
    from trading_ai.dashboard.sweeps import Sweep, Sweeps
    from trading_ai.optimization.ports import Store
    from trading_ai.optimization.records import OptimizationRecord, TrialPage
    from trading_ai.parameters import SearchSpace

PAGE = 25
USUAL = ("net_profit", "return_percent", "max_drawdown_percent", "profit_factor", "win_rate", "total_trades")
"""Metrics that are shown where nobody chose."""


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see of a table; all of it is part of the page's address.

    Attributes:
        sort: a metric or a parameter, with a minus sign for largest first; "" for the ranking.
        where: a condition on parameters and metrics, or "".
        columns: metrics to show; empty for the usual ones.
        offset: trials on the pages before this one.
        pins: combination indices of trials that are compared.
    """

    sort: str = ""
    where: str = ""
    columns: tuple[str, ...] = ()
    offset: int = 0
    pins: tuple[int, ...] = ()

    def shown(self, objective: str) -> tuple[str, ...]:
        """Metrics to show beside the objective."""
        wanted = [name for name in self.columns if name in METRIC_COLUMN] or [n for n in USUAL if n != objective]
        return tuple(dict.fromkeys(wanted))

    def query(self, **changed: Any) -> str:
        """The state as part of an address, with some of it changed."""
        state = {**vars(self), "offset": 0, **changed}
        pairs = [(name, each) for name in ("columns",) for each in state[name]]
        pairs += [("pin", each) for each in state["pins"]]
        pairs += [(name, state[name]) for name in ("sort", "where", "offset") if state[name]]
        return "?" + urlencode(pairs)


@dataclass(frozen=True, eq=False)
class Found:
    """A page of the table.

    Attributes:
        page: the trials, in order.
        total: trials that fulfil the condition.
        asked: what was asked for.
        beside: further columns.
    """

    page: TrialPage
    total: int
    asked: Asked
    beside: Columns


def find(store: Store, sweeps: Sweeps, record: OptimizationRecord, asked: Asked, limit: int = PAGE) -> Found:
    """The trials of a page.

    Args:
        store: holds the trials.
        sweeps: columns of all trials.
        record: whose trials.
        asked: what is wanted.
        limit: most trials.

    Raises:
        ParameterError: the condition cannot be read, or the order is of nothing that is there.
    """
    name = asked.sort.removeprefix("-")
    names = record.spec.space.names
    if name and name not in names:
        name = metric_named(name, "sort").name
    if not asked.where.strip() and name not in names:
        order = order_of(f"-{name}" if asked.sort.startswith("-") else name or None)
        found = store.page(record.optimization_id, order, limit, asked.offset)
        return Found(found.trials, found.total, asked, shape_columns(store, record, found.trials.indices))
    where = read_condition(asked.where, record.spec.space) if asked.where.strip() else None
    sweep = sweeps.of(record.optimization_id, [*(() if where is None else where.names), name])
    members = np.flatnonzero(fulfils(sweep, where))
    if name:
        column = _sortable(sweep, name)[members]
        groups, values = groups_of_metric(column, descending=asked.sort.startswith("-"))
    else:
        groups, values = sweep.ranking[0][members], sweep.ranking[1][members]
    places = places_of(groups, values, sweep.indices[members], asked.offset, limit)
    indices = sweep.indices[members[places]]
    page = store.trials_of(record.optimization_id, indices)
    return Found(page, int(members.size), asked, shape_columns(store, record, indices))


def read_condition(text: str, space: SearchSpace) -> Expression:
    """A condition on parameters and metrics.

    Raises:
        ParameterError: it cannot be read, or names something else.
    """
    condition = parse_expression(text, None, parameter="where", condition=True)
    kinds: dict[str, Kind] = {**dict.fromkeys(METRIC_NAMES, "number"), "objective": "number"}
    condition.require({**kinds, **{axis.name: kind_of(axis.values) for axis in space.axes}}, "where")
    return condition


def fulfils(sweep: Sweep, where: Expression | None) -> npt.NDArray[np.bool_]:
    """Which trials fulfil a condition, shape (n,); all of them where there is none."""
    if where is None:
        return np.ones(sweep.indices.size, dtype=np.bool_)
    held = where.evaluate({name: sweep.column(name) for name in where.names})
    return np.broadcast_to(np.asarray(held, dtype=np.bool_), sweep.indices.shape)


def _sortable(sweep: Sweep, name: str) -> npt.NDArray[np.float64]:
    column: npt.NDArray[Any] = sweep.metrics[name] if name in sweep.metrics else sweep.positions[name]
    return np.asarray(column, dtype=np.float64)  # of a parameter the place on its axis, which words have as well


def rows(record: OptimizationRecord, found: Found) -> list[dict[str, Any]]:
    """The page's rows, ready to be shown."""
    space, asked = record.spec.space, found.asked
    shown = asked.shown(str(record.spec.objective))
    values = objective_values(record, found.page, found.beside)
    made = []
    for i, index in enumerate(found.page.indices.tolist()):
        combination = space.combination(index)
        pins = tuple(p for p in asked.pins if p != index) if index in asked.pins else (*asked.pins, index)
        made.append(
            {
                "index": index,
                "place": asked.offset + i + 1,
                "parameters": [value_text(combination[name]) for name in space.names],
                "edges": edges(space, index),
                "objective": shown_value(float(values[i]), str(record.spec.objective.own)),
                "metrics": [shown_value(float(found.page.metrics[i, METRIC_COLUMN[name]]), name) for name in shown],
                "plateau": _plateau(record, found.beside, i),
                "feasible": bool(found.page.feasible[i]),
                "error": found.page.errors.get(index, ""),
                "is_pinned": index in asked.pins,
                "toggle": asked.query(pins=pins, offset=asked.offset),
            }
        )
    return made


def shown_value(value: float, name: str) -> str:
    """A metric's value in a table, whose heading has the unit."""
    text = theme.number(value, theme.metric_of(name).unit, "")
    return "\N{EN DASH}" if text == "n/a" else text.removesuffix(" %")


def _plateau(record: OptimizationRecord, beside: Mapping[str, Any], i: int) -> str:
    if "plateau" not in beside:
        return ""
    return shown_value(float(beside["plateau"][i]), str(record.spec.objective.own))


def edges(space: SearchSpace, index: int) -> list[str]:
    """Parameters whose value is the first or the last of its range: better ones may lie beyond."""
    places = space.positions(np.array([index], dtype=np.int64))
    return [
        axis.name
        for axis, place in zip(space.axes, places, strict=True)
        if len(axis.values) > 2 and int(place[0]) in {0, len(axis.values) - 1}
    ]


def headings(record: OptimizationRecord, asked: Asked, *, has_plateau: bool) -> list[dict[str, str]]:
    """Columns of the table: heading, address that sorts by it, and how it is sorted now."""
    own = str(record.spec.objective.own)
    made = [_heading("#", "", "", asked, is_first=True)]
    made += [_heading(name, name, "", asked) for name in record.spec.space.names]
    made.append(_heading(theme.label(own), own if own in METRIC_COLUMN else "", own, asked))
    made += [_heading(theme.label(name), name, name, asked) for name in asked.shown(str(record.spec.objective))]
    if has_plateau:
        made.append(_heading(COLUMNS[0].capitalize(), "", "", asked, is_first=True))
    return made


def _heading(text: str, name: str, metric: str, asked: Asked, *, is_first: bool = False) -> dict[str, str]:
    unit = {"percent": "%", "days": "days", "bars": "bars"}.get(theme.metric_of(metric).unit, "") if metric else ""
    now = "descending" if name and asked.sort == f"-{name}" else "ascending" if name and asked.sort == name else ""
    better = METRICS[METRIC_COLUMN[metric]].better if metric in METRIC_COLUMN else -1
    first = f"-{name}" if better > 0 else name
    other = name if first.startswith("-") else f"-{name}"
    target = "" if is_first and text == "#" else other if asked.sort == first else first
    can_sort = bool(name) or text == "#"
    return {"text": text, "unit": unit, "sorted": now, "sort": asked.query(sort=target) if can_sort else ""}


def compared(record: OptimizationRecord, page: TrialPage, currency: str) -> Sequence[tuple[str, list[str]]]:
    """Parameters and metrics of pinned trials, a row each; metrics that all of them lack are left out."""
    space = record.spec.space
    combinations = [space.combination(index) for index in page.indices.tolist()]
    table = [(name, [value_text(each[name]) for each in combinations]) for name in space.names]
    for column, metric in enumerate(METRICS):
        values = page.metrics[:, column].tolist()
        if any(np.isfinite(value) for value in values):
            table.append((theme.label(metric.name), [theme.number(v, metric.unit, currency) for v in values]))
    return table


def check_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Names of metrics, as they were chosen.

    Raises:
        ParameterError: one is unknown.
    """
    for name in columns:
        if name not in METRIC_COLUMN:
            raise ParameterError("is not a metric", parameter="columns", value=name)
    return tuple(columns)
