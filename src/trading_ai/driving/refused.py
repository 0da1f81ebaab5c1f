"""Optimizations that workers refuse: they wait for one that can evaluate them, say why, and fail if none comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from trading_ai.driving.queue import Refusal

UNABLE_SECONDS = 60.0
"""How long every worker that is online may refuse an optimization before it fails."""


class Refused:
    """Which optimizations wait because every worker that is online refuses them.

    Args:
        say: shows a running optimization's reason, "" for none.
        fail: ends an optimization with a reason.
    """

    def __init__(self, say: Callable[[str, str], None], fail: Callable[[str, str], None]) -> None:
        self._say, self._fail = say, fail
        self._since: dict[str, float] = {}

    def look(self, refusals: Sequence[Refusal], workers: Mapping[str, str], now: float) -> None:
        """Say what waits and why, and end what has waited for long enough.

        Args:
            refusals: those that still count, newest first.
            workers: the machine of each worker that is online, by its id; without one, everything just waits.
            now: seconds since 1970.
        """
        by_key: dict[str, dict[str, str]] = {}
        for refusal in refusals:
            by_key.setdefault(refusal.optimization_id, {}).setdefault(refusal.worker_id, refusal.reason)
        waiting = {key: said for key, said in by_key.items() if workers and workers.keys() <= said.keys()}
        for key in set(self._since) - set(waiting):
            del self._since[key]
            self._say(key, "")
        for key, said in waiting.items():
            whose = next(worker_id for worker_id in said if worker_id in workers)
            reason = f"{workers[whose]}: {said[whose]}"
            if key not in self._since:
                self._since[key] = now
                rule = f"it fails if none can within {UNABLE_SECONDS:.0f} s"
                self._say(key, f"waits: no worker that is online can evaluate it, and {rule}. {reason}")
            elif now - self._since[key] >= UNABLE_SECONDS:
                del self._since[key]
                self._fail(key, f"no worker could evaluate it for {UNABLE_SECONDS:.0f} s. {reason}")

    def forget(self) -> None:
        """Begin anew: another process may have looked meanwhile."""
        self._since.clear()
