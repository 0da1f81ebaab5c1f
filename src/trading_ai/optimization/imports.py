"""Use cases of backtests that were made elsewhere: keep one, find one again, tell what it is."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.costs import Costs
from trading_ai.engine.records import SIGNAL, TRADE
from trading_ai.engine.trade_list import TradeList
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import DataError, StateError, TradingAIError
from trading_ai.evaluation.declared import resolve_parameters
from trading_ai.evaluation.job import load_bars, load_conversion, make_evaluator, strategy_of, with_trades
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.replay import ReplayEvaluator
from trading_ai.market.symbol_table import in_table
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.metrics.listed import figures_of
from trading_ai.optimization.backtests import BacktestService
from trading_ai.optimization.records import REPLAY, BacktestRecord, DatasetRecord, is_as_reported
from trading_ai.parameters import SearchSpace
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.replay import Replay

USUAL_CAPITAL = 10_000.0
"""Capital of an account whose first deposit nobody says."""

_DOLLARS = frozenset({"USD", "USDT", "USDC", "BUSD", "TUSD", "FDUSD", "USDP", "DAI"})
_LEAST_MOVE = 1.0
"""Profit, quote currency, from which on the rounding of prices and profits does not matter."""
_USUAL_RATIO = (0.5, 2.0)
"""Bounds of the usual ratio of profits to price moves: further off is a contract's multiplier, less a hidden cost."""

_NS_PER_DAY = 86_400 * 10**9
_DAYS_PER_YEAR = 365.2425


@dataclass(frozen=True, eq=False)
class KeptImport:
    """What became of an import.

    Attributes:
        record: the backtest.
        added: False where the same trades were imported before; it is that backtest then.
        notes: what was taken where the report does not say, a sentence each.
        on_bars: what `differences_of` says of it; None without bars on which its trades begin.
    """

    record: BacktestRecord
    added: bool
    notes: tuple[str, ...] = ()
    on_bars: tuple[npt.NDArray[np.void], int] | None = None


def fitting_dataset(datasets: list[DatasetRecord], trades: TradeList) -> DatasetRecord | None:
    """The dataset that a list of trades can be replayed on: of its symbol, over all its times, the finest.

    Args:
        datasets: all datasets, newest first.
        trades: the list.
    """
    first, last = int(trades.trades["entry_time_ns"].min()), int(trades.trades["exit_time_ns"].max())
    fitting = [d for d in datasets if d.symbol == trades.symbol and d.first_ns <= first and d.last_ns >= last]
    return max(fitting, key=lambda d: d.n_bars / max(d.last_ns - d.first_ns, 1), default=None)


