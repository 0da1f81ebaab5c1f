"""What was ever tried on a symbol's data: different combinations, whether their runs are still there or were deleted.

A try is a strategy (its code's identity and the timeframe it sees), the values of all its parameters, and an account
(capital, sizing, costs, rules). Run again, on the same data or on other data of the symbol that overlaps it (imported
one bar shorter, a window of a walk-forward), it is the same try: that is what a correction for the best of many asks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.rules import EXIT_PARAMETERS
from trading_ai.evaluation.declared import SYMBOL, TIMEFRAME
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Indices
from trading_ai.market.date_range import moment_ns, moment_text
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.parameters import SearchSpace, Value

Span = tuple[int, int]
"""Opens of the first and the last bar that are traded, nanoseconds since 1970, UTC."""

_Hashes = npt.NDArray[np.uint64]

_NOT_THE_ACCOUNT = frozenset(
    {"strategy", "parameters", "dataset_id", "detail_dataset_id", "conversion_dataset_id", "timeframe", "start", "end"}
)
"""Fields of a backtest that say what runs, and on which bars. All others are the account."""

_MOST_FLAGS = 2_000_000
"""Combinations of a space up to which a flag for each says which were tried; of larger ones they are listed."""

_AT_ONCE = 4_000_000
"""Combinations that are gathered before those that are the same are thrown away."""


@dataclass(frozen=True, eq=False)
class Tried:
    """Combinations that an optimization or a backtest tried.

    Attributes:
        backtest: the backtest they are variations of; its parameters are all there, defaults included.
        strategy_hash: identity of the strategy's code.
        timeframe: timeframe that the strategy saw, unless the space searches it.
        space: the search space; one without axes for a backtest.
        indices: the combinations, ascending, int64, shape (n,).
        spans: what was traded, by symbol.
        deleted: whether the run was deleted since.
    """

    backtest: BacktestSpec
    strategy_hash: str
    timeframe: str
    space: SearchSpace
    indices: Indices
    spans: Mapping[str, Span]
    deleted: bool = False

    def to_json(self) -> dict[str, Any]:
        """All but the indices, JSON-ready; `from_json` reads it back."""
        return {
            "backtest": self.backtest.to_json(),
            "strategy_hash": self.strategy_hash,
            "timeframe": self.timeframe,
            "space": self.space.to_json(),
            "spans": {symbol: list(span) for symbol, span in self.spans.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], indices: Indices) -> Tried:
        """What `to_json` wrote of a run that was deleted."""
        return cls(
            BacktestSpec.from_json(data["backtest"]),
            data["strategy_hash"],
            data["timeframe"],
            SearchSpace.from_json(data["space"]),
            indices,
            {symbol: (first, last) for symbol, (first, last) in data["spans"].items()},
            deleted=True,
        )


def tried_by_backtest(record: BacktestRecord, dataset: DatasetRecord) -> Tried:
    """What a backtest tried: one combination."""
    spans = _spans(record.spec, [dataset])
    return Tried(record.spec, record.strategy_hash, record.timeframe, SearchSpace(()), np.zeros(1, np.int64), spans)


def tried_by_optimization(
    record: OptimizationRecord, backtest: BacktestRecord, datasets: Iterable[DatasetRecord], indices: Indices
) -> Tried:
    """What an optimization tried.

    Args:
        record: the optimization.
        backtest: the backtest that it started from.
        datasets: the backtest's, or where symbols are searched those of each of them.
        indices: its trials, failed ones too, ascending, shape (n,).
    """
    spans = _spans(backtest.spec, datasets)
    return Tried(backtest.spec, record.strategy_hash, backtest.timeframe, record.spec.space, indices, spans)


def datasets_of(record: OptimizationRecord, backtest: BacktestSpec) -> tuple[str, ...]:
    """Ids of the datasets that an optimization's trials ran on."""
    return tuple(dict.fromkeys(record.spec.datasets.values())) or (backtest.dataset_id,)


def _spans(spec: BacktestSpec, datasets: Iterable[DatasetRecord]) -> dict[str, Span]:
    """What a backtest trades of datasets: what lies within its date range."""
    first = None if spec.start is None else moment_ns(spec.start, "start")
    last = None if spec.end is None else moment_ns(spec.end, "end") - 1
    return {
        dataset.symbol: (
            dataset.first_ns if first is None else max(first, dataset.first_ns),
            dataset.last_ns if last is None else min(last, dataset.last_ns),
        )
        for dataset in datasets
    }


