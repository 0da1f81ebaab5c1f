"""Bayesian search: the tree-structured Parzen estimator (TPE) of Optuna."""

from __future__ import annotations

from typing import ClassVar

from optuna.samplers import BaseSampler, TPESampler
from typing_extensions import override

from trading_ai.search.optuna_learner import OptunaLearner

_N_FIRST = 10


class BayesianSearch(OptunaLearner):
    """Learns where good and where bad candidates lie, and tries those that are most likely good.

    The candidates of a batch are proposed one by one; those not told yet count as bad (constant liar), which
    spreads the batch.

    Args as in `Learner`.
    """

    name: ClassVar[str] = "bayesian"

    @override
    def _count_first(self) -> int:
        return _N_FIRST

    @override
    def _sampler(self, n_objectives: int, seed: int) -> BaseSampler:
        return TPESampler(seed=seed, n_startup_trials=_N_FIRST, constant_liar=True)

    @override
    def _jointly(self, n_objectives: int) -> bool:
        return n_objectives == 1  # as Optuna does: with several objectives each parameter by itself
