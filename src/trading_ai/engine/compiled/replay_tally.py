"""Compiled: what the trades of a replay add up to, in order of closing."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from trading_ai._jit import njit
from trading_ai.engine.records import SIGNAL, STOP_OUT, TALLY, TIME_EXIT

N_TRADES, N_LONG, N_WINS, N_LONG_WINS = TALLY["n_trades"], TALLY["n_long"], TALLY["n_wins"], TALLY["n_long_wins"]
N_LOSSES, GROSS_PROFIT, GROSS_LOSS = TALLY["n_losses"], TALLY["gross_profit"], TALLY["gross_loss"]
LONG_NET, SUM_NET, SUM_NET_SQUARED = TALLY["long_net"], TALLY["sum_net"], TALLY["sum_net_squared"]
LARGEST_WIN, LARGEST_LOSS = TALLY["largest_win"], TALLY["largest_loss"]
WIN_STREAK, LOSS_STREAK = TALLY["max_win_streak"], TALLY["max_loss_streak"]
BALANCE_DRAWDOWN, BALANCE_FRACTION = TALLY["balance_drawdown"], TALLY["balance_drawdown_fraction"]
BARS_HELD, BARS_EXPOSED, N_AMBIGUOUS = TALLY["bars_held"], TALLY["bars_exposed"], TALLY["n_ambiguous"]
COMMISSION, SWAP, SLIPPAGE, SPREAD = TALLY["commission"], TALLY["swap"], TALLY["slippage"], TALLY["spread"]
STOP_OUTS = TALLY["stop_outs"]


@njit
def held_until(key, reason):
    """First bar at which a trade is no longer open; one that a decision ends at an open leaves before its bar."""
    at_open = key & 1 == 0 and (reason == SIGNAL or reason == TIME_EXIT)
    return (key >> 1) + (0 if at_open else 1)


@njit
def tally_trades(
    capital, half_cent, side, entry_bar, taken, n_taken, order, n_booked, last_bar, key, reason, ambiguous, commission,
    swap, net, slipped, crossed, tallies,
):  # fmt: skip
    """Count and sum the trades that were booked.

    Args:
        capital: starting balance.
        half_cent: less than this is neither won nor lost.
        side: +1.0 long, -1.0 short, shape (n_trades,).
        entry_bar: bar of the entry.
        taken: trades that are made, in order of entry.
        n_taken: their number.
        order: places in `taken` in order of closing.
        n_booked: how many of them were booked.
        last_bar: bar after which no trade began.
        key: exits, see `replay_exits.choose_exits`.
        reason: see there.
        ambiguous: see there.
        commission: both sides, account currency, shape (n_trades,).
        swap: credit.
        net: net profit.
        slipped: paid by slippage.
        crossed: paid by the spread.
        tallies: out, see `records.TALLIES`; those of trades.
    """
    balance = balance_peak = capital
    wins = losses = most_wins = most_losses = n_wins = n_losses = n_long = n_long_wins = 0
    n_ambiguous = n_stop_outs = held = 0
    sum_net = squares = long_net = won = lost = best = worst = 0.0
    paid = credited = slippage = spread = fall = fraction = 0.0
    for q in range(n_booked):
        i = taken[order[q]]
        earned = net[i]
        balance += earned
        sum_net += earned
        squares += earned * earned
        if side[i] > 0.0:
            n_long += 1
            long_net += earned
        if earned >= half_cent:
            n_wins += 1
            n_long_wins += side[i] > 0.0
            won += earned
            wins, losses = wins + 1, 0
        else:
            # A run of losses is one of trades that did not win, as it is for every simulator.
            wins, losses = 0, losses + 1
            if earned <= -half_cent:
                n_losses += 1
                lost += earned
        most_wins, most_losses = max(most_wins, wins), max(most_losses, losses)
        best, worst = max(best, earned), min(worst, earned)
        paid += commission[i]
        credited += swap[i]
        slippage += slipped[i]
        spread += crossed[i]
        n_ambiguous += ambiguous[i]
        n_stop_outs += reason[i] == STOP_OUT
        held += held_until(key[i], reason[i]) - entry_bar[i]
        balance_peak = max(balance_peak, balance)
        fall = max(fall, balance_peak - balance)
        # A division that cannot raise the maximum is left out.
        if balance_peak > 0.0 and balance_peak - balance > 0.999999 * fraction * balance_peak:
            fraction = max(fraction, (balance_peak - balance) / balance_peak)
    covered = exposed = 0
    for q in range(n_taken):
        i = taken[q]
        if entry_bar[i] > last_bar:
            break
        end = max(held_until(key[i], reason[i]), entry_bar[i] + 1)
        exposed += max(0, end - max(entry_bar[i], covered))
        covered = max(covered, end)
    tallies[N_TRADES], tallies[N_LONG], tallies[N_WINS], tallies[N_LOSSES] = n_booked, n_long, n_wins, n_losses
    tallies[N_LONG_WINS], tallies[GROSS_PROFIT], tallies[GROSS_LOSS] = n_long_wins, won, lost
    tallies[LONG_NET], tallies[SUM_NET], tallies[SUM_NET_SQUARED] = long_net, sum_net, squares
    tallies[LARGEST_WIN], tallies[LARGEST_LOSS] = best, worst
    tallies[WIN_STREAK], tallies[LOSS_STREAK] = most_wins, most_losses
    tallies[BALANCE_DRAWDOWN], tallies[BALANCE_FRACTION] = fall, fraction
    tallies[COMMISSION], tallies[SWAP], tallies[SLIPPAGE], tallies[SPREAD] = paid, credited, slippage, spread
    tallies[N_AMBIGUOUS], tallies[STOP_OUTS] = n_ambiguous, n_stop_outs
    tallies[BARS_HELD], tallies[BARS_EXPOSED] = held, exposed
