"""Plain Python twins of the intrinsics of `_jit`, for ``NUMBA_DISABLE_JIT=1``.

With that setting Numba hands every compiled function back as it was written, so that a debugger, a coverage
measurement or a mutation tester sees its lines. An intrinsic has no Python form to hand back; these are it. They are
no more atomic than the GIL between two byte codes makes them, which is enough for one thread and for no other.
"""

from __future__ import annotations

import ctypes
from typing import Any

NOT_BEGUN, BEGUN, READY = 0, 1, 2


def select(condition: Any, if_true: Any, if_false: Any) -> Any:
    """One of two values."""
    return if_true if condition else if_false


def number_at(address: Any, i: Any) -> Any:
    """Float64 number `i` of the array whose data are at `address`."""
    return ctypes.c_double.from_address(int(address) + 8 * int(i)).value


def byte_at(address: Any, i: Any) -> Any:
    """Int8 number `i` of the array whose data are at `address`."""
    return ctypes.c_int8.from_address(int(address) + int(i)).value


def word_at(address: Any, i: Any) -> Any:
    """Int64 number `i` of the array whose data are at `address`."""
    return ctypes.c_int64.from_address(int(address) + 8 * int(i)).value


def borrowed(array: Any) -> Any:
    """The array itself."""
    return array


def unowned(value: Any) -> Any:
    """The value itself."""
    return value


def take(counter: Any, n: Any) -> Any:
    """Add `n` to `counter[0]` and return what it was."""
    was = counter[0]
    counter[0] = was + n
    return was


def is_ready(flags: Any, i: Any) -> Any:
    """Whether `flags[i]` is READY."""
    return flags[i] == READY


def begin(flags: Any, i: Any) -> Any:
    """Turn `flags[i]` from NOT_BEGUN to BEGUN; False if it was not NOT_BEGUN."""
    if flags[i] != NOT_BEGUN:
        return False
    flags[i] = BEGUN
    return True


def set_ready(flags: Any, i: Any) -> Any:
    """Turn `flags[i]` to READY."""
    flags[i] = READY
