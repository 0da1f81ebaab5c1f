"""How much a property test tries: all where that is asked for, a part otherwise and where Python runs the kernels."""

from __future__ import annotations

import os

import numba

IS_PLAIN = bool(numba.config.DISABLE_JIT)
"""Whether kernels run as plain Python (``NUMBA_DISABLE_JIT=1``), a hundred times slower: for coverage and mutants."""

IS_FULL = bool(os.environ.get("TRADING_AI_TEST_ALL_EXAMPLES"))
"""Whether every example is tried: `make test-slow` does so, `make test` tries some of the same tests' examples."""


def examples(full: int) -> int:
    """Examples for Hypothesis to try: the `full` number, or a part of it where that is not asked for."""
    if IS_PLAIN:
        return max(full // 3, 10)
    return full if IS_FULL else max(full // 5, 10)
