"""Progress of a run on stderr: a live bar on a terminal, a line now and then elsewhere; and Ctrl-C."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from trading_ai.cli.output import duration, note

if TYPE_CHECKING:
    from trading_ai.driving.here import Progress
    from trading_ai.optimization.objective import Objective

_LINE_SECONDS = 5.0


class Display(Protocol):
    """Shows progress."""

    def __call__(self, progress: Progress) -> None:
        """Show it."""
        ...


def _best(progress: Progress, objective: str) -> str:
    return "" if math.isnan(progress.best_value) else f"best {objective} {progress.best_value:,.4g}"


class _Lines:
    """A plain line every few seconds, and one at the end."""

    def __init__(self, objective: str) -> None:
        self._objective = objective
        self._shown = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now, finished = time.monotonic(), progress.n_completed >= progress.n_total
        if not finished and now - self._shown < _LINE_SECONDS:
            return
        self._shown = now
        share = 100 * progress.n_completed / max(progress.n_total, 1)
        left = "" if finished else f", {duration(progress.seconds_left)} left"
        best = _best(progress, self._objective)
        note(
            f"{progress.n_completed:,} of {progress.n_total:,} trials ({share:.0f} %), {progress.rate:,.0f}/s{left}"
            + (f", {best}" if best else "")
        )


@contextmanager
def display(n_total: int, n_done: int, searched: Objective) -> Iterator[Display]:
    """A display on stderr for one run."""
    objective = str(searched.own)  # plateaus are known at the end only
    if not sys.stderr.isatty():
        yield _Lines(objective)
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns: tuple[Any, ...] = (
        TextColumn("trials"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
        TextColumn("[bold]{task.fields[best]}"),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("trials", total=n_total, completed=n_done, rate="", left="", best="")

        def show(progress: Progress) -> None:
            finished = progress.n_completed >= progress.n_total
            bar.update(
                task,
                completed=progress.n_completed,
                rate=f"{progress.rate:,.0f}/s",
                left=duration(progress.seconds) if finished else f"{duration(progress.seconds_left)} left",
                best=_best(progress, objective),
            )

        yield show


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event that pauses; a second one stops at once."""
    asked = threading.Event()

    def handle(_: int, __: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        note("\nStopping: chunks under way are being finished and saved (Ctrl-C again stops at once) ...")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
