"""Indicators of cTrader: golden values worked out from their definitions, TA-Lib where equal, and their two faces."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import talib

from trading_ai import Costs, load_sample, symbol, timeframe
from trading_ai.engine.execution_data import prepare
from trading_ai.market.bars import Bars
from trading_ai.runners.cbot.enums import MovingAverageType
from trading_ai.runners.cbot.indicators.book import On, entries
from trading_ai.runners.cbot.market import Market
from trading_ai.runners.cbot.series import RedrawnSeries, View

HOUR = 3_600_000_000_000
WRITTEN_LATER = {"Fractals", "ParabolicSAR"}  # the platform draws a value for a bar when later ones are known


def market_of(bars, mode="ohlc"):
    return Market(bars, np.arange(len(bars)), prepare(bars, Costs()), mode)


def on(market):
    return On(**market.lines, digits=market.seen.symbol.digits, pip_size=market.seen.symbol.pip_size)


def made(market, name, *arguments):
    entry, base = entries()[name], on(market)
    sources = [getattr(base, entry.source)] if entry.source else []
    return entry.function(base, *sources, *arguments)


def bars_of(open_, high, low, close, volume=None):
    n = len(close)
    times = np.arange(n) * HOUR
    return Bars(
        symbol("EURUSD"), timeframe("H1"), times, open_, high, low, close, np.ones(n) if volume is None else volume
    )


def flat(close, spread=1.0, volume=None):
    close = np.asarray(close, dtype=float)
    return bars_of(close, close + spread, close - spread, close, volume)


@pytest.fixture(scope="module")
def real():
    bars = load_sample("EURUSD").slice(0, 1200)
    return market_of(bars)


def closed(market, name, *arguments, output="Result"):
    return made(market, name, *arguments)[output].closed


def test_the_book_has_every_indicator_that_the_samples_use():
    wanted = """AcceleratorOscillator AccumulativeSwingIndex Alligator Aroon AverageDirectionalMovementIndexRating
    AverageTrueRange AwesomeOscillator BollingerBands CenterOfGravity ChaikinMoneyFlow ChaikinVolatility
    CommodityChannelIndex CyberCycle DetrendedPriceOscillator DirectionalMovementSystem DonchianChannel EaseOfMovement
    ExponentialMovingAverage FractalChaosBands HighMinusLow HistoricalVolatility HullMovingAverage IchimokuKinkoHyo
    KeltnerChannels LinearRegressionForecast LinearRegressionIntercept LinearRegressionRSquared LinearRegressionSlope
    MacdCrossOver MacdHistogram MassIndex MedianPrice MomentumOscillator MoneyFlowIndex MovingAverage
    NegativeVolumeIndex OnBalanceVolume ParabolicSAR PolynomialRegressionChannels PositiveVolumeIndex PriceOscillator
    PriceROC PriceVolumeTrend RainbowOscillator RelativeStrengthIndex SimpleMovingAverage StandardDeviation
    StochasticOscillator Supertrend SwingIndex TimeSeriesMovingAverage TradeVolumeIndex TriangularMovingAverage Trix
    TrueRange TypicalPrice UltimateOscillator VerticalHorizontalFilter Vidya VolumeOscillator VolumeROC WeightedClose
    WeightedMovingAverage WellesWilderSmoothing WilliamsAccumulationDistribution WilliamsPctR""".split()  # noqa: SIM905
    assert len(wanted) == 66
    assert not set(wanted) - set(entries())


GOLDEN = {
    # closes 1, 2, 4, 7, 11 with highs one above and lows one below
    ("SimpleMovingAverage", 3): [None, None, 7 / 3, 13 / 3, 22 / 3],
    ("ExponentialMovingAverage", 3): [1, 1.5, 2.75, 4.875, 7.9375],  # half of each, from the first value on
    ("WellesWilderSmoothing", 2): [1, 1.5, 2.75, 4.875, 7.9375],  # a half likewise
    ("WeightedMovingAverage", 3): [None, None, 17 / 6, (2 + 8 + 21) / 6, (4 + 14 + 33) / 6],
    ("TriangularMovingAverage", 2): [None, None, 2.25, 4.25, 7.25],  # means of 1.5, 3, 5.5, 9
    ("DoubleExponentialMovingAverage", 3): [
        1,
        1.75,
        3.5,
        6.3125,
        10.1875,
    ],  # EMAs of the EMA: 1, 1.25, 2, 3.4375, 5.6875
    ("MomentumOscillator", 2): [None, None, 400, 350, 275],
    ("PriceROC", 2): [None, None, 300, 250, 175],
    ("StandardDeviation", 2): [None, 0.5, 1, 1.5, 2],
    ("RelativeStrengthIndex", 2): [None, 100, 100, 100, 100],
    ("TrueRange",): [2, 2, 3, 4, 5],  # high less the lower of low and close before
    ("AverageTrueRange", 2): [None, 2, 2.5, 3.5, 4.5],
    ("LinearRegressionSlope", 3): [None, None, None, None, 3.5],  # from bar periods + 1 on
    ("LinearRegressionIntercept", 3): [None, None, None, None, 22 / 3 - 3.5],
    ("LinearRegressionForecast", 3): [None, None, None, None, 22 / 3 + 7],
    ("LinearRegressionRSquared", 3): [None, None, 27 / 28, 75 / 76, 147 / 148],
    ("DetrendedPriceOscillator", 2): [None, None, None, 5.5, 8],
    ("ChandeMomentumOscillator", 2): [None, None, 100, 100, 100],
    ("VerticalHorizontalFilter", 2): [None, None, 2 / 3, 3 / 5, 4 / 7],
    ("HighMinusLow",): [2, 2, 2, 2, 2],
    ("WilliamsPctR", 2): [-50, -100 / 3, -25, -20, -100 / 6],
    ("OnBalanceVolume",): [1, 2, 3, 4, 5],
    ("PriceVolumeTrend",): [0, 1, 2, 2.75, 2.75 + 4 / 7],
    ("TradeVolumeIndex",): [0, 1, 2, 3, 4],
    ("WilliamsAccumulationDistribution",): [0, 1, 3, 6, 10],
    ("AccumulationDistribution",): [0, 0, 0, 0, 0],
    ("VolumeROC", 2): [None, None, 0, 0, 0],
    ("PositiveVolumeIndex",): [1, 1, 1, 1, 1],
    ("KaufmanAdaptiveMovingAverage", 2): [None, None, 4, None, None],  # the rest below
}


@pytest.mark.parametrize("of", GOLDEN, ids=lambda of: "-".join(map(str, of)))
def test_values_worked_out_by_hand(of):
    name, *arguments = of
    expected = np.array([math.nan if value is None else value for value in GOLDEN[of]], dtype=float)
    found = closed(market_of(flat([1, 2, 4, 7, 11])), name, *arguments)
    if name == "KaufmanAdaptiveMovingAverage":
        # direction 5 over moves 1 + 2 of the bars before: (5/3 (2/3 - 2/31) + 2/31)^2 of the way from 4 to 7
        pull = (5 / 3 * (2 / 3 - 2 / 31) + 2 / 31) ** 2
        expected[3] = 4 + pull * 3
        found, expected = found[:4], expected[:4]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_channels_look_at_the_bars_before():
    market = market_of(flat([1, 5, 3, 4, 9]))
    channel = made(market, "DonchianChannel", 2)
    np.testing.assert_array_equal(channel["Top"].closed[2:], [6, 6, 5])
    np.testing.assert_array_equal(channel["Bottom"].closed[2:], [0, 2, 2])
    bands = made(market, "BollingerBands", 2, 2.0)
    np.testing.assert_allclose(bands["Top"].closed[1:], [3 + 4, 4 + 2, 3.5 + 1, 6.5 + 5])
    keltner = made(market, "KeltnerChannels", 2, MovingAverageType.Simple, 2, MovingAverageType.Simple, 1.0)
    np.testing.assert_allclose(keltner["Top"].closed[1:3], [3 + (2 + 5) / 2, 4 + (5 + 3) / 2])


def test_a_vidya_is_pulled_by_the_strength_of_its_changes():
    # changes of the last two bars at bars 2 and 3: +2, -1 and -1, +3, whose strengths are 1/3 and 1/2
    found = closed(market_of(flat([1, 3, 2, 5])), "Vidya", 2, 0.6)
    third = (1 - 0.2) * 3 + 0.2 * 2
    np.testing.assert_allclose(found[2:], [third, (1 - 0.3) * third + 0.3 * 5])


def test_a_parabolic_turns_where_price_crosses_it():
    bars = bars_of([10, 11, 12, 9], [11, 12, 13, 10], [9, 10, 11, 8], [10.5, 11.5, 12.5, 8.5])
    # Up from bar 1: starts at the low 9, extreme 11. 9 + .02 x 2 = 9.04, held to the low before, 9; extreme 12, .04.
    # 9 + .04 x 3 = 9.12, held to 9; extreme 13, .06. At bar 3: 9 + .06 x 4 = 9.24 is above the low 8: turns to 13.
    np.testing.assert_allclose(closed(market_of(bars), "ParabolicSAR", 0.02, 0.2), [9, 9, 9, 13])


def test_a_directional_system_seeds_with_the_first_bar():
    market = market_of(flat([1, 2, 4, 3]))
    system = made(market, "DirectionalMovementSystem", 2)
    # true ranges 2 2 3 2, up moves 0 1 2 0, down moves 0 0 0 1, each smoothed by a half
    ranges, up, down = [2, 2, 2.5, 2.25], [0, 0.5, 1.25, 0.625], [0, 0, 0, 0.5]
    np.testing.assert_allclose(system["DIPlus"].closed, 100 * np.array(up) / ranges)
    np.testing.assert_allclose(system["DIMinus"].closed, 100 * np.array(down) / ranges)
    dx = [0, 100, 100, 100 * 0.125 / 1.125]
    np.testing.assert_allclose(system["ADX"].closed, [0, 50, 75, (75 + dx[3]) / 2])


def test_a_supertrend_flips_its_band():
    found = made(market_of(flat([10, 11, 12, 2])), "Supertrend", 1, 1.0)
    # true ranges 2 2 2 11; lower bands 8 9 10, and 2 + 11 above a close below the lower one
    np.testing.assert_allclose(found["UpTrend"].closed, [math.nan, 9, 10, math.nan])
    np.testing.assert_allclose(found["DownTrend"].closed, [math.nan, math.nan, math.nan, 13])


def test_the_oldest_of_equal_extremes_counts_in_an_aroon():
    found = made(market_of(flat([1, 3, 3, 2])), "Aroon", 3)
    np.testing.assert_allclose(found["Up"].closed[3], 0)  # of 3, 3, 2 the first
    np.testing.assert_allclose(found["Down"].closed[3], 100)


def test_what_the_platform_calls_macd_histogram_is_the_macd(real):
    cross, histogram = made(real, "MacdCrossOver", 26, 12, 9), made(real, "MacdHistogram", 26, 12, 9)
    np.testing.assert_array_equal(histogram["Histogram"].closed, cross["MACD"].closed)
    np.testing.assert_allclose(cross["Histogram"].closed, cross["MACD"].closed - cross["Signal"].closed)


def test_a_polynomial_channel_follows_what_is_one():
    x = np.arange(40.0)
    found = made(market_of(flat(100 + 0.5 * x + 0.01 * x**2)), "PolynomialRegressionChannels", 2, 10, 1.0, 2.0)
    np.testing.assert_allclose(found["Prc"].closed[10:], (100 + 0.5 * x + 0.01 * x**2)[10:], rtol=1e-10)
    np.testing.assert_allclose(found["Sqh"].closed[10:] - found["Prc"].closed[10:], 0, atol=1e-8)


def test_a_polynomial_channel_is_drawn_anew_by_every_bar():
    market = market_of(flat([1.0, 2.0, 4.0, 7.0, 11.0, 5.0]))
    line = made(market, "PolynomialRegressionChannels", 1, 2, 1.0, 2.0)["Prc"]
    view = View()
    series = RedrawnSeries(line, view, "channel")
    view.last = 5
    # The line through 7, 11, 5: mean 23/3, slope -1. Beyond its reach, that of 4, 7, 11 ends at 22/3 - 3.5.
    np.testing.assert_allclose([series.Last(n) for n in range(4)], [20 / 3, 23 / 3, 26 / 3, 22 / 3 - 3.5])
    np.testing.assert_allclose(series[5], 20 / 3)


SAME = {
    ("SimpleMovingAverage", 20): lambda h, x, c: talib.SMA(c, 20),
    ("WeightedMovingAverage", 20): lambda h, x, c: talib.WMA(c, 20),
    ("StandardDeviation", 20): lambda h, x, c: talib.STDDEV(c, 20),
    ("WilliamsPctR", 14): lambda h, x, c: talib.WILLR(h, x, c, 14),
    ("MomentumOscillator", 14): lambda h, x, c: talib.ROCR100(c, 14),
    ("PriceROC", 14): lambda h, x, c: talib.ROC(c, 14),
    ("UltimateOscillator", 7, 14, 28): lambda h, x, c: talib.ULTOSC(h, x, c, 7, 14, 28),
    ("TrueRange",): talib.TRANGE,
    ("AverageTrueRange", 14): lambda h, x, c: talib.SMA(talib.TRANGE(h, x, c), 14),
    ("ExponentialMovingAverage", 20): lambda h, x, c: talib.EMA(c, 20),
    ("DoubleExponentialMovingAverage", 20): lambda h, x, c: talib.DEMA(c, 20),
    ("TripleExponentialMovingAverage", 20): lambda h, x, c: talib.TEMA(c, 20),
    ("WellesWilderSmoothing", 14): lambda h, x, c: talib.EMA(c, 27),
    ("RelativeStrengthIndex", 14): lambda h, x, c: talib.RSI(c, 14),
    ("AverageTrueRange", 14, MovingAverageType.WilderSmoothing): lambda h, x, c: talib.ATR(h, x, c, 14),
    ("Trix", 14): lambda h, x, c: talib.TRIX(c, 14),
    ("MedianPrice",): lambda h, x, c: talib.MEDPRICE(h, x),
    ("TypicalPrice",): talib.TYPPRICE,
    ("WeightedClose",): talib.WCLPRICE,
}


@pytest.mark.parametrize("of", SAME, ids=lambda of: "-".join(map(str, of)))
def test_equal_to_talib_after_burn_in(real, of):
    name, *arguments = of
    bars = real.seen
    expected = SAME[of](*(np.asarray(price) for price in (bars.high, bars.low, bars.close)))
    found = closed(real, name, *arguments)
    np.testing.assert_allclose(found[900:], expected[900:], rtol=1e-7, atol=1e-9)


def test_stochastic_and_donchian_equal_talib(real):
    bars = real.seen
    high, low, close = (np.asarray(price) for price in (bars.high, bars.low, bars.close))
    slow_k, slow_d = talib.STOCH(high, low, close, 9, 3, 0, 9, 0)
    found = made(real, "StochasticOscillator", 9, 3, 9)
    np.testing.assert_allclose(found["PercentK"].closed[60:], slow_k[60:], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found["PercentD"].closed[60:], slow_d[60:], rtol=1e-9, atol=1e-9)
    system = made(real, "DirectionalMovementSystem", 14)
    np.testing.assert_allclose(system["ADX"].closed[900:], talib.ADX(high, low, close, 14)[900:], rtol=1e-9)
    top = made(real, "DonchianChannel", 20)["Top"].closed
    # The platform's own sentence says 20 bars before this one; its published comparison calls it MAX over 21.
    np.testing.assert_array_equal(top[21:], talib.MAX(high, 20)[20:-1])


@pytest.mark.parametrize("name", sorted(entries()))
def test_a_value_at_the_last_tick_of_a_bar_is_that_of_the_closed_bar(name):
    bars = replace(load_sample("EURUSD").slice(0, 260), volume=np.full(260, 4.0))
    for line in made(market_of(bars), name).values():
        if name != "Fractals":
            skip = 1 if name == "ParabolicSAR" else 0
            np.testing.assert_allclose(line.forming[3::4][skip:], line.closed[skip:], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(set(entries()) - WRITTEN_LATER))
def test_no_value_knows_later_bars(name):
    bars = load_sample("EURUSD").slice(0, 200)
    whole, part = made(market_of(bars), name), made(market_of(bars.slice(0, 150)), name)
    for output, line in part.items():
        np.testing.assert_allclose(whole[output].closed[:150], line.closed, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(whole[output].forming[: 4 * 150], line.forming, rtol=1e-12, atol=1e-12)


def test_averages_of_prices_that_tie_are_equal():
    prices = np.array([1.1, 1.3, 1.1, 1.2, 1.1, 1.3, 1.2])
    market = market_of(flat(prices, spread=0.1))
    assert closed(market, "SimpleMovingAverage", 3)[-1] == closed(market, "SimpleMovingAverage", 6)[-1]
