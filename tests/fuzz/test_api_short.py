"""The first of the requests that ``python -m tests.fuzz api`` sends a million of."""

from __future__ import annotations

import collections
import time
from pathlib import Path

import pytest

from tests.fuzz.api import SECONDS, check

N_FIRST, N_REQUESTS = 150, 7_000


@pytest.mark.parametrize("n_requests", [N_FIRST, pytest.param(N_REQUESTS, marks=pytest.mark.slow)])
def test_every_request_is_answered(tmp_path: Path, n_requests: int) -> None:
    outcomes: collections.Counter[str] = collections.Counter()
    slowest = 0.0
    for number in range(n_requests):
        began = time.monotonic()
        outcomes[check(number, tmp_path)] += 1
        slowest = max(slowest, time.monotonic() - began)
    assert outcomes["2xx"] > n_requests / 10  # or the requests are too wild to get behind the first check
    assert slowest < SECONDS
