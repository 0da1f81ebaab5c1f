"""The report format that is ours: JSON that repeats what was asked and lists the trades.

::

    {
      "symbol": "EURUSD", "start": "2024-01-01T22:00:00Z", "end": "2024-06-28T21:00:00Z",
      "capital": 10000, "account_currency": "USD", "parameters": {"period": 20},
      "trades": [{"entry_time": "2024-01-03T10:00:00Z", "exit_time": "2024-01-03T15:00:00Z", "direction": "long",
                  "units": 10000, "entry_price": 1.0950, "exit_price": 1.0972, "commission": 0.7}],
      "equity": [10000, 10021.3]
    }

A trade's ``gross_profit``, ``commission``, ``swap``, ``net_profit`` and ``exit_reason`` may be left out. ``equity`` is
optional: one number for each bar that is traded, or pairs of a time and a value, each of which holds from the close of
the bar that it lies in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.records import EXIT_REASONS
from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.errors import EvaluationError
from trading_ai.runners.process.report import Report

MOST_BYTES = 256 * 1024 * 1024
"""Size of a report above which it is refused."""

_REASONS = {word: code for code, word in EXIT_REASONS.items()}
_SIDES = {"long": 1, "buy": 1, "short": -1, "sell": -1}
_NEEDED = ("entry_time", "exit_time", "direction", "units", "entry_price", "exit_price")
_MONEY = ("gross_profit", "commission", "swap", "net_profit")
_LEVELS = ("stop_loss", "take_profit")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_own_report(path: Path, open_time_ns: npt.NDArray[np.int64], capital: float) -> Report:
    """Read a report.

    Args:
        path: the file.
        open_time_ns: opens of the execution bars, on which an equity of times and values is laid.
        capital: equity before the first of those values.

    Raises:
        EvaluationError: it is no such report; the message names the key and the trade.
    """
    given = _object(path)
    trades = given.get("trades")
    if not isinstance(trades, list):
        raise EvaluationError("the report has no list `trades`; a run without trades has an empty one")
    listed = np.zeros(len(trades), dtype=LISTED_TRADE)
    for i, trade in enumerate(trades):
        _fill(listed, i, trade)
    parameters = given.get("parameters", {})
    if not isinstance(parameters, dict):
        raise EvaluationError("the report's `parameters` must be an object of names and values")
    stated = given.get("capital")
    found = TradeList(
        symbol=str(given.get("symbol") or ""),
        trades=listed,
        account_currency=str(given.get("account_currency") or ""),
        capital=None if stated is None else _number(stated, "`capital`"),
        origin="json",
        parameters=parameters,
    )
    start, end = (None if given.get(key) is None else _moment(given[key], f"`{key}`") for key in ("start", "end"))
    return Report(found, start, end, _equity(given.get("equity"), open_time_ns, capital), is_exact=True)


def _object(path: Path) -> Mapping[str, Any]:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise EvaluationError(f"the report has {size:,} bytes, more than {MOST_BYTES:,}")
    try:
        given = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"the report is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise EvaluationError(f"the report must be an object of JSON, not {type(given).__name__}")
    return given


def _fill(listed: npt.NDArray[np.void], i: int, trade: object) -> None:
    where = f"trade {i + 1} of the report"
    if not isinstance(trade, dict):
        raise EvaluationError(f"{where} must be an object")
    for key in _NEEDED:
        if key not in trade:
            raise EvaluationError(f"{where} has no `{key}`")
    side = _SIDES.get(str(trade["direction"]).lower())
    if side is None:
        raise EvaluationError(f"{where}: `direction` must be long or short, not {trade['direction']!r}")
    reason = trade.get("exit_reason")
    if reason is not None and reason not in _REASONS:
        raise EvaluationError(f"{where}: `exit_reason` must be one of {', '.join(_REASONS)}, not {reason!r}")
    row = listed[i]
    row["direction"], row["exit_reason"] = side, -1 if reason is None else _REASONS[reason]
    for key in ("entry_time", "exit_time"):
        row[f"{key}_ns"] = _moment(trade[key], f"{where}: `{key}`")
    for key in ("units", "entry_price", "exit_price"):
        row[key] = _number(trade[key], f"{where}: `{key}`")
    for key in (*_MONEY, *_LEVELS):
        row[key] = math.nan if trade.get(key) is None else _number(trade[key], f"{where}: `{key}`")


def _number(value: object, where: str) -> float:
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):  # whole numbers may have any number of digits
            number = float(value)
    if not math.isfinite(number):
        raise EvaluationError(f"{where} must be a number, not {str(value)[:60]}")
    return number


def _moment(value: object, where: str) -> int:
    """A moment as nanoseconds since 1970; a text of ISO 8601 with its offset from UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise EvaluationError(f"{where} must be a time with its offset such as 2024-01-02T10:00:00Z, not {value!r}")
    since = found - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def _equity(given: object, open_time_ns: npt.NDArray[np.int64], capital: float) -> npt.NDArray[np.float64] | None:
    if given is None:
        return None
    if not isinstance(given, list):
        raise EvaluationError("the report's `equity` must be a list of numbers, or of pairs of a time and a number")
    if not given or not isinstance(given[0], list):
        return np.array([_number(value, f"value {i + 1} of `equity`") for i, value in enumerate(given)])
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        raise EvaluationError("the report's `equity` must be pairs of a time and a number throughout")
    times = np.array([_moment(pair[0], f"pair {i + 1} of `equity`") for i, pair in enumerate(given)])
    values = np.array([capital, *(_number(pair[1], f"pair {i + 1} of `equity`") for i, pair in enumerate(given))])
    if not (np.diff(times) >= 0).all():
        raise EvaluationError("the times of the report's `equity` must ascend")
    # What is known at the close of a bar is the last value before the next one opens.
    known: npt.NDArray[np.int64] = np.searchsorted(times, np.append(open_time_ns[1:], np.iinfo(np.int64).max))
    return values[known]
