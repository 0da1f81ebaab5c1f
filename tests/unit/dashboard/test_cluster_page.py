"""Links of the page of the cluster, and what settings may name for them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trading_ai.dashboard.running import _chunks, link_to
from trading_ai.driving.queue import ChunkState
from trading_ai.settings import Settings


@pytest.mark.parametrize(("address", "host", "where"), [
    (":30555", "trading.example.org", "http://trading.example.org:30555"),
    (":30300", "::1", "http://[::1]:30300"),
    ("https://flower.example.org/x", "trading.example.org", "https://flower.example.org/x"),
])  # fmt: skip
def test_a_port_is_one_of_the_host_that_was_asked(address, host, where):
    assert link_to(address, host) == where


@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", "ftp://a", "//a", "flower", "https://me:hunter2@a", "http://", ":0", ":x", "http://a b"],
)
def test_what_is_no_page_is_no_link(value, monkeypatch):
    monkeypatch.setenv("TRADING_AI_FLOWER_URL", value)
    with pytest.raises(ValidationError, match="page without a password"):
        Settings()


def test_chunks_are_counted_by_where_they_are():
    rows = [
        ChunkState(1, "a", 0, 5, "w1", 90.0, 50.0, 50.0, n_kills=2, suspect=True),
        ChunkState(2, "a", 5, 9, None, None, 70.0, 70.0, n_kills=1),
        ChunkState(3, "a", 9, 12, None, None, 60.0, 60.0),
    ]
    assert _chunks(rows, 100.0) == {"at_work": 1, "waiting": 2, "oldest": 40.0, "lost": 3, "suspect": 1}
    assert _chunks([], 100.0)["oldest"] is None
