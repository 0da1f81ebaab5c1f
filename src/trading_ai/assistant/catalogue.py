"""What is stored, as a question may name it: runs, datasets, symbols, strategies, searched parameters."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from trading_ai.assistant.fillers import FILLERS
from trading_ai.assistant.hearing import Names, spoken
from trading_ai.assistant.lexicon import phrases
from trading_ai.assistant.nicknames import shortened
from trading_ai.assistant.ports import Sql
from trading_ai.assistant.showing import harmless
from trading_ai.documents.words import short, strategy_label

MOST = 5_000
"""Runs of each kind that questions can name, the newest first."""

_BACKTESTS = """select backtest_id, name, strategy, symbol, timeframe, account_currency, parameters, created_at, part_of
from backtests order by created_at desc, backtest_id"""
_OPTIMIZATIONS = """select optimization_id, name, status, backtest_id, parameters, objective, method,
created_at, part_of
from optimizations order by created_at desc, optimization_id"""
_DATASETS = (
    "select dataset_id, symbol, timeframe, n_bars, created_at from datasets order by created_at desc, dataset_id"
)


@dataclass(frozen=True)
class Run:
    """A backtest or an optimization.

    Attributes:
        kind: which of both.
        run_id: its id.
        name: what the user called it.
        strategy: the strategy that was run.
        symbol: what was traded.
        timeframe: what the strategy saw.
        currency: of the account.
        created_at: when it was made.
        part_of: the study that made it, or "".
        backtest_id: of an optimization, what it varies; of a backtest, its own id.
        status: of an optimization.
        objective: of an optimization, what it ranks by.
        searched: of an optimization, what it searches: name and description of each axis.
    """

    kind: str
    run_id: str
    name: str
    strategy: str
    symbol: str
    timeframe: str
    currency: str
    created_at: Any
    part_of: str
    backtest_id: str
    status: str = ""
    objective: str = ""
    searched: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How sentences name it."""
        called = f' "{harmless(self.name)}"' if self.name else ""
        what = " ".join(filter(None, (harmless(strategy_label(self.strategy)), "on", self.symbol, self.timeframe)))
        return f"the {self.kind}{called} {short(self.run_id)} ({what})"

    @property
    def head(self) -> str:
        """How a sentence begins with it; a name in braces is no cell."""
        return (self.label[0].upper() + self.label[1:]).replace("{", "(").replace("}", ")")


@dataclass(frozen=True)
class Catalogue:
    """What is stored, newest first.

    Attributes:
        backtests: backtests, those of studies too.
        optimizations: likewise.
        datasets: ``(dataset_id, symbol, timeframe, n_bars)``.
    """

    backtests: tuple[Run, ...]
    optimizations: tuple[Run, ...]
    datasets: tuple[tuple[str, str, str, int], ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """Optimizations and backtests."""
        return (*self.optimizations, *self.backtests)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of datasets and runs."""
        return tuple(dict.fromkeys([d[1] for d in self.datasets] + [b.symbol for b in self.backtests]))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Parameters that some optimization searches."""
        return tuple(dict.fromkeys(name for o in self.optimizations for name in o.searched))

    @cached_property
    def names(self) -> Names:
        """All of it as words of a question."""
        found: dict[str, tuple[str, str]] = {}
        shadowed: dict[str, str] = {}
        for name in self.parameters:
            for phrase in (name.lower(), name.replace("_", " ").lower()):
                found[phrase] = ("parameter", name)
        for run in (*self.optimizations, *self.backtests):
            for kind, value in (("timeframe", run.timeframe), ("symbol", run.symbol), ("strategy", run.strategy)):
                label = strategy_label(value) if kind == "strategy" else value
                for phrase in {label.lower(), label.replace("_", " ").lower()} if label else ():
                    found[phrase] = (kind, value)
            for label in re.findall(r"^walk-forward (\d+\w/\d+\w) of ", run.part_of):
                found[label.lower()] = ("cue", "walk")
            called = spoken(run.name)
            if len(called) > 2 and called not in found:
                if called in phrases() or called in FILLERS:
                    shadowed[called] = run.name
                else:
                    found[called] = ("name", run.name)
        for _, symbol, timeframe, _ in self.datasets:
            for phrase in (symbol.lower(), re.sub(r"^(\w{3})(\w{3})$", r"\1/\2", symbol.lower())):
                found[phrase] = ("symbol", symbol)
            found[timeframe.lower()] = ("timeframe", timeframe)
        for phrase, meant in shortened(
            [run.name for run in (*self.optimizations, *self.backtests) if run.name and not run.part_of],
            [run.strategy for run in self.backtests], self.symbols,
        ).items():  # fmt: skip
            found.setdefault(phrase, meant)
        ids = {run.run_id: run.kind for run in (*self.optimizations, *self.backtests)}
        searches = {o.name for o in self.optimizations if o.name} - {b.name for b in self.backtests}
        return Names(found, ids | {d[0]: "dataset" for d in self.datasets}, shadowed, frozenset(searches))


def catalogue(sql: Sql) -> Catalogue:
    """What is stored right now."""
    rows = sql.ask(_BACKTESTS, MOST).rows
    backtests = tuple(Run("backtest", r[0], r[1], r[2], r[3], r[4], r[5], r[7], r[8], r[0]) for r in rows)
    by_id = {b.run_id: b for b in backtests}
    optimizations = []
    for r in sql.ask(_OPTIMIZATIONS, MOST).rows:
        of = by_id.get(r[3])
        what = (of.strategy, of.symbol, of.timeframe, of.currency) if of else ("", "", "", "")
        searched = _searched(r[4])
        optimizations.append(Run("optimization", r[0], r[1], *what, r[7], r[8], r[3], r[2], r[5], searched))
    datasets = tuple((r[0], r[1], r[2], r[3]) for r in sql.ask(_DATASETS, MOST).rows)
    return Catalogue(backtests, tuple(optimizations), datasets)


def _searched(text: str | None) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return {}
    axes = found if isinstance(found, list) else []
    return {str(axis["name"]): axis for axis in axes if isinstance(axis, dict) and "name" in axis}
