"""One test for each rule of docs/explanation/execution-rules.md, on every simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import EURUSD, MONDAY_NS, USDJPY, bars_of
from tests.fakes.twins import Twins
from trading_ai.engine.costs import Costs
from trading_ai.engine.orders import map_bars
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import RuleError
from trading_ai.market.symbol_table import symbol
from trading_ai.strategies.base import Signals
from trading_ai.strategies.levels import Level, Size

FLAT = (1.1000, 1.1005, 1.0995, 1.1000)


def signals(n, *, long=(), short=(), long_exit=(), short_exit=()):
    def at(bars):
        flags = np.zeros(n, bool)
        flags[list(bars)] = True
        return flags

    return Signals(at(long), at(short), at(long_exit), at(short_exit))


def run(rows, exits=None, *, symbol=EURUSD, tf="H1", start_ns=MONDAY_NS, entries=None, bars=None, **account):
    """Trades of every simulator, which must agree; entries default to a long signal on bar 0."""
    bars = bars_of(rows, symbol=symbol, tf=tf, start_ns=start_ns) if bars is None else bars
    twins = Twins(bars, entries or signals(len(bars), long=[0]), **account)
    twins.agree(exits or Exits())
    trades, tally, _, equity = twins.compiled(exits or Exits())
    return trades, tally, equity


def reason(trade):
    return EXIT_REASONS[int(trade["exit_reason"])]


def test_decide_at_the_close_fill_at_the_next_open():
    rows = [FLAT, (1.1012, 1.1020, 1.1010, 1.1015), FLAT]
    trades, _, _ = run(rows)
    assert trades["entry_bar"].tolist() == [1]
    assert trades["entry_price"].tolist() == [1.1012]
    assert len(run(rows, entries=signals(3, long=[2]))[0]) == 0


def test_bid_and_ask():
    costs = Costs(spread_pips=1.0)
    trades, tally, _ = run([FLAT, FLAT, FLAT], costs=costs)
    assert (trades["entry_price"][0], trades["exit_price"][0]) == (1.1001, 1.1000)
    assert tally["spread"] == pytest.approx(1.0)
    rows = [FLAT, (1.1000, 1.1018, 1.0995, 1.1000), (1.1000, 1.1019, 1.0995, 1.1000), FLAT]
    trades, _, _ = run(rows, Exits(stop_loss=20), entries=signals(4, short=[0]), costs=costs)
    assert (trades["exit_bar"][0], trades["exit_price"][0], reason(trades[0])) == (2, 1.1020, "stop_loss")


def test_bid_and_ask_from_the_data():
    rows = np.array([FLAT, FLAT, FLAT])
    ask = dict(zip(("ask_open", "ask_high", "ask_low", "ask_close"), (rows + 0.0003).T, strict=True))
    trades, _, _ = run(None, bars=bars_of(rows, **ask))
    assert trades["entry_price"][0] == pytest.approx(1.1003)
    trades, _, _ = run(None, bars=bars_of(rows, spread=[0.0, 0.0002, 0.0]))
    assert trades["entry_price"][0] == 1.1002


def test_stop_loss_and_take_profit():
    exits = Exits(stop_loss=20, take_profit=40)
    trades, _, _ = run([FLAT, FLAT, (1.1000, 1.1000, 1.0980, 1.0990)], exits)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.0980, "stop_loss")
    assert trades["net_profit"][0] == pytest.approx(-20.0)
    trades, _, _ = run([FLAT, (1.1000, 1.1040, 1.0990, 1.1000)], exits)  # on the entry bar itself
    assert (trades["exit_bar"][0], trades["exit_price"][0], reason(trades[0])) == (1, 1.1040, "take_profit")
    rows = [(1.1000, 1.1005, 1.0990, 1.0998), FLAT, (1.1000, 1.1000, 1.0979, 1.0990)]
    trades, _, _ = run(rows, exits, rules=ExecutionRules(level_anchor="signal_close"))
    assert trades["exit_price"][0] == 1.0990  # 1.0998 - 20 pips is 1.0978: not touched, closed at the end


def test_a_price_equal_to_the_level_touches_it():
    # 1.1 - 0.004 is 1.0960000000000001 in binary; a low of 1.096 must touch a stop of 40 pips all the same.
    rows = [FLAT, FLAT, (1.1000, 1.1000, 1.0960, 1.0990), FLAT]
    trades, _, _ = run(rows, Exits(stop_loss=40))
    assert (trades["exit_bar"][0], trades["exit_price"][0]) == (2, 1.0960)


def test_gap_through_the_stop():
    exits = Exits(stop_loss=20, take_profit=40)
    trades, _, _ = run([FLAT, FLAT, (1.0950, 1.0960, 1.0940, 1.0950)], exits)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.0950, "stop_loss")
    trades, tally, _ = run([FLAT, FLAT, (1.1060, 1.1070, 1.0900, 1.0950)], exits)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.1060, "take_profit")
    assert tally["n_ambiguous"] == 0


def test_both_levels_in_one_bar():
    rows = [FLAT, FLAT, (1.1000, 1.1050, 1.0970, 1.1000)]
    exits = Exits(stop_loss=20, take_profit=40)
    trades, tally, _ = run(rows, exits)
    assert (trades["exit_price"][0], tally["n_ambiguous"]) == (1.0980, 1)
    trades, tally, _ = run(rows, exits, rules=ExecutionRules(same_bar="target_first"))
    assert (trades["exit_price"][0], tally["n_ambiguous"]) == (1.1040, 1)
    # The low is 30 pips from the open, the high 50; then the other way round; for a short, its target is below.
    nearer = ExecutionRules(same_bar="nearer_first")
    trades, tally, _ = run(rows, exits, rules=nearer)
    assert (trades["exit_price"][0], reason(trades[0]), tally["n_ambiguous"]) == (1.0980, "stop_loss", 1)
    high_is_nearer = [FLAT, FLAT, (1.1000, 1.1045, 1.0950, 1.1000)]
    trades, tally, _ = run(high_is_nearer, exits, rules=nearer)
    assert (trades["exit_price"][0], reason(trades[0]), tally["n_ambiguous"]) == (1.1040, "take_profit", 1)
    short = signals(3, short=[0])
    trades, _, _ = run([FLAT, FLAT, (1.1000, 1.1045, 1.0950, 1.1000)], exits, entries=short, rules=nearer)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.1020, "stop_loss")
    trades, _, _ = run([FLAT, FLAT, (1.1000, 1.1050, 1.0955, 1.1000)], exits, entries=short, rules=nearer)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.0960, "take_profit")


def test_finer_bars_decide_exits():
    coarse = bars_of([FLAT, FLAT, (1.1000, 1.1050, 1.0970, 1.1000)])
    fine_rows = [FLAT] * 4 + [(1.1000, 1.1050, 1.1000, 1.1045), (1.1045, 1.1045, 1.0970, 1.1000)]
    fine = bars_of(fine_rows, tf="M30")
    exits = Exits(stop_loss=20, take_profit=40)
    trades, tally, _ = run(None, exits, bars=coarse, detail=fine, bar_map=map_bars(coarse, fine))
    assert (trades["exit_price"][0], reason(trades[0]), tally["n_ambiguous"]) == (1.1040, "take_profit", 0)
    assert trades["exit_bar"][0] == 4
    with pytest.raises(RuleError, match="finer"):
        map_bars(fine, coarse)


def test_trailing_stop():
    rows = [FLAT, FLAT, (1.1000, 1.1050, 1.1000, 1.1045), (1.1045, 1.1049, 1.1019, 1.1030), FLAT]
    trades, _, _ = run(rows, Exits(trailing_stop=30))
    assert (trades["exit_bar"][0], trades["exit_price"][0], reason(trades[0])) == (3, 1.1020, "trailing_stop")


def test_break_even():
    rows = [FLAT, FLAT, (1.1000, 1.1020, 1.0990, 1.1010), (1.1010, 1.1012, 1.0999, 1.1005), FLAT]
    trades, _, _ = run(rows, Exits(break_even=20))
    assert (trades["exit_bar"][0], trades["exit_price"][0], reason(trades[0])) == (3, 1.1000, "break_even")


def test_time_exit():
    trades, _, _ = run([FLAT] * 12, Exits(time_exit=3), entries=signals(12, long=[4]))
    assert (trades["entry_bar"][0], trades["exit_bar"][0], reason(trades[0])) == (5, 8, "time_exit")


def test_opposite_signal():
    entries = signals(12, long=[0], short=[7])
    trades, _, _ = run([FLAT] * 12, entries=entries)
    assert trades["direction"].tolist() == [1, -1]
    assert (trades["exit_bar"][0], trades["entry_bar"][1]) == (8, 8)
    trades, _, _ = run([FLAT] * 12, entries=entries, rules=ExecutionRules(opposite_signal="close"))
    assert (len(trades), trades["exit_bar"][0]) == (1, 8)
    trades, _, _ = run([FLAT] * 12, entries=entries, rules=ExecutionRules(opposite_signal="ignore"))
    assert (len(trades), reason(trades[0])) == (1, "end_of_data")
    trades, _, _ = run([FLAT] * 12, entries=entries, rules=ExecutionRules(direction="long"))
    assert (trades["direction"].tolist(), trades["exit_bar"].tolist()) == ([1], [8])


def test_order_of_events_at_one_open():
    trades, _, _ = run([FLAT] * 12, Exits(time_exit=3), entries=signals(12, long=[0, 3]))
    assert trades["entry_bar"].tolist() == [1, 4]
    assert trades["exit_bar"].tolist()[0] == 4
    rows = [FLAT, FLAT, (1.0950, 1.0960, 1.0940, 1.0950), FLAT]
    entries = signals(4, long=[0], short=[1])  # the reversal's open is also beyond the stop: the signal goes first
    trades, _, _ = run(rows, Exits(stop_loss=20), entries=entries)
    assert [reason(t) for t in trades] == ["signal", "stop_loss"]


def test_last_bar():
    rows = [FLAT, FLAT, (1.1000, 1.1030, 1.1000, 1.1020)]
    trades, tally, equity = run(rows)
    assert (trades["exit_price"][0], reason(trades[0]), equity[-1]) == (1.1020, "end_of_data", pytest.approx(10_020))
    trades, tally, equity = run(rows, rules=ExecutionRules(close_at_end=False))
    assert (len(trades), equity[-1], tally["open_profit"]) == (0, pytest.approx(10_020), pytest.approx(20))


def test_date_range():
    higher = (1.1000, 1.1010, 1.1000, 1.1010)
    rows = [FLAT, FLAT, higher, (1.1020, 1.1025, 1.1015, 1.1020), FLAT]
    entries = signals(5, long=[1, 2])
    trades, _, equity = run(rows, entries=entries, first=3)  # the signal of bar 2 is filled, that of bar 1 is not
    assert (trades["entry_bar"].tolist(), trades["entry_price"].tolist(), len(equity)) == ([0], [1.1020], 2)
    trades, _, _ = run(rows, entries=entries, rules=ExecutionRules(max_positions=2), first=2)
    assert trades["entry_bar"].tolist() == [0, 1]
    anchored = ExecutionRules(level_anchor="signal_close")
    trades, _, _ = run(rows, Exits(stop_loss=20), entries=entries, rules=anchored, first=3)
    assert trades["exit_price"].tolist() == [1.1000]  # the open of bar 4, beyond 1.1010 - 0.0020
    spaced = [*rows[:3], (1.1020, 1.1025, 1.0990, 1.1020), FLAT]
    trades, _, _ = run(spaced, Exits(stop_loss=15), entries=entries, rules=anchored, first=3)
    assert trades["exit_price"].tolist() == [1.0995]


def test_several_positions():
    rules = ExecutionRules(max_positions=2)
    trades, _, _ = run([FLAT] * 12, entries=signals(12, long=[0, 1, 2], short=[6]), rules=rules)
    assert trades["direction"].tolist() == [1, 1, -1]
    assert trades["entry_bar"].tolist() == [1, 2, 7]
    assert trades["exit_bar"].tolist() == [7, 7, 11]


def test_sizes():
    rows = [FLAT, FLAT, (1.1000, 1.1000, 1.0980, 1.0990)]
    trades, _, _ = run(rows, Exits(stop_loss=20), sizing=Sizing("risk_percent", 1.0))
    assert (trades["units"][0], trades["net_profit"][0]) == (50_000, pytest.approx(-100))
    assert run(rows, sizing=Sizing("lots", 0.5))[0]["units"][0] == 50_000
    _, tally, _ = run(rows, Exits(stop_loss=20), sizing=Sizing("risk_percent", 1.0), capital=10.0)
    assert (tally["n_trades"], tally["n_skipped"]) == (0, 1)
    with pytest.raises(RuleError, match=r"stop_loss.*percentage at risk"):
        run(rows, sizing=Sizing("risk_percent", 1.0))
    with pytest.raises(RuleError, match="smallest volume"):
        run(rows, sizing=Sizing("units", 10))


def test_sizes_by_equity():
    rows = [FLAT] * 3
    whole = Sizing("percent_of_equity", 100.0)
    assert run(rows, sizing=whole)[0]["units"][0] == 9_000  # 10,000 / 1.1 is 9,090.9
    assert run(rows, sizing=Sizing("percent_of_equity", 250.0))[0]["units"][0] == 22_000
    broken = Sizing("percent_of_equity", 100.0, volume_step=0.0, min_volume=0.0)
    assert run(rows, sizing=broken)[0]["units"][0] == pytest.approx(10_000 / 1.1, rel=1e-12)
    one = Sizing("percent_of_equity", 50.0, volume_step=1.0, min_volume=1.0)
    costs = Costs(commission_percent=0.1, commission_per_trade=2.0)  # (5,000 - 2) / (1.1 x 1.001) is 4,539.1
    assert run(rows, sizing=one, costs=costs)[0]["units"][0] == 4_539
    # The account in euros: 10,000 of them buy 10,000 euros.
    assert run(rows, sizing=whole, currency="EUR")[0]["units"][0] == 10_000
    with pytest.raises(RuleError, match=r"percent_of_equity.*above 500|above 500.*percent_of_equity"):
        run(rows, sizing=Sizing("percent_of_equity", 501.0), rules=ExecutionRules(leverage=5.0))
    assert run(rows, sizing=broken, rules=ExecutionRules(leverage=1.0))[1]["n_trades"] == 1  # all in is just possible


@pytest.mark.parametrize(
    ("name", "price", "currency", "capital", "units"),
    [
        ("EURUSD", 1.1, "USD", 10_000, 9_000),  # whole steps of 1,000
        ("EURUSD", 0.9, "USD", 10_000, 10_000),  # never more than 10,000
        ("EURUSD", 1.1, "USD", 1_000_000, 10_000),
        ("EURUSD", 1.1, "USD", 500, 1_000),  # never less than the smallest volume
        ("USDJPY", 110.0, "USD", 10_000, 10_000),
        ("USDJPY", 110.0, "JPY", 1_000_000, 9_000),
        ("XAUUSD", 1_900.0, "USD", 10_000, 5),
        ("BTCUSD", 60_000.0, "USD", 10_000, 0.16),
        ("AAPL", 190.0, "USD", 10_000, 52),
        ("US500", 4_500.0, "USD", 10_000, 2.2),
    ],
)
def test_the_size_without_one(name, price, currency, capital, units):
    rows = [(price, price, price, price)] * 3
    trades, _, _ = run(rows, symbol=symbol(name), sizing=Sizing(), currency=currency, capital=float(capital))
    assert trades["units"][0] == pytest.approx(units, rel=1e-12)


def test_ruin():
    fall = (1.1000, 1.1005, 1.0880, 1.0950)
    large = {"capital": 1_000.0, "sizing": Sizing("units", 100_000)}
    entries = signals(6, long=[0, 3])
    trades, tally, equity = run([FLAT, FLAT, fall, FLAT, FLAT, FLAT], entries=entries, **large)
    assert (trades["exit_price"].tolist(), reason(trades[0])) == ([1.0900], "stop_out")
    assert (trades["net_profit"][0], trades["balance"][0]) == (pytest.approx(-1_000.0), 0.0)
    assert equity.tolist()[2:] == [0.0] * 4
    assert (tally["ruined"], tally["stop_outs"], tally["n_skipped"]) == (1, 1, 1)
    assert tally["ruined_ns"] == 2 * 3_600e9
    # The 500 that the gap loses beyond the account are not owed.
    trades, tally, _ = run([FLAT, FLAT, (1.0850, 1.0900, 1.0850, 1.0900)], **large)
    assert (trades["exit_price"][0], trades["net_profit"][0], tally["ruined"]) == (1.0850, -1_000.0, 1)
    # A stop that is nearer comes first, and the next position is opened.
    trades, tally, _ = run([FLAT, FLAT, fall, FLAT, FLAT, FLAT], Exits(stop_loss=50), entries=entries, **large)
    assert [reason(t) for t in trades] == ["stop_loss", "end_of_data"]
    assert (trades["net_profit"][0], tally["ruined"]) == (pytest.approx(-500.0), 0)
    # A stop that a gap jumps over loses everything as well.
    trades, tally, _ = run([FLAT, FLAT, (1.0850, 1.0900, 1.0850, 1.0900)], Exits(stop_loss=50), **large)
    assert (reason(trades[0]), trades["net_profit"][0], tally["ruined"]) == ("stop_loss", -1_000.0, 1)
    # A target in the bar of the ruin: the way against the position comes first, unless the rules say otherwise.
    both = [FLAT, FLAT, (1.1000, 1.1050, 1.0880, 1.1000)]
    trades, tally, _ = run(both, Exits(take_profit=40), **large)
    assert (reason(trades[0]), tally["n_ambiguous"]) == ("stop_out", 1)
    trades, _, _ = run(both, Exits(take_profit=40), rules=ExecutionRules(same_bar="target_first"), **large)
    assert reason(trades[0]) == "take_profit"


def test_ruin_of_a_short_and_in_the_base_currency():
    rise = [FLAT, FLAT, (1.1000, 1.1120, 1.0995, 1.1100)]
    large = {"capital": 1_000.0, "sizing": Sizing("units", 100_000)}
    trades, _, _ = run(rise, entries=signals(3, short=[0]), **large)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.1100, "stop_out")
    # In euros: 100,000 x (1.1 / p - 1) + 1,000 is nothing at p = 1.1 / 0.99 = 1.1111..., rounded up.
    trades, tally, _ = run(rise, entries=signals(3, short=[0]), currency="EUR", **large)
    assert (trades["exit_price"][0], trades["net_profit"][0]) == (1.1111112, -1_000.0)
    assert tally["ruined"] == 1


def test_ruin_by_costs_at_a_close():
    costs = Costs(swap_long=-2.0)  # pips: a night costs 20 USD
    rows = [FLAT] * 30
    trades, tally, _ = run(rows, costs=costs, capital=15.0, sizing=Sizing("units", 100_000))
    assert (reason(trades[0]), trades["net_profit"][0], tally["ruined"]) == ("stop_out", -15.0, 1)
    trades, tally, _ = run([FLAT] * 3, costs=Costs(commission_per_trade=20.0), capital=15.0)
    assert (trades["exit_bar"][0], trades["net_profit"][0], tally["ruined"]) == (1, -15.0, 1)


def test_margin():
    rules = ExecutionRules(leverage=30.0)
    _, tally, _ = run([FLAT] * 3, capital=1_000.0, sizing=Sizing("units", 20_000), rules=rules)  # 733.33
    assert (tally["n_trades"], tally["n_skipped"]) == (1, 0)
    _, tally, _ = run([FLAT] * 3, capital=1_000.0, sizing=Sizing("units", 30_000), rules=rules)  # 1,100
    assert (tally["n_trades"], tally["n_skipped"]) == (0, 1)
    two = ExecutionRules(leverage=30.0, max_positions=2)
    entries = signals(4, long=[0, 1])
    _, tally, _ = run([FLAT] * 4, entries=entries, capital=1_000.0, sizing=Sizing("units", 15_000), rules=two)
    assert (tally["n_trades"], tally["n_skipped"]) == (1, 1)  # 550 each: 450 are free for the second
    _, tally, _ = run([FLAT] * 4, entries=entries, capital=1_101.0, sizing=Sizing("units", 15_000), rules=two)
    assert (tally["n_trades"], tally["n_skipped"]) == (2, 0)
    # In yen for a dollar account, the margin is in dollars: 20,000 / 30.
    rows = [(110.0, 110.0, 110.0, 110.0)] * 3
    own = {"symbol": USDJPY, "sizing": Sizing("units", 20_000), "rules": rules}
    assert run(rows, capital=666.0, **own)[1]["n_skipped"] == 1
    assert run(rows, capital=667.0, **own)[1]["n_trades"] == 1


def test_stop_out():
    rules = ExecutionRules(leverage=30.0)
    fall = (1.1000, 1.1005, 1.0600, 1.0700)
    account = {"capital": 1_000.0, "sizing": Sizing("units", 20_000)}
    rows = [FLAT, FLAT, fall, FLAT, FLAT, FLAT]
    # Margin 733.33, of which half is left at 1.1 - 633.33 / 20,000.
    trades, tally, _ = run(rows, entries=signals(6, long=[0, 3]), rules=rules, **account)
    assert (trades["exit_price"].tolist(), reason(trades[0])) == ([1.0683333], "stop_out")
    assert trades["balance"][0] == pytest.approx(366.666)
    assert (tally["ruined"], tally["stop_outs"], tally["n_skipped"]) == (0, 1, 1)
    trades, _, _ = run(rows, Exits(stop_loss=200), rules=rules, **account)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.0800, "stop_loss")
    level = ExecutionRules(leverage=30.0, stop_out_level=80.0)  # 586.67: at 1.1 - 413.33 / 20,000
    assert run(rows, rules=level, **account)[0]["exit_price"][0] == 1.0793333
    trades, _, _ = run([FLAT, FLAT, (1.0650, 1.0660, 1.0640, 1.0650)], rules=rules, **account)
    assert (trades["exit_price"][0], reason(trades[0])) == (1.0650, "stop_out")


def test_stop_out_of_the_largest_loser():
    two = ExecutionRules(leverage=30.0, max_positions=2)
    rows = [FLAT, FLAT, (1.1100, 1.1105, 1.1095, 1.1100), (1.1100, 1.1100, 1.0700, 1.0900), FLAT]
    trades, tally, _ = run(
        rows, entries=signals(5, long=[0, 1]), capital=2_000.0, sizing=Sizing("units", 20_000), rules=two
    )
    # Margins 733.33 and 740: half is 736.67. 2,000 + 20,000 (p - 1.1) + 20,000 (p - 1.11) is that at 1.07341666...
    assert [(t["entry_price"], t["exit_price"]) for t in trades] == [(1.1100, 1.0734166), (1.1000, 1.1000)]
    assert (tally["stop_outs"], tally["ruined"]) == (1, 0)


def test_wins_and_losses():
    _, tally, _ = run([FLAT] * 3)
    assert (tally["n_trades"], tally["n_wins"], tally["n_losses"]) == (1, 0, 0)
    rows = [FLAT, FLAT, (1.1000, 1.1001, 1.1000, 1.1001)]
    for units, wins, currency, rate in ((40, 0, "USD", None), (60, 1, "USD", None), (40, 0, "JPY", 100.0)):
        one = Sizing("units", units, min_volume=0.0)  # 0.4 and 0.6 cents, 0.4 yen
        _, tally, _ = run(rows, sizing=one, currency=currency, costs=Costs(conversion_rate=rate))
        assert (tally["n_wins"], tally["gross_profit"]) == (wins, pytest.approx(wins * units * 1e-4))


def test_excursions():
    rows = [
        FLAT,
        (1.1000, 1.1010, 1.0990, 1.1000),
        (1.1000, 1.1030, 1.0985, 1.1020),
        (1.1020, 1.1050, 1.0900, 1.1000),
    ]
    trades, _, _ = run(rows, Exits(take_profit=40))
    assert (trades["mae"][0], trades["mfe"][0]) == (pytest.approx(-15.0), pytest.approx(40.0))
    trades, _, _ = run(rows)  # to the end: the last bar counts
    assert (trades["mae"][0], trades["mfe"][0]) == (pytest.approx(-100.0), pytest.approx(50.0))
    trades, _, _ = run(rows, entries=signals(4, short=[0]), costs=Costs(spread_pips=1.0))  # shorts leave at the ask
    assert (trades["mae"][0], trades["mfe"][0]) == (pytest.approx(-51.0), pytest.approx(99.0))
    trades, _, _ = run(rows, Exits(stop_loss=5))  # stopped in its first bar: only the fill is known
    assert (trades["mae"][0], trades["mfe"][0]) == (pytest.approx(-5.0), 0.0)


def test_no_position_is_opened_without_balance():
    crash = [FLAT, FLAT, (1.0, 1.0, 0.5, 0.5), *[FLAT] * 5]
    trades, tally, _ = run(crash, Exits(stop_loss=20), entries=signals(8, long=[0, 4]), sizing=Sizing("units", 200_000))
    assert (len(trades), tally["n_skipped"]) == (1, 1)
    assert trades["balance"][0] == 0.0  # 200,000 units lost 20,000 at the open of bar 2: 10,000 of it is not owed


def test_commission():
    trades, _, _ = run([FLAT] * 3, costs=Costs(commission_per_lot=3.5))
    assert trades["commission"][0] == pytest.approx(0.70)
    trades, _, equity = run([FLAT] * 3, costs=Costs(commission_per_million=30.0))
    assert trades["commission"][0] == pytest.approx(2 * 11_000 * 30e-6)
    assert equity[1] == pytest.approx(10_000 - 0.33)  # the entry's side is paid at once
    assert run([FLAT] * 3, costs=Costs(commission_percent=0.1))[0]["commission"][0] == pytest.approx(22.0)
    assert run([FLAT] * 3, costs=Costs(commission_per_trade=1.5))[0]["commission"][0] == 3.0
    # Of closed trades only.
    left = run([FLAT] * 3, costs=Costs(commission_per_trade=1.5), rules=ExecutionRules(close_at_end=False))
    assert (len(left[0]), left[1]["commission"], left[1]["final_equity"]) == (0, 0.0, 9_998.5)


def test_balance_of_several_positions():
    rules = ExecutionRules(max_positions=2)
    trades, tally, _ = run(
        [FLAT] * 8,
        Exits(time_exit=3),
        entries=signals(8, long=[0, 1]),
        costs=Costs(commission_per_lot=3.5),
        rules=rules,
    )
    assert trades["balance"].tolist() == pytest.approx([9_999.30, 9_998.60])  # 0.70 a trade, when it is closed
    assert tally["balance_drawdown"] == pytest.approx(1.40)


def test_slippage():
    costs = Costs(slippage_pips=0.5)
    rows = [FLAT, FLAT, (1.1000, 1.1000, 1.0979, 1.0990)]
    trades, tally, _ = run(rows, Exits(stop_loss=20), costs=costs)
    assert trades["entry_price"][0] == 1.10005
    assert trades["exit_price"][0] == 1.0980  # the stop at 1.09805, half a pip worse
    assert tally["slippage"] == pytest.approx(1.0)
    trades, _, _ = run([FLAT, FLAT, (1.1000, 1.1050, 1.1000, 1.1000)], Exits(take_profit=40), costs=costs)
    assert trades["exit_price"][0] == 1.10405


def test_swap():
    wednesday_noon = MONDAY_NS + 46 * 3_600_000_000_000  # 2017-01-04 12:00 UTC
    costs = Costs(swap_long=-0.5)
    entries = signals(26, long=[0], long_exit=[24])
    trades, _, _ = run([FLAT] * 26, entries=entries, start_ns=wednesday_noon, costs=costs)
    assert trades["swap"][0] == pytest.approx(-1.5)
    trades, _, _ = run(
        [FLAT] * 26, entries=entries, start_ns=wednesday_noon, costs=Costs(swap_long=-7.0, swap_unit="account")
    )
    assert trades["swap"][0] == pytest.approx(-2.1)


def test_account_currency():
    rows = [(110.0, 110.5, 109.5, 110.0)] * 2 + [(110.0, 111.0, 110.0, 111.0)]
    trades, _, _ = run(rows, symbol=USDJPY)
    assert trades["net_profit"][0] == pytest.approx(10_000 * (1 - 110 / 111))
    trades, _, _ = run(rows, symbol=USDJPY, costs=Costs(conversion_rate=0.01))
    assert trades["net_profit"][0] == pytest.approx(100.0)
    with pytest.raises(RuleError, match="JPY and the account is in EUR"):
        run(rows, symbol=USDJPY, currency="EUR")


def test_equity_drawdown_and_days():
    rows = [FLAT, (1.1000, 1.1060, 1.1000, 1.1050), (1.1050, 1.1050, 1.0990, 1.1000), (1.1000, 1.1030, 1.1000, 1.1030)]
    _, tally, equity = run(rows)
    np.testing.assert_allclose(equity, [10_000, 10_050, 10_000, 10_030])
    assert tally["equity_drawdown"] == pytest.approx(50)
    assert tally["equity_drawdown_fraction"] == pytest.approx(50 / 10_050)


def long_at_first(n, *, side=1, **said):
    """An entry on bar 0 that says more than its side."""
    entry = {"long": [0]} if side > 0 else {"short": [0]}
    return replace(signals(n, **entry), **said)


def prices(n, values):
    """One price at each of some bars, NaN at the others."""
    found = np.full(n, np.nan)
    found[list(values)] = list(values.values())
    return found


def outcome(trades):
    """Entry, exit and reason of the only trade."""
    (trade,) = trades
    return float(trade["entry_price"]), float(trade["exit_price"]), reason(trade)


def test_a_stop_and_a_target_of_the_signal():
    rows = [FLAT, FLAT, (1.1000, 1.1000, 1.0980, 1.0990)]
    both = Exits(stop_loss=50, take_profit=50)
    for level in (Level.price(1.0985), Level.pips(15), Level.percent(0.15 / 1.1)):
        trades, _, _ = run(rows, both, entries=long_at_first(3, stop=level))
        assert outcome(trades) == (1.1000, pytest.approx(1.0985), "stop_loss")
    rows = [FLAT, FLAT, (1.1000, 1.1020, 1.0999, 1.1010)]
    for level in (Level.price(1.1015), Level.pips(15), Level.percent(0.15 / 1.1)):
        trades, _, _ = run(rows, both, entries=long_at_first(3, target=level))
        assert outcome(trades) == (1.1000, pytest.approx(1.1015), "take_profit")
    # A short's stop lies above it.
    rows = [FLAT, FLAT, (1.1000, 1.1020, 1.0999, 1.1010)]
    trades, _, _ = run(rows, both, entries=long_at_first(3, side=-1, stop=Level.pips(15)))
    assert outcome(trades) == (1.1000, 1.1015, "stop_loss")
    # Where the signal says nothing, the parameter counts, near or far.
    trades, _, _ = run(rows, Exits(take_profit=12), entries=long_at_first(3, target=Level.pips(prices(3, {}))))
    assert outcome(trades) == (1.1000, 1.1012, "take_profit")
    trades, _, _ = run(rows, Exits(take_profit=12), entries=long_at_first(3, target=Level.pips(18)))
    assert outcome(trades) == (1.1000, 1.1018, "take_profit")


def test_a_stop_and_a_target_of_the_signal_in_true_ranges():
    # Each bar has a range of 10 pips, and so has the average of three: two of them are 20 pips.
    rows = [FLAT, FLAT, FLAT, FLAT, FLAT, (1.1000, 1.1000, 1.0975, 1.0990)]
    entries = replace(signals(6, long=[3]), stop=Level.atr(3, 2.0), target=Level.atr(3, 3))
    trades, _, _ = run(rows, entries=entries)
    assert outcome(trades) == (1.1000, 1.0980, "stop_loss")
    # Before three ranges are known the parameter counts.
    entries = replace(signals(6, long=[0]), stop=Level.atr(3, 2.0))
    trades, _, _ = run(rows, Exits(stop_loss=24), entries=entries)
    assert outcome(trades) == (1.1000, 1.0976, "stop_loss")


def test_a_stop_of_the_signal_that_the_open_jumps_over():
    rows = [FLAT, (1.0970, 1.0990, 1.0960, 1.0980), FLAT]
    trades, _, _ = run(rows, entries=long_at_first(3, stop=Level.price(1.0985)))
    assert outcome(trades) == (1.0970, 1.0970, "stop_loss")


def test_the_size_of_the_signal():
    for size, units in ((Size.lots(0.25), 25_000), (Size.units(3_400), 3_000)):
        trades, _, _ = run([FLAT, FLAT, FLAT], entries=long_at_first(3, size=size))
        assert trades["units"].tolist() == [units]
    trades, tally, _ = run([FLAT, FLAT, FLAT], entries=long_at_first(3, size=Size.units(400)))
    assert (len(trades), tally["n_skipped"]) == (0, 1)
    # At risk is what lies between the fill and the signal's stop: 1 % of 10,000 over 25 pips.
    risk = {"sizing": Sizing("risk_percent", 1.0)}
    trades, _, _ = run([FLAT, FLAT, FLAT], entries=long_at_first(3, stop=Level.price(1.0975)), **risk)
    assert trades["units"].tolist() == [40_000]
    trades, tally, _ = run([FLAT, FLAT, FLAT], entries=long_at_first(3, target=Level.pips(20)), **risk)
    assert (len(trades), tally["n_skipped"]) == (0, 1)


def test_an_entry_that_waits_at_a_limit():
    entries = long_at_first(4, entry_limit=prices(4, {0: 1.0990}))
    touched = [FLAT, FLAT, (1.1000, 1.1002, 1.0990, 1.0995), FLAT]
    trades, _, _ = run(touched, entries=entries)
    assert (trades["entry_bar"][0], *outcome(trades)) == (2, 1.0990, 1.1000, "end_of_data")
    gap = [FLAT, FLAT, (1.0985, 1.1002, 1.0980, 1.0995), FLAT]
    assert outcome(run(gap, entries=entries)[0])[0] == 1.0985  # better than the limit
    assert len(run([FLAT, FLAT, FLAT, FLAT], entries=entries)[0]) == 0
    above = [FLAT, (1.0989, 1.0990, 1.0980, 1.0985), FLAT, FLAT]
    assert outcome(run(above, entries=entries)[0])[0] == 1.0989  # at once
    # It buys at the ask: with a spread of 2 pips the bid must fall further. It does not slip.
    trades, tally, _ = run(touched, entries=entries, costs=Costs(spread_pips=2.0))
    assert len(trades) == 0
    lower = [FLAT, FLAT, (1.1000, 1.1002, 1.0988, 1.0995), FLAT]
    trades, tally, _ = run(lower, entries=entries, costs=Costs(spread_pips=2.0, slippage_pips=1.0))
    assert outcome(trades)[:2] == (1.0990, 1.0999)
    assert tally["slippage"] == pytest.approx(1.0)  # of the exit only


def test_an_entry_that_waits_at_a_stop():
    entries = long_at_first(4, entry_stop=prices(4, {0: 1.1010}))
    touched = [FLAT, FLAT, (1.1000, 1.1012, 1.0998, 1.1005), FLAT]
    trades, _, _ = run(touched, entries=entries)
    assert (trades["entry_bar"][0], *outcome(trades)) == (2, 1.1010, 1.1000, "end_of_data")
    gap = [FLAT, FLAT, (1.1015, 1.1020, 1.1010, 1.1012), FLAT]
    assert outcome(run(gap, entries=entries)[0])[0] == 1.1015  # worse than the stop
    assert outcome(run(touched, entries=entries, costs=Costs(slippage_pips=1.0))[0])[0] == 1.1011
    short = long_at_first(4, side=-1, entry_stop=prices(4, {0: 1.0990}))
    assert outcome(run([FLAT, FLAT, (1.1000, 1.1002, 1.0985, 1.0995), FLAT], entries=short)[0])[0] == 1.0990


def test_how_long_an_entry_waits():
    late = [FLAT, FLAT, FLAT, (1.1000, 1.1002, 1.0990, 1.0995), FLAT]
    at = prices(5, {0: 1.0990})
    for lives, n in ((1, 0), (2, 0), (3, 1), (np.nan, 1)):
        assert len(run(late, entries=long_at_first(5, entry_limit=at, expiry=lives))[0]) == n
    # An exit of its side removes it; so does the next entry, of whichever side.
    gone = replace(signals(5, long=[0], long_exit=[1]), entry_limit=at)
    assert len(run(late, entries=gone)[0]) == 0
    moved = replace(signals(5, long=[0, 1]), entry_limit=prices(5, {0: 1.0990, 1: 1.0980}))
    assert len(run(late, entries=moved)[0]) == 0
    kept = replace(signals(5, long=[0], short_exit=[1]), entry_limit=at)
    assert len(run(late, entries=kept)[0]) == 1


def test_a_waiting_entry_and_the_other_side():
    # Short from bar 1 on; bar 3 rises through the buy stop of bar 1's decision.
    rows = [FLAT, FLAT, FLAT, (1.1000, 1.1030, 1.0995, 1.1020), FLAT]
    entries = replace(signals(5, short=[0], long=[1]), entry_stop=prices(5, {1: 1.1010}))
    trades, _, _ = run(rows, entries=entries)
    assert [(t["direction"], t["entry_price"], t["exit_price"], reason(t)) for t in trades] == [
        (-1, 1.1000, 1.1010, "stop_loss"), (1, 1.1010, 1.1000, "end_of_data"),
    ]  # fmt: skip
    trades, _, _ = run(rows, entries=entries, rules=ExecutionRules(opposite_signal="close"))
    assert [(t["direction"], t["exit_price"]) for t in trades] == [(-1, 1.1010)]
    trades, _, _ = run(rows, entries=entries, rules=ExecutionRules(opposite_signal="ignore"))
    assert [(t["direction"], t["exit_price"], reason(t)) for t in trades] == [(-1, 1.1000, "end_of_data")]


def test_an_entry_that_waits_at_a_stop_and_a_limit():
    order = long_at_first(4, entry_stop=prices(4, {0: 1.1010}), entry_limit=prices(4, {0: 1.1005}))
    # Reached in bar 1, which closes above the limit: from then on it waits for 1.1005.
    rows = [FLAT, (1.1000, 1.1020, 1.0995, 1.1015), (1.1015, 1.1016, 1.1004, 1.1010), FLAT]
    trades, _, _ = run(rows, entries=order)
    assert (trades["entry_bar"][0], *outcome(trades)) == (2, 1.1005, 1.1000, "end_of_data")
    # A close at the limit or better comes after the stop price: filled in the same bar.
    closes = [FLAT, (1.1000, 1.1020, 1.0995, 1.1003), FLAT, FLAT]
    trades, _, _ = run(closes, entries=order, costs=Costs(slippage_pips=1))
    assert (trades["entry_bar"][0], trades["entry_price"][0]) == (1, 1.1005)
    # The high is nearer: then the way comes back to the limit, which the rule alone knows.
    back = [FLAT, (1.1000, 1.1012, 1.0985, 1.1008), (1.1008, 1.1010, 1.1006, 1.1008), FLAT]
    trades, _, _ = run(back, entries=order, rules=ExecutionRules(same_bar="nearer_first"))
    assert (trades["entry_bar"][0], trades["entry_price"][0]) == (1, 1.1005)
    assert run(back, entries=order)[0]["entry_bar"].tolist() == [3]
    # A limit beyond the stop price is the worst price that is taken.
    most = long_at_first(4, entry_stop=prices(4, {0: 1.1010}), entry_limit=prices(4, {0: 1.1012}))
    trades, _, _ = run(rows, entries=most, costs=Costs(slippage_pips=1))
    assert (trades["entry_bar"][0], trades["entry_price"][0]) == (1, 1.1010)
    gap = [FLAT, (1.1015, 1.1020, 1.1013, 1.1018), (1.1018, 1.1019, 1.1011, 1.1015), FLAT]
    trades, _, _ = run(gap, entries=most)
    assert (trades["entry_bar"][0], trades["entry_price"][0]) == (2, 1.1012)
    # An opposite position is left where the order is filled, and not before.
    turns = replace(
        signals(5, short=[0], long=[1]), entry_stop=prices(5, {1: 1.1010}), entry_limit=prices(5, {1: 1.1005})
    )
    trades, _, _ = run([FLAT, FLAT, *rows[1:]], entries=turns)
    assert [(t["direction"], t["entry_bar"], t["entry_price"], t["exit_price"]) for t in trades] == [
        (-1, 1, 1.1000, 1.1005), (1, 3, 1.1005, 1.1000),
    ]  # fmt: skip


def test_entries_that_wait_on_both_sides():
    def both(n, **more):
        at = {"long_entry_stop": prices(n, {0: 1.1010}), "short_entry_stop": prices(n, {0: 1.0990})}
        return replace(signals(n, long=[0], short=[0], **more), **at)

    def sides(rows, entries, **options):
        trades, _, _ = run(rows, entries=entries, **options)
        return [(int(t["direction"]), float(t["entry_price"])) for t in trades]

    # The first that is filled cancels the other.
    rises = [FLAT, (1.1000, 1.1012, 1.0998, 1.1010), (1.1010, 1.1011, 1.0980, 1.0985), FLAT]
    assert sides(rises, both(4)) == [(1, 1.1010)]
    # In one bar the nearer extreme comes first: the high is 12 pips away, the low 15.
    assert sides([FLAT, (1.1000, 1.1012, 1.0985, 1.0990), FLAT], both(3)) == [(1, 1.1010)]
    falls = [FLAT, (1.1000, 1.1016, 1.0985, 1.0990), FLAT]
    assert sides(falls, both(3)) == [(-1, 1.0990)]
    # One that may not be opened cancels none, and an exit of its side removes one.
    assert sides(falls, both(3), rules=ExecutionRules(direction="long")) == [(1, 1.1010)]
    assert sides([FLAT, *falls], both(4)) == [(-1, 1.0990)]
    assert sides([FLAT, *falls], both(4, short_exit=[1])) == [(1, 1.1010)]
    # Both on the way up: the nearer to the open comes first.
    for short, first in ((1.1006, (-1, 1.1006)), (1.1011, (1, 1.1010))):
        mixed = replace(both(3), short_entry_stop=None, short_entry_limit=prices(3, {0: short}))
        assert sides([FLAT, (1.1000, 1.1012, 1.0998, 1.1005), FLAT], mixed) == [first]
    # An open that is beyond both fills the buy; where that may not be opened, or risks nothing, the sell, at the open.
    mixed = replace(
        both(3), long_entry_stop=None, long_entry_limit=prices(3, {0: 1.1020}), short_entry_stop=prices(3, {0: 1.1010})
    )
    beyond = [FLAT, (1.1000, 1.1015, 1.0985, 1.0990), FLAT]
    assert sides(beyond, mixed) == [(1, 1.1000)]
    assert sides(beyond, mixed, rules=ExecutionRules(direction="short")) == [(-1, 1.1000)]
    above = replace(mixed, stop=Level.price(prices(3, {0: 1.1050})))
    assert sides(beyond, above, sizing=Sizing("risk_percent", 1.0)) == [(-1, 1.1000)]
    # Without a price of each side there is no order, as ever.
    assert len(run(falls, entries=replace(both(3), short_entry_stop=prices(3, {1: 1.0990})))[0]) == 0
    # Limits: the sell waits above, the buy below; a stop and a target for each from its own fill.
    limits = replace(
        signals(4, long=[0], short=[0]), target=Level.pips(20),
        long_entry_limit=prices(4, {0: 1.0990}), short_entry_limit=prices(4, {0: 1.1010}),
    )  # fmt: skip
    back = [FLAT, (1.1000, 1.1011, 1.0995, 1.1000), (1.1000, 1.1002, 1.0989, 1.0995), FLAT]
    trades, _, _ = run(back, entries=limits)
    assert [(t["direction"], t["entry_price"], t["exit_price"], reason(t)) for t in trades] == [
        (-1, 1.1010, 1.0990, "take_profit"),
    ]


def test_the_bar_inside_which_an_entry_fills():
    # Filled at the limit of 1.0990 on the way down: the stop comes after it, the high may have come before.
    limit = long_at_first(3, entry_limit=prices(3, {0: 1.0990}), stop=Level.pips(20), target=Level.pips(15))
    rows = [FLAT, (1.1000, 1.1006, 1.0985, 1.1000), (1.1000, 1.1001, 1.0999, 1.1000)]
    assert outcome(run(rows, entries=limit)[0]) == (1.0990, 1.1000, "end_of_data")
    first = ExecutionRules(same_bar="target_first")
    assert outcome(run(rows, entries=limit, rules=first)[0]) == (1.0990, 1.1005, "take_profit")
    closes = [FLAT, (1.1000, 1.1007, 1.0985, 1.1006), (1.1000, 1.1001, 1.0999, 1.1000)]
    assert outcome(run(closes, entries=limit)[0]) == (1.0990, 1.1005, "take_profit")
    falls = [FLAT, (1.1000, 1.1002, 1.0968, 1.1000), FLAT]
    assert outcome(run(falls, entries=limit)[0]) == (1.0990, 1.0970, "stop_loss")
    # Filled at the stop of 1.1010 on the way up: the target comes after it, the low may have come before.
    stop = long_at_first(3, entry_stop=prices(3, {0: 1.1010}), stop=Level.pips(15), target=Level.pips(20))
    rows = [FLAT, (1.1000, 1.1012, 1.0994, 1.1005), (1.1005, 1.1006, 1.1000, 1.1000)]
    assert outcome(run(rows, entries=stop)[0]) == (1.1010, 1.0995, "stop_loss")
    assert outcome(run(rows, entries=stop, rules=first)[0])[2] == "end_of_data"
    rises = [FLAT, (1.1000, 1.1031, 1.0996, 1.1005), FLAT]
    assert outcome(run(rises, entries=stop)[0]) == (1.1010, 1.1030, "take_profit")
    # With the way to the nearer extreme first it is known what came before. The low is nearer: the high comes after it.
    nearer = ExecutionRules(same_bar="nearer_first")
    rows = [FLAT, (1.1000, 1.1016, 1.0985, 1.1000), (1.1000, 1.1001, 1.0999, 1.1000)]
    assert outcome(run(rows, entries=limit, rules=nearer)[0]) == (1.0990, 1.1005, "take_profit")
    # The high is nearer, and was there before the limit.
    rows = [FLAT, (1.1000, 1.1006, 1.0985, 1.1000), (1.1000, 1.1001, 1.0999, 1.1000)]
    assert outcome(run(rows, entries=limit, rules=nearer)[0]) == (1.0990, 1.1000, "end_of_data")
    # The low was there before the stop order, or comes after it.
    rows = [FLAT, (1.1000, 1.1012, 1.0994, 1.1005), (1.1005, 1.1006, 1.1000, 1.1000)]
    assert outcome(run(rows, entries=stop, rules=nearer)[0]) == (1.1010, 1.1000, "end_of_data")
    rows = [FLAT, (1.1000, 1.1012, 1.0987, 1.1005), (1.1005, 1.1006, 1.1000, 1.1000)]
    assert outcome(run(rows, entries=stop, rules=nearer)[0]) == (1.1010, 1.0995, "stop_loss")
    both = [FLAT, (1.1000, 1.1031, 1.0960, 1.1005), FLAT]
    assert outcome(run(both, entries=stop, rules=nearer)[0]) == (1.1010, 1.1030, "take_profit")


def test_a_trailing_stop_of_the_signal():
    rows = [FLAT, (1.1000, 1.1050, 1.0999, 1.1040), (1.1040, 1.1041, 1.1010, 1.1015)]
    for trail in (Level.pips(30), Level.percent(0.3 / 1.1)):
        trades, _, _ = run(rows, Exits(trailing_stop=10), entries=long_at_first(3, trail=trail))
        assert outcome(trades) == (1.1000, 1.1020, "trailing_stop")
    trades, _, _ = run(rows, Exits(trailing_stop=25), entries=long_at_first(3, trail=Level.pips(prices(3, {2: 9.0}))))
    assert outcome(trades) == (1.1000, 1.1025, "trailing_stop")


def test_exit_prices_by_the_bar():
    rows = [FLAT, FLAT, (1.1000, 1.1010, 1.0990, 1.1005), (1.1000, 1.1010, 1.0980, 1.1005), FLAT]
    # Said at the close of bar 1 it holds during bar 2, that of bar 2 during bar 3; neither longer.
    stops = prices(5, {1: 1.0985, 2: 1.0985})
    trades, _, _ = run(rows, entries=long_at_first(5, long_exit_stop=stops))
    assert (trades["exit_bar"][0], *outcome(trades)) == (3, 1.1000, 1.0985, "stop_loss")
    trades, _, _ = run(rows, entries=long_at_first(5, long_exit_stop=prices(5, {1: 1.0985})))
    assert outcome(trades)[2] == "end_of_data"
    trades, _, _ = run(rows, entries=long_at_first(5, long_exit_limit=prices(5, {1: 1.1008})))
    assert (trades["exit_bar"][0], *outcome(trades)) == (2, 1.1000, 1.1008, "take_profit")
    # The nearer of it and the position's own level counts.
    trades, _, _ = run(rows, Exits(stop_loss=8), entries=long_at_first(5, long_exit_stop=stops))
    assert outcome(trades) == (1.1000, 1.0992, "stop_loss")
    short = long_at_first(5, side=-1, short_exit_stop=prices(5, {1: 1.1009}))
    assert outcome(run(rows, entries=short)[0]) == (1.1000, 1.1009, "stop_loss")
    short = long_at_first(5, side=-1, short_exit_limit=prices(5, {1: 1.0992}))
    assert outcome(run(rows, entries=short)[0]) == (1.1000, 1.0992, "take_profit")