def keep_import(
    service: BacktestService,
    trades: TradeList,
    *,
    dataset: DatasetRecord | None = None,
    name: str = "",
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    now: float,
) -> KeptImport:
    """Keep a backtest that was made elsewhere, as one whose trades are its own.

    Its metrics are those that its trades tell; what needs the price of every bar is undefined (NaN).

    Args:
        service: holds the store and the artifacts.
        trades: what was read.
        dataset: bars that it may be replayed on; None for none at hand.
        name: what the user calls it.
        new_id: makes ids.
        now: seconds since 1970.

    Raises:
        DataError: the dataset holds bars of another symbol, or the list is empty.
    """
    if not len(trades.trades):
        raise DataError("holds no trade", remedy="Export a backtest that traded")
    if dataset is not None and dataset.symbol != trades.symbol:
        raise DataError(
            f"holds bars of {dataset.symbol}, not of {trades.symbol}", parameter="dataset_id",
            value=dataset.dataset_id[:12], remedy=f"Name a dataset of {trades.symbol}, or the symbol that it is here",
        )  # fmt: skip
    dataset_id = "" if dataset is None else dataset.dataset_id
    for known in service.store.backtests():
        same = is_as_reported(known) and known.spec.trades_id == trades.content_hash
        if same and known.spec.dataset_id == dataset_id:
            return KeptImport(known, added=False, on_bars=_on_bars(service, known, trades.trades))
    notes: list[str] = []
    capital = trades.capital
    if capital is None or not capital > 0.0:
        capital = USUAL_CAPITAL
        notes.append(
            f"no first deposit is known: {capital:,.0f} is taken; import again with a capital if it was another"
        )
    currency = trades.account_currency or _quote_currency(trades.symbol)
    if not trades.account_currency:
        notes.append(f"no account currency is known: {currency} is taken")
    listed = with_profits(trades)
    costs = Costs()
    quote = _quote_currency(trades.symbol)
    if dataset is not None and currency in _DOLLARS:
        quote = service.artifacts.load_bars(dataset.dataset_id).symbol.quote_currency
    if _counts_one_to_one(listed, quote, currency):
        costs = Costs(conversion_rate=1.0)
        notes.append(f"its profits count 1 {quote} as 1 {currency}, and so do replays of it")
    if np.isnan(listed["net_profit"]).any():
        notes.append("the report has no profits, and they cannot be told: the metrics of money are undefined")
    elif np.isnan(trades.trades["net_profit"]).any():
        notes.append(
            "the report has no profits: they are made of prices and sizes, in the quote currency, without costs"
        )
    if dataset is None:
        notes.append(f"no dataset of {trades.symbol} covers its times: it cannot be replayed until bars are imported")
    kept = replace(trades, notes=(*trades.notes, *notes))
    chosen = Replay(service.artifacts.save_trades(kept))
    record = BacktestRecord(
        backtest_id=new_id(),
        name=name,
        spec=BacktestSpec(
            REPLAY, resolve_parameters(chosen, {}), dataset_id, capital=capital, account_currency=currency,
            costs=costs, trades_id=chosen.trades_id,
        ),
        symbol=trades.symbol,
        timeframe="" if dataset is None else dataset.timeframe,
        strategy_hash=strategy_identity(chosen),
        engine_version=ENGINE_VERSION,
        metrics=metrics_of(listed, capital),
        created_at=now,
    )  # fmt: skip
    service.artifacts.save_backtest(record.backtest_id, arrays_of(listed, capital))
    service.store.add_backtest(record)
    return KeptImport(record, added=True, notes=tuple(notes), on_bars=_on_bars(service, record, trades.trades))


def _on_bars(
    service: BacktestService, record: BacktestRecord, listed: npt.NDArray[np.void]
) -> tuple[npt.NDArray[np.void], int] | None:
    """How the bars at hand bear a report out, where its trades can be replayed on them and have levels to end at."""
    if not record.spec.dataset_id:
        return None
    has_levels = bool((np.isfinite(listed["stop_loss"]) | np.isfinite(listed["take_profit"])).any())
    try:
        return differences_of(service, record) if has_levels else None
    except TradingAIError:  # its trades begin on no bar, or need a rate: the replay itself says so
        return None


def with_profits(trades: TradeList) -> npt.NDArray[np.void]:
    """The trades with net profits: those of the report, or where it has none those of an account in the quote currency.

    Args:
        trades: the list.

    Returns:
        `LISTED_TRADE`, shape (n_trades,); NaN stays where the account's currency is another.
    """
    listed = trades.trades.copy()
    missing = np.isnan(listed["net_profit"])
    if missing.any() and trades.account_currency in {"", _quote_currency(trades.symbol)}:
        gross = (listed["exit_price"] - listed["entry_price"]) * listed["direction"] * listed["units"]
        gross = np.where(np.isnan(listed["gross_profit"]), gross, listed["gross_profit"])
        net = gross - np.nan_to_num(listed["commission"]) + np.nan_to_num(listed["swap"])
        listed["net_profit"] = np.where(missing, net, listed["net_profit"])
    return listed


def _counts_one_to_one(listed: npt.NDArray[np.void], quote: str, currency: str) -> bool:
    """Whether a list takes one coin that stands for the dollar for another: its profits are its price moves.

    Args:
        listed: `LISTED_TRADE`.
        quote: currency of the prices.
        currency: of the account.
    """
    if quote == currency or not {quote, currency} <= _DOLLARS:
        return False
    moves = (listed["exit_price"] - listed["entry_price"]) * listed["direction"] * listed["units"]
    costs = np.nan_to_num(listed["commission"]) - np.nan_to_num(listed["swap"])
    told = np.isfinite(moves) & np.isfinite(listed["net_profit"]) & (np.abs(moves) > _LEAST_MOVE)
    if not told.any():
        return False
    ratio = float(np.median((listed["net_profit"] + costs)[told] / moves[told]))
    return _USUAL_RATIO[0] <= ratio <= _USUAL_RATIO[1]


