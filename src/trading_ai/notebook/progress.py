"""Progress of a run where a notebook or a terminal shows it; and an interrupt that pauses."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from types import FrameType
from typing import Any

from trading_ai.driving.here import Progress

_EVERY_SECONDS = 0.2
Show = Callable[[Progress], None]


@contextmanager
def shown_progress(title: str, n_total: int, n_done: int, objective: str, *, wanted: bool = True) -> Iterator[Show]:
    """What shows the progress of one run: a bar of the notebook, a bar on a terminal's stderr, or nothing.

    Args:
        title: what runs.
        n_total: combinations to try.
        n_done: those that were tried before.
        objective: what they are ranked by.
        wanted: False for nothing.
    """
    cell = _notebook_cell() if wanted else None
    if cell is not None:
        yield _InCell(cell, title, objective)
    elif wanted and sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415 - a tenth of a second that a script does not need
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
        )
        with Bar(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(title, total=n_total, completed=n_done, told="")
            yield lambda progress: bar.update(task, completed=progress.n_completed, told=_told(progress, objective))
    else:
        yield lambda _: None


def _told(progress: Progress, objective: str) -> str:
    parts = [f"{progress.rate:,.0f}/s"]
    if progress.n_completed < progress.n_total and math.isfinite(progress.seconds_left):
        left = round(progress.seconds_left)
        parts.append(f"{left // 60}:{left % 60:02d} left" if left < 3600 else f"{left / 3600:.1f} h left")
    if math.isfinite(progress.best_value):
        parts.append(f"best {objective} {progress.best_value:,.4g}")
    if progress.n_failed:
        parts.append(f"{progress.n_failed:,} failed")
    return ", ".join(parts)


def _notebook_cell() -> Any:
    """IPython's display functions where cells can show HTML; None on a terminal or without IPython."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    if running is None or not hasattr(running, "kernel"):
        return None
    from importlib import import_module  # noqa: PLC0415

    return import_module("IPython.display")


class _InCell:
    """A bar below the cell that runs, drawn again a few times a second."""

    def __init__(self, cell: Any, title: str, objective: str) -> None:
        self._cell, self._title, self._objective = cell, title, objective
        self._handle: Any = None
        self._drawn = -math.inf

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.n_completed < progress.n_total and now - self._drawn < _EVERY_SECONDS:
            return
        self._drawn = now
        made = self._cell.HTML(progress_html(self._title, progress, self._objective))
        if self._handle is None:
            self._handle = self._cell.display(made, display_id=True)
        else:
            self._handle.update(made)


def progress_html(title: str, progress: Progress, objective: str) -> str:
    """A bar with what it means beside it."""
    total = max(progress.n_total, 1)
    said = f"{progress.n_completed:,} of {progress.n_total:,} trials, {_told(progress, objective)}"
    return (
        f'<div style="font-size:13px">{escape(title)} <progress value="{progress.n_completed}" max="{total}" '
        f'aria-label="{escape(title, quote=True)}" style="width:16em;vertical-align:middle"></progress> '
        f"{escape(said)}</div>"
    )


@contextmanager
def pausing() -> Iterator[threading.Event]:
    """Turn the first interrupt (Ctrl-C, or a notebook's stop button) into an event that pauses; a second stops at once.

    Outside of the main thread, where Python has no interrupts, nothing is changed.
    """
    asked = threading.Event()

    def handle(_: int, __: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
