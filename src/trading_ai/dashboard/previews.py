"""What files of other platforms hold, shown before anything of them is kept: backtests' reports, optimizations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi import APIRouter, Request, Response

from trading_ai.api.context import context_of
from trading_ai.api.imports import ReportOptions
from trading_ai.api.uploads import Reports, saved
from trading_ai.dashboard.pages import PageRoute, Runner, render
from trading_ai.dashboard.wording import price, units
from trading_ai.documents.forms import finite, iso_ns
from trading_ai.documents.imports import figures_json
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.metrics.listed import figures_of

if TYPE_CHECKING:
    from trading_ai.importers.trades.read import ImportedTrades
    from trading_ai.optimization.passes import PassList
    from trading_ai.optimization.records import DatasetRecord

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_ROWS = 4
_BEST = 6
_SUMMARY = (
    "net_profit", "total_trades", "win_rate", "profit_factor", "max_balance_drawdown", "max_balance_drawdown_percent",
)  # fmt: skip
_JUDGED = (
    ("above_mean", "Best above the mean pass", "standard deviations of the passes"),
    ("expected_above_mean", "The same without any skill", "expected of the best of so many"),
    ("best_neighbours", "Median of the best's neighbours", "fitness"),
    ("forward_correlation", "Fitness and forward result", "rank correlation, -1 to 1"),
    ("annual_sharpe", "Annual Sharpe ratio of the best", "of daily profits"),
    ("deflated_sharpe", "Deflated Sharpe ratio", "probability, 0 to 1"),
    ("overfitting_probability", "Probability of overfitting", "0 to 1"),
)


@router.post("/do/look/backtests/import")
def look_at_reports(request: Request, _: Runner, file: Reports, options: ReportOptions) -> Response:
    """What reports of backtests hold; nothing is kept."""
    from trading_ai.importers.trades.importing import read_reports  # noqa: PLC0415 - polars takes 0.2 s

    context = context_of(request)
    with saved(file, context.application.settings.max_upload_bytes) as paths:
        found = [_report(item, dataset) for item, dataset in read_reports(context.backtests, paths, options)]
    return render(request, "data_reports.html", found=found, units=units, price=lambda given: price(given, None))


def _report(item: ImportedTrades, dataset: DatasetRecord | None) -> dict[str, Any]:
    from trading_ai.optimization.imports import with_profits  # noqa: PLC0415 - with it comes compiled code

    told, listed = item.trades, with_profits(item.trades)
    n = len(listed)
    places = [*range(min(_ROWS, n)), *range(max(n - _ROWS, _ROWS), n)]
    figures = figures_of(listed, told.capital)
    return {
        "item": item,
        "trades": told,
        "n": n,
        "n_first": min(_ROWS, n),
        "period": [iso_ns(int(listed["entry_time_ns"].min())), iso_ns(int(listed["exit_time_ns"].max()))] if n else [],
        "rows": [_listed_row(listed[place]) for place in places],
        "summary": [(name, figures[name]) for name in _SUMMARY if name in figures],
        "n_with_levels": int((np.isfinite(listed["stop_loss"]) | np.isfinite(listed["take_profit"])).sum()),
        "figures": figures_json(item.figures),
        "n_equal": sum(figure.status in {"equal", "rounding", "explained"} for figure in item.figures),
        "dataset": dataset,
    }


def _listed_row(trade: np.void) -> dict[str, Any]:
    numbers = ("units", "entry_price", "exit_price", "stop_loss", "take_profit", "net_profit")
    return {
        "is_long": bool(trade["direction"] > 0),
        "entry": iso_ns(int(trade["entry_time_ns"])),
        "exit": iso_ns(int(trade["exit_time_ns"])),
        "reason": EXIT_REASONS.get(int(trade["exit_reason"]), "").replace("_", " "),
        **{name: finite(float(trade[name])) for name in numbers},
    }


@router.post("/do/look/optimize/import")
def look_at_passes(request: Request, _: Runner, file: Reports) -> Response:
    """What optimizations of other platforms hold; nothing is kept."""
    from trading_ai.importers.passes.read import read_passes  # noqa: PLC0415 - polars takes 0.2 s

    with saved(file, context_of(request).application.settings.max_upload_bytes) as paths:
        found = [_passes(passes) for passes in read_passes(paths)]
    return render(request, "data_passes.html", found=found)


def _passes(passes: PassList) -> dict[str, Any]:
    from trading_ai.optimization.passes import judge_passes  # noqa: PLC0415 - takes a second

    judged = judge_passes(passes)
    order = np.argsort(-np.nan_to_num(passes.fitness, nan=-np.inf), kind="stable")[:_BEST].tolist()
    shown = [name for name in METRIC_NAMES if name in passes.metrics][:6]
    return {
        "passes": passes,
        "judged": judged,
        "told": [(words, getattr(judged, name), meaning) for name, words, meaning in _JUDGED],
        "metrics": shown,
        "rows": [_pass_row(passes, row, shown) for row in order],
        "first_rows": [_pass_row(passes, row, shown) for row in range(min(_ROWS, len(passes.values)))],
        "values": {name: _spread(passes, column) for column, name in enumerate(passes.names)},
        "importance": sorted(judged.importance.items(), key=lambda pair: -np.nan_to_num(pair[1])),
    }


def _pass_row(passes: PassList, row: int, shown: list[str]) -> Mapping[str, Any]:
    return {
        "number": row + 1,
        "values": passes.values[row],
        "fitness": finite(float(passes.fitness[row])),
        "metrics": [finite(float(passes.metrics[name][row])) for name in shown],
    }


def _spread(passes: PassList, column: int) -> tuple[int, list[Any]]:
    """How many values a parameter takes, and the first and the last of them where they are numbers."""
    values = {row[column] for row in passes.values}
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(values), [min(numbers), max(numbers)] if len(numbers) == len(values) else []
