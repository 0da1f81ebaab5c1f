"""Bars of a DataFrame, as pandas, Polars, yfinance, ccxt and MetaTrader have them, and as a Parquet file of one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import trading_ai as ta
from trading_ai.errors import DataError
from trading_ai.importers.read import read_bars

BARS = ta.load_sample("EURUSD").slice(0, 1500)
TIMES = pd.DatetimeIndex(BARS.open_time_ns.astype("datetime64[ns]"), name="Datetime").tz_localize("UTC")
FRAME = pd.DataFrame(
    {"Open": BARS.open, "High": BARS.high, "Low": BARS.low, "Close": BARS.close, "Volume": BARS.volume}, index=TIMES
)
MT5 = pd.DataFrame(
    {
        "<DATE>": TIMES.strftime("%Y.%m.%d"), "<TIME>": TIMES.strftime("%H:%M:%S"), "<OPEN>": BARS.open,
        "<HIGH>": BARS.high, "<LOW>": BARS.low, "<CLOSE>": BARS.close, "<TICKVOL>": BARS.volume, "<VOL>": 0,
    }
)  # fmt: skip
ADJUSTED = FRAME.assign(**{"Adj Close": FRAME["Close"] * 0.5})
CCXT = pl.DataFrame(
    {"timestamp": BARS.open_time_ns // 10**6, "o": BARS.open, "h": BARS.high, "l": BARS.low, "c": BARS.close}
    | {"v": BARS.volume}
)
SHAPES = {
    "yfinance": ADJUSTED,
    "yfinance, one ticker": pd.concat({"EURUSD=X": ADJUSTED}, axis=1).swaplevel(axis=1),
    "yfinance, by ticker": pd.concat({"GBPUSD=X": FRAME * 1.2, "EURUSD=X": FRAME}, axis=1),
    "yfinance, by field": pd.concat({"EURUSD=X": FRAME, "GBPUSD=X": FRAME * 1.2}, axis=1).swaplevel(axis=1),
    "another zone": FRAME.tz_convert("Asia/Tokyo"),
    "no zone": FRAME.tz_localize(None),
    "an index without a name": FRAME.rename_axis(None),
    "a column of times": FRAME.reset_index(),
    "lower case": FRAME.reset_index().rename(columns=str.lower),
    "single letters": FRAME.rename(columns=lambda name: name[0].lower()),
    "texts": FRAME.set_index(TIMES.strftime("%Y-%m-%d %H:%M:%S").rename("Date")),
    "MetaTrader 5": MT5,
    "MetaTrader 5, dates read": MT5.assign(**{"<DATE>": pd.to_datetime(MT5["<DATE>"])}),
    "symbols in an index": pd.concat({"EURUSD": FRAME, "GBPUSD": FRAME * 1.2}, names=["symbol"]),
    "ccxt in Polars": CCXT,
    "Polars without a zone": CCXT.with_columns(pl.from_epoch("timestamp", "ms")),
    "Polars with a zone": CCXT.with_columns(pl.from_epoch("timestamp", "ms").dt.replace_time_zone("UTC")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_usual_shape_gives_the_same_bars(shape):
    found = ta.read_bars(SHAPES[shape], symbol="EURUSD")
    for name in ("open_time_ns", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(found, name), getattr(BARS, name), err_msg=name)


def test_what_was_read_is_not_changed():
    before = SHAPES["yfinance, by ticker"].copy(deep=True)
    ta.read_bars(SHAPES["yfinance, by ticker"], symbol="EURUSD")
    pd.testing.assert_frame_equal(SHAPES["yfinance, by ticker"], before)


def test_how_it_was_read_is_said_as_of_a_file():
    found = read_bars(FRAME.tz_localize(None), symbol="EURUSD")
    assert found.detected["format"] == "dataframe"
    assert found.detected["container"] == "memory"
    assert found.detected["timezone_decided_by"].startswith("detected")
    stated = read_bars(FRAME.tz_localize(None), symbol="EURUSD", timezone="NY+7")
    assert stated.bars.open_time_ns[0] != BARS.open_time_ns[0]


def test_a_parquet_file_may_have_its_date_and_time_in_two_columns(tmp_path):
    path = tmp_path / "mt5.parquet"
    pl.DataFrame({name: MT5[name].tolist() for name in MT5}).write_parquet(path)
    np.testing.assert_array_equal(ta.read_bars(path, symbol="EURUSD").open_time_ns, BARS.open_time_ns)


def test_ticks_become_bars_of_a_minute():
    moments = pl.datetime_range(pl.datetime(2024, 3, 5, 10), pl.datetime(2024, 3, 5, 10, 5), "10s", eager=True)
    bid = 1.08 + np.arange(len(moments)) * 1e-5
    ticks = pl.DataFrame({"time": moments.dt.replace_time_zone("UTC"), "bid": bid, "ask": bid + 1e-4})
    found = ta.read_bars(ticks, symbol="EURUSD")
    assert (str(found.timeframe), len(found)) == ("M1", 6)
    assert found.open[1] == pytest.approx(bid[6])


MISSING = FRAME.copy()
MISSING.iloc[7, 2] = np.nan
CROSSED = FRAME.copy()
CROSSED.iloc[3, 1] = CROSSED.iloc[3, 2] - 0.01


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (FRAME.drop(columns="Open"), {}, "DataFrame: columns: has no column for open"),
        (FRAME.iloc[:0], {}, "DataFrame: is empty"),
        (MISSING, {}, "DataFrame:8: low"),
        (CROSSED, {}, "DataFrame:4: "),
        (FRAME.reset_index(drop=True), {}, "DataFrame: columns: has no column for time"),
        (SHAPES["yfinance, by ticker"], {"ticker": "USDJPY=X"}, "ticker: holds several symbols, none of them"),
        (pd.concat({"XX": FRAME, "YY": FRAME}, axis=1), {}, "none of them EURUSD.*XX, YY.*ticker=\"XX\""),
        (FRAME * 1e5, {}, "price_scale=0.00001"),
        (FRAME["Open"], {}, "must be a file's path, or a DataFrame of pandas or Polars, not of Series"),
        (CCXT.lazy(), {}, "not of LazyFrame.*collect"),
        (None, {}, "not of NoneType"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_row_and_remedy(frame, options, said):
    with pytest.raises(DataError, match=said):
        ta.read_bars(frame, symbol="EURUSD", **options)


def test_the_ticker_may_be_stated():
    found = ta.read_bars(SHAPES["yfinance, by ticker"], symbol="GBPUSD", ticker="GBPUSD=X")
    np.testing.assert_allclose(found.close, BARS.close * 1.2)


def test_what_the_checks_saw_is_warned_of_where_the_bars_are_asked_for():
    twice = pd.concat([FRAME.iloc[:400], FRAME.iloc[399:400], FRAME.iloc[600:]])
    with pytest.warns(ta.DataQualityWarning) as told:
        ta.read_bars(twice, symbol="EURUSD", repair=True)
    found = read_bars(twice, symbol="EURUSD", repair=True).report
    assert found.repairs
    assert any("bars are missing in" in text for text in found.warnings)
    assert [str(each.message) for each in told] == [*(f"repaired: {text}" for text in found.repairs), *found.warnings]
    assert {each.filename for each in told} == {__file__}


def test_nothing_is_warned_of_where_the_checks_saw_nothing(recwarn):
    ta.read_bars(FRAME, symbol="EURUSD")
    assert [str(each.message) for each in recwarn] == []


@pytest.mark.parametrize("symbol", ["EURUSD", ta.symbol("EURUSD")])
def test_an_option_that_is_misspelt_is_refused_and_the_right_one_named(symbol):
    with pytest.raises(ta.TradingAIError, match=r"timezon: is neither an option .* Did you mean timezone\?"):
        ta.read_bars(FRAME, symbol=symbol, timezon="UTC")
