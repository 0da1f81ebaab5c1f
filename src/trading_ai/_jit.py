"""The one door to Numba: every compiled function of the package is made by `njit` below.

Compiled code is cached on disk (beside the source, or under ``NUMBA_CACHE_DIR``), never uses fast-math
(results must equal the plain twins bit for bit), never starts threads of its own, and releases the GIL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba


def njit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` on first call, cached on disk, without the GIL and without fast-math."""
    decorate = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")
    return cast("Callable[..., Any]", decorate(function))
