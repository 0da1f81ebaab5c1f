"""Moments, spans and events as robots write them."""

from __future__ import annotations

import pytest

from trading_ai.errors import EvaluationError
from trading_ai.runners.cbot.enums import DayOfWeek, MovingAverageType, TradeType
from trading_ai.runners.cbot.system import DateTime, Delegate, Event, TimeSpan
from trading_ai.runners.cbot.unsupported import UnsupportedMemberError

MOMENT = DateTime.at(1_483_455_845_250_000_000)  # 2017-01-03 15:04:05.25


def test_a_moment_has_the_parts_of_csharp():
    assert (MOMENT.Year, MOMENT.Month, MOMENT.Day, MOMENT.Hour, MOMENT.Minute, MOMENT.Second) == (2017, 1, 3, 15, 4, 5)
    assert MOMENT.DayOfWeek is DayOfWeek["Tuesday"]
    assert MOMENT.Date == DateTime(2017, 1, 3)
    assert MOMENT.TimeOfDay.TotalHours == pytest.approx(15 + 4 / 60 + 5.25 / 3600)
    assert MOMENT.ns == 1_483_455_845_250_000_000
    assert MOMENT.AddHours(10).ToString("dd/MM HH:mm") == "04/01 01:04"
    assert (MOMENT.AddDays(2) - MOMENT).TotalDays == 2
    assert MOMENT.Add(TimeSpan.FromMinutes(1)).Minute == 5
    with pytest.raises(UnsupportedMemberError, match=r"DateTime.ToString\('dddd'\)"):
        MOMENT.ToString("dddd")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:00", 0), ("1.02:03:04", 93784), ("-00:30", -1800), ("2", 172800), ("00:00:01.5", 1.5)],
)
def test_spans_are_read_as_csharp_reads_them(text, seconds):
    assert TimeSpan.Parse(text).TotalSeconds == seconds


def test_parts_of_a_span():
    span = TimeSpan(1, 2, 3, 4) + TimeSpan.FromSeconds(1)
    assert (span.Days, span.Hours, span.Minutes, span.Seconds) == (1, 2, 3, 5)
    assert ((-span).Hours, (-span).Seconds) == (-2, -5)
    assert TimeSpan(2, 0, 0).TotalHours == 2
    assert TimeSpan(10_000_000).TotalSeconds == 1
    with pytest.raises(EvaluationError, match="is no span of time"):
        TimeSpan.Parse("soon")


def test_events_keep_their_handlers_and_delegates_are_functions():
    told = []
    event = Event("api.Positions.Opened")
    event += told.append
    event.fire(1)
    event -= told.append
    event.fire(2)
    assert told == [1]
    assert Delegate[int](told.append) == told.append


def test_words_print_as_the_platform_prints_them():
    assert f"{TradeType.Buy} {MovingAverageType.WilderSmoothing}" == "Buy WilderSmoothing"
    assert str(TradeType.Sell) == "Sell"
