"""A list of passes (csv, parquet, xlsx): columns named like metrics are figures, the others parameters."""

from __future__ import annotations

import math

from trading_ai.importers.passes.found import make_passes
from trading_ai.importers.passes.mt5_passes import number
from trading_ai.importers.trades.cells import cell, plain
from trading_ai.importers.trades.document import Document
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.passes import PassList
from trading_ai.parameters import Value, parse_value

_METRICS = {plain(name): name for name in METRIC_NAMES} | {
    "profit": "net_profit", "netpnl": "net_profit", "trades": "total_trades", "ntrades": "total_trades",
    "numtrades": "total_trades", "maxdrawdownpercent": "max_drawdown_percent",
    "drawdownpercent": "max_drawdown_percent",
    "drawdown": "max_drawdown", "sharpe": "sharpe_ratio", "sortino": "sortino_ratio", "calmar": "calmar_ratio",
    "winratepercent": "win_rate", "returnpercent": "return_percent",
}  # fmt: skip
_FITNESS = ("fitness", "score", "objective", "criterion", "result", "custom", "value")
_PASSED = {"pass", "passid", "id", "index", "trial", "number", "combinationindex", "rank", ""}


def recognises(document: Document) -> bool:
    """Whether a document is a list of passes: some columns are figures, and some are not."""
    if document.kind not in {"text", "sheet"} or len(document.rows) < 2:
        return False
    heads = [plain(text) for text in document.rows[0]]
    known = [head in _METRICS or head in _FITNESS for head in heads]
    others = [head not in _PASSED and not is_known for head, is_known in zip(heads, known, strict=True)]
    return any(known) and any(others)


def read(document: Document) -> PassList:
    """Read a list of passes.

    Raises:
        DataError: a figure is no number, or a row is cut.
    """
    heads = [plain(text) for text in document.rows[0]]
    figures = {i: _METRICS[head] for i, head in enumerate(heads) if head in _METRICS}
    fitness_at = next((heads.index(name) for name in _FITNESS if name in heads), None)
    if fitness_at is None:
        fitness_at = next(
            (i for i, name in figures.items() if name in {"net_profit", "sharpe_ratio"}), next(iter(figures))
        )
    own = [
        i for i, head in enumerate(heads) if i not in figures and i != fitness_at and head not in {*_PASSED, *_FITNESS}
    ]
    parameters: list[dict[str, Value]] = []
    metrics: list[dict[str, float]] = []
    fitness = []
    for row in range(1, len(document.rows)):
        cells = document.rows[row]
        if len(cells) != len(heads):
            raise document.refuse(
                f"has {len(cells)} cells where the header has {len(heads)}", row=row, value=" ".join(cells)[:100],
                remedy="Correct or remove the row (the file may be cut off)",
            )  # fmt: skip
        parameters.append({document.rows[0][i]: parse_value(cell(cells, i)) if cell(cells, i) else "" for i in own})
        found = {name: number(document, row, i) for i, name in figures.items()}
        metrics.append({name: value for name, value in found.items() if not math.isnan(value)})
        fitness.append(number(document, row, fitness_at))
    return make_passes(
        origin="table_of_passes", source=document.source, parameters=parameters, metrics=metrics, fitness=fitness,
        fitness_name=document.rows[0][fitness_at],
        notes=("figures are taken for ours by their names; the file holds no daily profits of the passes",),
    )  # fmt: skip
