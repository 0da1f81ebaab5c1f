"""vectorbt with its Rust engine: `Portfolio.from_signals`, then drawdown and Sharpe ratio."""

from __future__ import annotations

import warnings

import numpy as np

from benchmarks.workloads import CASH, COST_PER_SIDE, PIP, UNITS, Data, crosses, next_bar

NAME = "vectorbt (rust) + drawdown + sharpe"
PACKAGE = "vectorbt"
NOTE = "no stop on the entry bar; a stop inside a reversal's bar wins over its open, and the reversal is lost"


def portfolio(data: Data, entries, exits, stops, targets):
    """`from_signals` with the stated rules; `stops` and `targets` are fractions of the fill."""
    import pandas as pd
    import vectorbt as vbt
    from vectorbt.portfolio.enums import StopEntryPrice

    index = pd.DatetimeIndex(data.open_time_ns.astype("datetime64[ns]"))
    return vbt.Portfolio.from_signals(
        pd.Series(data.close, index=index),
        entries=entries,
        short_entries=exits,
        price=data.open[:, None],
        open=data.open[:, None],
        high=data.high[:, None],
        low=data.low[:, None],
        size=UNITS,
        fixed_fees=COST_PER_SIDE,
        init_cash=CASH,
        sl_stop=stops,
        tp_stop=targets,
        stop_entry_price=StopEntryPrice.Price,
        upon_opposite_entry="reverse",
        freq="1h" if data.timeframe == "H1" else "1min",
        engine="rust",
    )


def prepare(data: Data):
    import vectorbt as vbt

    warnings.simplefilter("ignore")
    price = float(data.close.mean())

    def run(combinations):
        pairs = sorted({(fast, slow) for fast, slow, _, _ in combinations})
        averages = {n: vbt.MA.run(data.close, n).ma.to_numpy() for n in {n for pair in pairs for n in pair}}
        signals = {pair: crosses(averages[pair[0]], averages[pair[1]]) for pair in pairs}
        longs = {pair: next_bar(above) for pair, (above, _) in signals.items()}
        shorts = {pair: next_bar(below) for pair, (_, below) in signals.items()}
        if len(pairs) == 1:  # one column is broadcast, not copied
            entries, exits = longs[pairs[0]][:, None], shorts[pairs[0]][:, None]
        else:
            entries = np.column_stack([longs[c[:2]] for c in combinations])
            exits = np.column_stack([shorts[c[:2]] for c in combinations])
        stops = np.array([[c[2] * PIP / price for c in combinations]])
        targets = np.array([[c[3] * PIP / price for c in combinations]])
        result = portfolio(data, entries, exits, stops, targets)
        profit = np.atleast_1d(np.asarray(result.total_profit()))
        used = np.asarray(result.max_drawdown()).sum() + np.nansum(np.asarray(result.sharpe_ratio()))
        assert np.isfinite(used)
        return profit

    return run
