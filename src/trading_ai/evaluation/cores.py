"""How many cores there are to use."""

from __future__ import annotations

import os
from functools import cache


@cache
def n_cores() -> int:
    """Cores that this process may use; asked once, because the answer takes as long as a tenth of a small sweep."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
