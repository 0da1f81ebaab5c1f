"""What a command is asked: a JSON request, and the bars as a file or inside it."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from trading_ai.engine.runs import RunRequest
from trading_ai.market.bars import Bars
from trading_ai.parameters import Value

REQUEST_VERSION = 1
REQUEST_FILE, BARS_FILE = "request.json", "bars.csv"
COLUMNS = ("time", "open", "high", "low", "close", "volume", "spread")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """What a command is asked for, as far as a result must repeat it.

    Attributes:
        symbol: name of the symbol.
        start_ns: open of the first traded bar, UTC.
        end_ns: end of the last bar, UTC.
        capital: account currency.
        currency: of the account.
        parameters: by name.
    """

    symbol: str
    start_ns: int
    end_ns: int
    capital: float
    currency: str
    parameters: dict[str, Value]


def asked_of(request: RunRequest) -> Asked:
    """What a run asks for."""
    bars = request.data.bars
    end = int(bars.open_time_ns[-1]) + bars.timeframe.ns
    return Asked(
        bars.symbol.name, int(bars.open_time_ns[0]), end, request.account.capital, request.account_currency,
        dict(request.parameters),
    )  # fmt: skip


def moment(ns: int) -> datetime:
    """A moment in UTC; what is finer than a microsecond is cut."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


def moment_text(ns: int) -> str:
    """A moment as requests and reports write it: ``2024-01-02T00:00:00Z``, with a fraction where there is one."""
    return moment(ns).isoformat().replace("+00:00", "Z")


def write_request(request: RunRequest, folder: Path, bars: str, report_file: str) -> None:
    """Write the request into a folder, and the bars beside it where they are wanted as a file.

    Args:
        request: the run.
        folder: an empty folder.
        bars: ``csv``, ``inline`` or ``none``.
        report_file: where the report is expected, in the same folder.
    """
    text = json.dumps(request_json(request, bars, report_file), indent=1, allow_nan=False)
    (folder / REQUEST_FILE).write_text(text, "utf-8")
    if bars == "csv":
        with (folder / BARS_FILE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(_rows(request.seen))


def request_json(request: RunRequest, bars: str, report_file: str) -> dict[str, Any]:
    """The request as JSON; equal runs give equal requests.

    Args:
        request: the run.
        bars: ``csv``, ``inline`` or ``none``.
        report_file: where the report is expected.
    """
    asked, account, symbol = asked_of(request), request.account, request.seen.symbol
    sizing = account.sizing
    n_warm = int(np.searchsorted(request.starts, 0))
    return {
        "format": "trading-ai request",
        "version": REQUEST_VERSION,
        "symbol": asked.symbol,
        "instrument": {
            "pip_size": symbol.pip_size, "digits": symbol.digits, "lot_size": symbol.lot_size,
            "base_currency": symbol.base_currency, "quote_currency": symbol.quote_currency, "kind": symbol.kind,
            "volume_step": symbol.volume_step, "min_volume": symbol.min_volume,
        },
        "timeframe": request.seen.timeframe.name,
        "start": moment_text(asked.start_ns),
        "end": moment_text(asked.end_ns),
        "capital": asked.capital,
        "account_currency": asked.currency,
        "leverage": account.rules.leverage,
        "sizing": {"mode": sizing.mode, "value": sizing.value},
        "costs": asdict(account.costs),
        "parameters": asked.parameters,
        "bars": {
            "n_bars": len(request.seen),
            "n_warm_up": n_warm,
            "columns": list(COLUMNS),
            "file": BARS_FILE if bars == "csv" else None,
            "rows": _rows(request.seen) if bars == "inline" else None,
        },
        "report": report_file,
    }  # fmt: skip


def _rows(bars: Bars) -> list[tuple[str | float, ...]]:
    times = [moment_text(ns) for ns in bars.open_time_ns.tolist()]
    spread = _spread(bars).tolist()
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return list(zip(times, *(column.tolist() for column in columns), spread, strict=True))


def _spread(bars: Bars) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Ask minus bid at each bar's close, price units; 0 where the data has none."""
    if bars.spread is not None:
        return bars.spread
    if bars.ask_close is not None:
        return np.round(bars.ask_close - bars.close, bars.symbol.digits + 2)
    return np.zeros(len(bars))


def spread_pips_of(request: RunRequest) -> float:
    """The spread that the costs name, or else the mean of the bars' closes, pips."""
    costs, bars = request.account.costs, request.seen
    if costs.spread_pips is not None:
        return costs.spread_pips
    mean = float(_spread(bars).mean()) / bars.symbol.pip_size
    return round(mean, 6) if math.isfinite(mean) else 0.0
