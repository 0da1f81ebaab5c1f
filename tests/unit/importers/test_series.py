from __future__ import annotations

import pytest

from trading_ai.importers.series import Named, read_name
from trading_ai.market.timeframe import timeframe


@pytest.mark.parametrize(
    ("name", "symbol", "length", "side", "words"),
    [
        ("EURUSD.csv", "EURUSD", "", "", ()),
        ("EURUSD60.csv", "EURUSD", "H1", "", ()),
        ("EURUSDM15.csv.gz", "EURUSD", "M15", "", ()),
        ("DAT_ASCII_EURUSD_M1_2018.csv", "EURUSD", "M1", "", ("DAT", "ASCII")),
        ("HISTDATA_COM_ASCII_GBPUSD_M12018.zip", "GBPUSD", "M1", "", ("HISTDATA", "COM", "ASCII")),
        ("EUR_USD-2021-01.csv", "EURUSD", "", "", ()),
        ("BTCUSDT-1m-2021-01.zip", "BTCUSDT", "M1", "", ()),
        ("EURUSD_Candlestick_1_Hour_BID_01.01.2021.csv", "EURUSD", "H1", "bid", ("CANDLESTICK",)),
        ("eurusd-m1-ask-2021.csv", "EURUSD", "M1", "ask", ()),
        ("20180305_eurusd_minute_quote.csv", "EURUSD", "M1", "quote", ()),
        ("1.csv", "", "", "", ()),
        ("part-2.csv", "", "", "", ()),
        ("jan.csv", "", "", "", ()),
        ("SPY.csv", "SPY", "", "", ()),
        ("notes_dis.csv", "", "", "", ("NOTES", "DIS")),
    ],
)
def test_names(name: str, symbol: str, length: str, side: str, words: tuple[str, ...]) -> None:
    assert read_name(name) == Named(symbol, timeframe(length) if length else None, side, words)
