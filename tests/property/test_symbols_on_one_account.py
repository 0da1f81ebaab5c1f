"""Several symbols on one account: what holds whatever a strategy orders on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import EURUSD, USDJPY, random_bars
from tests.fakes.event_programs import Program, run_both
from tests.property.test_events_agree import program
from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.records import END_OF_DATA, STOP_OUT, TRADE
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.runs import RunRequest
from trading_ai.engine.sizing import Sizing
from trading_ai.evaluation.event_runs import run_events
from trading_ai.market.bars import Bars
from trading_ai.strategies.event import EventStrategy


class View:
    """One symbol as a program sees it: the run's bar, and that symbol's orders and positions."""

    def __init__(self, ctx, on):
        self.bar, self.equity, self.balance = ctx.bar, ctx.equity, ctx.balance
        self.buy, self.sell, self.exit, self.cancel_all, self.position = (
            on.buy,
            on.sell,
            on.exit,
            on.cancel_all,
            on.position,
        )


class OnBoth(EventStrategy):
    """Carries out a table on its own symbol and one on another; either may be None."""

    other = "USDJPY"
    watches = False

    def on_start(self, ctx):
        self.that, self.n_done = ctx.symbol(self.other), 0

    def on_bar(self, ctx):
        for table, on in ((self.here, ctx), (self.there, self.that)):
            if table is not None:
                self.table = table
                Program.on_bar(self, View(ctx, on))


class NettingOnBoth(OnBoth):
    """The same on a netting account."""

    account_mode = "netting"


def run(
    own, other, here, there, *, netting=False, watches=False, entry_delay=0, capital=10_000.0, costs=None, rules=None,
    sizing=None,
):  # fmt: skip
    costs, rules = costs or Costs(), rules or ExecutionRules()
    data = prepare(own, costs, "USD")
    account = Account(capital, sizing or Sizing(), costs, rules).sized(data)
    strategy = (NettingOnBoth if netting else OnBoth)()
    strategy.here, strategy.there, strategy.other, strategy.watches = here, there, other.symbol.name, watches
    seen = own.with_others([other])
    return run_events(strategy, RunRequest(seen, np.arange(len(own)), data, account, "USD", {}, entry_delay))


def at_the_times_of(bars, symbol, price):
    """Flat bars of a symbol at the times of others."""
    return Bars(symbol, bars.timeframe, bars.open_time_ns, *(np.full(len(bars), price),) * 4)


@settings(max_examples=examples(40), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    busy=st.sampled_from([0.02, 0.1, 0.4]),
    netting=st.booleans(),
    watches=st.booleans(),
    entry_delay=st.sampled_from([0, 0, 2]),
    capital=st.sampled_from([200.0, 1_500.0, 10_000.0]),
    yen=st.booleans(),
    spread=st.sampled_from([None, 0.5, 2.0]),
    slippage=st.sampled_from([0.0, 0.3]),
    commission=st.sampled_from([0.0, 3.5]),
    swap=st.sampled_from([0.0, -0.6]),
    leverage=st.sampled_from([0.0, 30.0]),
    same_bar=st.sampled_from(["stop_first", "target_first"]),
    direction=st.sampled_from(["both", "both", "long"]),
    close_at_end=st.booleans(),
    sizing=st.sampled_from([Sizing(), Sizing("risk_percent", 1.0), Sizing("percent_of_equity", 50.0)]),
)
def test_who_trades_the_other_symbol_only_trades_as_on_its_own(
    seed, busy, netting, watches, entry_delay, capital, yen, spread, slippage, commission, swap, leverage, same_bar,
    direction, close_at_end, sizing,
):  # fmt: skip
    symbol, start = (USDJPY, 110.0) if yen else (replace(EURUSD, name="GBPUSD", base_currency="GBP"), 1.3)
    bars = random_bars(150, seed, symbol=symbol, start=start)
    costs = Costs(
        spread_pips=spread, slippage_pips=slippage, commission_per_lot=commission, swap_long=swap, swap_short=swap / 2
    )
    rules = ExecutionRules(same_bar=same_bar, leverage=leverage, direction=direction, close_at_end=close_at_end)
    given_ = {
        "netting": netting, "watches": watches, "entry_delay": entry_delay, "capital": capital, "costs": costs,
        "rules": rules, "sizing": sizing,
    }  # fmt: skip
    table = program(bars, seed, busy)
    alone = run_both(bars, table, compiles=False, **given_)
    ran = run(at_the_times_of(bars, EURUSD, 1.1), bars, None, table, **given_)
    for name in TRADE.names:
        np.testing.assert_array_equal(ran.trades[name], alone.trades[name], err_msg=name)
    if ran.trades.size:
        assert set(ran.trades["symbol"].tolist()) == {symbol.name}
    np.testing.assert_array_equal(ran.equity, alone.equity)
    np.testing.assert_array_equal(ran.marks, alone.marks)
    rest = [replace(each, trades=None, equity=None, marks=None) for each in (alone, ran)]
    assert vars(rest[0]) == vars(rest[1])


@settings(max_examples=examples(25), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    busy=st.sampled_from([0.05, 0.4]),
    netting=st.booleans(),
    spread=st.sampled_from([None, 2.0]),
    commission=st.sampled_from([0.0, 3.5]),
    swap=st.sampled_from([0.0, -0.6]),
)
def test_two_strategies_on_one_ample_account_trade_as_each_alone(seed, busy, netting, spread, commission, swap):
    yen = random_bars(150, seed, symbol=USDJPY, start=110.0)
    other = random_bars(150, seed + 1, symbol=EURUSD, start=1.1)
    euro = replace(other, open_time_ns=yen.open_time_ns)
    costs = Costs(spread_pips=spread, commission_per_lot=commission, swap_long=swap, swap_short=swap)
    given_ = {"netting": netting, "capital": 1e7, "costs": costs, "rules": ExecutionRules(leverage=30.0)}
    here, there = program(euro, seed, busy), program(yen, seed + 2, busy)
    alone = [run_both(bars, table, compiles=False, sizing=Sizing("lots", 0.1), **given_)
             for bars, table in ((euro, here), (yen, there))]  # fmt: skip
    ran = run(euro, yen, here, there, sizing=Sizing("lots", 0.1), **given_)
    assert len(ran.trades) == sum(len(each.trades) for each in alone)
    for name, each in (("EURUSD", alone[0]), ("USDJPY", alone[1])):
        own = ran.trades[ran.trades["symbol"] == name] if ran.trades.size else ran.trades
        for column in set(TRADE.names) - {"balance"}:  # which is the account's
            np.testing.assert_array_equal(own[column], each.trades[column], err_msg=column)
    np.testing.assert_allclose(ran.equity - 1e7, sum(each.equity - 1e7 for each in alone), atol=1e-6)
    assert (ran.n_skipped, ran.slippage) == (sum(e.n_skipped for e in alone), sum(e.slippage for e in alone))


BUSY = {
    "seed": st.integers(0, 10_000),
    "busy": st.sampled_from([0.05, 0.4]),
    "netting": st.booleans(),
    "tf": st.sampled_from(["M15", "H1", "H4"]),
    "shift": st.sampled_from([0, 7, 30]),
    "capital": st.sampled_from([300.0, 10_000.0]),
    "leverage": st.sampled_from([0.0, 30.0]),
    "sizing": st.sampled_from([Sizing(), Sizing("percent_of_equity", 50.0)]),
}


def two_symbols(seed, tf, shift):
    """Bars of an hour of one symbol; of another with other holes, of any length, that begin at any minute."""
    own = random_bars(120, seed, symbol=EURUSD, start=1.1)
    yen = random_bars(
        {"M15": 480, "H1": 120, "H4": 40}[tf], seed + 1, symbol=USDJPY, start=110.0, tf=tf, volatility=2e-3
    )
    yen = replace(yen, open_time_ns=yen.open_time_ns + shift * 60 * 10**9)
    assume(yen.open_time_ns[0] < own.open_time_ns[-1])  # a hole at its beginning may leave no time in common
    return own, yen


def tables(own, yen, seed, busy):
    """Orders near the prices of either, one row for each of the own bars."""
    at = np.clip(np.searchsorted(yen.open_time_ns, own.open_time_ns, "right") - 1, 0, len(yen) - 1)
    near = replace(
        at_the_times_of(own, USDJPY, 1.0), **{n: getattr(yen, n)[at] for n in ("open", "high", "low", "close")}
    )
    return program(own, seed, busy), program(near, seed + 1, busy)


@settings(max_examples=examples(30), deadline=None)
@given(**BUSY)
def test_money_is_neither_made_nor_lost(seed, busy, netting, tf, shift, capital, leverage, sizing):
    own, yen = two_symbols(seed, tf, shift)
    costs = Costs(spread_pips=1.0, slippage_pips=0.3, commission_per_lot=3.5, swap_long=-0.5, swap_short=-0.2)
    ran = run(own, yen, *tables(own, yen, seed, busy), netting=netting, capital=capital, costs=costs, sizing=sizing,
              rules=ExecutionRules(leverage=leverage))  # fmt: skip
    trades = ran.trades
    assert abs(ran.equity[-1] - capital - trades["net_profit"].sum()) <= 1e-6
    np.testing.assert_allclose(trades["balance"], capital + np.cumsum(trades["net_profit"]), atol=1e-6)
    np.testing.assert_allclose(
        trades["net_profit"], trades["gross_profit"] - trades["commission"] + trades["swap"], atol=1e-9
    )
    assert (ran.equity >= -1e-9).all()
    assert (trades["entry_bar"] <= trades["exit_bar"]).all()
    assert (trades["entry_time_ns"] <= trades["exit_time_ns"]).all()
    assert trades["entry_bar"].min(initial=0) >= 0
    assert trades["exit_bar"].max(initial=0) < len(own)


@settings(max_examples=examples(30), deadline=None)
@given(cut=st.integers(20, 119), **BUSY)
def test_what_comes_later_changes_nothing(cut, seed, busy, netting, tf, shift, capital, leverage, sizing):
    own, yen = two_symbols(seed, tf, shift)
    here, there = tables(own, yen, seed, busy)
    given_ = {"netting": netting, "capital": capital, "sizing": sizing, "costs": Costs(spread_pips=1.0),
              "rules": ExecutionRules(leverage=leverage)}  # fmt: skip
    whole = run(own, yen, here, there, **given_)
    over = int(own.open_time_ns[cut - 1]) + own.timeframe.ns
    # Of the other symbol nothing is known either of what begins later; what has begun is walked to its end.
    n_begun = int(np.searchsorted(yen.open_time_ns, over))
    assume(n_begun > 0)
    part = run(own.slice(0, cut), yen.slice(0, n_begun), here, there, **given_)
    ended = over - max(own.timeframe.ns, yen.timeframe.ns)

    def done(ran):
        trades = ran.trades[(ran.trades["exit_time_ns"] < ended) & (ran.trades["exit_reason"] != END_OF_DATA)]
        # Stopped out at the last price that is known, which counts until the symbol has another one.
        later = (trades["exit_reason"] == STOP_OUT) & (trades["exit_time_ns"] == yen.open_time_ns[n_begun - 1])
        return trades[~later].tolist()

    assert done(part) == done(whole)
    n = int(np.searchsorted(own.open_time_ns, ended))
    np.testing.assert_array_equal(part.equity[:n], whole.equity[:n])
