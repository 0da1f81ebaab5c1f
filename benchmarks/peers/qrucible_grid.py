"""qrucible: `grid_search` over strategy configurations, parallel inside."""

from __future__ import annotations

import numpy as np

from benchmarks.workloads import CASH, COST_PER_SIDE, PIP, Data

NAME = "qrucible grid_search"
PACKAGE = "qrucible"
NOTE = (
    "another strategy: fills at the signal bar's close, re-enters at once after a stop (its rule is a state, "
    "not a cross), sizes from risk, stops in percent"
)


def prepare(data: Data):
    import qrucible

    microseconds = (data.open_time_ns // 1000).astype(np.float64)
    nothing = np.zeros(len(data))
    columns = (microseconds, nothing, data.open, data.high, data.low, data.close, nothing)
    bars = np.ascontiguousarray(np.column_stack(columns))
    price = float(data.close.mean())

    def run(combinations):
        configs = [
            qrucible.StrategyConfig(
                fast_window=fast,
                slow_window=slow,
                strategy_type="MA_CROSS",
                ma_type="SMA",
                stop_loss=stop * PIP / price,
                take_profit=target * PIP / price,
                initial_cash=CASH,
                reduce_after_loss=False,
                commission=COST_PER_SIDE,
            )
            for fast, slow, stop, target in combinations
        ]
        results = qrucible.grid_search(bars, configs, metric="sharpe", top_n=len(configs))
        return np.array([result.total_return * CASH for result in results])

    return run
