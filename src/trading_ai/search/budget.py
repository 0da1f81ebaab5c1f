"""How many candidates a method tries if nobody says how many, and how many at a time."""

from __future__ import annotations

_SMALLEST_BUDGET, _LARGEST_BUDGET, _BUDGET_SHARE = 100, 10_000, 0.05


def default_iterations(n_candidates: int) -> int:
    """Trials of a learning method if nobody says how many: 5 % of the candidates, 100 to 10,000."""
    return int(min(max(_SMALLEST_BUDGET, -(-n_candidates // round(1 / _BUDGET_SHARE))), _LARGEST_BUDGET))


_FEWEST_ROUNDS = 12


def batch_of(batch_size: int, n_total: int) -> int:
    """How many combinations a method that learns proposes at a time, at most `batch_size`.

    A search of few trials in large batches has learned nothing before it ends: 26 trials in batches of 16 are
    one round of learning. So there are twelve batches at least, if there are so many trials.

    Args:
        batch_size: the most at a time.
        n_total: trials in all.
    """
    return min(batch_size, max(1, n_total // _FEWEST_ROUNDS))
