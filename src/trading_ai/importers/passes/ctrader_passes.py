"""cTrader's optimization results: the result JSON, and the folder with a report for each pass."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading_ai.importers.passes.found import make_passes
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades
from trading_ai.importers.trades.json_values import mapping, maybe, objects, parameter, text, wrong
from trading_ai.metrics.listed import figures_of
from trading_ai.optimization.passes import DailyProfits, PassList
from trading_ai.parameters import Value

_FIGURES = {
    "netProfit": "net_profit", "grossProfit": "gross_profit", "trades": "total_trades", "profitFactor": "profit_factor",
    "averageTrade": "expectancy", "equity": "final_equity", "maxEquityDrawdown": "max_drawdown",
    "maxEquityDrawdownAbsolute": "max_drawdown", "maxBalanceDrawdown": "max_balance_drawdown",
    "maxBalanceDrawdownAbsolute": "max_balance_drawdown",
}  # fmt: skip
_FRACTIONS = {
    "maxEquityDrawdownPercent": "max_drawdown_percent", "maxEquityDrawdownPercentages": "max_drawdown_percent",
    "maxBalanceDrawdownPercent": "max_balance_drawdown_percent",
    "maxBalanceDrawdownPercentages": "max_balance_drawdown_percent",
}  # fmt: skip
# What a criterion is called in the settings: its key in a pass.
_CRITERIA = {
    "netprofit": ("netProfit",), "profitfactor": ("profitFactor",), "winningtrades": ("winningTrades",),
    "losingtrades": ("losingTrades",), "totaltrades": ("trades",), "averagetrade": ("averageTrade",),
    "maxequitydrawdownpercentages": ("maxEquityDrawdownPercent", "maxEquityDrawdownPercentages"),
    "maxequitydrawdownpercent": ("maxEquityDrawdownPercent", "maxEquityDrawdownPercentages"),
    "maxbalancedrawdownpercentages": ("maxBalanceDrawdownPercent", "maxBalanceDrawdownPercentages"),
    "maxbalancedrawdownpercent": ("maxBalanceDrawdownPercent", "maxBalanceDrawdownPercentages"),
    "maxequitydrawdown": ("maxEquityDrawdown", "maxEquityDrawdownAbsolute"),
    "maxbalancedrawdown": ("maxBalanceDrawdown", "maxBalanceDrawdownAbsolute"),
}  # fmt: skip
_USUAL = (("netprofit", True), ("winningtrades", True), ("maxequitydrawdownpercent", False))
_NS_PER_DAY = 86_400 * 10**9


def recognises(document: Document) -> bool:
    """Whether a document is a result of cTrader's optimization."""
    return isinstance(mapping(mapping(document.data).get("results")).get("passes"), list)


def read(document: Document) -> PassList:
    """Read cTrader's result JSON; its fitness is made again and compared.

    Raises:
        DataError: a field is damaged.
    """
    data = mapping(document.data)
    passes = objects(document, mapping(data["results"])["passes"], "results.passes")
    settings = objects(document, data.get("parameters") or [], "parameters")
    fixed = {text(s, "name"): parameter(s.get("value")) for s in settings if not s.get("optimize")}
    searched = [text(s, "name") for s in settings if s.get("optimize")]
    criteria = _criteria(document, data)
    parameters: list[dict[str, Value]] = []
    metrics: list[dict[str, float]] = []
    fitness: list[float] = []
    own: list[float] = []
    n_failed = 0
    for i, item in enumerate(passes):
        path = f"results.passes[{i}]"
        if text(item, "status").lower() in {"failed", "cancelled", "canceled", "error"}:
            n_failed += 1
            continue
        parameters.append(_parameters(document, item, searched, path))
        metrics.append(_metrics(document, item, path))
        fitness.append(maybe(document, item, "fitness", path))
        own.append(ctrader_fitness([(maybe_any(document, item, _CRITERIA[name], path), m) for name, m in criteria]))
    given, made = np.array(fitness), np.array(own)
    with np.errstate(invalid="ignore"):
        same = np.abs(given - made) <= 1e-9 * np.maximum(1.0, np.abs(given))
    n_known = int((~np.isnan(given) & ~np.isnan(made)).sum())
    notes = [
        f"the fitness, {_formula(criteria)}, was made again for {n_known:,} passes and is the same to 1e-9 for "
        f"{int(same.sum()):,}",
        "the file holds no daily profits and no trades of the passes",
    ]
    if n_failed:
        notes.append(f"{n_failed:,} passes failed or were cancelled and are left out")
    main = mapping(data.get("backtestingSettings"))
    capital = maybe(document, main, "startingCapital", "backtestingSettings")
    return make_passes(
        origin="ctrader_optimization", source=document.source, parameters=parameters, metrics=metrics, fitness=fitness,
        fitness_name="fitness", strategy=text(data, "cBotName"), symbol=text(data, "symbol"), fixed=fixed,
        capital=None if math.isnan(capital) else capital, notes=tuple(notes),
    )  # fmt: skip


