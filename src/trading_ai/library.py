"""The library's front door: a backtest or a sweep in one call, results in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from trading_ai.errors import ParameterError
from trading_ai.evaluation.cores import n_cores
from trading_ai.evaluation.model import BacktestResult
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import bars_before, both_before, range_text
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, METRICS, metric
from trading_ai.optimization.objective import Objective
from trading_ai.optimization.ranking import rank, valid_indices
from trading_ai.optimization.shape import plateau_scores
from trading_ai.parameters import Axis, Choices, Combination, ParameterRange, SearchSpace, Value, axis_of
from trading_ai.strategies.base import Signals, SignalStrategy, Strategy
from trading_ai.strategies.registry import strategy as find_strategy

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
StrategyLike = str | Strategy | type[Strategy] | Signals

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
    sizing: Sizing = _DEFAULT_SIZING,
    costs: Costs = _DEFAULT_COSTS,
    rules: ExecutionRules = _DEFAULT_RULES,
    detail: Bars | None = None,
    conversion_bars: Bars | None = None,
    start: object = None,
    end: object = None,
    n_threads: int | None = None,
    params: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> SweepEvaluator:
    """Make an evaluator: signals and touches found once, combinations answered on demand.

    Args are those of `sweep`. ``evaluator.metrics_of(stop_loss=40, take_profit=100)`` answers one point,
    ``evaluator.evaluate(indices)`` many.
    """
    chosen = SignalStrategy(strategy) if isinstance(strategy, Signals) else find_strategy(strategy)
    axes: list[Axis] = []
    fixed: dict[str, Value] = {}
    for name, value in _joined(parameters, params or {}).items():
        if isinstance(value, str | bool | int | float | np.generic):
            fixed[name] = value.item() if isinstance(value, np.generic) else value
        elif isinstance(value, range):
            axes.append(Choices(name, tuple(value)))
        elif isinstance(value, ParameterRange | Choices | Sequence | np.ndarray):
            axes.append(axis_of(name, value))
        else:
            raise ParameterError(
                "must be a value, or a range or list of values", parameter=name, value=type(value).__name__
            )
    first, last = range_text(start, end)
    bars, detail = (bars_before(bars, last), None) if detail is None else both_before(bars, detail, last)
    return SweepEvaluator(
        bars,
        chosen,
        SearchSpace(tuple(axes)),
        fixed,
        Account(capital, sizing, costs, rules),
        account_currency=account_currency,
        detail=detail,
        conversion_bars=conversion_bars,
        start=first,
        n_threads=n_threads or n_cores(),
    )


def _joined(parameters: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters given as keyword arguments and those given as a mapping.

    Raises:
        ParameterError: one is in both.
    """
    for name in params:
        if name in parameters:
            raise ParameterError(
                "is given twice, as an argument and in params", parameter=name, value=params[name],
                remedy="Leave one of them out.",
            )  # fmt: skip
    return {**parameters, **params}


def sweep(
    bars: Bars,
    strategy: StrategyLike,
    *,
    objective: str = "sharpe_ratio",
    keep_daily_profit: bool = False,
    params: Mapping[str, Any] | None = None,
    **options: Any,
) -> Sweep:
    """Evaluate every combination of some parameters.

    Args:
        bars: bars that the strategy sees.
        strategy: a name, ``file.py:Class``, a class or object, or ready `Signals`.
        objective: what to rank by: a metric, a formula of metrics, ``file.py:function`` (see `Objective.parse`).
        keep_daily_profit: keep each trial's daily profits, float32, shape (n, n_days).
        params: parameters by name, as in `options`; for those that have the name of an option, such as ``start``.
        options: parameters by name (one value is fixed, a range or list is searched), and the options
            ``capital`` (10,000), ``account_currency`` ("USD"), ``sizing``, ``costs``, ``rules``,
            ``detail`` (finer bars that decide exits), ``conversion_bars``, ``start`` and ``end`` (dates or times in
            UTC, half open; earlier bars warm indicators up), ``n_threads`` (all cores).

    Combinations that break a rule of the strategy (fast < slow) are left out.

    Raises:
        InputError: something is unknown, impossible or out of bounds; nothing was evaluated.
    """
    ranked_by = Objective.parse(objective)
    evaluator = make_evaluator(bars, strategy, params=params, **options)
    return Sweep(evaluator, ranked_by, keep_daily_profit)


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
    broken = evaluator.strategy.broken_rule(evaluator.fixed)
    if broken:
        raise ParameterError(broken, parameter=evaluator.strategy.name, value=dict(evaluator.fixed))
    return evaluator.backtest()


class Sweep:
    """Results of a sweep, ranked; made by `sweep`.

    Attributes:
        evaluator: what evaluated the combinations.
        objective: name of what is ranked by.
        indices: indices of the combinations that were evaluated, ascending, int64, shape (n,).
        metrics: columns as in `METRICS`, float64, shape (n, n_metrics).
        failures: error text of combinations whose strategy raised, by index.
        daily_profit: float32, shape (n, n_days), or None.
    """

    def __init__(self, evaluator: SweepEvaluator, ranked_by: Objective, keep_daily_profit: bool) -> None:
        self.evaluator, self.objective, self._ranked_by = evaluator, str(ranked_by), ranked_by
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
        """Rows of `metrics` from best to worst; NaN last, ties in the order of the combinations."""
        return rank(self._scores, 1)

    @cached_property
    def _scores(self) -> Floats:
        scores = self._ranked_by.scores(self.metrics)
        return plateau_scores(self.evaluator.space, self.indices, scores) if self._ranked_by.plateau_of else scores

    @property
    def has_best(self) -> bool:
        """Whether any trial has a defined objective."""
        return len(self) > 0 and not np.isnan(self._scores[self.order[0]])

    @cached_property
    def best(self) -> Combination:
        """The searched parameters of the best trial.

        Raises:
            ParameterError: the objective is undefined for every trial (no trades, say).
        """
        if not self.has_best:
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
        metric(name)
        return self.metrics[:, METRIC_COLUMN[name]]

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
                raise ParameterError("was not searched", parameter=name, remedy="Searched: " + ", ".join(space.names))
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
