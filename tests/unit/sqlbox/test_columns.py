"""Columns as they are sent, and parameters whose names are taken."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.artifacts import MemoryArtifacts
from tests.fakes.bars import random_bars
from trading_ai.engine.records import TRADE, trade_of_symbols
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.sqlbox.columns import coded, joined, moments, numbers, of_axis, plain_texts, texts, wholes
from trading_ai.sqlbox.frames import Deadline
from trading_ai.sqlbox.rows import trade_rows
from trading_ai.sqlbox.trial_rows import _ranks, names_of, parameter_columns


@pytest.mark.parametrize(
    ("axis", "kind", "found"),
    [
        (ParameterRange("a", 10, 30, 10), "BIGINT", ["30", "10"]),
        (ParameterRange("a", 0.1, 0.3, 0.1), "DOUBLE", ["0.3", "0.1"]),
        (Choices("a", (True, False, True)[:2]), "BOOLEAN", ["False", "True"]),
        (Choices("a", ("x", "y")), "VARCHAR", ["y", "x"]),
        (Choices("a", (1, "y")), "VARCHAR", ["y", "1"]),
        (Choices("a", (2**70, 1)), "DOUBLE", ["1.0", str(float(2**70))]),
    ],
)
def test_a_parameter_has_the_type_of_its_values(axis, kind, found) -> None:
    last = len(axis.values) - 1
    made = of_axis("a", axis, np.array([last, 0]))
    assert (made.type, plain_texts(made)) == (kind, found)


def test_a_parameter_that_has_the_name_of_a_column_gets_another_one() -> None:
    space = SearchSpace((ParameterRange("Rank", 1, 2, 1), ParameterRange("sqn", 1, 2, 1), ParameterRange("x", 1, 2, 1)))
    spec = OptimizationSpec("b", space)
    record = OptimizationRecord("o", "", spec, "running", 8, 0, 0, "h", "2", 1.0)
    assert list(parameter_columns(record)) == ["parameter_Rank", "parameter_sqn", "x"]
    lower = [name.lower() for name in names_of(record)]
    assert len(lower) == len(set(lower))


def test_ranks_are_by_score_then_by_index() -> None:
    found = _ranks(np.array([1.0, math.nan, 3.0, 1.0, 2.0]))
    np.testing.assert_array_equal(found, [3, math.nan, 1, 4, 2])


def test_columns_of_several_parts() -> None:
    made = joined("a", "BIGINT", [wholes("a", np.array([1, 2])), None, wholes("a", np.array([3]))], [2, 1, 1])
    assert plain_texts(made) == ["1.0", "2.0", None, "3.0"]
    words = joined("b", "VARCHAR", [coded("b", [0, -1], ("x",)), numbers("b", [1.5]), texts("b", [None])], [2, 1, 1])
    assert plain_texts(words) == ["x", None, "1.5", None]


def test_moments_without_a_time_are_null() -> None:
    made = moments("at", [1.5, None])
    values = np.frombuffer(made.buffer, dtype="<i8").view(made.view)
    assert values[0] == np.datetime64("1970-01-01T00:00:01.500000")
    assert np.isnat(values[1])


def test_bars_held_are_unknown_where_the_report_knows_no_bars() -> None:
    own, listed = np.zeros(2, trade_of_symbols(["EURUSD", "GBPJPY"])), np.zeros(2, TRADE)
    own["symbol"] = ["EURUSD", "GBPJPY"]
    own["entry_bar"], own["exit_bar"] = [3, 9], [5, 9]
    artifacts = MemoryArtifacts()
    for key, trades in (("own", own), ("listed", listed), ("none", own[:0])):
        artifacts.save_backtest(key, {"trades": trades})
    given = (["own", "listed", "none"], Deadline.after(10.0), ["EURUSD", "XAUUSD", "SAP.DE"], ["", "", ""])
    columns = {c.name: c for c in trade_rows(artifacts, *given)}
    assert plain_texts(columns["symbol"]) == ["EURUSD", "GBPJPY", "XAUUSD", "XAUUSD"]
    held = np.frombuffer(columns["bars_held"].buffer, columns["bars_held"].kind)
    np.testing.assert_array_equal(held, [2.0, 0.0, np.nan, np.nan])


def test_pips_are_of_the_symbol_as_it_was_imported_and_else_of_the_table() -> None:
    usual, own = random_bars(48, 5, tf="H1"), random_bars(48, 6, tf="H1")
    own = replace(own, symbol=replace(own.symbol, pip_size=0.01))
    trades = np.zeros(3, trade_of_symbols(["EURUSD", "GBPJPY", "NOBODYKNOWS"]))
    trades["symbol"] = ["EURUSD", "GBPJPY", "NOBODYKNOWS"]
    trades["direction"], trades["entry_price"] = [1, -1, 1], [1.1, 150.0, 7.0]
    trades["exit_price"] = [1.101, 149.5, 8.0]
    artifacts = MemoryArtifacts()
    datasets = [artifacts.save_bars(usual), artifacts.save_bars(own), "f" * 64, ""]
    keys = ["usual", "own", "deleted", "none"]
    for key in keys:
        artifacts.save_backtest(key, {"trades": trades})
    rows = trade_rows(artifacts, keys, Deadline.after(10.0), ["EURUSD"] * 4, datasets)
    sent = next(column for column in rows if column.name == "pips")
    pips = np.frombuffer(sent.buffer, sent.kind).reshape(4, 3)
    np.testing.assert_allclose(pips[:, 0], [10.0, 0.1, 10.0, 10.0])
    np.testing.assert_allclose(pips[:, 1], 50.0)  # a short trade of another symbol: pips of 0.01
    assert np.isnan(pips[:, 2]).all()
