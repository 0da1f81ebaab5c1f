"""Which executor a run gets: this process where starting others would cost more than they save."""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from trading_ai.driving.executor import Executor, ExecutorFactory
from trading_ai.evaluation.cores import n_cores
from trading_ai.evaluation.ports import Artifacts, Evaluator
from trading_ai.executors.inline import InlineExecutor
from trading_ai.executors.processes import LocalExecutor


class Executors(ExecutorFactory):
    """Makes the executor of each run on this machine.

    Args:
        artifacts: bars and backtests' arrays, for runs in this process.
        open_artifacts: opens them in a worker process; importable by name.
        n_workers: worker processes of a run, by its expected seconds and the number asked for; 1 means this process.
    """

    def __init__(
        self,
        artifacts: Artifacts,
        open_artifacts: Callable[[], Artifacts],
        n_workers: Callable[[float, int | None], int],
    ) -> None:
        self._artifacts, self._open_artifacts, self._n_workers = artifacts, open_artifacts, n_workers

    @override
    def __call__(
        self, evaluator: Evaluator, expected_seconds: float, n_workers: int | None, *, isolate: bool
    ) -> Executor:
        chosen = self._n_workers(expected_seconds, n_workers)
        if chosen == 1 and not isolate:
            return InlineExecutor(self._artifacts, 1 if n_workers == 1 else n_cores(), evaluator)
        return LocalExecutor(self._open_artifacts, chosen)
