"""Compiled: what each chosen exit of a replay earns."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.bookkeeping import to_account
from trading_ai.engine.compiled.replay_settle import worth


@njit
def value_trades(
    config, rates, nights, crossing, taken, n_taken, side, units, entry_bar, entry, key, price, is_own, own_gross,
    own_net, own_swap, own_commission, charge, night_swap, gross, commission, swap, net, slipped, crossed,
    accrued, accrued_quote,
):  # fmt: skip
    """Money of the trades taken: that of the list where its exit stands, by prices and costs elsewhere.

    Args:
        config: see `bookkeeping.CONFIG`.
        rates: rate of each bar, or empty.
        nights: nights charged up to each bar, shape (n_bars,).
        crossing: ask minus bid at each bar's open, shape (n_bars,), or empty for none.
        taken: see `replay_exits.choose_exits`.
        n_taken: their number.
        side: +1.0 long, -1.0 short, shape (n_trades,).
        units: size.
        entry_bar: bar of the entry.
        entry: fill.
        key: exits.
        price: fills.
        is_own: whether the exit is that of the list.
        own_gross: in the list, NaN for unknown or no longer so.
        own_net: likewise.
        own_swap: likewise.
        own_commission: likewise.
        charge: commission of both sides, NaN for that of the account's costs.
        night_swap: credit a night, account currency, NaN for that of the account's costs.
        gross: out, price profit, account currency, shape (n_trades,).
        commission: out, both sides.
        swap: out.
        net: out.
        slipped: out, paid by slippage at the exit.
        crossed: out, paid by the spread.
        accrued: out, swap of a night while it is open, account currency.
        accrued_quote: out, the same that is in quote currency.
    """
    conversion, rate, slippage = config[a.CONVERSION], config[a.RATE], config[a.SLIPPAGE]
    for k in range(n_taken):
        i = taken[k]
        at = key[i] >> 1
        factor = to_account(conversion, rate, rates, at, price[i])
        signed = side[i] * units[i]
        swap_rate = config[a.SWAP_LONG] if side[i] > 0.0 else config[a.SWAP_SHORT]
        if np.isnan(charge[i]):
            first = to_account(conversion, rate, rates, entry_bar[i], entry[i])
            value = units[i] * entry[i] * first + units[i] * price[i] * factor
            commission[i] = (
                2.0 * (units[i] * config[a.COMMISSION_PER_UNIT] + config[a.COMMISSION_PER_TRADE])
                + value * config[a.COMMISSION_OF_VALUE]
            )
        else:
            commission[i] = charge[i]
        accrued[i] = accrued_quote[i] = 0.0
        if not np.isnan(night_swap[i]):
            accrued[i] = night_swap[i]
        elif config[a.SWAP_IN_ACCOUNT] != 0.0:
            accrued[i] = swap_rate * units[i]
        else:
            accrued_quote[i] = swap_rate * units[i]
        n_nights = nights[at] - nights[entry_bar[i]]
        if is_own[i] and not np.isnan(own_swap[i]):
            swap[i] = own_swap[i]
        elif np.isnan(night_swap[i]):
            in_account = 1.0 if config[a.SWAP_IN_ACCOUNT] != 0.0 else factor
            swap[i] = swap_rate * units[i] * n_nights * in_account
        else:
            swap[i] = night_swap[i] * n_nights
        if is_own[i] and not np.isnan(own_net[i]):
            if not np.isnan(own_commission[i]):
                commission[i] = own_commission[i]
            net[i] = own_net[i]
            gross[i] = own_gross[i] if not np.isnan(own_gross[i]) else net[i] + commission[i] - swap[i]
        else:
            known = is_own[i] and not np.isnan(own_gross[i])
            gross[i] = (
                own_gross[i] if known else worth(conversion, rate, rates, at, signed, signed * entry[i], price[i])
            )
            net[i] = gross[i] - commission[i] + swap[i]
        slipped[i] = 0.0
        if not is_own[i] and slippage > 0.0:
            slipped[i] = slippage * units[i] * factor
        crossed[i] = 0.0
        if crossing.shape[0] > 0:
            crossed[i] = crossing[entry_bar[i] if side[i] > 0.0 else at] * units[i] * factor
