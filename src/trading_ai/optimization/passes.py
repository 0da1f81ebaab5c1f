"""Optimizations that were made elsewhere: their passes, judged by what can be told, and kept as trials."""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import DataError
from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.objective import Objective
from trading_ai.optimization.pareto import on_front
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, OptimizationRecord
from trading_ai.parameters import Axis, Choices, ParameterRange, SearchSpace, Value
from trading_ai.robustness.effective_trials import effective_trials
from trading_ai.robustness.expected_maximum import expected_maximum
from trading_ai.robustness.luck import luck, variance_between_trials
from trading_ai.robustness.overfitting import overfitting
from trading_ai.robustness.plateau import parameter_importance, plateau
from trading_ai.strategies.registry import ELSEWHERE

Floats = npt.NDArray[np.float64]

_CHUNK = 50_000
_DAYS_PER_YEAR = 252.0
_MOST_CELLS = 2**62
_MOST_FRONT = 200


@dataclass(frozen=True, eq=False)
class DailyProfits:
    """What each pass made on each day.

    Attributes:
        day_numbers: days on which any pass closed a trade, days since 1970-01-01, shape (n_days,).
        profits: account currency, float32, shape (n_passes, n_days).
    """

    day_numbers: npt.NDArray[np.int64]
    profits: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PassList:
    """An optimization of another platform.

    Attributes:
        origin: the format.
        source: the file or folder.
        names: searched parameters.
        values: their values in each pass, shape (n_passes, n_names).
        metrics: figures by our names of metrics, where they mean the same; shape (n_passes,) each, NaN where unknown.
        fitness: as given, more being better, shape (n_passes,); NaN where a pass has none.
        fitness_name: what the platform calls it.
        strategy: the robot, or "".
        symbol: or "".
        timeframe: or "".
        period: what was tested, as the file has it, or "".
        capital: first deposit, or None.
        fixed: parameters that were not searched.
        forward: result of each pass in the forward period, shape (n_passes,), or None.
        daily: what each pass made on each day, or None.
        notes: what the format does not hold, and what was left out.
    """

    origin: str
    source: str
    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    metrics: Mapping[str, Floats]
    fitness: Floats
    fitness_name: str
    strategy: str = ""
    symbol: str = ""
    timeframe: str = ""
    period: str = ""
    capital: float | None = None
    fixed: Mapping[str, Value] = field(default_factory=dict)
    forward: Floats | None = None
    daily: DailyProfits | None = None
    notes: tuple[str, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 of all that the file tells of the passes, hex."""
        said = [
            self.origin, self.names, self.values, self.strategy, self.symbol, self.timeframe, self.period, self.capital,
            self.fitness_name, sorted(self.fixed.items()),
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps(said).encode())
        for name in sorted(self.metrics):
            digest.update(name.encode() + self.metrics[name].tobytes())
        digest.update(self.fitness.tobytes())
        if self.forward is not None:
            digest.update(b"forward" + self.forward.tobytes())
        if self.daily is not None:
            digest.update(b"daily" + self.daily.day_numbers.tobytes() + self.daily.profits.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class PassJudgement:
    """What can be told of an optimization's passes; NaN where it cannot, and `unknown` says why.

    Attributes:
        n_passes: passes with a fitness.
        n_places: places of the grid that the values span.
        best: row of the best pass.
        best_fitness: its fitness.
        above_mean: how far it stands above the mean pass, standard deviations of the passes.
        expected_above_mean: what the best of so many independent passes shows without skill, standard deviations.
        plateau_pick: row of the pass that stands among the best neighbours; -1 where none has neighbours.
        plateau_score: median fitness of it and its neighbours.
        best_neighbours: median fitness of the best pass's neighbours.
        importance: share of the variance of the fitness that each parameter explains alone, by name.
        front: rows that none beats in both net profit and drawdown, best net profit first, at most 200.
        forward_correlation: rank correlation of the fitness and the forward result.
        deflated_sharpe: probability that the best pass's true Sharpe ratio is above the best of so many unskilled ones.
        annual_sharpe: of the best pass, of daily profits.
        n_effective: independent passes that they amount to; 0 where unknown.
        overfitting_probability: share of splits of the days whose best pass is no better than the median on the rest.
        unknown: what cannot be computed and why, a sentence each.
    """

    n_passes: int
    n_places: int
    best: int
    best_fitness: float
    above_mean: float
    expected_above_mean: float
    plateau_pick: int
    plateau_score: float
    best_neighbours: float
    importance: Mapping[str, float]
    front: tuple[int, ...]
    forward_correlation: float = math.nan
    deflated_sharpe: float = math.nan
    annual_sharpe: float = math.nan
    n_effective: int = 0
    overfitting_probability: float = math.nan
    unknown: tuple[str, ...] = ()


def space_of(passes: PassList) -> tuple[SearchSpace, npt.NDArray[np.int64]]:
    """The space that the passes' values span, and each pass's place on each axis.

    Numbers that are equally spaced are a range, anything else a list of values, numbers in order.

    Args:
        passes: the passes.

    Returns:
        The space, and places of shape (n_passes, n_names).

    Raises:
        DataError: the space has more places than can be counted.
    """
    axes: list[Axis] = []
    places = np.zeros((len(passes.values), len(passes.names)), np.int64)
    for column, name in enumerate(passes.names):
        given = [row[column] for row in passes.values]
        distinct = list(dict.fromkeys((type(value) is bool, value) for value in given))
        values = [value for _, value in distinct]
        numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        if numeric:
            values.sort()
        elif not all(isinstance(value, bool) for value in values):
            values = list(dict.fromkeys(str(value) for value in values))
            given = [str(value) for value in given]
        axes.append(_axis(name, values, numeric=numeric))
        where = {value: i for i, value in enumerate(values)}
        places[:, column] = [where[value] for value in given]
    if math.prod(len(axis) for axis in axes) > _MOST_CELLS:
        raise DataError(
            "spans more places than can be counted",
            file=passes.source,
            remedy="Leave parameters out that hardly matter",
        )
    return SearchSpace(tuple(axes)), places


def _axis(name: str, values: list[Value], *, numeric: bool) -> Axis:
    if numeric and len(values) > 1:
        low, high = float(values[0]), float(values[-1])
        step = round((high - low) / (len(values) - 1), 12)
        if step > 0.0:
            whole = all(isinstance(value, int) for value in values) and step == int(step)
            axis = ParameterRange(name, values[0], values[-1], int(step) if whole else step)  # type: ignore[arg-type]
            if len(axis) == len(values) and tuple(axis.values) == tuple(values):
                return axis
    return Choices(name, tuple(values))


def judge_passes(passes: PassList) -> PassJudgement:
    """Judge an optimization by its passes.

    Args:
        passes: the passes; of several with the same parameters the first counts.
    """
    space, places = space_of(passes)
    _, first = np.unique(places, axis=0, return_index=True)
    rows = np.sort(first)
    fitness = passes.fitness[rows]
    known = np.flatnonzero(~np.isnan(fitness))
    unknown: list[str] = []
    if len(rows) != len(places):
        unknown.append(f"{len(places) - len(rows):,} passes repeat parameters of others and are left out")
    if not len(known):
        return PassJudgement(0, space.n_combinations, -1, math.nan, math.nan, math.nan, -1, math.nan, math.nan, {}, (),
                             unknown=(*unknown, "no pass has a fitness: nothing can be ranked"))  # fmt: skip
    best = int(known[np.argmax(fitness[known])])
    spread = float(fitness[known].std(ddof=1)) if len(known) > 1 else 0.0
    ordered = np.array([isinstance(axis, ParameterRange) or _is_ordered(axis) for axis in space.axes], np.bool_)
    around = plateau(places[rows], fitness, ordered=ordered)
    pick = around.pick if around.pick >= 0 and around.n_neighbours[around.pick] else -1
    if pick < 0:
        unknown.append("no pass has tried neighbours: whether it stands on a plateau cannot be told")
    effects = parameter_importance(places[rows], fitness)
    if not effects.covers_grid:
        unknown.append("the passes are a part of the grid: shares of parameters are estimates and may overlap")
    front = _front(passes, rows)
    if not front:
        unknown.append("net profit or drawdown is not in the file: there is no Pareto front")
    correlation = math.nan
    if passes.forward is not None:
        correlation = _rank_correlation(fitness, passes.forward[rows])
    daily = _by_days(passes, rows, best, unknown)
    return PassJudgement(
        n_passes=len(known),
        n_places=space.n_combinations,
        best=int(rows[best]),
        best_fitness=float(fitness[best]),
        above_mean=float(fitness[best] - fitness[known].mean()) / spread if spread > 0.0 else math.nan,
        expected_above_mean=expected_maximum(len(known)),
        plateau_pick=-1 if pick < 0 else int(rows[pick]),
        plateau_score=math.nan if pick < 0 else around.pick_score,
        best_neighbours=float(around.median_neighbour[best]),
        importance=dict(zip(space.names, effects.main_effect.tolist(), strict=True)),
        front=front,
        forward_correlation=correlation,
        unknown=tuple(unknown),
        **daily,  # type: ignore[arg-type]
    )


def _is_ordered(axis: Axis) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in axis.values)


def _front(passes: PassList, rows: npt.NDArray[np.int64]) -> tuple[int, ...]:
    profit = passes.metrics.get("net_profit")
    fall = passes.metrics.get("max_drawdown_percent", passes.metrics.get("max_balance_drawdown_percent"))
    if profit is None or fall is None:
        return ()
    held = rows[on_front(np.stack([profit[rows], -fall[rows]], axis=1))]
    return tuple(int(row) for row in held[np.argsort(-profit[held], kind="stable")][:_MOST_FRONT])


def _rank_correlation(a: Floats, b: Floats) -> float:
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < 3:
        return math.nan
    ranks = []
    for values in (a[both], b[both]):
        _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - 0.5 * (counts - 1))[places])  # equals share their mean rank
    if any(r.std() == 0.0 for r in ranks):
        return math.nan
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _by_days(passes: PassList, rows: npt.NDArray[np.int64], best: int, unknown: list[str]) -> dict[str, float | int]:
    """What daily profits tell."""
    daily = passes.daily
    if daily is None:
        unknown.append(
            "daily profits or trades of the passes are not in the file: the deflated Sharpe ratio, the probability of "
            "overfitting and a walk-forward cannot be computed"
        )
        return {}
    profits = daily.profits[rows]
    if profits.shape[1] < 3 or len(rows) < 2:
        unknown.append("there are too few days or passes for statistics of days")
        return {}
    years = (daily.day_numbers[-1] - daily.day_numbers[0] + 1) / 365.2425
    per_year = min(_DAYS_PER_YEAR, profits.shape[1] / years)
    every = np.arange(len(rows), dtype=np.int64)
    effective = effective_trials(profits, seed=0)
    told = luck(
        profits[best], between_trials=variance_between_trials(profits, every), n_trials=len(rows),
        n_effective=max(effective.n_effective, 1), days_per_year=per_year,
    )  # fmt: skip
    found: dict[str, float | int] = {
        "deflated_sharpe": told.deflated_sharpe, "annual_sharpe": told.annual_sharpe, "n_effective": told.n_effective
    }  # fmt: skip
    n_blocks = min(16, profits.shape[1] // 4 * 2)
    if n_blocks >= 4:
        found["overfitting_probability"] = overfitting(profits, n_blocks=n_blocks).probability
    else:
        unknown.append("there are too few days to split: the probability of overfitting cannot be computed")
    return found


@dataclass(frozen=True, eq=False)
class KeptPasses:
    """What became of an import.

    Attributes:
        record: the optimization.
        added: False where the same passes were imported before.
    """

    record: OptimizationRecord
    added: bool


def keep_passes(
    store: Store, passes: PassList, *, name: str = "", new_id: Callable[[], str] = lambda: str(uuid.uuid4()), now: float
) -> KeptPasses:
    """Keep an optimization that was made elsewhere: its trials rank by the fitness as given.

    Figures that the file does not hold, or that mean something else there, are undefined (NaN). Nothing of it can be
    run again here.

    Args:
        store: where it is kept.
        passes: the passes; of several with the same parameters the first is kept.
        name: what the user calls it.
        new_id: makes ids.
        now: seconds since 1970.
    """
    key = f"passes {passes.content_hash}"
    known = store.optimization_of_request(key)
    if known is not None and known.status == "completed":
        return KeptPasses(known, added=False)
    if known is not None:  # an import that was interrupted: nothing stays of it
        store.delete_optimization(known.optimization_id)
        store.delete_backtest(known.spec.backtest_id)
    space, places = space_of(passes)
    indices = (
        np.array(np.ravel_multi_index(tuple(places.T), space.shape), np.int64) if space.axes else np.zeros(1, np.int64)
    )
    indices, rows = np.unique(indices, return_index=True)
    base = BacktestRecord(
        backtest_id=new_id(), name=f"{passes.strategy or passes.source} ({passes.origin})",
        spec=BacktestSpec(ELSEWHERE, dict(passes.fixed), "", capital=passes.capital or 10_000.0), symbol=passes.symbol,
        timeframe=passes.timeframe, strategy_hash=passes.content_hash, engine_version=ENGINE_VERSION,
        metrics=dict.fromkeys(METRIC_NAMES, math.nan), created_at=now, part_of="imported optimization",
    )  # fmt: skip
    metrics = np.full((len(rows), len(METRIC_NAMES)), np.nan)
    for metric, column in passes.metrics.items():
        metrics[:, METRIC_COLUMN[metric]] = column[rows]
    fitness = passes.fitness[rows]
    spec = OptimizationSpec(
        base.backtest_id, space, method=ELSEWHERE, objective=Objective.parse("net_profit"), min_trades=0, reuse=False,
        keep_daily_profit=passes.daily is not None,
    )  # fmt: skip
    record = OptimizationRecord(
        optimization_id=new_id(), name=name or base.name, spec=spec, status="paused", n_total=len(rows), n_completed=0,
        n_failed=0, strategy_hash=passes.content_hash, engine_version=ENGINE_VERSION, created_at=now, request_key=key,
        message=f"ranked by the fitness of {passes.origin}: {passes.fitness_name}",
    )  # fmt: skip
    store.add_backtest(base)
    store.add_optimization(record)
    daily = None if passes.daily is None else passes.daily.profits[rows]
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        chunk = EvaluatedChunk(indices[part], metrics[part], daily_profit=None if daily is None else daily[part])
        feasible = np.ones(len(indices[part]), np.bool_)
        store.save_chunk(record.optimization_id, chunk, fitness[part], feasible, 0.0)
    store.change_status(record.optimization_id, ("paused",), "completed", now, record.message)
    return KeptPasses(store.optimization(record.optimization_id), added=True)
