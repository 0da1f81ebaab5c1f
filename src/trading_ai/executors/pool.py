"""A worker's pool of processes, seen from beside it: whether it is ready, and whether it is stuck."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from trading_ai.driving.queue import ChunkState

STUCK_SECONDS = 8.0
START_SECONDS = 600.0
"""How long a pool may load and compile: on a sliver of a core that takes minutes."""

_AT_WORK = 0.3
_MESSAGE_SECONDS = 60.0

_log = logging.getLogger(__name__)


class PoolMarks:
    """Files by which a pool says that its processes are ready, and which of them have taken a message.

    Each is named by its process, so that the mark of a process that was killed does not count.

    Args:
        folder: where they are; shared by the pool and whoever looks at it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ready(self) -> None:
        """Say that this process is loaded, compiled and able to work."""
        self._mark("ready").touch()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Say that this process has taken a message, until the block ends."""
        mark = self._mark("work")
        with suppress(OSError):  # a full folder must not keep it from working
            mark.touch()
        try:
            yield
        finally:
            with suppress(OSError):
                mark.unlink(missing_ok=True)

    def ready_at(self, n_processes: int = 1) -> float | None:
        """When the pool could take its first message, seconds since 1970; None while fewer processes are ready."""
        with suppress(OSError):
            times = sorted(mark.stat().st_mtime for mark in self._living("ready"))
            return times[n_processes - 1] if len(times) >= n_processes else None
        return None

    def have_messages(self, now: float) -> bool:
        """Whether any process has taken a message within the last minute.

        After that its chunk has an owner, who extends the lease; one that hangs without a chunk must not look busy.
        """
        with suppress(OSError):
            return any(now - mark.stat().st_mtime < _MESSAGE_SECONDS for mark in self._living("work"))
        return True  # one has just ended its work

    def _mark(self, kind: str) -> Path:
        return self._folder / f"{kind}-{os.getpid()}"

    def _living(self, kind: str) -> list[Path]:
        try:
            return [mark for mark in self._folder.glob(f"{kind}-*") if psutil.pid_exists(int(mark.name.split("-")[1]))]
        except (OSError, ValueError):
            return []


def cpu_seconds_wanted(process: psutil.Process) -> float:
    """Seconds for which a process and those it started have run or have waited for a core; 0 where unknown."""
    total = 0
    with suppress(psutil.Error):
        for member in (process, *process.children(recursive=True)):
            with suppress(OSError, ValueError):
                ran, waited = Path(f"/proc/{member.pid}/schedstat").read_text().split()[:2]
                total += int(ran) + int(waited)
    return total * 1e-9


class PoolWatch:
    """Notices a pool that takes no chunk although some wait: its connection to the broker is dead without knowing.

    A pool that is starting, has a message, or wants a core and gets none, is slow, not stuck.

    Args:
        worker_id: the worker that the pool belongs to.
        pool: the pool's main process; None while there is none.
        marks: what the pool says of itself.
        wanted: seconds for which the pool has run, or has waited for a core.
    """

    def __init__(
        self,
        worker_id: str,
        pool: Callable[[], psutil.Process | None],
        marks: PoolMarks,
        wanted: Callable[[psutil.Process], float] = cpu_seconds_wanted,
    ) -> None:
        self._worker_id, self._pool, self._marks, self._wanted = worker_id, pool, marks, wanted
        self._pid, self._idle_since = 0, 0.0
        self._last = (0.0, 0.0)

    def look(self, chunks: Sequence[ChunkState], now: float) -> None:
        """End the pool if it is stuck; it is started again.

        Args:
            chunks: all that are not done.
            now: seconds since 1970.
        """
        with suppress(psutil.Error):  # it has just ended
            pool = self._pool()
            if pool is None:
                return
            if pool.pid != self._pid:
                self._pid, self._idle_since, self._last = pool.pid, now, (now, self._wanted(pool))
            if self._marks.ready_at() is None:
                self._idle_since = now
                if now - pool.create_time() > START_SECONDS:
                    self._end(pool, "the pool was not ready in time and is started again")
                return
            if self._is_at_work(pool, chunks, now):
                self._idle_since = now
            elif now - self._idle_since > STUCK_SECONDS:
                self._idle_since = now
                self._end(pool, "the pool takes no chunks and is started again")

    def _is_at_work(self, pool: psutil.Process, chunks: Sequence[ChunkState], now: float) -> bool:
        """Whether it has something to do with itself, or nothing to do."""
        since, before = self._last
        self._last = (now, self._wanted(pool))
        if self._last[1] - before > _AT_WORK * (now - since) or self._marks.have_messages(now):
            return True
        if any(str(chunk.owner).startswith(f"{self._worker_id}/") for chunk in chunks):
            return True
        # Not when they were last announced: a pool that swallows messages has them announced again and again.
        return not any(c.owner is None and c.announced_at and c.queued_at < now - STUCK_SECONDS / 2 for c in chunks)

    @staticmethod
    def _end(pool: psutil.Process, why: str) -> None:
        _log.warning(why, extra={"pid": pool.pid})
        pool.kill()
