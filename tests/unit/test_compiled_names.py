"""Names of compiled code on disk: what it knows of its arguments is part of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

from trading_ai._compiled_cache import DigestCache


class Desk(NamedTuple):
    account: Any
    marks: Any


class Swapped(NamedTuple):
    marks: Any
    account: Any


class Codegen:
    def magic_tuple(self) -> tuple[str]:
        return ("x86",)


def key(value: object) -> tuple[str, str]:
    return DigestCache._key(object(), (numba.typeof(value),), Codegen())  # type: ignore[arg-type]


def renamed(kind: type) -> type:
    """A named tuple under the name of `Desk`, as another version of the package would have it."""
    kind.__name__ = kind.__qualname__ = "Desk"
    return kind


@pytest.mark.parametrize("within", [lambda made: made, lambda made: (1.0, made), lambda made: ((made, 2), 1)])
def test_fields_that_change_place_are_other_code(within):
    account, marks = np.zeros(3), np.zeros(5)
    usual, other = within(Desk(account, marks)), within(renamed(Swapped)(marks, account))
    assert key(usual) != key(other)
    assert key(usual) == key(within(Desk(marks, account)))
