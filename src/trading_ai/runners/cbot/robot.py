"""A cTrader robot as a strategy of ours: its parameters, what it is made of, and one run of it."""

from __future__ import annotations

import ast
import hashlib
import re
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from trading_ai._syntax import module_tree
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.errors import EvaluationError, StrategyError, TradingAIError
from trading_ai.parameters import Value
from trading_ai.runners.cbot.account import RobotAccount
from trading_ai.runners.cbot.api import Api
from trading_ai.runners.cbot.declaration import SERIES, code_files, read_declaration
from trading_ai.runners.cbot.fitness import fitness_of
from trading_ai.runners.cbot.loop import HANDLERS, Loop
from trading_ai.runners.cbot.market import MODES, Market
from trading_ai.runners.cbot.modules import Code, Modules
from trading_ai.runners.cbot.series import TIMEFRAMES
from trading_ai.runners.cbot.unsupported import ROBOT_MARK, UnsupportedMemberError
from trading_ai.strategies.base import Choice, Parameter
from trading_ai.strategies.hosted import Hosted

VERSION = 1
"""Of this folder's rules: a change that changes a robot's trades changes it, and so the identity of every robot."""

_MOST_LOG = 1_000_000
"""Characters that a run's log keeps."""

TICKS, ACCOUNTING = "ticks", "accounting"
"""Parameters that every robot has besides its own: `market.MODES`, and whether positions are hedged or netted."""


class Robot(Hosted):
    """A robot in a folder.

    Args:
        folder: the folder.
        main: its ``X_main.py``.
        class_name: its class; "" for that which the C# file names, or the first one of the file.

    Raises:
        StrategyError: its files cannot be used.
    """

    def __init__(self, folder: Path, main: Path, class_name: str = "") -> None:
        declaring = code_files(folder)
        declared = read_declaration(declaring)
        self.folder, self.main = folder, main
        self._class_name, self._declared = class_name, declared
        self._files = {path.stem: Code.read(path) for path in sorted(folder.glob("*.py"))}
        decisive = {**declaring, **{path.name: path.read_bytes() for path in folder.glob("*.py")}}
        self._digests = tuple(f"cbot file {name} {_digest(content)}" for name, content in sorted(decisive.items()))
        self.name = re.sub(r"\W+", "_", main.stem.removesuffix("_main")).strip("_").lower() or "robot"  # type: ignore[misc]
        self.__doc__ = _described(main) or f"The cTrader robot {main.stem.removesuffix('_main')}."
        self._engine = declaring.get("Engine.cs", b"").decode("utf-8-sig", "replace")
        parameters: dict[str, Parameter] = dict(declared.parameters)
        parameters[TICKS] = _named(
            TICKS, Choice("ohlc", tuple(MODES), description="prices of a bar that on_tick sees: four, or its open")
        )
        parameters[ACCOUNTING] = _named(
            ACCOUNTING, Choice("hedged", ("hedged", "netted"), description="many positions of a symbol, or one")
        )
        self.parameters = parameters  # type: ignore[misc]

    @override
    def identity_parts(self) -> tuple[str, ...]:
        """A line for each of its files by digest, and the version of this runner."""
        return (f"cbot runner {VERSION}", f"class {self._class_name}", *self._digests)

    @override
    def run(self, request: RunRequest) -> Ran:
        """Trade with one combination of parameters; see `Hosted.run`.

        Raises:
            EvaluationError: the robot raised, with its traceback, or uses what is not supported.
        """
        log = Log()
        mode = str(request.parameters[TICKS])
        seen = request.seen
        market = seen.derived.get(("cbot market", mode))
        if not isinstance(market, Market) or market.data is not request.data:
            market = Market(seen, request.starts, request.data, mode)
            seen.derived[("cbot market", mode)] = market
        account = RobotAccount(market, request.account, request.parameters[ACCOUNTING] == "netted", log.add)
        api = Api(market, account, request.account_currency, self.name, log.add)
        self._give(api, request.parameters)
        try:
            robot = self._make(api)
            Loop(market, account, api, robot, self._is_told()).run()
            if request.account.rules.close_at_end:
                account.close_everything()
            trades = account.trades()
            ran = Ran(
                trades=trades,
                equity=account.equity_curve(trades),
                open_profit=sum(p.GrossProfit + p.Swap for p in account.positions),
                n_skipped=account.n_skipped,
                slippage=account.paid_by_slippage(trades),
                spread=account.paid_by_spread(trades),
                ruined_bar=account.ruined_bar,
            )
            fitness = fitness_of(robot, ran, request, account, log.add)
        except TradingAIError:
            raise
        except NameError as error:
            raise _unknown_name(error, log.text) from error
        except Exception as error:  # whatever a robot raises is its trial's failure
            raise EvaluationError(_told(error, log.text)) from error
        return replace(ran, log=log.text, fitness=fitness)

    def _make(self, api: Api) -> Any:
        """An object of the robot's class, of code that is run anew."""
        names = Modules(self._files, api).run(self.main.stem)
        own = {
            key: value for key, value in names.items()
            if isinstance(value, type) and value.__module__ == self.main.stem
        }  # fmt: skip
        handling = [key for key, value in own.items() if any(hasattr(value, h) for h in HANDLERS)]
        for wanted in (self._class_name, self._declared.class_name):
            if wanted in own:
                return own[wanted]()
            if wanted and wanted == self._class_name:
                raise EvaluationError(f"{self.main.name} has no class {wanted}; it has: {', '.join(own) or 'none'}")
        if not handling:
            raise EvaluationError(
                f"{self.main.name} has no class with one of the handlers {', '.join(HANDLERS)}: there is nothing to run"
            )
        return own[handling[0]]()

    def _give(self, api: Api, parameters: Mapping[str, Value]) -> None:
        """Put the parameters where the robot reads them."""
        for name, value in parameters.items():
            if name in self._declared.parameters:
                setattr(api, name, self._as_seen(api, name, value))

    def _as_seen(self, api: Api, name: str, value: Value) -> Any:
        kind = self._declared.types.get(name)
        if kind is None:
            return value
        if kind == "series":
            return getattr(api.Bars, SERIES[str(value)])
        if kind == "timeframe":
            return TIMEFRAMES[str(value)]
        return kind[str(value)]

    def _is_told(self) -> bool:
        """Whether its handlers of positions are called without a subscription of its own."""
        if self._engine:
            return "OnPositionOpened" in self._engine or "OnPositionClosed" in self._engine
        text = self.main.read_text(encoding="utf-8-sig", errors="replace")
        return re.search(r"Positions\s*\.\s*(?:Opened|Closed)\s*\+=", text) is None


