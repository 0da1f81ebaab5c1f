"""What an optimization does next: pieces of about a second, told results, limits, combinations that kill workers."""

from __future__ import annotations

from collections.abc import Iterator

from trading_ai.evaluation.ports import Indices


def chunks(indices: Indices, size: int) -> Iterator[Indices]:
    """Consecutive pieces of at most `size` combinations."""
    for start in range(0, indices.shape[0], size):
        yield indices[start : start + size]
