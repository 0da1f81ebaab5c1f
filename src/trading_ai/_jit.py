"""The one door to Numba: every compiled function of the package is made by `njit` below.

Compiled code is cached on disk beside the source (or under ``NUMBA_CACHE_DIR``), never uses fast-math
(results must equal the plain twins bit for bit), never starts threads of its own, and releases the GIL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def njit(function: F) -> F:
    """Compile `function` lazily, cached on disk, without the GIL and without fast-math."""
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function))


def njit_inline(function: F) -> F:
    """Like `njit`, for small scalar helpers that LLVM should always merge into their callers."""
    return cast(
        "F",
        numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(
            function
        ),
    )
