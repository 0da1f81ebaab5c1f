"""Tasks shared out among the calling thread and helpers that stay."""

from __future__ import annotations

import threading

import pytest

from trading_ai.evaluation import threads
from trading_ai.evaluation.threads import run_tasks


def test_every_task_runs_once_and_helpers_help():
    for n_helpers in (0, 1, 3):
        ran, on = [], set()
        meet = threading.Barrier(n_helpers + 1)  # no thread passes before all have come

        def task(i, ran=ran, on=on, meet=meet, n=n_helpers):
            if i <= n:
                meet.wait(10)
            ran.append(i)
            on.add(threading.get_ident())

        run_tasks([lambda i=i: task(i) for i in range(20)], n_helpers)
        assert sorted(ran) == list(range(20))
        assert len(on) == n_helpers + 1
        assert threading.get_ident() in on


def test_helpers_are_used_again():
    run_tasks([threading.Barrier(3).wait] * 3, 2)  # each thread has to take one
    parked = list(threads._parked)
    for _ in range(50):
        run_tasks([lambda: None] * 3, 2)
    assert set(map(id, threads._parked)) == set(map(id, parked))


def test_a_helper_keeps_nothing_of_what_it_ran():
    import weakref

    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    meet = threading.Barrier(2)
    run_tasks([lambda thing=thing: meet.wait(10)] * 2, 1)
    del thing
    assert gone() is None


def test_the_first_error_is_raised_from_any_thread_and_helpers_live_on():
    failed = threading.Event()

    def fail():
        failed.set()
        raise ValueError("this one")

    # The second time, one thread waits in its task until the other one fails.
    for tasks in ([fail, lambda: None], [lambda: failed.wait(10), fail, *[lambda: None] * 3]):
        failed.clear()
        with pytest.raises(ValueError, match="this one"):
            run_tasks(tasks, 1)
    done = []
    run_tasks([lambda: done.append(1)] * 4, 1)
    assert len(done) == 4


def test_many_callers_at_once():
    totals = []

    def caller():
        for _ in range(50):
            done = []
            run_tasks([lambda done=done: done.append(1)] * 5, 2)
            totals.append(len(done))

    callers = [threading.Thread(target=caller) for _ in range(4)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert totals == [5] * 200
