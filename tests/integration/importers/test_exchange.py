"""Bars of an exchange, from a double that answers as a recorded one did; the network is never asked."""

from __future__ import annotations

import json

import numpy as np
import pytest

from trading_ai.cli.main import run
from trading_ai.errors import InputError, StorageError
from trading_ai.importers import exchange as module
from trading_ai.importers.exchange import fetch
from trading_ai.market.timeframe import timeframe

START_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC
HOUR_MS = 3_600_000
HOUR_NS = HOUR_MS * 10**6
H1 = timeframe("H1")


class Recorded:
    """Hours of BTC/USDT; three rows a page, whatever is asked, as an exchange with a limit of its own answers."""

    id = "recorded"

    def __init__(self, n=10, *, fail_at=()) -> None:
        self.timeframes = {"1m": "1m", "1h": "1h"}
        rng = np.random.default_rng(1)
        closes = np.round(42_000 + np.cumsum(rng.normal(0, 50, n)), 2)
        opens = np.r_[42_000.0, closes[:-1]]
        self.rows = [
            [START_MS + i * HOUR_MS, o, max(o, c) + 5.5, min(o, c) - 5.25, c, 1.5]
            for i, (o, c) in enumerate(zip(opens.tolist(), closes.tolist(), strict=True))
        ]
        self.n_asked, self._fail_at = 0, set(fail_at)

    def load_markets(self):
        return {"BTC/USDT": {}}

    def fetch_ohlcv(self, symbol, timeframe, since, limit):
        self.n_asked += 1
        if self.n_asked in self._fail_at:
            raise ConnectionError("no answer")
        assert (symbol, timeframe) == ("BTC/USDT", "1h")
        return [row for row in self.rows if row[0] >= since][:3]


def ask(exchange, *, until=10, **more):
    begin = START_MS * 10**6
    return fetch(exchange, "BTC/USDT", H1, begin, begin + until * HOUR_NS, sleep=lambda _: None, **more)


def test_all_pages_become_bars() -> None:
    found = ask(Recorded())
    assert found.is_complete
    assert len(found.bars) == 10
    assert found.bars.symbol.name == "BTCUSDT"
    assert found.bars.symbol.quote_currency == "USDT"
    assert found.bars.close.tolist() == [row[4] for row in Recorded().rows]


def test_a_bar_that_has_not_ended_is_left_out() -> None:
    begin = START_MS * 10**6
    half_past = begin + 7 * HOUR_NS + HOUR_NS // 2
    found = fetch(Recorded(), "BTC/USDT", H1, begin, half_past, sleep=lambda _: None)
    assert len(found.bars) == 7


def test_an_exchange_that_does_not_answer_once_is_asked_again() -> None:
    exchange = Recorded(fail_at={2, 3})
    assert len(ask(exchange).bars) == 10


def test_what_came_before_it_stopped_answering_is_kept() -> None:
    found = ask(Recorded(fail_at=range(3, 100)))
    assert (len(found.bars), found.is_complete) == (6, False)
    assert "ConnectionError" in found.reason
    with pytest.raises(StorageError, match="does not answer"):
        ask(Recorded(fail_at=range(1, 100)))


def test_unknown_markets_and_timeframes_are_refused() -> None:
    with pytest.raises(InputError, match="Did you mean BTC/USDT"):
        fetch(Recorded(), "BTC/USDC", H1, 0, 1, sleep=lambda _: None)
    with pytest.raises(InputError, match="It has 1m, 1h"):
        fetch(Recorded(), "BTC/USDT", timeframe("D1"), 0, 1, sleep=lambda _: None)


def test_the_command_goes_on_where_it_ended(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path))
    words = ["data", "fetch", "ccxt:recorded", "BTC/USDT", "H1", "--json"]

    def call(exchange, *more):
        monkeypatch.setattr("trading_ai.cli.fetching.open_exchange", lambda _: exchange)
        code = run([*words, *more])
        return code, json.loads(capsys.readouterr().out)

    monkeypatch.setattr(module, "PAUSES_SECONDS", ())
    code, error = call(Recorded())
    assert code == 2
    assert "--since" in error["error"]["message"]
    code, first = call(Recorded(20, fail_at=range(3, 100)), "--since", "2024-01-01")
    assert (code, first["n_bars"]) == (0, 6)
    again = Recorded(20)
    code, whole = call(again)
    assert (code, whole["n_bars"], whole["detected"]["continues"]) == (0, 20, first["id"])
    assert again.n_asked == 6  # five pages of the fourteen hours that were missing, and one that says there are no more
    assert call(Recorded(20))[1]["already_known"]
    direct = ask(Recorded(20), until=20)
    assert whole["id"] == direct.bars.content_hash


def test_other_sources_are_refused(capsys) -> None:
    assert run(["data", "fetch", "stooq", "AAPL", "D1"]) == 2
    assert "data append" in capsys.readouterr().err
