"""Real files from the shared folder; each is read the way its source was measured."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.shared_data import DATA, needs_shared_data
from trading_ai.errors import DataError
from trading_ai.importers.read import read_bars

pytestmark = needs_shared_data

# file, symbol, options, timezones (any of them), bars
ZONES = [
    ("fx_m1/HISTDATA_COM_ASCII_EURUSD_M12018.zip", "EURUSD", {}, "America/New_York", 372_607),
    ("fx_m1/HISTDATA_COM_ASCII_GBPUSD_M12018.zip", "GBPUSD", {}, "America/New_York", 372_261),
    ("fx_m1/HISTDATA_COM_ASCII_XAUUSD_M12018.zip", "XAUUSD", {}, "America/New_York", 353_778),
    ("fx_m1/HISTDATA_COM_ASCII_EURUSD_M12019.zip", "EURUSD", {"repair": True}, "EET-7", 372_470),
    ("fx_h1/gymanytrading_FOREX_EURUSD_1H_ASK.csv.gz", "EURUSD", {}, "UTC", 6_225),
    ("fx_h1/ejtrader_GBPUSDh1.csv.gz", "GBPUSD", {"price_scale": 1e-5}, "EET", 57_600),
    ("fx_h1/ejtrader_USDJPYh1.csv.gz", "USDJPY", {"price_scale": 1e-3}, "EET", 57_600),
    ("fx_h1/ejtrader_XAUUSDh1.csv.gz", "XAUUSD", {"price_scale": 1e-2}, "EET", 57_600),
    ("fx_h1/lean_fxcm_eurusd_hour.zip", "EURUSD", {}, "UTC-5", 69_928),
    ("fx_h1/lean_oanda_eurusd_hour.zip", "EURUSD", {}, "UTC", 74_439),
    ("fx_h1/lean_oanda_xauusd_hour.zip", "XAUUSD", {}, "UTC", 76_499),
    ("fx_h1/lean_oanda_eurgbp_daily.zip", "EURGBP", {}, "UTC", 3_738),
    ("fx_m1/lean_oanda_eurusd_minute", "EURUSD", {}, "UTC", 18_184),
    ("mt_exports/mt5like_EURUSD_M1_2018-06_tab.csv.gz", "EURUSD", {}, "NY+7", 30_203),
    ("mt_exports/mt4_EURUSD_M1_2022-08_2022-10.csv.gz", "EURUSD", {}, "NY+7", 34_342),
    ("dirty/quotedtab_EURUSD_M5_2021-06_2022-02_dups.csv.gz", "EURUSD", {"repair": True}, "UTC-3:30", 49_802),
    ("equity/lean_spy_hour.zip", "SPY", {}, "America/New_York", 40_832),
    ("equity/lean_spy_minute", "SPY", {}, "America/New_York", 4_839),
    ("crypto/lean_coinbase_btcusd_minute", "BTCUSD", {"side": "trade"}, "UTC", 12_423),
]


@pytest.mark.parametrize(("file", "symbol", "options", "zone", "n_bars"), ZONES)
def test_clock_and_number_of_bars(file: str, symbol: str, options: dict, zone: str, n_bars: int) -> None:  # type: ignore[type-arg]
    found = read_bars(DATA / file, symbol=symbol, **options)
    assert (found.detected["timezone"], len(found.bars)) == (zone, n_bars), found.detected["timezone_decided_by"]


def test_four_hour_bars_trimmed_at_midnight_leave_a_draw_that_is_named() -> None:
    found = read_bars(DATA / "fx_h1/ejtrader_EURUSDh4.csv.gz", symbol="EURUSD", price_scale=1e-5)
    assert "EET" in found.detected["timezone_decided_by"]


def test_histdata_equals_the_utc_file_made_from_it() -> None:
    expected = pl.read_parquet(DATA / "fx_m1/EURUSD_M1_2018-2019_utc_bid.parquet")
    times = expected["time"].dt.epoch("ns").to_numpy()
    found = [
        read_bars(DATA / f"fx_m1/HISTDATA_COM_ASCII_EURUSD_M1{year}.zip", symbol="EURUSD", repair=True).bars
        for year in (2018, 2019)
    ]
    assert (times == [*found[0].open_time_ns, *found[1].open_time_ns]).all()
    assert (expected["close"].to_numpy() == [*found[0].close, *found[1].close]).all()


@pytest.mark.parametrize(
    ("file", "symbol", "says"),
    [
        ("fx_h1/ejtrader_EURCHFh4.csv.gz", "EURCHF", r"price_scale=0\.00001"),
        ("fx_h1/ejtrader_USDJPYh1.csv.gz", "USDJPY", r"price_scale=0\.001"),
        ("fx_h1/ejtrader_XAUUSDh1.csv.gz", "XAUUSD", r"price_scale=0\.01"),
        ("fx_m1/HISTDATA_COM_ASCII_EURUSD_M12019.zip", "EURUSD", "--repair"),
        ("dirty/quotedtab_EURUSD_M5_2021-06_2022-02_dups.csv.gz", "EURUSD", "--repair"),
        ("crypto/lean_coinbase_btcusd_minute", "BTCUSD", "side="),
        ("equity/lean_aapl_factor_files.csv", "AAPL", "no rows that look like bars"),
        ("equity/bokeh_sampledata_stocks.csv.gz", "SPY", "several symbols"),
    ],
)
def test_refusals(file: str, symbol: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_bars(DATA / file, symbol=symbol)


def test_a_wrong_stated_timezone_is_warned_of_loudly() -> None:
    file = DATA / "fx_m1/HISTDATA_COM_ASCII_EURUSD_M12018.zip"
    found = read_bars(file, symbol="EURUSD", timezone="EST")
    assert found.detected["timezone"] == "EST"
    assert any("TIME ZONE DOUBTFUL" in w and "America/New_York" in w for w in found.report.warnings)


def test_ticks_become_minute_bars() -> None:
    found = read_bars(DATA / "tick/lean_oanda_eurusd_tick", symbol="EURUSD")
    # counted in the unzipped file of the first day: 24,179 quotes, the first 1.38676 to 1.38686
    assert (len(found.bars), found.bars.timeframe.name) == (15_366, "M1")
    assert found.bars.ask_open is not None
    assert (found.bars.open[0], found.bars.ask_open[0]) == (1.38676, 1.38686)
    of_first_day = found.bars.open_time_ns < np.datetime64("2014-05-02", "ns").astype(np.int64)
    assert found.bars.volume[of_first_day].sum() == 24_179
    hours = read_bars(DATA / "tick/lean_oanda_eurusd_tick", symbol="EURUSD", timeframe="H1").bars
    assert hours.timeframe.name == "H1"
    assert hours.volume.sum() == found.bars.volume.sum()


def test_splits_show_as_jumps() -> None:
    found = read_bars(DATA / "equity/lean_aapl_daily.zip", symbol="AAPL")
    assert any("7:1 split" in warning for warning in found.report.warnings)
