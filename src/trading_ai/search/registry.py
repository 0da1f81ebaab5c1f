"""Search methods by the names that users type."""

from __future__ import annotations

from collections.abc import Callable

from trading_ai.errors import ParameterError
from trading_ai.search.base import SearchMethod
from trading_ai.search.grid_search import GridSearch
from trading_ai.search.random_search import RandomSearch

_METHODS: dict[str, Callable[[int, int | None, int], SearchMethod]] = {
    GridSearch.name: GridSearch,
    RandomSearch.name: RandomSearch,
}


def search_methods() -> tuple[str, ...]:
    """The known names."""
    return tuple(_METHODS)


def search_method(name: str, n_candidates: int, max_iterations: int | None = None, seed: int = 0) -> SearchMethod:
    """Make a search method.

    Args:
        name: such as ``grid_search``.
        n_candidates: size of the space.
        max_iterations: number of candidates to try; None for all, where the method allows it.
        seed: seed of methods that draw.

    Raises:
        ParameterError: the name is unknown, or `max_iterations` is missing or not positive.
    """
    if name not in _METHODS:
        raise ParameterError(
            "is not a known search method", parameter="method", value=name, remedy="Use one of " + ", ".join(_METHODS)
        )
    if max_iterations is not None and max_iterations < 1:
        raise ParameterError("must be at least 1", parameter="max_iterations", value=max_iterations)
    return _METHODS[name](n_candidates, max_iterations, seed)
