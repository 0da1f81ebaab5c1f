"""The look-ahead check: a signal must not change when later bars are taken away."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.parameters import Value
from trading_ai.strategies.base import SignalStrategy, Strategy
from trading_ai.strategies.cuts import Places
from trading_ai.strategies.cuts import cuts as cuts_of
from trading_ai.strategies.registry import strategy as find_strategy

_SIGNALS = ("long_entry", "short_entry", "long_exit", "short_exit")
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
_ENOUGH = 20
"""Differences after which nothing more is to be proven."""

_Arrays = tuple[npt.NDArray[np.bool_] | None, ...]


class LookAheadWarning(UserWarning):
    """A strategy reads the future: its results could not have been traded."""


@dataclass(frozen=True)
class LookAhead:
    """A signal that changed when later bars were taken away.

    Attributes:
        signal: which of the four signals.
        bar: the bar whose signal changed, counted from the first of the bars given.
        n_bars: number of bars up to the cut.
        with_future: the signal when all bars were there.
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
        given = [a for a in self.whole if a is not None]
        self.active = np.flatnonzero(np.any(given, axis=0)) if given else np.empty(0, np.int64)

    def _signals(self, bars: Bars) -> _Arrays:
        # A new one each time: what a strategy keeps of one run must not help it in the next.
        fresh = type(self._chosen)
        made = self._chosen
        with suppress(TypeError):  # one that needs arguments cannot be made again
            made = fresh()
        return made.signals(bars, **self.values).arrays(len(bars), self._chosen.name)

    def compare(self, cut: int, border: str = "") -> list[LookAhead]:
        """The first bar of each signal that differs when only so many bars are known."""
        part = self._signals(self.bars if cut == len(self.bars) else self.bars.slice(0, cut))
        found = []
        for name, full, short in zip(_SIGNALS, self.whole, part, strict=True):
            expected = np.zeros(cut, np.bool_) if full is None else full[:cut]
            seen = np.zeros(cut, np.bool_) if short is None else short
            different = np.flatnonzero(expected != seen)
            if different.size:
                i = int(different[0])
                found.append(
                    LookAhead(
                        name, self.first + i, self.first + cut, bool(expected[i]), bool(seen[i]), border,
                        dict(self.values), cut < len(self.bars),
                    )
                )  # fmt: skip
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
        seconds: stop after so long; None for as long as it takes (a second or so, more only for slow strategies).
        most_bars: bars that the strategy is shown in all, about.
        clock: seconds of a steady clock.

    Raises:
        StrategyError: there are fewer than 20 bars, or the strategy raises with each set of parameters.
        ParameterError: a parameter is unknown or out of bounds.
    """
    chosen = find_strategy(strategy)
    _require_bars(bars)
    budget = _Budget(most_bars, clock() + (_MOST_SECONDS if seconds is None else seconds), clock)
    sets = [_values(chosen, given) for given in parameters]
    if isinstance(chosen, SignalStrategy):
        return LookAheadCheck(0, 0, 0, {}, ())  # signals made elsewhere cannot be made again
    tally = _Tally()
    running: list[Iterator[None]] = []
    failures: list[Exception] = []
    windows = _windows(bars)
    for values in sets:
        running += [_run(kept, tally, budget) for kept in _samples(chosen, windows, values, budget, tally, failures)]
    if failures and not tally.sets and len(failures) >= len(sets):
        raise StrategyError(
            f"raises {type(failures[0]).__name__}: {failures[0]}", parameter=chosen.name, value=dict(sets[0])
        ) from failures[0]
    while running and not budget.is_spent and len(tally.found) < _ENOUGH:
        # In turn, so that every set and every sample gets its share of the time.
        running = [each for each in running if not budget.is_spent and next(each, _END) is not _END]
    return LookAheadCheck(
        tally.n_cuts, tally.n_different, len(tally.sets), dict(tally.borders), tuple(tally.found[:_ENOUGH])
    )


_END = object()


class _Tally:
    """What was compared so far."""

    def __init__(self) -> None:
        self.n_cuts = self.n_different = 0
        self.borders: Counter[str] = Counter()
        self.found: list[LookAhead] = []
        self.sets: set[tuple[tuple[str, Value], ...]] = set()


class _Budget:
    """How much may be done yet."""

    def __init__(self, bars: int, until: float, clock: Callable[[], float]) -> None:
        self._bars, self._until, self._clock = bars, until, clock

    def spend(self, bars: int) -> None:
        self._bars -= bars

    def covers(self, bars: int) -> bool:
        """Whether so many bars could still be shown."""
        return bars <= self._bars and not self.is_spent

    @property
    def is_spent(self) -> bool:
        return self._bars <= 0 or self._clock() >= self._until


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


def _samples(
    chosen: Strategy,
    windows: list[tuple[Bars, int]],
    values: Mapping[str, Value],
    budget: _Budget,
    tally: _Tally,
    failures: list[Exception],
) -> list[_Sample]:
    """The windows in which the strategy gives signals, as far as there is time to cut them several times."""
    kept: list[_Sample] = []
    for part, first in windows:
        if kept and not budget.covers(8 * len(part)):
            break
        budget.spend(len(part))
        try:
            sample = _Sample(part, first, chosen, values)
        except Exception as error:  # noqa: BLE001 - a user's code raises what it likes, and on few bars it may
            failures.append(error)
            continue
        if sample.active.size:
            kept.append(sample)
            tally.sets.add(tuple(sorted(values.items())))
        if budget.is_spent:
            break
    return kept


def _run(sample: _Sample, tally: _Tally, budget: _Budget) -> Iterator[None]:
    """Compare at one cut after the other."""
    n = len(sample.bars)
    budget.spend(n)
    if again := sample.compare(n):
        tally.found += again
        tally.n_different += 1
        tally.n_cuts += 1
        return
    yield
    most = _MOST_CUTS if n <= _SHORT else max(_MOST_CUTS * _SHORT * 20 // n, 24)
    places = Places(sample.bars)
    for cut in cuts_of(sample.bars, sample.active, min(_FEWEST_BARS, n // 2), most):
        budget.spend(cut)
        at = places.of(cut)
        try:
            different = sample.compare(cut, at[-1] if at else "")
        except Exception:  # noqa: BLE001 - too few bars for it, and nothing to compare
            continue
        tally.n_cuts += 1
        tally.borders.update(at)
        if different:
            tally.n_different += 1
            tally.found += different
        yield


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
