"""What a command must answer, what it may leave out, and what its trades become."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.fakes.bars import random_bars
from trading_ai import Costs, ExecutionRules, Sizing
from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.runs import RunRequest
from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.errors import EvaluationError, StrategyError
from trading_ai.runners.process.placeholders import check_placeholders, filled, text_of
from trading_ai.runners.process.report import Report, check_answers, ran_of
from trading_ai.runners.process.request import asked_of, moment_text, request_json

BARS = random_bars(50, 3)
ACCOUNT = Account(10_000.0, Sizing("units", 1000.0), Costs(), ExecutionRules())
REQUEST = RunRequest(BARS, np.arange(50), prepare(BARS, Costs()), ACCOUNT, "USD", {"period": 20, "ratio": 0.1})
ASKED = asked_of(REQUEST)
DAY_NS = 86_400 * 10**9


def listed(**changes):
    """One long trade from the third bar's open to the fifth's."""
    trades = np.zeros(1, dtype=LISTED_TRADE)
    for name in ("stop_loss", "take_profit", "gross_profit", "commission", "swap", "net_profit"):
        trades[name] = math.nan
    given = {
        "entry_time_ns": BARS.open_time_ns[2], "exit_time_ns": BARS.open_time_ns[4], "direction": 1, "units": 1000.0,
        "entry_price": 1.10, "exit_price": 1.11, "exit_reason": -1,
    }  # fmt: skip
    for name, value in {**given, **changes}.items():
        trades[name] = value
    return trades


def report(trades=None, start_ns=ASKED.start_ns, end_ns=ASKED.end_ns, exact=True, equity=None, **changes):
    given = {
        "symbol": ASKED.symbol, "account_currency": "USD", "capital": 10_000.0,
        "parameters": {"period": 20, "ratio": 0.1},
    }  # fmt: skip
    found = TradeList(trades=listed() if trades is None else trades, **{**given, **changes})
    return Report(found, start_ns, end_ns, equity, is_exact=exact)


def test_what_repeats_the_request_is_taken():
    check_answers(report(), ASKED)
    check_answers(report(parameters={"period": 20.0, "ratio": 0.1 + 1e-15, "other": 3}), ASKED)
    check_answers(report(symbol=ASKED.symbol.lower(), capital=10_000.004), ASKED)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"symbol": "GBPUSD"}, "symbol is GBPUSD"),
        ({"capital": 9_999.99}, "capital is 9,999.99, 10,000.00 was asked for"),
        ({"account_currency": "EUR"}, "account currency is EUR"),
        ({"parameters": {"period": 21, "ratio": 0.1}}, "parameter period is 21, 20"),
        ({"parameters": {"period": True, "ratio": 0.1}}, "parameter period is True"),
        ({"parameters": {"period": 20, "ratio": 0.1001}}, "parameter ratio is 0.1001"),
        ({"start_ns": ASKED.start_ns + 1}, "start is"),
        ({"end_ns": ASKED.end_ns - 1}, "end is"),
        ({"start_ns": ASKED.start_ns + DAY_NS + 1, "exact": False}, "start is"),
        ({"trades": listed(exit_time_ns=ASKED.end_ns + 1)}, "outside of the period"),
        ({"trades": listed(entry_time_ns=ASKED.start_ns - 1)}, "outside of the period"),
    ],
)
def test_what_differs_is_refused(changes, message):
    with pytest.raises(EvaluationError, match=message):
        check_answers(report(**changes), ASKED, ("symbol", "dates", "capital", "parameters"))


def test_days_may_be_a_day_off_where_a_report_has_days():
    check_answers(report(start_ns=ASKED.start_ns - DAY_NS, end_ns=ASKED.end_ns + DAY_NS, exact=False), ASKED)


@pytest.mark.parametrize(
    ("changes", "named", "what"),
    [
        ({"symbol": ""}, "symbol", "symbol"),
        ({"capital": None}, "capital", "capital"),
        ({"start_ns": None}, "dates", "start"),
        ({"end_ns": None}, "dates", "end"),
        ({"parameters": {"ratio": 0.1}}, "parameters", "parameter period"),
    ],
)
def test_what_is_not_said_is_refused_unless_the_format_cannot(changes, named, what):
    with pytest.raises(EvaluationError, match=f"does not say its {what}"):
        check_answers(report(**changes), ASKED)
    check_answers(report(**changes), ASKED, (named,))


def test_money_that_is_left_out_follows_from_the_prices():
    ran = ran_of(report(), REQUEST)
    (trade,) = ran.trades
    assert (trade["entry_bar"], trade["exit_bar"]) == (2, 4)
    assert trade["gross_profit"] == pytest.approx(10.0)
    assert trade["commission"] == trade["swap"] == 0.0
    assert ran.equity[-1] == pytest.approx(10_010.0)
    assert ran.open_profit == 0.0
    # A net profit alone: the rest of the price profit was commission.
    (trade,) = ran_of(report(listed(net_profit=9.3)), REQUEST).trades
    assert (trade["gross_profit"], trade["commission"], trade["net_profit"]) == pytest.approx((10.0, 0.7, 9.3))
    (trade,) = ran_of(report(listed(net_profit=9.0, commission=0.7, swap=-0.3)), REQUEST).trades
    assert (trade["gross_profit"], trade["swap"], trade["net_profit"]) == pytest.approx((10.0, -0.3, 9.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"direction": 0}, "direction 0"),
        ({"units": 0.0}, "units 0"),
        ({"entry_price": math.nan}, "entry price nan"),
        ({"exit_price": -1.0}, "exit price -1"),
        ({"exit_time_ns": BARS.open_time_ns[1]}, "an exit before its entry"),
        ({"gross_profit": 10.0, "commission": 1.0, "net_profit": 10.0}, "contradicts itself"),
        ({"gross_profit": 12.0}, "make 10.00, and not a gross profit of 12.00"),
    ],
)
def test_impossible_trades_are_refused(changes, message):
    with pytest.raises(EvaluationError, match=f"trade 1 of the report.*{message}"):
        ran_of(report(listed(**changes)), REQUEST)


def test_an_equity_of_its_own_counts():
    own = np.linspace(10_000.0, 10_030.0, 50)
    ran = ran_of(report(equity=own), REQUEST)
    assert ran.equity is own
    assert ran.open_profit == pytest.approx(20.0)
    with pytest.raises(EvaluationError, match="must be 50 numbers, one for each bar, not 3"):
        ran_of(report(equity=np.zeros(3)), REQUEST)
    gone = own.copy()
    gone[30:] = 0.0
    assert ran_of(report(equity=gone), REQUEST).ruined_bar == 30


def test_a_request_says_everything_and_is_the_same_each_time():
    asked = request_json(REQUEST, "inline", "out.json")
    assert asked == request_json(REQUEST, "inline", "out.json")
    assert (asked["symbol"], asked["capital"], asked["account_currency"]) == (BARS.symbol.name, 10_000.0, "USD")
    assert asked["parameters"] == {"period": 20, "ratio": 0.1}
    assert asked["start"] == moment_text(int(BARS.open_time_ns[0]))
    assert asked["end"] == moment_text(int(BARS.open_time_ns[-1]) + BARS.timeframe.ns)
    assert asked["bars"]["rows"][7][1:5] == (BARS.open[7], BARS.high[7], BARS.low[7], BARS.close[7])
    assert request_json(REQUEST, "none", "out.json")["bars"]["rows"] is None


def test_placeholders_are_filled_in():
    values = {"start": datetime(2024, 3, 1, 22, tzinfo=UTC), "parameter.period": 20, "symbol": "EURUSD"}
    assert filled("--start={start:%d/%m/%Y %H:%M}", values) == "--start=01/03/2024 22:00"
    assert filled("{start}", values) == "2024-03-01T22:00:00Z"
    assert filled("--{symbol}={parameter.period} {} {a b}", values) == "--EURUSD=20 {} {a b}"
    assert [text_of(v) for v in (True, False, 3, 0.1, 1e-7, 0.1 + 0.2, "a b")] == [
        "true", "false", "3", "0.1", "1e-07", "0.30000000000000004", "a b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "message"),
    [("{symbl}", "Did you mean symbol"), ("{parameter.perod}", "parameter.period"), ("{symbol:%d}", "Only {start")],
)
def test_unknown_placeholders_are_refused(argument, message):
    with pytest.raises(StrategyError, match=message):
        check_placeholders(argument, {"period"}, "mine.toml")
    check_placeholders("{} {1} {not a name} {start:%d} {parameter.period}", {"period"}, "mine.toml")
