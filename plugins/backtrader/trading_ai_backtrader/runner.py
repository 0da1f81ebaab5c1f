"""Finds ``bt.Strategy`` classes in users' files, and runs them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import CONVERT_FIXED, CONVERT_NONE, ExecutionData
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.errors import RuleError, StrategyError, did_you_mean
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.user_file import classes_in, imports_package, load_file, user_code
from trading_ai_backtrader import __version__
from trading_ai_backtrader.parameters import declared_parameters


class BacktraderRunner:
    """Finds strategies of Backtrader; Backtrader itself is imported only for a file that imports it."""

    name = "backtrader"

    def find(self, path: Path, class_name: str) -> Hosted | None:
        """The strategy of a Python file that imports backtrader, or None where it holds no such class.

        Args:
            path: a file or a folder that exists.
            class_name: which class of the file; "" where it has one only.

        Raises:
            StrategyError: the file cannot be run, or it does not say which of its classes is meant.
        """
        if path.suffix != ".py" or not path.is_file() or not imports_package(path, "backtrader"):
            return None
        import backtrader as bt  # noqa: PLC0415 - takes a while, and most files do not need it

        module = load_file(path, "strategy")
        classes = classes_in(module, bt.Strategy)
        if class_name:
            if class_name in classes:
                return BacktraderStrategy(classes[class_name])
            if not classes or hasattr(module, class_name):
                return None  # a class of another kind: others may know it
            raise StrategyError(
                f"the file has no Backtrader strategy {class_name}", parameter="strategy", value=str(path),
                remedy=did_you_mean(class_name, classes) + "It has: " + ", ".join(classes),
            )  # fmt: skip
        if len(classes) > 1:
            raise StrategyError(
                f"the file has {len(classes)} Backtrader strategies", parameter="strategy", value=str(path),
                remedy="Name one: " + ", ".join(f"{path}:{name}" for name in classes),
            )  # fmt: skip
        return BacktraderStrategy(next(iter(classes.values()))) if classes else None


class BacktraderStrategy(Hosted):
    """A ``bt.Strategy`` class; its ``params`` are the parameters.

    Args:
        kind: the class.
    """

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        self.name = kind.__name__
        self.parameters = declared_parameters(kind)
        self.__doc__ = kind.__doc__

    def check_backtest(self, account: Account, data: ExecutionData) -> None:
        """Refuse what Backtrader's broker cannot do.

        Raises:
            RuleError: a cost, a size or a rule that it does not know.
        """
        costs, rules = account.costs, account.rules
        if data.conversion not in {CONVERT_NONE, CONVERT_FIXED}:
            raise RuleError(
                "is needed: Backtrader's broker has one currency, that of the prices", parameter="conversion_rate",
                value=costs.conversion_rate,
                remedy="Give a fixed rate, or an account in the currency of the prices "
                f"({data.bars.symbol.quote_currency}).",
            )  # fmt: skip
        for name in ("swap_long", "swap_short"):
            if getattr(costs, name):
                raise RuleError(
                    "must be 0: Backtrader's broker charges no swap", parameter=name, value=getattr(costs, name)
                )
        if account.sizing.mode == "risk_percent":
            raise RuleError(
                "needs a stop that is known before the order, which Backtrader's sizers are not told",
                parameter="sizing.risk_percent", value=account.sizing.value,
                remedy="Size by units, lots or percent_of_equity, or in the strategy itself.",
            )  # fmt: skip
        if rules.direction != "both":
            raise RuleError(
                "must be both: the strategy places its own orders", parameter="direction", value=rules.direction
            )

    def run(self, request: RunRequest) -> Ran:
        """Trade with one combination of parameters, through Cerebro.

        Args:
            request: bars, costs, account and parameters.

        Raises:
            Exception: whatever the strategy raises.
        """
        from trading_ai_backtrader.running import run  # noqa: PLC0415 - Backtrader only where it is used

        self.check_backtest(request.account, request.data)
        return run(self.kind, request)

    def identity_parts(self) -> tuple[str, ...]:
        """The class, the files that it consists of, and the versions of Backtrader and of this package."""
        code = user_code(self.kind.__module__)
        parts = [
            f"class {self.kind.__qualname__}",
            *(() if code is None else code.parts()),
            f"package {_version('backtrader')}",
            f"package trading-ai-backtrader {__version__}",
        ]
        return tuple(dict.fromkeys(parts))


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} of no version"
