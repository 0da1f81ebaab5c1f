"""A pool that swallows messages and takes no chunk is noticed and ended; one that is slow, or has no work, is not."""

from __future__ import annotations

import pytest

from trading_ai.driving.queue import ChunkState
from trading_ai.executors.pool import START_SECONDS, PoolWatch


class Pool:
    """A pool's main process; `created_at` is when it was started."""

    pid = 7

    def __init__(self, created_at: float = 0.0) -> None:
        self.killed, self.created_at = False, created_at

    def create_time(self) -> float:
        return self.created_at

    def kill(self) -> None:
        self.killed = True


class Marks:
    """What a pool says of itself."""

    def __init__(self, *, is_ready: bool = True, at_work: bool = False) -> None:
        self.is_ready, self.at_work = is_ready, at_work

    def ready_at(self):
        return 1.0 if self.is_ready else None

    def have_messages(self, now):
        return self.at_work


def chunk(owner: str | None, announced_at: float) -> ChunkState:
    return ChunkState(
        chunk_id=1, optimization_id="o", start=0, stop=9, n_kills=0, suspect=False, owner=owner,
        lease_expires_at=None if owner is None else 2_000.0,
        queued_at=990.0, announced_at=announced_at,
    )  # fmt: skip


def looks(chunks_at, pool, marks=None, *, cores=0.0, seconds=20) -> PoolWatch:
    """Look for so many seconds at a pool that uses, or waits for, so many cores."""
    now = [1_000.0]
    watch = PoolWatch("w:1:a", lambda: pool, marks or Marks(), lambda _: cores * now[0])
    for second in range(0, seconds, 2):
        now[0] = 1_001.0 + second
        watch.look(chunks_at(now[0]), now[0])
    return watch


def swallowed(now: float) -> list[ChunkState]:
    """A chunk that nobody takes although it is announced again and again."""
    return [chunk(None, now - 1.0)]


def test_a_pool_that_takes_nothing_ends_even_if_its_chunk_is_announced_again_and_again():
    pool = Pool()
    looks(swallowed, pool)
    assert pool.killed


@pytest.mark.parametrize(
    "chunks", [[], [("w:1:a/77", 995.0), (None, 995.0)], [("other:1:b/3", 995.0)], [(None, 0.0)]],
    ids=["nothing waits", "it works", "another has it", "the broker was not told"],
)  # fmt: skip
def test_a_pool_that_works_or_has_nothing_to_do_is_left_alone(chunks):
    pool = Pool()
    looks(lambda _: [chunk(*each) for each in chunks], pool)
    assert not pool.killed


def test_a_pool_that_has_a_message_is_left_alone_before_it_has_the_chunk():
    pool = Pool()
    looks(swallowed, pool, Marks(at_work=True), seconds=200)
    assert not pool.killed


def test_a_pool_that_wants_a_core_is_slow_and_not_stuck():
    pool = Pool()
    looks(swallowed, pool, cores=0.9, seconds=200)
    assert not pool.killed


def test_a_pool_that_is_loading_has_minutes_to_become_ready():
    pool = Pool(created_at=1_000.0)
    looks(swallowed, pool, Marks(is_ready=False), seconds=int(START_SECONDS))
    assert not pool.killed
    looks(swallowed, Pool(), Marks(is_ready=False), seconds=2)  # one of long ago
    pool = Pool(created_at=1_000.0 - START_SECONDS)
    looks(swallowed, pool, Marks(is_ready=False), seconds=4)
    assert pool.killed


def test_a_pool_has_its_time_from_when_it_is_ready():
    pool, marks = Pool(created_at=1_000.0), Marks(is_ready=False)
    now = [1_000.0]
    watch = PoolWatch("w:1:a", lambda: pool, marks, lambda _: 0.0)
    for second in range(0, 100, 2):
        now[0] = 1_000.0 + second
        marks.is_ready = second >= 80
        watch.look(swallowed(now[0]), now[0])
        assert not pool.killed or second > 86
    assert pool.killed


def test_no_pool_is_no_reason_to_stumble():
    watch = PoolWatch("w:1:a", lambda: None, Marks(), lambda _: 0.0)
    watch.look(swallowed(1_000.0), 1_000.0)
