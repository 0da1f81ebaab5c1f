"""What came back, whether it answers what was asked, and as a run's records.

A report of another format is read by an importer: a function that takes the report's path and gives a `Report`,
published under the entry-point group ``trading_ai.reports`` by the name that the TOML file says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import CONVERT_NONE, ExecutionData
from trading_ai.engine.records import SIGNAL
from trading_ai.engine.reported import Closed, equity_from_trades, trade_records
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai.engine.trade_list import TradeList
from trading_ai.errors import EvaluationError, StrategyError, did_you_mean
from trading_ai.parameters import Value
from trading_ai.runners.process.request import Asked, moment_text

ENTRY_POINT_GROUP = "trading_ai.reports"

_DAY_NS = 86_400 * 1_000_000_000
_MONEY = 0.005
"""Account currency by which two capitals, or two statements of one profit, may differ: reports round to cents."""


@dataclass(frozen=True, eq=False)
class Report:
    """What a report says.

    Attributes:
        trades: its trades, with symbol, capital and parameters as it has them.
        start_ns: begin of the tested period, UTC; None where it does not say.
        end_ns: its end, UTC, likewise.
        equity: equity at each execution bar's close, account currency, shape (n_bars,); None to find it from trades.
        is_exact: whether its dates are moments; otherwise they are days, and one day is no difference.
    """

    trades: TradeList
    start_ns: int | None = None
    end_ns: int | None = None
    equity: npt.NDArray[np.float64] | None = None
    is_exact: bool = False


ReadReport = Callable[[Path], Report]


def report_reader(name: str) -> ReadReport:
    """The importer of a format.

    Raises:
        StrategyError: none is installed by that name; the message lists those there are.
    """
    points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in points:
        raise StrategyError(
            "is no format of reports that is known here", parameter="report", value=name,
            remedy=did_you_mean(name, [*points, "json"]) + "Known: " + ", ".join(["json", *points]),
        )  # fmt: skip
    reader: ReadReport = points[name].load()
    return reader


def check_answers(report: Report, asked: Asked, unchecked: Collection[str] = ()) -> None:
    """Refuse a report of something else than what was asked.

    Args:
        report: what came back.
        asked: what was asked.
        unchecked: what the format does not hold, of ``symbol``, ``dates``, ``capital``, ``parameters``. What a report
            does say is compared all the same.

    Raises:
        EvaluationError: symbol, dates, capital or parameters differ, or it does not say them.
    """
    found = report.trades
    _compare_symbol(found.symbol, asked.symbol, "symbol" in unchecked)
    _compare_dates(report, asked, "dates" in unchecked)
    if found.capital is None:
        _require("capital", "capital" in unchecked)
    elif not abs(found.capital - asked.capital) <= _MONEY:
        raise _differs("capital", f"{found.capital:,.2f}", f"{asked.capital:,.2f}")
    if found.account_currency and found.account_currency != asked.currency:
        raise _differs("account currency", found.account_currency, asked.currency)
    for name, value in asked.parameters.items():
        if name not in found.parameters:
            _require(f"parameter {name}", "parameters" in unchecked)
        elif not _same(found.parameters[name], value):
            raise _differs(f"parameter {name}", str(found.parameters[name]), str(value))


def ran_of(report: Report, request: RunRequest, log: str = "") -> Ran:
    """A report's trades and equity as a run's.

    Args:
        report: what came back, checked.
        request: what was asked.
        log: what was printed.

    Raises:
        EvaluationError: a trade is impossible, or the equity has another length.
    """
    data, account = request.data, request.account
    listed = report.trades.trades
    trades = trade_records((_closed(listed, i, data) for i in range(listed.size)), data, account)
    equity = equity_from_trades(trades, data, account.capital) if report.equity is None else report.equity
    if equity.shape != (data.n_bars,) or not np.isfinite(equity).all():
        raise EvaluationError(
            f"the report's equity must be {data.n_bars} numbers, one for each bar, not {equity.shape[0]}"
        )
    left = float(equity[-1]) - account.capital - float(trades["net_profit"].sum())
    return Ran(
        trades, equity, open_profit=left if abs(left) > _MONEY * (1 + trades.size) else 0.0, log=log,
        ruined_bar=_first_ruin(equity, data, account),
    )  # fmt: skip


def _first_ruin(equity: npt.NDArray[np.float64], data: ExecutionData, account: Account) -> int:
    nothing = np.flatnonzero(equity < data.cent / 2)
    return int(nothing[0]) if nothing.size and account.capital >= data.cent / 2 else -1


def _closed(listed: npt.NDArray[np.void], i: int, data: ExecutionData) -> Closed:
    trade = {name: listed[name][i].item() for name in listed.dtype.names or ()}
    times = data.bars.open_time_ns
    entry, leave = (
        int(np.searchsorted(times, trade[name], side="right")) - 1 for name in ("entry_time_ns", "exit_time_ns")
    )
    bad = (
        f"direction {trade['direction']}" if abs(trade["direction"]) != 1
        else f"units {trade['units']:g}" if not 0 < trade["units"] < math.inf
        else f"entry price {trade['entry_price']:g}" if not 0 < trade["entry_price"] < math.inf
        else f"exit price {trade['exit_price']:g}" if not 0 < trade["exit_price"] < math.inf
        else "an exit before its entry" if trade["exit_time_ns"] < trade["entry_time_ns"]
        else ""
    )  # fmt: skip
    if bad:
        raise EvaluationError(f"trade {i + 1} of the report has {bad}")
    move = trade["direction"] * trade["units"] * (trade["exit_price"] - trade["entry_price"])
    rate = data.in_account(leave, trade["exit_price"])
    own = move * rate
    net, swap = trade["net_profit"], _or(trade["swap"], 0.0)
    gross = trade["gross_profit"]
    commission = trade["commission"]
    if math.isnan(gross):
        gross = own if math.isnan(net) or math.isnan(commission) else net + commission - swap
    if math.isnan(commission):
        commission = 0.0 if math.isnan(net) else gross + swap - net
    if not all(map(math.isfinite, (gross, commission, swap))):
        raise EvaluationError(f"trade {i + 1} of the report has a profit that is no number")
    if not math.isnan(net) and abs(gross - commission + swap - net) > 3 * _MONEY:
        raise EvaluationError(
            f"trade {i + 1} of the report contradicts itself: gross profit {gross:g}, commission {commission:g} and "
            f"swap {swap:g} do not make the net profit {net:g}"
        )
    # Prices are rounded to their digits; a rate of conversion may be another platform's.
    near = (0.05 if data.conversion != CONVERT_NONE else 0.001) * abs(own) + 3 * _MONEY
    near += trade["units"] * 10.0**-data.bars.symbol.digits * rate
    if abs(gross - own) > near:
        raise EvaluationError(
            f"trade {i + 1} of the report contradicts itself: {trade['units']:g} units from {trade['entry_price']:g} "
            f"to {trade['exit_price']:g} make {own:.2f}, and not a gross profit of {gross:.2f}"
        )
    reason = trade["exit_reason"] if trade["exit_reason"] >= 0 else SIGNAL
    return Closed(
        entry, leave, trade["direction"], trade["units"], trade["entry_price"], trade["exit_price"], gross, commission,
        swap, reason,
    )  # fmt: skip


def _or(value: float, other: float) -> float:
    return other if math.isnan(value) else value


def _compare_symbol(found: str, asked: str, may_lack: bool) -> None:
    if not found:
        _require("symbol", may_lack)
    elif found.strip().upper() != asked.upper():
        raise _differs("symbol", found, asked)


def _compare_dates(report: Report, asked: Asked, may_lack: bool) -> None:
    near = 0 if report.is_exact else _DAY_NS
    for name, found, wanted in (("start", report.start_ns, asked.start_ns), ("end", report.end_ns, asked.end_ns)):
        if found is None:
            _require(name, may_lack)
        elif abs(found - wanted) > near:
            raise _differs(name, moment_text(found), moment_text(wanted))
    listed = report.trades.trades
    for i in range(listed.size):
        for name in ("entry_time_ns", "exit_time_ns"):
            at = int(listed[name][i])
            if not asked.start_ns <= at <= asked.end_ns:
                raise EvaluationError(
                    f"trade {i + 1} of the report is of {moment_text(at)}, outside of the period that was asked for, "
                    f"{moment_text(asked.start_ns)} to {moment_text(asked.end_ns)}: the command ran something else"
                )


def _same(found: Value, wanted: Value) -> bool:
    numbers = [
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        for value in (found, wanted)
    ]
    if numbers[0] is not None and numbers[1] is not None:
        return math.isclose(numbers[0], numbers[1], rel_tol=1e-9, abs_tol=1e-12)
    return type(found) is type(wanted) and found == wanted


def _differs(what: str, found: str, asked: str) -> EvaluationError:
    return EvaluationError(
        f"the report's {what} is {found}, {asked} was asked for: the command ran something else, its result is refused"
    )


def _require(what: str, may_lack: bool) -> None:
    if not may_lack:
        raise EvaluationError(
            f"the report does not say its {what}: nobody can know whether the command did what was asked. Let it "
            "repeat what the request says, or name what its format does not hold in `unchecked`"
        )
