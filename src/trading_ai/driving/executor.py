"""Where pieces run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Evaluator, Indices, Job


class Executor(Protocol):
    """Where chunks run."""

    @property
    def n_workers(self) -> int:
        """Chunks that can run at once."""
        ...

    def run(
        self, job: Job, chunks: Iterator[Indices], stop: Callable[[], bool]
    ) -> Iterator[tuple[EvaluatedChunk, float]]:
        """Evaluate chunks; yields each with the seconds it took, as they finish, in any order.

        Once `stop` answers True no further chunk is begun, and those under way are finished and yielded.
        A combination that raises, or that kills its worker every time, is reported in the chunk's
        `failures`.

        Raises:
            EvaluationError: nothing can be evaluated at all.
        """
        ...

    def close(self) -> None:
        """Stop workers and free what they hold."""
        ...


class ExecutorFactory(Protocol):
    """Makes the executor of one run."""

    def __call__(self, evaluator: Evaluator, expected_seconds: float, n_workers: int | None, isolate: bool) -> Executor:
        """An executor.

        Args:
            evaluator: what planning made; an executor in this process can go on with it.
            expected_seconds: on one core.
            n_workers: number of workers that the user asks for, or None to choose.
            isolate: True for an executor in other processes, whose death this one outlives.
        """
        ...
