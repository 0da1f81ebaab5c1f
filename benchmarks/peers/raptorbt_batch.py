"""raptorbt: `batch_single_backtest`; a long and a short book together are the strategy."""

from __future__ import annotations

import numpy as np

from benchmarks.workloads import CASH, COST_PER_SIDE, PIP, UNITS, Data, crosses

NAME = "raptorbt batch (long and short book)"
PACKAGE = "raptorbt"
NOTE = (
    "stops in percent of the fill, size in percent of the capital; a target passed by a gap fills at its "
    "level, not at the better open; returns whole curves"
)


def prepare(data: Data):
    import raptorbt

    prices = (data.open_time_ns, data.open, data.high, data.low, data.close, np.zeros(len(data)))
    price = float(data.close.mean())
    sizes = np.full(len(data), UNITS * price / CASH)  # fractions of the capital are all it takes
    fees = COST_PER_SIDE / (UNITS * price)  # it knows relative fees only

    def run(combinations):
        configs: dict[tuple[int, int], object] = {}
        averages: dict[int, np.ndarray] = {}
        signals: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
        items = []
        for i, (fast, slow, stop, target) in enumerate(combinations):
            if (stop, target) not in configs:
                config = raptorbt.BacktestConfig(initial_capital=CASH, fees=fees, fill_timing="next_bar_open")
                config.set_fixed_stop(stop * PIP / price)
                config.set_fixed_target(target * PIP / price)
                configs[stop, target] = config
            if (fast, slow) not in signals:
                for n in {fast, slow} - averages.keys():
                    averages[n] = raptorbt.sma(data.close, n)
                signals[fast, slow] = crosses(averages[fast], averages[slow])
            above, below = signals[fast, slow]
            config = configs[stop, target]
            for direction, entries, exits in ((1, above, below), (-1, below, above)):
                items.append(
                    raptorbt.BatchSingleItem(
                        f"{i}:{direction}",
                        entries,
                        exits,
                        direction=direction,
                        config=config,
                        position_sizes=sizes,
                    )
                )
        results = raptorbt.batch_single_backtest(*prices, items)
        # Items may come back in any order; their names carry the combination.
        profit = np.zeros(len(combinations))
        for name, result in results:
            profit[int(name.partition(":")[0])] += result.metrics.end_value - CASH
        return profit

    return run
