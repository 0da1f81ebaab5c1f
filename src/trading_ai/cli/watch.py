"""`trading-ai watch`: an optimization, live, whoever runs it."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import OPTIMIZATION_ID
from trading_ai.cli.output import duration, note, say
from trading_ai.documents.words import number, short
from trading_ai.optimization.columns import objective_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trading_ai.optimization.ports import Store
    from trading_ai.optimization.records import OptimizationRecord, TrialPage

BLOCKS = " ▁▂▃▄▅▆▇█"
_BAR, _N_BINS, _RATE_SECONDS, _SPREAD_UP_TO = 60, 48, 20.0, 200_000
_LINE_SECONDS = 5.0


def histogram(values: Sequence[float], n_bins: int = _N_BINS) -> str:
    """A line of blocks: how the values spread from the 1st to the 99th percentile; "" without a finite one."""
    known = np.array([value for value in values if math.isfinite(value)])
    if not known.size:
        return ""
    low, high = (float(v) for v in np.percentile(known, [1, 99]))
    if low == high:
        return BLOCKS[-1]
    count, _ = np.histogram(np.clip(known, low, high), n_bins, (low, high))
    heights = np.ceil(count / count.max() * (len(BLOCKS) - 1)).astype(int)
    return "".join(BLOCKS[height] for height in heights)


@dataclass
class Pace:
    """How fast trials come: over the last seconds, so that a pause or more workers are seen at once."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def rate(self, now: float, n_completed: int) -> float:
        """Trials a second; NaN while nothing can be said."""
        self.seen.append((now, n_completed))
        while len(self.seen) > 2 and now - self.seen[0][0] > _RATE_SECONDS:
            self.seen.popleft()
        (first, before), (last, after) = self.seen[0], self.seen[-1]
        return (after - before) / (last - first) if last > first else math.nan


def _line(record: OptimizationRecord, rate: float) -> str:
    share = 100 * record.n_completed / max(record.n_total, 1)
    text = f"{record.status}: {record.n_completed:,} of {record.n_total:,} trials ({share:.1f} %)"
    if record.n_failed:
        text += f", {record.n_failed:,} failed"
    if record.status == "running" and rate > 0:
        text += f", {rate:,.0f}/s, {duration((record.n_total - record.n_completed) / rate)} left"
    return text


def _top(store: Store, record: OptimizationRecord, n: int) -> tuple[TrialPage, list[float]]:
    page = store.ranked(record.optimization_id, n)
    return page, objective_values(record, page, {}).tolist()


def _screen(store: Store, record: OptimizationRecord, rate: float, top: int) -> Group:
    title = Text(f"{short(record.optimization_id)} {record.name}".rstrip(), style="bold")
    n_full = round(_BAR * min(1.0, record.n_completed / max(record.n_total, 1)))
    bar = Text.assemble(("━" * n_full, "green"), ("━" * (_BAR - n_full), "dim"))
    parts: list[Text | Table] = [title, Text(_line(record, rate)), bar]
    if record.n_completed:
        page, values = _top(store, record, top)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        names = record.spec.space.names
        for name in ("rank", *names, str(record.spec.objective)):
            table.add_column(Text(name), justify="right")
        for rank, (index, value) in enumerate(zip(page.indices.tolist(), values, strict=True), 1):
            combination = record.spec.space.combination(index)
            cells = [str(rank), *(number(combination[name]) for name in names), number(value)]
            table.add_row(*(Text(cell) for cell in cells))
        parts.append(table)
        if record.n_completed <= _SPREAD_UP_TO:
            page, values = _top(store, record, record.n_completed)
            spread = histogram(values)
            if spread:
                parts.append(Text(f"{record.spec.objective}, low to high (98 % of the trials)"))
                parts.append(Text(spread, style="cyan"))
    return Group(*parts)


def _is_over(record: OptimizationRecord) -> bool:
    return record.status != "running"


def watch(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    every: float = typer.Option(1.0, min=0.2, max=3600.0, help="Seconds between two looks."),
    top: int = typer.Option(8, min=1, max=50, help="Trials to show."),
) -> None:
    """Watch an optimization until it ends: progress, the best trials, how all of them spread.

    It only looks: Ctrl-C ends the watching and nothing else.
    """
    store = Application().store
    record = store.optimization(optimization_id)
    pace = Pace()
    console = Console(file=sys.stdout)
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(_screen(store, record, pace.rate(time.monotonic(), record.n_completed), top), refresh=True)
                if _is_over(record):
                    break
                time.sleep(every)
                record = store.optimization(record.optimization_id)
    else:
        shown = -math.inf
        while True:
            now = time.monotonic()
            rate = pace.rate(now, record.n_completed)
            if now - shown >= _LINE_SECONDS or _is_over(record):
                say(_line(record, rate))
                shown = now
            if _is_over(record):
                break
            time.sleep(every)
            record = store.optimization(record.optimization_id)
    key = short(record.optimization_id)
    if record.status == "completed":
        note(f"Next: trading-ai results {key}, trading-ai robustness {key}, trading-ai open {key}")
    elif record.status in {"paused", "failed"}:
        note(f"Next: trading-ai resume {key}")
