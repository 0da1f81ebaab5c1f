"""Numbers and times as pages show them."""

from __future__ import annotations

import math

import pytest

from trading_ai.dashboard import wording


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.2, "under 1 s"),
        (1, "1 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_durations_have_two_units(seconds, text):
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-01-10T12:00:00+00:00", "just now"),
        ("2026-01-10T11:58:00+00:00", "2 min ago"),
        ("2026-01-10T09:59:30+00:00", "2 h ago"),
        ("2026-01-08T12:00:00+00:00", "2 d ago"),
        ("2025-12-01T12:00:00+00:00", "2025-12-01"),
        (None, "–"),
    ],
)
def test_how_long_ago(moment, text):
    assert wording.ago(moment, 1768046400.0) == text


def test_figures_have_their_unit_and_a_dash_where_there_is_none():
    assert wording.figure(12.5, "max_drawdown_percent") == "12.50 %"
    assert wording.figure(1234.5, "net_profit", "EUR") == "1,234.50 EUR"
    assert wording.figure(None, "net_profit") == wording.figure(math.nan) == "–"
    assert wording.rate(None) == "–"
    assert (wording.rate(4.26), wording.rate(46470.7)) == ("4.3/s", "46,471/s")
    assert (wording.size(2_147_483_648), wording.size(200)) == ("2.1 GB", "200 B")
