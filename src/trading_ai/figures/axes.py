"""Placing parameter values on an axis: numbers where they are evenly spaced, else equal cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trading_ai.figures.theme import Floats, plain, value_text
from trading_ai.parameters import Value


@dataclass(frozen=True, eq=False)
class Cells:
    """Where the values of one parameter lie.

    Attributes:
        name: the parameter.
        positions: one coordinate a value, ascending, shape (n,).
        step: distance of two coordinates.
        labels: the values as text.
        numeric: whether coordinates are the values themselves.
        ordered: whether values beside each other are close: numbers, not words.
    """

    name: str
    positions: Floats
    step: float
    labels: tuple[str, ...]
    numeric: bool
    ordered: bool

    def axis(self, max_ticks: int = 12) -> dict[str, object]:
        """The Plotly axis for these cells."""
        shared = {"title": {"text": plain(self.name)}, "showgrid": False}
        if self.numeric and len(self.positions) > 1:
            return shared
        every = -(-len(self.labels) // max_ticks)
        chosen = range(0, len(self.labels), every)
        return shared | {
            "tickmode": "array",
            "tickvals": [float(self.positions[i]) for i in chosen],
            "ticktext": [plain(_short(self.labels[i])) for i in chosen],
        }

    def find(self, value: Value | None) -> int | None:
        """Index of a value, or None."""
        text = None if value is None else value_text(value)
        return self.labels.index(text) if text in self.labels else None


def _short(text: str) -> str:
    """A tick's label; a long word would leave no room for the figure, and hovering shows all of it."""
    return text if len(text) <= 18 else text[:17] + "\N{HORIZONTAL ELLIPSIS}"


def cells(name: str, values: Sequence[Value] | Floats) -> Cells:
    """Lay values out; unevenly spaced numbers, words and true/false get cells of equal width."""
    listed = [v.item() if isinstance(v, np.generic) else v for v in values]
    labels = tuple(value_text(v) for v in listed)
    ordered = bool(listed) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in listed)
    if ordered:
        numbers = np.array(listed, dtype=np.float64)
        steps = np.diff(numbers)
        step = float(steps.mean()) if steps.size else 1.0
        if step > 0 and bool((np.abs(steps - step) <= 1e-6 * step).all()):
            return Cells(name, numbers, step, labels, numeric=True, ordered=True)
    return Cells(name, np.arange(len(listed), dtype=np.float64), 1.0, labels, numeric=False, ordered=ordered)


def edges(*places: tuple[int, Cells]) -> list[str]:
    """Names of numeric parameters with three values or more whose best value is the first or the last."""
    return [a.name for i, a in places if a.numeric and len(a.labels) > 2 and i in {0, len(a.labels) - 1}]


def edge_note(names: list[str]) -> str:
    """What to say of them; in the subtitle, for a note within the figure would cover what it speaks of."""
    return f"the best lies on the edge of {' and '.join(names)}: widen the range"