def overlap(one: Mapping[str, Span], other: Mapping[str, Span]) -> frozenset[str]:
    """Symbols of which both trade some of the same time."""
    both = one.keys() & other.keys()
    return frozenset(s for s in both if one[s][0] <= other[s][1] and other[s][0] <= one[s][1])


# --- counting ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrialCount:
    """How many different combinations were tried on the data of an optimization, and what was counted.

    Attributes:
        n_trials: different combinations of strategy, parameters and account, its own included.
        n_optimizations: optimizations that tried some of them.
        n_backtests: backtests that did.
        n_deleted: how many of these runs were deleted since.
        symbols: symbols of the data.
        first: date of the first bar.
        last: date of the last bar.
    """

    n_trials: int
    n_optimizations: int
    n_backtests: int
    n_deleted: int
    symbols: tuple[str, ...]
    first: str
    last: str

    @property
    def counted(self) -> str:
        """What was counted, in words."""
        names = self.symbols if len(self.symbols) <= 3 else (*self.symbols[:3], f"{len(self.symbols) - 3} more")
        runs = [_n(self.n_optimizations, "optimization"), _n(self.n_backtests, "backtest")]
        gone = f", {self.n_deleted:,} of them deleted since" if self.n_deleted else ""
        return (
            f"different combinations of strategy, parameters and account, by {' and '.join(filter(None, runs))}{gone}, "
            f"on data of {', '.join(names)} that overlaps {self.first}..{self.last}; a combination that was run again, "
            "or on windows of the data, counts once"
        )


def _n(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}" if number else ""


class TrialCounter:
    """Adds up what was tried on some data.

    Args:
        spans: the data, by symbol.
    """

    def __init__(self, spans: Mapping[str, Span]) -> None:
        self._spans = spans
        self._groups: dict[str, _Group] = {}
        self._runs = {True: 0, False: 0}
        self._deleted = 0

    @property
    def symbols(self) -> frozenset[str]:
        """Symbols of the data."""
        return frozenset(self._spans)

    def concerns(self, tried: Tried) -> bool:
        """Whether some of it was tried on the data."""
        return bool(overlap(self._spans, tried.spans))

    def is_known(self, tried: Tried) -> bool:
        """Whether all combinations of its space are counted already: its indices need not be read."""
        group = self._groups.get(_group_key(tried, overlap(self._spans, tried.spans)))
        return group is not None and group.is_complete

    def add(self, tried: Tried) -> None:
        """Count what was tried; what is counted already is not counted again."""
        symbols = overlap(self._spans, tried.spans)
        if not symbols or not (tried.indices.size or self.is_known(tried)):
            return
        self._runs[bool(tried.space.axes)] += 1
        self._deleted += tried.deleted
        key = _group_key(tried, symbols)
        if key not in self._groups:
            self._groups[key] = _Group(tried, symbols)
        self._groups[key].add(tried.indices)

    def count(self) -> TrialCount:
        """What was counted so far."""
        gathered, size = [np.empty(0, np.uint64)], 0
        for group in self._groups.values():
            gathered.append(group.hashes())
            size += gathered[-1].size
            if size > _AT_ONCE:
                gathered, size = [_distinct(gathered)], 0
        known = _distinct(gathered)
        first = min((span[0] for span in self._spans.values()), default=0)
        last = max((span[1] for span in self._spans.values()), default=0)
        return TrialCount(
            n_trials=int(known.size),
            n_optimizations=self._runs[True],
            n_backtests=self._runs[False],
            n_deleted=self._deleted,
            symbols=tuple(sorted(self._spans)),
            first=moment_text(first)[:10],
            last=moment_text(last)[:10],
        )


def _distinct(parts: Sequence[_Hashes]) -> _Hashes:
    """The different numbers of all parts, ascending; by sorting, which takes a fifth of the time of `np.unique`."""
    numbers = np.sort(np.concatenate(parts))
    return numbers[np.append(True, numbers[1:] != numbers[:-1])] if numbers.size else numbers


