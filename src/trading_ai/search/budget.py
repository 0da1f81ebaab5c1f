"""How many candidates a method tries if nobody says how many."""

from __future__ import annotations

_SMALLEST_BUDGET, _LARGEST_BUDGET, _BUDGET_SHARE = 100, 10_000, 0.05


def default_iterations(n_candidates: int) -> int:
    """Trials of a learning method if nobody says how many: 5 % of the candidates, 100 to 10,000."""
    return int(min(max(_SMALLEST_BUDGET, -(-n_candidates // round(1 / _BUDGET_SHARE))), _LARGEST_BUDGET))
