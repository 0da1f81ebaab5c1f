"""The JSON report of ``ctrader-cli backtest --report-json``.

Its shape is known from four independent programs that read it, not from the vendor: ``main`` has the symbol, the
starting capital and the tested period (milliseconds since 1970, UTC), ``parameters`` the robot's parameters, and
``history.items`` the closed positions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.errors import EvaluationError
from trading_ai.parameters import Value
from trading_ai.runners.process.report import Report

_SIDES = {"buy": 1, "long": 1, "sell": -1, "short": -1}


def read_ctrader_report(path: Path) -> Report:
    """Read such a report.

    Args:
        path: the file.

    Raises:
        EvaluationError: it is no such report; the message names what is missing.
    """
    try:
        given = json.loads(path.read_text("utf-8-sig"))
        main, items = given["main"], given["history"]["items"]
        period = main.get("testingPeriod") or {}
        listed = np.zeros(len(items), dtype=LISTED_TRADE)
        for i, item in enumerate(items):
            _fill(listed, i, item)
        listed.sort(order=["entry_time_ns", "exit_time_ns"])
        trades = TradeList(
            symbol=str(main["symbol"]),
            trades=listed,
            account_currency=str(main.get("depositAsset") or ""),
            capital=float(main["startingCapital"]),
            origin="ctrader_json",
            parameters=_parameters(given.get("parameters") or []),
        )
        return Report(trades, _ns(period.get("startDate")), _ns(period.get("endDate")))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise EvaluationError(f"the report is none of ctrader-cli: {type(error).__name__}: {error}") from error


def _fill(listed: np.ndarray[Any, np.dtype[np.void]], i: int, item: Mapping[str, Any]) -> None:
    row = listed[i]
    row["entry_time_ns"], row["exit_time_ns"] = _ns(item["entryTime"]), _ns(item["closeTime"])
    row["direction"], row["exit_reason"] = _SIDES[str(item["direction"]).lower()], -1
    row["units"], row["entry_price"], row["exit_price"] = item["volume"], item["entryPrice"], item["closePrice"]
    row["stop_loss"] = row["take_profit"] = math.nan
    row["gross_profit"], row["net_profit"], row["swap"] = item["gross"], item["net"], item["swaps"]
    row["commission"] = math.nan  # what is left between gross and net: its sign differs between versions


def _ns(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(float(milliseconds) * 1000) * 1000


def _parameters(given: list[Mapping[str, Any]]) -> dict[str, Value]:
    """Values by the name that a command line sets them with; texts of numbers and of yes and no become those."""
    return {str(item.get("propertyName") or item["displayName"]): _value(item["value"]) for item in given}


def _value(value: object) -> Value:
    if isinstance(value, bool | int | float):
        return value
    text = str(value)
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
