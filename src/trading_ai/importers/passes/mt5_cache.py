"""MetaTrader 5's optimization cache (``.opt``), as MetaQuotes describes it in "MQL5 Programming for Traders".

All structures are little-endian and packed: a header, a description of each input, the values of the inputs, the
platform's snapshot, and one record a pass.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from trading_ai.errors import DataError
from trading_ai.importers.passes.found import MAX_PASSES, make_passes
from trading_ai.importers.trades.document import Document
from trading_ai.optimization.passes import PassList
from trading_ai.parameters import Value

HEADER = np.dtype(
    [
        ("version", "<u4"), ("copyright", "V128"), ("name", "V32"), ("head_reserve", "<i4", 66), ("header_size", "<u4"),
        ("record_size", "<u4"), ("expert_name", "V128"), ("expert_path", "V256"), ("server", "V128"), ("symbol", "V64"),
        ("period", "<u2"), ("date_from", "<i8"), ("date_to", "<i8"), ("date_forward", "<i8"), ("opt_mode", "<i4"),
        ("ticks_mode", "<i4"), ("last_criterion", "<i4"), ("msc", "<u4", 3), ("common_reserve", "<i4", 16),
        ("group", "V160"), ("trade_currency", "V64"), ("trade_deposit", "<i4"), ("trade_condition", "<i4"),
        ("trade_leverage", "<i4"), ("trade_hedging", "<i4"), ("trade_currency_digits", "<i4"), ("trade_pips", "<i4"),
        ("trade_reserve", "<i4", 5), ("hash_ex5", "V16"), ("parameters_size", "<u4"), ("parameters_total", "<u4"),
        ("opt_params_size", "<u4"), ("opt_params_total", "<u4"), ("dwords_cnt", "<u4"), ("snapshot_size", "<u4"),
        ("passes_total", "<u4"), ("passes_passed", "<u4"),
    ]
)  # fmt: skip
INPUT = np.dtype(
    [
        ("name", "V128"), ("flag", "<i4"), ("type", "<i4"), ("digits", "<i4"), ("offset", "<i4"), ("size", "<i4"),
        ("unknown", "<i4"), ("range", "V24"),
    ]
)  # fmt: skip
_DOUBLES = (
    "deposit", "withdrawal", "profit", "grossprofit", "grossloss", "maxprofit", "minprofit", "conprofitmax",
    "maxconprofit", "conlossmax", "maxconloss", "balancemin", "maxdrawdown", "drawdownpercent", "reldrawdown",
    "reldrawdownpercent", "equitymin", "maxdrawdown_e", "drawdownpercent_e", "reldrawdown_e", "reldrawdownpercent_e",
    "expected_payoff", "profit_factor", "recovery_factor", "sharpe_ratio", "margin_level", "custom_fitness",
)  # fmt: skip
_WHOLES = (
    "deals", "trades", "profittrades", "losstrades", "shorttrades", "longtrades", "winshorttrades", "winlongtrades",
    "conprofitmax_trades", "maxconprofit_trades", "conlossmax_trades", "maxconloss_trades", "avgconwinners",
    "avgconlosers",
)  # fmt: skip
SUMMARY = np.dtype([("pass", "<u8"), *((name, "<f8") for name in _DOUBLES), *((name, "<i4") for name in _WHOLES)])
_WITH_SYMBOL, _MATH = SUMMARY.itemsize + 64, 16
_TYPE_OFFSET = 75  # of ENUM_DATATYPE in the file
_BY_TYPE = {
    1: "<u1", 2: "<i1", 3: "<u1", 4: "<i2", 5: "<u2", 6: "<u4", 7: "<i4", 8: "<u4", 9: "<i8", 10: "<i8", 11: "<u8",
    12: "<f4", 13: "<f8",
}  # fmt: skip
_BOOL, _FLOATS, _TEXT = 1, (12, 13), 14
_SLOT = 8

_METRICS = {
    "net_profit": "profit", "expectancy": "expected_payoff", "profit_factor": "profit_factor",
    "recovery_factor": "recovery_factor", "max_drawdown": "maxdrawdown_e",
    "max_drawdown_percent": "reldrawdownpercent_e", "total_trades": "trades",
    "long_trades": "longtrades", "short_trades": "shorttrades",
}  # fmt: skip
_CRITERIA = {
    1: ("Profit Factor", "profit_factor"), 2: ("Expected Payoff", "expected_payoff"),
    4: ("Recovery Factor", "recovery_factor"), 5: ("Sharpe Ratio", "sharpe_ratio"), 6: ("Custom", "custom_fitness"),
}  # fmt: skip
_LARGEST = 1e300


def recognises(document: Document) -> bool:
    """Whether a document is a cache of passes."""
    return document.kind == "mt5_cache"


def read(document: Document) -> PassList:
    """Read a cache.

    Raises:
        DataError: it is cut off, holds no passes of trades, or is laid out in another way.
    """
    content: bytes = document.data
    if len(content) < HEADER.itemsize:
        raise document.refuse("is cut off within its header", remedy="Copy it again, with the terminal closed")
    header = np.frombuffer(content, HEADER, 1)[0]
    inputs, at = _inputs(document, content, header)
    size, n = int(header["record_size"]), int(header["passes_passed"])
    if not n:
        raise document.refuse("holds no pass", remedy="Copy it once passes are done")
    if n > MAX_PASSES:
        raise document.refuse(f"holds more than {MAX_PASSES:,} passes", remedy="Export the best ones")
    base = _base(document, header)
    if at + size * n > len(content):
        raise document.refuse(
            f"is cut off: it holds {max(len(content) - at, 0) // size:,} of {n:,} passes",
            remedy="Copy it again, with the terminal closed",
        )
    records = np.frombuffer(content, np.uint8, size * n, at).reshape(n, size)
    found = np.ascontiguousarray(records[:, : SUMMARY.itemsize]).view(SUMMARY)[:, 0]
    searched = [one for one in inputs if one["flag"]]
    columns = _searched(document, records, searched, base, int(header["opt_params_size"]), size)
    names = [_text(one["name"]) for one in searched]
    return _passes(document, header, found, names, columns, _fixed(content, header, inputs))


def _passes(
    document: Document, header: np.void, found: npt.NDArray[np.void], names: list[str], columns: list[list[Value]],
    fixed: dict[str, Value],
) -> PassList:  # fmt: skip
    figures = {ours: _finite(found[theirs].astype(np.float64)) for ours, theirs in _METRICS.items()}
    n_trades = found["trades"].astype(np.float64)
    figures["win_rate"] = np.where(n_trades > 0, 100.0 * found["profittrades"] / np.maximum(n_trades, 1.0), math.nan)
    fitness_name, fitness, notes = _fitness(header, found)
    notes += [
        "its Sharpe ratio is made of trades, not of days, and is not taken for ours",
        "the file holds no daily profits and no trades of the passes",
    ]
    if int(header["opt_mode"]) in {2, 3}:
        notes.append("it is one part of an optimization with a forward period; the other part is a file of its own")
    deposit = float(header["trade_deposit"])
    return make_passes(
        origin="mt5_cache", source=document.source,
        parameters=[dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)],
        metrics=[
            {name: float(values[i]) for name, values in figures.items() if math.isfinite(values[i])}
            for i in range(len(found))
        ],
        fitness=fitness.tolist(), fitness_name=fitness_name, strategy=_text(header["expert_name"]),
        symbol=_text(header["symbol"]), timeframe=_timeframe(int(header["period"])),
        period=f"{_date(header['date_from'])}-{_date(header['date_to'])}", capital=deposit if deposit > 0 else None,
        fixed=fixed, notes=tuple(notes),
    )  # fmt: skip


def _inputs(document: Document, content: bytes, header: np.void) -> tuple[npt.NDArray[np.void], int]:
    """The inputs, and where the first record begins."""
    n, most = int(header["parameters_total"]), len(content)
    end = HEADER.itemsize + n * INPUT.itemsize
    if end + int(header["parameters_size"]) > most:
        raise document.refuse("is cut off within its inputs", remedy="Copy it again, with the terminal closed")
    inputs = np.frombuffer(content, INPUT, n, HEADER.itemsize) if n else np.empty(0, INPUT)
    at = max(int(header["header_size"]), end + int(header["parameters_size"])) + 4 * int(header["snapshot_size"])
    return inputs, at


def _base(document: Document, header: np.void) -> int:
    """Bytes of a pass's figures."""
    base = int(header["record_size"]) - int(header["opt_params_size"]) - 4 * int(header["dwords_cnt"])
    for known in (SUMMARY.itemsize, _WITH_SYMBOL):
        if base in {known, known + 8}:
            return known
    if base in {_MATH, _MATH + 8}:
        raise document.refuse(
            "holds passes of mathematical calculations, which trade nothing", remedy="Optimize on bars or ticks"
        )
    raise document.refuse(
        "is laid out in a way that is not known", parameter="record_size", value=int(header["record_size"]),
        remedy="Save the optimization results as XML in the terminal, and import that",
    )  # fmt: skip


