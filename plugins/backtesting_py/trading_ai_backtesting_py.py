"""Runs strategies of backtesting.py, unchanged, as strategies of trading-ai-system."""

from __future__ import annotations

import random
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import CONVERT_FIXED, CONVERT_NONE, ExecutionData
from trading_ai.engine.records import SIGNAL, STOP_LOSS, TAKE_PROFIT
from trading_ai.engine.reported import Closed, Floats, SeenBars, trade_records
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.errors import RuleError, StrategyError, did_you_mean
from trading_ai.strategies.base import Parameter
from trading_ai.strategies.hosted import Hosted
from trading_ai.strategies.user_file import classes_in, imports_package, load_file, user_code

__version__ = "0.1.0"

WIDE = 1e9
"""Bounds of numbers, either way: the class declares none."""


class BacktestingPyRunner:
    """Finds strategies of backtesting.py, which is imported only for a file that imports it."""

    name = "backtesting.py"

    def find(self, path: Path, class_name: str) -> Hosted | None:
        """The strategy of a Python file that imports backtesting, or None where it holds no such class.

        Args:
            path: a file or a folder that exists.
            class_name: which class of the file; "" where it has one only.

        Raises:
            StrategyError: the file cannot be run, or it does not say which of its classes is meant.
        """
        if path.suffix != ".py" or not path.is_file() or not imports_package(path, "backtesting"):
            return None
        from backtesting import Strategy  # noqa: PLC0415 - takes a second, and most files do not need it

        module = load_file(path, "strategy")
        kinds = classes_in(module, Strategy)
        if class_name and class_name not in kinds and (not kinds or hasattr(module, class_name)):
            return None
        named = [class_name] if class_name else list(kinds)
        if len(named) > 1 or (class_name and class_name not in kinds):
            raise StrategyError(
                f"the file has {len(kinds)} strategies of backtesting.py", parameter="strategy", value=str(path),
                remedy=did_you_mean(class_name, kinds) + "Name one: " + ", ".join(f"{path}:{name}" for name in kinds),
            )  # fmt: skip
        return BacktestingPyStrategy(kinds[named[0]], Strategy) if named else None


class BacktestingPyStrategy(Hosted):
    """A class of backtesting.py; its class attributes are the parameters.

    Args:
        kind: the class.
        base: the library's own base of it.
    """

    def __init__(self, kind: type[Any], base: type[Any]) -> None:
        self.kind = kind
        self.name = kind.__name__
        self.__doc__ = kind.__doc__
        above = kind.__mro__[: kind.__mro__.index(base)]
        values = {name: value for each in reversed(above) for name, value in vars(each).items() if name[0] != "_"}
        found = {name: _declared(name, value) for name, value in values.items()}
        self.parameters = {name: parameter for name, parameter in found.items() if parameter is not None}

    def check_backtest(self, account: Account, data: ExecutionData) -> None:
        """Refuse what backtesting.py's broker cannot do.

        Raises:
            RuleError: a cost or a rule that it does not know.
        """
        if data.conversion not in {CONVERT_NONE, CONVERT_FIXED}:
            raise RuleError(
                "is needed: backtesting.py has one currency, that of the prices", parameter="conversion_rate",
                value=account.costs.conversion_rate, remedy="Give a fixed rate.",
            )  # fmt: skip
        for name in ("swap_long", "swap_short"):
            if getattr(account.costs, name):
                raise RuleError("must be 0: backtesting.py charges no swap", parameter=name)
        if account.rules.direction != "both":
            raise RuleError("must be both: the strategy places its own orders", parameter="direction")

    def run(self, request: RunRequest) -> Ran:
        """Trade with one combination of parameters.

        Args:
            request: bars, costs, account and parameters.

        Raises:
            Exception: whatever the strategy raises.
        """
        import pandas as pd  # noqa: PLC0415 - likewise
        from backtesting import Backtest  # noqa: PLC0415

        self.check_backtest(request.account, request.data)
        bars, account, data = request.seen, request.account, request.data
        seen, costs, rate = SeenBars(request), account.costs, data.rate
        n_warm, pip = seen.n_warm, bars.symbol.pip_size
        columns = {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close, "Volume": bars.volume}
        table = pd.DataFrame(columns, index=pd.to_datetime(bars.open_time_ns))
        spread = float(np.mean(data.ask[3] - data.bid[3]))
        hidden = spread / 2 + costs.slippage_pips * pip

        def paid(size: float, price: float) -> float:
            of_value = costs.commission_per_million / 1e6 + costs.commission_percent / 100.0
            each = costs.commission_per_lot / bars.symbol.lot_size / rate + of_value * price
            return abs(size) * (each + hidden) + costs.commission_per_trade / rate

        class Waiting(self.kind):  # type: ignore[misc, name-defined]
            """The class itself, which waits until trading begins."""

            def next(self) -> None:
                if len(self.data) >= n_warm:
                    super().next()

        Waiting.__name__ = self.kind.__name__
        test = Backtest(
            table, Waiting if n_warm else self.kind, cash=account.capital / rate, commission=paid,
            margin=1.0 / (account.rules.leverage or 1.0), finalize_trades=account.rules.close_at_end,
        )  # fmt: skip
        random.seed(0)  # a strategy that asks for luck has the same each time
        np.random.seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = test.run(**request.parameters)
        return _ran(request, seen, found, hidden, spread)

    def identity_parts(self) -> tuple[str, ...]:
        """The class, the files that it consists of, and the versions of backtesting.py and of this file."""
        code = user_code(self.kind.__module__)
        parts = [
            f"class {self.kind.__qualname__}", *(() if code is None else code.parts()),
            f"package backtesting {version('backtesting')}", f"package trading-ai-backtesting-py {__version__}",
        ]  # fmt: skip
        return tuple(dict.fromkeys(parts))