def _quote_currency(symbol: str) -> str:
    known = in_table(symbol)
    return "USD" if known is None else known.quote_currency


def arrays_of(listed: npt.NDArray[np.void], capital: float) -> dict[str, npt.NDArray[Any]]:
    """A backtest's arrays of trades alone: the equity is the balance after each close, days are those of closes (UTC).

    Args:
        listed: with profits, `LISTED_TRADE`, shape (n_trades,).
        capital: first deposit, account currency.
    """
    order = np.lexsort((listed["entry_time_ns"], listed["exit_time_ns"]))
    closed = listed[order]
    net = np.nan_to_num(closed["net_profit"])
    trades = np.zeros(len(closed), TRADE)
    for field in ("entry_time_ns", "exit_time_ns", "direction", "units", "entry_price", "exit_price"):
        trades[field] = closed[field]
    trades["exit_reason"] = np.where(closed["exit_reason"] < 0, SIGNAL, closed["exit_reason"])
    trades["commission"], trades["swap"] = np.nan_to_num(closed["commission"]), np.nan_to_num(closed["swap"])
    trades["net_profit"] = net
    told = closed["gross_profit"]
    trades["gross_profit"] = np.where(np.isnan(told), net + trades["commission"] - trades["swap"], told)
    trades["balance"] = capital + np.cumsum(net)
    trades["mae"] = trades["mfe"] = np.nan
    days = closed["exit_time_ns"] // _NS_PER_DAY
    day_numbers, places = np.unique(days, return_inverse=True)
    return {
        "trades": trades,
        "equity": trades["balance"].copy(),
        "equity_time_ns": closed["exit_time_ns"].copy(),
        "daily_profit": np.bincount(places, net, len(day_numbers)),
        "day_numbers": day_numbers,
    }


def metrics_of(listed: npt.NDArray[np.void], capital: float) -> dict[str, float]:
    """Every metric by name; NaN where trades alone do not tell.

    Args:
        listed: with profits, `LISTED_TRADE`.
        capital: first deposit, account currency.
    """
    found = dict.fromkeys(METRIC_NAMES, math.nan)
    told = figures_of(listed, capital)
    found |= {name: value for name, value in told.items() if name in found}
    net = told.get("net_profit")
    if net is None:
        return found
    n, values = len(listed), listed["net_profit"]
    found["final_equity"] = capital + net
    found["return_percent"] = 100.0 * net / capital
    years = float(listed["exit_time_ns"].max() - listed["entry_time_ns"].min()) / (_DAYS_PER_YEAR * _NS_PER_DAY)
    if years > 0.0 and capital + net > 0.0 and abs(math.log((capital + net) / capital) / years) < 100.0:
        found["annual_return_percent"] = 100.0 * (((capital + net) / capital) ** (1.0 / years) - 1.0)
    if n > 1 and float(values.std(ddof=1)) > 0.0:
        found["sqn"] = math.sqrt(n) * float(values.mean()) / float(values.std(ddof=1))
    return found


def differences_of(service: BacktestService, record: BacktestRecord) -> tuple[npt.NDArray[np.void], int]:
    """The trades that a backtest replays, each beside what the bars and its own levels alone make of it.

    Args:
        service: its bars and trades.
        record: the backtest.

    Returns:
        See `ReplayEvaluator.differences`, and the length of a bar on which exits happen, ns.

    Raises:
        StateError: it replays no trades, or has no bars.
        NotFoundError: its bars or its trades are gone.
    """
    spec = record.spec
    if spec.trades_id is None:
        raise StateError(f"backtest {record.backtest_id[:8]} replays no trades: there is nothing to compare")
    chosen = with_trades(strategy_of(spec), service.artifacts)
    bars, finer = load_bars(spec, service.artifacts)
    conversion = load_conversion(spec, service.artifacts)
    evaluator = make_evaluator(spec, SearchSpace(()), bars, finer, 1, chosen, conversion)
    assert isinstance(evaluator, ReplayEvaluator)
    return evaluator.differences(), evaluator.data.bars.timeframe.ns
