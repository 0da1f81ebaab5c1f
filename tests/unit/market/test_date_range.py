"""Reading the ends of a date range, and cutting bars there."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.bars import MONDAY_NS, bars_of
from trading_ai.errors import ParameterError
from trading_ai.market.date_range import both_before, first_bar, moment_ns, moment_text, range_text

HOUR = 3_600_000_000_000


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2017-01-02", "2017-01-02"),
        (" 2017-01-02T00:00 ", "2017-01-02"),
        ("2017-01-02 14:30", "2017-01-02T14:30:00"),
        ("2017-01-02T14:30:00Z", "2017-01-02T14:30:00"),
        ("2017-01-02T14:30:00+02:00", "2017-01-02T12:30:00"),
        ("1969-12-31T23:59:59.5", "1969-12-31T23:59:59.500000"),
        (date(2017, 1, 2), "2017-01-02"),
        (datetime(2017, 1, 2, 8), "2017-01-02T08:00:00"),
        (np.datetime64("2017-01-02T08:00"), "2017-01-02T08:00:00"),
    ],
)
def test_one_moment_has_one_text(given, text):
    assert moment_text(moment_ns(given, "start")) == text


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31)))
def test_what_is_written_reads_back(moment):
    ns = moment_ns(moment.isoformat(), "start")
    assert np.datetime64(ns, "ns") == np.datetime64(moment, "us")
    assert moment_ns(moment_text(ns), "start") == ns


@pytest.mark.parametrize("text", ["", "soon", "2017-13-01", "2017-02-30", "1e9", "0001-01-01", "9999-01-01", "17"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ParameterError, match="end: must be a date or time in UTC"):
        range_text("2017-01-01", text)


def test_a_range_holds_something():
    assert range_text(None, None) == (None, None)
    assert range_text("2017-01-01", "2017-01-02") == ("2017-01-01", "2017-01-02")
    with pytest.raises(ParameterError, match="must lie after the start, 2017-01-02"):
        range_text("2017-01-02", "2017-01-02T00:00Z")


def test_bars_are_cut_half_open():
    bars = bars_of([(1, 1, 1, 1)] * 5)
    third = moment_text(MONDAY_NS + 2 * HOUR)
    assert first_bar(bars, third) == 2
    assert first_bar(bars, moment_text(MONDAY_NS + HOUR + 1000)) == 2
    assert first_bar(bars, "1999-01-01") == 0
    finer = bars_of([(1, 1, 1, 1)] * 300, tf="M1")
    cut, minutes = both_before(bars, finer, third)
    assert (len(cut), len(minutes)) == (2, 120)
    assert both_before(bars, finer, None) == (bars, finer)
    with pytest.raises(ParameterError, match="The bars open from 2017-01-02T14:00 to 2017-01-02T18:00 UTC"):
        first_bar(bars, moment_text(MONDAY_NS + 5 * HOUR))
    with pytest.raises(ParameterError, match="must lie after the first bar"):
        both_before(bars, finer, "2017-01-02T14:00")


def test_bars_in_a_gap_of_the_finer_ones_at_the_end_are_left_out():
    bars = bars_of([(1, 1, 1, 1)] * 5)
    whole = bars_of([(1, 1, 1, 1)] * 300, tf="M1")
    early, late = whole.slice(0, 130), whole.slice(290, 300)
    times = np.r_[early.open_time_ns, late.open_time_ns]
    ones = np.ones(len(times))
    gapped = type(bars)(bars.symbol, whole.timeframe, times, ones, ones, ones, ones)
    cut, minutes = both_before(bars, gapped, moment_text(MONDAY_NS + 4 * HOUR))
    assert (len(cut), len(minutes)) == (3, 130)
