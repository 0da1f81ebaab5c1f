"""The library's front door: a backtest or a sweep in one call, results in memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.evaluation.account_arguments import account_of, check_bars
from trading_ai.evaluation.asked import StrategyLike, asked
from trading_ai.evaluation.cores import n_cores
from trading_ai.evaluation.declared import check_axis, check_rules, searched_settings
from trading_ai.evaluation.event_runs import EventRuns
from trading_ai.evaluation.look_ahead import look_ahead_of, telling_combinations
from trading_ai.evaluation.making import evaluator_of
from trading_ai.evaluation.model import BacktestResult
from trading_ai.evaluation.ports import BarsEvaluator
from trading_ai.evaluation.settings import (
    BarsSettingsEvaluator,
    SettingsEvaluator,
    fixed_settings,
    set_account,
    without_settings,
)
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import bars_before, both_before, range_text
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, METRICS
from trading_ai.metrics.names import metric_named
from trading_ai.optimization.cautions import cautions, costs_stated
from trading_ai.optimization.model import FEWEST_TRADES
from trading_ai.optimization.objective import Objective, UserFunction, feasible, ruined
from trading_ai.optimization.ranking import valid_indices
from trading_ai.optimization.shape import plateau_scores
from trading_ai.options import option
from trading_ai.parameters import Combination, Value
from trading_ai.strategies.base import Declared
from trading_ai.strategies.lookahead import LookAheadCheck, LookAheadWarning

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_LOOK_AHEAD_SECONDS = 0.2
_DEFAULT_SIZING = Sizing()
_DEFAULT_COSTS = Costs()
_DEFAULT_RULES = ExecutionRules()


def read_bars(path: str | Path, *, symbol: str, **options: Any) -> Bars:
    """Read and check a file of bars; see `trading_ai.importers.read.read_bars` for the options.

    Args:
        path: a csv, csv.gz, zip or parquet file.
        symbol: name of the symbol, such as ``"EURUSD"``.
        options: ``timeframe``, ``timezone``, ``stamped``, ``repair``, ``price_scale`` and more; any ticker with
            ``kind="share"``.

    Raises:
        DataError: the file is refused; the message says where and what to do.
    """
    from trading_ai.importers.read import read_bars as read  # noqa: PLC0415 - the reader needs polars

    return read(path, symbol=symbol, **options).bars


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
    params: Mapping[str, Any] | None = None,
    **options: Any,
) -> Sweep:
    """Evaluate every combination of some parameters.

    Args:
        bars: bars that the strategy sees.
        strategy: a name, ``file.py:Class``, a class or object, or ready `Signals`; a list of them searches which.
        objective: what to rank by: a metric, a formula of metrics, ``file.py:function`` or a function, see
            `Objective.parse`.
        keep_daily_profit: keep each trial's daily profits, float32, shape (n, n_days).
        min_trades: a trial with fewer trades does not rank; 0 lifts the floor.
        params: parameters by name, as in `options`; for those that have the name of an option, such as ``start``.
        options: parameters by name (one value is fixed, a range or list is searched), and the options
            ``capital`` (10,000), ``account_currency`` ("USD"), ``sizing``, ``costs``, ``rules``,
            ``detail`` (finer bars that decide exits), ``conversion_bars``, ``start`` and ``end`` (dates or times in
            UTC, half open; earlier bars warm indicators up), ``day_start`` (of searched timeframes of H2 and longer,
            see `resample`), ``others`` (bars of other symbols, for ``bars.other``), ``n_threads`` (all cores). Settings
            of the account may be given or searched by the names of their options, such as ``spread_pips``, see
            `SETTINGS`; they stand in place of what `costs`, `rules` or `sizing` say.

    Combinations that break a rule of the strategy (fast < slow) are left out. A strategy of one's own is looked at
    first, once, for a fifth of a second: a `LookAheadWarning` says if its signals change when later bars are taken
    away.

    Raises:
        InputError: something is unknown, impossible or out of bounds; nothing was evaluated.
    """
    ranked_by = Objective.parse(objective)
    option("optimization", "min_trades").check(min_trades)
    evaluator = make_evaluator(bars, strategy, params=params, **options)
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
    bars: Bars, strategy: StrategyLike, *, params: Mapping[str, Any] | None = None, **options: Any
) -> BacktestResult:
    """Run one combination in full; options as in `sweep`, parameters as single values.

    Raises:
        ParameterError: a parameter was given a list of values.
        InputError: something is unknown, impossible or out of bounds.
    """
    evaluator = make_evaluator(bars, strategy, params=params, **options)
    if evaluator.space.axes:
        raise ParameterError(
            "needs one value",
            parameter=evaluator.space.axes[0].name,
            remedy="Use sweep() for several values.",
        )
    check_rules(evaluator.strategy, evaluator.fixed)
    return evaluator.backtest()


class Sweep:
    """Results of a sweep, ranked; made by `sweep`.

    Attributes:
        evaluator: what evaluated the combinations.
        objective: name of what is ranked by.
        min_trades: trades below which a trial does not rank.
        indices: indices of the combinations that were evaluated, ascending, int64, shape (n,).
        metrics: columns as in `METRICS`, float64, shape (n, n_metrics).
        failures: error text of combinations whose strategy raised, by index.
        daily_profit: float32, shape (n, n_days), or None.
    """

    def __init__(
        self, evaluator: BarsEvaluator, ranked_by: Objective, keep_daily_profit: bool, min_trades: int = 0
    ) -> None:
        self.evaluator, self.objective, self._ranked_by = evaluator, str(ranked_by), ranked_by
        self.min_trades = min_trades
        self.indices = valid_indices(evaluator.strategy, evaluator.space, evaluator.fixed)
        chunk = evaluator.evaluate(self.indices, keep_daily_profit)
        self.metrics, self.failures, self.daily_profit = chunk.metrics, chunk.failures, chunk.daily_profit

    def __len__(self) -> int:
        return int(self.indices.shape[0])

    @override
    def __repr__(self) -> str:
        best = ", ".join(f"{k}={v}" for k, v in self.best.items()) if self.has_best else "none"
        return f"Sweep({len(self):,} trials of {self.evaluator.strategy.name}, best by {self.objective}: {best})"

    @cached_property
    def order(self) -> Indices:
        """Rows of `metrics` from best to worst, ties in the order of the combinations.

        Trials that do not rank come last: first those with too few trades, then those without a score, then ruined
        accounts.
        """
        scores = self._scores
        group = np.where(ruined(self.metrics), 4, ~self._ranks + 2 * np.isnan(scores))
        order: Indices = np.lexsort((np.where(np.isfinite(scores), -scores, 0.0), group))
        return order

    @cached_property
    def _enough(self) -> npt.NDArray[np.bool_]:
        floor: npt.NDArray[np.bool_] = self.metrics[:, METRIC_COLUMN["total_trades"]] >= self.min_trades
        return floor & feasible((), self.metrics)

    @cached_property
    def _ranks(self) -> npt.NDArray[np.bool_]:
        return self._enough & ~np.isnan(self._scores)

    @cached_property
    def _scores(self) -> Floats:
        scores = self._ranked_by.scores(self.metrics)
        if not self._ranked_by.plateau_of:
            return scores
        return plateau_scores(self.evaluator.space, self.indices, np.where(self._enough, scores, np.nan))

    @property
    def has_best(self) -> bool:
        """Whether any trial ranks."""
        return bool(self._ranks.any())

    @property
    def costs_stated(self) -> str:
        """The costs that the best trial was charged, in words; begins with "without costs" where there were none."""
        evaluator = self.evaluator
        account = evaluator.account
        if isinstance(evaluator, SettingsEvaluator) and self.has_best:
            account = evaluator.member(self.best).account
        return costs_stated(account.costs, evaluator.account_currency, evaluator.data.has_spread)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against the best trial, as commands and reports say it."""
        best = dict(zip(METRIC_NAMES, self.metrics[self.order[0]].tolist(), strict=True)) if self.has_best else {}
        money = f"{self.evaluator.account.capital:,.2f} {self.evaluator.account_currency}"
        return cautions(self.costs_stated, best, money, "The best trial", self._ranked_by)

    @cached_property
    def best(self) -> Combination:
        """The searched parameters of the best trial.

        Raises:
            ParameterError: no trial ranks: none has enough trades, or the objective is undefined for all.
        """
        if not self.has_best:
            trades = self.metrics[:, METRIC_COLUMN["total_trades"]]
            most = int(np.nanmax(trades, initial=0.0))
            if 0 < most < self.min_trades:
                raise ParameterError(
                    f"is reached by no trial: the most trades of one are {most}", parameter="min_trades",
                    value=self.min_trades, remedy="0 lifts the floor.",
                )  # fmt: skip
            raise ParameterError(
                "is undefined for every trial", parameter="objective", value=self.objective,
                remedy="Most often no trial traded: look at total_trades.",
            )  # fmt: skip
        return self.evaluator.space.combination(int(self.indices[self.order[0]]))

    @property
    def n_trials(self) -> int:
        """Number of trials that the best was picked from: the more, the luckier it may be."""
        return len(self)

    def to_polars(self) -> pl.DataFrame:
        """One row a trial, best first: rank, searched parameters, metrics."""
        import polars as pl  # noqa: PLC0415 - an import of 0.2 s that a sweep itself does not need

        space, rows = self.evaluator.space, self.order
        positions = space.positions(self.indices[rows])
        data: dict[str, Any] = {"rank": np.arange(1, len(self) + 1)}
        for axis, position in zip(space.axes, positions, strict=True):
            values = list(axis.values)
            data[axis.name] = [values[i] for i in position.tolist()]
        for name, column in METRIC_COLUMN.items():
            data[name] = self.metrics[rows, column]
        counts = [pl.col(m.name).cast(pl.Int64) for m in METRICS if m.unit == "count"]
        failed = ~np.isnan(data["total_trades"])
        frame = pl.DataFrame(data)
        return frame.with_columns(counts) if failed.all() else frame

    def column(self, name: str) -> Floats:
        """One metric of every trial, or the objective, in the order of `indices`, shape (n,)."""
        if name == self.objective:
            objective = self._ranked_by
            return self._scores * objective.better if objective.plateau_of else objective.values(self.metrics)
        return self.metrics[:, METRIC_COLUMN[metric_named(name, "name").name]]

    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        """Run one combination in full (the best if none is given): trades, equity, daily profits."""
        return self.evaluator.backtest(self.best if combination is None else combination)

    def heatmap(self, x: str, y: str, metric: str | None = None) -> go.Figure:
        """Heat map of a metric over two searched parameters, the median over any others.

        Raises:
            ParameterError: `x` or `y` was not searched.
        """
        from trading_ai.figures.grid import aggregate  # noqa: PLC0415 - plotly takes a third of a second
        from trading_ai.figures.heatmap import parameter_heatmap  # noqa: PLC0415

        shown = metric or self.objective
        space = self.evaluator.space
        for name in (x, y):
            if name not in space.names:
                raise ParameterError(
                    "was not searched", parameter=name, own=True,
                    remedy=did_you_mean(name, space.names) + "Searched: " + ", ".join(space.names),
                )  # fmt: skip
        positions = space.positions(self.indices)
        columns = {axis.name: np.asarray(axis.values)[place] for axis, place in zip(space.axes, positions, strict=True)}
        axes = {axis.name: axis.values for axis in space.axes}
        grid = aggregate(columns, self.column(shown), x, y, x_values=axes[x], y_values=axes[y])
        alone = len(space.axes) == 2 and not grid.grouped and shown == self.objective and self.has_best
        return parameter_heatmap(
            x,
            grid.x_values,
            y,
            grid.y_values,
            grid.z,
            metric=shown,
            mark=(self.best[x], self.best[y]) if alone else None,
            subtitle=grid.subtitle,
        )

    def metrics_of(self, combination: Mapping[str, Value]) -> dict[str, float]:
        """Metrics of one trial by name.

        Raises:
            ParameterError: the combination was not part of the sweep.
        """
        index = self.evaluator.space.index_of(combination)
        row = int(np.searchsorted(self.indices, index))
        if row >= len(self) or self.indices[row] != index:
            raise ParameterError("breaks a rule of the strategy and was left out", value=dict(combination))
        return dict(zip(METRIC_NAMES, self.metrics[row].tolist(), strict=True))