def _ran(request: RunRequest, seen: SeenBars, found: Any, hidden: float, spread: float) -> Ran:
    data, account, rate = request.data, request.account, request.data.rate
    closed = []
    for row in found["_trades"].itertuples():
        side, units = (1 if row.Size > 0 else -1), abs(row.Size)
        price_profit = row.Size * (row.ExitPrice - row.EntryPrice)
        hidden_paid = 2 * units * hidden
        entry = seen.first_of(row.EntryBar)
        stop, target = (np.nan if level is None else level for level in (row.SL, row.TP))
        stopped, met = (row.ExitPrice - stop) * side <= 0.0, (row.ExitPrice - target) * side >= 0.0
        reason = STOP_LOSS if stopped else TAKE_PROFIT if met else SIGNAL
        leaves = seen.first_of(row.ExitBar) if reason == SIGNAL else seen.last_of(row.ExitBar)
        closed.append(
            Closed(
                entry, max(leaves, entry), side, units, row.EntryPrice, row.ExitPrice,
                (price_profit - hidden_paid) * rate, (row.Commission - hidden_paid) * rate, exit_reason=reason,
            )
        )  # fmt: skip
    trades = trade_records(closed, data, account)
    equity: Floats = found["_equity_curve"]["Equity"].to_numpy(float)[seen.inside] * rate
    units = float(np.sum(trades["units"])) * rate
    ruined = np.flatnonzero(equity <= 0.0)
    return Ran(
        trades, equity, open_profit=float(equity[-1] - account.capital - trades["net_profit"].sum()),
        slippage=2 * units * (hidden - spread / 2), spread=units * spread,
        ruined_bar=int(ruined[0]) if ruined.size else -1,
    )  # fmt: skip


def _declared(name: str, value: object) -> Parameter | None:
    if isinstance(value, bool):
        return Parameter(value, kind="bool", name=name)
    if isinstance(value, int):
        return Parameter(value, int(-WIDE), int(WIDE), 1, kind="int", name=name)
    if isinstance(value, float):
        return Parameter(value, -WIDE, WIDE, 0.1, kind="float", name=name)
    return Parameter(value, kind="choice", choices=(value,), name=name) if isinstance(value, str) else None
