"""Several symbols on one account: the rules of docs/explanation/execution-rules.md, to the cent by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import EURUSD, MONDAY_NS, USDJPY, bars_of
from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.runs import RunRequest
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import DataError, EvaluationError, RuleError
from trading_ai.evaluation.event_runs import run_events, why_not_compiled
from trading_ai.market.symbol import Symbol
from trading_ai.strategies.event import EventStrategy

HOUR = 3_600 * 10**9
EURJPY = Symbol("EURJPY", 0.01, 3, 100_000.0, "JPY", "EUR", "fx", 1000.0, 1000.0)
GOLD = Symbol("XAUUSD", 0.01, 2, 100.0, "USD", "XAU", "metal", 1.0, 1.0)
FLAT = (1.1000, 1.1000, 1.1000, 1.1000)
YEN_FLAT = (110.0, 110.0, 110.0, 110.0)


class Scripted(EventStrategy):
    """Does what a function says at each bar, which is given the context and the other symbol."""

    other = "USDJPY"

    def on_start(self, ctx):
        self.that = ctx.symbol(self.other)

    def on_bar(self, ctx):
        todo = self.todo.get(ctx.bar)
        if todo is not None:
            todo(ctx, self.that)


class Netting(Scripted):
    """The same on a netting account."""

    account_mode = "netting"


def run(own, others, todo, *, kind=Scripted, other="USDJPY", costs=None, rules=None, capital=10_000.0, sizing=None,
        currency="USD", conversion=None, starts=None, seen=None, entry_delay=0):  # fmt: skip
    costs, rules = costs or Costs(), rules or ExecutionRules()
    data = prepare(own, costs, currency, conversion)
    account = Account(capital, sizing or Sizing(), costs, rules).sized(data)
    seen = (own if seen is None else seen).with_others(others)
    strategy = kind()
    strategy.todo, strategy.other = todo, other
    starts = np.arange(len(own)) if starts is None else starts
    return run_events(strategy, RunRequest(seen, starts, data, account, currency, {}, entry_delay))


def trades_of(ran):
    return [
        (str(t["symbol"]), int(t["entry_bar"]), float(t["entry_price"]), int(t["exit_bar"]), float(t["exit_price"]),
         EXIT_REASONS[int(t["exit_reason"])])
        for t in ran.trades
    ]  # fmt: skip


def euro(n, **extra):
    return bars_of([FLAT] * n, symbol=EURUSD, **extra)


def test_two_symbols_to_the_cent():
    """Long 0.1 lot EURUSD and short 0.2 lots USDJPY, with spread, slippage, commission and a night's swap.

    EURUSD, a spread of 1 pip and half a pip of slippage: in at 1.1001 + 0.00005, out at 1.1050 - 0.00005, 10,000 units:
    1.10495 - 1.10015 = 48.00. USDJPY likewise: sold at 110.00 - 0.005 = 109.995; the target of 109.50 is reached by the
    ask, without slippage: 20,000 x (109.995 / 109.50 - 1) = 90.41. Commission of 3.50 a lot and side: 0.70 and 1.40.
    """
    dollars = [
        FLAT,
        (1.1000, 1.1010, 1.0990, 1.1005),
        (1.1005, 1.1060, 1.1000, 1.1050),
        (1.1050, 1.1055, 1.1040, 1.1050),
    ]
    yen = [YEN_FLAT, (110.0, 110.1, 109.9, 109.8), (109.8, 109.9, 109.4, 109.6), (109.6, 109.7, 109.5, 109.6)]
    costs = Costs(spread_pips=1.0, slippage_pips=0.5, commission_per_lot=3.5)

    def begin(ctx, that):
        ctx.buy(0.1)
        that.sell(0.2, target=109.50)

    seen = []

    def look(ctx, that):
        seen.append((ctx.balance, ctx.equity, ctx.position.profit, that.position.profit, that.bid, that.ask))

    def leave(ctx, that):
        look(ctx, that)
        ctx.exit()

    ran = run(bars_of(dollars), [bars_of(yen, symbol=USDJPY)], {0: begin, 1: look, 2: leave}, costs=costs)
    first, second = ran.trades
    assert trades_of(ran) == [
        ("USDJPY", 1, 109.995, 2, 109.50, "take_profit"),
        ("EURUSD", 1, 1.10015, 3, 1.10495, "signal"),
    ]
    assert first["gross_profit"] == pytest.approx(90.4109589)
    assert first["commission"] == pytest.approx(1.40)
    assert second["gross_profit"] == pytest.approx(48.00)
    assert second["commission"] == pytest.approx(0.70)
    assert first["balance"] == pytest.approx(10_000 + 89.0109589)
    assert second["balance"] == pytest.approx(10_000 + 89.0109589 + 47.30)
    # After bar 1: 1.05 paid for both entries; EURUSD at the bid 1.1005 +3.50; USDJPY at the ask 109.81 +33.70.
    assert seen[0] == pytest.approx((9_998.95, 9_998.95 + 3.50 + 33.6946, 3.50, 33.6946, 109.8, 109.81), abs=1e-3)
    assert ran.equity == pytest.approx([10_000, 10_036.1446, 9_998.95 + 48.50 + 89.7110, 10_136.3110], abs=1e-3)
    # 0.5 pips twice on 10,000 EUR, and once on 20,000 USD at the exit's rate; 1 pip of spread each.
    assert ran.slippage == pytest.approx(1.0 + 0.005 * 20_000 / 109.50)
    assert ran.spread == pytest.approx(1.0 + 0.01 * 20_000 / 109.50)


def test_profits_are_converted_by_bars_at_hand():
    """EURJPY on an account in dollars: the bars of USDJPY that came with it convert its yen, at the last close."""
    rows = [(110, 110, 110, 110), (110, 110, 110, 120), (120, 120, 120, 125), (125, 125, 125, 125)]
    own, yen = euro(4), bars_of(rows, symbol=USDJPY)
    cross = bars_of(
        [(120, 120, 120, 120), (120, 121, 119, 120), (121, 122, 120, 121), (123, 124, 122, 123)], symbol=EURJPY
    )
    todo = {0: lambda ctx, that: that.buy(0.1), 1: lambda ctx, that: that.exit()}
    ran = run(own, [yen, cross], todo, other="EURJPY")
    # Bought at 120, sold at 121 at the open of bar 2, when USDJPY was last known at 120: 10,000 JPY are 83.33 USD.
    assert ran.trades["net_profit"] == pytest.approx([10_000 / 120])
    with pytest.raises(RuleError, match=r"EURJPY cannot be traded.*JPYUSD or of its reverse"):
        run(own, [cross], todo, other="EURJPY")
    # A fixed rate is of the own quote currency, dollars here, and says nothing of yen.
    with pytest.raises(RuleError, match="EURJPY cannot be traded"):
        run(own, [cross], todo, other="EURJPY", costs=Costs(conversion_rate=1.0))


def test_the_first_price_at_or_after_the_decision():
    """Own bars of an hour; the other's are quarters of an hour, of which some are missing."""
    quarters = bars_of([(110 + i, 110 + i, 110 + i, 110 + i) for i in range(16)], symbol=USDJPY, tf="M15")
    keep = [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12]  # none at 1:00 and 1:15
    yen = replace(quarters, **{name: getattr(quarters, name)[keep] for name in
                               ("open_time_ns", "open", "high", "low", "close", "volume")})  # fmt: skip
    ran = run(euro(4), [yen], {0: lambda ctx, that: that.buy(0.1), 1: lambda ctx, that: that.exit()})
    # Decided at 1:00, filled at 1:30; decided at 2:00, left at 2:00.
    assert trades_of(ran) == [("USDJPY", 1, 116.0, 2, 118.0, "signal")]
    assert ran.trades["entry_time_ns"][0] == MONDAY_NS + 90 * 60 * 10**9
    assert ran.trades["exit_time_ns"][0] == MONDAY_NS + 2 * HOUR


