"""Profit by the calendar, and what moves the result."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai.engine.records import TRADE
from trading_ai.errors import ParameterError
from trading_ai.figures.calendar import profit_by
from trading_ai.figures.importance import parameter_bars


def trades(*rows):
    made = np.zeros(len(rows), TRADE)
    for i, (time, profit) in enumerate(rows):
        made[i]["entry_time_ns"] = np.datetime64(time, "ns").astype(np.int64)
        made[i]["net_profit"] = profit
    return made


# 2024-01-01 was a Monday, 2024-02-09 a Friday.
SOME = trades(("2024-01-01T09:30", 10.0), ("2024-01-01T09:59", -4.0), ("2024-02-09T23:00", 7.0))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("hour", {"09": 6.0, "23": 7.0}),
        ("weekday", {"Mon": 6.0, "Fri": 7.0}),
        ("month", {"Jan": 6.0, "Feb": 7.0}),
    ],
)
def test_profits_stand_where_the_entries_were(part, expected):
    bar = profit_by(part, SOME, currency="USD").data[0]
    shown = {x: float(y) for x, y in zip(bar.x, bar.y, strict=True) if y}
    assert shown == expected
    assert sum(bar.customdata) == 3


def test_weekends_are_left_out_unless_something_was_traded():
    assert "Sun" not in profit_by("weekday", SOME).data[0].x
    assert "Sun" in profit_by("weekday", trades(("2024-01-07T01:00", 1.0))).data[0].x


def test_no_trades_and_unknown_parts_are_said():
    assert profit_by("hour", SOME[:0]).layout.annotations[0].text == "no trades"
    with pytest.raises(ParameterError, match="hour, weekday, month"):
        profit_by("minute", SOME)


def test_the_parameter_that_moves_most_stands_on_top():
    bars = parameter_bars(["a", "<b>", "c"], np.array([0.1, 0.6, np.nan]), 0.3, metric="sharpe_ratio", exact=True)
    assert list(bars.data[0].y) == ["only together", "c", "a", "&lt;b&gt;"]
    assert bars.data[0].x[-1] == pytest.approx(60.0)
    assert "exact" in bars.layout.title.subtitle.text
    nothing = parameter_bars(["a"], np.array([np.nan]), 0.0, metric="sharpe_ratio", exact=False)
    assert "do not differ" in nothing.layout.annotations[0].text
