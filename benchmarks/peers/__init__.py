"""The libraries we compare with, one file each.

Every file has ``NAME``, ``NOTE`` (how its model differs from the stated strategy) and
``prepare(data) -> run`` where ``run(combinations)`` does indicators, signals, simulation and metrics and
returns one net profit a combination. Loading the data and converting it happens in `prepare`, untimed.
"""

from __future__ import annotations

PEERS = ("qrucible_grid", "raptorbt_batch", "phasor_signals", "vectorbt_rust", "backtesting_py")
