"""Indicators remembered: a sweep asks for the same average of the same closes in many combinations.

What a function of arrays gives is kept by the function, its arguments and the identity of the arrays. Only arrays that
nobody can write to are known by their identity: those of bars, and what is remembered itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from trading_ai.strategies.talib_series import accept_series

BYTES_KEPT = 128 << 20
"""Memory of what is remembered by a process; what was not asked for the longest goes first."""


class Memory:
    """Results of functions of arrays, within a stated memory.

    Args:
        bytes_kept: memory of the results. Arrays that are part of a key are kept alive besides.
    """

    def __init__(self, bytes_kept: int = BYTES_KEPT) -> None:
        self._bytes_kept = bytes_kept
        self._kept: OrderedDict[object, tuple[Any, int, tuple[Any, ...]]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """Memory of the results that are kept."""
        return self._size

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What the function gives, read-only; called only if it is not remembered.

        Args:
            function: gives an array, or a tuple of arrays, that depends on its arguments alone.
            args: arrays and plain values.
            kwargs: arrays and plain values.
        """
        key: list[object] = [function]
        for value in args:
            if isinstance(value, np.ndarray):
                if value.flags.writeable:
                    return function(*args, **kwargs)
                key.append((id(value),))
            else:
                key.append((type(value), value))  # 10 and 10.0 are equal, and not the same argument
        for name, value in kwargs.items():
            if isinstance(value, np.ndarray):
                return function(*args, **kwargs)
            key.append((name, type(value), value))
        place = tuple(key)
        try:
            found = self._kept[place]
        except KeyError:
            pass
        except TypeError:  # an argument that has no hash
            return function(*args, **kwargs)
        else:
            with suppress(KeyError):  # another thread has just let it go
                self._kept.move_to_end(place)
            return found[0]
        result = function(*args, **kwargs)
        arrays = result if isinstance(result, tuple) else (result,)
        if not all(isinstance(each, np.ndarray) for each in arrays):
            return result
        for each in arrays:
            each.flags.writeable = False
        size = sum(each.nbytes for each in arrays)
        with self._lock:
            if place not in self._kept and size <= self._bytes_kept:
                # The arguments are kept too: as long as they live, nothing else has their identity.
                self._kept[place] = (result, size, args)
                self._size += size
                while self._size > self._bytes_kept:
                    self._size -= self._kept.popitem(last=False)[1][1]
        return result


memory = Memory()
"""That of this process."""


class Functions:
    """A module of functions of arrays, such as TA-Lib, whose results are remembered.

    Args:
        module: the module.
        is_shared: give what is remembered itself, read-only, and not a copy that the caller may change.
    """

    def __init__(self, module: Any, *, is_shared: bool) -> None:
        self._module, self._is_shared = module, is_shared

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._module, name)
        if not callable(function) or not name.isupper():
            return function
        if self._is_shared:

            def remembered(*args: Any, **kwargs: Any) -> Any:
                return memory.call(function, *args, **kwargs)

        else:

            def remembered(*args: Any, **kwargs: Any) -> Any:
                accept_series()
                result = memory.call(function, *args, **kwargs)
                if isinstance(result, tuple):
                    return tuple(each.copy() for each in result)
                return result.copy()

        setattr(self, name, remembered)
        return remembered
