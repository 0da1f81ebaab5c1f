"""Whether the servers that are asked for vectors and words answer, as a metric."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping

import httpx
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

PATHS = {"chroma": "/api/v2/heartbeat", "ollama": "/api/version"}
"""The page of each by which it is seen to answer."""

_WAIT_SECONDS = 1.0
"""For each: whoever asks for metrics waits that long at most, and Prometheus for ten."""


class Neighbours(Collector):
    """Looks whether each server answers, when metrics are asked for.

    Args:
        urls: base URL of each, by its name in `PATHS`; those without a URL are left out.
        kept_seconds: how long what was found is told again: metrics may be asked for by several at once.
        clock: seconds that only grow.
    """

    def __init__(
        self, urls: Mapping[str, str], kept_seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pages = {name: url.rstrip("/") + PATHS[name] for name, url in urls.items() if url}
        self._kept_seconds, self._clock = kept_seconds, clock
        self._found: dict[str, bool] = {}
        self._until = float("-inf")
        self._lock = threading.Lock()

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "trading_ai_neighbour_up", "Whether a server that the assistant asks answers.", labels=["name"]
        )
        for name, up in self.up().items():
            family.add_metric([name], float(up))
        yield family

    def up(self) -> dict[str, bool]:
        """Whether each answers."""
        with self._lock:
            if self._clock() >= self._until:
                self._found = {name: _answers(page) for name, page in self._pages.items()}
                self._until = self._clock() + self._kept_seconds
            return self._found


def _answers(page: str) -> bool:
    try:
        return httpx.get(page, timeout=_WAIT_SECONDS).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
