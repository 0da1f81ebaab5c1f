"""What both simulators read, against numbers worked out by hand: their agreement cannot see a mistake in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import EURUSD, MONDAY_NS, USDJPY, bars_of
from tests.fakes.twins import Twins
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import (
    BLOCK,
    CONVERT_FIXED,
    CONVERT_NONE,
    CONVERT_OWN_PRICE,
    CONVERT_RATES,
    prepare,
)
from trading_ai.engine.reference_account import Exits
from trading_ai.errors import RuleError
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.strategies.base import Signals

FLAT = (1.1000, 1.1005, 1.0995, 1.1000)
HOUR_NS = 3_600_000_000_000
EURJPY = Symbol("EURJPY", 0.01, 3, 100_000.0, "JPY", "EUR", "fx", 1000.0, 1000.0)
JPYEUR = Symbol("JPYEUR", 0.0001, 5, 100_000.0, "EUR", "JPY", "fx", 1000.0, 1000.0)


def closing(closes, *, symbol=EURUSD, tf="H1", start_ns=MONDAY_NS, **extra) -> Bars:
    """Bars that open, trade and close at one price each."""
    return bars_of([(c, c, c, c) for c in closes], symbol=symbol, tf=tf, start_ns=start_ns, **extra)


def at(moment: str) -> int:
    return int(np.datetime64(moment, "ns").astype(np.int64))


def opening(*moments: str, tf="H1", symbol=EURUSD) -> Bars:
    """Flat bars that open at the given moments, UTC."""
    times = np.array([at(m) for m in moments])
    return Bars(symbol, timeframe(tf), times, *(np.full(times.size, price) for price in FLAT))


# --- conversion ------------------------------------------------------------------------------------------


def test_the_rate_of_a_bar_is_the_close_of_the_last_conversion_bar_that_had_ended():
    # Conversion bars of an hour open at 11:00, 12:00 and 13:00 and close at 125, 160 and 200 yen a euro: a yen is
    # worth 0.008 euros from 12:00 on, 0.00625 from 13:00 on and 0.005 from 14:00 on, and stays so.
    rates = closing([125.0, 160.0, 200.0], symbol=EURJPY, start_ns=at("2017-01-02T11:00"))
    bars = closing([110.0] * 7, symbol=USDJPY, tf="M30", start_ns=at("2017-01-02T12:00"))
    data = prepare(bars, Costs(), "EUR", rates)
    assert data.conversion == CONVERT_RATES
    assert data.rate == 1.0
    assert data.rates.tolist() == [0.008, 0.008, 0.00625, 0.00625, 0.005, 0.005, 0.005]


def test_a_pair_that_is_quoted_in_the_accounts_currency_is_taken_as_it_is():
    rates = closing([0.008, 0.00625], symbol=JPYEUR, start_ns=at("2017-01-02T11:00"))
    bars = closing([110.0] * 2, symbol=USDJPY, start_ns=at("2017-01-02T12:00"))
    assert prepare(bars, Costs(), "EUR", rates).rates.tolist() == [0.008, 0.00625]


def test_a_trade_is_converted_at_the_rate_of_its_exit():
    # Bought 10,000 dollars at 110.00 at 13:00, sold at 111.00 at 14:00: 10,000 yen. At 14:00 the last conversion bar
    # that had ended is that of 13:00, which closed at 200: 10,000 / 200 = 50 euros.
    rates = closing([100.0, 125.0, 160.0, 200.0], symbol=EURJPY, start_ns=at("2017-01-02T10:00"))
    bars = closing([110.0, 110.0, 111.0, 112.0], symbol=USDJPY, start_ns=at("2017-01-02T12:00"))
    flags = np.eye(4, dtype=bool)
    twins = Twins(bars, Signals(flags[0], long_exit=flags[1]), currency="EUR", conversion_bars=rates)
    twins.agree(Exits())
    trades, _, _, equity = twins.compiled(Exits())
    assert trades["gross_profit"].tolist() == pytest.approx([50.0])
    assert equity.tolist() == pytest.approx([10_000.0, 10_000.0, 10_050.0, 10_050.0])


def test_conversion_bars_must_begin_with_the_bars_at_the_latest():
    bars = closing([110.0] * 2, symbol=USDJPY, start_ns=at("2017-01-02T12:00"))
    in_time = closing([125.0], symbol=EURJPY, start_ns=at("2017-01-02T11:00"))
    assert prepare(bars, Costs(), "EUR", in_time).rates.tolist() == [0.008, 0.008]
    together = closing([125.0], symbol=EURJPY, start_ns=at("2017-01-02T12:00"))
    together = replace(together, open=np.array([100.0]), low=np.array([100.0]))
    assert prepare(bars, Costs(), "EUR", together).rates.tolist() == [0.01, 0.008]  # its open, then its close
    late = closing([125.0], symbol=EURJPY, tf="M1", start_ns=at("2017-01-02T12:01"))
    with pytest.raises(
        RuleError, match=r"conversion_bars: begin at 2017-01-02T12:01, after the first .* 2017-01-02T12:00"
    ):
        prepare(bars, Costs(), "EUR", late)


def test_conversion_bars_of_another_pair_are_refused():
    bars = closing([110.0], symbol=USDJPY)
    with pytest.raises(RuleError, match=r"EURUSD.*must convert between JPY and EUR|between JPY and EUR.*EURUSD"):
        prepare(bars, Costs(), "EUR", closing([1.1], start_ns=MONDAY_NS - HOUR_NS))
    with pytest.raises(RuleError, match="JPY and the account is in EUR") as refused:
        prepare(bars, Costs(), "EUR")
    assert "EURJPY" in str(refused.value)
    assert "JPYEUR" in str(refused.value)


@pytest.mark.parametrize(
    ("symbol", "currency", "fixed", "conversion", "rate"),
    [
        (EURUSD, "USD", None, CONVERT_NONE, 1.0),
        (EURUSD, "USD", 1.0, CONVERT_NONE, 1.0),
        (EURUSD, "EUR", None, CONVERT_OWN_PRICE, 1.0),
        (EURUSD, "EUR", 0.9, CONVERT_FIXED, 0.9),
        (USDJPY, "USD", None, CONVERT_OWN_PRICE, 1.0),
        (USDJPY, "EUR", 0.008, CONVERT_FIXED, 0.008),
        (USDJPY, "EUR", 1.0, CONVERT_NONE, 1.0),
    ],
)
def test_how_profits_are_converted(symbol, currency, fixed, conversion, rate):
    data = prepare(closing([100.0] * 2, symbol=symbol), Costs(conversion_rate=fixed), currency)
    assert (data.conversion, data.rate, data.rates.size) == (conversion, rate, 0)


def test_a_rate_for_profits_that_need_none_is_refused():
    with pytest.raises(RuleError, match=r"conversion_rate.*already in USD|already in USD.*conversion_rate"):
        prepare(closing([1.1]), Costs(conversion_rate=0.9), "USD")


# --- bid and ask -----------------------------------------------------------------------------------------


def test_a_spread_in_pips_gives_the_ask_that_a_quote_would_have_been_read_as():
    # 1.003 + 0.0001 is 1.0030999999999999 in binary and 1.0131 + 0.0001 is 1.0131999999999999: neither is what "1.0031"
    # and "1.0132" are read as. An ask off by such a rounding error would not touch a level of the same decimals.
    assert 1.003 + 0.0001 != 1.0031
    data = prepare(bars_of([(1.003, 1.0131, 1.001, 1.0011)]), Costs(spread_pips=1.0))
    assert [price[0] for price in data.ask] == [1.0031, 1.0132, 1.0011, 1.0012]
    assert [price[0] for price in data.bid] == [1.003, 1.0131, 1.001, 1.0011]
    assert data.has_spread


def test_asks_are_rounded_to_two_digits_more_than_the_symbol_has_half_up():
    # EURUSD has 5 digits, so 7 are kept. 0.00123 pips are 0.000000123, which round to 0.0000001; 0.00163 to 0.0000002.
    for pips, ask in ((0.43, 1.100043), (0.00123, 1.1000001), (0.00163, 1.1000002)):
        assert prepare(closing([1.1]), Costs(spread_pips=pips)).ask[3][0] == ask
    # USDJPY has 3, so 5 are kept: 0.4567 pips are 0.004567, which round to 0.00457.
    assert prepare(closing([110.0], symbol=USDJPY), Costs(spread_pips=0.4567)).ask[0][0] == 110.00457
    assert prepare(closing([110.0], symbol=USDJPY), Costs()).price_scale == 1e5
    assert prepare(closing([1.1]), Costs()).price_scale == 1e7


def test_a_stop_on_the_ask_is_touched_by_an_equal_price():
    # Short at the bid of 1.0110, stop 22 pips above at 1.0132. The highest bid is 1.0131: with one pip of spread the
    # ask equals the stop, but unrounded it would lie 2e-16 below.
    rows = [(1.0110, 1.0110, 1.0110, 1.0110), (1.0110, 1.0131, 1.0110, 1.0110), (1.0110, 1.0110, 1.0110, 1.0110)]
    twins = Twins(bars_of(rows), Signals(short_entry=np.array([True, False, False])), costs=Costs(spread_pips=1.0))
    twins.agree(Exits(stop_loss=22))
    assert twins.compiled(Exits(stop_loss=22))[0]["exit_price"].tolist() == [1.0132]


def test_where_the_ask_comes_from():
    plain = closing([1.1, 1.2])
    assert prepare(plain, Costs()).ask[0] is prepare(plain, Costs()).bid[0]
    assert not prepare(plain, Costs()).has_spread
    spread = closing([1.1, 1.2], spread=[0.0002, 0.0003])
    assert prepare(spread, Costs()).ask[3].tolist() == [1.1002, 1.2003]
    assert prepare(spread, Costs(spread_pips=1.0)).ask[3].tolist() == [1.1001, 1.2001]
    assert not prepare(spread, Costs(spread_pips=0.0)).has_spread
    assert not prepare(closing([1.1, 1.2], spread=[0.0, 0.0]), Costs()).has_spread
    assert prepare(closing([1.1, 1.2], spread=[0.0, 0.0001]), Costs()).has_spread
    quoted = {name: [1.3, 1.4] for name in ("ask_open", "ask_high", "ask_low", "ask_close")}
    quoted["ask_high"], quoted["ask_low"] = [1.35, 1.45], [1.25, 1.35]
    data = prepare(closing([1.1, 1.2], **quoted), Costs())
    assert [price.tolist() for price in data.ask] == [[1.3, 1.4], [1.35, 1.45], [1.25, 1.35], [1.3, 1.4]]
    assert data.has_spread
    assert prepare(closing([1.1, 1.2], **quoted), Costs(spread_pips=1.0)).ask[0].tolist() == [1.1001, 1.2001]


# --- days and nights -------------------------------------------------------------------------------------


def test_trading_days_end_at_the_rollover():
    # 17:00 in New York is 22:00 UTC in winter. 2017-01-02 is day 17,168 after 1970-01-01.
    bars = opening("2017-01-02T20:00", "2017-01-02T21:00", "2017-01-02T22:00", "2017-01-03T21:00", "2017-01-03T22:00")
    data = prepare(bars, Costs())
    assert data.bar_day.tolist() == [0, 0, 1, 1, 2]
    assert data.day_last_bar.tolist() == [1, 3, 4]
    assert data.day_numbers.tolist() == [17_168, 17_169, 17_170]


def test_days_without_bars_are_left_out():
    # Friday evening is Friday's day until 22:00 UTC; Sunday from 22:00 on is Monday's.
    bars = opening("2017-01-06T21:00", "2017-01-08T22:00", "2017-01-09T21:00", "2017-01-16T12:00")
    data = prepare(bars, Costs())
    assert data.bar_day.tolist() == [0, 1, 1, 2]
    assert data.day_last_bar.tolist() == [0, 2, 3]
    assert data.day_numbers.tolist() == [17_172, 17_175, 17_182]  # the 6th, the 9th, the 16th


def test_one_bar_is_one_day():
    data = prepare(opening("2017-01-02T22:00"), Costs())
    assert (data.bar_day.tolist(), data.day_last_bar.tolist(), data.day_numbers.tolist()) == ([0], [0], [17_169])


def test_bars_of_a_day_are_a_day_each():
    bars = opening("2017-01-05T22:00", "2017-01-08T22:00", "2017-01-09T22:00", tf="D1")
    data = prepare(bars, Costs())
    assert data.bar_day.tolist() == [0, 1, 2]
    assert data.day_last_bar.tolist() == [0, 1, 2]
    assert data.day_numbers.tolist() == [17_172, 17_175, 17_176]


def test_nights_are_counted_only_where_swap_is_charged():
    # 2017-01-04 is a Wednesday, whose night counts three times.
    bars = opening("2017-01-03T21:00", "2017-01-03T22:00", "2017-01-04T21:00", "2017-01-04T22:00", "2017-01-05T22:00")
    for costs in (Costs(swap_long=-0.5), Costs(swap_short=-0.5), Costs(swap_short=1e-9)):
        assert np.diff(prepare(bars, costs).nights).tolist() == [1, 0, 3, 1]
    assert prepare(bars, Costs()).nights.size == 0


# --- blocks ----------------------------------------------------------------------------------------------


def test_blocks_summarise_what_their_bars_touch():
    n = 2 * BLOCK + 3  # the last three bars fill no block
    low, high, close = np.full(n, 1.0), np.full(n, 1.2), np.full(n, 1.1)
    low[0], high[BLOCK - 1], close[3], close[4] = 0.7, 1.9, 1.05, 1.15
    low[2 * BLOCK - 1], high[BLOCK], close[BLOCK], close[BLOCK + 1] = 0.8, 1.8, 1.04, 1.16
    low[2 * BLOCK], high[2 * BLOCK] = 0.1, 9.0
    bars = Bars(EURUSD, timeframe("H1"), MONDAY_NS + np.arange(n) * HOUR_NS, np.full(n, 1.1), high, low, close)
    data = prepare(bars, Costs())
    assert data.bid_blocks.tolist() == [[0.7, 1.9, 1.05, 1.15], [0.8, 1.8, 1.04, 1.16]]
    assert data.ask_blocks is data.bid_blocks
    data = prepare(bars, Costs(spread_pips=100.0))
    assert data.bid_blocks.tolist() == [[0.7, 1.9, 1.05, 1.15], [0.8, 1.8, 1.04, 1.16]]
    assert data.ask_blocks.tolist() == [[0.71, 1.91, 1.06, 1.16], [0.81, 1.81, 1.05, 1.17]]
    assert prepare(bars.slice(0, BLOCK - 1), Costs()).bid_blocks.shape == (0, 4)
    assert prepare(bars.slice(0, BLOCK), Costs()).bid_blocks.shape == (1, 4)


# --- a range of the bars ---------------------------------------------------------------------------------


def test_since_cuts_everything_at_one_bar():
    rates = closing([100.0, 125.0, 160.0, 200.0, 250.0], symbol=EURJPY, start_ns=at("2017-01-02T19:00"))
    bars = closing([110.0, 111.0, 112.0, 113.0, 114.0], symbol=USDJPY, start_ns=at("2017-01-02T20:00"))
    whole = prepare(bars, Costs(spread_pips=1.0, swap_long=-1.0), "EUR", rates)
    assert whole.bar_day.tolist() == [0, 0, 1, 1, 1]
    assert whole.n_bars == 5
    cut = whole.since(1)
    assert cut.n_bars == 4
    assert cut.bars.open_time_ns.tolist() == bars.open_time_ns[1:].tolist()
    assert [price.tolist() for price in cut.bid] == [[111.0, 112.0, 113.0, 114.0]] * 4
    assert [price.tolist() for price in cut.ask] == [[111.01, 112.01, 113.01, 114.01]] * 4
    assert cut.bar_day.tolist() == [0, 1, 1, 1]
    assert cut.day_last_bar.tolist() == [0, 3]
    assert cut.day_numbers.tolist() == [17_168, 17_169]  # a day that is cut keeps its date
    assert np.diff(cut.nights).tolist() == [1, 0, 0]
    assert cut.rates.tolist() == [0.008, 0.00625, 0.005, 0.004]
    assert cut.close_before == (110.0, 110.01)  # bid and ask
    later = whole.since(3)
    assert (later.bar_day.tolist(), later.day_last_bar.tolist(), later.day_numbers.tolist()) == ([0, 0], [1], [17_169])
    assert later.close_before == (112.0, 112.01)
    twice = whole.since(1).since(2)
    assert (twice.close_before, twice.bar_day.tolist()) == (later.close_before, later.bar_day.tolist())


def test_since_the_first_bar_is_all_of_it():
    data = prepare(closing([1.1, 1.2]), Costs())
    assert data.since(0) is data
    assert np.isnan(data.close_before).all()  # nobody knows what was before


def test_since_keeps_one_price_where_there_is_no_spread_and_summarises_its_own_blocks():
    n = 2 * BLOCK
    data = prepare(closing(1.0 + np.arange(n) / 100), Costs())
    cut = data.since(2)
    assert cut.ask is cut.bid
    assert cut.ask_blocks is cut.bid_blocks
    assert cut.bid_blocks.tolist() == [[1.02, 1.17, 1.02, 1.17]]  # bars 2 to 17
    cut = prepare(closing(1.0 + np.arange(n) / 100), Costs(spread_pips=100.0)).since(2)
    assert cut.ask_blocks == pytest.approx(np.array([[1.03, 1.18, 1.03, 1.18]]), abs=1e-12)


# --- what is kept ----------------------------------------------------------------------------------------


def test_what_was_made_ready_is_kept_for_the_last_few_costs():
    bars = closing([1.1, 1.2])
    costs = [Costs(commission_per_lot=float(i)) for i in range(5)]
    made = [prepare(bars, c) for c in costs[:4]]
    assert [prepare(bars, c) for c in costs[:4]] == made
    assert prepare(bars, costs[0], "EUR") is not made[0]  # the fifth: the oldest goes
    assert prepare(bars, costs[1]) is made[1]
    assert prepare(bars, costs[0]) is not made[0]


def test_what_conversion_bars_gave_is_not_kept():
    rates = closing([125.0, 160.0], symbol=EURJPY, start_ns=MONDAY_NS - HOUR_NS)
    other = closing([250.0, 160.0], symbol=EURJPY, start_ns=MONDAY_NS - HOUR_NS)
    bars = closing([110.0], symbol=USDJPY)
    assert prepare(bars, Costs(), "EUR", rates).rates.tolist() == [0.008]
    assert prepare(bars, Costs(), "EUR", other).rates.tolist() == [0.004]


def test_no_bars_are_refused():
    with pytest.raises(RuleError, match=r"bars.*at least one|at least one.*bars"):
        prepare(closing([1.1]).slice(0, 0), Costs())


def test_everything_is_read_only():
    bars = closing([110.0, 111.0], symbol=USDJPY)
    rates = closing([125.0, 160.0], symbol=EURJPY, start_ns=MONDAY_NS - HOUR_NS)
    data = prepare(bars, Costs(spread_pips=1.0, swap_long=1.0), "EUR", rates)
    arrays = (*data.bid, *data.ask, data.bar_day, data.day_last_bar, data.day_numbers, data.nights, data.rates)
    for array in (*arrays, data.bid_blocks, data.ask_blocks):
        assert not array.flags.writeable
