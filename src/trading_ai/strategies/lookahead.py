"""The look-ahead check: a signal must not change when later bars are taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.parameters import Value
from trading_ai.strategies.base import Strategy, signals_of
from trading_ai.strategies.registry import strategy as find_strategy

_SIGNALS = ("long_entry", "short_entry", "long_exit", "short_exit")


@dataclass(frozen=True)
class LookAhead:
    """A signal that changed when later bars were taken away.

    Attributes:
        signal: which of the four signals.
        bar: the bar whose signal changed.
        n_bars: number of bars that the strategy saw when it gave the other answer.
        with_future: the signal when all bars were there.
        without_future: the signal without the later ones.
    """

    signal: str
    bar: int
    n_bars: int
    with_future: bool
    without_future: bool

    def __str__(self) -> str:
        return (
            f"{self.signal} of bar {self.bar} is {self.with_future} with all bars, but {self.without_future} "
            f"when only the first {self.n_bars} bars are known"
        )


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
        cuts: numbers of bars to keep; by default twelve between a tenth and all but one, and one bar
            after every twelfth signal.

    Returns:
        The first difference found for each signal and cut; empty for a causal strategy.

    Raises:
        StrategyError: there are fewer than 20 bars, or the strategy gives no signal on them, so that
            nothing was tested.
    """
    chosen = find_strategy(strategy)
    n = len(bars)
    if n < 20:
        raise StrategyError("needs at least 20 bars", parameter="bars", value=n)
    values = {name: p.check((parameters or {}).get(name, p.default)) for name, p in chosen.parameters.items()}
    whole = _arrays(chosen, bars, values)
    active = np.flatnonzero(np.any([a for a in whole if a is not None], axis=0))
    if not active.size:
        raise StrategyError(
            "gives no signal on these bars, so the check would prove nothing",
            parameter=chosen.name,
            value=dict(values),
            remedy="Give more bars or other parameters.",
        )
    if cuts is None:
        spread = np.linspace(n // 10 + 1, n - 1, 12).astype(int)
        after_signals = active[:: max(1, active.size // 12)] + 1
        cuts = sorted({int(c) for c in (*spread, *after_signals) if 0 < c < n})
    found = []
    for cut in cuts:
        part = _arrays(chosen, bars.slice(0, cut), values)
        for name, full, short in zip(_SIGNALS, whole, part, strict=True):
            expected = np.zeros(cut, np.bool_) if full is None else full[:cut]
            seen = np.zeros(cut, np.bool_) if short is None else short
            different = np.flatnonzero(expected != seen)
            if different.size:
                i = int(different[0])
                found.append(LookAhead(name, i, cut, bool(expected[i]), bool(seen[i])))
    return found


def _arrays(chosen: Strategy, bars: Bars, values: Mapping[str, Value]) -> tuple[np.ndarray | None, ...]:
    return signals_of(chosen, bars, values).arrays(len(bars), chosen.name)
