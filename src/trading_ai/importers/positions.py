"""Columns of a table without headings: told by position, and believed only where the values bear it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from trading_ai.importers.datetimes import clock_pattern, guess_time_format, looks_like_clock
from trading_ai.importers.headings import PRICES
from trading_ai.importers.numbers import NumberStyle, numbers

Floats = npt.NDArray[np.float64]

_LIKE_A_PRICE = 0.2  # a volume lies this near to the price in row after row by no chance
_WIDEST_SPREAD = 0.02  # of the price
_NEAR_QUOTE = 0.05


def bar_roles(
    rows: Sequence[Sequence[str]], style: NumberStyle, is_time: Callable[[str], bool]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Column numbers by role of a table of bars without a header: time, prices, volume.

    What follows the prices is taken for a volume, or for MetaTrader's volumes and spread, only where its values can
    be that; prices among them (an average, an adjusted close) are left out.

    Args:
        rows: the first rows of data, split.
        style: how they write numbers.
        is_time: whether a text is a time.

    Returns:
        The roles, {} where there is no time followed by four prices; and what was left out, in words.
    """
    row = rows[0]
    roles, price = _leading(row, is_time)
    if not roles or len(row) - price < 4:
        return {}, ()
    roles |= {name: price + k for k, name in enumerate(PRICES)}
    sample = rows[:500]
    open_, close = (_values(sample, roles[name], style) for name in ("open", "close"))
    if any(_strays(_values(sample, roles[name], style), open_) for name in PRICES):
        return {}, ()  # quotes with sizes, say
    rest = [i for i in range(price + 4, len(row)) if any(i < len(r) and r[i] != "" for r in sample)]
    values = {i: _values(sample, i, style) for i in rest}
    if len(rest) == 3 and _of_metatrader(rows, roles, [values[i] for i in rest]):
        return roles | {"tick_volume": rest[0], "volume": rest[1], "spread": rest[2]}, ()
    counts = [i for i in rest if _can_count(values[i], close)]
    if counts:
        roles["volume"] = counts[0]
    unknown = [i for i in rest if i != roles.get("volume")]
    if not unknown:
        return roles, ()
    shown = ", ".join(f"{i} (such as {row[i]})" for i in unknown[:4] if i < len(row))
    said = (
        f"the file has no header, so what stands in column {shown}, counted from 0, is not known and is left out; "
        + (f"column {roles['volume']} is taken for the volume; " if "volume" in roles else "")
        + "columns says otherwise"
    )
    return roles, (said,)


def tick_roles(rows: Sequence[Sequence[str]], style: NumberStyle, is_time: Callable[[str], bool]) -> dict[str, int]:
    """Column numbers by role of quotes without a header: time, bid, ask; {} where the values are no such thing."""
    row = rows[0]
    roles, price = _leading(row, is_time)
    if not roles or len(row) - price < 2:
        return {}
    bid, ask = (_values(rows[:500], price + k, style) for k in (0, 1))
    if not (np.isfinite(bid).all() and np.isfinite(ask).all() and (bid > 0).all()):
        return {}
    if np.median(np.abs(ask - bid) / bid) > _WIDEST_SPREAD:
        return {}
    further = [_values(rows[:500], i, style) for i in range(price + 2, len(row))]
    if len(further) >= 2 and all(np.nanmedian(np.abs(v / bid - 1)) < _NEAR_QUOTE for v in further[:2] if _known(v)):
        return {}  # four prices are a bar, whatever their order
    crossed = bool(np.median(ask - bid) < 0)  # some write the ask first
    return roles | {"bid": price + crossed, "ask": price + (not crossed)}


def _leading(row: Sequence[str], is_time: Callable[[str], bool]) -> tuple[dict[str, int], int]:
    """Ticker, period, time and time of day before the prices, and the column where the prices begin."""
    start = next((i for i, f in enumerate(row[:4]) if is_time(f)), None)
    if start is None:
        return {}, 0
    roles = {"time": start}
    for i in range(start):
        if re.search(r"[A-Za-z]{2}", row[i]):
            roles.setdefault("ticker", i)
    price = start + 1
    stamp = guess_time_format([row[start]])
    if stamp and not stamp.clock and not stamp.is_epoch and price < len(row):
        following = row[price]
        packed = clock_pattern(following) is not None and len(row) - price > 4 and "." not in following
        if looks_like_clock(following) or (packed and len(following) in {4, 6} and len(stamp.date) < 9):
            roles["clock"] = price
            price += 1
    return roles, price


def _values(rows: Sequence[Sequence[str]], column: int, style: NumberStyle) -> Floats:
    texts = pl.Series([row[column] if column < len(row) else "" for row in rows], dtype=pl.String)
    found: Floats = numbers(texts, style)[0].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return found


def _known(values: Floats) -> bool:
    return bool(np.isfinite(values).any())


def _strays(values: Floats, open_: Floats) -> bool:
    """Whether values are far from the open in most rows, as no price of the same bar is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.abs(values / open_ - 1)
    away = away[np.isfinite(away)]
    return len(away) > 0 and bool(np.median(away) > _LIKE_A_PRICE)


def _can_count(values: Floats, close: Floats) -> bool:
    """Whether values can be a volume: none negative, and not a price in disguise."""
    if not np.isfinite(values).all() or (values < 0).any():
        return False
    near = np.abs(values - close) <= _LIKE_A_PRICE * np.abs(close)
    return not (near.mean() >= 0.9 and not bool((values == np.rint(values)).all() and len(values) < 5))


def _of_metatrader(rows: Sequence[Sequence[str]], roles: dict[str, int], three: list[Floats]) -> bool:
    """Whether three columns after the prices are tick volume, volume and spread in points of MetaTrader 5."""
    if re.fullmatch(r"\d{4}\.\d\d\.\d\d.*", rows[0][roles["time"]]) is None:
        return False
    if not all(np.isfinite(v).all() and (v >= 0).all() and (v == np.rint(v)).all() for v in three):
        return False
    texts = [row[roles["close"]] for row in rows[:500] if roles["close"] < len(row)]
    decimals = max((len(text.partition(".")[2]) for text in texts), default=0)
    close = np.array([float(text) for text in texts if re.fullmatch(r"[\d.]+", text)])
    return bool(len(close)) and float(np.median(three[2])) * 10.0**-decimals <= _WIDEST_SPREAD * float(np.median(close))
