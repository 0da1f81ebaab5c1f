"""Search methods by the names that users type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.search.base import Positions, SearchMethod
from trading_ai.search.candidates import Allowed, Candidates
from trading_ai.search.grid_search import GridSearch
from trading_ai.search.random_search import RandomSearch


@dataclass(frozen=True)
class Method:
    """What is known of a search method without making it.

    Attributes:
        name: as users type it.
        description: one sentence.
        learns: whether it must be told a batch's scores before it is asked for the next.
        needs_max_iterations: whether the number of candidates to try must be given; a method that learns
            takes 5 % of them otherwise, 100 to 10,000, and grid search all.
        several_objectives: whether it learns from more than one score a candidate.
        home: module and class.
        lists_all: whether it lists the whole grid, which must then not be too large.
        small_batches: whether a search of few trials gains much from smaller batches (see `batch_of`).
    """

    name: str
    description: str
    learns: bool
    needs_max_iterations: bool
    several_objectives: bool
    home: tuple[str, str]
    lists_all: bool = False
    small_batches: bool = False


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "grid_search",
            "Tries every combination in order.",
            learns=False, needs_max_iterations=False, several_objectives=True, home=("grid_search", "GridSearch"),
            lists_all=True,
        ),
        Method(
            "random_search",
            "Tries distinct combinations drawn at random.",
            learns=False, needs_max_iterations=True, several_objectives=True, home=("random_search", "RandomSearch"),
        ),
        Method(
            "quasi_random",
            "Tries combinations spread evenly by a scrambled Sobol sequence.",
            learns=False, needs_max_iterations=True, several_objectives=True,
            home=("quasi_random", "QuasiRandomSearch"),
        ),
        Method(
            "gaussian_process",
            "Learns how smooth the scores are along each axis and tries what is expected to improve most.",
            learns=True, needs_max_iterations=False, several_objectives=False,
            home=("gaussian_process", "GaussianProcessSearch"), small_batches=True,
        ),
        Method(
            "bayesian",
            "Learns how scores depend on the parameters, by the model that fits the space: a Gaussian process or TPE.",
            learns=True, needs_max_iterations=False, several_objectives=True, home=("bayesian", "BayesianSearch"),
            small_batches=True,
        ),
        Method(
            "genetic",
            "Crosses and changes the best combinations of each generation, by Optuna's NSGA-II and NSGA-III.",
            learns=True, needs_max_iterations=False, several_objectives=True, home=("genetic", "GeneticSearch"),
        ),
        Method(
            "cma_es",
            "Moves and stretches a normal distribution towards good scores, and starts anew when it has narrowed.",
            learns=True, needs_max_iterations=False, several_objectives=False, home=("cma_es", "CmaEsSearch"),
        ),
        Method(
            "coarse_to_fine",
            "Tries a coarse grid, then finer ones around combinations whose neighbours score well too.",
            learns=True, needs_max_iterations=False, several_objectives=False,
            home=("coarse_to_fine", "CoarseToFineSearch"),
        ),
    )
}  # fmt: skip


def search_methods() -> tuple[str, ...]:
    """The known names."""
    return tuple(METHODS)


def search_method(
    name: str,
    n_candidates: int,
    max_iterations: int | None = None,
    seed: int = 0,
    *,
    shape: Sequence[int] | None = None,
    candidates: Positions | None = None,
    ordered: Sequence[bool] | None = None,
    batch_size: int = 1,
    allowed: Allowed | None = None,
    share: float = 1.0,
) -> SearchMethod:
    """Make a search method.

    Args:
        name: such as ``grid_search``.
        n_candidates: number of candidates.
        max_iterations: number of candidates to try; None for what the method does without (see `Method`).
        seed: seed of methods that draw.
        shape: number of values on each axis of the full grid; None for one axis with all candidates. A method
            that learns is little better than random without it.
        candidates: for each candidate its index in the full grid, int64, ascending; None if the grid is full.
        ordered: for each axis whether its values are ordered; None for all.
        batch_size: how many will be asked for at a time, as far as known.
        allowed: of a full grid too large to list, which positions may be tried, of which there must be many more than
            will be; None for all. Not for methods that list the grid.
        share: about what share of the positions that is.

    Raises:
        ParameterError: the name is unknown, `max_iterations` is missing or not positive, or the arguments do
            not fit each other.
    """
    if name not in METHODS:
        raise ParameterError(
            "is not a known search method",
            parameter="method",
            value=name,
            remedy=did_you_mean(name, METHODS) + "Use one of " + ", ".join(METHODS),
        )
    for parameter, value in (("max_iterations", max_iterations), ("batch_size", batch_size)):
        if value is not None and value < 1:
            raise ParameterError("must be at least 1", parameter=parameter, value=value)
    space = Candidates(n_candidates, shape, candidates, ordered, allowed=allowed, share=share)
    if allowed is not None and METHODS[name].lists_all:
        raise ParameterError("lists the whole grid", parameter="method", value=name)
    if name == GridSearch.name:
        return GridSearch(n_candidates, max_iterations, seed)
    if name == RandomSearch.name:
        return RandomSearch(n_candidates, max_iterations, seed, None if allowed is None else space.draw)
    # The others import Optuna and SciPy, which a command that only mentions their names need not wait for.
    module, cls = METHODS[name].home
    made = getattr(import_module(f"trading_ai.search.{module}"), cls)
    arguments = (space, max_iterations, seed, batch_size) if METHODS[name].learns else (space, max_iterations, seed)
    return cast(SearchMethod, made(*arguments))
