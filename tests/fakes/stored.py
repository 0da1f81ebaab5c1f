"""A store with one of everything, whose numbers are worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.fakes.bars import random_bars
from trading_ai.engine.records import SIGNAL, STOP_LOSS, TAKE_PROFIT, TRADE
from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
from trading_ai.evaluation.ports import Artifacts
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.notes import NoteRecord, Notes
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.optimization.verdicts import KeptCriterion, VerdictRecord, Verdicts
from trading_ai.parameters import Choices, ParameterRange, SearchSpace

DAY_NS = 86_400 * 10**9
MONDAY = 17_168
"""2017-01-02, days since 1970."""
BACKTEST_ID = "bbbb1111-0000-4000-8000-000000000001"
TEST_ID = "bbbb2222-0000-4000-8000-000000000002"
OPTIMIZATION_ID = "aaaa1111-0000-4000-8000-000000000001"
TRAINING_ID = "aaaa2222-0000-4000-8000-000000000002"
STUDY = "walk-forward 1M/1M of bbbb1111"
NET = (10.0, -4.0, -6.0, 20.0)
"""Net profits of the trades of the backtest, one a day from Monday on: 20 in all."""
SPACE = SearchSpace((ParameterRange("stop_loss", 20, 40, 10), Choices("take_profit", (40, 60))))
PROFITS = (5.0, -1.0, 30.0, 12.0, math.nan, 7.0)
"""Net profits and scores of the six trials: the fifth failed, the last breaks a condition."""


class KeptVerdicts(Verdicts):
    """Verdicts in memory."""

    def __init__(self) -> None:
        self.records: list[VerdictRecord] = []

    def keep(self, record: VerdictRecord) -> None:
        self.records.insert(0, record)

    def all(self) -> list[VerdictRecord]:
        return list(self.records)


class KeptNotes(Notes):
    """Notes in memory."""

    def __init__(self) -> None:
        self.records: list[NoteRecord] = []

    def add(self, record: NoteRecord) -> None:
        self.records.insert(0, record)

    def all(self) -> list[NoteRecord]:
        return list(self.records)

    def of(self, run_id: str) -> list[NoteRecord]:
        return [record for record in self.records if record.run_id == run_id]

    def delete(self, named: str) -> str:
        (found,) = (record for record in self.records if record.note_id.startswith(named))
        self.records.remove(found)
        return found.note_id


def trades() -> np.ndarray[Any, Any]:
    """The trades of the backtest: entries at 10:00 on four days, two bars long; the second one is short."""
    found = np.zeros(len(NET), dtype=TRADE)
    found["entry_bar"] = np.arange(4) * 24
    found["exit_bar"] = found["entry_bar"] + 2
    found["entry_time_ns"] = (MONDAY + np.arange(4)) * DAY_NS + 10 * 3600 * 10**9
    found["exit_time_ns"] = found["entry_time_ns"] + 2 * 3600 * 10**9
    found["direction"] = (1, -1, 1, 1)
    found["exit_reason"] = (TAKE_PROFIT, STOP_LOSS, STOP_LOSS, SIGNAL)
    found["net_profit"] = found["gross_profit"] = NET
    found["entry_price"] = 1.1
    found["exit_price"] = (1.101, 1.1004, 1.0994, 1.102)  # as many pips as the account's currency
    found["balance"] = 1000.0 + np.cumsum(NET)
    return found


def fill(store: Store, artifacts: Artifacts, verdicts: Verdicts) -> str:
    """Put one of everything into a store; returns the id of the dataset."""
    bars = random_bars(48, 5, tf="H1")
    dataset_id = artifacts.save_bars(bars)
    first, last = int(bars.open_time_ns[0]), int(bars.open_time_ns[-1])
    source = "/data/of-somebody/EURUSD.csv"
    store.add_dataset(DatasetRecord(dataset_id, "EURUSD", "H1", 48, first, last, source, 1.0, {"format": "csv"}))
    spec = BacktestSpec("sma_crossover", {"fast": 10, "slow": 30, "stop_loss": 20}, dataset_id, capital=1000.0)
    metrics = {"net_profit": 20.0, "sharpe_ratio": 1.5, "final_equity": 1020.0, "sqn": math.nan, "total_trades": 4.0}
    base = BacktestRecord(BACKTEST_ID, "first", spec, "EURUSD", "H1", "code", "2", metrics, 2.0)
    store.add_backtest(base)
    arrays = {
        "trades": trades(),
        "equity": np.array([1000.0, 1010.0, 1006.0, 1000.0, 1020.0]),
        "equity_time_ns": (MONDAY + np.arange(5)) * DAY_NS,
        "daily_profit": np.array(NET),
        "day_numbers": MONDAY + np.arange(4),
    }
    artifacts.save_backtest(BACKTEST_ID, arrays)
    _sweep(store, OPTIMIZATION_ID, "sweep", BACKTEST_ID, "")
    _walk_forward(store, artifacts, dataset_id, arrays)
    criterion = KeptCriterion("deflated_sharpe", 0.4, ">=", 0.95, holds=False, required=True)
    undefined = KeptCriterion("plateau", math.nan, ">=", 0.5, holds=False, required=False)
    verdicts.keep(VerdictRecord(OPTIMIZATION_ID, 2, 1, {"stop_loss": 30}, "likely luck", 9.0, (criterion, undefined)))
    return dataset_id


def _sweep(store: Store, key: str, name: str, backtest_id: str, part_of: str) -> None:
    spec = OptimizationSpec(backtest_id, SPACE, min_trades=0)
    record = OptimizationRecord(key, name, spec, "running", 6, 0, 0, "code", "2", 3.0, part_of=part_of)
    store.add_optimization(record)
    indices, values = np.arange(6), np.array(PROFITS)
    metrics = np.full((6, len(METRIC_NAMES)), 0.25)
    for metric in ("net_profit", "sharpe_ratio"):
        metrics[:, METRIC_COLUMN[metric]] = values
    metrics[:, METRIC_COLUMN["final_equity"]] = 1000.0 + values
    chunk = EvaluatedChunk(indices, metrics, {4: "it broke"})
    store.save_chunk(key, chunk, values, np.array([True, True, True, True, True, False]), 1.0)
    store.change_status(key, ["running"], "completed", 4.0)


def _walk_forward(store: Store, artifacts: Artifacts, dataset_id: str, arrays: dict[str, Any]) -> None:
    """A training in January whose best trial (stop_loss 30, take_profit 40) earned 30, and then lost 3 in February."""
    learnt = BacktestSpec(
        "sma_crossover", {"fast": 10, "slow": 30}, dataset_id, capital=1000.0, start="2017-01-02", end="2017-02-01"
    )
    name = "walk-forward 2017-01-02..2017-02-01 of bbbb1111"
    key = "bbbb3333-0000-4000-8000-000000000003"
    store.add_backtest(BacktestRecord(key, name, learnt, "EURUSD", "H1", "code", "2", {}, 2.5, part_of=STUDY))
    artifacts.save_backtest(key, {**arrays, "trades": arrays["trades"][:0]})
    _sweep(store, TRAINING_ID, name, key, STUDY)
    traded = BacktestSpec(
        "sma_crossover", {"fast": 10, "slow": 30, "stop_loss": 30, "take_profit": 40}, dataset_id, capital=1000.0,
        start="2017-02-01", end="2017-03-01",
    )  # fmt: skip
    metrics = {"final_equity": 997.0, "sharpe_ratio": -0.5, "total_trades": 1.0}
    test = "walk-forward test 2017-02-01..2017-03-01 of bbbb1111"
    store.add_backtest(BacktestRecord(TEST_ID, test, traded, "EURUSD", "H1", "code", "2", metrics, 2.6, part_of=STUDY))
    artifacts.save_backtest(TEST_ID, {**arrays, "trades": arrays["trades"][:1]})
