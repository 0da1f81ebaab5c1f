"""Ask a strategy for its signals: for one combination, or for many at once where they are crossings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.orders import Orders, place_orders
from trading_ai.engine.sets_run import Given
from trading_ai.errors import StrategyError, said_in_full
from trading_ai.evaluation.signal_bars import SignalBars
from trading_ai.evaluation.signal_sets import Asker
from trading_ai.parameters import SearchSpace, Value
from trading_ai.strategies.base import Strategy, signals_of
from trading_ai.strategies.signals import Crossing, Crossings, Signals

Indices = npt.NDArray[np.int64]


class Asking:
    """Asks a strategy on behalf of the combinations of a search space.

    Args:
        strategy: the strategy.
        space: the search space.
        fixed: values of the other parameters.
        n_every: number of execution bars, those before the first traded one included.
        first: the first execution bar that is traded.
    """

    def __init__(
        self, strategy: Strategy, space: SearchSpace, fixed: Mapping[str, Value], n_every: int, first: int
    ) -> None:
        self.strategy, self.space, self.fixed = strategy, space, fixed
        self._n_every, self._first = n_every, first
        self._is_checked = False

    def signals(self, seen: SignalBars, parameters: Mapping[str, Value]) -> Signals:
        """Signals on those bars with all these parameters, of which there may be more than the strategy has."""
        return signals_of(self.strategy, seen.bars, {name: parameters[name] for name in self.strategy.parameters})

    def orders(self, seen: SignalBars, signals: Signals, entry_delay: int = 0) -> Orders:
        """The orders of signals, on the bars that are traded."""
        placed = place_orders(signals, len(seen.bars), seen.every, self._n_every, self.strategy.name, seen.bars)
        return placed.with_late_entries(entry_delay).since(self._first)

    def can_cross(self, seen: SignalBars) -> bool:
        """Whether compiled code may find the crossings of series itself: every strategy bar is an execution bar."""
        return not seen.every.first.size and not self._first

    def crossings(self, seen: SignalBars, indices: Indices) -> Crossings | None:
        """The signals of some combinations, at once; None where the strategy must be asked for each.

        Args:
            seen: the bars.
            indices: the combinations, shape (m,).

        Raises:
            StrategyError: what it says of many combinations is not what it says of one.
        """
        positions = dict(zip(self.space.names, self.space.positions(indices), strict=True))
        values = {axis.name: axis.values for axis in self.space.axes}
        columns = {
            name: _column(values[name])[positions[name]]
            if name in positions
            else np.full(indices.shape[0], self.fixed[name], dtype=None)
            for name in self.strategy.parameters
        }
        try:
            found = self.strategy.crossings(seen.bars, **columns)
            if found is None or not found.is_plain(len(seen.bars), indices.shape[0]):
                return None
        except Exception:  # noqa: BLE001 - each combination is asked for by itself, and says what is wrong with it
            return None
        if not self._is_checked:
            self._check(seen, indices, found)
            self._is_checked = True
        return found

    def _check(self, seen: SignalBars, indices: Indices, found: Crossings) -> None:
        for i in {0, indices.shape[0] - 1}:
            parameters = {**self.fixed, **self.space.combination(int(indices[i]))}
            many = self.orders(seen, found.at(i))
            one = self.orders(seen, self.signals(seen, parameters))
            if not all(
                np.array_equal(a, b)
                for a, b in zip(
                    (many.entry, many.exit_long, many.exit_short),
                    (one.entry, one.exit_long, one.exit_short),
                    strict=True,
                )
            ):
                raise StrategyError(
                    "crossings() gives other signals than signals()",
                    parameter=self.strategy.name,
                    value={name: parameters[name] for name in self.strategy.parameters},
                    remedy="Mend or remove crossings().",
                )


class AskerOf(Asker):
    """Asks on behalf of the combinations of one call.

    Args:
        asking: how.
        seen: the bars.
        keys: key of each combination's signals, shape (m,).
        indices: the combinations, shape (m,).
        failures: out, why those failed for which the strategy raised, by index.

    Attributes:
        planned: keys of signals that say more than sides: none are given for them, they are simulated another way.
    """

    def __init__(
        self, asking: Asking, seen: SignalBars, keys: Indices, indices: Indices, failures: dict[int, str]
    ) -> None:
        self._asking, self._seen = asking, seen
        self._keys, self._indices, self._failures = keys, indices, failures
        self._can_cross = asking.can_cross(seen)
        self._n_bars = len(seen.bars)
        self.planned: set[int] = set()

    @override
    def one(self, key: int, row: int) -> Given | None:
        asking = self._asking
        try:
            parameters = {**asking.fixed, **asking.space.combination(int(self._indices[row]))}
            signals = asking.signals(self._seen, parameters)
            if signals.is_planned:
                self.planned.add(key)
                return None
            if self._can_cross:
                if isinstance(signals, Crossing) and signals.is_plain(self._n_bars):
                    return signals
                return signals.arrays(self._n_bars, asking.strategy.name)
            return asking.orders(self._seen, signals)
        except Exception as error:  # noqa: BLE001 - its trials fail, the others go on
            self._failures.update(dict.fromkeys(self._indices[self._keys == key].tolist(), said_in_full(error)))
            return None

    @override
    def many(self, rows: Indices) -> Crossings | None:
        if not self._can_cross or rows.shape[0] == 1:
            return None
        return self._asking.crossings(self._seen, self._indices[rows])


def _column(values: tuple[Value, ...]) -> npt.NDArray[np.generic]:
    if all(type(v) in (int, float, bool) for v in values):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
