"""Insights speak on the far side of their stated thresholds, and are silent on the near one."""

from __future__ import annotations

from typing import Any

import pytest
from typing_extensions import override

from trading_ai.assistant.catalogue import Catalogue, Run
from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.insights import insights
from trading_ai.assistant.ports import Rows, Sql

RANGE = {"name": "stop_loss", "min_value": 10, "max_value": 50, "step": 10}
BASE = Run("backtest", "b", "base", "sma_crossover", "EURUSD", "H1", "USD", 1, "", "b")
RUN = Run("optimization", "o", "run", "sma_crossover", "EURUSD", "H1", "USD", 2, "", "b", searched={"stop_loss": RANGE})

MILD: dict[str, dict[str, Any]] = {
    "from verdicts where optimization_id": {"rank": 1, "verdict": "survives", "n_hold": 14, "n_criteria": 14},
    "arg_min(stop_loss": {"best": 20, "lowest": 10, "highest": 50, "n_values": 5},
    "n_neighbours": {
        "n_neighbours": 4, "median_score": 0.5, "best_score": 1.0, "share_kept": 0.5, "profitable_percent": 90.0,
    },
    "month_share": {"month": "2017-03", "net_profit": 50.0, "total_profit": 100.0, "n_months": 12, "month_share": 0.5},
    "select total_trades": {"total_trades": 30.0, "max_drawdown_percent": 5.0, "net_profit": 100.0},
    "break_even_factor": {"net_profit": 50.0, "costs": 100.0, "break_even_factor": 1.5},
    "walk_forward_efficiency": {"value": 0.3, "threshold": 0.3},
    "n_distinct": {"n_best": 20, "n_distinct": 10},
    "ambiguous_share": {"ambiguous_exits": 5.0, "total_trades": 100.0, "ambiguous_share": 0.05},
    "ruined_share": {"n_ruined": 5, "n_trials": 100, "ruined_share": 0.05},
    "n_tried": {"n_tried": 199, "n_here": 100, "n_optimizations": 2},
}  # fmt: skip
"""What each query gives, by a part of it, on the near side of every threshold."""


class Scripted(Sql):
    """Answers each query by a part of it."""

    def __init__(self, changed: dict[str, dict[str, Any]]) -> None:
        self.answers = {**MILD, **changed}

    @override
    def ask(self, sql: str, max_rows: int) -> Rows:
        for part, row in self.answers.items():
            if part in sql:
                return Rows(tuple(row), (tuple(row.values()),), truncated=False, data_version="v")
        return Rows(("nothing",), (), truncated=False, data_version="v")


def _weights(changed: dict[str, dict[str, Any]]) -> dict[str, float]:
    sql = Scripted(changed)
    found = insights(RUN, Desk(sql, Catalogue((BASE,), (RUN,), ())), Draft(sql))
    assert [i.weight for i in found] == sorted((i.weight for i in found), reverse=True)
    return {insight.name: insight.weight for insight in found}


def test_on_the_near_side_of_every_threshold_all_are_silent() -> None:
    weights = _weights({})
    assert len(weights) == 11
    assert {name for name, weight in weights.items() if weight} == {"verdict"}  # that it survives is worth a line


FAR: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("verdict", "from verdicts where optimization_id", {"verdict": "likely luck"}),
    ("edge", "arg_min(stop_loss", {"best": 10}),
    ("edge", "arg_min(stop_loss", {"best": 50}),
    ("plateau", "n_neighbours", {"share_kept": 0.49}),
    ("concentration", "month_share", {"month_share": 0.51}),
    ("few trades", "select total_trades", {"total_trades": 29.0}),
    ("costs", "break_even_factor", {"break_even_factor": 1.49}),
    ("costs", "break_even_factor", {"costs": 0.0, "break_even_factor": None}),
    ("drift", "walk_forward_efficiency", {"value": 0.29}),
    ("correlated", "n_distinct", {"n_distinct": 9}),
    ("ambiguity", "ambiguous_share", {"ambiguous_share": 0.051}),
    ("ruined", "ruined_share", {"ruined_share": 0.051}),
    ("ledger", "n_tried", {"n_tried": 200}),
)


@pytest.mark.parametrize(("name", "query", "change"), FAR)
def test_on_the_far_side_one_speaks(name: str, query: str, change: dict[str, Any]) -> None:
    weights = _weights({query: {**MILD[query], **change}})
    assert weights[name] >= 0.5
    assert {other for other, weight in weights.items() if weight >= 0.5} == {name}


@pytest.mark.parametrize(
    ("name", "query", "change"),
    [
        ("edge", "arg_min(stop_loss", {"best": 10, "n_values": 2}),  # two values have no inside
        ("concentration", "month_share", {"month_share": 0.9, "n_months": 2}),
    ],
)
def test_what_cannot_be_otherwise_says_nothing(name: str, query: str, change: dict[str, Any]) -> None:
    assert _weights({query: {**MILD[query], **change}})[name] == 0


@pytest.mark.parametrize(
    ("name", "query", "change"),
    [
        ("few trades", "select total_trades", {"total_trades": None}),
        ("plateau", "n_neighbours", {"best_score": -1.0}),
        ("drift", "walk_forward_efficiency", {"value": None}),
        ("concentration", "month_share", {"total_profit": -3.0}),
    ],
)
def test_what_is_not_known_is_left_out(name: str, query: str, change: dict[str, Any]) -> None:
    assert name not in _weights({query: {**MILD[query], **change}})
