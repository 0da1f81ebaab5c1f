"""backtesting.py: `Backtest.optimize` over a grid, one process a core."""

from __future__ import annotations

import warnings

import numpy as np
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

from benchmarks.workloads import CASH, COST_PER_SIDE, PIP, UNITS, Data, rolling_mean

NAME = "backtesting.py optimize"
PACKAGE = "backtesting"
NOTE = "stop and target are measured from the signal bar's close: they are fixed when the order is placed"


class Cross(Strategy):
    """The stated strategy; at module level because its worker processes import it."""

    fast = 10
    slow = 30
    stop = 40
    target = 100

    def init(self):
        self.quick = self.I(rolling_mean, self.data.Close, self.fast)
        self.calm = self.I(rolling_mean, self.data.Close, self.slow)

    def next(self):
        price = self.data.Close[-1]
        if crossover(self.quick, self.calm):
            self.buy(size=UNITS, sl=price - self.stop * PIP, tp=price + self.target * PIP)
        elif crossover(self.calm, self.quick):
            self.sell(size=UNITS, sl=price + self.stop * PIP, tp=price - self.target * PIP)


def frame(data: Data):
    """The data as backtesting.py wants it."""
    import pandas as pd

    index = pd.DatetimeIndex(data.open_time_ns.astype("datetime64[ns]"))
    columns = {"Open": data.open, "High": data.high, "Low": data.low, "Close": data.close}
    return pd.DataFrame(columns, index=index)


def prepare(data: Data):
    warnings.simplefilter("ignore")
    test = Backtest(
        frame(data),
        Cross,
        cash=CASH,
        commission=(COST_PER_SIDE, 0.0),
        exclusive_orders=True,
        finalize_trades=False,
    )

    def run(combinations):
        if len(combinations) == 1:
            fast, slow, stop, target = combinations[0]
            return np.array([test.run(fast=fast, slow=slow, stop=stop, target=target)["Equity Final [$]"] - CASH])
        chosen = set(combinations)
        axes = {name: sorted({c[i] for c in combinations}) for i, name in enumerate(("fast", "slow", "stop", "target"))}
        _, heatmap = test.optimize(
            **axes,
            constraint=lambda p: (p.fast, p.slow, p.stop, p.target) in chosen,
            maximize="Equity Final [$]",
            return_heatmap=True,
        )
        return heatmap.to_numpy(dtype=np.float64) - CASH

    return run
