"""One run of an event strategy by its compiled twin."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai._jit import CompilerError
from trading_ai.engine.account import config_vector
from trading_ai.engine.compiled import event_desk as e
from trading_ai.engine.compiled import event_orders_placed
from trading_ai.engine.compiled.event_far import addresses
from trading_ai.engine.event_compile import Compiled, refuse
from trading_ai.engine.event_context import EventContext
from trading_ai.engine.event_orders import MOST_ORDERS, MOST_POSITIONS
from trading_ai.engine.event_reading import CannotCompileError
from trading_ai.engine.event_series import Series
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.records import TRADE
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.errors import EvaluationError
from trading_ai.strategies.event import EventStrategy

_ROOM = 4096
_FIELDS = {
    "entry_bar": e.T_ENTRY_BAR, "exit_bar": e.T_EXIT_BAR, "direction": e.T_SIDE, "exit_reason": e.T_REASON,
    "ambiguous": e.T_AMBIGUOUS, "units": e.T_UNITS, "entry_price": e.T_ENTRY, "exit_price": e.T_EXIT,
    "gross_profit": e.T_GROSS, "commission": e.T_PAID, "swap": e.T_SWAP, "net_profit": e.T_NET, "balance": e.T_BALANCE,
}  # fmt: skip
_TROUBLES = {
    e.TOO_MANY_POSITIONS: f"more than {MOST_POSITIONS} positions are open at once: ask `if not ctx.position` first",
    e.TOO_MANY_ORDERS: f"more than {MOST_ORDERS} orders are waiting at once: give them an expiry, or cancel them",
    event_orders_placed.BAD_ORDER: "an order has a size that is not above 0, or a distance or expiry below 0",
    event_orders_placed.BAD_INDEX: "a series is asked for a place that is not below 0: the current bar is [-1]",
}


def prices_of(data: ExecutionData) -> Any:
    """Open, high, low, close at the bid and at the ask as one array, shape (n_bars, 8); made once for a set of bars."""
    key = "event prices"
    kept = data.bars.derived.get(key)
    if not (isinstance(kept, tuple) and kept[0] is data.bid[0] and kept[1] is data.ask[0]):
        kept = data.bars.derived[key] = (data.bid[0], data.ask[0], np.column_stack((*data.bid, *data.ask)))
    return kept[2]


def run_compiled(code: Compiled, strategy: EventStrategy, ctx: EventContext, request: RunRequest) -> Ran:
    """One run; trades are those of `event_reference`, to the last bit.

    Args:
        code: what was made of the strategy's class.
        strategy: after `on_start`.
        ctx: what `on_start` was given.
        request: bars, costs and account.

    Raises:
        CannotCompileError: its code turned out not to compile; nothing was run.
        EvaluationError: it cannot go on.
    """
    data = request.data
    names = {"self": strategy, "ctx": ctx.whole()}
    arguments = [eval(argument, names) for argument in code.arguments]
    states = [getattr(strategy, name) for name in code.states]
    config = config_vector(data, request.account)
    room = max(_ROOM, data.n_bars // 8)
    while True:
        account = np.zeros(e.N_ACCOUNT)
        account[e.BALANCE], account[e.RUINED_BAR] = request.account.capital, -1.0
        account[e.DELAY] = request.entry_delay
        account[e.NETTING] = float(strategy.account_mode == "netting")
        account[e.PIP], account[e.LOT] = data.bars.symbol.pip_size, data.bars.symbol.lot_size
        account[e.TICK], (account[e.BEFORE_BID], account[e.BEFORE_ASK]) = -1.0, data.close_before
        trades, equity = np.zeros((room, e.N_TRADE)), np.empty(data.n_bars)
        marks = np.full(data.n_bars, np.nan)
        desk = e.Desk(
            config, prices_of(data), _read_only(data.rates), _read_only(data.nights),
            np.zeros((MOST_POSITIONS, e.N_HELD)), np.zeros((MOST_ORDERS, e.N_ORDER)),
            np.zeros((MOST_ORDERS, e.N_ORDER)), account, trades, marks, addresses(),
        )  # fmt: skip
        first = int(np.searchsorted(request.starts[1:], 0))
        try:
            code.run(request.starts, first, *desk, equity, *map(_given, arguments, code.written), *states)
        except CompilerError as error:
            reason = _reason(error)
            refuse(strategy, reason)
            raise reason from error
        if account[e.TROUBLE] != e.TOO_MANY_TRADES:
            break
        room *= 8
    if account[e.TROUBLE]:
        raise EvaluationError(_TROUBLES[float(account[e.TROUBLE])])
    done = _records(trades[: int(account[e.N_CLOSED])], data)
    open_profit = e.open_value(desk, data.n_bars - 1, float(data.bid[3][-1]), float(data.ask[3][-1]))
    return Ran(
        done, equity,
        open_profit=float(open_profit), n_skipped=int(account[e.N_SKIPPED]), bars_exposed=int(account[e.EXPOSED]),
        slippage=float(account[e.SLIPPAGE]), spread=float(account[e.SPREAD]), ruined_bar=int(account[e.RUINED_BAR]),
        log=ctx.logged(), marks=marks,
    )  # fmt: skip


def _records(rows: npt.NDArray[np.float64], data: ExecutionData) -> npt.NDArray[np.void]:
    """Closed trades as `records.TRADE`."""
    done = np.zeros(len(rows), TRADE)
    for name, column in _FIELDS.items():
        done[name] = rows[:, column]
    times = data.bars.open_time_ns
    done["entry_time_ns"], done["exit_time_ns"] = times[done["entry_bar"]], times[done["exit_bar"]]
    add_excursions(done, data)
    return done


def _given(argument: Any, is_written: bool) -> Any:
    """What compiled code is given: its own copy of what it may write into, as all may be run anew, views of the rest.

    What is only read has one type, wherever its array came from.
    """
    array = argument._values if isinstance(argument, Series) else argument
    if not isinstance(array, np.ndarray):
        return array
    return array.copy() if is_written and array.flags.writeable else _read_only(array)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _reason(error: CompilerError) -> CannotCompileError:
    """What the compiler did not like, in a line, with the line of the user's file."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    line = re.search(r'File "[^"<]*\.py", line (\d+)', text)
    said = [part.strip() for part in text.splitlines() if part.strip() and not part.startswith(("Failed", "During"))]
    return CannotCompileError(int(line[1]) if line else 0, said[0] if said else "it does not compile")
