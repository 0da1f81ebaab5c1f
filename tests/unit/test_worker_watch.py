"""A pool that swallows messages and takes no chunk is noticed and ended; one that works or has nothing to do is not."""

from __future__ import annotations

import pytest

from trading_ai import worker
from trading_ai.driving.queue import ChunkState


class Pool:
    """A pool that was started long ago."""

    pid = 1

    def __init__(self) -> None:
        self.killed = False

    def create_time(self) -> float:
        return 0.0

    def cmdline(self) -> list[str]:
        return ["python", "-m", "trading_ai.worker", "pool", "w:1:a"]

    def kill(self) -> None:
        self.killed = True


@pytest.fixture
def pool(monkeypatch):
    made = Pool()
    parent = type("Parent", (), {"children": lambda _: [made]})
    monkeypatch.setattr(worker.psutil, "Process", lambda _: parent())
    monkeypatch.setattr(worker.time, "time", lambda: 1_000.0)
    return made


def chunk(owner: str | None, announced_at: float) -> ChunkState:
    return ChunkState(
        chunk_id=1, optimization_id="o", start=0, stop=9, n_kills=0, suspect=False, owner=owner,
        lease_expires_at=None if owner is None else 2_000.0,
        queued_at=990.0, announced_at=announced_at,
    )  # fmt: skip


def looks(chunks_at) -> None:
    watch = worker._Watch("w:1:a", 0)
    for now in range(1_001, 1_021):
        watch.look(chunks_at(float(now)), float(now))


def test_a_pool_that_takes_nothing_ends_even_if_its_chunk_is_announced_again_and_again(pool):
    looks(lambda now: [chunk(None, now - 1.0)])
    assert pool.killed


@pytest.mark.parametrize(
    "chunks", [[], [("w:1:a/77", 995.0), (None, 995.0)], [("other:1:b/3", 995.0)], [(None, 0.0)]],
    ids=["nothing waits", "it works", "another has it", "the broker was not told"],
)  # fmt: skip
def test_a_pool_that_works_or_has_nothing_to_do_is_left_alone(pool, chunks):
    looks(lambda _: [chunk(*each) for each in chunks])
    assert not pool.killed
