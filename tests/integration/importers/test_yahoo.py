"""Bars of Yahoo, from a double that answers as yfinance does; the network is never asked."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from trading_ai.cli.main import run
from trading_ai.errors import StateError
from trading_ai.importers import yahoo
from trading_ai.importers.exchange import fetch
from trading_ai.market.timeframe import timeframe


class Ticker:
    """Twelve days or hours of a market in New York, as `yfinance.Ticker.history` gives them; one has no prices."""

    n_asked = 0

    def __init__(self, name: str) -> None:
        self.name = name

    def history(self, *, start, interval, auto_adjust, actions, raise_errors):
        assert (auto_adjust, actions, raise_errors) == (False, False, True)
        assert start.tzinfo is not None
        Ticker.n_asked += 1
        if self.name == "NONE":
            raise ValueError("possibly delisted; no price data found")
        if interval == "1d":
            times = pd.bdate_range("2024-03-01", periods=12, tz="America/New_York")
            since = start.date()
            times = times[times.date >= since]
        else:
            assert interval == "60m"
            times = pd.date_range("2024-03-08 09:30", periods=7, freq="h", tz="America/New_York")
            times = times.append(pd.date_range("2024-03-11 09:30", periods=5, freq="h", tz="America/New_York"))
            times = times[times >= start]
        n = len(times)
        closes = 170.0 + np.arange(12)[12 - n :]
        table = {"Open": closes - 0.5, "High": closes + 1, "Low": closes - 1, "Close": closes, "Adj Close": closes / 2,
                 "Volume": np.full(n, 1000)}  # fmt: skip
        frame = pd.DataFrame(table, index=times)
        frame.loc[frame.index.date == pd.Timestamp("2024-03-06").date(), "Close"] = np.nan
        return frame


def ask(market: str, length: str, until: str = "2024-04-01"):
    end = int(np.datetime64(until, "ns").astype(np.int64))
    since = int(np.datetime64("2024-03-01", "ns").astype(np.int64))
    return fetch(yahoo.Yahoo(Ticker), market, timeframe(length), since, end, sleep=lambda _: None)


def test_days_are_dates_and_a_row_without_prices_is_left_out() -> None:
    bars = ask("AAPL", "D1").bars
    days = bars.open_time_ns.astype("datetime64[ns]").astype(str).tolist()
    assert days[0] == "2024-03-01T00:00:00.000000000"
    assert len(days) == 11
    assert not any(day.startswith("2024-03-06") for day in days)
    assert bars.close[0] == 170.0  # not adjusted for dividends
    assert (bars.symbol.name, bars.symbol.kind) == ("AAPL", "stock")


def test_hours_are_moments_on_both_sides_of_the_clocks_change() -> None:
    times = ask("AAPL", "H1").bars.open_time_ns.astype("datetime64[ns]").astype(str)
    assert times[0].startswith("2024-03-08T14:30")  # New York in winter
    assert times[7].startswith("2024-03-11T13:30")  # and in summer, from the 10th on


@pytest.mark.parametrize(
    ("market", "name", "kind"),
    [
        ("EURUSD=X", "EURUSD", "fx"),
        ("BTC-USD", "BTCUSD", "crypto"),
        ("^GSPC", "US500", "index"),
        ("MSFT", "MSFT", "stock"),
    ],
)  # fmt: skip
def test_what_a_ticker_is(market: str, name: str, kind: str) -> None:
    symbol = ask(market, "D1").bars.symbol
    assert (symbol.name, symbol.kind) == (name, kind)


def test_the_command_goes_on_where_it_ended(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path))
    monkeypatch.setattr(yahoo, "open_yahoo", lambda: yahoo.Yahoo(Ticker))
    monkeypatch.setattr("trading_ai.importers.exchange.PAUSES_SECONDS", ())

    def call(*more, market="AAPL"):
        code = run(["data", "fetch", "yahoo", market, "D1", "--json", *more])
        return code, json.loads(capsys.readouterr().out)

    code, first = call("--since", "2024-03-01", "--until", "2024-03-09")
    assert (code, first["n_bars"], first["detected"]["format"]) == (0, 5, "yahoo")
    code, whole = call()
    assert (code, whole["n_bars"], whole["detected"]["continues"]) == (0, 11, first["id"])
    assert call()[1]["already_known"]
    code, error = call("--since", "2024-03-01", market="NONE")
    assert code == 7
    assert "no price data found" in error["error"]["message"]
    assert run(["data", "fetch", "nowhere", "X", "D1"]) == 2
    assert "yahoo" in capsys.readouterr().err


def test_without_the_library_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yfinance", None)
    with pytest.raises(StateError, match=r"trading-ai-system\[yahoo\]"):
        yahoo.open_yahoo()
