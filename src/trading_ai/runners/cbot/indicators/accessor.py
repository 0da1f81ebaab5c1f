"""``api.Indicators``: finds an indicator in the book, makes sense of its arguments, and gives its outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from trading_ai.errors import did_you_mean
from trading_ai.runners.cbot.enums import Words
from trading_ai.runners.cbot.indicators.book import Entry, Made, On, entries
from trading_ai.runners.cbot.lines import Line
from trading_ai.runners.cbot.series import DataSeries, RedrawnSeries, RobotBars, View
from trading_ai.runners.cbot.unsupported import Ignored, Supported, unsupported

if TYPE_CHECKING:
    from trading_ai.runners.cbot.api import Api


class Indicator(Supported):
    """An indicator: its outputs are attributes."""

    def __init__(self, name: str, made: Made, view: View) -> None:
        self.shown_as = f"{name}()"
        self.Name = name
        for output, line in made.items():
            kind = DataSeries if line.redrawn is None else RedrawnSeries
            setattr(self, output, kind(line, view, f"{name}().{output}"))

    def AddToChart(self, *_: Any) -> Ignored:
        """Draw it; ignored."""
        return Ignored()

    def Calculate(self, *_: Any) -> None:
        """Make its values; they are there already."""


class Indicators(Supported):
    """Makes indicators; what was made for the same bars and arguments is kept for other runs."""

    shown_as = "api.Indicators"

    def __init__(self, api: Api) -> None:
        self._api = api

    @override
    def __getattr__(self, name: str) -> Callable[..., Indicator]:
        if name.startswith("__"):
            raise AttributeError(name)
        entry = entries().get(name)
        if entry is None:
            remedy = did_you_mean(name, entries())
            unsupported(f"api.Indicators.{name}", remedy + "The how-to page lists the indicators that there are.")

        def make(*arguments: Any, **named: Any) -> Indicator:
            return self._make(name, entry, list(arguments), named)

        return make

    def _make(self, name: str, entry: Entry, arguments: list[Any], named: dict[str, Any]) -> Indicator:
        bars = self._api.Bars
        if arguments and isinstance(arguments[0], RobotBars):
            bars = arguments.pop(0)
        view = bars.view
        source = bars.lines[entry.source] if entry.source else None
        given = {key.lower(): value for key, value in named.items()}
        series = given.pop("source", given.pop("price", None))
        if series is None and arguments and isinstance(arguments[0], DataSeries):
            series = arguments.pop(0)
        if series is not None:
            if not entry.source:
                unsupported(f"api.Indicators.{name}() of a series, which it is not made of,")
            source, view = series.line, series.view
        values = self._values(name, entry, arguments, given)
        key = (name, bars.TimeFrame.frame, None if source is None else source.key, tuple(values.values()))
        made = self._api.market.keep(key, lambda: _made(entry, self._on(bars), source, values, key))
        return Indicator(name, made, view)

    def _values(self, name: str, entry: Entry, arguments: list[Any], given: dict[str, Any]) -> dict[str, Any]:
        names = list(entry.parameters)
        if len(arguments) > len(names):
            unsupported(f"api.Indicators.{name}() with {len(arguments)} arguments, of {', '.join(names)},")
        values = dict(entry.parameters)
        values.update(zip(names, arguments, strict=False))
        by_lower = {each.lower(): each for each in names}
        for key, value in given.items():
            if key not in by_lower:
                unsupported(f"api.Indicators.{name}({key}=...)")
            values[by_lower[key]] = value
        for key, value in values.items():
            wanted = entry.parameters[key]
            if isinstance(wanted, int) and not isinstance(value, bool) and isinstance(value, int | float):
                values[key] = int(value)
                if values[key] < (0 if key == "shift" or key.endswith("Shift") else 1):
                    unsupported(f"api.Indicators.{name}({key}={value})")
            elif isinstance(wanted, Words) and not isinstance(value, type(wanted)):
                unsupported(f"api.Indicators.{name}({key}={value!r})")
        return values

    def _on(self, bars: RobotBars) -> On:
        symbol = self._api.account.market_symbol
        return On(**bars.lines, digits=symbol.digits, pip_size=symbol.pip_size)


def _made(entry: Entry, on: On, source: Line | None, values: dict[str, Any], key: Any) -> Made:
    made = entry.function(on, **values) if source is None else entry.function(on, source, **values)
    for output, line in made.items():
        if isinstance(line.key, int):  # not a price series itself
            line.key = (*key, output)
    return made