def ctrader_fitness(criteria: Sequence[tuple[float, bool]]) -> float:
    """CTrader's fitness of several criteria.

    ``sign x |product of those to maximize| / (1 + |product of those to minimize|)``, percentages as fractions; the
    product of none is 1 above and 0 below. Source: the platform's published pseudo-code; with net profit, winning
    trades and the equity's drawdown it is ``net profit x winning trades / (1 + drawdown)``.

    Args:
        criteria: value of each and whether more of it is better.

    Returns:
        The fitness; NaN where a value is. Its sign is that of a value to maximize that is negative.
    """
    most = [value for value, is_most in criteria if is_most]
    least = [value for value, is_most in criteria if not is_most]
    above = abs(math.prod(most))
    below = 1.0 + (abs(math.prod(least)) if least else 0.0)
    sign = -1.0 if any(value < 0.0 for value in most) else 1.0
    return sign * above / below


def _criteria(document: Document, data: Mapping[str, Any]) -> list[tuple[str, bool]]:
    given = mapping(data.get("criteria")).get("standard")
    found = []
    for i, item in enumerate(objects(document, given, "criteria.standard") if given else []):
        name = text(item, "criterion").lower()
        if name not in _CRITERIA:
            raise wrong(document, f"criteria.standard[{i}].criterion", item.get("criterion"), "is no criterion")
        found.append((name, text(item, "extremum").lower().startswith("max")))
    return found or list(_USUAL)


def _formula(criteria: Sequence[tuple[str, bool]]) -> str:
    most = " x ".join(_CRITERIA[name][0] for name, is_most in criteria if is_most) or "1"
    least = " x ".join(_CRITERIA[name][0] for name, is_most in criteria if not is_most)
    return f"{most} / (1 + {least})" if least else most


def maybe_any(document: Document, item: Mapping[str, Any], keys: Sequence[str], path: str) -> float:
    """The first of some fields that is there, or NaN."""
    return next((maybe(document, item, key, path) for key in keys if item.get(key) is not None), math.nan)


def _parameters(document: Document, item: Mapping[str, Any], searched: Sequence[str], path: str) -> dict[str, Value]:
    given = item.get("parameters")
    if isinstance(given, list):
        rows = objects(document, given, f"{path}.parameters")
        every = {text(row, "name") or text(row, "propertyName"): parameter(row.get("value")) for row in rows}
    elif isinstance(given, dict):
        every = {name: parameter(value) for name, value in given.items()}
    else:
        raise wrong(document, f"{path}.parameters", given, "is missing: without them a pass is none")
    return {name: every[name] for name in searched if name in every} if searched else every


def _metrics(document: Document, item: Mapping[str, Any], path: str) -> dict[str, float]:
    found = {}
    for key, name in _FIGURES.items():
        value = maybe(document, item, key, path)
        if not math.isnan(value):
            found[name] = value
    for key, name in _FRACTIONS.items():
        value = maybe(document, item, key, path)
        if not math.isnan(value):
            found[name] = 100.0 * value
    won, trades = maybe(document, item, "winningTrades", path), found.get("total_trades", 0.0)
    if trades and not math.isnan(won):
        found["win_rate"] = 100.0 * won / trades
    return found


def of_reports(reports: Sequence[FoundTrades], source: str) -> PassList:
    """An optimization of a folder with a report for each pass: the trades of every pass are known.

    Args:
        reports: the reports, each with its parameters.
        source: the folder.

    Raises:
        DataError: they are not of one robot, or name other parameters.
    """
    for report in reports:
        if report.strategy != reports[0].strategy or set(report.symbols) - set(reports[0].symbols) - {""}:
            raise report.document.refuse(
                "is a report of another robot or symbol than the first", value=report.strategy,
                remedy="Import the passes of one optimization, or the reports as backtests",
            )  # fmt: skip
    moving = [
        name for name in reports[0].parameters if len({str(report.parameters.get(name)) for report in reports}) > 1
    ]
    days = [report.trades["exit_time_ns"] // _NS_PER_DAY for report in reports]
    every = np.unique(np.concatenate(days)) if days else np.empty(0, np.int64)
    profits = np.zeros((len(reports), len(every)), np.float32)
    for row, (report, numbers) in enumerate(zip(reports, days, strict=True)):
        places = np.searchsorted(every, numbers)
        profits[row] = np.bincount(places, report.trades["net_profit"], len(every)).astype(np.float32)
    metrics = [{**figures_of(report.trades, report.capital), **report.summary} for report in reports]
    fitness = []
    for report, told in zip(reports, metrics, strict=True):
        won = round(told.get("win_rate", 0.0) * len(report.trades) / 100.0)
        fall = told.get("max_drawdown_percent", math.nan) / 100.0
        fitness.append(ctrader_fitness([(told.get("net_profit", math.nan), True), (float(won), True), (fall, False)]))
    fixed = {name: value for name, value in reports[0].parameters.items() if name not in moving}
    return make_passes(
        origin="ctrader_pass_folder", source=source,
        parameters=[{name: r.parameters[name] for name in moving if name in r.parameters} for r in reports],
        metrics=metrics, fitness=fitness, fitness_name="netProfit x winningTrades / (1 + maxEquityDrawdownPercent)",
        strategy=reports[0].strategy, symbol=next((s for s in reports[0].symbols if s), ""),
        timeframe=reports[0].timeframe, capital=reports[0].capital, fixed=fixed, daily=DailyProfits(every, profits),
        notes=("the fitness is the platform's usual one, made of the reports: a folder does not hold it",
               "a day's profit is that of the trades closed on it (UTC)"),
    )  # fmt: skip
