"""The judged trial run again under other conditions: later entries, shaken parameters, the other level first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from trading_ai.engine.rules import SameBar as SameBarRule
from trading_ai.errors import EvaluationError, ParameterError
from trading_ai.evaluation.declared import all_parameters
from trading_ai.evaluation.job import job_evaluator
from trading_ai.evaluation.ports import Artifacts, Evaluator, Floats, Job
from trading_ai.parameters import Combination, is_ordered
from trading_ai.robustness.stress import QUANTILES
from trading_ai.strategies.hosted import Hosted

DELAYS = (0, 1, 2, 3)
_REDRAWS = 20


@dataclass(frozen=True)
class EntryDelay:
    """The trial with every entry carried out some bars late; explicit exits keep their time.

    Attributes:
        bars: delays, execution bars.
        net_profit: account currency, one for each delay.
        total_trades: number of trades, likewise.
    """

    bars: tuple[int, ...]
    net_profit: tuple[float, ...]
    total_trades: tuple[int, ...]


@dataclass(frozen=True)
class Jitter:
    """The trial with its searched parameters shaken: each drawn anew between (1 - share) and (1 + share) of its value.

    A whole number moves by 1 at least, 0 (unused) stays 0, and no parameter leaves its bounds.

    Attributes:
        parameters: names of those that were shaken: the searched numbers.
        share: how far, as a share of the value.
        n_draws: sets of parameters that were run.
        net_profit: that of the trial itself, account currency.
        quantiles: 0..1, ascending.
        net_profits: quantiles of the net profit of the draws, account currency, shape (n_quantiles,).
        probability_of_loss: share of the draws that end without profit.
        seed: seed of the draws.
    """

    parameters: tuple[str, ...]
    share: float
    n_draws: int
    net_profit: float
    quantiles: tuple[float, ...]
    net_profits: Floats
    probability_of_loss: float
    seed: int


@dataclass(frozen=True)
class SameBar:
    """How much rests on the rule for bars that hold both the stop and the target.

    Attributes:
        n_trades: trades with the stop first.
        n_ambiguous: of these, exits that the rule decided.
        stop_first: net profit where the stop comes first, account currency.
        target_first: net profit where the target does.
    """

    n_trades: int
    n_ambiguous: int
    stop_first: float
    target_first: float


@dataclass(frozen=True)
class Reruns:
    """The judged trial under other conditions; None for what does not apply.

    Attributes:
        entry_delay: later entries; None of a strategy that places its own orders, which nobody else can delay.
        jitter: shaken parameters; None where no searched parameter is a number.
        same_bar: the result of either level coming first.
    """

    entry_delay: EntryDelay | None
    jitter: Jitter | None
    same_bar: SameBar

    def in_words(self) -> tuple[str, ...]:
        """A sentence for each; money in account currency."""
        late, same = self.entry_delay, self.same_bar
        lines = ["Entries carried out later: not tried, the strategy places its own orders"]
        if late is not None:
            later = ", ".join(
                f"{profit:,.2f} {bars} bar{'s' if bars > 1 else ''} late"
                for bars, profit in zip(late.bars[1:], late.net_profit[1:], strict=True)
            )
            lines = [f"Entries carried out later: net profit {late.net_profit[0]:,.2f} in time, {later}"]
        if self.jitter is not None:
            j = self.jitter
            lines.append(
                f"{', '.join(j.parameters)} shaken by up to {100 * j.share:g} %, {j.n_draws} times: net profit "
                f"{j.net_profits[0]:,.2f} to {j.net_profits[-1]:,.2f} (90 % of the draws; it has {j.net_profit:,.2f}), "
                f"{100 * j.probability_of_loss:.0f} % earn nothing"
            )
        if same.n_ambiguous:
            lines.append(
                f"{same.n_ambiguous:,} of {same.n_trades:,} exits are in bars that hold both stop and target: net "
                f"profit {same.stop_first:,.2f} with the stop first, {same.target_first:,.2f} with the target first"
            )
        else:
            lines.append("No exit is in a bar that holds both stop and target")
        return tuple(lines)


def rerun(
    job: Job, artifacts: Artifacts, evaluator: Evaluator, index: int, *, share: float, n_draws: int, seed: int
) -> Reruns:
    """Run a trial again under other conditions.

    Args:
        job: what the trial is of.
        artifacts: holds its bars.
        evaluator: the job's evaluator.
        index: its combination index.
        share: how far parameters are shaken, above 0, up to 1.
        n_draws: sets of shaken parameters, at least 1.
        seed: seed of their draws.

    Raises:
        ParameterError: an impossible number.
    """
    if not 0.0 < share <= 1.0:
        raise ParameterError("must be above 0 and at most 1", parameter="jitter_share", value=share)
    if n_draws < 1:
        raise ParameterError("must be at least 1", parameter="jitter_draws", value=n_draws)
    combination = evaluator.space.combination(index)
    own = evaluator.metrics_at(combination, entry_delay=0)
    return Reruns(
        entry_delay=_entry_delay(evaluator, combination, own),
        jitter=_jitter(evaluator, combination, own["net_profit"], share, n_draws, seed),
        same_bar=_same_bar(job, artifacts, combination, own),
    )


def _entry_delay(evaluator: Evaluator, combination: Combination, own: Mapping[str, float]) -> EntryDelay | None:
    """`own` are the trial's metrics with entries in time."""
    try:
        late = [own, *(evaluator.metrics_at(combination, entry_delay=bars) for bars in DELAYS[1:])]
    except EvaluationError:
        if isinstance(evaluator.strategy, Hosted):  # it places its orders itself
            return None
        raise
    return EntryDelay(DELAYS, tuple(m["net_profit"] for m in late), tuple(int(m["total_trades"]) for m in late))


