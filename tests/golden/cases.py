"""What the golden results are of: every simulator, strategy, cost, rule, sizing and exit, on several symbols.

The bars are made by integer arithmetic, so that they are the same on every machine and with every library version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.orders import SAME_BARS, place_orders
from trading_ai.engine.reference import Exits, ReferenceSimulator
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.strategies.base import Signals
from trading_ai.strategies.registry import strategies

MONDAY_NS = 1_483_365_600_000_000_000  # 2017-01-02 14:00 UTC
START = {"EURUSD": 1.10, "USDJPY": 110.0, "XAUUSD": 1300.0, "EURGBP": 0.85, "AAPL": 150.0, "BTCUSD": 20_000.0}
SIZES = {"XAUUSD": 10.0, "BTCUSD": 1.0, "AAPL": 100.0}
NAMES = tuple(START)


def _numbers(seed: int) -> Iterator[int]:
    """Whole numbers below 2**31 (a linear congruential generator, Knuth's constants)."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


@cache
def bars(name: str, n: int = 1500, frame: str = "H1") -> Bars:
    """A walk in whole points with gaps, repeated prices and holes in time."""
    what, made = symbol(name), _numbers(sum(map(ord, name)) + n)
    step = max(int(START[name] * 10**what.digits) // 2000, 4)
    place, rows, times = int(START[name] * 10**what.digits), [], []
    at = MONDAY_NS // timeframe(frame).ns
    for _ in range(n):
        open_ = place + (next(made) % (4 * step) - 2 * step if next(made) % 10 == 0 else 0)
        close = open_ + next(made) % (2 * step + 1) - step
        high, low = max(open_, close) + next(made) % step, min(open_, close) - next(made) % step
        at += 1 + (next(made) % 50 == 0) * (next(made) % 60)
        rows.append((open_, high, low, close))
        times.append(at * timeframe(frame).ns)
        place = close
    prices = np.array(rows, dtype=np.float64) / 10.0**what.digits
    return Bars(what, timeframe(frame), np.array(times), *prices.T)


def signals(n: int, seed: int, one_in: int, exits: bool = False) -> Signals:
    """Entries of both sides, one in so many bars; explicit exits too, if wanted."""
    made = _numbers(seed)
    draws = np.array([[next(made) for _ in range(4)] for _ in range(n)])
    entry = draws[:, 0] % one_in == 0
    long = draws[:, 1] % 2 == 0
    leave = draws[:, 2] % (2 * one_in) == 0
    return Signals(entry & long, entry & ~long, leave & long if exits else None, leave & ~long if exits else None)


COSTS = {
    "none": Costs(),
    "spread": Costs(spread_pips=1.3),
    "commission_per_lot": Costs(commission_per_lot=3.5),
    "commission_per_million": Costs(commission_per_million=30.0),
    "commission_percent": Costs(commission_percent=0.01),
    "commission_per_trade": Costs(commission_per_trade=1.0),
    "slippage": Costs(slippage_pips=0.4),
    "swap_pips": Costs(swap_long=-0.7, swap_short=0.2),
    "swap_account": Costs(swap_long=-4.0, swap_short=1.5, swap_unit="account"),
    "all": Costs(1.1, 3.0, 10.0, 0.002, 0.5, 0.3, -0.6, 0.1),
    "conversion_rate": Costs(spread_pips=1.3, commission_percent=0.01, conversion_rate=0.0091),
}
RULES = {
    "plain": ExecutionRules(),
    "close": ExecutionRules(opposite_signal="close"),
    "ignore": ExecutionRules(opposite_signal="ignore"),
    "target_first": ExecutionRules(same_bar="target_first"),
    "nearer_first": ExecutionRules(same_bar="nearer_first"),
    "signal_close": ExecutionRules(level_anchor="signal_close"),
    "unrounded": ExecutionRules(round_levels=False),
    "long": ExecutionRules(direction="long"),
    "short": ExecutionRules(direction="short"),
    "left_open": ExecutionRules(close_at_end=False),
    "three_positions": ExecutionRules(max_positions=3),
    "margin": ExecutionRules(leverage=2.0, stop_out_level=95.0),
    "margin_of_three": ExecutionRules(max_positions=3, leverage=4.0, stop_out_level=95.0),
}
EXITS = {
    "none": Exits(),
    "stop": Exits(stop_loss=20.0),
    "target": Exits(take_profit=35.0),
    "both": Exits(20.0, 35.0),
    "trailing": Exits(20.0, 50.0, trailing_stop=15.0),
    "break_even": Exits(20.0, 35.0, break_even=12.0),
    "time": Exits(20.0, 35.0, time_exit=9),
    "everything": Exits(25.0, 45.0, 18.0, 10.0, 14),
}
SIZINGS = {
    "units": Sizing("units", 10_000.0),
    "lots": Sizing("lots", 0.2),
    "risk_percent": Sizing("risk_percent", 1.0),
    "all_in": Sizing("percent_of_equity", 100.0),
    "risk_limited": Sizing("risk_percent", 2.0, volume_step=100.0, min_volume=500.0, max_volume=20_000.0),
}


def account(name: str, **changes: object) -> Account:
    """An account with a size that suits the symbol."""
    plain = Account(10_000.0, Sizing("units", SIZES.get(name, 10_000.0)), Costs(), ExecutionRules())
    return replace(plain, **changes)


def single_cases() -> Iterator[tuple[str, str, Account, Exits, Signals]]:
    """Name, symbol, account, exits and signals of one combination each."""
    often, rare = signals(1500, 7, 4, exits=True), signals(1500, 8, 40)
    for exits_name, exits in EXITS.items():
        for costs_name in ("none", "all"):
            chosen = account("EURUSD", costs=COSTS[costs_name])
            yield f"exits {exits_name}, costs {costs_name}", "EURUSD", chosen, exits, often
        yield f"exits {exits_name}, rare", "EURUSD", account("EURUSD"), exits, rare
    fixed_rate = account("USDJPY", costs=COSTS["conversion_rate"])
    for exits_name in ("none", "both", "everything"):
        yield f"a fixed rate, exits {exits_name}", "USDJPY", fixed_rate, EXITS[exits_name], often
    for costs_name, costs in COSTS.items():
        if costs.conversion_rate is not None:  # of a symbol in another currency than the account's
            continue
        yield f"costs {costs_name}", "EURUSD", account("EURUSD", costs=costs), EXITS["both"], often
        yield f"costs {costs_name}, trailing", "EURUSD", account("EURUSD", costs=costs), EXITS["trailing"], often
    for rules_name, rules in RULES.items():
        for exits_name in ("none", "both", "everything"):
            chosen = account("EURUSD", rules=rules, costs=COSTS["all"])
            yield f"rules {rules_name}, exits {exits_name}", "EURUSD", chosen, EXITS[exits_name], often
    for rules_name in ("plain", "target_first", "nearer_first"):
        chosen = account("EURUSD", rules=RULES[rules_name], costs=COSTS["spread"])
        yield f"rules {rules_name}, both levels in many bars", "EURUSD", chosen, Exits(4.0, 5.0), often
    for sizing_name, sizing in SIZINGS.items():
        for exits_name in ("stop", "both", "trailing"):
            chosen = account("EURUSD", sizing=sizing, costs=COSTS["spread"])
            yield f"sizing {sizing_name}, exits {exits_name}", "EURUSD", chosen, EXITS[exits_name], often
    for name in NAMES[1:]:
        for exits_name in ("none", "both", "everything"):
            chosen = account(name, costs=COSTS["all"])
            wide = EXITS[exits_name]
            yield f"{name}, exits {exits_name}", name, chosen, wide, often


def conversion(name: str) -> Bars | None:
    """Bars that convert a symbol's profits to dollars, where its own price does not."""
    if name != "EURGBP":
        return None
    whole = bars("EURUSD", 1700)  # stands for GBPUSD: any series of rates will do
    times = whole.open_time_ns - 48 * whole.timeframe.ns  # rates are known before the first trade
    return Bars(symbol("GBPUSD"), whole.timeframe, times, whole.open, whole.high, whole.low, whole.close)


def reference(name: str, chosen: Account, exits: Exits, given: Signals) -> dict[str, float]:
    """Figures of the plain simulator."""
    own = bars(name)
    data = prepare(own, chosen.costs, "USD", conversion(name))
    orders = place_orders(given, len(own), SAME_BARS, len(own), "golden")
    made = ReferenceSimulator(
        data, orders, SAME_BARS, exits,
        capital=chosen.capital, sizing=chosen.sizing, costs=chosen.costs, rules=chosen.rules,
    ).run()  # fmt: skip
    trades = made.trades
    return {
        "trades": float(len(trades)),
        "net_profit": float(sum(trades["net_profit"].tolist())),
        "gross_profit": float(sum(trades["gross_profit"].tolist())),
        "commission": float(sum(trades["commission"].tolist())),
        "swap": float(sum(trades["swap"].tolist())),
        "units": float(sum(trades["units"].tolist())),
        "entries": float(sum((trades["entry_bar"] * trades["direction"]).tolist())),
        "exits": float(sum((trades["exit_bar"] * (1 + trades["exit_reason"])).tolist())),
        "final_equity": float(made.equity[-1]),
        "lowest_equity": float(made.equity.min()),
        "ambiguous": float(trades["ambiguous"].sum()),
    }


def sweep_cases() -> Iterator[tuple[str, dict[str, object]]]:
    """Name and arguments of `make_evaluator` for sweeps, which go through the kernels for many combinations."""
    stops, targets = range(10, 42), range(20, 44, 4)
    for name in NAMES:
        own = bars(name)
        sizing = account(name).sizing
        base = {"bars": own, "sizing": sizing, "conversion_bars": conversion(name)}
        often, rare = signals(1500, 11, 6), signals(1500, 12, 60)
        yield f"{name} rectangle", {**base, "strategy": rare, "stop_loss": stops, "take_profit": targets}
        yield (
            f"{name} rectangle with costs",
            {**base, "strategy": often, "stop_loss": stops, "take_profit": targets, "costs": COSTS["all"]},
        )
        fixed = replace(COSTS["all"], swap_long=0.0, swap_short=0.0)
        yield (
            f"{name} rectangle without swap",
            {**base, "strategy": often, "stop_loss": stops, "take_profit": targets, "costs": fixed},
        )
        yield (
            f"{name} reversals",
            {**base, "strategy": Signals(often.long_entry, often.short_entry), "stop_loss": [0, 30], "take_profit": 0},
        )
    own = bars("EURUSD")
    often = signals(1500, 11, 6)
    nearer = {"bars": own, "strategy": often, "rules": RULES["nearer_first"]}
    yield "nearer first", {**nearer, "stop_loss": range(3, 35), "take_profit": range(3, 27, 4)}
    yield "trailing", {"bars": own, "strategy": often, "stop_loss": [20, 30], "trailing_stop": [10, 20]}
    yield "break even", {"bars": own, "strategy": often, "stop_loss": 30, "take_profit": 60, "break_even": [0, 10, 20]}
    yield "time", {"bars": own, "strategy": often, "stop_loss": [20, 30], "time_exit": [0, 5, 50]}
    risk = Sizing("risk_percent", 1.0)
    yield "risk", {"bars": own, "strategy": often, "stop_loss": [20, 30], "take_profit": [30, 60], "sizing": risk}
    yield (
        "detail",
        {"bars": resample(own, "H4"), "detail": own, "strategy": "sma_crossover", "stop_loss": [0, 20], "fast": 5},
    )
    yield "dates", {"bars": own, "strategy": "sma_crossover", "stop_loss": [0, 20], "start": "2017-02-01"}
    yield "timeframes", {"bars": own, "strategy": "sma_crossover", "timeframe": ["H1", "H4", "D1"], "fast": [3, 5]}
    yield "euros", {"bars": own, "strategy": often, "stop_loss": [20, 30], "account_currency": "EUR"}
    yield "daily", {"bars": resample(own, "D1"), "strategy": "sma_crossover", "fast": [2, 3], "slow": [5, 8]}
    for name in strategies():
        yield f"strategy {name}", {"bars": own, "strategy": name, "stop_loss": [0, 25], "take_profit": [0, 50]}


def picked(n: int) -> list[int]:
    """Combinations of a sweep whose metrics are kept: the first, the last and two between."""
    return sorted({0, n // 3, (2 * n) // 3, n - 1})
