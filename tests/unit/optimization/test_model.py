"""Specifications as JSON."""

from __future__ import annotations

import json

import pytest

from trading_ai.engine.sizing import Sizing
from trading_ai.errors import ParameterError
from trading_ai.evaluation.model import BacktestSpec

BEFORE_DATE_RANGES = """{"strategy": "sma_crossover", "parameters": {"fast": 10}, "dataset_id": "abc",
"timeframe": null, "detail_dataset_id": null, "capital": 10000.0, "account_currency": "USD",
"sizing": {"mode": "units", "value": 10000.0, "volume_step": null, "min_volume": null, "max_volume": 0.0},
"costs": {}, "rules": {}}"""


def test_a_backtest_that_was_stored_before_date_ranges_reads_and_compares_equal():
    old = BacktestSpec.from_json(json.loads(BEFORE_DATE_RANGES))
    new = BacktestSpec("sma_crossover", {"fast": 10}, "abc", sizing=Sizing("units", 10_000.0))  # the default then
    assert old == new
    assert old.to_json() == new.to_json()
    assert not {"start", "end"} & set(new.to_json())


def test_a_date_range_is_kept_in_one_spelling():
    one = BacktestSpec("sma_crossover", {}, "abc", start="2017-01-01T00:00Z", end="2017-07-01T02:00+02:00")
    assert (one.start, one.end) == ("2017-01-01", "2017-07-01")
    assert BacktestSpec.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert one == BacktestSpec("sma_crossover", {}, "abc", start="2017-01-01", end="2017-07-01")
    with pytest.raises(ParameterError, match="end: must lie after the start"):
        BacktestSpec("sma_crossover", {}, "abc", start="2017-07-01", end="2017-01-01")