def _searched(
    document: Document, records: npt.NDArray[np.uint8], searched: list[np.void], base: int, n_bytes: int, size: int
) -> list[list[Value]]:
    """Values of each searched input, a list each; they stand behind the figures, in slots of eight bytes."""
    if not searched:
        raise document.refuse("holds passes without a searched input", remedy="Optimize at least one")
    for start in (base, base + 8):
        if len(searched) * _SLOT > n_bytes or start + len(searched) * _SLOT > size:
            continue
        columns = [_column(records, one, start + k * _SLOT) for k, one in enumerate(searched)]
        if all(_lies_within(one, column) for one, column in zip(searched, columns, strict=True)):
            return [_as_values(one, column) for one, column in zip(searched, columns, strict=True)]
    raise document.refuse(
        "holds values that do not lie in the ranges that were searched",
        remedy="Save the optimization results as XML in the terminal, and import that",
    )


def _kind(one: np.void) -> int:
    return int(one["type"]) - _TYPE_OFFSET


def _column(records: npt.NDArray[np.uint8], one: np.void, at: int) -> npt.NDArray[np.generic]:
    kind = np.dtype(_BY_TYPE.get(_kind(one), "<i8"))
    found: npt.NDArray[np.generic] = np.ascontiguousarray(records[:, at : at + kind.itemsize]).view(kind)[:, 0]
    return found


