"""Evaluate combinations of a replay: the entries of a list of trades, with other exits, costs and filters."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.compiled import bookkeeping
from trading_ai.engine.compiled.replay_exits import choose_exits
from trading_ai.engine.compiled.replay_money import value_trades
from trading_ai.engine.compiled.replay_settle import settle_replay
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.records import N_TALLIES, TRADE
from trading_ai.engine.replay import delayed, place_trades
from trading_ai.engine.trade_list import LISTED_TRADE
from trading_ai.errors import StrategyError, said_in_full
from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.one_symbol import OneSymbolEvaluator
from trading_ai.evaluation.ports import Indices
from trading_ai.evaluation.replay_tables import ReplayTables, Tables
from trading_ai.evaluation.threads import run_tasks
from trading_ai.market.bars import Bars
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.parameters import SearchSpace, Value
from trading_ai.strategies.replay import Replay

Floats = npt.NDArray[np.float64]
DIFFERENCE = np.dtype(
    [
        ("place", np.int64),  # of the trade in its list
        ("entry_time_ns", np.int64),
        ("direction", np.int8),
        ("units", np.float64),
        ("entry_price", np.float64),
        ("exit_time_ns", np.int64),  # as listed
        ("exit_price", np.float64),
        ("exit_reason", np.int8),
        ("net_profit", np.float64),  # as listed; NaN where the list does not say
        ("bar_time_ns", np.int64),  # open time of the bar in which the bars end it; 0 where they do not
        ("bar_price", np.float64),
        ("bar_reason", np.int8),  # -1 where they do not
        ("bar_net_profit", np.float64),
    ]
)
"""A listed trade beside its replay."""

_MOST_TOGETHER = 64
"""Combinations that one thread takes at once."""


@dataclass(frozen=True, eq=False)
class _Space:
    """What one thread writes on, shape (n_trades,) each."""

    taken: npt.NDArray[np.int64]
    key: npt.NDArray[np.int64]
    price: Floats
    reason: npt.NDArray[np.int8]
    ambiguous: npt.NDArray[np.bool_]
    is_own: npt.NDArray[np.bool_]
    work: npt.NDArray[np.int64]
    money: tuple[Floats, ...]


@dataclass(frozen=True, eq=False)
class _Replayed:
    """One combination: tallies, daily profits, order of closing, number of trades; money lies in the work space."""

    tallies: Floats
    daily: Floats
    order: npt.NDArray[np.int64]
    entry: Floats
    units: Floats


class ReplayEvaluator(OneSymbolEvaluator[Replay]):
    """Evaluates the combinations of a search space on a list of trades and one symbol's bars.

    Arguments and errors as of `OneSymbolEvaluator`.

    Raises:
        StrategyError: the strategy has no list of trades at hand, or it is of another symbol.
    """

    def __init__(
        self,
        bars: Bars,
        strategy: Replay,
        space: SearchSpace,
        fixed: Mapping[str, Value],
        account: Any,
        **options: Any,
    ) -> None:
        super().__init__(bars, strategy, space, fixed, account, **options)
        if strategy.trades is None:
            raise StrategyError(
                "has no list of trades at hand", parameter="trades_id", value=strategy.trades_id,
                remedy="Name a backtest or an import whose trades are to be replayed.",
            )  # fmt: skip
        if strategy.trades.symbol != bars.symbol.name:
            raise StrategyError(
                f"are trades of {strategy.trades.symbol}, and the bars are of {bars.symbol.name}",
                parameter="trades_id", value=strategy.trades_id[:12], remedy="Name a dataset of the same symbol.",
            )  # fmt: skip
        self.placed = place_trades(strategy.trades.trades, self.data)
        detail = options.get("detail")
        nights = self.placed.nights
        night_bar = np.concatenate(([0], np.flatnonzero(np.diff(nights)) + 1))
        self._nights = night_bar, nights[night_bar]
        self._tables = ReplayTables(
            self.placed, bars if detail is None else detail, self._first, self.data, self.account,
            self.account_currency, options.get("conversion_bars"),
        )  # fmt: skip

    @override
    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        m = indices.shape[0]
        tallies = np.full((m, N_TALLIES), np.nan)
        daily = np.full((m, self.n_days), np.nan, dtype=np.float32) if keep_daily_profit else None
        failures: dict[int, str] = {}
        wanted = indices.tolist()
        # Tables are made here, once, and only read by the threads.
        ready: list[tuple[int, Mapping[str, Value], Tables]] = []
        for row, index in enumerate(wanted):
            parameters = self.fixed | self.space.combination(index)
            try:
                tables = self._tables.of(parameters, self._seen_by(parameters))
            except Exception as error:  # noqa: BLE001 - its trial fails, the others go on
                failures[index] = said_in_full(error)
                continue
            ready.append((row, parameters, tables))

        def run(part: list[tuple[int, Mapping[str, Value], Tables]]) -> None:
            space = self._work_space()
            for row, parameters, tables in part:
                one = self._replay(parameters, tables, space)
                tallies[row] = one.tallies
                if daily is not None:
                    daily[row] = one.daily

        parts = [ready[k : k + _MOST_TOGETHER] for k in range(0, len(ready), _MOST_TOGETHER)]
        run_tasks([partial(run, part) for part in parts], self.n_threads - 1)
        metrics = self._metrics(tallies)
        metrics[np.isin(indices, list(failures))] = np.nan
        return EvaluatedChunk(indices, metrics, failures, daily)

    @override
    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        if entry_delay:
            late = copy(self)
            late.placed = delayed(self.placed, self.data, entry_delay)
            late._tables = self._tables.of_trades(late.placed)
            return late.metrics_at(combination)
        parameters = self._whole(combination)
        tables = self._tables.of(parameters, self._seen_by(parameters))
        row = self._metrics(self._replay(parameters, tables, self._work_space()).tallies[None, :])[0]
        return dict(zip(METRIC_NAMES, row.tolist(), strict=True))

    @override
    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        parameters = self._whole(combination or {})
        tables = self._tables.of(parameters, self._seen_by(parameters))
        space, equity = self._work_space(), np.empty(self.data.n_bars)
        one = self._replay(parameters, tables, space, equity)
        row = self._metrics(one.tallies[None, :])[0]
        return BacktestResult(
            parameters=parameters,
            trades=self._trades(one, space),
            metrics=dict(zip(METRIC_NAMES, row.tolist(), strict=True)),
            equity=equity,
            equity_time_ns=self.data.bars.open_time_ns,
            daily_profit=one.daily,
            day_numbers=self.day_numbers,
        )

    def differences(self) -> npt.NDArray[np.void]:
        """Each trade of the list beside what the bars and its own levels alone make of it.

        Its own exit decides nothing: a trade without a stop and a target of its own ends with the data.

        Returns:
            `DIFFERENCE` of every trade that begins on the bars, in order of entry, shape (n_trades,).
        """
        parameters = self._whole({"keep_exits": False})
        tables, space = self._tables.of(parameters, self._seen_by(parameters)), self._work_space()
        one = self._replay(parameters, tables, space)
        listed, times = self.placed.listed, self.data.bars.open_time_ns
        found = np.zeros(listed.shape[0], DIFFERENCE)
        for name in {*(DIFFERENCE.names or ())} & {*(LISTED_TRADE.names or ())}:
            found[name] = listed[name]
        found["place"], found["bar_reason"] = self.placed.place, -1
        found["bar_price"] = found["bar_net_profit"] = np.nan
        i = space.taken[one.order]
        found["bar_time_ns"][i], found["bar_price"][i] = times[space.key[i] >> 1], space.price[i]
        found["bar_reason"][i], found["bar_net_profit"][i] = space.reason[i], space.money[3][i]
        return found

    def _work_space(self) -> _Space:
        n = len(self.placed.listed)
        return _Space(
            np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n), np.empty(n, np.int8), np.empty(n, np.bool_),
            np.empty(n, np.bool_), np.empty(n, np.int64),
            tuple(np.empty(n) for _ in range(8)),
        )  # fmt: skip

    def _replay(
        self, parameters: Mapping[str, Value], t: Tables, space: _Space, equity: Floats | None = None
    ) -> _Replayed:
        """One combination."""
        p = self.placed
        config, data = t.config, t.data
        n_taken, n_refused = choose_exits(
            t.keep, p.entry_key, p.side, int(parameters["max_positions"]), config[bookkeeping.SAME_BAR], *data.bid[:3],
            *t.stop, *t.target, *t.time, t.own_key, t.own_price, p.own_reason, t.end_price, space.taken, space.key,
            space.price, space.reason, space.ambiguous, space.is_own, space.work,
        )  # fmt: skip
        gross, commission, swap, net, slipped, crossed, *accrued = space.money
        value_trades(
            config, data.rates, p.nights, t.crossing, space.taken, n_taken, p.side, t.units, p.bar, t.entry, space.key,
            space.price, space.is_own, *t.own_money, t.charge, t.night_swap, gross, commission, swap, net, slipped,
            crossed, *accrued,
        )  # fmt: skip
        order = np.argsort(space.key[space.taken[:n_taken]], kind="stable")
        tallies, daily = np.empty(N_TALLIES), np.zeros(self.n_days)
        n_booked = settle_replay(
            self.account.capital, config[bookkeeping.HALF_CENT], data.conversion, data.rate, data.rates, data.bid[3],
            data.ask[3], *t.closes, data.bars.open_time_ns, data.day_last_bar, *self._nights, p.side, t.units, p.bar,
            t.entry, t.entry_night, space.taken, n_taken, n_refused, order, space.key, space.price, space.reason,
            space.ambiguous, gross, commission, swap, net, slipped, crossed, *accrued, tallies, daily,
            np.empty(0) if equity is None else equity,
        )  # fmt: skip
        return _Replayed(tallies, daily, order[:n_booked], t.entry, t.units)

    def _trades(self, one: _Replayed, space: _Space) -> npt.NDArray[np.void]:
        """Trades of a combination in order of closing, `records.TRADE`."""
        i = space.taken[one.order]
        trades = np.zeros(i.shape[0], TRADE)
        times = self.data.bars.open_time_ns
        trades["entry_bar"], trades["exit_bar"] = self.placed.bar[i], space.key[i] >> 1
        trades["entry_time_ns"], trades["exit_time_ns"] = times[trades["entry_bar"]], times[trades["exit_bar"]]
        trades["direction"], trades["units"] = self.placed.side[i], one.units[i]
        trades["exit_reason"], trades["ambiguous"] = space.reason[i], space.ambiguous[i]
        trades["entry_price"], trades["exit_price"] = one.entry[i], space.price[i]
        for name, values in zip(("gross_profit", "commission", "swap", "net_profit"), space.money, strict=False):
            trades[name] = values[i]
        trades["balance"] = self.account.capital + np.cumsum(trades["net_profit"])
        add_excursions(trades, self.data)
        return trades
