"""The look-ahead check: a signal must not change when later bars are taken away."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.parameters import Value
from trading_ai.strategies.base import SignalStrategy, Strategy, signals_of
from trading_ai.strategies.cuts import Places
from trading_ai.strategies.cuts import cuts as cuts_of
from trading_ai.strategies.entry_values import DECISIONS, differences, everything_said
from trading_ai.strategies.registry import signal_strategy as find_strategy

_FEWEST_BARS = 20
_SHORT = 2_000
"""Bars of the sample that is cut most often."""
_LONG_NS = 70 * 86400 * 10**9
"""Time that the long sample covers: two ends of a month and ten of a week."""
_MOST_BARS = 16_000_000
"""Bars that a strategy is shown in all, in a check that takes its time: a second or so of array arithmetic."""
_MOST_SECONDS = 20.0
"""Where a strategy loops over its bars in Python, the clock ends the check earlier."""
_MOST_CUTS = 600
_FEWEST_CUTS = 24
_WORTH = 10
"""Cuts of a window that make up for a look at all of it."""
_ENOUGH = 20
"""Differences after which nothing more is to be proven."""

_Arrays = Mapping[str, npt.NDArray[Any]]


class LookAheadWarning(UserWarning):
    """A strategy reads the future: its results could not have been traded."""


@dataclass(frozen=True)
class LookAhead:
    """A signal that changed when later bars were taken away.

    Attributes:
        signal: which of the arrays of `Signals`.
        bar: the bar whose signal changed, counted from the first of the bars given.
        n_bars: number of bars up to the cut.
        with_future: the signal when all bars were there; of a level or a size, whether there was one.
        without_future: the signal without the later ones.
        border: the longest timeframe at whose border the cut lies, or "".
        parameters: the parameters it was found with.
        is_repeatable: False where the signal differs with the very same bars.
    """

    signal: str
    bar: int
    n_bars: int
    with_future: bool
    without_future: bool
    border: str = ""
    parameters: Mapping[str, Value] = field(default_factory=dict, compare=False)
    is_repeatable: bool = True

    def __str__(self) -> str:
        if self.signal not in DECISIONS:
            others = "when only the first" if self.is_repeatable else "in the next run, with the same"
            return f"{self.signal} of bar {self.bar} is another with all bars than {others} {self.n_bars} bars"
        if not self.is_repeatable:
            return (
                f"{self.signal} of bar {self.bar} is {self.with_future} in one run and {self.without_future} in the "
                "next, with the same bars"
            )
        at = f" (at a border of {self.border})" if self.border else ""
        return (
            f"{self.signal} of bar {self.bar} is {self.with_future} with all bars, but {self.without_future} "
            f"when only the first {self.n_bars} bars are known{at}"
        )


@dataclass(frozen=True)
class LookAheadCheck:
    """What the check found.

    Attributes:
        n_cuts: cuts at which the signals were compared to those with all bars, over all sets of parameters.
        n_different: of these, cuts at which a signal differed.
        n_sets: sets of parameters that gave signals, without which nothing is compared.
        borders: of the cuts, how many lie at a border of each longer timeframe, one bar before or one after.
        found: the first differences, at most twenty.
    """

    n_cuts: int
    n_different: int
    n_sets: int
    borders: Mapping[str, int]
    found: tuple[LookAhead, ...]

    def __str__(self) -> str:
        if not self.n_cuts:
            return "not checked: no signals to compare"
        sets = f" with {self.n_sets:,} sets of parameters" if self.n_sets > 1 else ""
        at = f", at borders of {', '.join(self.borders)}" if self.borders else ""
        if not self.found:
            return f"no signal changed at {self.n_cuts:,} cuts{sets}{at}"
        return f"signals changed at {self.n_different:,} of {self.n_cuts:,} cuts{sets}: {self.found[0]}"


def joined_checks(checks: Iterable[LookAheadCheck]) -> LookAheadCheck:
    """Several checks as one."""
    every, borders = list(checks), Counter[str]()
    for each in every:
        borders.update(each.borders)
    return LookAheadCheck(
        sum(each.n_cuts for each in every),
        sum(each.n_different for each in every),
        sum(each.n_sets for each in every),
        dict(borders),
        tuple(difference for each in every for difference in each.found)[:_ENOUGH],
    )


class _Sample:
    """Some of the bars, with the signals of one set of parameters on all of them."""

    def __init__(self, bars: Bars, first: int, chosen: Strategy, values: Mapping[str, Value]) -> None:
        self.bars, self.first, self._chosen, self.values = bars, first, chosen, values
        self.whole = self._signals(bars)
        given = [a for a in self.whole.values() if a.dtype == np.bool_]
        self.active = np.flatnonzero(np.any(given, axis=0))

    def _signals(self, bars: Bars) -> _Arrays:
        # A new one each time: what a strategy keeps of one run must not help it in the next.
        fresh = type(self._chosen)
        made = self._chosen
        with suppress(TypeError):  # one that needs arguments cannot be made again
            made = fresh()
        return everything_said(signals_of(made, bars, self.values), bars, self._chosen.name)

    def compare(self, cut: int, border: str = "") -> list[LookAhead]:
        """The first bar of each signal that differs when only so many bars are known."""
        part = self._signals(self.bars if cut == len(self.bars) else self.bars.slice(0, cut))
        found = []
        for name, i, before, after in differences(self.whole, part, cut):
            where = (self.first + i, self.first + cut)
            found.append(LookAhead(name, *where, before, after, border, dict(self.values), cut < len(self.bars)))
        return found


def find_look_ahead(
    strategy: str | Strategy | type[Strategy],
    bars: Bars,
    parameters: Mapping[str, Value] | None = None,
    cuts: Sequence[int] | None = None,
) -> list[LookAhead]:
    """Re-run a strategy on cut data; signals of the bars that remain must not change.

    Args:
        strategy: a strategy, its class, its name, or ``file.py:Class``.
        bars: bars to try it on; a few hundred that produce signals are enough.
        parameters: the strategy's parameters; missing ones take their defaults.
        cuts: numbers of bars to keep; by default hundreds: after signals, and at, before and after the borders of
            every longer timeframe, see `check_look_ahead`, which also says how many.

    Returns:
        The first difference found for each signal and cut; empty for a causal strategy.

    Raises:
        StrategyError: there are fewer than 20 bars, or the strategy gives no signal on them, so that
            nothing was tested.
    """
    if cuts is None:
        found = check_look_ahead(strategy, bars, [parameters or {}])
        if not found.n_sets:
            raise _proves_nothing(find_strategy(strategy).name, parameters or {})
        return list(found.found)
    chosen = find_strategy(strategy)
    _require_bars(bars)
    sample = _Sample(bars, 0, chosen, _values(chosen, parameters or {}))
    if not sample.active.size:
        raise _proves_nothing(chosen.name, sample.values)
    return [difference for cut in cuts for difference in sample.compare(int(cut))]


def check_look_ahead(
    strategy: str | Strategy | type[Strategy],
    bars: Bars,
    parameters: Iterable[Mapping[str, Value]] = ({},),
    *,
    seconds: float | None = None,
    most_bars: int = _MOST_BARS,
    clock: Callable[[], float] = time.perf_counter,
) -> LookAheadCheck:
    """Re-run a strategy on bars that are cut in many places; signals of the bars that remain must not change.

    The bars are cut after signals, at, one bar before and one bar after the borders of every longer timeframe (M5 to
    W1 and months, on the grid of the market's day and that of UTC), and anywhere: of two thousand bars most often, of
    seventy days and of all bars as far as `most_bars` and `seconds` allow. A cut so short that the strategy raises is
    passed over.

    Args:
        strategy: a strategy, its class, its name, or ``file.py:Class``.
        bars: bars to try it on, at least 20.
        parameters: sets of the strategy's parameters to try, in turn; missing ones take their defaults. A look ahead
            may hide behind a parameter.
        seconds: stop so long after the strategy's first run, or twice as long if that is too short for a few cuts; None
            for as long as it takes (a second or so, more only for slow strategies).
        most_bars: bars that the strategy is shown in all, about.
        clock: seconds of a steady clock.

    Raises:
        StrategyError: there are fewer than 20 bars, or the strategy raises with each set of parameters.
        ParameterError: a parameter is unknown or out of bounds.
    """
    chosen = find_strategy(strategy)
    _require_bars(bars)
    sets = [_values(chosen, given) for given in parameters]
    if isinstance(chosen, SignalStrategy):
        return LookAheadCheck(0, 0, 0, {}, ())  # signals made elsewhere cannot be made again
    run = _Run(chosen, bars, _Budget(most_bars, _MOST_SECONDS if seconds is None else seconds, clock))
    turns = [run.one_set(values) for values in sets]
    while turns and not run.is_over:
        # In turn, so that every set of parameters gets its share of the time.
        turns = [each for each in turns if not run.is_over and next(each, _END) is not _END]
    if run.failures and not run.sets and len(run.failures) >= len(sets):
        first = run.failures[0]
        raise StrategyError(
            f"raises {type(first).__name__}: {first}", parameter=chosen.name, value=dict(sets[0])
        ) from first
    return LookAheadCheck(run.n_cuts, run.n_different, len(run.sets), dict(run.borders), tuple(run.found[:_ENOUGH]))


_END = object()


class _Budget:
    """How much may be done yet.

    Args:
        bars: bars that the strategy may be shown.
        seconds: time from the end of its first run on, whose imports and compilation are no measure.
        clock: seconds of a steady clock.
    """

    def __init__(self, bars: int, seconds: float, clock: Callable[[], float]) -> None:
        self._bars, self._seconds, self._clock = bars, seconds, clock
        self._until: float | None = None
        self._shown, self._spent = 0, 0.0

    @contextmanager
    def showing(self, bars: int) -> Iterator[None]:
        """Count bars that the strategy is shown, and the time that it takes."""
        began = self._clock()
        try:
            yield
        finally:
            self._bars -= bars
            now = self._clock()
            if self._until is None:
                self._until = now + self._seconds
            else:
                self._shown, self._spent = self._shown + bars, self._spent + now - began

    def affords(self, bars: int) -> bool:
        """Whether so many bars more can be shown, at the pace so far."""
        if self._until is None:
            return True
        pace = self._spent / self._shown if self._shown else 0.0
        return bars <= self._bars and self._clock() + pace * bars < self._until

    @property
    def is_spent(self) -> bool:
        """Whether nothing more can be done."""
        return self._bars <= 0 or (self._until is not None and self._clock() >= self._until)

    @property
    def is_overdrawn(self) -> bool:
        """Whether twice the time has passed."""
        return self._bars <= 0 or (self._until is not None and self._clock() >= self._until + self._seconds)


class _Run:
    """One check: what was compared so far.

    Args:
        chosen: the strategy.
        bars: all bars.
        budget: how much may be done.
    """

    def __init__(self, chosen: Strategy, bars: Bars, budget: _Budget) -> None:
        self._chosen, self._budget = chosen, budget
        self._windows = _windows(bars)
        self.n_cuts = self.n_different = 0
        self.borders: Counter[str] = Counter()
        self.found: list[LookAhead] = []
        self.sets: set[tuple[tuple[str, Value], ...]] = set()
        self.failures: list[Exception] = []

    @property
    def is_over(self) -> bool:
        """Whether enough is known, or no time is left; a slow strategy is given more for a few cuts."""
        spent = self._budget.is_spent if self.n_cuts >= _FEWEST_CUTS else self._budget.is_overdrawn
        return spent or len(self.found) >= _ENOUGH

    def one_set(self, values: Mapping[str, Value]) -> Iterator[None]:
        """Compare with one set of parameters, a step at a time: some cuts of each window, then all of them in turn."""
        running: list[Iterator[None]] = []
        for part, first in self._windows:
            # A look at a larger window is worth it where several cuts of it can be made, or nothing is known yet.
            if part is not self._windows[0][0] and not self._budget.affords((_WORTH if running else 1) * len(part)):
                break
            try:
                with self._budget.showing(len(part)):
                    sample = _Sample(part, first, self._chosen, values)
            except Exception as error:  # noqa: BLE001 - a user's code raises what it likes, and on few bars it may
                self.failures.append(error)
                continue
            yield
            if sample.active.size:
                self.sets.add(tuple(sorted(values.items())))
                cutting = self._cut(sample)
                running.append(cutting)
                for _ in range(_WORTH):
                    if next(cutting, _END) is _END:
                        break
                    yield
        while running:
            for each in list(running):
                if next(each, _END) is _END:
                    running.remove(each)
                yield

    def _cut(self, sample: _Sample) -> Iterator[None]:
        """Compare at one cut after the other."""
        n = len(sample.bars)
        with self._budget.showing(n):
            again = sample.compare(n)
        if again:
            self.n_cuts, self.n_different = self.n_cuts + 1, self.n_different + 1
            self.found += again
            return
        yield
        most = min(_MOST_CUTS, max(_MOST_CUTS * _SHORT * 20 // n, _FEWEST_CUTS))
        places = Places(sample.bars)
        for cut in cuts_of(sample.bars, sample.active, min(_FEWEST_BARS, n // 2), most):
            at = places.of(cut)
            try:
                with self._budget.showing(cut):
                    different = sample.compare(cut, at[-1] if at else "")
            except Exception:  # noqa: BLE001 - too few bars for it, and nothing to compare
                continue
            self.n_cuts += 1
            self.borders.update(at)
            if different:
                self.n_different += 1
                self.found += different
            yield


def _windows(bars: Bars) -> list[tuple[Bars, int]]:
    """Two thousand of the bars, seventy days, and all, each with the number of its first bar."""
    n = len(bars)
    long = n - int(np.searchsorted(bars.open_time_ns, bars.open_time_ns[-1] - _LONG_NS))
    sizes = sorted({min(n, _SHORT), min(n, max(long, _SHORT)), n})
    firsts = [(n - size) // 2 if size == sizes[0] else n - size for size in sizes]
    return [
        (bars if size == n else bars.slice(first, first + size), first)
        for size, first in zip(sizes, firsts, strict=True)
    ]


def _values(chosen: Strategy, given: Mapping[str, Value]) -> dict[str, Value]:
    return {name: p.check(given.get(name, p.default)) for name, p in chosen.parameters.items()}


def _require_bars(bars: Bars) -> None:
    if len(bars) < _FEWEST_BARS:
        raise StrategyError(f"needs at least {_FEWEST_BARS} bars", parameter="bars", value=len(bars))


def _proves_nothing(name: str, values: Mapping[str, Value]) -> StrategyError:
    return StrategyError(
        "gives no signal on these bars, so the check would prove nothing",
        parameter=name,
        value=dict(values),
        remedy="Give more bars or other parameters.",
    )
