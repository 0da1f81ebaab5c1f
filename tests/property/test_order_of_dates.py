from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.importers.test_order import HOUR, rows
from trading_ai.errors import DataError
from trading_ai.importers.order import refuse_jumping_dates


@given(st.integers(2, 11), st.integers(1, 24), st.booleans())
def test_exchanged_days_never_pass(first: int, hours: int, newest_first: bool) -> None:
    """Days up to the twelfth are exchanged, as a spreadsheet does that takes the day for the month."""
    days = np.datetime64("2021-01-01") + np.arange(first - 1, 20)
    shown = [d if int(str(d)[8:]) > 12 else np.datetime64(f"2021-{str(d)[8:]}-01") for d in days]
    times = np.concatenate([d.astype("datetime64[ns]").astype(np.int64) + np.arange(hours) * HOUR for d in shown])
    with pytest.raises(DataError):
        refuse_jumping_dates(rows(times[::-1] if newest_first else times), "f")
