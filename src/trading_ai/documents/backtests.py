"""A backtest, its trades and its equity as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
from typing_extensions import TypedDict

from trading_ai.documents.forms import Moment, Number, Numbers, Uuid, finite, finite_values, form, iso, iso_ns
from trading_ai.documents.metrics import Metrics, metrics_json
from trading_ai.engine import costs, rules, sizing
from trading_ai.engine.records import EXIT_REASONS, STOP_OUT, symbols_of
from trading_ai.errors import SymbolError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.market.symbol_table import symbol
from trading_ai.metrics import sides
from trading_ai.optimization.cautions import said_of_backtest
from trading_ai.optimization.records import BacktestRecord, is_as_reported
from trading_ai.parameters import Combination

_REPLACED = ("symbol", "entry_time_ns", "exit_time_ns", "direction", "exit_reason")


@form(of=sizing.Sizing)
class Sizing(TypedDict):
    """How large a position is."""

    mode: sizing.SizingMode
    value: float | None
    volume_step: float | None
    min_volume: float | None
    max_volume: float


@form(of=costs.Costs)
class Costs(TypedDict):
    """Costs of trading."""

    spread_pips: float | None
    commission_per_lot: float
    commission_per_million: float
    commission_percent: float
    commission_per_trade: float
    slippage_pips: float
    swap_long: float
    swap_short: float
    swap_unit: costs.SwapUnit
    conversion_rate: float | None


@form(of=rules.ExecutionRules)
class Rules(TypedDict):
    """How orders are filled."""

    opposite_signal: rules.OppositeSignal
    same_bar: rules.SameBar
    level_anchor: rules.LevelAnchor
    round_levels: bool
    direction: rules.Direction
    max_positions: int
    close_at_end: bool
    leverage: float
    stop_out_level: float


@form(of=BacktestSpec)
class Backtest(TypedDict):
    """A backtest with its metrics.

    Attributes:
        id: its id.
        name: what the user called it, or "".
        part_of: the walk-forward that it is a part of, or "".
        parameters: strategy and exit parameters by name, all of them.
        dataset_id: the dataset whose bars it runs on.
        timeframe: timeframe that the strategy sees.
        symbol: name of the instrument.
        metrics: every metric; undefined ones are null.
        net_profit: the metric of that name, account currency.
        strategy_hash: hash of the strategy's code.
        engine_version: version of the engine that made the numbers.
        created_at: when it was run, UTC.
        costs_stated: the costs that were charged, in words; begins with "without costs" where there were none.
        warnings: what speaks against the result, a sentence or two each.
    """

    id: Uuid
    name: str
    part_of: str
    strategy: str
    parameters: Combination
    dataset_id: str
    timeframe: str
    detail_dataset_id: str | None
    conversion_dataset_id: str | None
    other_dataset_ids: list[str]
    trades_id: str | None
    capital: float
    account_currency: str
    sizing: Sizing
    costs: Costs
    rules: Rules
    start: str | None
    end: str | None
    symbol: str
    net_profit: Number
    metrics: Metrics
    strategy_hash: str
    engine_version: str
    created_at: Moment
    costs_stated: str
    warnings: list[str]


@form(of=sides.Side)
class Side(TypedDict):
    """The trades of one side, or of both; undefined figures are null."""

    side: sides.SideName
    n_trades: int
    win_rate: Number
    net_profit: Number
    profit_factor: Number
    expectancy: Number
    average_win: Number
    average_loss: Number
    largest_win: Number
    largest_loss: Number
    average_bars_held: Number
    commission: Number
    swap: Number


@form()
class BacktestInFull(Backtest):
    """A backtest with its metrics and its trades by side.

    Attributes:
        sides: all trades, the long and the short ones.
        money_exposure_percent: mean value of the open positions over all bars, percent of the capital; null where
            the account's currency is neither of the symbol's and no rate was given.
        ruined_at: open of the bar whose stop-out ruined the account, UTC; null of an account that was not ruined.
        stopped_out_at: open of the bar of the first stop-out, UTC; null where there was none.
    """

    sides: list[Side]
    money_exposure_percent: Number
    ruined_at: Moment | None
    stopped_out_at: Moment | None


@form()
class Trade(TypedDict):
    """A closed trade.

    Attributes:
        symbol: what was traded: the backtest's own symbol, or another one of a strategy that trades several.
        entry_time: open of the entry's bar, UTC.
        exit_time: open of the exit's bar, UTC.
        direction: long or short.
        exit_reason: what closed it.
        entry_bar: position of the entry's bar among the execution bars of the backtest's own symbol; of a trade of
            another symbol, of the bar in which that one's bar begins.
        exit_bar: position of the exit's bar, likewise.
        ambiguous: whether stop and target both lay inside the exit's bar.
        units: size in units of the base asset.
        entry_price: fill, quote currency.
        exit_price: fill, quote currency.
        gross_profit: price profit, account currency.
        commission: paid for both sides, account currency, 0 or above.
        swap: credit (+) or charge (-), account currency.
        net_profit: gross profit less commission plus swap, account currency.
        balance: capital and the net profits of the trades closed so far, account currency.
        mae: worst open profit of its price on the way, zero or below, account currency; null of trades stored before
            there was one.
        mfe: best open profit of its price on the way, zero or above; likewise.
    """

    symbol: str
    entry_time: Moment
    exit_time: Moment
    direction: Literal["long", "short"]
    exit_reason: Literal[
        "signal", "stop_loss", "take_profit", "trailing_stop", "break_even", "time_exit", "end_of_data", "stop_out"
    ]
    entry_bar: int
    exit_bar: int
    ambiguous: bool
    units: Number
    entry_price: Number
    exit_price: Number
    gross_profit: Number
    commission: Number
    swap: Number
    net_profit: Number
    balance: Number
    mae: Number
    mfe: Number


@form()
class Trades(TypedDict):
    """Closed trades of a backtest, in the order of their closing.

    Attributes:
        id: the backtest.
        total: number of all its trades; the list may be a part of them.
        trades: the trades.
    """

    id: Uuid
    total: int
    trades: list[Trade]


@form()
class Equity(TypedDict):
    """Equity at bars' closes: every n-th bar, and the last one.

    Attributes:
        id: the backtest.
        n_bars: bars that it traded.
        bars_per_point: bars from one point to the next.
        time_ms: open of each point's bar, milliseconds since 1970, UTC.
        equity: equity at its close, account currency.
    """

    id: Uuid
    n_bars: int
    bars_per_point: int
    time_ms: list[int]
    equity: Numbers


def backtest_json(record: BacktestRecord) -> Backtest:
    """A backtest with its metrics."""
    spec, said = record.spec, said_of_backtest(record)
    given = spec.to_json()
    return {
        "id": record.backtest_id,
        "name": record.name,
        "part_of": record.part_of,
        "strategy": spec.strategy,
        "parameters": dict(spec.parameters),
        "dataset_id": spec.dataset_id,
        "timeframe": record.timeframe,
        "detail_dataset_id": spec.detail_dataset_id,
        "conversion_dataset_id": spec.conversion_dataset_id,
        "other_dataset_ids": list(spec.other_dataset_ids),
        "trades_id": spec.trades_id,
        "capital": spec.capital,
        "account_currency": spec.account_currency,
        "sizing": cast("Sizing", given["sizing"]),
        "costs": cast("Costs", given["costs"]),
        "rules": cast("Rules", given["rules"]),
        "start": spec.start,
        "end": spec.end,
        "symbol": record.symbol,
        "net_profit": finite(record.metrics.get("net_profit", math.nan)),
        "metrics": metrics_json(record.metrics),
        "strategy_hash": record.strategy_hash,
        "engine_version": record.engine_version,
        "created_at": iso(record.created_at),
        "costs_stated": said.costs_stated,
        "warnings": list(said.warnings),
    }


def backtest_in_full_json(record: BacktestRecord, arrays: Mapping[str, npt.NDArray[Any]]) -> BacktestInFull:
    """A backtest with its trades by side.

    Args:
        record: the backtest.
        arrays: its arrays: ``trades``, dtype `TRADE`, and ``equity``, shape (n_bars,).
    """
    spec, trades = record.spec, arrays["trades"]
    rate = account_rate(spec, record.symbol)
    exposure = sides.money_exposure(trades, arrays["equity"].shape[0], spec.capital, rate)
    by_side = [finite_values(vars(side)) for side in sides.sides_of(trades)]
    if is_as_reported(record):  # trades that were made elsewhere lie in no bars
        exposure = math.nan
        by_side = [{**side, "average_bars_held": None} for side in by_side]
    return {
        **backtest_json(record),
        "sides": [cast("Side", side) for side in by_side],
        "money_exposure_percent": finite(exposure),
        "ruined_at": _stop_outs(trades)[1] if record.metrics.get("ruined", 0.0) > 0.0 else None,
        "stopped_out_at": _stop_outs(trades)[0],
    }


def _stop_outs(trades: npt.NDArray[np.void]) -> tuple[str | None, str | None]:
    """When the first and the last stop-out were; after one that ruins the account nothing is traded."""
    times = trades["exit_time_ns"][trades["exit_reason"] == STOP_OUT]
    return (iso_ns(int(times.min())), iso_ns(int(times.max()))) if times.size else (None, None)


def account_rate(spec: BacktestSpec, symbol_name: str) -> float | None:
    """Account currency for one unit of quote currency; 0 for an account in the base currency, None if it varies."""
    if spec.costs.conversion_rate is not None:
        return spec.costs.conversion_rate
    try:
        known = symbol(symbol_name)
    except SymbolError:
        return None
    if known.quote_currency == spec.account_currency:
        return 1.0
    return 0.0 if known.base_currency == spec.account_currency else None


def trades_json(record: BacktestRecord, trades: npt.NDArray[np.void], rows: slice = slice(None)) -> Trades:
    """Some of a backtest's trades.

    Args:
        record: whose.
        trades: all of them, dtype `TRADE`, with a ``symbol`` where several were traded.
        rows: which ones are wanted.
    """
    names, chosen = trades.dtype.names or (), trades[rows]
    return {
        "id": record.backtest_id,
        "total": len(trades),
        "trades": [
            _trade({**dict(zip(names, values, strict=True)), "symbol": symbol})
            for values, symbol in zip(chosen.tolist(), symbols_of(chosen, record.symbol).tolist(), strict=True)
        ],
    }


def _trade(row: Mapping[str, Any]) -> Trade:
    made = {
        "symbol": row["symbol"],
        "entry_time": iso_ns(row["entry_time_ns"]),
        "exit_time": iso_ns(row["exit_time_ns"]),
        "direction": "long" if row["direction"] > 0 else "short",
        "exit_reason": EXIT_REASONS[row["exit_reason"]],
        **{name: finite(v) if isinstance(v, float) else v for name, v in row.items() if name not in _REPLACED},
    }
    return cast("Trade", {**made, "mae": made.get("mae"), "mfe": made.get("mfe")})


def equity_json(backtest_id: str, arrays: Mapping[str, npt.NDArray[np.generic]], max_points: int) -> Equity:
    """A backtest's equity, thinned.

    Args:
        backtest_id: whose.
        arrays: its arrays: ``equity`` and ``equity_time_ns``, shape (n_bars,).
        max_points: about how many points are wanted, at least 2; the last bar may come on top.
    """
    n = arrays["equity"].shape[0]
    every = max(-(-n // max_points), 1)
    places = [*range(0, n, every)]
    if places and places[-1] != n - 1:
        places.append(n - 1)
    return {
        "id": backtest_id,
        "n_bars": n,
        "bars_per_point": every,
        "time_ms": (arrays["equity_time_ns"][places] // 1_000_000).tolist(),
        "equity": [finite(v) for v in arrays["equity"][places].tolist()],
    }
