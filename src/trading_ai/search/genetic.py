"""Genetic search: NSGA-II of Optuna, NSGA-III for three objectives and more."""

from __future__ import annotations

from typing import ClassVar

from optuna.samplers import BaseSampler, NSGAIIISampler, NSGAIISampler
from typing_extensions import override

from trading_ai.search.optuna_learner import OptunaLearner
from trading_ai.search.optuna_study import silence

_SMALLEST_POPULATION, _LARGEST_POPULATION = 5, 50
_GENERATIONS = 20  # that the budget should last for
_MANY_OBJECTIVES = 3


class GeneticSearch(OptunaLearner):
    """Breeds candidates: crosses good ones, changes some of their parameters, keeps the best of each generation.

    The first generation is spread evenly. A generation is a twentieth of the budget, 5 to 50 candidates.

    Args as in `Learner`.
    """

    name: ClassVar[str] = "genetic"
    takes_part: ClassVar[bool] = True

    @override
    def _count_first(self) -> int:
        return min(max(self.n_total // _GENERATIONS, _SMALLEST_POPULATION), _LARGEST_POPULATION)

    @override
    def _sampler(self, n_objectives: int, seed: int) -> BaseSampler:
        kind = NSGAIIISampler if n_objectives >= _MANY_OBJECTIVES else NSGAIISampler
        # One parameter of a child changes on average; of a single one every second, or nothing is inherited.
        mutation = 1.0 / max(len(self._candidates.axes), 2)
        with silence():
            return kind(population_size=self.n_first, mutation_prob=mutation, seed=seed)
