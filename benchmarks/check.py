"""Before anything is timed: do the systems agree, trade by trade, on the same signals?

backtesting.py has the same rules once stops are measured from the signal bar's close and compared as raw
binary fractions (`ExecutionRules(level_anchor="signal_close", round_levels=False)`): every trade must be
equal, to the last bit, except where the exit bar opened beyond the target and later reached the stop:
here the open comes first, there the stop. vectorbt differs by design in two places: it tests no stop on
the bar of the entry, and a stop inside the bar of a reversal beats the open of that bar, which loses the
reversal; and its stops are fractions, so that a price touching a level exactly may be missed. Every trade
that both entered at the same bar must otherwise be equal.
"""

from __future__ import annotations

import itertools
import json
import warnings

import numpy as np

import trading_ai as ta
from benchmarks.ours import MODEL, axes_of, bars_of
from benchmarks.workloads import CASH, PIP, SEED, Data, crosses, eurusd_h1, next_bar, rolling_mean
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.orders import SAME_BARS, place_orders
from trading_ai.engine.records import SIGNAL
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.simulate import Account, SignalGroup
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.strategies.base import Signals

PAIRS = ((5, 20), (10, 30), (20, 50))
STOPS = (10, 20, 40, 60, 80)
TARGETS = (20, 40, 80, 120, 200)


def gappy_bars(n: int = 5_000) -> Data:
    """Random hourly bars whose opens jump, so that gaps through stops and targets are frequent."""
    rng = np.random.default_rng(SEED)
    moves = rng.standard_normal((n, 2)) * [12 * PIP, 15 * PIP]
    close = np.round(1.1 + np.cumsum(moves.sum(axis=1)) * 0.3, 5)
    open_ = np.round(np.concatenate(([1.1], close[:-1])) + moves[:, 0], 5)
    high = np.round(np.maximum(open_, close) + np.abs(rng.standard_normal(n)) * 8 * PIP, 5)
    low = np.round(np.minimum(open_, close) - np.abs(rng.standard_normal(n)) * 8 * PIP, 5)
    times = np.datetime64("2018-01-01", "ns").astype(np.int64) + np.arange(n, dtype=np.int64) * 3_600_000_000_000
    return Data("gappy", "H1", times, open_, high, low, close)


def signals_of(data: Data, pair: tuple[int, int]):
    return crosses(rolling_mean(data.close, pair[0]), rolling_mean(data.close, pair[1]))


def our_group(data: Data, pair: tuple[int, int], rules: ExecutionRules) -> SignalGroup:
    above, below = signals_of(data, pair)
    execution = prepare(bars_of(data), MODEL["costs"])
    orders = place_orders(Signals(above, below), len(data), SAME_BARS, len(data), "check")
    return SignalGroup(execution, orders, SAME_BARS, Account(CASH, MODEL["sizing"], MODEL["costs"], rules))


def our_trades(group: SignalGroup, stop: int, target: int) -> np.ndarray:
    return group.trades(np.array([stop, target, 0.0, 0.0, 0.0]))[0]


