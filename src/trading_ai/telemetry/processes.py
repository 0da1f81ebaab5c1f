"""Several processes as one: what they count, before the first of them counts, and the memory that they hold."""

from __future__ import annotations

import os
import tempfile

import psutil


def share_metrics_between_processes() -> None:
    """Let the processes of a pool count together; before `measures` is imported, which looks whether they do."""
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="trading-ai-metrics-"))


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and those it started."""
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
