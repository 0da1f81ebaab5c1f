"""The modules that robots import, given to each robot alone: nothing of them appears in ``sys.modules``.

A robot's files are run anew for every run, so that nothing that one run leaves behind decides another; they are read
and compiled once. ``api`` stands in the globals of each of its modules.
"""

from __future__ import annotations

import builtins
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from typing_extensions import override

from trading_ai.errors import StrategyError
from trading_ai.runners.cbot.enums import ENUMS
from trading_ai.runners.cbot.positions import PendingOrder, Position, TradeOperation, TradeResult
from trading_ai.runners.cbot.series import Bar, DataSeries, Functions, RobotBars, TimeFrame
from trading_ai.runners.cbot.system import DateTime, Delegate, TimeSpan, Uri
from trading_ai.runners.cbot.unsupported import ROBOT_MARK, Ignored, unsupported

_SEED = 0
"""Seed of what a robot draws by ``random``: the same run gives the same trades."""

_DRAWN = (
    "Color", "Chart", "ChartObject", "ChartText", "ChartStaticText", "ChartTrendLine", "ChartHorizontalLine",
    "ChartVerticalLine", "ChartRectangle", "Thickness", "FontWeight", "FontStyle", "SoundType", "Button", "TextBlock",
    "Border", "Grid", "StackPanel", "Canvas", "Style",
)  # fmt: skip
"""Names of the platform that draw or ring."""

_API_NAMES: dict[str, Any] = {
    **ENUMS, **{name: Ignored() for name in _DRAWN},
    "Functions": Functions, "TimeFrame": TimeFrame, "TradeResult": TradeResult, "TradeOperation": TradeOperation,
    "Position": Position, "PendingOrder": PendingOrder, "Bar": Bar, "Bars": RobotBars, "DataSeries": DataSeries,
    "IndicatorDataSeries": DataSeries,
}  # fmt: skip
_SYSTEM_NAMES: dict[str, Any] = {
    "TimeSpan": TimeSpan, "DateTime": DateTime, "Action": Delegate, "Func": Delegate, "EventHandler": Delegate,
    "Uri": Uri, "Int32": int, "Int64": int, "Double": float, "String": str, "Boolean": bool, "Object": object,
    "Math": math,
}  # fmt: skip


@dataclass(frozen=True)
class Code:
    """A compiled file of a robot.

    Attributes:
        path: where it lies.
        code: what is run.
    """

    path: Path
    code: CodeType

    @classmethod
    def read(cls, path: Path) -> Code:
        """Read and compile a file.

        Raises:
            StrategyError: it cannot be read, or is no Python.
        """
        try:
            return cls(path, compile(path.read_bytes(), str(path), "exec", dont_inherit=True))
        except (OSError, SyntaxError, ValueError) as error:
            raise StrategyError(
                f"the file could not be run: {type(error).__name__}: {error}", parameter="strategy", value=str(path)
            ) from error


class _Given(ModuleType):
    """A module of the platform; a name that it does not have is refused."""

    def __init__(self, name: str, names: Mapping[str, Any], **extra: Any) -> None:
        super().__init__(name)
        self.__dict__.update({**names, **extra})
        self.__dict__["__all__"] = [key for key in (*names, *extra) if not key.startswith("_")]

    @override
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        unsupported(f"{self.__name__}.{name}")


