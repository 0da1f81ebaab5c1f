"""How many trials search methods need: ``python -m benchmarks.search_regret [--seeds 20] [--batch 10]``

Eight spaces over one year of real hourly bars, small enough to try every combination once. Then each method
searches each space many times, its scores looked up, and the trials are counted until it has found one of the
best 1 % of the combinations. Plain Optuna is Optuna's own TPE with default settings, asked for batches of the
same size: it may propose a combination twice, which counts as a trial, and combinations that break a rule of
the strategy, which are given back as failed and do not count. Prints Markdown.

The few constants of `coarse_to_fine`, `genetic` and `cma_es` were chosen on these spaces, with the seeds below
60; hence the seeds from 1,000 on, and the choice of another timeframe.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

import trading_ai as ta
from benchmarks.machine import processor
from trading_ai.parameters import SearchSpace, Value
from trading_ai.search.registry import METHODS, search_method

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

PLAIN = "plain Optuna TPE"
BUDGET, LARGE_BUDGET = 0.05, 0.10
SHARES = (0.01, 0.02, 0.05)  # of the grid, at which a search with the usual budget is looked at
TOP = 0.01

SPACES: dict[str, tuple[str, dict[str, Any]]] = {
    "demo": (
        "sma_crossover",
        {"fast": 10, "slow": 30, "stop_loss": range(20, 81, 2), "take_profit": range(40, 201, 10)},
    ),
    "averages": (
        "sma_crossover",
        {"fast": range(2, 41, 2), "slow": range(10, 201, 5), "stop_loss": 40, "take_profit": 100},
    ),
    "averages and exits": (
        "sma_crossover",
        {
            "fast": range(5, 26, 5),
            "slow": range(20, 101, 10),
            "stop_loss": range(20, 101, 10),
            "take_profit": range(20, 201, 20),
        },
    ),
    "RSI": (
        "rsi_reversal",
        {"period": range(4, 29, 2), "oversold": range(20, 41, 2), "overbought": range(60, 81, 2)},
    ),
    "Donchian": (
        "donchian_breakout",
        {"period": range(10, 101, 5), "exit_period": range(0, 51, 5), "stop_loss": range(20, 101, 10)},
    ),
    "Bollinger": (
        "bollinger_reversal",
        {
            "period": range(10, 51, 2),
            "deviations": [round(1.0 + 0.2 * i, 1) for i in range(11)],
            "exit_at_middle": [False, True],
            "stop_loss": range(20, 81, 10),
        },
    ),
    "MACD": (
        "macd",
        {
            "fast": range(4, 21, 2),
            "slow": range(10, 53, 3),
            "signal": range(3, 16, 2),
            "take_profit": range(40, 161, 20),
        },
    ),
    "Supertrend": (
        "supertrend",
        {"period": range(5, 51), "multiplier": [round(1.0 + 0.25 * i, 2) for i in range(21)]},
    ),
}


@dataclass(frozen=True, eq=False)
class Grid:
    """A space whose every combination was tried.

    Attributes:
        name: as in the tables.
        space: the combinations.
        candidates: those that the strategy's rules leave.
        scores: of the candidates, -inf where undefined.
        best: the largest score.
        middle: the median score.
        threshold: the score that the best 1 % reach.
    """

    name: str
    space: SearchSpace
    candidates: Indices
    scores: Floats
    best: float
    middle: float
    threshold: float

    @property
    def n(self) -> int:
        return int(self.candidates.shape[0])

    @property
    def ordered(self) -> tuple[bool, ...]:
        return tuple(not _listed(axis.values) for axis in self.space.axes)

    def trials(self, share: float) -> int:
        return int(np.ceil(share * self.n))


def _listed(values: Iterable[Value]) -> bool:
    """Whether values have no order: names and switches."""
    return any(isinstance(value, bool | str) for value in values)


def grids(objective: str, timeframe: str, names: list[str]) -> list[Grid]:
    bars = ta.resample(ta.load_sample("EURUSD"), timeframe)
    found = []
    for name in names:
        strategy, parameters = SPACES[name]
        sweep = ta.sweep(bars, strategy, objective=objective, n_threads=1, **parameters)
        raw = sweep.column(objective)
        scores = np.where(np.isfinite(raw), raw, -np.inf)
        known = raw[np.isfinite(raw)]
        ranked = np.sort(scores)[::-1]
        found.append(
            Grid(
                name,
                sweep.evaluator.space,
                sweep.indices,
                scores,
                best=float(known.max()),
                middle=float(np.median(known)),
                threshold=float(ranked[max(int(np.ceil(TOP * len(sweep))) - 1, 0)]),
            )
        )
    return found


def ours(name: str, grid: Grid, n_trials: int, seed: int, *, batch: int) -> Floats:
    """Scores in the order tried."""
    method = search_method(
        name,
        grid.n,
        n_trials,
        seed,
        shape=grid.space.shape,
        candidates=grid.candidates,
        ordered=grid.ordered,
        batch_size=batch,
    )
    found: list[Floats] = []
    while (asked := method.ask(batch)).size:
        scores = grid.scores[asked]
        method.tell(asked, np.where(np.isfinite(scores), scores, np.nan))
        found.append(scores)
    return np.concatenate(found)


def plain(grid: Grid, n_trials: int, seed: int, *, batch: int) -> Floats:
    """Scores in the order that Optuna by itself tries."""
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    axes: dict[str, BaseDistribution] = {
        axis.name: IntDistribution(0, len(axis.values) - 1)
        if flag
        else CategoricalDistribution(range(len(axis.values)))
        for axis, flag in zip(grid.space.axes, grid.ordered, strict=True)
    }
    row = {int(index): place for place, index in enumerate(grid.candidates)}
    found: list[float] = []
    while len(found) < n_trials:
        running: list[tuple[optuna.Trial, float]] = []
        while len(running) < min(batch, n_trials - len(found)):
            trial = study.ask(axes)
            index = int(np.ravel_multi_index([trial.params[name] for name in axes], grid.space.shape))
            if index in row:
                running.append((trial, float(grid.scores[row[index]])))
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
        for trial, score in running:
            if np.isfinite(score):
                study.tell(trial, score)
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            found.append(score)
    return np.array(found)


@dataclass(frozen=True)
class Figures:
    """One method on one space.

    Attributes:
        reached: share of seeds that found one of the best 1 % with 5 % of the trials.
        regrets: median distance to the best at 1, 2, 5 and 10 % of the trials; 1 is the median combination.
        milliseconds: of asking and telling, a trial.
    """

    reached: float
    regrets: tuple[float, ...]
    milliseconds: float


def measure(run: Callable[[Grid, int, int], Floats], grid: Grid, seeds: range) -> Figures:
    reached: list[bool] = []
    regrets: list[list[float]] = []
    seconds, n_trials = 0.0, 0
    for seed in seeds:
        best_so_far = []
        for share in (BUDGET, LARGE_BUDGET):
            began = time.perf_counter()
            scores = run(grid, grid.trials(share), seed)
            seconds, n_trials = seconds + time.perf_counter() - began, n_trials + scores.size
            best_so_far.append(np.maximum.accumulate(scores))
        usual, large = best_so_far
        reached.append(bool(usual[-1] >= grid.threshold))
        bests = [usual[grid.trials(share) - 1] for share in SHARES] + [large[-1]]
        regrets.append([(grid.best - max(float(b), grid.middle)) / (grid.best - grid.middle) for b in bests])
    medians = tuple(statistics.median(column) for column in zip(*regrets, strict=True))
    return Figures(statistics.mean(reached), medians, 1e3 * seconds / n_trials)


def mean_cost(found: list[Figures]) -> float:
    return statistics.mean(f.milliseconds for f in found)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--timeframe", default="H1", help="H1, or a longer one to make other landscapes")
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--objective", default="sharpe_ratio")
    parser.add_argument("--methods", nargs="+", default=[m for m in METHODS if m != "grid_search"] + [PLAIN])
    parser.add_argument("--spaces", nargs="+", default=list(SPACES), choices=list(SPACES))
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    known = grids(options.objective, options.timeframe, options.spaces)
    print(f"{options.seeds} seeds, batches of {options.batch}, {options.objective} on {options.timeframe};", end=" ")
    print(f"Optuna {version('optuna')}, {processor()}\n")
    names = [grid.name for grid in known]
    about = [
        [
            grid.name,
            SPACES[grid.name][0],
            " x ".join(map(str, grid.space.shape)),
            *[f"{count:,}" for count in (grid.n, grid.trials(BUDGET))],
            *[f"{score:.2f}" for score in (grid.best, grid.threshold, grid.middle)],
        ]
        for grid in known
    ]
    print(table(["space", "strategy", "grid", "valid", "5 %", "best", "top 1 %", "median"], about))
    figures: dict[str, list[Figures]] = {}
    for name in options.methods:
        run = partial(plain, batch=options.batch) if name == PLAIN else partial(ours, name, batch=options.batch)
        figures[name] = [measure(run, grid, seeds) for grid in known]
    print(f"Share of seeds that found one of the best {TOP:.0%} with {BUDGET:.0%} of the trials:\n")
    rows = [
        [name, *[f"{f.reached:.0%}" for f in found], f"{statistics.mean(f.reached for f in found):.0%}"]
        for name, found in figures.items()
    ]
    print(table(["method", *names, "mean"], rows))
    print("Median regret at 1 / 2 / 5 / 10 % of the trials:\n")
    rows = [
        [name, *[" / ".join(f"{r:.2f}" for r in f.regrets) for f in found], f"{mean_cost(found):.1f}"]
        for name, found in figures.items()
    ]
    print(table(["method", *names, "ms a trial"], rows))


if __name__ == "__main__":
    main()
