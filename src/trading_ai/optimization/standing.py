"""Whether a trial ranks, and why none does: which condition is broken by how many, and how near they come."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trading_ai.errors import NoWinnerError
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.model import OptimizationSpec, floor_text
from trading_ai.optimization.objective import Constraint, ruined
from trading_ai.optimization.ports import Store
from trading_ai.optimization.ranking import trial_of_rank
from trading_ai.optimization.records import OptimizationRecord, TrialPage

_LOOKED_THROUGH = 20_000
"""Trials up to which ruined ones are counted: every page of results says how many, and must stay quick."""

_READ_FOR_REASONS = 200_000
"""Trials that are read to say why none ranks; of more, the first."""


@dataclass
class _Broken:
    """How one condition fares: trials that break it, those where its metric is undefined, and the nearest value."""

    condition: Constraint
    n_broken: int = 0
    n_undefined: int = 0
    nearest: float = math.nan

    def count(self, page: TrialPage, tried: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        values = page.metrics[tried, METRIC_COLUMN[self.condition.name]]
        broken = ~self.condition.holds(page.metrics)[tried]
        self.n_broken += int(broken.sum())
        self.n_undefined += int(np.isnan(values).sum())
        near = values[broken & ~np.isnan(values)]
        if near.size:
            closest = float(near[np.argmin(np.abs(near - self.condition.bound))])
            if not abs(self.nearest - self.condition.bound) <= abs(closest - self.condition.bound):
                self.nearest = closest

    def words(self, n_tried: int, spec: OptimizationSpec) -> str:
        is_floor = spec.min_trades > 0 and str(self.condition) == floor_text(spec.min_trades)
        own = "min_trades, the floor that --min-trades 0 lifts" if is_floor else "--where"
        text = f"{self.n_broken:,} of {n_tried:,} break {str(self.condition).strip()} ({own})"
        if not math.isnan(self.nearest):
            text += f", the nearest has {self.nearest:,.6g}"
        if self.n_undefined:
            text += f", in {self.n_undefined:,} it is undefined"
        return text


def why_nothing_ranks(store: Store, record: OptimizationRecord) -> tuple[str, ...]:
    """Why no trial of an optimization ranks; of more than 200,000 trials, the first are looked at.

    Returns:
        A sentence that says so, and one for each reason.
    """
    # One that was stored and can no longer be read has no comparison.
    broken = [_Broken(condition) for condition in record.spec.conditions if condition.comparison]
    n_read = n_tried = n_lost = n_held = 0
    for page in store.trials(record.optimization_id):
        tried = ~np.isin(page.indices, list(page.errors)) if page.errors else np.ones(page.indices.size, np.bool_)
        for each in broken:
            each.count(page, tried)
        n_read, n_tried = n_read + page.indices.size, n_tried + int(tried.sum())
        n_lost += int(ruined(page.metrics)[tried].sum())
        n_held += int(page.feasible[tried].sum())
        if n_read >= _READ_FOR_REASONS:
            break
    found = [f"No trial can be ranked: there is no winner among {record.n_completed:,} trials."]
    if record.n_failed:
        found.append(f"{record.n_failed:,} of {record.n_completed:,} failed.")
    if n_read < record.n_completed:
        found.append(f"Of the first {n_read:,} trials:")
    if n_lost:
        found.append(f"{n_lost:,} of {n_tried:,} ruined the account.")
    found += [each.words(n_tried, record.spec) + "." for each in broken if each.n_broken]
    if n_held:
        found.append(f"{record.spec.objective} is undefined in {n_held:,} that hold every condition.")
    return tuple(found)


def n_ruined(store: Store, record: OptimizationRecord) -> int | None:
    """How many trials ruined the account; None where that is not looked for: while it runs, or of very many."""
    if "ruined" not in METRIC_COLUMN or record.status == "running" or record.n_completed > _LOOKED_THROUGH:
        return None
    return sum(int(ruined(page.metrics).sum()) for page in store.trials(record.optimization_id))


def winner_of_rank(store: Store, record: OptimizationRecord, rank: int) -> TrialPage:
    """The trial of a rank, 1 for the best, as a page of one, if it ranks at all.

    Raises:
        ParameterError: there is none of that rank.
        NoWinnerError: it breaks a condition, failed or has no score, and so does every trial if it is the first.
    """
    page = trial_of_rank(store, record, rank)
    index = int(page.indices[0])
    if index == record.best_index:
        return page
    indices, scores = store.scores(record.optimization_id)
    if bool(page.feasible[0]) and np.isfinite(scores[np.searchsorted(indices, index)]):
        return page
    if record.best_index is None:
        raise NoWinnerError(" ".join(why_nothing_ranks(store, record)))
    raise NoWinnerError(f"the trial of rank {rank} does not rank: {_why(record, page)}")


def _why(record: OptimizationRecord, page: TrialPage) -> str:
    if page.errors:
        return "it failed"
    if ruined(page.metrics)[0]:
        return "it ruined the account"
    for condition in record.spec.conditions:
        if not condition.holds(page.metrics)[0]:
            value = float(page.metrics[0, METRIC_COLUMN[condition.name]])
            return f"it breaks {condition} (its {condition.name} is {value:,.6g})"
    return f"its {record.spec.objective} is undefined"
