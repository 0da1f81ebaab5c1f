"""Memory of processes."""

from __future__ import annotations

import psutil


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