def test_the_last_known_price_counts():
    yen = bars_of([(110, 110, 110, 110), (110, 111, 110, 111)], symbol=USDJPY)  # and nothing afterwards
    ran = run(euro(5), [yen], {0: lambda ctx, that: that.buy(0.1)})
    worth = 10_000 * (1 - 110 / 111)
    assert ran.equity == pytest.approx([10_000] + [10_000 + worth] * 4)
    assert trades_of(ran) == [("USDJPY", 1, 110.0, 1, 111.0, "end_of_data")]


def test_a_bar_that_is_under_way():
    """The other's bars open on the half hour. What is changed at 2:00 does not reach back into the bar of 1:30."""
    yen = bars_of([YEN_FLAT, (110.0, 110.5, 109.0, 110.0), (110.0, 110.5, 109.0, 110.0), YEN_FLAT], symbol=USDJPY,
                  start_ns=MONDAY_NS + HOUR // 2)  # fmt: skip
    seen = []

    def begin(ctx, that):
        that.buy(0.1, limit=109.5)  # decided at 1:00, may be filled in the bar of 1:30
        that.buy(0.1, limit=109.2, stop=100.0)

    def change(ctx, that):  # at 2:00, when that bar is half over
        kept, gone = that.orders
        seen.append((bool(that.position), that.bid, len(that.orders)))
        kept.modify(limit=109.1)
        gone.cancel()

    def look(ctx, that):  # at 3:00, after it
        seen.append((that.position.entry, len(that.positions), len(that.orders)))

    ran = run(euro(6), [yen], {0: begin, 1: change, 2: look})
    # Both were filled in that bar, since neither change was in time for it; the strategy saw nothing of it at 2:00.
    assert seen == [(False, 110.0, 2), (109.5, 2, 0)]
    assert ran.trades["entry_price"].tolist() == [109.5, 109.2]
    # An order that is not yet in the market is gone at once.
    ran = run(euro(6), [yen], {1: lambda ctx, that: (that.buy(0.1, limit=109.5), that.cancel_all())})
    assert len(ran.trades) == 0
    # A stop that is moved at 2:00 holds from the bar of 2:30 on.
    todo = {0: lambda ctx, that: that.buy(0.1), 1: lambda ctx, that: that.position.modify(stop=109.4)}
    assert trades_of(run(euro(6), [yen], todo)) == [("USDJPY", 1, 110.0, 2, 109.4, "stop_loss")]
    moved = {**todo, 1: lambda ctx, that: that.position.trail(0.2)}
    assert run(euro(6), [yen], moved).trades["exit_time_ns"][0] == yen.open_time_ns[3]


def test_margin_is_of_all_symbols():
    yen = bars_of([YEN_FLAT] * 4, symbol=USDJPY)
    margins = []

    def both(ctx, that):
        ctx.buy(0.2)  # 20,000 x 1.1 / 30 = 733.33
        that.buy(0.1)  # 10,000 / 30 = 333.33: more than is left of 1,000

    def look(ctx, that):
        margins.append((ctx.margin, ctx.free_margin, len(ctx.positions), len(that.positions)))

    rules = ExecutionRules(leverage=30.0)
    ran = run(euro(4), [yen], {0: both, 1: look}, capital=1_000.0, rules=rules)
    assert margins == [pytest.approx((733.3333, 266.6667, 1, 0), abs=1e-3)]
    assert ran.n_skipped == 1
    ran = run(euro(4), [yen], {0: both, 1: look}, capital=1_100.0, rules=rules)
    assert margins[1] == pytest.approx((1_066.6667, 33.3333, 1, 1), abs=1e-3)
    assert ran.n_skipped == 0


def test_stop_out_of_the_largest_loser_of_all_symbols():
    """Margins 733.33 (EURUSD) and 333.33 (USDJPY): closed where the equity is down to half of both, 533.33."""
    dollars = [FLAT, (1.1000, 1.1000, 1.0980, 1.0980), (1.0980, 1.0980, 1.0800, 1.0800), (1.0800,) * 4]
    yen = [YEN_FLAT, (110.0, 110.0, 108.0, 108.0), (108.0, 108.0, 108.0, 108.0), (108.0,) * 4]

    def both(ctx, that):
        ctx.buy(0.2)
        that.buy(0.1)

    rules = ExecutionRules(leverage=30.0)
    ran = run(bars_of(dollars), [bars_of(yen, symbol=USDJPY)], {0: both}, capital=1_100.0, rules=rules)
    # After bar 1 USDJPY has lost 10,000 x (110 / 108 - 1) = 185.19, EURUSD 40.00. In bar 2 the equity is down to 533.33
    # where EURUSD has lost 1,100 - 185.19 - 533.33 = 381.48: 190.74 pips below 1.1000, at 1.0809259 and two digits.
    assert trades_of(ran) == [
        ("EURUSD", 1, 1.1, 2, 1.0809259, "stop_out"),
        ("USDJPY", 1, 110.0, 3, 108.0, "end_of_data"),
    ]
    # In bar 1 USDJPY alone falls to 107: 280.37 lost, and with 262 of EURUSD already lost it is the larger loser.
    dollars = [FLAT, (1.1000, 1.1000, 1.0869, 1.0869), (1.0869,) * 4, (1.0869,) * 4]
    yen = [YEN_FLAT, YEN_FLAT, (110.0, 110.0, 106.0, 106.0), (106.0,) * 4]
    ran = run(bars_of(dollars), [bars_of(yen, symbol=USDJPY)], {0: both}, capital=1_100.0, rules=rules)
    assert trades_of(ran)[0][:4] == ("USDJPY", 1, 110.0, 2)
    assert float(ran.trades["exit_price"][0]) == pytest.approx(110 / (1 + (1_100 - 262 - 533.3333) / 10_000), abs=2e-5)


def test_the_other_may_be_the_larger_loser():
    """USDJPY has lost 299.63. Where EURUSD has lost 267.04, the limit of 533.33 is reached, and USDJPY goes."""
    dollars = [FLAT, FLAT, (1.1000, 1.1000, 1.0865, 1.0865), (1.0865,) * 4]
    yen = [YEN_FLAT, (110.0, 110.0, 106.8, 106.8), (106.8,) * 4, (106.8,) * 4]

    def both(ctx, that):
        ctx.buy(0.2)
        that.buy(0.1)

    rules = ExecutionRules(leverage=30.0)
    ran = run(bars_of(dollars), [bars_of(yen, symbol=USDJPY)], {0: both}, capital=1_100.0, rules=rules)
    assert trades_of(ran)[0] == ("USDJPY", 1, 110.0, 2, 106.8, "stop_out")
    assert trades_of(ran)[1] == ("EURUSD", 1, 1.1, 3, 1.0865, "end_of_data")  # which the account can carry now


def test_ruin_ends_all_symbols():
    dollars = [FLAT, FLAT, (1.0000, 1.0000, 1.0000, 1.0000), FLAT, FLAT]
    yen = [YEN_FLAT, (110.0, 110.0, 110.0, 111.0), (111.0,) * 4, (111.0,) * 4, (111.0,) * 4]
    again = []

    def both(ctx, that):
        ctx.buy(1.0)
        that.buy(0.1)

    todo = {0: both, 2: lambda ctx, that: again.append(ctx.balance), 3: lambda ctx, that: again.append(ctx.balance)}
    ran = run(bars_of(dollars), [bars_of(yen, symbol=USDJPY)], todo, capital=5_000.0)
    # EURUSD loses 10,000 at the open of bar 2; USDJPY's 90.09 do not save it. Nothing is owed, nothing follows.
    assert [t[0] for t in trades_of(ran)] == ["USDJPY", "EURUSD"]
    assert ran.trades["balance"][-1] == ran.equity[-1] == 0.0
    assert ran.trades["net_profit"].sum() == pytest.approx(-5_000.0)
    assert (ran.ruined_bar, again) == (2, [])


def test_netting_is_of_each_symbol():
    yen = bars_of([YEN_FLAT] * 5, symbol=USDJPY)
    todo = {
        0: lambda ctx, that: (ctx.buy(0.1), that.sell(0.1)),
        1: lambda ctx, that: that.buy(0.3),
    }
    ran = run(euro(5), [yen], todo, kind=Netting)
    assert [(str(t["symbol"]), int(t["direction"]), float(t["units"]), int(t["exit_bar"])) for t in ran.trades] == [
        ("USDJPY", -1, 10_000.0, 2), ("EURUSD", 1, 10_000.0, 4), ("USDJPY", 1, 20_000.0, 4),
    ]  # fmt: skip


def test_a_default_size_is_of_each_symbol():
    """10,000 USD: 9,000 EUR at 1.1000, and 5 ounces of gold at 1,900."""
    gold = bars_of([(1_900.0,) * 4] * 4, symbol=GOLD)
    todo = {0: lambda ctx, that: (ctx.buy(), that.buy())}
    assert run(euro(4), [gold], todo, other="XAUUSD").trades["units"].tolist() == [9_000.0, 5.0]
    given = run(euro(4), [gold], todo, other="XAUUSD", sizing=Sizing("lots", 0.2))
    assert given.trades["units"].tolist() == [20_000.0, 20.0]


def test_history_is_of_all_symbols():
    yen = bars_of([YEN_FLAT] * 6, symbol=USDJPY)
    told = []

    class Hears(Scripted):
        def on_trade(self, ctx, trade):
            told.append((trade.symbol, trade.size, ctx.trades))

    todo = {
        0: lambda ctx, that: (ctx.buy(0.1), that.buy(0.2)),
        1: lambda ctx, that: that.exit(),
        2: lambda ctx, that: ctx.exit(),
        3: lambda ctx, that: told.append((ctx.last_trade.symbol, len(ctx.history))),
    }
    run(euro(6), [yen], todo, kind=Hears)
    assert told == [("USDJPY", 0.2, 1), ("EURUSD", 0.1, 2), ("EURUSD", 2)]


def test_excursions_are_of_the_symbols_own_bars():
    yen = bars_of([YEN_FLAT, (110.0, 111.0, 109.0, 110.0), (110.0, 110.0, 110.0, 110.0), YEN_FLAT], symbol=USDJPY)
    ran = run(euro(4), [yen], {0: lambda ctx, that: that.buy(0.1), 1: lambda ctx, that: that.exit()})
    assert ran.trades["mfe"][0] == pytest.approx(10_000 * (1 - 110 / 111))
    assert ran.trades["mae"][0] == pytest.approx(10_000 * (1 - 110 / 109))


def test_trading_begins_with_the_runs_own_bars():
    """The bar before the first traded one decides; the other symbol trades in between, and is not bought there."""
    own = euro(6)
    traded = own.slice(3, 6)
    yen = bars_of([(110.0 + i,) * 4 for i in range(24)], symbol=USDJPY, tf="M15")
    monday = replace(traded, open_time_ns=traded.open_time_ns + HOUR)  # an hour is missing before it
    seen = replace(own, open_time_ns=np.r_[own.open_time_ns[:3], monday.open_time_ns])
    ran = run(monday, [yen], {2: lambda ctx, that: that.buy(0.1)}, seen=seen, starts=np.arange(6) - 3)
    assert ran.trades["entry_time_ns"][0] == monday.open_time_ns[0]


def test_entries_are_late_by_bars_of_their_symbol():
    yen = bars_of([(110.0 + i,) * 4 for i in range(6)], symbol=USDJPY)
    ran = run(euro(6), [yen], {0: lambda ctx, that: that.buy(0.1)}, entry_delay=2)
    assert trades_of(ran)[0][:3] == ("USDJPY", 3, 113.0)


class AtTicks(Scripted):
    """Looks at ticks."""

    def on_tick(self, ctx):
        pass


def test_what_is_impossible_is_refused():
    yen = bars_of([YEN_FLAT] * 4, symbol=USDJPY)
    buys = {0: lambda ctx, that: that.buy(0.1)}
    with pytest.raises(EvaluationError, match="USDJPY cannot be traded here: a strategy that has on_tick"):
        run(euro(4), [yen], buys, kind=AtTicks)
    with pytest.raises(DataError, match="no bars of it came with these bars"):
        run(euro(4), [], buys)
    later = bars_of([YEN_FLAT] * 4, symbol=USDJPY, start_ns=MONDAY_NS + 100 * HOUR)
    with pytest.raises(DataError, match=r"USDJPY.*share no time"):
        run(euro(4), [later], buys)
    with pytest.raises(DataError, match=r"USDJPY.*share no time"):
        run(euro(4), [yen.slice(0, 0)], buys)
    with pytest.raises(EvaluationError, match=r"Take ctx.symbol\(...\) in on_start"):
        run(euro(4), [yen], {0: lambda ctx, that: ctx.buy(0.1, symbol="USDJPY")})


class BuysTheYen(EventStrategy):
    """What only Python can do."""

    def on_start(self, ctx):
        self.yen = ctx.symbol("USDJPY")

    def on_bar(self, ctx):
        if ctx.close > self.yen.close:
            self.yen.buy(0.1)


class AsksForTheYen(BuysTheYen):
    """Likewise."""

    def on_bar(self, ctx):
        if self.yen.position:
            ctx.buy(0.1)


class ClosesTheYen(BuysTheYen):
    """Likewise."""

    def on_bar(self, ctx):
        if ctx.close > 1.0:
            self.yen.position.close()


@pytest.mark.parametrize(("kind", "what"), [
    (BuysTheYen, "self.yen.buy"), (AsksForTheYen, "self.yen.position"), (ClosesTheYen, "self.yen.position"),
])  # fmt: skip
def test_it_runs_in_python_and_says_why(kind, what):
    why = why_not_compiled(kind(), euro(40).with_others([bars_of([YEN_FLAT] * 40, symbol=USDJPY)]))
    assert f"{what}: another symbol is traded, as Python only" in why
    assert why.startswith("line ")


def test_an_order_that_reverses_and_one_that_counts_positions_know_their_own_symbol():
    def begin(ctx, that):
        ctx.sell(0.1)
        that.sell(0.2)

    def turn(ctx, that):
        that.buy(0.3, reverse=True, pyramiding=1)  # nothing is long of this symbol, whatever the other has

    def again(ctx, that):
        ctx.sell(0.1, pyramiding=2)  # the second short of its own symbol: the other's long does not count
        that.buy(0.1, pyramiding=1)  # there is a long of this symbol already

    ran = run(euro(5), [bars_of([YEN_FLAT] * 5, symbol=USDJPY)], {0: begin, 1: turn, 2: again})
    assert [(symbol, entry, exit_) for symbol, entry, _, exit_, _, _ in trades_of(ran)] == [
        ("USDJPY", 1, 2), ("EURUSD", 1, 4), ("EURUSD", 3, 4), ("USDJPY", 2, 4),
    ]  # fmt: skip
