"""The tables that users' SQL sees: columns, types, units and meanings, the one source of schema and reference.

A table is filled from what is stored when a query names it. Most are asked for in two ways: `trades` holds the trades
of every backtest, ``trades('ID')`` those of one, whose id may be a unique prefix, its name, or ``latest``. Times are
UTC, of type TIMESTAMP; what is undefined is NULL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trading_ai.documents.sql_words import synonyms_of
from trading_ai.metrics.catalog import METRICS

SqlType = Literal["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "DATE"]
"""Types of columns, in the words of DuckDB."""

Owner = Literal["", "dataset", "backtest", "optimization"]
"""What the id in ``table('ID')`` names; "" where a table is not cut by an id."""

_UNITS = {"money": "account currency", "percent": "%"}


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: as SQL names it.
        type: as DuckDB names it.
        unit: unit in words, or "".
        meaning: what it says.
    """

    name: str
    type: SqlType
    unit: str
    meaning: str

    @property
    def synonyms(self) -> tuple[str, ...]:
        """What people call it, most usual first."""
        return synonyms_of(self.name)


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: as SQL names it.
        meaning: what a row is.
        columns: the columns that it always has; `trials` has one more for each searched parameter.
        owner: what the id in ``name('ID')`` names, or "".
        needs_id: whether it is only to be had with an id.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    owner: Owner = ""
    needs_id: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def written(self) -> str:
        """How a query names it, such as ``trades or trades('ID')``."""
        single = f"{self.name}('ID')"
        return single if self.needs_id else f"{self.name} or {single}" if self.owner else self.name


def _text(name: str, meaning: str) -> Column:
    return Column(name, "VARCHAR", "", meaning)


def _whole(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name, "BIGINT", unit, meaning)


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name, "DOUBLE", unit, meaning)


def _yes_no(name: str, meaning: str) -> Column:
    return Column(name, "BOOLEAN", "", meaning)


def _time(name: str, meaning: str) -> Column:
    return Column(name, "TIMESTAMP", "UTC", meaning)


def _date(name: str, meaning: str) -> Column:
    return Column(name, "DATE", "", meaning)


METRIC_COLUMNS = tuple(_number(m.name, m.definition, _UNITS.get(m.unit, m.unit)) for m in METRICS)
"""One column for each metric, of backtests and of trials."""

_PRICE = "quote currency"
_MONEY = "account currency"
_BACKTEST_ID = _text("backtest_id", "the backtest")
_OPTIMIZATION_ID = _text("optimization_id", "the optimization")
_PART_OF = _text("part_of", "the study that made it, such as a walk-forward; empty for one that a user asked for")

DATASETS = Table(
    "datasets",
    "a set of bars that was imported",
    (
        _text("dataset_id", "content hash of the bars"),
        _text("symbol", "name of the symbol"),
        _text("timeframe", "length of the bars, such as H1"),
        _whole("n_bars", "number of bars", "bars"),
        _time("first_time", "open of the first bar"),
        _time("last_time", "open of the last bar"),
        _text("source", "where the bars come from"),
        _time("created_at", "when they were imported"),
        _text("detected", "how the file was read, as JSON"),
        _text("quality", "what the checks saw, as JSON"),
    ),
)

BARS = Table(
    "bars",
    "a bar of one dataset; prices are bid prices",
    (
        _text("dataset_id", "the dataset"),
        _time("time", "open of the bar"),
        _number("open", "bid price at the open", _PRICE),
        _number("high", "highest bid price", _PRICE),
        _number("low", "lowest bid price", _PRICE),
        _number("close", "bid price at the close", _PRICE),
        _number("volume", "volume of the source, traded or ticks; 0 where it has none"),
        _number("spread", "ask less bid; NULL where the source has none", _PRICE),
        _number("ask_open", "ask price at the open; NULL where the source has none", _PRICE),
        _number("ask_high", "highest ask price, likewise", _PRICE),
        _number("ask_low", "lowest ask price, likewise", _PRICE),
        _number("ask_close", "ask price at the close, likewise", _PRICE),
    ),
    "dataset",
    needs_id=True,
)

