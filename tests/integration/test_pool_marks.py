"""What a pool's processes say of themselves in files: only the living count, and a message only for a minute."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from trading_ai.executors.pool import PoolMarks, cpu_seconds_wanted


def test_a_pool_is_ready_when_a_process_that_lives_says_so(tmp_path):
    marks = PoolMarks(tmp_path)
    assert marks.ready_at() is None
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    (tmp_path / f"ready-{gone.stdout.strip()}").touch()
    assert marks.ready_at() is None
    marks.ready()
    assert abs(marks.ready_at() - time.time()) < 5.0
    assert marks.ready_at(2) is None


def test_a_message_counts_while_it_is_worked_on_and_for_a_minute(tmp_path):
    marks = PoolMarks(tmp_path)
    assert not marks.have_messages(time.time())
    with marks.at_work():
        assert marks.have_messages(time.time())
        assert not marks.have_messages(time.time() + 61.0)
    assert not marks.have_messages(time.time())


def test_a_folder_that_is_gone_keeps_nobody_from_working(tmp_path):
    marks = PoolMarks(tmp_path / "gone")
    with marks.at_work():
        assert not marks.have_messages(time.time())
    assert marks.ready_at() is None


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="only Linux says it")
def test_the_time_that_a_process_runs_or_waits_for_a_core_is_seen():
    me = psutil.Process(os.getpid())
    before, began = cpu_seconds_wanted(me), time.process_time()
    while time.process_time() - began < 0.3:
        pass
    assert cpu_seconds_wanted(me) - before > 0.25
