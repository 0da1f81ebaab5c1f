"""How much a property test tries: all of it where kernels are compiled, less where Python runs them line by line."""

from __future__ import annotations

import numba

IS_PLAIN = bool(numba.config.DISABLE_JIT)
"""Whether kernels run as plain Python (``NUMBA_DISABLE_JIT=1``), a hundred times slower: for coverage and mutants."""


def examples(full: int) -> int:
    """Examples for Hypothesis to try, of the `full` number that the compiled kernels get."""
    return max(full // 3, 10) if IS_PLAIN else full
