"""Record layouts: the trade, the exit reasons, and the tallies that the simulators return."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

TRADE = np.dtype(
    [
        ("entry_bar", np.int64),  # position of the fill's bar among the execution bars
        ("exit_bar", np.int64),  # position of the exit's bar
        ("entry_time_ns", np.int64),  # open time of the entry bar, UTC
        (
            "exit_time_ns",
            np.int64,
        ),  # open time of the exit bar, UTC (an exit inside a bar has its bar's time)
        ("direction", np.int8),  # +1 long, -1 short
        ("exit_reason", np.int8),  # see EXIT_REASONS
        ("ambiguous", np.bool_),  # stop and target both lay inside the exit bar
        ("units", np.float64),  # size in units of the base asset
        ("entry_price", np.float64),  # fill, quote currency
        ("exit_price", np.float64),  # fill, quote currency
        ("gross_profit", np.float64),  # price profit, account currency
        ("commission", np.float64),  # paid for both sides, account currency, >= 0
        ("swap", np.float64),  # credit (+) or charge (-), account currency
        ("net_profit", np.float64),  # gross_profit - commission + swap
        ("balance", np.float64),  # capital and the net profits of the trades closed so far, account currency
        ("mae", np.float64),  # worst open profit of its price, <= 0, account currency; see `excursions`
        ("mfe", np.float64),  # best open profit of its price, >= 0
    ]
)
"""One closed trade."""


def trade_of_symbols(names: Iterable[str]) -> np.dtype[np.void]:
    """A closed trade of a run that trades several symbols: `TRADE`, and the name of its ``symbol``.

    Args:
        names: the symbols that it may be of, at least one.
    """
    return np.dtype([*TRADE.descr, ("symbol", f"U{max(map(len, names))}")])


def symbols_of(trades: npt.NDArray[np.void], own: str) -> npt.NDArray[np.str_]:
    """The symbol of each trade, shape (n,).

    Args:
        trades: closed trades; those of a run that trades one symbol do not name it.
        own: the symbol that the run's strategy sees.
    """
    if "symbol" in (trades.dtype.names or ()):
        named: npt.NDArray[np.str_] = trades["symbol"]
        return named
    return np.full(len(trades), own)


SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BREAK_EVEN, TIME_EXIT, END_OF_DATA, STOP_OUT = range(8)

EXIT_REASONS = {
    SIGNAL: "signal",
    STOP_LOSS: "stop_loss",
    TAKE_PROFIT: "take_profit",
    TRAILING_STOP: "trailing_stop",
    BREAK_EVEN: "break_even",
    TIME_EXIT: "time_exit",
    END_OF_DATA: "end_of_data",
    STOP_OUT: "stop_out",
}
"""Exit reason codes and the words users see."""

TALLIES = (
    "n_trades",
    "n_long",
    "n_wins",
    "n_long_wins",
    "n_losses",
    "gross_profit",  # sum of winning net profits; a trade wins or loses half a cent of the account or more
    "gross_loss",  # sum of losing net profits, <= 0
    "long_net",
    "sum_net",
    "sum_net_squared",
    "largest_win",
    "largest_loss",
    "max_win_streak",
    "max_loss_streak",
    "balance_drawdown",
    "balance_drawdown_fraction",
    "equity_drawdown",
    "equity_drawdown_fraction",
    "equity_drawdown_ns",
    "bars_held",  # sum over trades
    "bars_exposed",  # bars with at least one open position
    "commission",
    "swap",
    "slippage",
    "spread",
    "sum_daily_return",
    "sum_daily_return_squared",
    "sum_downside_squared",
    "n_ambiguous",
    "n_skipped",
    "final_equity",
    "open_profit",
    "ruined",  # 1 if the account's equity reached zero
    "stop_outs",  # positions that were closed because the account could not carry them
    "ruined_ns",  # from the first bar's open to that of the bar of the ruin; 0 without one
)
"""What a simulator counts and sums for one combination, in column order; metrics are made of these."""

TALLY = {name: i for i, name in enumerate(TALLIES)}
"""Column of each tally."""

N_TALLIES = len(TALLIES)

ROUNDING = 1e-9
"""Difference of two sizes, as a part of one, that is one of arithmetic only."""
