"""Names that a strategy's parameters may have.

Three kinds of name are refused where the class is defined, so that nobody finds out at the first sweep:

- what is no name in Python, which neither ``--set NAME=VALUE`` nor a keyword argument could be told;
- what `Strategy` or `signals` itself uses, such as ``bars`` or ``rules``: such a parameter could never be passed;
- what is an option of ``ta.sweep`` and its like, such as ``start`` or ``capital``, or an axis of every search,
  ``symbol`` and ``timeframe``: `sweep(bars, X, start=...)` would set the option and not the parameter.

A class may keep a name of the third kind by naming it in ``reuses_names``; the parameter is then given through
``params=``, and an axis of that name searches the parameter. The exit parameters (``stop_loss``, ``take_profit``, ...)
may be declared again: the strategy then sees them, and sets their default and bounds.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection

from trading_ai.errors import StrategyError
from trading_ai.options import LIBRARY_NAMES

AXIS_NAMES = frozenset({"symbol", "timeframe"})
"""Axes that every search may have without a strategy that declares them."""

_OWN_ARGUMENTS = frozenset({"self", "bars"})


def check_name(owner: str, name: str, reused: Collection[str], attributes: Collection[str]) -> None:
    """Check the name of a declared parameter.

    Args:
        owner: the class that declares it, for the message.
        name: the parameter's name.
        reused: names that the class takes although they are options too.
        attributes: names that every strategy has already.

    Raises:
        StrategyError: the name cannot work.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise StrategyError(
            "is no name that --set or a keyword argument could have", parameter=f"{owner}.{name}",
            remedy="Use letters, digits and underscores.",
        )  # fmt: skip
    if name in attributes or name in _OWN_ARGUMENTS:
        what = "an argument of signals()" if name in _OWN_ARGUMENTS else "an attribute of every strategy"
        raise StrategyError(
            f"is {what}, no parameter can be called so", parameter=f"{owner}.{name}",
            remedy=f"Rename it, to {name}_value say.",
        )  # fmt: skip
    if name in reused:
        return
    if name in LIBRARY_NAMES or name in AXIS_NAMES:
        axis = name in AXIS_NAMES
        what = "an axis of every search" if axis else "an option of ta.sweep and ta.backtest"
        meant = f"the {name} of the bars" if axis else "that and never the parameter"
        keep = "an axis of that name then searches it" if axis else f'it is then given as params={{"{name}": ...}}'
        raise StrategyError(
            f"is the name of {what}: {name}=... would mean {meant}", parameter=f"{owner}.{name}",
            remedy=f'Rename it, or say reuses_names = ("{name}",) in the class: {keep}.',
        )  # fmt: skip