class Modules:
    """The modules of one run.

    Args:
        files: the robot's own files by module name.
        api: what stands as ``api`` in each of them.
    """

    def __init__(self, files: Mapping[str, Code], api: Any) -> None:
        self._files, self._api = files, api
        algo = _Given("cAlgo", {})
        parts = {
            "clr": _Given("clr", {"AddReference": _ignore, "AddReferenceToFile": _ignore}),
            "cAlgo": algo,
            "cAlgo.API": _Given("cAlgo.API", _API_NAMES),
            "cAlgo.API.Internals": _Given("cAlgo.API.Internals", _API_NAMES),
            "cAlgo.API.Indicators": _Given("cAlgo.API.Indicators", _API_NAMES),
            "cAlgo.API.Collections": _Given("cAlgo.API.Collections", {}),
            "System": _Given("System", _SYSTEM_NAMES),
            "random": _seeded_random(),
        }
        for name, part in parts.items():
            above, _, own = name.rpartition(".")
            if above:
                parts[above].__dict__[own] = part
        self._made: dict[str, ModuleType] = dict(parts)
        if "robot_wrapper" not in files:
            self._made["robot_wrapper"] = _Given("robot_wrapper", wrappers(api))

    def run(self, name: str) -> dict[str, Any]:
        """Run one of the robot's files; returns its globals."""
        file = self._files[name]
        module = ModuleType(name)
        names = vars(module)
        self._made[name] = module
        names.update(
            {
                ROBOT_MARK: True, "__file__": str(file.path), "api": self._api,
                "__builtins__": {**vars(builtins), "__import__": self.import_, "print": self.print_},
            }
        )  # fmt: skip
        exec(file.code, names)
        return names

    def print_(self, *words: Any, sep: str | None = " ", file: Any = None, **rest: Any) -> None:
        """``print`` as a robot's files see it: into the run's log, unless they name a file."""
        if file is None:
            self._api.Print((" " if sep is None else sep).join(map(str, words)))
        else:
            print(*words, sep=sep, file=file, **rest)

    def import_(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: Sequence[str] | None = (), level: int = 0  # noqa: A002
    ) -> ModuleType:  # fmt: skip
        """``import`` as a robot's files see it: the platform's modules and their own first, then all others."""
        top = name.partition(".")[0]
        if name in self._files and name not in self._made:
            self.run(name)
        if name in self._made:
            return self._made[name] if fromlist else self._made[top]
        if top in self._made and isinstance(self._made[top], _Given):
            unsupported(f"the module {name}")
        return builtins.__import__(name, globals, locals, fromlist or (), level)


def _ignore(*_: Any) -> None:
    pass


def _seeded_random() -> ModuleType:
    """The module ``random`` with a generator of its own, which begins the same in every run."""
    generator = random.Random(_SEED)
    drawn = {name: getattr(generator, name) for name in dir(generator) if not name.startswith("_")}
    made = ModuleType("random")
    made.__dict__.update({**vars(random), **drawn})
    return made


def wrappers(api: Any) -> dict[str, Callable[..., Any]]:
    """The functions of ``robot_wrapper``, for a folder that does not hold that file."""

    def execute_market_order(
        trade_side: Any, symbol_name: Any, volume: float, label: Any = None, stop_loss_pips: Any = None,
        take_profit_pips: Any = None, comment: Any = None, has_trailing_stop: bool = False,
        stop_loss_trigger_method: Any = None,
    ) -> Any:  # fmt: skip
        return api.ExecuteMarketOrder(
            trade_side, symbol_name, volume, label, stop_loss_pips, take_profit_pips, comment, has_trailing_stop,
            stop_loss_trigger_method,
        )  # fmt: skip

    def close_position(position: Any, volume: float | None = None) -> Any:
        return api.ClosePosition(position, volume)

    def modify_position(
        position: Any, volume: float | None = None, stop_loss: Any = None, take_profit: Any = None,
        has_trailing_stop: Any = None, stop_loss_trigger_method: Any = None,
    ) -> Any:  # fmt: skip
        if volume is not None and stop_loss is None and take_profit is None:
            return position.ModifyVolume(volume)
        return api.ModifyPosition(position, stop_loss, take_profit, has_trailing_stop, stop_loss_trigger_method)

    def place(request: str) -> Callable[..., Any]:
        def asked(
            trade_side: Any, symbol_name: Any, volume: float, target_price: float, label: Any = None,
            stop_loss: Any = None, take_profit: Any = None, expiration: Any = None, comment: Any = None,
            has_trailing_stop: bool = False, *methods: Any,
        ) -> Any:  # fmt: skip
            return getattr(api, request)(
                trade_side, symbol_name, volume, target_price, label, stop_loss, take_profit, expiration, comment,
                has_trailing_stop, *methods,
            )  # fmt: skip

        return asked

    return {
        "execute_market_order": execute_market_order, "close_position": close_position,
        "modify_position": modify_position, "place_limit_order": place("PlaceLimitOrder"),
        "place_stop_order": place("PlaceStopOrder"),
    }  # fmt: skip
