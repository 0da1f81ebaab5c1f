"""Every executor gives the same trials, isolates what fails, and stops when asked."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tests.fakes.bars import random_bars
from tests.fakes.user_strategies import KILLS, RAISES, write_strategy
from trading_ai.errors import EvaluationError, StateError
from trading_ai.evaluation.job import job_evaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Job
from trading_ai.executors.inline import InlineExecutor
from trading_ai.executors.processes import LocalExecutor
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.store.artifacts import FileArtifacts
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import strategy

EXECUTORS = {
    "inline": lambda home: InlineExecutor(FileArtifacts(home), 2),
    "local_1": lambda home: LocalExecutor(partial(FileArtifacts, home), 1),
    "local_2": lambda home: LocalExecutor(partial(FileArtifacts, home), 2),
}


def chunks(indices, size):
    """Consecutive pieces."""
    return (indices[start : start + size] for start in range(0, indices.shape[0], size))


def never() -> bool:
    return False


@pytest.fixture
def make_job(tmp_path):
    dataset_id = FileArtifacts(tmp_path).save_bars(random_bars(800, 3))
    name = write_strategy(tmp_path)

    def make(low, high, keep=False, **changes):
        space = SearchSpace((ParameterRange("period", low, high, 1), ParameterRange("stop_loss", 10, 30, 10)))
        spec = BacktestSpec(name, {"take_profit": 50}, dataset_id)
        job = Job(spec, space, keep, strategy_identity(strategy(name)))
        return Job(**{**vars(job), **changes}), space

    return make


@pytest.fixture(params=list(EXECUTORS))
def executor(request, tmp_path):
    made = EXECUTORS[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["local_1", "local_2"])
def processes(request, tmp_path):
    made = EXECUTORS[request.param](tmp_path)
    yield made
    made.close()


def collect(results):
    """Metrics and failures by combination index; fails if a combination comes twice."""
    metrics, failures = {}, {}
    for chunk, seconds in results:
        assert seconds >= 0
        for index, row in zip(chunk.indices.tolist(), chunk.metrics, strict=True):
            assert index not in metrics
            metrics[index] = row
        failures |= chunk.failures
    return metrics, failures


def test_gives_what_the_evaluator_gives(executor, make_job, tmp_path):
    job, space = make_job(10, 19)
    indices = np.arange(space.n_combinations)
    expected = job_evaluator(job, FileArtifacts(tmp_path)).evaluate(indices)
    metrics, failures = collect(executor.run(job, chunks(indices, 4), never))
    assert not failures
    np.testing.assert_array_equal(np.array([metrics[i] for i in indices.tolist()]), expected.metrics)


def test_keeps_daily_profits_when_asked(executor, make_job, tmp_path):
    job, space = make_job(10, 12, keep=True)
    indices = np.arange(space.n_combinations)
    expected = job_evaluator(job, FileArtifacts(tmp_path)).evaluate(indices, True).daily_profit
    found = {}
    for chunk, _ in executor.run(job, chunks(indices, 2), never):
        found |= dict(zip(chunk.indices.tolist(), chunk.daily_profit, strict=True))
    np.testing.assert_array_equal(np.array([found[i] for i in indices.tolist()]), expected)


def test_a_combination_that_raises_is_a_failed_trial_with_its_traceback(executor, make_job):
    job, space = make_job(RAISES - 2, RAISES + 2)
    metrics, failures = collect(executor.run(job, chunks(np.arange(space.n_combinations), 15), never))
    assert len(metrics) == space.n_combinations
    assert {space.combination(i)["period"] for i in failures} == {RAISES}
    assert len(failures) == 3
    assert all("Traceback" in text and "is not liked" in text for text in failures.values())
    assert all(np.isnan(metrics[i]).all() for i in failures)
    assert not any(np.isnan(row).all() for i, row in metrics.items() if i not in failures)


@pytest.mark.slow  # the service's own suite has it in its short form
def test_a_combination_that_kills_its_worker_is_found_and_the_others_go_on(processes, make_job):
    job, space = make_job(KILLS - 2, KILLS + 2)
    metrics, failures = collect(processes.run(job, chunks(np.arange(space.n_combinations), 15), never))
    assert len(metrics) == space.n_combinations
    assert {space.combination(i)["period"] for i in failures} == {KILLS}
    assert all("killed its worker" in text and "exit code 3" in text for text in failures.values())
    assert not any(np.isnan(row).all() for i, row in metrics.items() if i not in failures)


def test_stop_begins_no_further_chunk_and_finishes_those_under_way(executor, make_job):
    job, space = make_job(10, 39)
    taken, finished = [], []

    def lazily():
        for chunk in chunks(np.arange(space.n_combinations), 3):
            taken.append(chunk)
            yield chunk

    for chunk, _ in executor.run(job, lazily(), lambda: bool(finished)):
        finished.append(chunk.indices.size)
    done = sum(finished)
    assert done == sum(chunk.size for chunk in taken)
    assert done <= 3 * (executor.n_workers + 1)


def test_chunks_are_taken_lazily(executor, make_job):
    job, _ = make_job(10, 39)
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield np.array([taken % 90], dtype=np.int64)

    for seen, _ in enumerate(executor.run(job, endless(), lambda: taken >= 20)):
        assert taken <= seen + 1 + 2 * executor.n_workers


def test_changed_strategy_code_is_refused(executor, make_job):
    job, _ = make_job(10, 12, strategy_hash="0" * 64)
    with pytest.raises((EvaluationError, StateError), match="has changed since the start"):
        list(executor.run(job, chunks(np.arange(3), 3), never))


def test_nothing_to_do_is_done_at_once(executor, make_job):
    job, _ = make_job(10, 12)
    assert list(executor.run(job, iter(()), never)) == []