BACKTESTS = Table(
    "backtests",
    "a backtest that was run, with its metrics",
    (
        _BACKTEST_ID,
        _text("name", "what the user called it"),
        _text("strategy", "the strategy that was run"),
        _text("symbol", "symbol that was traded"),
        _text("timeframe", "timeframe that the strategy saw"),
        _text("dataset_id", "dataset of the bars"),
        _text("parameters", "parameters of strategy and exits, as JSON: parameters->>'stop_loss' is one of them"),
        _number("capital", "starting balance", _MONEY),
        _text("account_currency", "currency of the account"),
        _text("sizing", "position size, as JSON: sizing->>'mode' is units, lots, risk_percent or percent_of_equity"),
        _text("costs", "costs that were charged, as JSON: costs->>'spread_pips' is one; NULL in it is the data's own"),
        _text("rules", "execution rules, as JSON: rules->>'same_bar' is one of them"),
        _text("start", "first moment that was traded, as it was asked for; NULL for the first bar"),
        _text("end", "the moment after the last, likewise; NULL for all bars"),
        _time("created_at", "when it was run"),
        _PART_OF,
        _text("engine_version", "version of the engine that ran it"),
        *METRIC_COLUMNS,
    ),
)

TRADES = Table(
    "trades",
    "a closed trade of a backtest, in the order of closing",
    (
        _BACKTEST_ID,
        _whole("number", "place in the order of closing, from 1"),
        _text("symbol", "symbol that was traded: of the backtest, or another one of a strategy that trades several"),
        _time("entry_time", "open of the bar of the entry"),
        _time("exit_time", "open of the bar of the exit"),
        _text("direction", "long or short"),
        _text("exit_reason", "signal, stop_loss, take_profit, trailing_stop, break_even, time_exit, end_of_data, ..."),
        _number("units", "size", "units of the base asset"),
        _number("entry_price", "price of the entry", _PRICE),
        _number("exit_price", "price of the exit", _PRICE),
        _number(
            "pips",
            "distance from entry to exit, above zero where the price went the trade's way; NULL where the "
            "size of a pip is not known",
            "pips",
        ),
        _number("gross_profit", "profit of the price", _MONEY),
        _number("commission", "paid for both sides, zero or more", _MONEY),
        _number("swap", "credit (above zero) or charge", _MONEY),
        _number("net_profit", "gross_profit - commission + swap", _MONEY),
        _number("balance", "capital and the net profits of the trades closed so far", _MONEY),
        _number("mae", "worst open profit of its price, zero or less", _MONEY),
        _number("mfe", "best open profit of its price, zero or more", _MONEY),
        _whole("bars_held", "bars from entry to exit", "bars"),
        _yes_no("ambiguous", "stop and target both lay inside the bar of the exit"),
    ),
    "backtest",
)

EQUITY = Table(
    "equity",
    "the equity of a backtest at the close of a bar",
    (_BACKTEST_ID, _time("time", "open of the bar"), _number("equity", "equity at the bar's close", _MONEY)),
    "backtest",
)

DAILY_PROFITS = Table(
    "daily_profits",
    "a trading day of a backtest",
    (_BACKTEST_ID, _date("day", "date of the trading day"), _number("profit", "change of the equity", _MONEY)),
    "backtest",
)

OPTIMIZATIONS = Table(
    "optimizations",
    "an optimization",
    (
        _OPTIMIZATION_ID,
        _text("name", "what the user called it"),
        _text("status", "running, paused, cancelled, completed or failed"),
        _text("backtest_id", "the backtest that it varies"),
        _text("method", "how it searches, such as grid_search"),
        _text("objective", "what trials are ranked by"),
        _text("parameters", "what is searched: names and values of each axis, as JSON"),
        _whole("n_total", "combinations to try", "trials"),
        _whole("n_completed", "trials that are stored, failed ones included", "trials"),
        _whole("n_failed", "trials that raised an error", "trials"),
        _whole("n_reused", "trials that were answered from earlier optimizations", "trials"),
        _whole("min_trades", "trades below which a trial does not rank", "trades"),
        _whole("seed", "seed of methods that draw"),
        _whole("best_index", "combination index of the best trial; NULL where none ranks"),
        _number("best_score", "its score, larger is better"),
        _number("seconds", "time spent running", "seconds"),
        _number("busy_seconds", "time that workers spent on its trials, summed over workers", "seconds"),
        _time("created_at", "when it was created"),
        _time("started_at", "when it first ran"),
        _time("finished_at", "when it ended"),
        _text("message", "why it failed or was paused"),
        _PART_OF,
        _text("engine_version", "version of the engine at the start"),
    ),
)

