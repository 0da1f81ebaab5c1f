"""A metric over two parameters as a matrix, and its plateau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.figures.theme import Floats, value_text
from trading_ai.parameters import Axis, Value

Column = npt.NDArray[np.generic]
Mask = npt.NDArray[np.bool_]

PLATEAU_SHARE = 0.10
MAX_VALUES = 120


@dataclass(frozen=True, eq=False)
class Grid:
    """A metric over two parameters, made from flat columns.

    Attributes:
        x_values: values along x; the first of each group where neighbours were grouped.
        y_values: values along y likewise.
        z: the metric, shape (len(y_values), len(x_values)); NaN where no trial has a result.
        aggregated: names of the parameters that were aggregated out.
        how: what a cell shows of its trials.
        grouped: whether neighbouring values share a cell because there were too many.
    """

    x_values: tuple[Value, ...]
    y_values: tuple[Value, ...]
    z: Floats
    aggregated: tuple[str, ...]
    how: str
    grouped: bool = False

    @property
    def subtitle(self) -> str:
        """What a reader must know about the aggregation; "" where every cell is one trial."""
        parts = []
        if self.aggregated:
            parts.append(f"each cell is the {self.how} over {', '.join(self.aggregated)}")
        if self.grouped:
            parts.append(f"neighbouring values share a cell ({self.how}), labelled by the first of them")
        return "; ".join(parts)


def aggregate(
    columns: Mapping[str, Column],
    values: Floats,
    x: str,
    y: str,
    how: Literal["median", "max"] = "median",
    *,
    x_values: Sequence[Value] | None = None,
    y_values: Sequence[Value] | None = None,
    max_values: int = MAX_VALUES,
) -> Grid:
    """Make a heat map's matrix from flat trial columns.

    Args:
        columns: parameter columns by name, each of shape (m,).
        values: the metric, shape (m,); non-finite ones count as no result.
        x: parameter along x.
        y: parameter along y.
        how: what a cell shows where several trials fall into it.
        x_values: all values of x in order; those of the column, sorted, if None.
        y_values: the same for y.
        max_values: largest number of cells along an axis; more values are grouped.

    Raises:
        ParameterError: a parameter is unknown, or a column has a value that its axis lacks.
    """
    for name in (x, y):
        if name not in columns:
            raise ParameterError(
                "is not a parameter of these trials", parameter=name, remedy=f"Use {', '.join(columns)}."
            )
    across, x_index = _positions(x, columns[x], x_values)
    down, y_index = _positions(y, columns[y], y_values)
    x_group, y_group = (-(-len(axis) // max_values) for axis in (across, down))
    across, down = across[:: max(x_group, 1)], down[:: max(y_group, 1)]
    known = np.isfinite(values)
    cell = (y_index // max(y_group, 1) * len(across) + x_index // max(x_group, 1))[known]
    found = np.asarray(values, dtype=np.float64)[known]
    order = np.lexsort((found, cell))
    cell, found = cell[order], found[order]
    z = np.full(len(across) * len(down), np.nan)
    if cell.size:
        first = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
        count = np.diff(np.r_[first, cell.size])
        if how == "max":
            z[cell[first]] = found[first + count - 1]
        else:
            z[cell[first]] = (found[first + (count - 1) // 2] + found[first + count // 2]) / 2
    varied = tuple(n for n, column in columns.items() if n not in {x, y} and bool((column != column[:1]).any()))
    return Grid(across, down, z.reshape(len(down), len(across)), varied, how, max(x_group, y_group) > 1)


def _positions(
    name: str, column: Column, values: Sequence[Value] | None
) -> tuple[tuple[Value, ...], npt.NDArray[np.int64]]:
    """The axis' values and each trial's position among them, shape (m,)."""
    # Mixed columns (true, "auto", 3) cannot be sorted as they are, but as text.
    column = np.asarray(column)
    unique, inverse = np.unique(column.astype(str) if column.dtype == object else column, return_inverse=True)
    if values is None:
        return tuple(unique.tolist()), inverse
    # Where numbers and words are mixed, NumPy has made text of all of them.
    lookup: dict[Value, int] = {}
    for i, value in enumerate(values):
        for spelling in (value, str(value), value_text(value)):
            lookup.setdefault(spelling, i)
    try:
        places = np.array([lookup[v] for v in unique.tolist()], dtype=np.int64)
    except KeyError as error:
        raise ParameterError("is not one of the axis' values", parameter=name, value=error.args[0]) from None
    return tuple(values), places[inverse]


def neighbourhood_median(z: Floats, *, x_ordered: bool = True, y_ordered: bool = True) -> Floats:
    """Median of each cell's 3x3 neighbourhood, itself included; NaN where all nine lack a result.

    Cells beyond the edge and cells without a result are left out of the median. Along an axis of words, which
    has no neighbours, the neighbourhood is one cell wide.
    """
    rows, columns = z.shape
    across, down = (range(3) if ordered else range(1, 2) for ordered in (x_ordered, y_ordered))
    padded = np.pad(np.where(np.isfinite(z), z, np.nan), 1, constant_values=np.nan)
    stack = np.stack([padded[i : i + rows, j : j + columns] for i in down for j in across])
    stack.sort(axis=0)  # NaN sorts last
    count = np.isfinite(stack).sum(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.maximum(count, 1) // 2
    high = np.minimum(high, np.maximum(count - 1, 0))
    pick = np.take_along_axis
    middle: Floats = (pick(stack, low[None], axis=0)[0] + pick(stack, high[None], axis=0)[0]) / 2
    return middle


def plateau_mask(
    z: Floats,
    better: int = 1,
    share: float = PLATEAU_SHARE,
    *,
    x_ordered: bool = True,
    y_ordered: bool = True,
) -> Mask:
    """Cells with a result whose neighbourhood median is within the best `share` of all such medians.

    Args:
        z: the metric, shape (ny, nx).
        better: +1 if more is better, -1 if less is.
        share: 0.10 for the best tenth.
        x_ordered: whether neighbours along x are close, as numbers are and words are not.
        y_ordered: the same along y.

    Returns:
        A mask of z's shape; all False where fewer than nine cells have a result or all medians are equal.
    """
    known = np.isfinite(z)
    near = neighbourhood_median(z, x_ordered=x_ordered, y_ordered=y_ordered)
    median = np.where(known, near, np.nan) * (1 if better >= 0 else -1)
    if not (x_ordered or y_ordered) or known.sum() < 9 or np.ptp(median[known]) == 0:
        return np.zeros(z.shape, dtype=np.bool_)
    threshold = np.quantile(median[known], 1 - share)
    mask: Mask = known & (np.where(known, median, -np.inf) >= threshold)
    return mask


def influence(column: Column, values: Floats, axis: Axis) -> float:
    """How far a metric's median moves along an axis: the standard deviation of its values' medians.

    Args:
        column: the parameter of each trial, shape (m,).
        values: the metric of each trial, shape (m,).
        axis: the parameter's values.
    """
    columns = {axis.name: column, "": np.zeros(values.size, np.int64)}
    line = aggregate(columns, values, axis.name, "", x_values=axis.values).z[0]
    known = line[np.isfinite(line)]
    return float(known.std()) if known.size else 0.0
