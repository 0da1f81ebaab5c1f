"""Factors and sums for the Gaussian process, compiled.

The libraries behind NumPy and SciPy start threads for matrices of this size. Where other processes keep all
cores busy, as a search's workers do, those threads wait for each other: a search of 160 trials was seen to take
14 s instead of 0.5 s. These loops use one thread, and their results do not depend on the number of cores.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai._jit import njit

Floats = npt.NDArray[np.float64]

_TILE = 128  # columns that stay in the cache while all rows pass over them


@njit
def factor(a: Floats) -> Floats:
    """The lower triangular L with L L' = `a`, for a positive definite `a`, shape (n, n).

    A pivot that rounding has pushed to zero or below counts as 1e-12.
    """
    n = a.shape[0]
    # Row k of `columns` is column k of L: what the inner loop walks over lies side by side.
    columns = a.copy()
    for k in range(n):
        pivot = np.sqrt(max(columns[k, k], 1e-12))
        columns[k, k] = pivot
        for i in range(k + 1, n):
            columns[k, i] /= pivot
        for j in range(k + 1, n):
            weight = columns[k, j]
            for i in range(j, n):
                columns[j, i] -= weight * columns[k, i]
    lower = np.zeros((n, n))
    for k in range(n):
        for i in range(k, n):
            lower[i, k] = columns[k, i]
    return lower


@njit
def solve_lower(lower: Floats, right: Floats) -> Floats:
    """The x with `lower` x = `right`, shapes (n, n) and (n, w)."""
    n, w = right.shape
    x = right.copy()
    for start in range(0, w, _TILE):
        stop = min(start + _TILE, w)
        for i in range(n):
            rest = i % 4
            for k in range(rest):
                weight = lower[i, k]
                for j in range(start, stop):
                    x[i, j] -= weight * x[k, j]
            for k in range(rest, i, 4):  # four at a time: x[i] is read and written less often
                a, b, c, d = lower[i, k], lower[i, k + 1], lower[i, k + 2], lower[i, k + 3]
                for j in range(start, stop):
                    x[i, j] -= a * x[k, j] + b * x[k + 1, j] + c * x[k + 2, j] + d * x[k + 3, j]
            pivot = lower[i, i]
            for j in range(start, stop):
                x[i, j] /= pivot
    return x


@njit
def inverse(lower: Floats) -> Floats:
    """The inverse of L L', shape (n, n)."""
    n = lower.shape[0]
    half = np.zeros((n, n))  # the inverse of L
    for i in range(n):
        half[i, i] = 1.0
        for k in range(i):
            weight = lower[i, k]
            for j in range(k + 1):
                half[i, j] -= weight * half[k, j]
        pivot = lower[i, i]
        for j in range(i + 1):
            half[i, j] /= pivot
    result = np.zeros((n, n))
    for k in range(n):
        for i in range(k + 1):
            weight = half[k, i]
            for j in range(k + 1):
                result[i, j] += weight * half[k, j]
    return result


@njit
def weighted_sum(weights: Floats, rows: Floats) -> Floats:
    """The sum of `rows`, each one times its weight, shapes (n,) and (n, w)."""
    n, w = rows.shape
    result = np.zeros(w)
    for k in range(n):
        weight = weights[k]
        for j in range(w):
            result[j] += weight * rows[k, j]
    return result
