"""MetaTrader 5's optimization results (XML for Excel), of the optimization and of its forward period."""

from __future__ import annotations

import math
import re

import numpy as np

from trading_ai.importers.passes.found import make_passes
from trading_ai.importers.trades.cells import cell, plain
from trading_ai.importers.trades.document import Document
from trading_ai.optimization.passes import PassList
from trading_ai.parameters import Value, parse_value

_COLUMNS = {
    "profit": "net_profit", "expectedpayoff": "expectancy", "profitfactor": "profit_factor",
    "recoveryfactor": "recovery_factor", "equityddpercent": "max_drawdown_percent", "trades": "total_trades",
}  # fmt: skip
_OWN = {"pass", "result", "forwardresult", "backresult", "sharperatio", "custom", *_COLUMNS}
_TITLE = re.compile(r"^(?P<robot>.*?)\s+(?P<symbol>[^\s,]+),(?P<timeframe>\w+)\s+(?P<period>\S.*)$")


def recognises(document: Document) -> bool:
    """Whether a document is MetaTrader 5's table of passes."""
    if document.kind not in {"sheet", "text"} or not document.rows:
        return False
    heads = [plain(text) for text in document.rows[0]]
    return heads[:1] == ["pass"] and bool({"result", "forwardresult"} & set(heads)) and "trades" in heads


def read(document: Document) -> PassList:
    """Read MetaTrader 5's passes.

    Raises:
        DataError: a cell is damaged.
    """
    heads = [plain(text) for text in document.rows[0]]
    inputs = [i for i, head in enumerate(heads) if head not in _OWN and document.rows[0][i]]
    figures = {i: _COLUMNS[head] for i, head in enumerate(heads) if head in _COLUMNS}
    results = {head: i for i, head in enumerate(heads)}
    is_forward = "forwardresult" in results
    fitness_at = results["backresult"] if is_forward and "backresult" in results else results.get("result")
    parameters: list[dict[str, Value]] = []
    metrics: list[dict[str, float]] = []
    fitness, forward = [], []
    for row in range(1, len(document.rows)):
        cells = document.rows[row]
        if len(cells) < len(heads):
            raise document.refuse(
                f"has {len(cells)} cells where the header has {len(heads)}", row=row, value=" ".join(cells)[:100],
                remedy="Export it again; it is cut off, or was changed",
            )  # fmt: skip
        parameters.append({document.rows[0][i]: parse_value(cell(cells, i) or '""') for i in inputs})
        metrics.append({name: number(document, row, i) for i, name in figures.items()})
        fitness.append(math.nan if fitness_at is None else number(document, row, fitness_at))
        forward.append(number(document, row, results["forwardresult"]) if is_forward else math.nan)
    title = _TITLE.match(document.title)
    notes = [
        "Result is the platform's criterion, mostly the balance at the end",
        "its Sharpe ratio is made of trades, not of days, and is not taken for ours",
        "the file holds no daily profits and no trades of the passes",
    ]
    if is_forward:
        notes.append("figures are those of the forward period; the fitness is that of the period before it")
    return make_passes(
        origin="mt5_optimization", source=document.source, parameters=parameters, metrics=metrics, fitness=fitness,
        fitness_name="Back Result" if is_forward else "Result", strategy=title["robot"] if title else "",
        symbol=title["symbol"] if title else "", timeframe=title["timeframe"] if title else "",
        period=title["period"] if title else "", forward=np.array(forward) if is_forward else None,
        notes=tuple(notes),
    )  # fmt: skip


def number(document: Document, row: int, at: int) -> float:
    """A figure of a pass; NaN where the cell is empty.

    Raises:
        DataError: it is something else.
    """
    text = cell(document.rows[row], at)
    if not text or text.lower() in {"nan", "inf", "-nan(ind)", "dbl_max"}:
        return math.nan
    try:
        value = float(text.replace(" ", ""))
    except ValueError:
        value = math.inf
    if not abs(value) < 1e15:
        raise document.refuse(
            "is not a number", row=row, parameter=document.rows[0][at], value=text,
            remedy="Export it again; it is cut off, or was changed",
        )  # fmt: skip
    return value