def against_backtesting_py(data: Data) -> dict:
    """Every trade of every run, compared bit for bit."""
    from backtesting import Backtest, Strategy

    from benchmarks.peers.backtesting_py import frame
    from benchmarks.workloads import COST_PER_SIDE, UNITS

    class Given(Strategy):
        above = below = None
        stop = target = 0

        def init(self):
            pass

        def next(self):
            i, price = len(self.data) - 1, self.data.Close[-1]
            if self.above[i]:
                self.buy(size=UNITS, sl=price - self.stop * PIP, tp=price + self.target * PIP)
            elif self.below[i]:
                self.sell(size=UNITS, sl=price + self.stop * PIP, tp=price - self.target * PIP)

    rules = ExecutionRules(level_anchor="signal_close", round_levels=False, close_at_end=False)
    table = frame(data)
    n_runs = n_trades = n_passed = n_different = 0
    examples: list[str] = []
    for pair in PAIRS:
        above, below = signals_of(data, pair)
        group = our_group(data, pair, rules)
        test = Backtest(table, Given, cash=CASH, commission=(COST_PER_SIDE, 0.0), exclusive_orders=True)
        for stop, target in itertools.product(STOPS, TARGETS):
            theirs = test.run(above=above, below=below, stop=stop, target=target)["_trades"]
            ours = our_trades(group, stop, target)
            n_runs += 1
            n_trades += len(theirs)
            fields = ("EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "Size")
            left = set(zip(*(theirs[name].tolist() for name in fields), strict=True))
            size = ours["direction"] * ours["units"]
            fields = ("entry_bar", "exit_bar", "entry_price", "exit_price")
            right = set(zip(*(ours[name].tolist() for name in fields), size.tolist(), strict=True))
            only_theirs = {trade[0]: trade for trade in left - right}
            for trade in sorted(right - left):
                other = only_theirs.pop(trade[0], None)
                # The open had jumped over the target, then the bar fell to the stop: the open came first.
                passed = other is not None and other[:3] == trade[:3] and trade[3] == data.open[trade[1]]
                if passed and (trade[3] - trade[2]) * trade[4] >= 0 > (other[3] - other[2]) * other[4]:
                    n_passed += 1
                else:
                    n_different += 1
                    examples.append(f"{pair} stop {stop} target {target}: {trade} {other}")
            n_different += len(only_theirs)
    return {
        "runs": n_runs,
        "trades": n_trades,
        "target_passed_at_open": n_passed,
        "different": n_different,
        "examples": examples[:5],
    }


def against_vectorbt(data: Data) -> dict:
    """Trades that both entered at the same bar, sorted by why they differ."""
    from benchmarks.peers.vectorbt_rust import portfolio

    rules = ExecutionRules(round_levels=False, close_at_end=False)
    counts = dict.fromkeys(("equal", "entry_bar", "reversal_bar", "rounding", "different"), 0)
    examples: list[str] = []
    for pair in PAIRS:
        group = our_group(data, pair, rules)
        above, below = (next_bar(s)[:, None] for s in signals_of(data, pair))
        for stop, target in itertools.product(STOPS, TARGETS):
            fractions = [(pips * PIP / data.open)[:, None] for pips in (stop, target)]
            records = portfolio(data, above, below, *fractions).exit_trades.records
            records = records[records["status"] == 1]
            theirs = {int(e): (int(x), p) for e, x, p in records[["entry_idx", "exit_idx", "exit_price"]].to_numpy()}
            for trade in our_trades(group, stop, target):
                found = theirs.get(int(trade["entry_bar"]))
                if found is None:
                    continue
                if found[0] == trade["exit_bar"] and abs(found[1] - trade["exit_price"]) < 1e-9:
                    counts["equal"] += 1
                elif trade["exit_bar"] == trade["entry_bar"]:
                    counts["entry_bar"] += 1
                elif found[0] == trade["exit_bar"] and trade["exit_reason"] == SIGNAL:
                    counts["reversal_bar"] += 1
                elif min(abs(x[trade["exit_bar"]] - trade["exit_price"]) for x in (data.high, data.low)) < 1e-9:
                    counts["rounding"] += 1
                else:
                    counts["different"] += 1
                    if len(examples) < 5:
                        examples.append(f"{pair} stop {stop} target {target}: {trade} {found}")
    return {**counts, "examples": examples}


def sweep_against_trades(data: Data) -> dict:
    """The public sweep's counts and profits against the trades of single runs."""
    pair = PAIRS[1]
    combinations = [(*pair, s, t) for s, t in itertools.product(STOPS, TARGETS)]
    metrics = np.asarray(ta.sweep(bars_of(data), "sma_crossover", **axes_of(combinations), **MODEL).metrics)
    group = our_group(data, pair, ExecutionRules())
    different = 0
    for row, (_, _, stop, target) in zip(metrics, combinations, strict=True):
        trades = our_trades(group, stop, target)
        same_count = row[METRIC_COLUMN["total_trades"]] == len(trades)
        same_profit = np.isclose(row[METRIC_COLUMN["net_profit"]], trades["net_profit"].sum(), rtol=0, atol=1e-6)
        different += not (same_count and same_profit)
    return {"combinations": len(combinations), "different": different}


def main() -> None:
    warnings.simplefilter("ignore")
    lines, agree, details = [], True, {}
    for data in (eurusd_h1(), gappy_bars()):
        exact = against_backtesting_py(data)
        agree &= exact["different"] == 0 and exact["trades"] > 0
        lines.append(
            f"{data.name}, backtesting.py: {exact['runs']} runs, {exact['trades']:,} trades, entry and exit "
            f"bar, both prices and size equal to the last bit, but for {exact['target_passed_at_open']} "
            f"whose exit bar opened beyond the target and then fell to the stop (the open comes first, "
            f"backtesting.py takes the stop); {exact['different']} differ otherwise."
        )
        near = against_vectorbt(data)
        agree &= near["different"] == 0 and near["equal"] > 0
        lines.append(
            f"{data.name}, vectorbt: {near['equal']:,} trades equal; {near['entry_bar']} differ because it "
            f"tests no stop on the entry bar, {near['reversal_bar']} because its stop beats the open of a "
            f"reversal's bar, {near['rounding']} because its stops are fractions and miss a price that "
            f"touches the level exactly; {near['different']} differ otherwise."
        )
        own = sweep_against_trades(data)
        agree &= own["different"] == 0
        lines.append(
            f"{data.name}, sweep against single runs: {own['combinations']} combinations, "
            f"{own['different']} differ in trades or net profit."
        )
        details[data.name] = {"backtesting.py": exact, "vectorbt": near, "sweep": own}
    print(json.dumps({"agree": bool(agree), "lines": lines, "details": details}))


if __name__ == "__main__":
    main()
