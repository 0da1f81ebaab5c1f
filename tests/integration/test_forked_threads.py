"""Helper threads after a fork."""

from __future__ import annotations

import os
import threading

import pytest

from trading_ai.evaluation import threads
from trading_ai.evaluation.threads import run_tasks


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_helpers_of_its_own():
    run_tasks([threading.Barrier(2).wait] * 2, 1)
    child = os.fork()
    if child == 0:
        done = []
        run_tasks([lambda: done.append(1)] * 2, 1)
        os._exit(0 if len(done) == 2 and not threads._parked[1:] else 1)
    assert os.waitpid(child, 0)[1] == 0
