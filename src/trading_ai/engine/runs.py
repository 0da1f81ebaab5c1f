"""A strategy that makes its own trades: what it is given, what it gives back, and the tallies of that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.engine.compiled.valuations import largest_falls, longest_between_highs
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.markets import Markets
from trading_ai.engine.records import N_TALLIES, SIGNAL, STOP_OUT, TALLY, TIME_EXIT
from trading_ai.market.bars import Bars
from trading_ai.parameters import Value

Floats = npt.NDArray[np.float64]
_NO_MARKS = np.empty(0)


@dataclass(frozen=True, eq=False)
class RunRequest:
    """Everything that a run may depend on.

    Attributes:
        seen: bars that the strategy sees; those before the first traded one warm its indicators up.
        starts: the execution bar at whose open each of them opens, int64, shape (n_seen,); negative before the first
            traded one. What is decided at the close of bar i is carried out from bar ``starts[i + 1]`` on.
        data: the execution bars, bid and ask, with what converts and charges.
        account: capital, sizing, costs and rules.
        account_currency: its currency.
        parameters: a value of each parameter that the strategy declares.
        entry_delay: execution bars that entries are to be carried out late; 0 unless the strategy can do that.
        markets: the other symbols that may be traded; None for those whose bars came with `seen`.
    """

    seen: Bars
    starts: npt.NDArray[np.int64]
    data: ExecutionData
    account: Account
    account_currency: str
    parameters: Mapping[str, Value]
    entry_delay: int = 0
    markets: Markets | None = None


@dataclass(frozen=True, eq=False)
class Ran:
    """What a run gave.

    Attributes:
        trades: closed trades in order of closing, `records.TRADE`, with a ``symbol`` where others than the own one were
            traded; bars are places among the execution bars.
        equity: equity at each execution bar's close, open positions valued, account currency, shape (n_bars,).
        open_profit: profit of positions left open at the end, account currency.
        n_skipped: entries that were not opened for want of size, balance or margin.
        bars_exposed: bars with at least one open position; None to count them from the closed trades.
        slippage: paid by slippage, account currency.
        spread: paid by the spread, account currency.
        ruined_bar: bar at which the equity reached zero; -1 without one.
        log: what the strategy printed.
        marks: balance where an exit at a bar's open left no position, which counts as a value of the account between
            two closes; NaN elsewhere, shape (n_bars,). None for none.
        fitness: what the strategy itself says of the run, more being better; NaN where it says nothing.
    """

    trades: npt.NDArray[np.void]
    equity: Floats
    open_profit: float = 0.0
    n_skipped: int = 0
    bars_exposed: int | None = None
    slippage: float = 0.0
    spread: float = 0.0
    ruined_bar: int = -1
    log: str = ""
    marks: Floats | None = None
    fitness: float = math.nan


def daily_profit_of(equity: Floats, data: ExecutionData, capital: float) -> Floats:
    """Change of equity over each trading day, shape (n_days,)."""
    return np.diff(equity[data.day_last_bar], prepend=capital)


def tallies_of(ran: Ran, data: ExecutionData, account: Account) -> Floats:
    """What a simulator counts and sums, see `records.TALLIES`, shape (n_tallies,).

    Args:
        ran: the run.
        data: its execution bars.
        account: its account.
    """
    out = np.zeros(N_TALLIES)
    trades, capital = ran.trades, float(account.capital)

    def put(name: str, value: float) -> None:
        out[TALLY[name]] = value

    net, long = trades["net_profit"], trades["direction"] > 0
    half_cent = data.cent / 2
    won, lost = net >= half_cent, net <= -half_cent
    for name, count in (
        ("n_trades", net.size), ("n_long", long.sum()), ("n_wins", won.sum()), ("n_long_wins", (won & long).sum()),
        ("n_losses", lost.sum()), ("n_ambiguous", trades["ambiguous"].sum()), ("n_skipped", ran.n_skipped),
        ("stop_outs", (trades["exit_reason"] == STOP_OUT).sum()),
        ("bars_held", _bars_held(trades).sum()),
    ):  # fmt: skip
        put(name, float(count))
    put("gross_profit", float(net[won].sum()))
    put("gross_loss", float(net[lost].sum()))
    put("long_net", float(net[long].sum()))
    put("sum_net", float(net.sum()))
    put("sum_net_squared", float((net * net).sum()))
    put("largest_win", float(net.max(initial=0.0)))
    put("largest_loss", float(net.min(initial=0.0)))
    put("max_win_streak", float(_longest(won)))
    put("max_loss_streak", float(_longest(~won)))  # as the simulators of signals count: a draw ends no losing streak
    money, fraction = largest_falls(capital, np.ascontiguousarray(trades["balance"]), _NO_MARKS)
    put("balance_drawdown", money)
    put("balance_drawdown_fraction", fraction)
    equity = np.ascontiguousarray(ran.equity, np.float64)
    money, fraction = largest_falls(capital, equity, _NO_MARKS if ran.marks is None else ran.marks)
    put("equity_drawdown", money)
    put("equity_drawdown_fraction", fraction)
    put("equity_drawdown_ns", float(longest_between_highs(capital, equity, data.bars.open_time_ns)))
    put("bars_exposed", float(_exposed(trades, data.n_bars) if ran.bars_exposed is None else ran.bars_exposed))
    put("commission", float(trades["commission"].sum()))
    put("swap", float(trades["swap"].sum()))
    put("slippage", ran.slippage)
    put("spread", ran.spread)
    days = daily_profit_of(ran.equity, data, capital)
    before = capital + np.concatenate(([0.0], np.cumsum(days)[:-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.where(before > half_cent, days / before, 0.0)
    put("sum_daily_return", float(returns.sum()))
    put("sum_daily_return_squared", float((returns * returns).sum()))
    put("sum_downside_squared", float((np.minimum(returns, 0.0) ** 2).sum()))
    put("final_equity", float(ran.equity[-1]) if ran.equity.size else capital)
    put("open_profit", ran.open_profit)
    if ran.ruined_bar >= 0:
        put("ruined", 1.0)
        times = data.bars.open_time_ns
        put("ruined_ns", float(times[ran.ruined_bar] - times[0]))
    return out


def _longest(flags: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _bars_held(trades: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """Bars at which a trade was open; an exit at an open leaves before its bar."""
    inside = ~np.isin(trades["exit_reason"], (SIGNAL, TIME_EXIT))
    held: npt.NDArray[np.int64] = trades["exit_bar"] - trades["entry_bar"] + inside
    return held


def _exposed(trades: npt.NDArray[np.void], n_bars: int) -> int:
    change = np.zeros(n_bars + 1, dtype=np.int64)
    np.add.at(change, trades["entry_bar"], 1)
    np.add.at(change, np.maximum(trades["entry_bar"] + _bars_held(trades), trades["entry_bar"] + 1), -1)
    return int((np.cumsum(change)[:-1] > 0).sum())
