"""Tables of pandas and Polars into each other, and bars and results as such tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.errors import DataError, ParameterError
from trading_ai.frames import as_pandas, as_polars, is_frame

BARS = random_bars(600, 5)
MOMENTS = pd.to_datetime(["2024-03-31 00:30", "2024-03-31 03:30"])


@pytest.fixture(scope="module")
def result():
    return ta.backtest(BARS, "sma_crossover", fast=5, slow=20, stop_loss=20, take_profit=40)


def test_times_keep_their_moment_both_ways():
    zoned = pd.DataFrame({"time": MOMENTS.tz_localize("Europe/Berlin"), "x": [1.5, None]})
    there = as_polars(zoned)
    assert there.schema["time"] == pl.Datetime("us", "UTC")
    back = as_pandas(there, "time")
    assert back.index.tolist() == zoned["time"].dt.tz_convert("UTC").tolist()
    assert np.isnan(back["x"].iloc[1])
    assert as_polars(pd.DataFrame({"time": MOMENTS})).schema["time"] == pl.Datetime("us")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([1, 2], [1, 2]),
        (pd.array([1, None], dtype="Int64"), [1.0, None]),
        (pd.Categorical(["a", "b"]), ["a", "b"]),
        (["x", None], ["x", None]),
        ([True, False], [1.0, 0.0]),
        (pd.PeriodIndex(["2024-01", "2024-02"], freq="M"), [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]),
        ([{"a": 1}, 3], ["{'a': 1}", "3"]),
    ],
)
def test_columns_of_every_kind_arrive(column, expected):
    found = as_polars(pd.DataFrame({"c": column}))["c"]
    missing = found.fill_nan(None) if found.dtype.is_float() else found
    assert missing.to_list() == expected


def test_an_index_becomes_columns_unless_it_only_numbers_rows():
    assert as_polars(pd.DataFrame({"x": [1]})).columns == ["x"]
    assert as_polars(pd.DataFrame({"x": [1, 2]}, index=MOMENTS)).columns == ["time", "x"]
    pairs = pd.MultiIndex.from_product([MOMENTS, ["EURUSD"]], names=[None, "symbol"])
    assert as_polars(pd.DataFrame({"x": [1, 2]}, index=pairs)).columns == ["time", "symbol", "x"]


@pytest.mark.parametrize("wrong", [3, {"a": [1]}, pd.Series([1]), pl.Series([1]), pl.DataFrame({"a": [1]}).lazy()])
def test_what_is_no_table_is_refused_by_what_it_is(wrong):
    assert not is_frame(wrong)
    with pytest.raises(DataError, match=rf"must be a file's path, or a DataFrame.*{type(wrong).__name__}"):
        as_polars(wrong)


def test_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="two columns of one name"):
        as_polars(pd.DataFrame([[1, 2]], columns=["x", "x"]))


def test_bars_become_a_table_and_bars_again():
    table = BARS.to_polars()
    assert table["time"].dt.epoch("ns").to_list() == BARS.open_time_ns.tolist()
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(table[name].to_numpy(), getattr(BARS, name))
    frame = BARS.to_pandas()
    assert frame.index.name == "time"
    assert str(frame.index.tz) == "UTC"
    assert ta.read_bars(frame, symbol=BARS.symbol, price_scale=1).content_hash == BARS.content_hash
    assert ta.read_bars(table, symbol=BARS.symbol, price_scale=1).content_hash == BARS.content_hash


def test_trades_have_times_and_names_in_place_of_numbers(result):
    table = result.to_polars()
    assert table.height == result.trades.size > 0
    assert table["entry_time"].dt.epoch("ns").to_list() == result.trades["entry_time_ns"].tolist()
    assert table["exit_reason"].to_list() == [EXIT_REASONS[i] for i in result.trades["exit_reason"].tolist()]
    assert [1 if side == "long" else -1 for side in table["direction"]] == result.trades["direction"].tolist()
    np.testing.assert_array_equal(table["net_profit"].to_numpy(), result.trades["net_profit"])
    assert "entry_time_ns" not in table.columns


def test_equity_and_days_have_their_times_as_the_index(result):
    equity, daily = result.to_pandas("equity"), result.to_pandas("daily")
    assert (equity.index.name, daily.index.name) == ("time", "date")
    np.testing.assert_array_equal(equity["equity"].to_numpy(), result.equity)
    assert daily["profit"].sum() == pytest.approx(result.daily_profit.sum())
    assert str(daily.index[0])[:10] == str(result.day_numbers[:1].astype("datetime64[D]")[0])


def test_a_table_that_there_is_not_is_refused_with_those_that_there_are(result):
    with pytest.raises(ParameterError, match=r"what: is no table of a backtest.*Did you mean equity.*trades, equity"):
        result.to_polars("equty")


def test_a_sweep_in_pandas_is_the_one_in_polars():
    swept = ta.sweep(BARS, "sma_crossover", fast=[5, 8], slow=[20, 30], stop_loss=[20, 30])
    assert swept.to_pandas()["fast"].tolist() == swept.to_polars()["fast"].to_list()
