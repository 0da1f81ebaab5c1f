from __future__ import annotations

import math

import numpy as np

from trading_ai.engine.records import TRADE
from trading_ai.figures.rolling import rolling_sharpe
from trading_ai.figures.trades import excursions, profit_of_trades


def test_profits_are_counted_and_no_bar_straddles_zero() -> None:
    profits = np.array([-3.0, -1.0, -1.0, 2.0, 8.0, 40.0])
    figure = profit_of_trades(profits, currency="EUR")
    edges = np.asarray(figure.data[0].customdata)
    assert sum(figure.data[0].y) == 6
    assert not ((edges[:, 0] < -1e-9) & (edges[:, 1] > 1e-9)).any()
    assert [t.name for t in figure.data[1:]] == ["median 0.50 EUR", "mean 7.50 EUR"]
    assert profit_of_trades(np.empty(0)).layout.annotations[0].text == "no trades"


def test_excursions_by_hand() -> None:
    trades = np.zeros(12, TRADE)
    trades["net_profit"] = [5.0] * 10 + [-4.0, -6.0]
    trades["mae"] = [*(-np.arange(1.0, 11.0)), -4.0, -6.0]
    trades["mfe"] = [5.0] * 10 + [1.0, 3.0]
    figure = excursions(trades, currency="EUR")
    assert list(figure.data[0].x) == list(range(1, 11))
    assert list(figure.data[1].y) == [-4.0, -6.0]
    said = figure.layout.title.subtitle.text
    assert "never more than 9.10 EUR in loss" in said  # the 90th percentile of 1 .. 10, linear
    assert "half of the losers had been 2.00 EUR or more in profit" in said
    unknown = trades.copy()
    unknown["mae"] = np.nan
    assert excursions(unknown).layout.annotations[0].text == "no trades with excursions"


def test_rolling_sharpe_by_hand() -> None:
    profit = np.array([1.0, -0.5] * 12)
    days = np.arange(24) + 19_000
    figure = rolling_sharpe(days, profit, capital=100.0, days_per_year=252)
    assert len(figure.data[0].y) == 24 - 20 + 1
    equity = 100 + np.r_[0.0, np.cumsum(profit)[:-1]]
    first = (profit / equity)[:20]
    assert math.isclose(figure.data[0].y[0], first.mean() / first.std(ddof=1) * math.sqrt(252))
    assert figure.data[0].x[0] == str(np.datetime64(int(days[19]), "D"))
    assert "0 % of the windows" in figure.layout.title.subtitle.text


def test_rolling_sharpe_of_too_few_days_of_ruin_and_of_rest() -> None:
    few = rolling_sharpe(np.arange(10), np.ones(10), capital=100.0, days_per_year=252)
    assert "needs more than 20 trading days, there are 10" in few.layout.annotations[0].text
    ruined = rolling_sharpe(np.arange(30), np.full(30, -10.0), capital=100.0, days_per_year=252)
    assert ruined.layout.annotations[0].text == "the account was ruined"
    still = rolling_sharpe(np.arange(30), np.zeros(30), capital=100.0, days_per_year=252)
    assert np.isnan(np.asarray(still.data[0].y)).all()
