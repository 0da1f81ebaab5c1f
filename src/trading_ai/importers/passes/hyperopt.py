"""freqtrade's hyperopt results (``.fthypt``): a line of JSON for each epoch."""

from __future__ import annotations

import math

from trading_ai.importers.passes.found import make_passes
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.json_values import mapping, maybe, objects, parameter
from trading_ai.optimization.passes import PassList
from trading_ai.parameters import Value

_NO_RESULT = 100_000.0
"""The loss of an epoch that the platform could not use."""

_FIGURES = {
    "profit_total_abs": ("net_profit", 1.0), "total_trades": ("total_trades", 1.0),
    "profit_factor": ("profit_factor", 1.0), "expectancy": ("expectancy", 1.0),
    "max_drawdown_abs": ("max_balance_drawdown", 1.0), "max_drawdown_account": ("max_balance_drawdown_percent", 100.0),
    "winrate": ("win_rate", 100.0), "trade_count_long": ("long_trades", 1.0),
    "trade_count_short": ("short_trades", 1.0),
}  # fmt: skip


def recognises(document: Document) -> bool:
    """Whether a document holds epochs of hyperopt."""
    data = document.data
    return isinstance(data, list) and bool(data) and {"loss", "params_dict"} <= mapping(data[0]).keys()


def read(document: Document) -> PassList:
    """Read epochs of hyperopt; less loss is more fitness.

    Raises:
        DataError: a field is damaged.
    """
    epochs = objects(document, document.data, "epochs")
    parameters: list[dict[str, Value]] = []
    metrics: list[dict[str, float]] = []
    fitness = []
    for i, epoch in enumerate(epochs):
        path = f"[{i}]"
        parameters.append({name: parameter(value) for name, value in mapping(epoch.get("params_dict")).items()})
        results = mapping(epoch.get("results_metrics"))
        row = {}
        for key, (name, factor) in _FIGURES.items():
            value = maybe(document, results, key, f"{path}.results_metrics")
            if not math.isnan(value):
                row[name] = factor * value
        metrics.append(row)
        loss = maybe(document, epoch, "loss", path)
        fitness.append(-loss if loss < _NO_RESULT else math.nan)
    first = mapping(epochs[0].get("results_metrics"))
    capital = maybe(document, first, "starting_balance", "[0].results_metrics")
    return make_passes(
        origin="freqtrade_hyperopt", source=document.source, parameters=parameters, metrics=metrics, fitness=fitness,
        fitness_name="- loss", strategy=str(first.get("strategy_name") or ""),
        capital=None if math.isnan(capital) else capital,
        notes=("the file holds no daily profits and no trades of the epochs",),
    )  # fmt: skip
