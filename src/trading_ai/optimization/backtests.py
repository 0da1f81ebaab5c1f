"""Use cases of datasets and backtests: run one and keep it, delete."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import trading_ai
from trading_ai.engine.account import Account
from trading_ai.engine.records import symbols_of
from trading_ai.engine.trade_list import TradeList, listed_trades
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import EvaluationError, NotFoundError, StateError, TradingAIError, did_you_mean
from trading_ai.evaluation.declared import check_rules, resolve_parameters
from trading_ai.evaluation.job import (
    absolute_strategy,
    load_bars,
    load_conversion,
    make_evaluator,
    strategy_of,
    with_trades,
)
from trading_ai.evaluation.model import BacktestResult, BacktestSpec
from trading_ai.evaluation.ports import Artifacts, Evaluator
from trading_ai.market.bars import Bars
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, DatasetRecord
from trading_ai.parameters import SearchSpace
from trading_ai.strategies.identity import strategy_identity


def full_result(evaluator: Evaluator, combination: Mapping[str, Any]) -> BacktestResult:
    """Run one combination in full.

    Raises:
        EvaluationError: the strategy raised; the message says what and where.
    """
    try:
        return evaluator.backtest(combination)
    except EvaluationError as error:
        where = _line_in_the_strategy(error)
        if not where or where in str(error):
            raise
        raise EvaluationError(f"{error}{where}") from error
    except TradingAIError:
        raise
    except Exception as error:
        remedy = _remedy(error)
        said = f"{error}. {remedy}" if remedy else f"{error}"
        raise EvaluationError(
            f"strategy {evaluator.strategy.name} raised {type(error).__name__}: {said}{_line_in_the_strategy(error)}"
        ) from error


_MEANT = {
    "got Series": "An indicator is made of whole arrays, in on_start: ctx.indicator(talib.SMA, 'close', 20).",
    "'float' object is not subscriptable": "ctx.close is one number; ctx.closes[-2] is the close of the bar before.",
    "'int' object has no attribute 'hour'": "ctx.time is nanoseconds; ctx.between('08:00', '11:00', 'UTC') has hours.",
}
"""What those who write this have in mind mostly, by a part of the message."""


def _remedy(error: Exception) -> str:
    """What to do instead, where that can be guessed, or ""."""
    for part, remedy in _MEANT.items():
        if part in str(error):
            return remedy
    if isinstance(error, AttributeError) and error.name:
        return did_you_mean(error.name, (name for name in dir(error.obj) if not name.startswith("_"))).rstrip()
    return ""


_OWN_FOLDER = str(Path(trading_ai.__file__).parent)


def _line_in_the_strategy(error: Exception) -> str:
    """Where it was raised, as the innermost line that is not of this package; of this package where none is other."""
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [each for each in lines if not each[0].startswith(_OWN_FOLDER)]
    if not own and isinstance(error, TradingAIError):
        return ""
    file, line = (own or lines)[-1]
    return f" at {file}:{line}"


class BacktestService:
    """What the CLI, the API and a notebook call; everything it touches is passed in.

    Args:
        store: records.
        artifacts: bars and backtests' arrays.
        clock: seconds since 1970.
        new_id: makes ids.
    """

    def __init__(
        self,
        store: Store,
        artifacts: Artifacts,
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.store, self.artifacts, self._clock, self._new_id = store, artifacts, clock, new_id

    def keep_bars(
        self, bars: Bars, source: str, detected: Mapping[str, Any], quality: Mapping[str, Any]
    ) -> tuple[DatasetRecord, bool]:
        """Store bars and their record; False if they were there already, which are the latest from now on.

        Args:
            bars: checked bars.
            source: where they come from, for people.
            detected: how they were read.
            quality: what the checks saw.
        """
        dataset_id = self.artifacts.save_bars(bars)
        record = DatasetRecord(
            dataset_id=dataset_id,
            symbol=bars.symbol.name,
            timeframe=str(bars.timeframe),
            n_bars=len(bars),
            first_ns=int(bars.open_time_ns[0]),
            last_ns=int(bars.open_time_ns[-1]),
            source=source,
            created_at=self._clock(),
            detected=detected,
            quality=quality,
        )
        added = self.store.add_dataset(record)
        return (record if added else self.store.dataset(dataset_id)), added

    def run(self, spec: BacktestSpec, name: str = "", *, part_of: str = "") -> tuple[BacktestRecord, BacktestResult]:
        """Run a backtest and keep it.

        Args:
            spec: what to run; ids may be prefixes, missing parameters take their defaults.
            name: what the user calls it.
            part_of: the study that it is a part of, or "".

        Raises:
            InputError: something is unknown, impossible or out of bounds; nothing was kept.
            NotFoundError: there is no such dataset.
            EvaluationError: the strategy raised.
        """
        dataset = self.store.dataset(spec.dataset_id)
        detail = None if spec.detail_dataset_id is None else self.store.dataset(spec.detail_dataset_id)
        rates = None if spec.conversion_dataset_id is None else self.store.dataset(spec.conversion_dataset_id)
        spec = replace(spec, trades_id=self._trades_id(spec))
        chosen = with_trades(strategy_of(spec), self.artifacts)
        spec = replace(
            spec,
            strategy=absolute_strategy(spec.strategy),
            dataset_id=dataset.dataset_id,
            detail_dataset_id=None if detail is None else detail.dataset_id,
            conversion_dataset_id=None if rates is None else rates.dataset_id,
            other_dataset_ids=tuple(self.store.dataset(i).dataset_id for i in spec.other_dataset_ids),
            parameters=resolve_parameters(chosen, spec.parameters),
        )
        check_rules(chosen, spec.parameters)
        Account(spec.capital, spec.sizing, spec.costs, spec.rules)  # refused before any bar is read
        bars, finer = load_bars(spec, self.artifacts)
        conversion = load_conversion(spec, self.artifacts)
        result = full_result(make_evaluator(spec, SearchSpace(()), bars, finer, 1, chosen, conversion), {})
        record = BacktestRecord(
            backtest_id=self._new_id(),
            name=name,
            spec=spec,
            symbol=dataset.symbol,
            timeframe=str(bars.timeframe),
            strategy_hash=strategy_identity(chosen),
            engine_version=ENGINE_VERSION,
            metrics=result.metrics,
            created_at=self._clock(),
            part_of=part_of,
        )
        self.artifacts.save_backtest(record.backtest_id, _arrays(result))
        self.store.add_backtest(record)
        return record, result

    def _trades_id(self, spec: BacktestSpec) -> str | None:
        """The list of trades that a backtest names: by its own id, or by that of the backtest that made the trades."""
        if spec.trades_id is None:
            return None
        try:
            return self.artifacts.load_trades(spec.trades_id).content_hash
        except NotFoundError:
            source = self.store.backtest(spec.trades_id)
        return source.spec.trades_id or self.artifacts.save_trades(self.trades_of(source))

    def trades_of(self, record: BacktestRecord) -> TradeList:
        """The trades of a backtest as a list that can be replayed, with the levels that they had.

        Raises:
            NotFoundError: its arrays or bars are gone.
            StateError: it traded more than one symbol.
        """
        bars, detail = load_bars(record.spec, self.artifacts)
        execution = bars if detail is None else detail
        pip, given = bars.symbol.pip_size, record.spec.parameters
        stop, target = (float(given.get(name, 0.0)) * pip for name in ("stop_loss", "take_profit"))
        trades = self.artifacts.load_backtest(record.backtest_id)["trades"]
        others = sorted(set(symbols_of(trades, record.symbol).tolist()) - {record.symbol})
        if others:
            raise StateError(
                f"this backtest traded {', '.join(others)} besides {record.symbol}: a replay is on the bars of one "
                "symbol, and knows no others. Run its strategy again instead."
            )
        return TradeList(
            symbol=record.symbol,
            trades=listed_trades(trades, execution.timeframe.ns, stop, target),
            account_currency=record.spec.account_currency,
            capital=record.spec.capital,
            origin="backtest",
            parameters=dict(given),
        )

    def delete(self, backtest_id: str) -> str:
        """Delete a backtest that no optimization uses; returns its id.

        Raises:
            StateError: optimizations use it.
        """
        found = self.store.backtest(backtest_id).backtest_id
        self.store.delete_backtest(found)
        self.artifacts.delete_backtest(found)
        return found

    def delete_dataset(self, dataset_id: str) -> str:
        """Delete a dataset that no backtest uses; returns its id.

        Raises:
            StateError: backtests use it.
        """
        found = self.store.dataset(dataset_id).dataset_id
        for backtest in self.store.backtests():
            used = backtest.spec
            parts = {
                "decides exits": found == used.detail_dataset_id,
                "converts profits": found == used.conversion_dataset_id,
                "is looked at": found in used.other_dataset_ids,
            }
            for what, is_so in parts.items():
                if is_so:
                    raise StateError(
                        f"dataset {found[:12]} {what} in backtest {backtest.backtest_id[:8]}: delete that first"
                    )
        for record in self.store.optimizations():
            if found in record.spec.datasets.values():
                raise StateError(
                    f"dataset {found[:12]} is one of those that optimization {record.optimization_id[:8]} searches: "
                    "delete that first"
                )
        self.store.delete_dataset(found)
        self.artifacts.delete_bars(found)
        return found


def _arrays(result: BacktestResult) -> dict[str, npt.NDArray[Any]]:
    log = {"log": np.frombuffer(result.log.encode(), dtype=np.uint8)} if result.log else {}
    return log | {
        "trades": result.trades,
        "equity": result.equity,
        "equity_time_ns": result.equity_time_ns,
        "daily_profit": result.daily_profit,
        "day_numbers": result.day_numbers,
    }
