"""A backtest's trades, equity and days as tables of Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from trading_ai.engine.records import EXIT_REASONS
from trading_ai.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

    from trading_ai.evaluation.model import BacktestResult

Frames: TypeAlias = Literal["trades", "equity", "daily"]
"""Tables of a backtest."""


def frame_of(result: BacktestResult, what: str) -> pl.DataFrame:
    """One of the tables of a backtest, see `BacktestResult.to_polars`.

    Raises:
        ParameterError: there is no such table.
    """
    import polars as pl  # noqa: PLC0415 - a fifth of a second that a run itself does not need

    if what == "trades":
        return _trades(result.trades)
    if what == "equity":
        return pl.DataFrame([_times("time", result.equity_time_ns), pl.Series("equity", result.equity)])
    if what == "daily":
        days = pl.Series("date", result.day_numbers.astype(np.int32)).cast(pl.Date)
        return pl.DataFrame([days, pl.Series("profit", result.daily_profit)])
    known = get_args(Frames)
    raise ParameterError(
        "is no table of a backtest", parameter="what", value=what,
        remedy=f"{did_you_mean(what, known)}There are {', '.join(known)}.",
    )  # fmt: skip


def _trades(trades: npt.NDArray[np.void]) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415

    columns = [
        _times("entry_time", trades["entry_time_ns"]),
        _times("exit_time", trades["exit_time_ns"]),
        pl.Series("direction", ["long" if d > 0 else "short" for d in trades["direction"].tolist()], dtype=pl.String),
        pl.Series("exit_reason", [EXIT_REASONS[i] for i in trades["exit_reason"].tolist()], dtype=pl.String),
    ]
    replaced = {"entry_time_ns", "exit_time_ns", "direction", "exit_reason"}
    others = [name for name in trades.dtype.names or () if name not in replaced]
    return pl.DataFrame([*columns, *(pl.Series(name, np.ascontiguousarray(trades[name])) for name in others)])


def _times(name: str, time_ns: npt.NDArray[np.int64]) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    return pl.Series(name, np.ascontiguousarray(time_ns)).cast(pl.Datetime("ns", "UTC"))
