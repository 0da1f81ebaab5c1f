"""Scores and saves trials: the one place where metrics become a score and a score reaches the store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ChangedError
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.objective import bound, feasible
from trading_ai.optimization.ports import Store
from trading_ai.optimization.ranking import best_of


@dataclass(frozen=True)
class Saved:
    """What came of a chunk.

    Attributes:
        n_new: trials that were not there before.
        n_failed: failed ones among those of the chunk.
        best: index and score of the chunk's best trial that holds the constraints; None if there is none.
    """

    n_new: int
    n_failed: int
    best: tuple[int, float] | None


class Judge:
    """Scores the trials of one optimization and saves them.

    Args:
        store: where they go.
        optimization_id: whose they are.
        spec: says what counts as better.
        identity: what its trials belong to; None where no evaluated trial is going to be saved.

    Raises:
        ChangedError: the code of a user's function among the objectives is another than at the start.
        TradingAIError: such a function is gone.
    """

    def __init__(
        self, store: Store, optimization_id: str, spec: OptimizationSpec, identity: Identity | None = None
    ) -> None:
        self._store, self._key, self._identity = store, optimization_id, identity
        self.objective = bound(spec.objectives, spec.functions_hash)[0]
        self._conditions = spec.conditions

    def save(self, chunk: EvaluatedChunk, seconds: float = 0.0, busy_seconds: float = 0.0) -> Saved:
        """Score a chunk and save it with the progress, in one transaction.

        Args:
            chunk: the trials.
            seconds: running time to add to the optimization's.
            busy_seconds: workers' time to add.

        Raises:
            ChangedError: they were evaluated by another engine, of another strategy or on other data, or do not say.
            NotFoundError: the optimization was deleted meanwhile.
            StorageError: the store cannot be reached; nothing was saved.
        """
        self._check(chunk)
        scores = self.objective.scores(chunk.metrics)
        held: npt.NDArray[np.bool_] = feasible(self._conditions, chunk.metrics)
        n_new = self._store.save_chunk(self._key, chunk, scores, held, seconds, busy_seconds)
        return Saved(n_new, len(chunk.failures), best_of(chunk.indices, scores, held))

    def _check(self, chunk: EvaluatedChunk) -> None:
        if chunk.made_by is None and (chunk.reused or len(chunk.failures) == chunk.indices.shape[0]):
            return  # nobody evaluated them: copies, whose identity the ledger compares, or pieces that killed workers
        if chunk.made_by is None or self._identity is None:
            raise ChangedError("results that do not say which engine, strategy and data they are of are not kept")
        difference = self._identity.difference(chunk.made_by)
        if difference:
            raise ChangedError(f"results are not kept: they were made with {difference}")
