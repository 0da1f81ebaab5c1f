"""One option: name, type, unit, default, bounds, help, and where it can be given; the table is in `options`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from trading_ai.errors import ParameterError, did_you_mean

Group = Literal["backtest", "sizing", "costs", "rules", "optimization", "library", "import", "report"]
"""Where a value is held: `BacktestSpec`, `Sizing`, `Costs`, `ExecutionRules`, `OptimizationSpec`, or nowhere; those of
``import`` are arguments of `read_bars`, those of ``report`` of `read_trades`."""

Kind = Literal[
    "number", "whole", "yes_no", "choice", "text", "texts", "moment", "currency", "dataset", "timeframe", "object"
]
"""Type of a value: ``number`` a float, ``whole`` an int, ``yes_no`` a bool, ``choice`` one of listed words, ``texts``
any number of texts, ``moment`` a date or time in UTC, ``currency`` three capitals, ``dataset`` an id of one,
``timeframe`` such as H1; ``object`` whatever is no single value, such as a search space, and is written by hand."""

Plain: TypeAlias = bool | int | float | str | tuple[str, ...] | None
Given: TypeAlias = Mapping[Group, Mapping[str, Any]]
"""Values by group and field, as `BacktestSpec` and `OptimizationSpec` are made from."""


@dataclass(frozen=True)
class Option:
    """One row of the table.

    Attributes:
        group: where the value is held.
        field: its name there, and in a request.
        kind: its type.
        default: its value when none is given; None for what the help says then.
        help: what it means, for people; a sentence or two.
        unit: unit in words, or "".
        low: smallest allowed value, or None.
        above: what it must be larger than, or None.
        high: largest allowed value, or None.
        choices: the allowed words of a ``choice``, with what each means.
        flag: its flag; "" for the field's name with dashes, "-" for none, otherwise the words as typed.
        off_flag: the flag that says no; "" for ``--no-`` and the flag's name.
        named_by: field of the same group whose choices are this one's flags: ``mode`` makes --units, --lots, ....
        follows: field of the same group whose flag, given again, means this one.
        decided: whether the program decides where nobody says; the value it decided is part of what is reproduced.
        api: its field in a request; "" for the same, "-" for none.
        api_high: largest value that a request may send, where that is less than `high`.
        max_length: longest text that a request may send.
        max_items: most texts that a request may send.
        each_window: whether a walk-forward takes it too.
        library: argument of ``ta.sweep``, ``ta.backtest`` and ``ta.make_evaluator``, or "".
        without: why it has no flag, or no field in a request.
    """

    group: Group
    field: str
    kind: Kind
    default: Plain
    help: str
    unit: str = ""
    low: float | None = None
    above: float | None = None
    high: float | None = None
    choices: Mapping[str, str] | None = None
    flag: str = ""
    off_flag: str = ""
    named_by: str = ""
    follows: str = ""
    decided: bool = False
    api: str = ""
    api_high: float | None = None
    max_length: int = 500
    max_items: int = 50
    each_window: bool = False
    library: str = ""
    without: str = ""

    @property
    def has_flag(self) -> bool:
        """Whether a flag sets it, or an argument of a command."""
        return self.flag != "-"

    @property
    def in_api(self) -> bool:
        """Whether a request may hold it."""
        return self.api != "-"

    @property
    def shown_flag(self) -> str:
        """The flag as users type it."""
        return self.flag or "--" + self.field.replace("_", "-")

    @property
    def shown_off_flag(self) -> str:
        """The flag that says no, of a ``yes_no``."""
        return self.off_flag or "--no-" + self.shown_flag.removeprefix("--")

    @property
    def api_name(self) -> str:
        """The field of a request."""
        return self.api or self.field

    @property
    def bounds(self) -> str:
        """The allowed values in words, or ""."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.high is not None and self.above is not None:
            return f"above {self.above:g}, at most {self.high:g}"
        if self.above is not None:
            return f"above {self.above:g}"
        return "" if self.low is None else f"at least {self.low:g}"

    @property
    def described(self) -> str:
        """The help with unit and bounds."""
        details = ", ".join(filter(None, (self.unit, "" if self.choices else self.bounds)))
        meanings = ", ".join(f"{word}: {meaning}" for word, meaning in (self.choices or {}).items())
        return self.help + (f" {meanings}." if meanings else "") + (f" ({details})" if details else "")

    def plain(self, value: Any) -> Plain:
        """A value as users type it: what was read from a text (an objective, say) as that text."""
        if value is not None and self.kind == "text":
            return str(value)
        return tuple(map(str, value)) if self.kind == "texts" else value

    def check(self, value: Any) -> None:
        """Check a number or a choice against the table.

        Raises:
            ParameterError: it is not finite, out of bounds, or none of the choices.
        """
        if value is None:
            return
        if self.kind == "choice" and value not in (self.choices or ()):
            raise ParameterError(
                f"must be one of {self.bounds}",
                parameter=self.field,
                value=value,
                remedy=did_you_mean(value, self.choices or ()).rstrip(),
            )
        if self.kind not in {"number", "whole"}:
            return
        if not math.isfinite(value):
            raise ParameterError("must be a finite number", parameter=self.field, value=value)
        too_low = (self.low is not None and value < self.low) or (self.above is not None and value <= self.above)
        if too_low or (self.high is not None and value > self.high):
            raise ParameterError(f"must be {self.bounds}", parameter=self.field, value=value)


READING_OPTIONS = (
    "timezone", "repair", "price_scale", "side", "format", "date_format", "delimiter", "decimal", "columns",
    "spread_unit", "member", "ticker", "ask", "stamped",
)  # fmt: skip
"""Options of an import that say how a file is read; what the symbol is, a dataset that grows says itself."""
