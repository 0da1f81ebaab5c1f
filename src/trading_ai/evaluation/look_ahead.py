"""The look-ahead check of what a search tries: the strategy on the bars that it sees, with values that are searched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from trading_ai.engine.rules import EXIT_PARAMETERS
from trading_ai.errors import StrategyError
from trading_ai.evaluation.hosted_look_ahead import check_hosted
from trading_ai.evaluation.ports import Evaluator
from trading_ai.market.bars import Bars
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.base import Declared, Strategy
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.lookahead import LookAheadCheck, check_look_ahead, joined_checks

_MOST_SETS = 24
"""Sets of parameters that are tried of one search."""
_MOST_OF_AN_AXIS = 8


def look_ahead_of(
    evaluator: Evaluator, combinations: Iterable[Combination], *, seconds: float | None = None, strict: bool = False
) -> LookAheadCheck:
    """Check the signals of some combinations, each on the bars that the strategy sees with it.

    Args:
        evaluator: what evaluates them.
        combinations: combinations of its space.
        seconds: stop after so long; None for as long as it takes, see `check_look_ahead`.
        strict: raise what the strategy raises.

    Returns:
        What was found; of a strategy that makes its trades elsewhere, or raises on these bars, that nothing was
        compared.

    Raises:
        StrategyError: only if wanted: it raises on these bars, or there are too few of them.
    """
    chosen = evaluator.strategy
    if not isinstance(chosen, Strategy | Hosted):
        return joined_checks(())
    by_bars: dict[int, tuple[Bars, list[dict[str, Value]]]] = {}
    for combination in combinations:
        bars = evaluator.strategy_bars(combination)
        given = evaluator.fixed | combination
        if chosen.broken_rule(given):
            continue
        own = {name: given[name] for name in chosen.parameters if name in given}
        sets = by_bars.setdefault(id(bars), (bars, []))[1]
        if own not in sets:
            sets.append(own)
    checks = []
    for bars, sets in by_bars.values():
        try:
            share = None if seconds is None else seconds / len(by_bars)
            if isinstance(chosen, Hosted):
                checks.append(check_hosted(chosen, bars, evaluator.account, sets, seconds=share))
            else:
                checks.append(check_look_ahead(chosen, bars, sets, seconds=share))
        except StrategyError:  # it raises, or there are too few bars: its trials will say so
            if strict:
                raise
    return joined_checks(checks)


def telling_combinations(chosen: Declared, space: SearchSpace, keeps_rules: Sequence[int]) -> Iterator[Combination]:
    """Combinations that show what a search tries: some of those given, and every axis at its ends and between.

    A look ahead may hide behind one value of one parameter, so each axis is moved by itself, through all of its values
    where these are few.

    Args:
        chosen: the strategy.
        space: the search space.
        keeps_rules: indices of some combinations that keep all rules, in the order in which they are wanted.
    """
    made = 0
    base = None
    for index in keeps_rules:
        base = space.combination(int(index))
        made += 1
        yield base
    if base is None:
        return
    exits = EXIT_PARAMETERS.keys() - chosen.parameters.keys()  # signals do not depend on them
    for axis in space.axes:
        if axis.name in exits:
            continue
        n = len(axis)
        places = range(n) if n <= _MOST_OF_AN_AXIS else (0, n // 2, n - 1)
        for place in places:
            if made >= _MOST_SETS:
                return
            made += 1
            yield base | {axis.name: axis.values[place]}
