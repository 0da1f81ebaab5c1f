"""Compute the golden results and keep them as a table."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.cases import bars, conversion, picked, reference, single_cases, sweep_cases
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.library import make_evaluator
from trading_ai.metrics.catalog import METRIC_NAMES

TABLE = Path(__file__).with_name("results.json")
Row = dict[str, float | None]


def _row(values: dict[str, float]) -> Row:
    return {name: None if np.isnan(value) else value for name, value in values.items()}


def compute() -> dict[str, Row]:
    """Every case's figures by name; NaN is None."""
    rows: dict[str, Row] = {}
    for name, symbol, account, exits, signals in single_cases():
        rows[f"plain: {name}"] = _row(reference(symbol, account, exits, signals))
        given: dict[str, Any] = {key: value for key, value in vars(exits).items() if value}
        evaluator = make_evaluator(
            bars(symbol), signals, capital=account.capital, sizing=account.sizing, costs=account.costs,
            rules=account.rules, conversion_bars=conversion(symbol), n_threads=1, **given,
        )  # fmt: skip
        rows[f"compiled: {name}"] = _row(evaluator.backtest().metrics)
    for name, arguments in sweep_cases():
        evaluator = make_evaluator(**arguments, n_threads=1)  # type: ignore[arg-type]
        n = evaluator.space.n_combinations
        metrics = evaluator.evaluate(np.arange(n)).metrics
        for index in picked(n):
            rows[f"sweep: {name}, {index}"] = _row(dict(zip(METRIC_NAMES, metrics[index].tolist(), strict=True)))
        total = np.nansum(metrics, axis=0).tolist()
        rows[f"sweep: {name}, all"] = _row(dict(zip(METRIC_NAMES, total, strict=True)))
    return rows


def read() -> tuple[str, dict[str, Row]]:
    """The kept table: the engine's version that made it, and the rows."""
    kept = json.loads(TABLE.read_text("utf-8"))
    columns = kept["columns"]
    return kept["engine_version"], {
        name: dict(zip(columns[kind], values, strict=True)) for name, (kind, *values) in kept["rows"].items()
    }


def write(rows: dict[str, Row]) -> None:
    """Keep the table, a row a line."""
    columns = {kind: list(next(row for name, row in rows.items() if _kind(name) == kind)) for kind in ("plain", "all")}
    head = json.dumps({"engine_version": ENGINE_VERSION, "columns": columns}, indent=1)[:-2]
    lines = [f"  {json.dumps(name)}: {json.dumps([_kind(name), *row.values()])}" for name, row in rows.items()]
    TABLE.write_text(head + ',\n "rows": {\n' + ",\n".join(lines) + "\n }\n}\n", encoding="utf-8")


def _kind(name: str) -> str:
    return "plain" if name.startswith("plain: ") else "all"


def _same(found: float | None, kept: float | None) -> bool:
    # A few units of the last place: powers and long sums end differently on other processors.
    return found == kept or (found is not None and kept is not None and math.isclose(found, kept, rel_tol=1e-13))


def differences(found: dict[str, Row], kept: dict[str, Row]) -> list[str]:
    """What has changed, in words, a line for each number."""
    lines = [f"{name}: is {'new' if name in found else 'gone'}" for name in found.keys() ^ kept.keys()]
    for name in found.keys() & kept.keys():
        mine, theirs = found[name], kept[name]
        lines += [
            f"{name}: {column} is {mine.get(column)!r}, was {theirs.get(column)!r}"
            for column in (*theirs, *(mine.keys() - theirs.keys()))
            if not _same(mine.get(column), theirs.get(column))
        ]
    return sorted(lines)
