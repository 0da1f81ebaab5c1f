"""The nouns of an evaluation: what a backtest is, one in full, and the results of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.result_tables import Frames, frame_of
from trading_ai.frames import as_pandas
from trading_ai.market.date_range import range_text
from trading_ai.market.grid import parse_day_start
from trading_ai.metrics.tables import metrics_table, values_line
from trading_ai.options import Given
from trading_ai.parameters import Value
from trading_ai.shown import amount, card

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_TOLD = (
    ("net_profit", "money"),
    ("sharpe_ratio", "ratio"),
    ("max_drawdown_percent", "percent"),
    ("total_trades", "count"),
)
"""Metrics that a line about a backtest says, with their units."""

_LATER = {"start", "end", "day_start", "conversion_dataset_id", "other_dataset_ids", "trades_id"}
"""Fields that came after the first backtests were stored."""


@dataclass(frozen=True)
class BacktestSpec:
    """Everything that determines a backtest's numbers, besides the engine's version.

    Attributes:
        strategy: registry name, or ``path/to/file.py:Class``.
        parameters: strategy and exit parameters by name; missing ones take their defaults.
        dataset_id: content hash of the bars.
        timeframe: timeframe that the strategy sees; None for the dataset's own. When longer than the
            dataset's, bars are resampled for the signals and exits are resolved on the dataset's bars.
        day_start: when the day starts that bars of H2 and longer lie in which are made of the dataset's, see
            `trading_ai.market.grid.parse_day_start`; None for the symbol's own.
        detail_dataset_id: finer bars of the same symbol that decide exits, or None.
        conversion_dataset_id: bars of the pair of the symbol's quote currency and the account's, whose rates convert
            profits where neither currency of the symbol is the account's; or None.
        other_dataset_ids: bars of other symbols that the strategy may look at, see `Bars.other`, or trade.
        capital: starting balance, account currency.
        account_currency: currency of the account.
        sizing: position size.
        costs: spread, commission, slippage, swap, conversion.
        rules: execution rules.
        start: first moment that is traded, a date or time in UTC; None for the first bar. Earlier bars are still seen
            by the strategy, whose indicators are warm when trading begins.
        end: the moment after the last; bars that open at or after it do not exist for the backtest, and positions
            that are open then end as at the end of data. None for all.
        trades_id: content hash of the list of trades that the strategy ``replay`` replays; None for other strategies.

    Raises:
        ParameterError: `start` or `end` cannot be read, or nothing lies between them.
        DataError: `day_start` cannot be read.
    """

    strategy: str
    parameters: Mapping[str, Value]
    dataset_id: str
    timeframe: str | None = None
    day_start: str | None = None
    detail_dataset_id: str | None = None
    capital: float = 10_000.0
    account_currency: str = "USD"
    sizing: Sizing = field(default_factory=Sizing)
    costs: Costs = field(default_factory=Costs)
    rules: ExecutionRules = field(default_factory=ExecutionRules)
    start: str | None = None
    end: str | None = None
    conversion_dataset_id: str | None = None
    trades_id: str | None = None
    other_dataset_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        start, end = range_text(self.start, self.end)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)
        object.__setattr__(self, "other_dataset_ids", tuple(self.other_dataset_ids))
        if self.day_start is not None:
            parse_day_start(self.day_start)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict; `from_json` reads it back.

        What is left out it does not name, as before there was any such thing, so that older backtests compare equal.
        """
        others = list(self.other_dataset_ids) or None
        given = asdict(self) | {"parameters": dict(self.parameters), "other_dataset_ids": others}
        return {name: value for name, value in given.items() if name not in _LATER or value is not None}

    @classmethod
    def of(cls, strategy: str, parameters: Mapping[str, Value], dataset_id: str, given: Given) -> BacktestSpec:
        """The backtest with those options, see `trading_ai.options`; what is not given keeps its default."""
        return cls(
            strategy,
            parameters,
            dataset_id,
            sizing=Sizing(**given.get("sizing", {})),
            costs=Costs(**given.get("costs", {})),
            rules=ExecutionRules(**given.get("rules", {})),
            **given.get("backtest", {}),
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BacktestSpec:
        """Read what `to_json` wrote."""
        return cls(
            **{
                **data,
                "sizing": Sizing(**data["sizing"]),
                "costs": Costs(**data["costs"]),
                "rules": ExecutionRules(**data["rules"]),
            }
        )


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """One combination in full.

    Attributes:
        parameters: every parameter's value.
        trades: closed trades in order of closing, a NumPy record array: ``trades["net_profit"]`` is a column. There are
            ``entry_bar``, ``exit_bar`` (places among the execution bars), ``entry_time_ns``, ``exit_time_ns`` (opens of
            those bars, UTC), ``direction`` (+1 long, -1 short), ``exit_reason`` (see `engine.records.EXIT_REASONS`: 0
            signal, 1 stop_loss, 2 take_profit, 3 trailing_stop, 4 break_even, 5 time_exit, 6 end_of_data, 7 stop_out),
            ``ambiguous`` (stop and target in one bar), ``units``, ``entry_price``, ``exit_price``, ``gross_profit``,
            ``commission``, ``swap``, ``net_profit``, ``balance``, ``mae`` and ``mfe`` (account currency); where others
            than the own symbol are traded, ``symbol``: their bars are places among the own symbol's.
        metrics: every metric by name; NaN where undefined.
        equity: equity at each execution bar's close, account currency, shape (n_bars,).
        equity_time_ns: open time of each of those bars, UTC, shape (n_bars,).
        daily_profit: change of equity over each trading day, account currency, shape (n_days,).
        day_numbers: date of each trading day, days since 1970-01-01, shape (n_days,).
        log: what a strategy that makes its own trades printed, or "".
    """

    parameters: Mapping[str, Value]
    trades: npt.NDArray[np.void]
    metrics: dict[str, float]
    equity: npt.NDArray[np.float64]
    equity_time_ns: npt.NDArray[np.int64]
    daily_profit: npt.NDArray[np.float64]
    day_numbers: npt.NDArray[np.int64]
    log: str = ""

    @override
    def __repr__(self) -> str:
        told = ", ".join(f"{name} {amount(self.metrics[name], unit)}" for name, unit in _TOLD if name in self.metrics)
        return f"{type(self).__name__}({told})"

    def _repr_html_(self) -> str:
        return card("Backtest", [("parameters", values_line(self.parameters))], [metrics_table(self.metrics)])

    def to_polars(self, what: Frames = "trades") -> pl.DataFrame:
        """A table of Polars; times are UTC.

        Args:
            what: ``trades`` (one row a trade: times, ``direction`` long or short, ``exit_reason`` by name, prices,
                money), ``equity`` (one row an execution bar: ``time``, ``equity``), or ``daily`` (one row a trading
                day: ``date``, ``profit``).

        Raises:
            ParameterError: there is no such table.
        """
        return frame_of(self, what)

    def to_pandas(self, what: Frames = "trades") -> pd.DataFrame:
        """The same in pandas; the index is ``time`` of the equity and ``date`` of the days."""
        return as_pandas(self.to_polars(what), {"equity": "time", "daily": "date"}.get(what))


@dataclass(frozen=True, eq=False)
class EvaluatedChunk:
    """Results of some combinations.

    Attributes:
        indices: combination indices, int64, shape (m,).
        metrics: one row a combination, columns as in `trading_ai.metrics.catalog.METRICS`, float64,
            shape (m, n_metrics); all-NaN where the combination failed.
        failures: error text of each failed combination, by index.
        daily_profit: account currency for each trading day, float32, shape (m, n_days), or None.
        reused: whether they are copies of earlier trials instead of results of a run.
        made_by: engine, strategy and data that they were evaluated with; None where none was asked to evaluate them.
    """

    indices: npt.NDArray[np.int64]
    metrics: npt.NDArray[np.float64]
    failures: Mapping[int, str] = field(default_factory=dict)
    daily_profit: npt.NDArray[np.float32] | None = None
    reused: bool = False
    made_by: Identity | None = None
