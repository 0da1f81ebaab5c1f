"""Structured logs on stderr, one JSON object a line, and metrics for Prometheus."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from typing_extensions import override

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """A log record as one line of JSON: time (UTC), level, logger, message, and every `extra` field."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logging(level: str) -> None:
    """Send this package's logs of `level` and above to stderr; calling it again replaces the level."""
    logger = logging.getLogger("trading_ai")
    logger.setLevel(level.upper())
    logger.handlers = [handler := logging.StreamHandler(sys.stderr)]
    handler.setFormatter(JsonFormatter())
    logger.propagate = False


@cache
def _metrics() -> Any:
    """The metrics of this process; made on first use, because few commands need them."""
    from types import SimpleNamespace  # noqa: PLC0415

    from prometheus_client import Counter, Histogram  # noqa: PLC0415

    return SimpleNamespace(
        trials=Counter("trading_ai_trials", "Trials evaluated.", ["outcome"]),
        chunk_seconds=Histogram(
            "trading_ai_chunk_seconds", "Time that a chunk took.", buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60)
        ),
        actions=Counter("trading_ai_recovery_actions", "What was done to lose nothing.", ["action"]),
        requests=Counter("trading_ai_http_requests", "HTTP requests.", ["service", "method", "route", "status"]),
        request_seconds=Histogram("trading_ai_http_request_seconds", "Time to answer.", ["service", "route"]),
    )


def share_metrics_between_processes() -> None:
    """Let the processes of a pool count together; before the first metric is made."""
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="trading-ai-metrics-"))


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


def observe_request(service: str, method: str, route: str, status: int, seconds: float) -> None:
    """Count an HTTP request."""
    metrics = _metrics()
    metrics.requests.labels(service, method, route, str(status)).inc()
    metrics.request_seconds.labels(service, route).observe(seconds)


def exposition(*collectors: Any) -> bytes:
    """Every metric of this process, or of the processes it counts with, in Prometheus' text format.

    Args:
        collectors: further ones, asked now.
    """
    from prometheus_client import REGISTRY, CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

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
    import threading  # noqa: PLC0415
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: PLC0415

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the metrics."""
            body = exposition() if self.path.partition("?")[0] == "/metrics" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and those it started."""
    import psutil  # noqa: PLC0415

    total = 0
    try:
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            try:
                total += member.memory_info().rss
            except psutil.Error:
                continue
    except psutil.Error:
        return 0
    return total
