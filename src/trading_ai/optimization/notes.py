"""What users note down about their runs: kept with them, found again, and never heard as a question or an order."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Literal, Protocol

from trading_ai.errors import InputError, NotFoundError
from trading_ai.optimization.naming import UNSHOWN
from trading_ai.optimization.ports import Store

RunKind = Literal["backtest", "optimization"]

MOST_CHARACTERS = 10_000
"""Longest note."""

_DROPPED = re.compile(rf"(?![\t\n])[{UNSHOWN}]")
"""What is left out of a note, which may have lines and tabs."""

_SURROGATE = re.compile("[\\ud800-\\udfff]")


@dataclass(frozen=True)
class NoteRecord:
    """A note.

    Attributes:
        note_id: its id.
        kind: what it is about.
        run_id: id of the backtest or the optimization that it is about.
        text: as it was written, without blanks around it.
        created_at: when, seconds since 1970 (UTC).
    """

    note_id: str
    kind: RunKind
    run_id: str
    text: str
    created_at: float


class Notes(Protocol):
    """Where notes stay; a note goes with its run. Every method may raise `StorageError`."""

    def add(self, record: NoteRecord) -> None:
        """Keep a note.

        Raises:
            NotFoundError: its run is not there.
        """
        ...

    def all(self) -> list[NoteRecord]:
        """Every note, newest first."""
        ...

    def of(self, run_id: str) -> list[NoteRecord]:
        """Notes about one run, by its whole id, newest first."""
        ...

    def delete(self, named: str) -> str:
        """Delete a note by its id or a unique beginning of it; returns its id.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        ...


def run_named(store: Store, named: str) -> tuple[RunKind, str]:
    """What a user means by the name of a run: a backtest or an optimization.

    Args:
        store: where runs are kept.
        named: an id, a unique prefix, a name, or ``latest`` for whichever was made last.

    Returns:
        What it is, and its id.

    Raises:
        InputError: it names a backtest as well as an optimization.
        NotFoundError: it names neither.
    """
    found: list[tuple[float, RunKind, str]] = []
    missing: list[NotFoundError] = []
    try:
        backtest = store.backtest(named)
        found.append((backtest.created_at, "backtest", backtest.backtest_id))
    except NotFoundError as error:
        missing.append(error)
    try:
        optimization = store.optimization(named)
        found.append((optimization.created_at, "optimization", optimization.optimization_id))
    except NotFoundError as error:
        missing.append(error)
    if not found:
        why = next((error.remedy for error in missing if error.remedy), "")
        raise NotFoundError("backtest or optimization", named, why)
    if len(found) > 1 and named != "latest":
        ids = " or ".join(f"{run_id} ({kind})" for _, kind, run_id in found)
        raise InputError(
            "names a backtest and an optimization", parameter="id", value=named, remedy=f"Write the id: {ids}"
        )
    _, kind, run_id = max(found)
    return kind, run_id


def note_about(store: Store, named: str, text: str, now: float) -> NoteRecord:
    """A new note about a run, not kept yet.

    Args:
        store: where runs are kept.
        named: the run, as `run_named` takes it.
        text: what is noted, 1 to `MOST_CHARACTERS` characters.
        now: seconds since 1970 (UTC).

    Raises:
        InputError: the text is none, or the name is not clear.
        NotFoundError: there is no such run.
    """
    text = text.strip()
    if not 1 <= len(text) <= MOST_CHARACTERS:
        raise InputError(f"must have 1 to {MOST_CHARACTERS:,} characters", parameter="text", value=f"{len(text):,}")
    if _SURROGATE.search(text):
        raise InputError("must be Unicode", parameter="text", remedy="Write it in UTF-8")
    kind, run_id = run_named(store, named)
    return NoteRecord(str(uuid.uuid4()), kind, run_id, _DROPPED.sub("", text.replace("\r\n", "\n")), now)