def _lies_within(one: np.void, column: npt.NDArray[np.generic]) -> bool:
    """Whether values lie between the start and the stop of their range."""
    is_float = _kind(one) in _FLOATS
    start, _, stop = np.frombuffer(one["range"].tobytes(), "<f8" if is_float else "<i8").tolist()
    if _kind(one) == _BOOL:
        start, stop = 0, 1
    low, high = min(start, stop), max(start, stop)
    room = 1e-6 * max(abs(low), abs(high), 1.0) if is_float else 0
    values = column.astype(np.float64)
    return bool(np.isfinite(values).all() and (values >= low - room).all() and (values <= high + room).all())


def _as_values(one: np.void, column: npt.NDArray[np.generic]) -> list[Value]:
    if _kind(one) == _BOOL:
        return [bool(value) for value in column.tolist()]
    if _kind(one) in _FLOATS:
        digits = min(max(int(one["digits"]), 8), 12)
        return [round(float(value), digits) for value in column.tolist()]
    return [int(value) for value in column.tolist()]


def _fixed(content: bytes, header: np.void, inputs: npt.NDArray[np.void]) -> dict[str, Value]:
    """Inputs that were not searched."""
    begin = HEADER.itemsize + len(inputs) * INPUT.itemsize
    buffer = content[begin : begin + int(header["parameters_size"])]
    found: dict[str, Value] = {}
    for one in inputs:
        at, size = int(one["offset"]), int(one["size"])
        name = _text(one["name"])
        if one["flag"] or not name or size <= 0 or not 0 <= at <= len(buffer) - size:
            continue
        if _kind(one) == _TEXT:
            found[name] = buffer[at : at + size].decode("utf-16-le", errors="replace").partition("\0")[0]
            continue
        kind = np.dtype(_BY_TYPE.get(_kind(one), "<i8"))
        if size < kind.itemsize:
            continue
        value = np.frombuffer(buffer, kind, 1, at)
        if np.isfinite(value.astype(np.float64)).all() and abs(float(value[0])) < _LARGEST:
            found[name] = _as_values(one, value)[0]
    return found


def _fitness(header: np.void, found: npt.NDArray[np.void]) -> tuple[str, npt.NDArray[np.float64], list[str]]:
    """What the passes were ranked by, more being better."""
    criterion = int(header["last_criterion"])
    balance = found["deposit"].astype(np.float64) + found["profit"]
    if criterion == 0:
        return "Balance", _finite(balance), []
    if criterion == 3:
        return "Drawdown (less is better)", -_finite(found["reldrawdownpercent_e"].astype(np.float64)), []
    if criterion in _CRITERIA:
        name, field = _CRITERIA[criterion]
        return name, _finite(found[field].astype(np.float64)), []
    return "Balance", _finite(balance), ["the platform's complex criterion is not in the file: ranked by the balance"]


def _finite(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The platform writes the largest number where a figure is undefined."""
    found: npt.NDArray[np.float64] = np.where(np.abs(values) < _LARGEST, values, math.nan)
    return found


def _text(raw: np.void) -> str:
    return raw.tobytes().decode("utf-16-le", errors="replace").partition("\0")[0].strip()


def _date(seconds: np.int64) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y.%m.%d")
    except (OverflowError, OSError, ValueError) as error:
        raise DataError("holds a date that is none", value=int(seconds), remedy="Copy it again") from error


def _timeframe(period: int) -> str:
    """The platform's number of a timeframe: minutes, hours, weeks or months by its two highest bits."""
    n = period & 0x3FFF
    if period & 0xC000 == 0x4000:
        return "D1" if n == 24 else f"H{n}"
    unit = {0: "M", 0x8000: "W", 0xC000: "MN"}[period & 0xC000]
    return f"{unit}{n}" if n else ""
