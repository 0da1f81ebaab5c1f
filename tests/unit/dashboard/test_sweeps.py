"""Sweeps that are read: one reads each, those who want another do not wait for it, and at most two are read at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np

from trading_ai.dashboard import sweeps as module
from trading_ai.dashboard.sweeps import Sweep, Sweeps

WAIT = 10.0


class Reads:
    """Stands for the reading of trials, which waits until it is let go on."""

    def __init__(self):
        self.begun, self.gates, self.at_once, self.most = [], {}, 0, 0
        self.changed = threading.Condition()

    def read(self, _store, record, names):
        with self.changed:
            self.begun.append((record.optimization_id, tuple(names)))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self.gates.get(record.optimization_id), WAIT)
            self.at_once -= 1
        empty = np.empty(0)
        return Sweep(record, np.empty(0, np.int64), np.empty(0, np.bool_), empty, empty, dict.fromkeys(names, empty))

    def open(self, *keys):
        with self.changed:
            self.gates.update(dict.fromkeys(keys, True))
            self.changed.notify_all()

    def until(self, n):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.begun) >= n, WAIT)


def record(key):
    axes = SimpleNamespace(axes=())
    return SimpleNamespace(
        optimization_id=key, n_completed=3, status="completed", best_index=0, spec=SimpleNamespace(space=axes)
    )


def test_who_wants_another_sweep_does_not_wait(monkeypatch):
    reads = Reads()
    monkeypatch.setattr(module, "_read", reads.read)
    sweeps = Sweeps(SimpleNamespace(optimization=record))
    with ThreadPoolExecutor(8) as threads:
        slow = [threads.submit(sweeps.of, "slow") for _ in range(3)]
        reads.until(1)
        reads.open("quick")
        assert threads.submit(sweeps.of, "quick").result(WAIT).record.optimization_id == "quick"
        assert not any(each.done() for each in slow)
        reads.open("slow")
        assert len({id(each.result(WAIT)) for each in slow}) == 1
    assert [key for key, _ in reads.begun] == ["slow", "quick"]
    assert not sweeps._reading  # nothing is left of those that were read


def test_at_most_two_are_read_at_once(monkeypatch):
    reads = Reads()
    monkeypatch.setattr(module, "_read", reads.read)
    sweeps = Sweeps(SimpleNamespace(optimization=record))
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(sweeps.of, key) for key in "abcd"]
        reads.until(2)
        reads.open(*"abcd")
        assert {each.result(WAIT).record.optimization_id for each in asked} == set("abcd")
    assert reads.most == 2


def test_a_metric_more_is_read_beside_those_that_are_kept(monkeypatch):
    reads = Reads()
    monkeypatch.setattr(module, "_read", reads.read)
    reads.open("a")
    sweeps = Sweeps(SimpleNamespace(optimization=record))
    for names in ([], ["net_profit"], ["net_profit"], ["sharpe_ratio", "no_metric"]):
        sweeps.of("a", names)
    assert reads.begun == [("a", ()), ("a", ("net_profit",)), ("a", ("net_profit", "sharpe_ratio"))]
