"""What evaluators on the bars of one symbol have in common, whatever they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import numpy as np
from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import ExecutionData, prepare
from trading_ai.engine.markets import Markets
from trading_ai.errors import ParameterError
from trading_ai.evaluation.declared import TIMEFRAME, check_axis, resolve_parameters, searches_timeframe
from trading_ai.evaluation.ports import BarsEvaluator, BarsOf, Floats, Indices
from trading_ai.evaluation.signal_bars import SignalBars, signal_bars
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import first_bar
from trading_ai.metrics.annual import years_of
from trading_ai.metrics.benchmark import buy_and_hold
from trading_ai.metrics.ratios import metrics_from_tallies
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.base import Declared

S = TypeVar("S", bound=Declared)


class OneSymbolEvaluator(BarsEvaluator, Generic[S]):
    """Bars, account, days and metrics; what evaluates combinations is left to those that derive from it.

    Args:
        bars: bars that the strategy sees.
        strategy: the strategy.
        space: the search space; its axes must be parameters of the strategy, or `timeframe`: bars are then resampled
            for the strategy, and fills and exits happen on the bars themselves (or on `detail`).
        fixed: values of the other parameters; missing ones take their defaults.
        account: capital, sizing, costs and rules.
        account_currency: currency of the account.
        detail: finer bars of the same symbol on which fills and exits happen, or None.
        conversion_bars: bars that convert profits to the account's currency, where needed.
        day_start: when the day starts that searched timeframes of H2 and longer lie in; None for the symbol's own.
        start: first moment that is traded (UTC), or None; earlier bars are seen by the strategy and not traded.
        n_threads: threads to use.

    Raises:
        InputError: a parameter, rule or cost is impossible; nothing was evaluated.
    """

    period: tuple[str | None, str | None] = (None, None)
    """Start and end to which the backtest's date range is narrowed: never, on one symbol."""

    strategy: S

    def __init__(
        self,
        bars: Bars,
        strategy: S,
        space: SearchSpace,
        fixed: Mapping[str, Value],
        account: Account,
        *,
        account_currency: str = "USD",
        detail: Bars | None = None,
        conversion_bars: Bars | None = None,
        start: str | None = None,
        day_start: str | None = None,
        n_threads: int = 1,
    ) -> None:
        for axis in space.axes:
            check_axis(strategy, axis)
        for name in fixed:
            if name in space.names:
                raise ParameterError("is both fixed and searched", parameter=name, remedy="Leave out one of the two.")
        self.bars, self.strategy, self.space = bars, strategy, space
        self.account_currency, self.n_threads = account_currency, n_threads
        self.fixed = resolve_parameters(strategy, fixed)
        every = prepare(bars if detail is None else detail, account.costs, account_currency, conversion_bars)
        # By the first price of all bars, so that parts of the same data, as in a walk-forward, have the same size.
        self.account = account.sized(every)
        self.markets = Markets(bars, self.account, account_currency, conversion_bars)
        self._position_percent = 100.0 * self.account.first_position(every)
        self._n_every = every.n_bars
        self._first = first_bar(every.bars, start)
        self._searches_timeframe = searches_timeframe(strategy, space)
        frames = next(a.values for a in space.axes if a.name == TIMEFRAME) if self._searches_timeframe else ()
        self._seen = {frame: signal_bars(bars, detail, self._first, str(frame), day_start) for frame in frames}
        self._only_seen = None if frames else signal_bars(bars, detail, self._first)
        self.data: ExecutionData = every.since(self._first)
        self._years = years_of(self.data.bars, self.n_days)
        self._benchmark = buy_and_hold(self.data.bars)

    @property
    @override
    def n_days(self) -> int:
        return int(self.data.day_last_bar.shape[0])

    @property
    @override
    def day_numbers(self) -> Indices:
        return self.data.day_numbers

    @override
    def bars_of(self, combination: Mapping[str, Value]) -> BarsOf:
        return BarsOf(self.bars, self.data.bars)

    @override
    def strategy_bars(self, combination: Mapping[str, Value]) -> Bars:
        return self._seen_by(combination).bars

    @override
    def day_opens(self, day: int) -> int | None:
        ordinal = int(np.searchsorted(self.day_numbers, day))
        if not 0 < ordinal < self.n_days:
            return None
        return int(self.data.bars.open_time_ns[self.data.day_last_bar[ordinal - 1] + 1])

    # --- for those that derive from it ---------------------------------------------------------------

    def _whole(self, combination: Mapping[str, Value]) -> Combination:
        """All parameters of any combination, checked."""
        given = {**self.fixed, **combination}
        frame = {TIMEFRAME: given.pop(TIMEFRAME, "")} if self._searches_timeframe else {}
        return resolve_parameters(self.strategy, given) | frame

    def _seen_by(self, combination: Mapping[str, Value]) -> SignalBars:
        """The bars that the strategy sees with a combination."""
        if self._only_seen is not None:
            return self._only_seen
        frame = combination.get(TIMEFRAME)
        if frame not in self._seen:
            raise ParameterError(
                "is not one of the values of this search space", parameter=TIMEFRAME, value=frame,
                remedy="Searched: " + ", ".join(map(str, self._seen)),
            )  # fmt: skip
        return self._seen[frame]

    def _metrics(self, tallies: Floats) -> Floats:
        """Metrics of combinations, shape (m, n_metrics), from tallies of shape (m, n_tallies)."""
        return metrics_from_tallies(
            tallies,
            capital=self.account.capital,
            n_bars=self.data.n_bars,
            n_days=self.n_days,
            periods_per_year=self._years.periods_per_year,
            years=self._years.years,
            benchmark=self._benchmark,
            position_percent=self._position_percent,
        )
