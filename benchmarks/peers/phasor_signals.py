"""phasor-trader: `from_signals`, one column a combination."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.workloads import CASH, COST_PER_SIDE, PIP, UNITS, Data, crosses, rolling_mean

NAME = "phasor-trader from_signals"
PACKAGE = "phasor-trader"
NOTE = "no stop on the entry bar; a stop inside a reversal's bar wins over its open, and the reversal is lost"


def prepare(data: Data):
    import phasor

    n_threads = len(os.sched_getaffinity(0))
    bars = {name: np.asfortranarray(getattr(data, name)[:, None]) for name in ("open", "high", "low")}
    close = np.asfortranarray(data.close[:, None])

    def run(combinations):
        n = len(combinations)
        signals: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
        above = np.zeros((len(data), n), dtype=bool, order="F")
        below = np.zeros((len(data), n), dtype=bool, order="F")
        for i, (fast, slow, _, _) in enumerate(combinations):
            if (fast, slow) not in signals:
                signals[fast, slow] = crosses(rolling_mean(data.close, fast), rolling_mean(data.close, slow))
            above[:, i], below[:, i] = signals[fast, slow]
        portfolio = phasor.from_signals(
            close,
            above,
            below,
            **bars,
            column_map=np.zeros(n, dtype=np.int64),
            direction="both",
            price="nextopen",
            size=UNITS,
            fixed_fees=COST_PER_SIDE,
            init_cash=CASH,
            sl_stop=np.array([c[2] * PIP for c in combinations]),
            tp_stop=np.array([c[3] * PIP for c in combinations]),
            delta_format="absolute",
            stop_entry_price="fillprice",
            threads=n_threads,
        )
        return np.asarray(portfolio.total_return(), dtype=np.float64) * CASH

    return run
