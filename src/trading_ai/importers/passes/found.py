"""What a reader finds in an optimization of another platform: parameters and figures of its passes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trading_ai.errors import DataError
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.passes import PassList
from trading_ai.parameters import Value

_LARGEST = 1e15

MAX_PASSES = 1_000_000
"""Passes of one optimization."""


def make_passes(
    *,
    origin: str,
    source: str,
    parameters: Sequence[Mapping[str, Value]],
    metrics: Sequence[Mapping[str, float]],
    fitness: Sequence[float],
    fitness_name: str,
    **more: object,
) -> PassList:
    """Passes of what each one's parameters and figures are.

    Args:
        origin: the format.
        source: the file.
        parameters: value by name of each pass.
        metrics: figures by our names of metrics of each pass.
        fitness: of each pass as given, more being better; NaN where it has none.
        fitness_name: what the platform calls it.
        more: further fields of `PassList`.

    Raises:
        DataError: there are no passes, too many, or they do not name the same parameters.
    """
    if not parameters:
        raise DataError("holds no pass", file=source, remedy="Export it once passes are done")
    if len(parameters) > MAX_PASSES:
        raise DataError(f"holds more than {MAX_PASSES:,} passes", file=source, remedy="Export the best ones")
    names = tuple(parameters[0])
    for i, values in enumerate(parameters):
        if set(values) != set(names):
            odd = sorted(set(values) ^ set(names))[0]
            raise DataError(
                "is a parameter of some passes only", file=source, parameter=odd, value=f"pass {i + 1}",
                remedy="Export the passes of one optimization",
            )  # fmt: skip
    for i, values in enumerate(parameters):
        for name, value in values.items():
            # Infinite ones and those of hundreds of digits have no place on an axis.
            if isinstance(value, int | float) and not abs(value) < _LARGEST:
                raise DataError(
                    "is too large",
                    file=source,
                    parameter=name,
                    value=f"pass {i + 1}",
                    remedy="Correct or remove the pass",
                )
    table = {
        name: np.array([row.get(name, math.nan) for row in metrics], np.float64)
        for name in METRIC_NAMES
        if any(name in row for row in metrics)
    }
    return PassList(
        origin=origin, source=source, names=names,
        values=tuple(tuple(row[name] for name in names) for row in parameters),
        metrics=table, fitness=np.array(fitness, np.float64), fitness_name=fitness_name, **more,  # type: ignore[arg-type]
    )  # fmt: skip