TRIALS = Table(
    "trials",
    "a trial of an optimization: its searched parameters, each in a column of its own, and its metrics. A parameter "
    "that has the name of a column here is called parameter_NAME",
    (
        _OPTIMIZATION_ID,
        _whole("combination_index", "place in the search space, from 0"),
        _whole("rank", "1 for the best; NULL where the trial does not rank"),
        _number("score", "what it is ranked by, larger is better; NULL where undefined or a condition is broken"),
        _yes_no("feasible", "whether it holds the conditions of the optimization"),
        _text("error", "why it failed; NULL where it did not"),
        *METRIC_COLUMNS,
    ),
    "optimization",
)

VERDICTS = Table(
    "verdicts",
    "a criterion of a verdict on a trial, one row for each; the last verdict on each trial is kept",
    (
        _OPTIMIZATION_ID,
        _whole("rank", "rank of the trial that was judged"),
        _whole("combination_index", "its place in the search space"),
        _text("parameters", "its searched parameters, as JSON"),
        _text("verdict", "survives, fragile or likely luck"),
        _time("judged_at", "when it was judged"),
        _text("criterion", "name of the criterion"),
        _number("value", "what was found; NULL where undefined or not measured"),
        _text("comparison", "how it is compared with the threshold"),
        _number("threshold", "what is asked"),
        _yes_no("holds", "whether it holds"),
        _yes_no("required", "whether the verdict needs it"),
    ),
)

WALK_FORWARD_WINDOWS = Table(
    "walk_forward_windows",
    "a window of an exact walk-forward: what was chosen where it learnt, and what that earned where it traded",
    (
        _text("walk_forward", "the walk-forward, as lists name it"),
        _text("optimization_id", "the optimization of the training"),
        _text("backtest_id", "the backtest of the test; NULL where it was not run or nothing was chosen"),
        _text("train_start", "first moment learnt from; NULL for the first bar"),
        _text("train_end", "the moment after the last one learnt from, which is the first one traded"),
        _text("test_end", "the moment after the last one traded; NULL for the last bar"),
        _text("status", "status of the training"),
        _text("parameters", "what was chosen, as JSON; NULL where nothing was"),
        _number("in_sample_score", "score of the chosen trial in training, larger is better"),
        _number("in_sample_profit", "its profit in training, an open trade included", _MONEY),
        _number("out_of_sample_profit", "its profit in the test, an open trade included", _MONEY),
        _number("out_of_sample_sharpe", "its Sharpe ratio in the test"),
        _whole("out_of_sample_trades", "its trades in the test", "trades"),
    ),
)

NOTES = Table(
    "notes",
    "a note that a user wrote about a backtest or an optimization",
    (
        _text("note_id", "the note"),
        _text("kind", "what it is about: backtest or optimization"),
        _text("run_id", "the backtest or the optimization"),
        _text("text", "as it was written; it says nothing that was checked"),
        _time("created_at", "when it was written"),
    ),
)

TABLES: tuple[Table, ...] = (
    DATASETS,
    BARS,
    BACKTESTS,
    TRADES,
    EQUITY,
    DAILY_PROFITS,
    OPTIMIZATIONS,
    TRIALS,
    VERDICTS,
    WALK_FORWARD_WINDOWS,
    NOTES,
)
"""Every table."""

BY_NAME = {table.name: table for table in TABLES}
"""Tables by name."""
