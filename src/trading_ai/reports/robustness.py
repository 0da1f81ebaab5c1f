"""The verdict of a report: every criterion in a table, and the figures under it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.figures.walk_forward_windows import (
    bootstrap_fan,
    in_and_out_of_sample,
    parameter_drift,
    stitched_equity,
)
from trading_ai.parameters import Value
from trading_ai.reports import tables
from trading_ai.robustness.instant_walk_forward import WalkForward
from trading_ai.studies.assessment import Assessment

_MEANING = {
    "survives": "What was found on this data would probably have been found on other days too.",
    "fragile": "It is more than luck on this data, but some of what was asked of it fails.",
    "likely luck": "The best of so many trials looks like this without any skill.",
}


def verdict(found: Assessment) -> str:
    """The verdict as HTML: words, meaning, criteria."""
    judged = found.study.verdict
    rows = [
        [
            tables.text(c.name.replace("_", " ")),
            "holds" if c.holds else '<b class="fall">fails</b>',
            _number(c.value),
            f"{c.comparison.replace('<', '&lt;').replace('>', '&gt;')} {c.threshold:g}",
            f'<span class="words">{tables.text(c.explanation.partition(":")[0])}</span>',
        ]
        for c in judged.criteria
    ]
    head = ["criterion", "", "found", "asked", '<span class="words">what it is</span>']
    criteria = tables.table(head, rows, "What was asked of the winner", left=2)
    study, meaning = found.study, meaning_of(found)
    ledger = ledger_of(found)
    reruns = "".join(f"<li>{tables.text(line)}.</li>" for line in found.reruns.in_words())
    notes = "".join(f"<li>{tables.text(note)}</li>" for note in study.notes)
    return (
        f"<p><b>{tables.text(judged.words.capitalize())}</b>: {tables.text(meaning)} "
        f"{tables.text(judged.summary)}.</p><p>{tables.text(ledger)}</p>"
        f"{criteria}"
        f'<h3 class="after">Under other conditions</h3><ul>{reruns}</ul>'
        + (f'<ul class="notes">{notes}</ul>' if notes else "")
    )


def meaning_of(found: Assessment) -> str:
    """What the verdict's words mean, in a sentence."""
    judged = found.study.verdict
    if any(c.name == "look_ahead" and c.value > c.threshold for c in judged.criteria):
        return "Its signals use bars that were not there yet when they were given: nobody could have traded this."
    return _MEANING[judged.words]


def ledger_of(found: Assessment) -> str:
    """How many trials the winner was chosen from, what was counted, and the costs, in words."""
    return f"{found.study.trials_in_words()} Counted were {found.tried.counted}. Costs: {found.said.costs_stated}."


def figures(found: Assessment, currency: str) -> list[go.Figure]:
    """Stitched walk-forward equity, in sample against out of sample, and bootstrap bands, as far as there are any."""
    return [*named_figures(found, currency).values()]


def named_figures(found: Assessment, currency: str) -> dict[str, go.Figure]:
    """The same by name: ``walk_forward``, ``windows``, ``drift`` and ``bootstrap``."""
    study, made = found.study, {}
    walk = study.walk_forward
    if walk is not None and walk.day_numbers.size:
        starts = np.array([w.test_first for w in walk.windows], dtype=np.int64)
        made["walk_forward"] = stitched_equity(
            walk.day_numbers, walk.daily_profit, starts, size=walk.size, currency=currency
        )
        labels = [str(day) for day in starts.astype("datetime64[D]")]
        made["windows"] = in_and_out_of_sample(walk.in_sample, walk.out_of_sample, labels)
        made["drift"] = _drift(found, walk, starts)
    if study.bands is not None:
        daily = np.zeros(found.day_numbers.shape[0])  # other symbols that were searched may trade on more days
        daily[np.searchsorted(found.day_numbers, found.backtest.day_numbers)] = found.backtest.daily_profit
        actual = np.cumsum(daily)
        bands = study.bands
        fan = bootstrap_fan(found.day_numbers, bands.quantiles, bands.cumulative_profit, actual, currency=currency)
        made["bootstrap"] = fan
    return made


def _drift(found: Assessment, walk: WalkForward, starts: npt.NDArray[np.int64]) -> go.Figure:
    """Where the choice of each window lies in the range of every parameter that varies."""
    space = found.record.spec.space
    rows = np.where(walk.chosen >= 0, walk.chosen, 0)
    values: dict[str, list[Value | None]] = {}
    places = {}
    for i, axis in enumerate(space.axes):
        if len(axis) > 1:
            at = found.positions[rows, i]
            none = walk.chosen < 0
            values[axis.name] = [None if none[j] else axis.values[k] for j, k in enumerate(at.tolist())]
            places[axis.name] = np.where(none, np.nan, at / (len(axis) - 1))
    return parameter_drift(starts, values, places, size=walk.size, end=int(walk.day_numbers[-1]))


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:,.4g}"
