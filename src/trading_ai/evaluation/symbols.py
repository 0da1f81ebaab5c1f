"""The symbol as a searched parameter: each combination is evaluated on the bars of its own symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.evaluation.declared import SYMBOL
from trading_ai.evaluation.members import MembersEvaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Evaluator
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import moment_ns, moment_text
from trading_ai.parameters import SearchSpace, Value

Indices = npt.NDArray[np.int64]


def without_symbol(space: SearchSpace) -> SearchSpace:
    """The other axes of a search space."""
    return SearchSpace(tuple(axis for axis in space.axes if axis.name != SYMBOL))


def symbol_specs(
    backtest: BacktestSpec, datasets: Mapping[str, str], load: Callable[[str], Bars]
) -> dict[str, BacktestSpec]:
    """The backtest on each symbol's own bars, over the period that all of them cover: no symbol wins by its years.

    Args:
        backtest: the backtest.
        datasets: dataset id of each symbol, at least one.
        load: reads the bars of a dataset.

    Raises:
        ParameterError: there is no such period.
    """
    every = [load(dataset_id) for dataset_id in datasets.values()]
    first = max(int(bars.open_time_ns[0]) for bars in every)
    last = min(int(bars.open_time_ns[-1]) + bars.timeframe.ns for bars in every)
    start = first if backtest.start is None else max(first, moment_ns(backtest.start, "start"))
    end = last if backtest.end is None else min(last, moment_ns(backtest.end, "end"))
    if start >= end:
        raise ParameterError(
            "the datasets share no time that could be traded", parameter=SYMBOL, value=", ".join(datasets), own=True
        )
    return {
        name: replace(backtest, dataset_id=dataset_id, start=moment_text(start), end=moment_text(end))
        for name, dataset_id in datasets.items()
    }


class SymbolsEvaluator(MembersEvaluator):
    """Evaluates each combination on its own symbol.

    Daily profits are of all days on which any symbol trades, zero where its own does not.

    Args:
        space: the search space, with its axis of symbols.
        members: an evaluator of the other axes for each symbol, at least one.
        period: start and end that they have in common.
    """

    def __init__(
        self, space: SearchSpace, members: Mapping[str, Evaluator], period: tuple[str | None, str | None]
    ) -> None:
        super().__init__(space, (SYMBOL,))
        self._members, self.period = dict(members), period
        any_member = next(iter(self._members.values()))
        self.strategy, self.fixed, self.account = any_member.strategy, any_member.fixed, any_member.account
        self._days: Indices = np.unique(np.concatenate([m.day_numbers for m in self._members.values()]))

    @property
    @override
    def n_days(self) -> int:
        return int(self._days.shape[0])

    @property
    @override
    def day_numbers(self) -> Indices:
        return self._days

    @override
    def member(self, combination: Mapping[str, Value]) -> Evaluator:
        name = str(combination.get(SYMBOL, ""))
        if name not in self._members:
            raise ParameterError(
                "is not one of the values of this search space",
                parameter=SYMBOL,
                own=True,
                value=name,
                remedy=did_you_mean(name, self._members) + f"Known: {', '.join(self._members)}",
            )
        return self._members[name]

    @override
    def _member(self, values: tuple[Value, ...]) -> Evaluator:
        return self._members[str(values[0])]

    @override
    def _every_member(self) -> Iterable[Evaluator]:
        return self._members.values()

    @override
    def day_opens(self, day: int) -> int | None:
        # Of the first of the symbols that begins that day.
        opens = [found for member in self._members.values() if (found := member.day_opens(day)) is not None]
        return min(opens) if opens else None
