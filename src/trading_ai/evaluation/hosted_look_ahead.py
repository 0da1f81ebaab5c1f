"""The look-ahead check of strategies that make their own trades: they must not change when later bars are taken away.

A strategy is run on bars that are cut in many places. Whatever it opened and closed up to the bar after the
cut it must have opened and closed with all bars too, at the same prices and sizes. What strategies of others do at the
last bar of a cut does not count: many close there what is open, without saying why.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.markets import Markets, ends_ns
from trading_ai.engine.records import END_OF_DATA, STOP_OUT, symbols_of
from trading_ai.engine.runs import RunRequest
from trading_ai.evaluation.event_runs import EventRuns
from trading_ai.market.bars import Bars
from trading_ai.parameters import Value
from trading_ai.strategies.cuts import Places
from trading_ai.strategies.cuts import cuts as cuts_of
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.lookahead import LookAhead, LookAheadCheck

_FEWEST_BARS = 20
_MOST_BARS = 20_000
_MOST_CUTS = 60
_MOST_SECONDS = 5.0
_MOST_FOUND = 20

_Events = set[tuple[int, int, bool, float, float, int, str]]
"""Bar, side, whether it is an entry, price, units, open of its symbol's bar, and the symbol of everything done."""


def check_hosted(
    chosen: Hosted,
    bars: Bars,
    account: Account,
    sets: Iterable[Mapping[str, Value]],
    *,
    seconds: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> LookAheadCheck:
    """Run a strategy on cut bars, with each set of parameters.

    Args:
        chosen: the strategy.
        bars: the bars that it sees; of many, the first twenty thousand.
        account: capital, sizing, costs and rules; profits are left in the symbol's quote currency.
        sets: sets of its parameters, complete.
        seconds: stop so long after the first run; None for a few seconds.
        clock: seconds of a steady clock.

    Returns:
        What was found; a set that trades nothing, or raises, is not counted.
    """
    bars = bars.slice(0, min(len(bars), _MOST_BARS))
    ahead = 1 if isinstance(chosen, EventRuns) else 0
    places, borders, ends = Places(bars), Counter[str](), ends_ns(bars)
    until, found, n_cuts, n_different, n_sets = None, list[LookAhead](), 0, 0, 0
    for values in sets:
        try:
            whole = _events(chosen, bars, len(bars), account, values)
        except Exception:  # noqa: BLE001 - a user's code may raise anything: its trials will say so
            continue
        until = clock() + (_MOST_SECONDS if seconds is None else seconds) if until is None else until
        if not whole:
            continue
        n_sets += 1
        active = np.unique(np.array([bar for bar, *_ in whole], dtype=np.int64))
        for cut in (len(bars), *cuts_of(bars, active, _FEWEST_BARS, _MOST_CUTS)):
            if n_cuts and clock() > until:
                break
            try:
                part = _events(chosen, bars, cut, account, values)
            except Exception:  # noqa: BLE001 - too few bars for it
                continue
            n_cuts += 1
            at = places.of(cut)
            borders.update(at)
            over = int(ends[min(cut - 1 + ahead, len(bars) - 1)])  # bars of other symbols may open later
            differs = {e for e in whole ^ part if e[0] < cut - 1 + 2 * ahead and e[5] < over}
            n_different += bool(differs)
            if differs and len(found) < _MOST_FOUND:
                first = min(differs)
                name = f"{'long' if first[1] > 0 else 'short'}_{'entry' if first[2] else 'exit'}"
                found.append(
                    LookAhead(
                        name, first[0], cut, first in whole, first in part, at[-1] if at else "", dict(values),
                        cut < len(bars),
                    )
                )  # fmt: skip
    return LookAheadCheck(n_cuts, n_different, n_sets, dict(borders), tuple(found))


def _events(chosen: Hosted, bars: Bars, cut: int, account: Account, values: Mapping[str, Value]) -> _Events:
    """Everything that a run did that sees `cut` bars, but for the exits at the end of the data.

    Where several symbols may be traded, but for stop-outs as well: they may happen long after the bar of their price,
    see `engine.event_symbols`, and a strategy has no part in them.

    What an event strategy decides at the last bar that it sees is carried out in the next one, which only the simulator
    knows; strategies of others are given no such bar.
    """
    ahead = 1 if isinstance(chosen, EventRuns) else 0
    costs = replace(account.costs, conversion_rate=None)
    traded = bars.slice(0, min(cut + ahead, len(bars)))
    data = prepare(traded, costs, bars.symbol.quote_currency)
    account = replace(account, costs=costs).sized(data)
    starts: npt.NDArray[np.int64] = np.arange(len(traded))
    seen, currency = bars.slice(0, cut), bars.symbol.quote_currency
    # What is known of other symbols ends there too; their orders are carried out like the own ones.
    over = int(ends_ns(seen)[-1])
    known = seen.with_others(each.slice(0, int(np.searchsorted(ends_ns(each), over, side="right")))
                             for each in bars.others.values())  # fmt: skip
    markets = Markets(bars, account, currency, always_converts=True)
    trades = chosen.run(RunRequest(known, starts, data, account, currency, values, markets=markets)).trades
    passed_over = [END_OF_DATA, STOP_OUT] if bars.others else [END_OF_DATA]
    ended = trades[~np.isin(trades["exit_reason"], passed_over)]
    done: _Events = set()
    for bar, rows in (("entry", trades), ("exit", ended)):
        is_entry = bar == "entry"
        found = (rows[name].tolist() for name in (f"{bar}_bar", f"{bar}_time_ns", "direction", f"{bar}_price", "units"))
        for (place, time_ns, side, price, units), name in zip(
            zip(*found, strict=True), symbols_of(rows, bars.symbol.name).tolist(), strict=True
        ):
            done.add((place, side, is_entry, price, 0.0 if is_entry else units, time_ns, name))
    return done