class Log:
    """What a run printed, its first million characters.

    Attributes:
        text: the lines.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left = _MOST_LOG

    def add(self, line: str) -> None:
        """Add a line."""
        if self._left <= 0:
            return
        self._left -= len(line) + 1
        self._lines.append(line if self._left > 0 else "... the rest of the log is left out")

    @property
    def text(self) -> str:
        """The lines."""
        return "".join(f"{line}\n" for line in self._lines)


def _described(main: Path) -> str:
    """The docstring of the first class of a file, or ""."""
    classes = (node for node in module_tree(main.read_bytes(), str(main)).body if isinstance(node, ast.ClassDef))
    return next((ast.get_docstring(node) or "" for node in classes), "")


def _digest(content: bytes) -> str:
    """SHA-256 (hex) of a file; the kind of line ends does not count."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def _named(name: str, parameter: Parameter) -> Parameter:
    object.__setattr__(parameter, "name", name)
    return parameter


def _unknown_name(error: NameError, log: str) -> EvaluationError:
    """A name that the platform's modules would have given is a member that is missing; any other is the robot's own."""
    trace, last = error.__traceback__, None
    while trace is not None:
        last, trace = trace, trace.tb_next
    if last is not None and error.name and error.name[:1].isupper() and ROBOT_MARK in last.tb_frame.f_globals:
        file = Path(last.tb_frame.f_code.co_filename).name
        return UnsupportedMemberError(file, last.tb_lineno, f"cAlgo.API.{error.name}")
    return EvaluationError(_told(error, log))


def _told(error: Exception, log: str) -> str:
    last = "\n".join(log.splitlines()[-5:])
    text = "".join(traceback.format_exception(error)).rstrip()
    return f"{text}\nThe last lines of its log:\n{last}" if last else text


def find_main(path: Path) -> tuple[Path, Path] | None:
    """Folder and ``X_main.py`` of a robot, or None where a path is none.

    Args:
        path: the file itself, or a folder that holds it or one folder that does, as the platform's projects do.

    Raises:
        StrategyError: a folder holds several.
    """
    if path.is_file():
        is_robot = path.name.endswith("_main.py") and bool(code_files(path.parent))
        return (path.parent, path) if is_robot else None
    found = sorted(path.glob("*_main.py")) or sorted(path.glob("*/*_main.py"))
    found = [main for main in found if code_files(main.parent)]
    if len(found) > 1:
        raise StrategyError(
            "holds several robots", parameter="strategy", value=str(path),
            remedy="Give one: " + ", ".join(str(main) for main in found[:5]),
        )  # fmt: skip
    return (found[0].parent, found[0]) if found else None
