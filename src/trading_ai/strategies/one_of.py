"""One of several strategies: which of them is a parameter, and searched like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import override

from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Declared, Parameter, Signals, Strategy, signals_of

WHICH = "strategy"
"""The parameter that says which."""


class OneOf(Strategy):
    """Several strategies as one: its parameter `strategy` names the one that gives the signals.

    The parameters of each bear its name in front: ``fast`` of ``sma_crossover`` is ``sma_crossover_fast``. The rules of
    all of them hold.

    Args:
        members: the strategies, at least two, each of another name.

    Raises:
        StrategyError: there are fewer, two have one name, or one places its own orders.
    """

    name = "one_of"

    def __init__(self, members: Sequence[Declared]) -> None:
        self.members: dict[str, Strategy] = {}
        for each in members:
            if not isinstance(each, Strategy):
                raise StrategyError("gives no signals: it places its own orders", parameter=WHICH, value=each.name)
            if each.name in self.members:
                raise StrategyError("is named twice", parameter=WHICH, value=each.name)
            self.members[each.name] = each
        if len(self.members) < 2:
            raise StrategyError("needs at least two strategies", parameter=WHICH, value=", ".join(self.members))
        names = tuple(self.members)
        which = Parameter(names[0], description="which strategy gives the signals", kind="choice", choices=names)
        declared = {WHICH: replace(which, name=WHICH)}
        rules: list[tuple[str, str]] = []
        for name, each in self.members.items():
            for own, parameter in each.parameters.items():
                declared[f"{name}_{own}"] = replace(parameter, name=f"{name}_{own}")
            rules += [(f"{name}_{low}", f"{name}_{high}") for low, high in each.rules]
        # Of this object and not of its class, which declares nothing itself.
        vars(self).update(name="+".join(names), parameters=declared, rules=tuple(rules))

    @override
    def signals(self, bars: Bars, *_: Any, **parameters: Any) -> Signals:
        """The signals of the strategy that is named, with its own parameters."""
        chosen = self.members[parameters[WHICH]]
        return signals_of(chosen, bars, {own: parameters[f"{chosen.name}_{own}"] for own in chosen.parameters})
