from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import DataError
from trading_ai.importers.order import refuse_jumping_dates
from trading_ai.importers.raw import RawRows

HOUR = 3600 * 10**9
JANUARY = int(np.datetime64("2021-01-04", "ns").astype(np.int64)) + np.arange(24 * 20) * HOUR


def rows(times: np.ndarray) -> RawRows:
    return RawRows(np.asarray(times, np.int64), False, {}, None, lambda row: row + 2, "")


def moved(times: np.ndarray, row: int, to: str) -> np.ndarray:
    out = times.copy()
    out[row] = int(np.datetime64(to, "ns").astype(np.int64))
    return out


@pytest.mark.parametrize(
    "times",
    [
        JANUARY,
        JANUARY[::-1],
        np.concatenate((JANUARY[200:], JANUARY[:200])),
        np.concatenate((JANUARY[:50], JANUARY[[51, 50]], JANUARY[52:])),
        np.concatenate((JANUARY[:300], JANUARY[250:])),
        np.concatenate((JANUARY[:200], JANUARY[200:] + 90 * 24 * HOUR)),  # a hole is a hole
        np.concatenate((JANUARY[:200], JANUARY[200:] + 90 * 24 * HOUR))[::-1],
    ],
)
def test_orders_that_sorting_mends_or_that_are_none(times: np.ndarray) -> None:
    refuse_jumping_dates(rows(times), "f")


@pytest.mark.parametrize("to", ["2012-01-06", "2031-01-06", "2020-01-06", "2021-03-06"])
@pytest.mark.parametrize("row", [50, 300])
def test_a_row_of_another_year_or_month(to: str, row: int) -> None:
    with pytest.raises(DataError, match="jumps") as caught:
        refuse_jumping_dates(rows(moved(JANUARY, row, to)), "f")
    assert caught.value.line == row + 2


def test_a_row_whose_day_and_month_are_exchanged() -> None:
    at = int(np.flatnonzero(np.datetime64("2021-01-05T03:00", "ns").astype(np.int64) == JANUARY)[0])
    with pytest.raises(DataError, match="day and month exchanged it would be 2021-01-05 03:00") as caught:
        refuse_jumping_dates(rows(moved(JANUARY, at, "2021-05-01T03:00")), "f")
    assert caught.value.line == at + 2
