"""Can the columns be what they are taken for? Spreads and the order of open and close are held against the prices."""

from __future__ import annotations

import numpy as np

from trading_ai.errors import DataError
from trading_ai.importers.raw import Floats, RawRows
from trading_ai.market.symbol import Symbol

SPREAD_UNITS = ("points", "pips", "price")
# Widest believable median of a spread, as a share of the price.
_WIDEST = {"fx": 0.01, "metal": 0.01}
_WIDEST_OF_OTHERS = 0.05
_FEW = 20


def point_of(rows: RawRows, symbol: Symbol, *, as_written: bool) -> int:
    """Decimals of the point that whole spreads count.

    MetaTrader writes every price with all its decimals. Other programs leave zeros at the end out, or pad with them:
    then the symbol's own digits count, as far as the prices allow.
    """
    if rows.decimals is None:
        return symbol.digits
    used, written = rows.decimals, max(rows.written_decimals or 0, rows.decimals)
    if as_written and rows.same_decimals:
        return written
    return min(max(symbol.digits, used), written)


def spread_in_prices(
    rows: RawRows, symbol: Symbol, scale: float, *, unit: str | None, as_written: bool, source: str
) -> tuple[Floats | None, float | None]:
    """The spread in price units, and the point it was counted in; None where there is none or all are zero.

    Args:
        rows: with prices already multiplied by `scale`, the spread not yet.
        symbol: the instrument.
        scale: factor on every price.
        unit: one of `SPREAD_UNITS`; None takes whole numbers for points and others for prices.
        as_written: whether the format writes all decimals of its prices.
        source: the file, for messages.

    Raises:
        DataError: a spread that no market of this kind has.
    """
    values = rows.columns.get("spread")
    if values is None or not values.any():
        return None, None
    bad = ~((values >= 0) & (values < 1e15))
    if bool(bad.any()):
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            "must not be negative" if values[row] < 0 else "is no number of a spread",
            file=source,
            line=rows.lines(row),
            parameter="spread",
            value=float(values[row]),
            remedy="Correct or remove the row, or leave the column out with columns spread=-",
        )
    whole = bool((values == np.rint(values)).all())
    point: float | None = None
    if unit == "pips":
        spread = values * symbol.pip_size
    elif unit == "points" or (unit is None and whole):
        decimals = point_of(rows, symbol, as_written=as_written)
        point = float(f"1e-{decimals}") * scale
        spread = np.round(values * point, decimals + 8)
    else:
        spread = values * scale
    close = np.abs(rows.columns["close"])
    share = float(np.median(spread / np.where(close > 0, close, np.inf)))
    widest = _WIDEST.get(symbol.kind, _WIDEST_OF_OTHERS)
    if share > widest:
        row = int(np.flatnonzero(spread > widest * close)[0])
        raise DataError(
            f"is no believable spread: {share:.1%} of the price in the middle, at most {widest:.0%} is believed",
            file=source,
            line=rows.lines(row),
            parameter="spread",
            value=float(values[row]),
            remedy="Say what it is counted in, as in spread_unit=pips (or points, price), or leave the column out with "
            "columns spread=-",
        )
    return spread, point


def check_open_and_close(rows: RawRows, source: str) -> str:
    """Whether open and close seem exchanged: each bar opens near the close before it, not the other way round.

    Args:
        rows: in any order of time.
        source: the file, for messages.

    Returns:
        A warning, or "".

    Raises:
        DataError: they do, and only their position told which is which.
    """
    order = np.argsort(rows.time_ns, kind="stable") if bool((np.diff(rows.time_ns) < 0).any()) else slice(None)
    open_, close = rows.columns["open"][order], rows.columns["close"][order]
    if len(open_) < _FEW:
        return ""
    as_named = float(np.median(np.abs(open_[1:] - close[:-1])))
    exchanged = float(np.median(np.abs(close[1:] - open_[:-1])))
    if not (as_named > 0 and exchanged < 0.2 * as_named):
        return ""
    said = (
        f"each bar closes where the one before it opened (within {exchanged:.3g} on the median, {as_named:.3g} the "
        "other way round): open and close seem to be exchanged"
    )
    if not rows.by_position:
        return said + "; check the headings"
    raise DataError(
        said,
        file=source,
        line=rows.lines(0),
        parameter="columns",
        value=float(rows.columns["open"][0]),
        remedy="The file has no header; name its columns by number from 0, as in columns open=4, close=1",
    )
