"""Choosing trials to draw when there are too many."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.figures.theme import Floats


def best_and_even_sample(values: Floats, better: int, limit: int) -> npt.NDArray[np.int64]:
    """Positions of trials to draw, worst first: the best fifth of `limit` and every k-th of the rest by rank.

    Args:
        values: the metric, shape (m,); trials without a finite value are never chosen.
        better: +1 if more is better, -1 if less is.
        limit: most trials to choose.
    """
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known] * (1 if better >= 0 else -1), kind="stable")]
    if order.size <= limit:
        return order
    n_top = max(limit // 5, 1)
    rest = order[: order.size - n_top]
    chosen = np.unique(np.linspace(0, rest.size - 1, max(limit - n_top, 0)).round().astype(np.int64))
    return np.concatenate([rest[chosen], order[order.size - n_top :]])


def sample_note(n_drawn: int, n_all: int) -> str:
    """What to tell readers about the choice; "" where everything is drawn."""
    if n_drawn >= n_all:
        return ""
    n_best = max(n_drawn // 5, 1)
    return f"{n_drawn:,} of {n_all:,} trials: the best {n_best:,} and an even sample of the rest by rank"
