"""Find strategies: the built-in ones, those of installed packages, and a user's own file.

Other packages publish strategies under the entry-point group ``trading_ai.strategies``.
"""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from trading_ai.errors import StrategyError, did_you_mean
from trading_ai.strategies.base import Declared, Strategy
from trading_ai.strategies.bundled import Unopened, is_bundle, open_bundle
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.hosted import find_hosted
from trading_ai.strategies.one_of import OneOf
from trading_ai.strategies.replay import Replay
from trading_ai.strategies.user_file import classes_in, load_file

ENTRY_POINT_GROUP = "trading_ai.strategies"

_BUILT_IN = {
    "sma_crossover": ("trading_ai.strategies.sma_crossover", "SmaCrossover"),
    "rsi_reversal": ("trading_ai.strategies.rsi_reversal", "RsiReversal"),
    "donchian_breakout": ("trading_ai.strategies.donchian_breakout", "DonchianBreakout"),
    "bollinger_reversal": ("trading_ai.strategies.bollinger_reversal", "BollingerReversal"),
    "macd": ("trading_ai.strategies.macd_cross", "MacdCross"),
    "supertrend": ("trading_ai.strategies.supertrend", "Supertrend"),
}

_TRADES = "replay"
"""Name of the strategy that replays a list of trades, see `trading_ai.strategies.replay`."""


@cache
def _published() -> dict[str, type[Strategy | EventStrategy]]:
    found: dict[str, type[Strategy | EventStrategy]] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        loaded = point.load()
        found[point.name] = _checked(loaded, point.value)
    return found


def _checked(candidate: object, source: str) -> type[Strategy | EventStrategy]:
    if not (inspect.isclass(candidate) and issubclass(candidate, Strategy | EventStrategy)):
        raise StrategyError(
            "must be a class that derives from trading_ai.Strategy or trading_ai.EventStrategy",
            parameter="strategy", value=source,
        )  # fmt: skip
    if inspect.isabstract(candidate):
        method = "signals(self, bars, ...)" if issubclass(candidate, Strategy) else "on_bar(self, ctx)"
        raise StrategyError(f"must define {method}", parameter="strategy", value=source)
    return candidate


def strategies() -> dict[str, type[Strategy | EventStrategy]]:
    """Every known strategy class by name: built in first, then published by installed packages.

    Raises:
        StrategyError: a published strategy is not one.
    """
    known: dict[str, type[Strategy | EventStrategy]] = {
        name: getattr(importlib.import_module(module), cls) for name, (module, cls) in _BUILT_IN.items()
    }
    return known | _published()


def is_built_in(name: str) -> bool:
    """Whether a strategy is one of this package, rather than a user's code."""
    return all(part in _BUILT_IN or part == _TRADES for part in parts_of(name))


def parts_of(name: str) -> tuple[str, ...]:
    """The strategies that a name joins by ``+``: one, unless any of several may be searched, see `one_of`."""
    if "+" not in name or Path(name.rpartition(":")[0] if ".py:" in name else name).exists():
        return (name,)
    return tuple(part.strip() for part in name.split("+"))


ELSEWHERE = "imported"
"""What stands for the strategy of an optimization that was made elsewhere."""


def is_path(name: str) -> bool:
    """Whether what a user typed for a strategy names a file or a folder."""
    if is_bundle(name):
        return False
    path = name.rpartition(":")[0] if ".py:" in name else name
    return path.endswith((".py", ".toml", ".json")) or "/" in path or "\\" in path


def strategy(name: str | Declared | type[Strategy | EventStrategy]) -> Declared:
    """Make a strategy from its name, from ``path/to/file.py:Class`` (or the file's only strategy), or a class.

    Names joined by ``+`` are one strategy, with the parameter `strategy` that says which of them, see `one_of`.

    A path may also name what an installed runner runs, see `trading_ai.strategies.hosted`.

    Raises:
        StrategyError: there is no such strategy, or its file cannot be run; the message says which are known
            or what went wrong.
    """
    if isinstance(name, Declared):
        return name
    if inspect.isclass(name):
        return _checked(name, name.__name__)()
    if name in _BUILT_IN:
        module, cls = _BUILT_IN[name]
        made: Strategy = getattr(importlib.import_module(module), cls)()
        return made
    if name == _TRADES:
        return Replay()
    parts = parts_of(name)
    if len(parts) > 1:
        if any(map(is_bundle, parts)):  # a process that runs no code could not join them
            raise StrategyError(
                "is published, and cannot be one of several", parameter="strategy", value=name,
                remedy="Give their files, or search each by itself.",
            )  # fmt: skip
        return OneOf([strategy(part) for part in parts])
    if name == ELSEWHERE:
        raise StrategyError(
            "was optimized on another platform, and nothing of it can be run here", parameter="strategy", value=name,
            remedy="Its passes were judged when they were imported",
        )  # fmt: skip
    if is_bundle(name):
        opened = open_bundle(name)
        return opened if isinstance(opened, Unopened) else strategy_at(*opened)
    path, _, class_name = name.rpartition(":") if ".py:" in name else (name, "", "")
    if is_path(name):
        return strategy_at(Path(path), class_name)
    published = _published()
    if name in published:
        return published[name]()
    known = [*_BUILT_IN, _TRADES, *published]
    raise StrategyError(
        "is not a known strategy",
        parameter="strategy",
        value=name,
        remedy=did_you_mean(name, known)
        + "Known: "
        + ", ".join(known)
        + "; or give a file as path/to/file.py:ClassName, or a published one as bundle:NAME",
    )


def strategy_at(path: Path, class_name: str = "") -> Declared:
    """The strategy of a file or a folder.

    Args:
        path: where it lies.
        class_name: which of its classes; "" for its only one.

    Raises:
        StrategyError: there is none, or it cannot be run.
    """
    hosted = find_hosted(path, class_name) if path.exists() else None
    return _from_file(path, class_name)() if hosted is None else hosted


def signal_strategy(name: str | Declared | type[Strategy]) -> Strategy:
    """The same of a strategy that gives signals.

    Raises:
        StrategyError: it places its own orders.
    """
    chosen = strategy(name)
    if not isinstance(chosen, Strategy):
        raise StrategyError("gives no signals: it places its own orders", parameter="strategy", value=chosen.name)
    return chosen


def classes_of(path: Path) -> dict[str, type[Strategy | EventStrategy]]:
    """The strategy classes that a Python file itself defines, by name.

    Raises:
        StrategyError: there is no such file, or it cannot be run.
    """
    found = classes_in(load_file(path, "strategy"), Strategy, EventStrategy)
    return {name: kind for name, kind in found.items() if not inspect.isabstract(kind)}


def _from_file(path: Path, class_name: str) -> type[Strategy | EventStrategy]:
    classes = classes_of(path)
    if class_name:
        if class_name not in classes:
            raise StrategyError(
                f"the file has no strategy class {class_name}",
                parameter="strategy",
                value=str(path),
                remedy=did_you_mean(class_name, classes)
                + "It has: "
                + (", ".join(classes) or "none (derive a class from trading_ai.Strategy or trading_ai.EventStrategy)"),
            )
        return classes[class_name]
    if len(classes) != 1:
        raise StrategyError(
            f"the file has {len(classes)} strategy classes",
            parameter="strategy",
            value=str(path),
            remedy="Name one: " + ", ".join(f"{path}:{c}" for c in classes)
            if classes
            else "Derive one from trading_ai.Strategy or trading_ai.EventStrategy",
        )
    return next(iter(classes.values()))
