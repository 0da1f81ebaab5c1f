"""Metrics for Prometheus: what is counted, and how it is read."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from typing_extensions import override


class _Metrics:
    """The metrics of this process."""

    def __init__(self) -> None:
        self.trials = Counter("trading_ai_trials", "Trials evaluated.", ["outcome"])
        self.chunk_seconds = Histogram(
            "trading_ai_chunk_seconds", "Time that a chunk took.", buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60)
        )
        self.actions = Counter("trading_ai_recovery_actions", "What was done to lose nothing.", ["action"])
        self.requests = Counter("trading_ai_http_requests", "HTTP requests.", ["service", "method", "route", "status"])
        self.request_seconds = Histogram("trading_ai_http_request_seconds", "Time to answer.", ["service", "route"])


@cache
def _metrics() -> _Metrics:
    """Made on first use: each process that is forked has files of its own, where several count together."""
    return _Metrics()


def observe_chunk(n_trials: int, n_failed: int, seconds: float) -> None:
    """Count a chunk that was evaluated."""
    metrics = _metrics()
    metrics.trials.labels("completed").inc(max(n_trials - n_failed, 0))
    metrics.trials.labels("failed").inc(n_failed)
    metrics.chunk_seconds.observe(seconds)


def count_actions(actions: Mapping[str, int]) -> None:
    """Count what a coordinator did to recover work."""
    for action, n in actions.items():
        _metrics().actions.labels(action).inc(n)


def actions_counted() -> dict[str, int]:
    """What a coordinator in this process did to recover work since it started, by action."""
    samples = (sample for family in _metrics().actions.collect() for sample in family.samples)
    return {s.labels["action"]: int(s.value) for s in samples if s.name.endswith("_total") and s.value}


def observe_request(service: str, method: str, route: str, status: int, seconds: float) -> None:
    """Count an HTTP request."""
    metrics = _metrics()
    metrics.requests.labels(service, method, route, str(status)).inc()
    metrics.request_seconds.labels(service, route).observe(seconds)


def exposition(*collectors: Collector) -> bytes:
    """Every metric of this process, or of the processes it counts with, in Prometheus' text format.

    Args:
        collectors: further ones, asked now.
    """
    _metrics()
    extra = CollectorRegistry()
    shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    if shared:
        MultiProcessCollector(extra)  # type: ignore[no-untyped-call]
    for collector in collectors:
        extra.register(collector)
    return generate_latest(extra) + (b"" if shared else generate_latest(REGISTRY))


def serve_metrics(port: int) -> None:
    """Serve /metrics on every address of this machine from a thread; nothing happens for port 0."""
    if not port:
        return

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the metrics."""
            body = exposition() if self.path.partition("?")[0] == "/metrics" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
