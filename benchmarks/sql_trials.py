"""Seconds that SQL takes on an optimization of 1,000,000 trials: ``python -m benchmarks.sql_trials [FOLDER]``.

Cold is the first question to a new process, the store's files read before; warm are later ones, the best of three.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from trading_ai.bootstrap import Application
from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.settings import Settings

N_TRIALS = 1_000_000
PIECE = 50_000
QUESTIONS = {
    "one metric by a parameter": "select stop_loss, count(*), avg(score) from trials('million') group by 1 order by 1",
    "two metrics by two parameters": "select fast, slow, avg(sharpe_ratio) as s, max(net_profit) "
    "from trials('million') group by 1, 2 order by s desc limit 5",
    "the best twenty, three metrics": "select fast, rank, sharpe_ratio, max_drawdown_percent from trials('million') "
    "where total_trades > 0 order by rank limit 20",
    "every column of the best twenty": "select * from trials('million') order by rank limit 20",
}


def fill(application: Application) -> None:
    """Store an optimization whose trials are random numbers."""
    store, dataset = application.store, "d" * 64
    store.add_dataset(DatasetRecord(dataset, "EURUSD", "H1", 10, 0, 10**18, "none", 1.0))
    store.add_backtest(
        BacktestRecord("b" * 36, "base", BacktestSpec("sma_crossover", {}, dataset), "EURUSD", "H1", "h", "2", {}, 1.0)
    )
    space = SearchSpace(tuple(ParameterRange(name, 1, 100, 1) for name in ("fast", "slow", "stop_loss")))
    key, spec = "a" * 36, OptimizationSpec("b" * 36, space)
    store.add_optimization(OptimizationRecord(key, "million", spec, "running", N_TRIALS, 0, 0, "h", "2", 1.0))
    rng = np.random.default_rng(0)
    for first in range(0, N_TRIALS, PIECE):
        metrics = rng.normal(size=(PIECE, len(METRIC_NAMES)))
        chunk = EvaluatedChunk(np.arange(first, first + PIECE), metrics)
        scores = metrics[:, METRIC_COLUMN["sharpe_ratio"]]
        store.save_chunk(key, chunk, scores, np.ones(PIECE, dtype=np.bool_), 1.0)
    store.change_status(key, ["running"], "completed", 2.0)


def seconds(application: Application, sql: str) -> float:
    """Seconds of a question."""
    began = time.perf_counter()
    application.sql.ask(sql)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(made)
        application = Application(Settings(home=folder, sql_seconds=60))
        if not application.store.optimizations():
            fill(application)
        for name, sql in QUESTIONS.items():
            application.sql.close()
            cold = seconds(application, sql)
            print(f"{name}: cold {cold:.2f} s, warm {min(seconds(application, sql) for _ in range(3)):.3f} s")
        application.sql.close()


if __name__ == "__main__":
    main()
