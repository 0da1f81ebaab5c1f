"""Years by the calendar, and how many periods make one, whatever the bars are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.bars import EURUSD
from trading_ai import library as ta
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import Timeframe, timeframe
from trading_ai.metrics.annual import SECONDS_PER_YEAR, periods_per_year, years_between, years_of
from trading_ai.strategies.base import Signals

DAY_NS = 86_400 * 10**9
MONDAY = 18_631  # 2021-01-04, days since 1970
BTCUSD = Symbol(
    "BTCUSD", 1.0, 2, 1.0, "USD", "BTC", "crypto", 0.01, 0.01, "00:00", "UTC", days_per_year=365,
    triple_swap_weekday=None,
)  # fmt: skip
MN1 = Timeframe(30 * 86_400, "MN1")


def daily_bars(days, tf="D1", symbol=EURUSD, close=None) -> Bars:
    """Bars that open at 00:00 UTC of the given days."""
    price = np.linspace(1.1, 1.2, len(days)) if close is None else np.asarray(close)
    opens = np.r_[price[0], price[:-1]]
    high, low = np.maximum(opens, price), np.minimum(opens, price)
    frame = timeframe(tf) if isinstance(tf, str) else tf
    return Bars(symbol, frame, np.asarray(days, dtype=np.int64) * DAY_NS, opens, high, low, price)


def weekdays(n_weeks, wanted=range(5)):
    return np.concatenate([MONDAY + 7 * week + np.array(list(wanted)) for week in range(n_weeks)])


@pytest.mark.parametrize(
    ("days", "tf", "symbol", "expected"),
    [
        (weekdays(52), "D1", EURUSD, 252.0),
        (weekdays(3), "D1", EURUSD, 252.0),  # too short to tell
        (weekdays(52, range(7)), "D1", BTCUSD, 365.0),
        (weekdays(2, range(7)), "D1", BTCUSD, 365.0),
        (weekdays(52, range(7)), "D1", EURUSD, 365.0),  # whatever its symbol says, weekends trade
        (weekdays(52), "D1", BTCUSD, 252.0),  # and here they do not
        (MONDAY + 7 * np.arange(104), "W1", EURUSD, 52.0),
        (MONDAY + 7 * np.arange(104), "W1", BTCUSD, 52.0),
        (MONDAY + 7 * np.arange(4), "W1", EURUSD, 52.0),
        (MONDAY + np.round(30.436875 * np.arange(48)), MN1, EURUSD, 12.0),
        (MONDAY + np.round(30.436875 * np.arange(48)), "D1", EURUSD, 12.0),  # months whose bars are called days
        (MONDAY + 7 * np.arange(104), "D1", EURUSD, 52.0),
    ],
)
def test_periods_of_a_year_follow_what_the_bars_are(days, tf, symbol, expected):
    bars = daily_bars(days, tf, symbol)
    assert years_of(bars, len(days)).periods_per_year == expected


def test_stubs_on_sundays_are_periods_of_their_own():
    # Six bars a week: 6 x 365.2425 / 7 = 313.07 a year; the span begins on a Monday and ends on a Sunday.
    days = weekdays(104, [0, 1, 2, 3, 4, 6])
    years = (104 * 7) / 365.2425
    found = years_of(daily_bars(days), len(days))
    assert found.years == pytest.approx(years, rel=1e-12)
    assert found.periods_per_year == pytest.approx(104 * 6 / years, rel=1e-12) == pytest.approx(313.07, abs=0.01)


def test_a_stub_on_sunday_changes_the_sharpe_ratio_little():
    rng = np.random.default_rng(3)
    days = weekdays(208)
    price = 1.1 * np.exp(np.cumsum(rng.normal(2e-4, 5e-3, days.size)))
    whole = daily_bars(days, close=price)
    stubs = weekdays(208, [0, 1, 2, 3, 4, 6])
    # A Sunday's bar closes a tenth of the way from Friday's close to Monday's.
    by_day = dict(zip(days.tolist(), price.tolist(), strict=True))
    closes = [
        by_day[day]
        if day in by_day
        else by_day[day - 2] * (by_day.get(day + 1, by_day[day - 2]) / by_day[day - 2]) ** 0.1
        for day in stubs.tolist()
    ]
    cut = daily_bars(stubs, close=closes)
    ratios = []
    for bars in (whole, cut):
        held = np.zeros(len(bars), dtype=bool)
        held[0] = True
        result = ta.backtest(bars, Signals(held, np.zeros(len(bars), dtype=bool)))
        ratios.append(result.metrics)
    assert ratios[1]["sharpe_ratio"] == pytest.approx(ratios[0]["sharpe_ratio"], rel=0.05)
    assert ratios[1]["annual_return_percent"] == pytest.approx(ratios[0]["annual_return_percent"], rel=0.01)


def test_a_year_of_fx_that_doubles_grows_by_its_calendar_time():
    """52 weeks of Monday to Friday span 362 days, 362 / 365.2425 years: 2 ^ 1.00895... is 101.2 %, not 95.8 %."""
    days = weekdays(52)
    path = np.r_[1.0, np.linspace(1.0, 2.0, days.size - 1)]
    path[100] = 1.2  # a fall, for the Calmar ratio
    bars = daily_bars(days, close=path)
    long = np.zeros(days.size, dtype=bool)
    long[0] = True
    found = ta.backtest(bars, Signals(long, np.zeros(days.size, dtype=bool)), capital=10_000.0)
    assert found.metrics["return_percent"] == pytest.approx(100.0, abs=0.6)
    growth = (found.metrics["final_equity"] / 10_000.0) ** (365.2425 / 362) - 1
    assert found.metrics["annual_return_percent"] == pytest.approx(100 * growth, rel=1e-12)
    assert pytest.approx(101.2, abs=0.05) == 100 * (2 ** (365.2425 / 362) - 1)
    assert found.metrics["calmar_ratio"] == pytest.approx(100 * growth / found.metrics["max_drawdown_percent"])


def test_weekly_bars_are_annualised_as_weeks():
    rng = np.random.default_rng(1)
    days = MONDAY + 7 * np.arange(300)
    bars = daily_bars(days, "W1", close=1.1 + np.cumsum(rng.normal(5e-4, 1e-2, days.size)))
    long = np.zeros(days.size, dtype=bool)
    long[0] = True
    result = ta.backtest(bars, Signals(long, np.zeros(days.size, dtype=bool)))
    equity = np.r_[10_000.0, result.equity]
    returns = np.diff(equity) / equity[:-1]
    by_hand = math.sqrt(52) * returns.mean() / returns.std(ddof=1)
    assert result.metrics["sharpe_ratio"] == pytest.approx(by_hand, rel=1e-9)
    years = 300 * 7 / 365.2425
    growth = 100 * ((equity[-1] / 10_000.0) ** (1 / years) - 1)
    assert result.metrics["annual_return_percent"] == pytest.approx(growth, rel=1e-9)


def test_minutes_of_data_have_a_growth_or_none():
    bars = daily_bars([MONDAY, MONDAY + 1], close=[1.0, 3.0])
    minutes = Bars(
        EURUSD, timeframe("M1"), np.array([MONDAY * DAY_NS, MONDAY * DAY_NS + 60 * 10**9]), bars.open, bars.high,
        bars.low, bars.close,
    )  # fmt: skip
    found = ta.backtest(minutes, Signals(np.array([True, False]), np.zeros(2, dtype=bool)))
    assert math.isnan(found.metrics["annual_return_percent"])
    assert found.metrics["return_percent"] > 100


def test_years_between_two_moments():
    assert years_between(0, int(SECONDS_PER_YEAR * 1e9)) == 1.0
    assert years_between(5, 5 + 7 * DAY_NS) == pytest.approx(7 / 365.2425, rel=1e-15)


@given(st.integers(20, 4000), st.floats(0.2, 40.0), st.sampled_from([252.0, 250.0, 365.0]))
def test_a_custom_is_never_far_from_what_the_data_has(n, years, by_market):
    found = periods_per_year(n, years, timeframe("H1"), by_market)
    assert abs(n / years / found - 1) <= 0.1 + 1e-12
