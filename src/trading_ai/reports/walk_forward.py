"""An exact walk-forward as one HTML page: what was chosen when, and what it then made."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from trading_ai.documents.words import values_text
from trading_ai.figures import theme
from trading_ai.figures.walk_forward_windows import in_and_out_of_sample, parameter_drift, stitched_equity
from trading_ai.parameters import SearchSpace, Value
from trading_ai.reports import tables
from trading_ai.reports.page import Page
from trading_ai.studies.stitching import ExactWalkForward, WindowResult


def walk_forward_page(
    found: ExactWalkForward, space: SearchSpace, title: str, currency: str, made_at: datetime | None = None
) -> str:
    """Render a walk-forward.

    Args:
        found: the walk-forward.
        space: what was searched in each window.
        title: plain text.
        currency: account currency.
        made_at: when the page is made; now if None.
    """
    page = Page()
    page.add("result", "Out of sample", _headline(found, currency) + _notes(found))
    if found.day_numbers.size:
        figures = figures_of(found, space, currency)
        both = page.figure(figures["profit"]) + page.figure(figures["windows"])
        page.add("profit", "Profit and choice", both, "Profit")
        if "drift" in figures:
            drift = page.figure(figures["drift"])
            steps = [(tables.text(name), f"{100 * step:.1f} %") for name, step in found.drift.items()]
            said = "<p>Mean step from window to window, as a share of the range that was searched:</p>"
            page.add("drift", "Drift", f'{drift}{said}<div class="search">{tables.pairs(steps)}</div>')
    page.add("windows", "Windows", _windows(found))
    anchored = ", anchored" if found.anchored else ""
    facts = f"walk-forward {tables.text(found.size)}{anchored}, {len(found.windows)} windows, by {found.objective}"
    return page.rendered(title, facts, made_at or datetime.now(UTC))


def figures_of(found: ExactWalkForward, space: SearchSpace, currency: str) -> dict[str, go.Figure]:
    """Its figures by name: ``profit`` of the stitched tests, ``windows`` in and out of sample, and ``drift``.

    Args:
        found: the walk-forward, of one day or more.
        space: what was searched in each window; without a parameter that varies there is no drift.
        currency: account currency.
    """
    starts = np.array([w.test_first for w in found.windows], dtype="datetime64[D]").astype(np.int64)
    inside = np.array([w.in_sample for w in found.windows])
    outside = np.array([w.out_of_sample for w in found.windows])
    made = {
        "profit": stitched_equity(found.day_numbers, found.daily_profit, starts, size=found.size, currency=currency),
        "windows": in_and_out_of_sample(inside, outside, [w.test_first for w in found.windows]),
    }
    values, places = _choices(found.windows, space)
    if values:
        end = int(found.day_numbers[-1])
        made["drift"] = parameter_drift(starts, values, places, size=found.size, end=end)
    return made


def _headline(found: ExactWalkForward, currency: str) -> str:
    cards = [
        ("Net profit", tables.money(found.net_profit, currency)),
        ("Efficiency", theme.number(found.efficiency)),
        ("Winning windows", theme.number(100 * found.share_of_winning_windows, "percent")),
        ("Sharpe ratio of a day", theme.number(found.sharpe)),
        ("Different winners", f"{found.n_distinct:,} of {len(found.windows):,}"),
    ]
    listed = "".join(f'<div class="card"><dt>{name}</dt><dd>{value}</dd></div>' for name, value in cards)
    words = (
        "<p>In every window the best combination of the training days was traded on the days that follow, which had no "
        "part in the choice. Efficiency is the profit of a day there, as a share of that in training.</p>"
    )
    if found.instant_net_profit is not None:
        words += (
            f"<p>The instant form, which slices one sweep, made {tables.money(found.instant_net_profit, currency)}, "
            f"with an efficiency of {theme.number(found.instant_efficiency or float('nan'))}, and chose the same in "
            f"{found.n_same} of {len(found.windows)} windows.</p>"
        )
    return f'<dl class="cards">{listed}</dl>{words}<p class="costs">Costs: {tables.text(found.costs_stated)}.</p>'


def _notes(found: ExactWalkForward) -> str:
    lines = "".join(f"<li>{tables.text(note)}</li>" for note in found.notes)
    return f'<ul class="notes">{lines}</ul>' if lines else ""


def _windows(found: ExactWalkForward) -> str:
    head = [
        "learnt from",
        "traded from",
        "to",
        "chosen",
        "profit in sample",
        "out of sample",
        "trades",
        "cut at the end",
    ]
    rows = [
        [
            tables.text(w.train_first), tables.text(w.test_first), tables.text(w.test_end),
            "nothing" if w.parameters is None else tables.text(values_text(w.parameters)),
            theme.number(w.in_sample_profit, "money"), tables.money(w.out_of_sample_profit), f"{w.n_trades:,}",
            f"{w.n_cut:,}",
        ]
        for w in found.windows
    ]  # fmt: skip
    return tables.table(
        head, rows, "Each window's choice, and what it made on the days that follow", left=4, sortable=True
    )


def _choices(
    windows: tuple[WindowResult, ...], space: SearchSpace
) -> tuple[dict[str, list[Value | None]], dict[str, npt.NDArray[np.float64]]]:
    """Value and place in its range (0..1) of every parameter that varies, window by window."""
    values: dict[str, list[Value | None]] = {}
    places = {}
    for axis in space.axes:
        if len(axis) < 2:
            continue
        chosen = [None if w.parameters is None else w.parameters.get(axis.name) for w in windows]
        values[axis.name] = chosen
        at = [np.nan if value is None else axis.values.index(value) / (len(axis) - 1) for value in chosen]
        places[axis.name] = np.array(at)
    return values, places