class _Group:
    """Combinations of one space around one backtest, by whichever runs."""

    def __init__(self, tried: Tried, symbols: Collection[str]) -> None:
        self._tried, self._symbols = tried, symbols
        n = tried.space.n_combinations
        self._flags = np.zeros(n, np.bool_) if n <= _MOST_FLAGS else None
        self._listed = np.empty(0, np.int64)
        self.is_complete = False

    def add(self, indices: Indices) -> None:
        if self.is_complete:
            return
        if self._flags is None:
            self._listed = np.union1d(self._listed, indices)
            self.is_complete = self._listed.size == self._tried.space.n_combinations
            return
        self._flags[indices] = True
        self.is_complete = bool(self._flags.all())

    def hashes(self) -> _Hashes:
        """A number for each combination, the same whichever space it is a point of, shape (n,)."""
        tried, declared = self._tried, self._tried.backtest.parameters
        indices = self._listed if self._flags is None else np.flatnonzero(self._flags)
        positions = dict(zip(tried.space.names, tried.space.positions(indices), strict=True))
        axes = {axis.name: axis for axis in tried.space.axes}
        # A strategy's own parameter of that name is a parameter like any other.
        symbol, bars = (f"bars' {n}" if n in declared else n for n in (SYMBOL, TIMEFRAME))
        if symbol in axes:
            held = np.isin(positions[symbol], [i for i, v in enumerate(axes[symbol].values) if v in self._symbols])
            positions = {name: place[held] for name, place in positions.items()}
            indices = indices[held]
        fixed: dict[str, Value] = {bars: tried.timeframe, symbol: next(iter(self._symbols)), **declared}
        # A sum of random numbers, one for each value: the order of the axes does not count, and two different
        # combinations agree by chance only, once in 2^64 pairs.
        base = _hash("", json.dumps([tried.strategy_hash, _account(tried.backtest)], sort_keys=True, default=str))
        base += sum(_value_hash(name, value) for name, value in fixed.items() if name not in axes)
        total = np.full(indices.size, base % 2**64, dtype=np.uint64)
        for name, axis in axes.items():
            numbers = np.array([_value_hash(name, value) for value in axis.values], dtype=np.uint64)
            total += numbers[positions[name]]
        return total


def _account(spec: BacktestSpec) -> dict[str, Any]:
    return {name: value for name, value in spec.to_json().items() if name not in _NOT_THE_ACCOUNT}


def _group_key(tried: Tried, symbols: Collection[str]) -> str:
    parameters = {n: v for n, v in tried.backtest.parameters.items() if n not in tried.space.names}
    told = [
        tried.strategy_hash, tried.timeframe, _account(tried.backtest), parameters, tried.space.to_json(),
        sorted(symbols),
    ]  # fmt: skip
    return json.dumps(told, sort_keys=True, default=str)


def _value_hash(name: str, value: Value) -> int:
    """A number for a parameter's value; 0 for an exit that is not used, so that a new kind of exit changes nothing."""
    if name in EXIT_PARAMETERS and not isinstance(value, str) and value == EXIT_PARAMETERS[name].default:
        return 0
    if not isinstance(value, bool | str) and float(value) == value:  # 1 and 1.0 are the same value, 1 and true are not
        value = float(value)
    return _hash(name, repr(value))


def _hash(name: str, text: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{name}\0{text}".encode(), digest_size=8).digest(), "little")


def all_tried(
    optimizations: Iterable[OptimizationRecord],
    backtests: Mapping[str, BacktestRecord],
    datasets: Mapping[str, DatasetRecord],
) -> Iterator[tuple[OptimizationRecord | None, Tried]]:
    """What was tried by the runs that are there, without the indices of optimizations.

    Args:
        optimizations: all of them.
        backtests: all of them, by id.
        datasets: all of them, by id.
    """
    nothing = np.empty(0, np.int64)
    for record in optimizations:
        backtest = backtests.get(record.spec.backtest_id)
        if backtest is not None and record.n_completed:
            ids = datasets_of(record, backtest.spec)
            known = [datasets[i] for i in ids if i in datasets]
            yield record, tried_by_optimization(record, backtest, known, nothing)
    for one in backtests.values():
        if one.spec.dataset_id in datasets:
            yield None, tried_by_backtest(one, datasets[one.spec.dataset_id])
