from __future__ import annotations

import numpy as np

from trading_ai.engine.records import TRADE, trade_of_symbols
from trading_ai.figures.candles import candle_starts, trades_on_candles
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe

EURUSD = Symbol("EURUSD", 0.0001, 5, 100_000, "USD", base_currency="EUR", kind="fx")


def make_bars(n: int, name: str = "H1", start: str = "2017-01-02") -> Bars:
    rng = np.random.default_rng(0)
    length = timeframe(name)
    time = np.datetime64(start, "ns").astype(np.int64) + np.arange(n) * length.ns
    close = 1.1 + np.cumsum(rng.normal(0, 0.0005, n))
    opened = np.r_[1.1, close[:-1]]
    high, low = np.maximum(opened, close) + 0.0003, np.minimum(opened, close) - 0.0003
    return Bars(EURUSD, length, time, opened, high, low, close)


def make_trades(bars: Bars, entries: list[int], length: int = 7) -> np.ndarray:
    trades = np.zeros(len(entries), TRADE)
    trades["entry_bar"] = entries
    trades["exit_bar"] = np.array(entries) + length
    for side in ("entry", "exit"):
        trades[f"{side}_time_ns"] = bars.open_time_ns[trades[f"{side}_bar"]]
        trades[f"{side}_price"] = bars.open[trades[f"{side}_bar"]]
    trades["direction"] = np.where(np.arange(len(entries)) % 2, -1, 1)
    trades["net_profit"] = (trades["exit_price"] - trades["entry_price"]) * trades["direction"] * 10_000
    return trades


def test_joined_candles_are_the_bars_extremes() -> None:
    bars = make_bars(10_000)
    figure = trades_on_candles(bars, make_trades(bars, [10, 500]))
    candles = figure.data[0]
    starts, name = candle_starts(bars)
    assert len(candles.x) == starts.size <= 1_650
    assert len(set(candles.x)) == starts.size
    assert name == "H8"
    assert "each candle H8 joined from H1 bars" in figure.layout.title.text
    assert candles.open[0] == bars.open[0]
    assert candles.close[0] == bars.close[7]
    assert candles.high[1] == bars.high[8:16].max()
    assert candles.low[1] == bars.low[8:16].min()
    assert max(candles.high) == bars.high.max()
    assert candles.close[-1] == bars.close[-1]


def test_few_bars_stay_as_they_are() -> None:
    bars = make_bars(300)
    figure = trades_on_candles(bars, make_trades(bars, [10, 20, 200]))
    assert "joined" not in figure.layout.title.text
    np.testing.assert_array_equal(figure.data[0].close, bars.close)
    assert figure.layout.xaxis.type == "category"


def test_every_trade_has_an_entry_an_exit_and_a_line() -> None:
    bars = make_bars(3_000)
    trades = make_trades(bars, list(range(5, 2_900, 40)))
    figure = trades_on_candles(bars, trades, currency="USD")
    by_name = {t.name: t for t in figure.data}
    assert len(by_name["long entry"].x) + len(by_name["short entry"].x) == trades.size
    assert len(by_name["exit, win"].x) + len(by_name["exit, loss"].x) == trades.size
    won = int((trades["net_profit"] > 0).sum())
    assert sum(x is None for x in by_name["win"].x) == won
    known = set(figure.data[0].x)
    assert all(x in known for name in ("long entry", "exit, loss") for x in by_name[name].x)
    assert f"{trades['net_profit'][0]:,.2f} USD" in "".join(by_name["exit, win"].text + by_name["exit, loss"].text)
    start, end = figure.layout.xaxis.range
    assert 100 < end - start < 200
    assert end <= len(figure.data[0].x)


def test_too_many_trades_are_sampled_and_said() -> None:
    bars = make_bars(9_000)
    trades = make_trades(bars, list(range(8_900)))
    figure = trades_on_candles(bars, trades, max_trades=500)
    exits = [y for t in figure.data if (t.name or "").startswith("exit") for y in t.text]
    assert len(exits) <= 500
    assert any(f"{trades['net_profit'].max():,.2f}" in text for text in exits)
    assert any(f"{trades['net_profit'].min():,.2f}" in text for text in exits)
    assert "of 8,900 trades" in figure.layout.title.subtitle.text


def test_weeks_start_on_monday_and_decades_still_fit() -> None:
    bars = make_bars(20_000, "D1", "1970-01-05")
    starts, name = candle_starts(bars)
    assert name == "2 weeks"
    assert starts.size <= 1_650
    assert ((bars.open_time_ns[starts] // 86_400_000_000_000 + 3) % 7 == 0).all()


def test_no_trades_no_bars() -> None:
    bars = make_bars(50)
    assert trades_on_candles(bars, np.zeros(0, TRADE)).layout.title.subtitle.text == "no trades"
    assert trades_on_candles(bars.slice(0, 0), np.zeros(0, TRADE)).layout.annotations[0].text == "no bars"
    assert trades_on_candles(bars.slice(0, 1), np.zeros(0, TRADE)).data[0].close[0] == bars.close[0]


def test_trades_of_other_symbols_are_not_drawn() -> None:
    bars = make_bars(300)
    made = make_trades(bars, [10, 40, 70])
    trades = np.zeros(3, trade_of_symbols(["EURUSD", "USDJPY"]))
    for name in TRADE.names or ():
        trades[name] = made[name]
    trades["symbol"] = ["EURUSD", "USDJPY", "EURUSD"]
    trades["entry_price"][1] = 110.0
    figure = trades_on_candles(bars, trades)
    assert "trades of other symbols, 1, are not drawn" in figure.layout.title.subtitle.text
    drawn = [y for trace in figure.data if trace.name and "entry" in trace.name for y in trace.y]
    assert sorted(drawn) == sorted(made["entry_price"][[0, 2]].tolist())
