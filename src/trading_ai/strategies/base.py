"""What a strategy is: declared parameters, and a function from bars to signals.

A strategy of one's own is a class with parameters as class attributes and one method::

    class Momentum(Strategy):
        '''Buy strength, sell weakness.'''

        period = Int(20, 2, 200, unit="bars", description="bars to look back")

        def signals(self, bars, period):
            change = np.full(len(bars), np.nan)
            change[period:] = bars.close[period:] - bars.close[:-period]
            return Signals(long_entry=crossed_above(change, 0.0), short_entry=crossed_below(change, 0.0))

`signals` is called once for each combination of the strategy's own parameters and must be causal: the
signal of bar i may use bars 0..i only (`trading_ai.strategies.lookahead` checks it).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError, StrategyError, did_you_mean
from trading_ai.market.bars import Bars
from trading_ai.parameters import Value
from trading_ai.strategies.names import check_name
from trading_ai.strategies.signals import Crossings, Signals, kind_of

# What the file of a strategy needs, it imports from here.
__all__ = [
    "Bool", "Choice", "Declared", "Float", "Int", "Parameter", "SignalStrategy", "Signals", "Strategy", "signals_of",
]  # fmt: skip

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Parameter:
    """A declared parameter: its default, its bounds and its unit.

    Attributes:
        default: the value used when none is given.
        low: smallest allowed value (inclusive), or None.
        high: largest allowed value (inclusive), or None.
        step: the step a search takes by default.
        unit: unit in words, such as ``bars`` or ``pips``.
        description: one line.
        kind: ``int``, ``float``, ``bool`` or ``choice``.
        choices: the allowed values of a ``choice``.
        name: filled in from the class attribute's name.
    """

    default: Value
    low: float | None = None
    high: float | None = None
    step: float = 1
    unit: str = ""
    description: str = ""
    kind: str = "float"
    choices: tuple[Value, ...] = ()
    name: str = field(default="")

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)

    def check(self, value: Value) -> Value:
        """Return the value in the parameter's own type.

        Raises:
            ParameterError: the value has the wrong type or lies outside the bounds.
        """
        if self.kind in {"choice", "bool"}:
            allowed = self.choices if self.kind == "choice" else (False, True)
            if value not in allowed:
                raise ParameterError(
                    "must be one of " + ", ".join(map(repr, allowed)),
                    parameter=self.name,
                    value=value,
                    own=True,
                    remedy=did_you_mean(value, [v for v in allowed if isinstance(v, str)]).rstrip(),
                )
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise ParameterError("must be a number", parameter=self.name, value=value, own=True)
        if self.kind == "int" and value != int(value):
            raise ParameterError("must be a whole number", parameter=self.name, value=value, own=True)
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise ParameterError(
                f"must lie between {self.low} and {self.high}" + (f" {self.unit}" if self.unit else ""),
                parameter=self.name,
                value=value,
                own=True,
            )
        return int(value) if self.kind == "int" else float(value)


def Int(default: int, low: int, high: int, *, step: int = 1, unit: str = "", description: str = "") -> Any:  # noqa: N802
    """Declare a whole-number parameter."""
    return Parameter(default, low, high, step, unit, description, kind="int")


def Float(  # noqa: N802
    default: float, low: float, high: float, *, step: float = 0.1, unit: str = "", description: str = ""
) -> Any:
    """Declare a decimal parameter."""
    return Parameter(default, low, high, step, unit, description, kind="float")


def Bool(default: bool, *, description: str = "") -> Any:  # noqa: N802
    """Declare a yes/no parameter."""
    return Parameter(default, description=description, kind="bool")


def Choice(default: Value, choices: tuple[Value, ...], *, description: str = "") -> Any:  # noqa: N802
    """Declare a parameter with listed values."""
    return Parameter(default, description=description, kind="choice", choices=choices)


def _names(cls: type) -> tuple[str, ...]:
    """What a class itself says in `reuses_names`; one name needs no tuple."""
    names = vars(cls).get("reuses_names", ())
    if isinstance(names, str):
        return (names,)
    return tuple(names) if isinstance(names, tuple | list | set | frozenset) else ()


class Declared:
    """What declares the parameters that are searched; whatever evaluates it, it is named, bounded and hashed alike.

    Attributes:
        name: the name users type; the class name in snake case unless set.
        parameters: the declared parameters by name, in order of declaration.
        rules: pairs that must hold, such as ``("fast", "slow")`` for fast < slow.
        reuses_names: names of parameters that are names of options too, on purpose; see `strategies.names`.
        data_files: files that the signals depend on besides the bars, relative to the strategy's file: results belong
            to their content as they do to the code.
        has_exit_parameters: whether ``stop_loss`` and the other exit parameters are parameters of it besides its own.

    Raises:
        StrategyError: at its definition, a class declares a parameter under a name that cannot work.
    """

    name: ClassVar[str] = ""
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    rules: ClassVar[tuple[tuple[str, str], ...]] = ()
    reuses_names: ClassVar[tuple[str, ...]] = ()
    data_files: ClassVar[tuple[str, ...]] = ()
    has_exit_parameters: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared: dict[str, Parameter] = {}
        for base in reversed(cls.__mro__):
            declared |= {key: value for key, value in vars(base).items() if isinstance(value, Parameter)}
        reused = {name for base in cls.__mro__ for name in _names(base)}
        for parameter in declared:
            check_name(cls.__name__, parameter, reused, frozenset(dir(Strategy)))
        cls.parameters = declared
        if "name" not in vars(cls):
            cls.name = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")

    def broken_rule(self, parameters: Mapping[str, Value]) -> str:
        """The first rule that these parameters break, in words, or ""."""
        for smaller, larger in self.rules:
            low, high = parameters[smaller], parameters[larger]
            if not float(low) < float(high):
                return f"{smaller} must be below {larger}, but {smaller} is {low:g} and {larger} is {high:g}"
        return ""


class Strategy(Declared, ABC):
    """Base of every strategy that turns bars into signals; see the module's docstring for an example."""

    @abstractmethod
    def signals(self, bars: Bars, *_: Any, **parameters: Any) -> Signals:
        """Decide at each bar's close, from that bar and earlier ones only.

        Args:
            bars: the bars; arrays of shape (n,).
            parameters: one keyword argument for each declared parameter; a strategy names its own instead.

        Returns:
            Boolean arrays of shape (n,).
        """

    def crossings(self, bars: Bars, *_: Any, **columns: Any) -> Crossings | None:  # noqa: ARG002
        """The signals of many combinations at once, where they are crossings of series; None: ask for each by itself.

        A sweep asks here first: an average is then found once for its length and not once for each combination. What
        is given must be what `signals` gives.

        Args:
            bars: the bars; arrays of shape (n,).
            columns: one keyword argument for each declared parameter: its value in each combination, shape (m,).
        """
        return None


def signals_of(chosen: Strategy, bars: Bars, parameters: Mapping[str, Value]) -> Signals:
    """The signals of a strategy.

    Args:
        chosen: the strategy.
        bars: what it sees.
        parameters: a value of each parameter that it declares.

    Raises:
        StrategyError: it returns something else than `Signals`; what it raises itself is not touched.
    """
    made: object = chosen.signals(bars, **parameters)
    if isinstance(made, Signals):
        return made
    raise StrategyError(
        f"signals() must return a Signals object, not {kind_of(made)}", parameter=chosen.name,
        remedy="End it with: return Signals(long_entry=..., short_entry=...), boolean arrays of one value a bar.",
    )  # fmt: skip


class SignalStrategy(Strategy):
    """A strategy whose signals were made elsewhere: ready arrays, no parameters."""

    name = "signals"

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def signals(self, bars: Bars, *_: Any, **parameters: Any) -> Signals:  # noqa: ARG002
        """The arrays given at construction."""
        return self._signals