def _same_bar(job: Job, artifacts: Artifacts, combination: Combination, own: Mapping[str, float]) -> SameBar:
    """`own` are the trial's metrics with the rule that it has; only other rules need a run."""
    rules = job.backtest.rules

    def under(rule: SameBarRule) -> Mapping[str, float]:
        if rule == rules.same_bar:
            return own
        changed = replace(job, backtest=replace(job.backtest, rules=replace(rules, same_bar=rule)))
        return job_evaluator(changed, artifacts).metrics_at(combination)

    stop_first, target_first = under("stop_first"), under("target_first")
    return SameBar(
        int(stop_first["total_trades"]),
        int(stop_first["ambiguous_exits"]),
        stop_first["net_profit"],
        target_first["net_profit"],
    )


def _jitter(
    evaluator: Evaluator, combination: Combination, own: float, share: float, n_draws: int, seed: int
) -> Jitter | None:
    declared = all_parameters(evaluator.strategy)
    shaken = [axis.name for axis in evaluator.space.axes if axis.name in declared and is_ordered(axis)]
    if not any(combination[name] for name in shaken):
        return None
    random = np.random.default_rng(seed)
    profits = []
    for _ in range(n_draws):
        drawn = _drawn(evaluator, combination, shaken, share, random)
        if drawn is None:
            continue
        try:
            profits.append(evaluator.metrics_at(drawn)["net_profit"])
        except EvaluationError:  # a user's strategy may not take every number between those that were tried
            continue
    if not profits:
        return None
    found = np.array(profits)
    return Jitter(
        parameters=tuple(shaken),
        share=share,
        n_draws=found.shape[0],
        net_profit=own,
        quantiles=QUANTILES,
        net_profits=np.quantile(found, QUANTILES),
        probability_of_loss=float((found <= 0.0).mean()),
        seed=seed,
    )


def _drawn(
    evaluator: Evaluator, combination: Combination, shaken: list[str], share: float, random: np.random.Generator
) -> Combination | None:
    """A set of shaken parameters that keeps the strategy's rules; None if twenty draws give none."""
    declared = all_parameters(evaluator.strategy)
    for _ in range(_REDRAWS):
        drawn: Combination = dict(combination)
        for name in shaken:
            parameter, value = declared[name], float(combination[name])
            if not value:
                continue
            whole = parameter.kind == "int"
            reach = max(share * abs(value), 1.0 if whole else 0.0)
            moved = float(np.clip(value + random.uniform(-reach, reach), parameter.low, parameter.high))
            drawn[name] = round(moved) if whole else moved
        if not evaluator.strategy.broken_rule(evaluator.fixed | drawn):
            return drawn
    return None
