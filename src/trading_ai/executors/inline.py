"""The executor in this process: no start-up time, threads instead of processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from typing_extensions import override

from trading_ai.driving.executor import Executor
from trading_ai.evaluation.job import evaluate_piece, job_evaluator
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Artifacts, Evaluator, Indices, Job


class InlineExecutor(Executor):
    """Evaluates one chunk after the other in this process; compiled code spreads over `n_threads`.

    Args:
        artifacts: where bars come from.
        n_threads: threads to use; compiled code releases the GIL.
        evaluator: an evaluator of the job that exists already, or None to make one.
    """

    n_workers = 1

    def __init__(self, artifacts: Artifacts, n_threads: int = 1, evaluator: Evaluator | None = None) -> None:
        self._artifacts, self._n_threads, self._evaluator = artifacts, n_threads, evaluator

    @override
    def run(
        self, job: Job, chunks: Iterator[Indices], stop: Callable[[], bool]
    ) -> Iterator[tuple[EvaluatedChunk, float]]:
        if self._evaluator is None:
            self._evaluator = job_evaluator(job, self._artifacts)
        self._evaluator.n_threads = self._n_threads
        while not stop():
            chunk = next(chunks, None)
            if chunk is None:
                return
            began = time.perf_counter()
            result = evaluate_piece(self._evaluator, job, chunk)
            yield result, time.perf_counter() - began

    @override
    def close(self) -> None:
        self._evaluator = None
