"""How often the verdict is wrong: sweeps over random walks, and over walks with a trend to be found.

``python -m benchmarks.null_experiment`` sweeps sma_crossover over seeded random walks that have the hourly
volatility and the trading hours of the EURUSD sample, studies each sweep, and counts the verdicts. Then it does the
same on walks with a planted trend. "survives" should be rare on the first and common on the second.

A walk: the price moves continuously with normal steps, whose deviation is that of the sample's bars at the same hour
of the day, without drift and without costs: nothing earns or loses on average. The planted trend adds a drift of
`--edge` daily deviations a day, whose sign changes at random times, on average every `--trend-days` trading days; a
trader who knew the sign would have an annual Sharpe ratio of edge x sqrt(260). The column "fresh" is what the winner
then earns on years that it has not seen, made by the same process: its true worth.

The default thresholds were chosen on other seeds (`--first-seed 100000`) than those reported by default.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import trading_ai as ta
from trading_ai.robustness.study import StudySettings, assess
from trading_ai.robustness.verdict import Evidence, Verdict, judge

STEPS = 8  # within a bar
WEEKS = 52
HOUR_NS = 3_600_000_000_000
CAPITAL = 10_000.0
DAYS_A_YEAR = 260
FRESH = 1_000_000_007  # added to a walk's seed for the years that its winner has not seen
GRID = {
    "fast": range(4, 25, 4),
    "slow": range(20, 121, 10),
    "stop_loss": [20, 40, 60, 80],
    "take_profit": [40, 80, 120, 160],
}
WORDS = ("survives", "fragile", "likely luck")


@dataclass(frozen=True)
class Walk:
    """What one walk gave."""

    seed: int
    evidence: dict[str, float | None]
    words: str
    best_sharpe: float
    fresh_sharpe: float


def walk(sample: ta.Bars, years: int, seed: int, edge: float, trend_days: float) -> ta.Bars:
    """A random walk with the sample's hours and hourly volatility, and perhaps a trend.

    Args:
        sample: hourly bars of about one year.
        years: how many years of 52 weeks.
        seed: seed of the walk.
        edge: drift of a day in deviations of a day; 0 for none.
        trend_days: mean number of trading days until the drift changes its sign.
    """
    random = np.random.default_rng(seed)
    year = WEEKS * 7 * 24 * HOUR_NS
    kept = sample.open_time_ns < sample.open_time_ns[0] + year
    times = np.concatenate([sample.open_time_ns[kept] + k * year for k in range(years)])
    hour = (sample.open_time_ns // HOUR_NS) % 24
    returns = np.diff(np.log(sample.close), prepend=np.log(sample.open[0]))
    by_hour = np.array([returns[hour == h].std() for h in range(24)])
    deviation = by_hour[(times // HOUR_NS) % 24]
    n_bars = times.shape[0]
    a_day = n_bars / (years * DAYS_A_YEAR)
    daily = np.sqrt(np.square(deviation).mean() * a_day)
    flips = random.random(n_bars) < 1.0 / (trend_days * a_day)
    sign = np.where((np.cumsum(flips) + random.integers(2)) % 2, 1.0, -1.0)
    drift = edge * daily / a_day * sign - np.square(deviation) / 2.0
    step = np.repeat(deviation / np.sqrt(STEPS), STEPS)
    path = np.cumsum(random.standard_normal(step.shape[0]) * step + np.repeat(drift / STEPS, STEPS))
    before = np.concatenate(([0.0], path[:-1]))
    # Highest and lowest point of the continuous path within each step, given its ends (a Brownian bridge): with the
    # ends alone, stops would fill at a level that the price has jumped over, and losing would pay.
    top, bottom = (
        (
            before
            + path
            + side * np.sqrt(np.square(path - before) - 2.0 * np.square(step) * np.log(random.random(path.shape[0])))
        )
        / 2.0
        for side in (1.0, -1.0)
    )
    start = sample.open[0]
    close = np.round(start * np.exp(path[STEPS - 1 :: STEPS]), 5)
    open_ = np.concatenate(([np.round(start, 5)], close[:-1]))
    high = np.maximum(np.round(start * np.exp(top.reshape(n_bars, STEPS).max(axis=1)), 5), np.maximum(open_, close))
    low = np.minimum(np.round(start * np.exp(bottom.reshape(n_bars, STEPS).min(axis=1)), 5), np.minimum(open_, close))
    return ta.Bars(sample.symbol, sample.timeframe, times, open_, high, low, close, np.zeros(n_bars))


def study(sample: ta.Bars, years: int, seed: int, edge: float, trend_days: float, settings: StudySettings) -> Walk:
    """Sweep one walk, study it, and see what its winner does on fresh years."""
    sweep = ta.sweep(walk(sample, years, seed, edge, trend_days), "sma_crossover", keep_daily_profit=True, **GRID)
    positions = np.column_stack(sweep.evaluator.space.positions(sweep.indices))
    scores = sweep.column("sharpe_ratio")
    trades = sweep.backtest().trades["net_profit"] if sweep.has_best else None
    found = assess(
        sweep.daily_profit,
        sweep.evaluator.day_numbers,
        positions,
        scores,
        capital=CAPITAL,
        trade_profits=trades,
        look_ahead=(0, 1),  # the built-in cross is tested to know the past only
        settings=settings,
        seed=seed,
    )
    fresh = float("nan")
    if found.chosen >= 0:
        again = ta.backtest(walk(sample, years, seed + FRESH, edge, trend_days), "sma_crossover", **sweep.best)
        fresh = again.metrics["sharpe_ratio"]
    return Walk(seed, asdict(found.evidence), found.verdict.words, found.chosen_score, fresh)


def verdicts(walks: list[Walk]) -> list[Verdict]:
    """The verdicts under the default thresholds, judged from the stored evidence."""
    return [judge(Evidence(**w.evidence)) for w in walks]  # type: ignore[arg-type]


def table(groups: dict[str, list[Walk]]) -> str:
    """Counts of verdicts and how often each criterion holds, as Markdown."""
    lines = ["| walks | n | " + " | ".join(WORDS) + " | best Sharpe | fresh |"]
    lines.append("| --- |" + " ---: |" * 6)
    for name, walks in groups.items():
        count = Counter(v.words for v in verdicts(walks))
        shares = " | ".join(f"{count[w]} ({100 * count[w] / len(walks):.1f} %)" for w in WORDS)
        best, fresh = (np.nanmedian([getattr(w, k) for w in walks]) for k in ("best_sharpe", "fresh_sharpe"))
        lines.append(f"| {name} | {len(walks)} | {shares} | {best:.2f} | {fresh:.2f} |")
    lines += ["", "| criterion holds | " + " | ".join(groups) + " |", "| --- |" + " ---: |" * len(groups)]
    held = {
        name: Counter(c.name for v in verdicts(walks) for c in v.criteria if c.holds) for name, walks in groups.items()
    }
    for criterion in verdicts(next(iter(groups.values())))[0].criteria:
        cells = [f"{100 * held[g][criterion.name] / len(groups[g]):.0f} %" for g in groups]
        name = f"{criterion.name} {criterion.comparison} {criterion.threshold:g}"
        lines.append(f"| {name}{' (required)' if criterion.required else ''} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--walks", type=int, default=200, help="walks of each kind")
    parser.add_argument("--years", type=int, default=4)
    parser.add_argument("--edge", type=float, nargs="*", default=[0.3], help="drift of a day in daily deviations")
    parser.add_argument("--trend-days", type=float, default=10.0, help="mean trading days between changes of the trend")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--save", type=Path, help="write the evidence of every walk as JSON lines")
    options = parser.parse_args()
    sample = ta.load_sample("EURUSD")
    settings = StudySettings(n_resamples=options.resamples)
    groups: dict[str, list[Walk]] = {}
    began = time.perf_counter()
    for edge in (0.0, *options.edge):
        name = f"edge {edge:g}" if edge else "no edge"
        groups[name] = []
        for i in range(options.walks):
            groups[name].append(
                study(sample, options.years, options.first_seed + i, edge, options.trend_days, settings)
            )
            if options.save:
                with options.save.open("a") as file:
                    file.write(json.dumps({"edge": edge, **asdict(groups[name][-1])}) + "\n")
        print(f"{name}: {len(groups[name])} walks, {time.perf_counter() - began:.0f} s", flush=True)
    print(table(groups))


if __name__ == "__main__":
    main()
