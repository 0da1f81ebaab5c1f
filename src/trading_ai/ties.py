"""Compiled: when is a value above another, and when are two equal but for rounding."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from trading_ai._jit import njit

TIE = 1e-12
"""Share of the smaller of two values by which they may differ and still be equal."""


@njit
def is_above(a, b, tie):
    """Whether `a` exceeds `b` by more than the share `tie` of the smaller of both; false where one is NaN."""
    size, other = abs(a), abs(b)
    return a - b > tie * (size if size < other else other)
