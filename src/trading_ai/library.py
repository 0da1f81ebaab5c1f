"""The library's front door: a backtest or a sweep in one call, results in memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import ParameterError
from trading_ai.evaluation.account_arguments import account_of, check_bars
from trading_ai.evaluation.asked import StrategyLike, asked
from trading_ai.evaluation.cores import n_cores
from trading_ai.evaluation.declared import check_axis, check_rules, searched_settings
from trading_ai.evaluation.event_runs import EventRuns
from trading_ai.evaluation.look_ahead import look_ahead_of, telling_combinations
from trading_ai.evaluation.making import evaluator_of
from trading_ai.evaluation.ports import BarsEvaluator
from trading_ai.evaluation.settings import (
    BarsSettingsEvaluator,
    fixed_settings,
    set_account,
    without_settings,
)
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import bars_before, both_before, range_text
from trading_ai.market.quality import DataQualityWarning
from trading_ai.market.symbol import Symbol
from trading_ai.optimization.model import FEWEST_TRADES
from trading_ai.optimization.objective import Objective, UserFunction
from trading_ai.options import option
from trading_ai.parameters import Value
from trading_ai.results import Backtest, backtest_of
from trading_ai.strategies.base import Declared
from trading_ai.strategies.lookahead import LookAheadCheck, LookAheadWarning
from trading_ai.sweep_results import Sweep

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_LOOK_AHEAD_SECONDS = 0.2
_DEFAULT_SIZING = Sizing()
_DEFAULT_COSTS = Costs()
_DEFAULT_RULES = ExecutionRules()


def read_bars(path: str | Path | pd.DataFrame | pl.DataFrame, *, symbol: str | Symbol, **options: Any) -> Bars:
    """Read and check a file or a DataFrame of bars; see `trading_ai.importers.read.read_bars` for the options.

    Of a DataFrame the usual names of columns are known, in any case, as pandas, Polars, yfinance, ccxt and MetaTrader
    have them; the time is a column or the index. Times without a zone are told by the hours of the market, as those of
    a file are.

    What the checks saw is warned of, one `DataQualityWarning` each, as `trading-ai data import` prints it: rows
    repaired, bars missing, jumps, a clock that could not be told for sure.

    Args:
        path: a csv, csv.gz, zip or parquet file, or a DataFrame of pandas or Polars.
        symbol: name of the symbol, such as ``"EURUSD"``.
        options: ``timeframe``, ``timezone``, ``stamped``, ``repair``, ``price_scale`` and more; any ticker with
            ``kind="share"``.

    Raises:
        DataError: the file is refused; the message says where and what to do.
    """
    from trading_ai.importers.read import read_bars as read  # noqa: PLC0415 - the reader needs polars

    found = read(path, symbol=symbol, **options)
    for line in [*(f"repaired: {text}" for text in found.report.repairs), *found.report.warnings]:
        warnings.warn(line, DataQualityWarning, stacklevel=2)
    return found.bars


def make_evaluator(
    bars: Bars,
    strategy: StrategyLike,
    *,
    capital: float = 10_000.0,
    account_currency: str = "USD",
    sizing: Sizing | Mapping[str, Any] = _DEFAULT_SIZING,
    costs: Costs | Mapping[str, Any] = _DEFAULT_COSTS,
    rules: ExecutionRules | Mapping[str, Any] = _DEFAULT_RULES,
    detail: Bars | None = None,
    conversion_bars: Bars | None = None,
    start: object = None,
    end: object = None,
    day_start: str | None = None,
    n_threads: int | None = None,
    others: Iterable[Bars] = (),
    params: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> BarsEvaluator:
    """Make an evaluator: signals and touches found once, combinations answered on demand.

    Args are those of `sweep`. ``evaluator.metrics_of(stop_loss=40, take_profit=100)`` answers one point,
    ``evaluator.evaluate(indices)`` many.
    """
    others = check_bars(others, bars=bars, detail=detail, conversion_bars=conversion_bars)
    account = account_of(capital, sizing, costs, rules)
    chosen, space, given = asked(strategy, parameters, params or {})
    settled, fixed = fixed_settings(chosen, space, given)
    first, last = range_text(start, end)
    bars, detail = (bars_before(bars, last), None) if detail is None else both_before(bars, detail, last)
    seen = bars.with_others(others)

    def with_account(settings: Mapping[str, Value]) -> BarsEvaluator:
        return evaluator_of(
            chosen,
            seen,
            without_settings(chosen, space),
            fixed,
            Account(
                account.capital, *set_account(account.sizing, account.costs, account.rules, {**settled, **settings})
            ),
            account_currency=account_currency,
            detail=detail,
            conversion_bars=conversion_bars,
            start=first,
            day_start=day_start,
            n_threads=n_threads or n_cores(),
        )

    for axis in space.axes:
        check_axis(chosen, axis)
    return BarsSettingsEvaluator(space, chosen, with_account) if searched_settings(chosen, space) else with_account({})


def sweep(
    bars: Bars,
    strategy: StrategyLike,
    *,
    objective: str | UserFunction = "sharpe_ratio",
    keep_daily_profit: bool = False,
    min_trades: int = FEWEST_TRADES,
    capital: float = 10_000.0,
    account_currency: str = "USD",
    sizing: Sizing | Mapping[str, Any] = _DEFAULT_SIZING,
    costs: Costs | Mapping[str, Any] = _DEFAULT_COSTS,
    rules: ExecutionRules | Mapping[str, Any] = _DEFAULT_RULES,
    detail: Bars | None = None,
    conversion_bars: Bars | None = None,
    start: object = None,
    end: object = None,
    day_start: str | None = None,
    n_threads: int | None = None,
    others: Iterable[Bars] = (),
    params: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Sweep:
    """Evaluate every combination of some parameters.

    Args:
        bars: bars that the strategy sees.
        strategy: a name, ``file.py:Class``, a class or object, or ready `Signals`; a list of them searches which.
        objective: what to rank by: a metric, a formula of metrics, ``file.py:function`` or a function, see
            `Objective.parse`.
        keep_daily_profit: keep each trial's daily profits, float32, shape (n, n_days).
        min_trades: a trial with fewer trades does not rank; 0 lifts the floor.
        capital: starting balance, account currency.
        account_currency: currency of the account.
        sizing: position size.
        costs: costs of trading.
        rules: execution rules.
        detail: finer bars that decide exits.
        conversion_bars: bars of the rate between the symbol's quote currency and the account's.
        start: trade from this date or time on (UTC); earlier bars warm indicators up.
        end: the date or time (UTC) after the last.
        day_start: of searched timeframes of H2 and longer, see `resample`.
        n_threads: threads; all cores if left out.
        others: bars of other symbols, for ``bars.other``.
        params: parameters by name, as `parameters`; for those that have the name of an option, such as ``start``.
        parameters: parameters by name: one value is fixed, a range or list is searched. Settings of the account may be
            given or searched by the names of their options, such as ``spread_pips``, see `SETTINGS`; they stand in
            place of what `costs`, `rules` or `sizing` say.

    Combinations that break a rule of the strategy (fast < slow) are left out. A strategy of one's own is looked at
    first, once, for a fifth of a second: a `LookAheadWarning` says if its signals change when later bars are taken
    away.

    Raises:
        InputError: something is unknown, impossible or out of bounds; nothing was evaluated.
    """
    ranked_by = Objective.parse(objective)
    option("optimization", "min_trades").check(min_trades)
    evaluator = make_evaluator(
        bars, strategy, capital=capital, account_currency=account_currency, sizing=sizing, costs=costs, rules=rules,
        detail=detail, conversion_bars=conversion_bars, start=start, end=end, day_start=day_start,
        n_threads=n_threads, others=others, params=params, **parameters,
    )  # fmt: skip
    _warn_of_look_ahead(evaluator)
    return Sweep(evaluator, ranked_by, keep_daily_profit, min_trades)


def _class_of(chosen: Declared) -> type:
    """The class that a user wrote."""
    return type(chosen.of if isinstance(chosen, EventRuns) else chosen)


def _warn_of_look_ahead(evaluator: BarsEvaluator) -> None:
    """Warn of a user's strategy that reads the future, as far as a short look shows."""
    chosen, n = evaluator.strategy, evaluator.space.n_combinations
    if _class_of(chosen).__module__.startswith("trading_ai."):
        return
    some = list(telling_combinations(chosen, evaluator.space, (0, n // 2, n - 1)))
    kept, key = evaluator.bars.derived, (_warn_of_look_ahead, _class_of(chosen), repr(some))
    looked = kept.get(key)
    if not isinstance(looked, LookAheadCheck):  # the same look at the same bars would see the same
        looked = kept[key] = look_ahead_of(evaluator, some, seconds=_LOOK_AHEAD_SECONDS)
    if looked.found:
        warnings.warn(f"{chosen.name} reads the future: {looked}", LookAheadWarning, stacklevel=3)


def backtest(
    bars: Bars,
    strategy: StrategyLike,
    *,
    capital: float = 10_000.0,
    account_currency: str = "USD",
    sizing: Sizing | Mapping[str, Any] = _DEFAULT_SIZING,
    costs: Costs | Mapping[str, Any] = _DEFAULT_COSTS,
    rules: ExecutionRules | Mapping[str, Any] = _DEFAULT_RULES,
    detail: Bars | None = None,
    conversion_bars: Bars | None = None,
    start: object = None,
    end: object = None,
    day_start: str | None = None,
    n_threads: int | None = None,
    others: Iterable[Bars] = (),
    params: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Backtest:
    """Run one combination in full; options as in `sweep`, parameters as single values.

    Raises:
        ParameterError: a parameter was given a list of values.
        InputError: something is unknown, impossible or out of bounds.
    """
    evaluator = make_evaluator(
        bars, strategy, capital=capital, account_currency=account_currency, sizing=sizing, costs=costs, rules=rules,
        detail=detail, conversion_bars=conversion_bars, start=start, end=end, day_start=day_start,
        n_threads=n_threads, others=others, params=params, **parameters,
    )  # fmt: skip
    if evaluator.space.axes:
        raise ParameterError(
            "needs one value",
            parameter=evaluator.space.axes[0].name,
            remedy="Use sweep() for several values.",
        )
    check_rules(evaluator.strategy, evaluator.fixed)
    return backtest_of(evaluator, {}, evaluator.account_currency)
